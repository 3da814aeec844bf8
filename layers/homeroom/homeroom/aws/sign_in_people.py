"""The roster as sign-in may ask it: one item by its whole key, read consistently. It can list nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from homeroom.aws.values import plain_item, wired_item
from homeroom.sso.matching import as_edited

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RECORD, OVER, CONTROL = "@", "@|overlay", "control"


class RosterByKey:
    """`homeroom.sso.ports.Rosters` on the tables of rosters and of runs. Keys are those of `homeroom.apply.items` and
    `homeroom.aws.edit_items`, which know too much to be imported here; a test holds both together."""

    def __init__(self, client: DynamoDBClient, rosters: str, runs: str):
        self._client = client
        self._rosters = rosters
        self._runs = runs

    def holder(self, roster: str, kind: str, value: str) -> str | None:
        link = self._read(f"{roster}#identity#{kind}#{value}")
        return None if link is None else str(link["person"])

    def person(self, roster: str, person: str) -> Mapping[str, Any] | None:
        owner = f"{roster}#person#{person}"
        record = self._read(owner)
        return None if record is None else as_edited(record, self._read(owner, OVER))

    def applied_at(self, integration: str) -> str:
        return self._control(integration, "applied_at").get("applied_at") or ""

    def waits(self, integration: str) -> tuple[int, bool]:
        control = self._control(integration, "applied_run, held_run")
        return control.get("applied_run") or 0, control.get("held_run") is not None

    def _control(self, integration: str, wanted: str) -> dict[str, Any]:
        found = self._client.get_item(
            TableName=self._runs, Key=wired_item({"integration": integration, "item": CONTROL}), ConsistentRead=True,
            ProjectionExpression=wanted,
        )
        return plain_item(found.get("Item", {}))

    def _read(self, owner: str, member: str = RECORD) -> dict[str, Any] | None:
        found = self._client.get_item(
            TableName=self._rosters, Key=wired_item({"owner": owner, "member": member}), ConsistentRead=True)
        return plain_item(found["Item"]) if "Item" in found else None
