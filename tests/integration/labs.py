"""An integration of its own on the embedded stack: land exports, wait for runs, look at what stands in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from homeroom.model import events
from homeroom.model.integration import Integration
from local.embedded import Embedded
from local.stack import Stack
from tests.integration.waiting import eventually

DISTRICT = "d-1"
"""The district of `tests.builders.oneroster.small_district`."""
ASKS = {"by": "a test", "reason": "to see what happens"}


@dataclass
class Lab:
    """One integration. `runs` counts the runs that were waited for."""

    aws: Embedded
    name: str
    runs: int = 0

    @property
    def stack(self) -> Stack:
        """The deployed functions."""
        assert self.aws.stack is not None
        return Stack(self.aws.clients, self.aws.stack.outputs)

    def connect(self, **chosen: Any) -> Lab:
        """Set the integration up; its first load goes through unless the test says otherwise."""
        asked = {"id": self.name, "district_id": DISTRICT, "hold_first_load": False, "quiet_seconds": 0} | chosen
        self.stack.ask(events.Connect(operation="connect", integration=Integration(**asked), **ASKS))
        return self

    def land(self, files: Mapping[str, bytes] | bytes) -> dict[str, Any]:
        """Upload a zip, or loose files by name; wait for the end of the run; its ledger entry."""
        self.put(files)
        return self.ended()

    def put(self, files: Mapping[str, bytes] | bytes) -> None:
        """Upload only."""
        self.stack.upload(self.name, {"export.zip": files} if isinstance(files, bytes) else files)

    def ended(self) -> dict[str, Any]:
        """The next run in order, once it has an outcome, with its summary."""
        self.runs += 1
        eventually(lambda: self._outcome(self.runs), seconds=90, what=f"the end of run {self.runs} of {self.name}")
        return self.preview(self.runs)

    def _outcome(self, run: int) -> str | None:
        known = {r["run"]: r["outcome"] for r in self.status()["runs"]}
        return known.get(run)

    def status(self) -> dict[str, Any]:
        """What `status` says."""
        return self.stack.ask(events.ShowStatus(operation="status", integration=self.name))

    def preview(self, run: int) -> dict[str, Any]:
        """What `preview` says of a run."""
        return self.stack.ask(events.Preview(operation="preview", integration=self.name, run=run))

    def approve(self, run: int, plan_hash: str, **words: Any) -> dict[str, Any]:
        """Approve a held plan."""
        told = {"operation": "approve", "integration": self.name, "run": run, "plan_hash": plan_hash, **ASKS, **words}
        return self.stack.ask(events.Approve.model_validate(told))

    def discard(self, run: int) -> dict[str, Any]:
        """Discard a held plan."""
        return self.stack.ask(events.Discard(operation="discard", integration=self.name, run=run, **ASKS))

    def items(self) -> list[dict[str, Any]]:
        """All items of the roster, decoded."""
        read = TypeDeserializer().deserialize
        pages = self.aws.clients("dynamodb").get_paginator("scan")
        listed = pages.paginate(TableName=self.stack.outputs["RosterTableName"], ConsistentRead=True)
        found = [{k: read(v) for k, v in item.items()} for page in listed for item in page["Items"]]
        return [item for item in found if item["owner"].startswith(f"{self.name}#")]

    def roster(self) -> dict[str, dict[str, str]]:
        """Entity → source id → status."""
        shown: dict[str, dict[str, str]] = {}
        for item in self.items():
            if "shard" in item:
                shown.setdefault(item["entity"], {})[item["source_id"]] = item["status"]
        return shown

    def active(self, entity: str) -> set[str]:
        """Source ids of the active records of an entity."""
        return {source_id for source_id, status in self.roster().get(entity, {}).items() if status == "active"}
