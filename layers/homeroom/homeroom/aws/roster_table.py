"""The roster table: items written whole in batches, read consistently, and the few conditional writes it needs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from homeroom.aws.clients import THREADS
from homeroom.aws.edit_items import edit_of, edits_owner, entry_item, overlay_item, overlay_key
from homeroom.aws.faults import code_of
from homeroom.aws.hand_items import hand_of, hand_owner
from homeroom.aws.values import plain_item, wired, wired_item
from homeroom.errors import LinkHeld, Refused, RetryableError
from homeroom.model.byhand import HandRecord
from homeroom.ports import Edit, Item, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
WRITES, READS = 25, 100
"""Items of one BatchWriteItem and of one BatchGetItem: the service's limits."""
ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds; the pause before try n is random below FIRST_PAUSE · 2ⁿ (full jitter), at most LONGEST_PAUSE."""
_REFUSED = "ConditionalCheckFailedException"


class RosterTable:
    """`homeroom.ports.Roster` on DynamoDB. `sleep` and `dice` are the clock and the chance of the pauses."""

    def __init__(
        self, client: DynamoDBClient, table: str, sleep: Callable[[float], None] = time.sleep,
        dice: Callable[[], float] = random.random,
    ):
        self._client = client
        self._table = table
        self._sleep = sleep
        self._dice = dice

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="roster")

    def write(self, puts: Sequence[Item], deletes: Sequence[Key]) -> None:
        requests: list[Any] = [{"PutRequest": {"Item": wired_item(item)}} for item in puts]
        requests += [{"DeleteRequest": {"Key": _key(key)}} for key in deletes]
        for _ in self._side_by_side(self._write_batch, _chunks(requests, WRITES)):
            pass

    def get(self, keys: Iterable[Key]) -> list[Item]:
        batches = _chunks([_key(key) for key in dict.fromkeys(keys)], READS)
        return [item for items in self._side_by_side(self._read_batch, batches) for item in items]

    def move_link(self, item: Item, previous: str | None) -> None:
        values = {":own": item["person"], ":previous": previous if previous is not None else item["person"]}
        try:
            self._client.put_item(
                TableName=self._table, Item=wired_item(item),
                ConditionExpression="attribute_not_exists(person) OR person = :own OR person = :previous",
                ExpressionAttributeValues=wired_item(values),
            )
        except ClientError as error:
            if code_of(error) != _REFUSED:
                raise
            raise LinkHeld("an identity that was to move is held by a third person") from error

    def edit(self, edit: Edit, reason: str) -> None:
        items = overlay_item(edit, reason), entry_item(edit, reason)
        self._client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self._table, "Item": wired_item(item)}} for item in items]
        )

    def edits(self, roster: str) -> list[Edit]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, KeyConditionExpression="#owner = :edits", ConsistentRead=True,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":edits": wired(edits_owner(roster))},
        )
        return [edit_of(plain_item(item)) for page in pages for item in page["Items"]]

    def overlays(self, records: Iterable[Key]) -> list[Item]:
        return self.get([overlay_key(key) for key in records])

    def by_hand(self, roster: str) -> list[HandRecord]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, KeyConditionExpression="#owner = :hand", ConsistentRead=True,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":hand": wired(hand_owner(roster))},
        )
        return [hand_of(plain_item(item)) for page in pages for item in page["Items"]]

    def make(self, puts: Sequence[Item], *, new: bool, links: Sequence[Item] = (), gone: Sequence[Item] = (),
             wakes: Sequence[Item] = ()) -> None:
        absent = {"ConditionExpression": "attribute_not_exists(#owner)",
                  "ExpressionAttributeNames": {"#owner": "owner"}}
        stands = absent if new else {"ConditionExpression": "attribute_exists(by_hand) OR attribute_exists(released)"}
        steps: list[Any] = [{"Put": {"TableName": self._table, "Item": wired_item(i), **stands}} for i in puts]
        steps += [{"Put": {"TableName": self._table, "Item": wired_item(i), **_held_by(i)}} for i in links]
        steps += [{"Delete": {"TableName": self._table, "Key": _key((i["owner"], i["member"])), **_held_by(i)}}
                  for i in gone]
        steps += [{"Put": {"TableName": self._table, "Item": wired_item(i)}} for i in wakes]
        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" not in reasons:
                raise
            raise Refused("the record, or one of its identities, is there already",
                          remedy="Look for it with `person`; edit it, or choose another identity.") from error

    def classes_of(self, person: Key) -> list[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, IndexName="by_person", KeyConditionExpression="person_key = :person",
            ExpressionAttributeValues={":person": wired(person[0])},
        )
        told = ("owner", "member", "role", "status", "begin_date", "end_date")
        found = [plain_item(item) for page in pages for item in page["Items"]]
        return [{word: item[word] for word in told if word in item} for item in found]

    def consume(self, edits: Sequence[Edit]) -> None:
        for edit in edits:
            try:
                self._client.delete_item(
                    TableName=self._table, Key=_key(overlay_key(edit.record)),
                    ConditionExpression="edit = :edit", ExpressionAttributeValues={":edit": wired(edit.item[1])},
                )
            except ClientError as error:
                # A later edit of the same record replaced the overlay, or it is gone already.
                if code_of(error) != _REFUSED:
                    raise
            self._client.delete_item(TableName=self._table, Key=_key(edit.item))

    def _write_batch(self, requests: list[Any]) -> None:
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not requests:
                return
            self._pause(attempt)
        raise RetryableError("the roster table stays busy")

    def _read_batch(self, keys: list[Any]) -> list[Item]:
        items: list[Item] = []
        for attempt in range(ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
            items += [plain_item(item) for item in answer["Responses"].get(self._table, [])]
            keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])  # type: ignore[call-overload]
            if not keys:
                return items
            self._pause(attempt)
        raise RetryableError("the roster table stays busy")

    def _pause(self, attempt: int) -> None:
        self._sleep(self._dice() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))

    def _side_by_side(self, call: Callable[[list[Any]], T], batches: list[list[Any]]) -> Iterator[T]:
        if len(batches) < 2:
            return map(call, batches)
        return self._threads.map(call, batches)


def _held_by(link: Item) -> dict[str, Any]:
    """The condition that nobody else holds an identity."""
    return {"ConditionExpression": "attribute_not_exists(person) OR person = :own",
            "ExpressionAttributeValues": {":own": wired(link["person"])}}


def _key(key: Key) -> dict[str, Any]:
    return {"owner": {"S": key[0]}, "member": {"S": key[1]}}


def _chunks(items: list[Any], size: int) -> list[list[Any]]:
    rest = iter(items)
    return list(iter(lambda: list(islice(rest, size)), []))
