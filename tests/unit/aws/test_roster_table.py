"""A busy table: what was not processed is tried again, with pauses, and not for ever."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from homeroom.aws.clients import Calls
from homeroom.aws.roster_table import ATTEMPTS, LONGEST_PAUSE, RosterTable
from homeroom.aws.values import plain_item
from homeroom.errors import RetryableError

TABLE = "rosters"
ITEMS = [{"owner": f"lab#person#{n}", "member": "@", "n": n} for n in range(60)]
KEYS = [(f"lab#person#{n}", "@") for n in range(60)]


class BusyTable:
    """A client that processes only the first `takes` of each batch, until the table has calmed down."""

    def __init__(self, takes: int, calm_after: int = 10**6):
        self.takes, self.calm_after, self.calls = takes, calm_after, 0
        self.items: dict[str, Any] = {}
        self.sizes: list[int] = []
        self._lock = threading.Lock()

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:
        taken, left = self._split(RequestItems[TABLE])
        for request in taken:
            item = plain_item(request["PutRequest"]["Item"])
            self.items[item["owner"]] = item
        return {"UnprocessedItems": {TABLE: left} if left else {}}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        assert RequestItems[TABLE]["ConsistentRead"] is True
        taken, left = self._split(RequestItems[TABLE]["Keys"])
        unprocessed = {TABLE: {"Keys": left, "ConsistentRead": True}} if left else {}
        return {"Responses": {TABLE: taken}, "UnprocessedKeys": unprocessed}

    def _split(self, requests: list[Any]) -> tuple[list[Any], list[Any]]:
        with self._lock:
            self.calls += 1
            self.sizes.append(len(requests))
            takes = self.takes if self.calls <= self.calm_after else len(requests)
        return requests[:takes], requests[takes:]


def table(client: BusyTable) -> tuple[RosterTable, list[float]]:
    pauses: list[float] = []
    return RosterTable(client, TABLE, sleep=pauses.append, dice=lambda: 1.0), pauses  # type: ignore[arg-type]


def test_batches_hold_at_most_25_items_and_every_item_arrives() -> None:
    client = BusyTable(takes=25)
    busy, pauses = table(client)
    busy.write(ITEMS, [])
    assert len(client.items) == 60
    assert sorted(client.sizes) == [10, 25, 25]
    assert pauses == []


def test_what_was_not_processed_is_written_again_after_a_pause() -> None:
    client = BusyTable(takes=7)
    busy, pauses = table(client)
    busy.write(ITEMS[:25], [])
    assert list(client.items) == [item["owner"] for item in ITEMS[:25]]
    assert client.sizes == [25, 18, 11, 4]
    assert pauses == [0.05, 0.1, 0.2]


def test_a_table_that_stays_busy_ends_as_retryable_after_bounded_pauses() -> None:
    client = BusyTable(takes=0)
    busy, pauses = table(client)
    with pytest.raises(RetryableError, match="busy"):
        busy.write(ITEMS[:1], [])
    assert client.calls == ATTEMPTS
    assert max(pauses) == LONGEST_PAUSE


def test_keys_that_were_not_read_are_read_again() -> None:
    client = BusyTable(takes=25, calm_after=2)
    busy, pauses = table(client)
    found = busy.get(KEYS)
    assert [item["owner"] for item in found] == [owner for owner, _ in KEYS]
    assert len(pauses) == 2
    client = BusyTable(takes=0)
    busy, _ = table(client)
    with pytest.raises(RetryableError):
        busy.get(KEYS[:1])


BUSY = ("ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError")


@pytest.mark.parametrize("code", BUSY)
def test_a_refusal_of_the_whole_call_is_retryable(code: str) -> None:
    class Refusing:
        def batch_write_item(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "Jane Sample"}}, "BatchWriteItem")

    with pytest.raises(RetryableError) as told:
        RosterTable(Calls(Refusing()), TABLE).write(ITEMS, [])  # type: ignore[arg-type]
    assert "Jane" not in str(told.value)
    assert code in str(told.value)
