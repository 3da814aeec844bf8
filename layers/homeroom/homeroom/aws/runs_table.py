"""The runs table: every change of the order of runs is one conditional write, so that no two processes disagree."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.aws.run_items import (
    CONTROL,
    HELD,
    RUNS,
    control_of,
    delivery_expiry,
    key,
    record_item,
    record_of,
    run_item,
)
from homeroom.aws.values import Wire, plain_item, wired, wired_item
from homeroom.errors import LeaseLost, NotFound, RetryableError
from homeroom.model.run import Control, Delivery, Lease, Note, RunRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REFUSED = "ConditionalCheckFailedException"
_OURS = "lease_run = :run AND fence = :fence"


class RunsTable:
    """`homeroom.ports.Runs` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str, now: Callable[[], datetime]):
        self._client = client
        self._table = table
        self._now = now

    # ---------------------------------------------------------------- lease and pointer

    def control(self, integration: str) -> Control:
        return control_of(integration, self._get(integration, CONTROL))

    def open(
        self, integration: str, *, now: datetime, lease_seconds: int, take_lease: bool
    ) -> tuple[int, Lease | None]:
        number = "SET run_seq = if_not_exists(run_seq, :none) + :one"
        counting = {":none": 0, ":one": 1}
        if take_lease:
            until = int(now.timestamp()) + lease_seconds
            taken = self._update(
                integration,
                f"{number}, lease_run = if_not_exists(run_seq, :none) + :one, "
                "fence = if_not_exists(fence, :none) + :one, lease_until = :until",
                counting | {":until": until, ":now": int(now.timestamp())},
                "attribute_not_exists(lease_run) OR lease_until < :now",
            )
            if taken is not None:
                return taken["run_seq"], Lease(integration=integration, run=taken["run_seq"], fence=taken["fence"])
        refused = self._update(integration, number, counting)
        assert refused is not None
        return refused["run_seq"], None

    def holds(self, lease: Lease) -> bool:
        found = self._client.get_item(
            TableName=self._table, Key=key(lease.integration, CONTROL), ConsistentRead=True,
            ProjectionExpression="lease_run, fence",
        )
        item = plain_item(found.get("Item", {}))
        return item.get("lease_run") == lease.run and item.get("fence") == lease.fence

    def extend(self, lease: Lease, until: int) -> None:
        moved = self._update(
            lease.integration, "SET lease_until = :until", {**_ours(lease), ":until": until},
            f"{_OURS} AND lease_until < :until",
        )
        if moved is None and not self.holds(lease):
            raise _lost(lease)

    def release(self, lease: Lease) -> None:
        self._update(lease.integration, "REMOVE lease_run, lease_until", _ours(lease), _OURS)

    def mark_dirty(self, lease: Lease, run: int) -> None:
        values = {**_ours(lease), ":dirty": frozenset({run})}
        if self._update(lease.integration, "ADD dirty_runs :dirty", values, _OURS) is None:
            raise _lost(lease)

    def commit(
        self, lease: Lease, *, applied_run: int, content: str, signature: str, at: datetime,
        records: Sequence[RunRecord] = (), waits: bool = False,
    ) -> None:
        values = {":applied": applied_run, ":content": content, ":signature": signature, ":at": at.isoformat()}
        held = ", held_run = :applied REMOVE" if waits else " REMOVE held_run,"
        self._together(
            lease,
            "SET applied_run = :applied, applied_content = :content, applied_signature = :signature, applied_at = :at"
            f"{held} dirty_runs, lease_run, lease_until",
            values, records,
        )

    def mark_undone(self, integration: str, run: int) -> None:
        self._update(integration, "ADD undone :run", {":run": frozenset({run})})

    def clear_undone(self, integration: str, runs: Iterable[int]) -> None:
        gone = frozenset(runs)
        if gone:
            self._update(integration, "DELETE undone :runs", {":runs": gone})

    def hold(self, lease: Lease, run: int, records: Sequence[RunRecord] = ()) -> None:
        self._together(lease, "SET held_run = :held REMOVE lease_run, lease_until", {":held": run}, records)

    def clear_hold(self, integration: str, run: int, *, replan: bool = False) -> None:
        gone = "held_run, applied_signature" if replan else "held_run"
        self._update(integration, f"REMOVE {gone}", {":held": run}, "held_run = :held")

    def deny(self, integration: str, content_hash: str) -> None:
        self._update(integration, "ADD denied :content", {":content": frozenset({content_hash})})

    def allow(self, integration: str, content_hash: str) -> None:
        self._update(integration, "DELETE denied :content", {":content": frozenset({content_hash})})

    # ---------------------------------------------------------------- deliveries and notes

    def set_pending(self, integration: str, delivery: Delivery) -> None:
        values = {":delivery": _json(delivery), ":id": delivery.identity()}
        self._update(integration, "SET pending = :delivery, pending_id = :id", values)

    def clear_pending(self, integration: str, delivery: Delivery) -> None:
        self._update(integration, "REMOVE pending, pending_id", {":id": delivery.identity()}, "pending_id = :id")

    def set_last_delivery(self, integration: str, delivery: Delivery) -> None:
        self._update(integration, "SET last_delivery = :delivery", {":delivery": _json(delivery)})

    def set_note(self, integration: str, note: Note | None) -> None:
        if note is None:
            self._update(integration, "REMOVE note", {})
        else:
            self._update(integration, "SET note = :note", {":note": note.model_dump(mode="json")})

    def taken_by(self, integration: str, delivery: Delivery) -> int | None:
        found = self._get(integration, f"delivery#{delivery.identity()}")
        return int(plain_item(found)["run"]) if found is not None else None

    def take_delivery(self, integration: str, delivery: Delivery, run: int) -> int | None:
        item = {
            "integration": integration, "item": f"delivery#{delivery.identity()}", "run": run,
            "expires_at": delivery_expiry(self._now()),
        }
        try:
            self._client.put_item(
                TableName=self._table, Item=wired_item(item), ConditionExpression="attribute_not_exists(#item)",
                ExpressionAttributeNames={"#item": "item"},
            )
        except ClientError as error:
            if code_of(error) != _REFUSED:
                raise
            return self.taken_by(integration, delivery)
        return None

    # ---------------------------------------------------------------- ledger and audit

    def record(self, record: RunRecord) -> None:
        self._client.put_item(TableName=self._table, Item=record_item(record))

    def run(self, integration: str, run: int) -> RunRecord:
        found = self._get(integration, run_item(run))
        if found is None:
            raise NotFound(f"there is no run {run}")
        return record_of(found)

    def history(self, integration: str, limit: int) -> list[RunRecord]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, KeyConditionExpression="integration = :id AND begins_with(#item, :runs)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=wired_item({":id": integration, ":runs": RUNS}),
            ScanIndexForward=False, ConsistentRead=True, PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        return [record_of(item) for page in pages for item in page["Items"]]

    def held(self) -> list[RunRecord]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, IndexName=HELD, KeyConditionExpression="held_state = :held",
            ExpressionAttributeValues={":held": wired(HELD)}, ScanIndexForward=False,
        )
        return [record_of(item) for page in pages for item in page["Items"]]

    def audit(self, integration: str, entry: Mapping[str, Any], at: datetime) -> None:
        when = at.astimezone(UTC).isoformat(timespec="microseconds")
        item = {**entry, "integration": integration, "item": f"audit#{when}#{uuid.uuid4().hex}", "at": when}
        self._client.put_item(TableName=self._table, Item=wired_item(item))

    # ---------------------------------------------------------------- one write each

    def _get(self, integration: str, item: str) -> Mapping[str, Any] | None:
        found = self._client.get_item(TableName=self._table, Key=key(integration, item), ConsistentRead=True)
        return found.get("Item")

    def _update(
        self, integration: str, expression: str, values: Mapping[str, Any], condition: str | None = None
    ) -> dict[str, Any] | None:
        """The control record after the change, or None where the condition did not hold."""
        given: dict[str, Any] = {"UpdateExpression": expression}
        if values:
            given["ExpressionAttributeValues"] = wired_item(values)
        if condition is not None:
            given["ConditionExpression"] = condition
        try:
            changed = self._client.update_item(
                TableName=self._table, Key=key(integration, CONTROL), ReturnValues="ALL_NEW", **given
            )
        except ClientError as error:
            if code_of(error) != _REFUSED:
                raise
            return None
        return plain_item(changed["Attributes"])

    def _together(self, lease: Lease, expression: str, values: Mapping[str, Any], records: Sequence[RunRecord]) -> None:
        """The change of the control record and ledger entries, all or none, under the lease. Raises LeaseLost."""
        changes: list[Any] = [{"Update": {
            "TableName": self._table, "Key": key(lease.integration, CONTROL), "UpdateExpression": expression,
            "ConditionExpression": _OURS, "ExpressionAttributeValues": wired_item({**_ours(lease), **values}),
        }}]
        changes += [{"Put": {"TableName": self._table, "Item": record_item(record)}} for record in records]
        try:
            self._client.transact_write_items(TransactItems=changes)
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if reasons[:1] == ["ConditionalCheckFailed"]:
                raise _lost(lease) from error
            if "TransactionConflict" in reasons or "ThrottlingError" in reasons:
                raise RetryableError("the control record was busy") from error
            raise


def _ours(lease: Lease) -> dict[str, Any]:
    return {":run": lease.run, ":fence": lease.fence}


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"run {lease.run} is no longer the owner of the roster")


def _json(delivery: Delivery) -> Wire:
    return delivery.model_dump(mode="json", exclude_none=True)
