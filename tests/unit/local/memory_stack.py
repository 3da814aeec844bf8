"""A stack in memory: the real operations of `support` and whole runs, behind the AWS calls that the command makes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import TypeAdapter

from homeroom import errors
from homeroom.flow import sync
from homeroom.model.events import SupportOperation
from homeroom.model.run import Lease
from homeroom.support.intake import settle
from homeroom.support.operations import act
from local.stack import Stack
from tests.fakes.copies import once
from tests.fakes.memory import MemoryWorld, memory_world

OUTPUTS = {"SupportFunctionName": "support", "LandingBucketName": "landing", "RosterBucketName": "roster",
           "RosterTableName": "table"}
OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)


class MemoryAws:
    """Stands for the clients `lambda`, `s3` and `dynamodb`; `asked` keeps the events of support, as JSON."""

    def __init__(self, world: MemoryWorld | None = None):
        self.world = world or memory_world()
        self.asked: list[dict[str, Any]] = []
        self._run: set[str] = set()

    def begin(self, key: str, does: Callable[[], Any]) -> Any:
        """Do it in this stack and tell what came of it; it is done once for all tests that begin with the same."""
        self.world, (told, self.asked, self._run) = once(
            ("stack", key), lambda: (self.world, (does(), self.asked, self._run)))
        return told

    @property
    def stack(self) -> Stack:
        return Stack(lambda _: self, OUTPUTS)

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        """Lambda: one support operation, and then whatever run it started."""
        assert FunctionName == OUTPUTS["SupportFunctionName"]
        self.asked.append(json.loads(Payload))
        try:
            told = act(OPERATION.validate_json(Payload), self.world)
        except errors.HomeroomError as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": _body(told)}
        self._run_started()
        return {"Payload": _body(told)}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        """S3: the landing bucket, whose event sets a run going."""
        assert Bucket == OUTPUTS["LandingBucketName"]
        self.world.landing.put(Key, Body)
        settle(Key.split("/")[1], self.world)
        self._run_started()

    def list_objects_v2(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        """S3: the roster bucket."""
        assert Bucket == OUTPUTS["RosterBucketName"]
        return {"Contents": [{"Key": key} for key in self.world.objects.list(Prefix)]}

    def get_paginator(self, name: str) -> MemoryAws:
        assert name == "scan"
        return self

    def paginate(self, TableName: str, ConsistentRead: bool) -> Iterator[dict[str, Any]]:
        """DynamoDB: a scan of the roster table."""
        assert (TableName, ConsistentRead) == (OUTPUTS["RosterTableName"], True)
        yield {"Items": list(self.world.roster.items.values())}

    def _run_started(self) -> None:
        for name, request in list(self.world.executions.started.items()):
            if name not in self._run:
                self._run.add(name)
                sync(Lease(integration=request.integration, run=request.run, fence=request.fence), self.world)


def _body(told: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(told).encode())
