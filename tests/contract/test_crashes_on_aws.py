"""The crash law on the real tables: the process dies before a write call to DynamoDB, S3 or Step Functions.

The next run ends in the same roster. In memory every single write is tried (`tests/laws/test_crashes.py`); here calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from homeroom.flow import sync
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration
from homeroom.model.run import LandedFile, Lease
from homeroom.ports import World
from homeroom.support.door import start
from tests.builders.oneroster import Files, zip_bytes
from tests.builders.two_days import ONLY_OF_THE_SECOND_DAY, first_day, next_day
from tests.contract.conftest import Account, aws_world
from tests.fakes.faults import Crash
from tests.fakes.memory import FixedClock

pytestmark = pytest.mark.integration

WRITES = {
    "PutObject", "PutObjectTagging", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems",
    "StartExecution",
}
STRIDE = int(os.environ.get("EVERY_NTH_CALL", "9"))
CLIENTS = ("dynamodb", "s3", "stepfunctions")


@dataclass
class Calls:
    """Counts the write calls of all clients; kills the process before call number `at`."""

    at: int | None = None
    names: list[str] = field(default_factory=list)

    def seen(self, model: Any, **_: Any) -> None:
        """botocore's event `before-call`."""
        if model.name not in WRITES:
            return
        if self.at is not None and len(self.names) + 1 == self.at:
            self.at = None
            raise Crash(f"before {model.name}")
        self.names.append(model.name)


@pytest.fixture
def calls(account: Account) -> Iterator[Calls]:
    """The fault-injecting clients; the faults go with the test."""
    counted = Calls()
    for service in CLIENTS:
        account.client(service).meta.events.register("before-call", counted.seen, unique_id="faults")
    yield counted
    for service in CLIENTS:
        account.client(service).meta.events.unregister("before-call", unique_id="faults")


@dataclass
class Lab:
    """An integration of its own on the embedded AWS; its runs go through in this process."""

    account: Account
    name: str
    clock: FixedClock = field(default_factory=FixedClock)

    @property
    def world(self) -> World:
        """The adapters, made anew as in a new process."""
        return aws_world(self.account, self.clock)

    def land(self, files: Files) -> None:
        """One export lands, and its run goes to its end, a day after the one before."""
        self.clock.tick(timedelta(days=1).total_seconds())
        key, world = f"landing/{self.name}/export.zip", self.world
        version = self.account.client("s3").put_object(Bucket="landing", Key=key, Body=zip_bytes(files))["VersionId"]
        file = LandedFile(bucket="landing", key=key, version=version)
        started = start(StartRun(trigger="file", integration=self.name, files=(file,)), world)
        control = world.runs.control(self.name)
        if started.state == "queued":
            assert control.lease_run is not None
            sync(Lease(integration=self.name, run=control.lease_run, fence=control.fence), world)

    def roster(self) -> tuple[dict[Any, Any], dict[str, str]]:
        """Records by entity and source id, each with its place, and links by value: without internal ids."""
        read = TypeDeserializer().deserialize
        pages = self.account.client("dynamodb").get_paginator("scan").paginate(
            TableName="RosterTable", ConsistentRead=True, FilterExpression="begins_with(#owner, :mine)",
            ExpressionAttributeNames={"#owner": "owner"}, ExpressionAttributeValues={":mine": {"S": f"{self.name}#"}},
        )
        mine = [{k: read(v) for k, v in item.items()} for page in pages for item in page["Items"]]
        names = {item["id"]: item["source_id"] for item in mine if "entity" in item}
        unmade = {i["id"] for i in mine if i.get("status") == "archived" and i["source_id"] in ONLY_OF_THE_SECOND_DAY}
        records = {
            (i["entity"], i["source_id"], names.get(i.get("class_id", "")), names.get(i.get("person_id", ""))):
                {k: v for k, v in i.items() if k in ("status", "family_name", "username", "role", "title", "class")}
            for i in mine if "entity" in i and i["id"] not in unmade
        }
        links = {i["owner"].partition("#identity#")[2]: names[i["person"]]
                 for i in mine if "person" in i and "kind" in i and i["person"] not in unmade}
        return records, links


def connected(account: Account, name: str) -> Lab:
    lab = Lab(account, name)
    lab.world.integrations.put(Integration(id=name, district_id="d-1", hold_first_load=False))
    return lab


def test_a_crash_before_any_write_call_is_repaired_by_the_next_run(account: Account, calls: Calls) -> None:
    """By turns the same file comes again, or the one of the day before. `EVERY_NTH_CALL=1` tries them all."""
    made = partial(connected, account)
    expected = {}
    for name, last in (("crash-none-a", next_day), ("crash-none-b", first_day)):
        calm = made(name)
        for files in (first_day(), next_day(), last()):
            before = len(calls.names)
            calm.land(files)
        expected[last] = calm.roster()
    assert {"BatchWriteItem", "PutItem", "UpdateItem", "PutObject", "StartExecution"} <= set(calls.names)
    crashed = 0
    for step in range(1, 400, STRIDE):
        last = (next_day, first_day)[step % 2]
        lab = made(f"crash-{step}")
        lab.land(first_day())
        before, calls.at = len(calls.names), len(calls.names) + step
        try:
            lab.land(next_day())
        except Crash:
            crashed += 1
        else:
            calls.at = None
            break
        lab.land(last())
        assert lab.roster() == expected[last], f"after a crash before write call {step}"
        control = lab.world.runs.control(lab.name)
        assert (control.lease_run, control.dirty_runs) == (None, ()), f"after a crash before write call {step}"
        assert len(calls.names) > before
    assert crashed >= 60 // STRIDE
