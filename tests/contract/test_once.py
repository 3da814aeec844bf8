"""Idempotency on the real table: who acts again, and who does not."""

from __future__ import annotations

import pytest

from homeroom.aws import once
from homeroom.aws.once import Once
from homeroom.aws.settings import Settings
from homeroom.errors import HomeroomError, RetryableError
from tests.fakes.faults import Crash

pytestmark = pytest.mark.integration


class Context:
    """A call with an hour left: whatever died in it stays in progress for so long."""

    def get_remaining_time_in_millis(self) -> int:
        return 3_600_000


@pytest.fixture(autouse=True)
def table(account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "settings", lambda: Settings(idempotency_table=account.names["IdempotencyTable"]))
    monkeypatch.setattr(once, "plain_dynamodb", lambda: account.client("dynamodb"))


class Stage:
    """Counts how often it acted; fails or dies as it is told."""

    def __init__(self, *faults: BaseException | None):
        self.faults, self.acted = list(faults), 0

    def __call__(self) -> dict[str, int]:
        self.acted += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        return {"acted": self.acted}


@pytest.mark.parametrize("repeatable", [True, False])
def test_an_event_that_succeeded_is_answered_from_memory(name: str, repeatable: bool) -> None:
    stage, keep = Stage(), Once(name, repeatable=repeatable)
    answers = [keep(["lab", 3, 1], stage, Context()) for _ in range(3)]
    assert answers == [{"acted": 1}] * 3
    assert keep(["lab", 4, 1], stage, Context()) == {"acted": 2}


@pytest.mark.parametrize("repeatable", [True, False])
def test_an_event_that_failed_acts_again(name: str, repeatable: bool) -> None:
    stage, keep = Stage(HomeroomError("x"), RetryableError("y")), Once(name, repeatable=repeatable)
    for error in (HomeroomError, RetryableError):
        with pytest.raises(error):
            keep("same", stage, Context())
    assert keep("same", stage, Context()) == {"acted": 3}


def test_a_part_whose_writer_was_killed_is_written_again_at_once(name: str) -> None:
    stage, keep = Stage(Crash("killed")), Once(name, repeatable=True)
    with pytest.raises(Crash):
        keep("same", stage, Context())
    assert keep("same", stage, Context()) == {"acted": 2}


def test_a_request_whose_worker_was_killed_asks_for_another_try(name: str) -> None:
    stage, keep = Stage(Crash("killed")), Once(name, repeatable=False)
    with pytest.raises(Crash):
        keep("same", stage, Context())
    with pytest.raises(RetryableError, match="being worked on"):
        keep("same", stage, Context())
    assert stage.acted == 1


def test_functions_do_not_share_their_memory(name: str) -> None:
    stage = Stage()
    assert Once(name + "-a", repeatable=True)("same", stage, Context())["acted"] == 1
    assert Once(name + "-b", repeatable=True)("same", stage, Context())["acted"] == 2


def test_an_event_like_no_other_always_acts(name: str) -> None:
    stage, keep = Stage(), Once(name, repeatable=False)
    assert [keep(None, stage)["acted"] for _ in range(2)] == [1, 2]


def test_keys_are_kept_as_sha_256_under_the_name_of_the_function(account, name: str) -> None:
    Once(name, repeatable=True)({"key": "landing/lab-usd/Jane Sample.zip"}, Stage(), Context())
    found = account.client("dynamodb").scan(TableName=account.names["IdempotencyTable"])["Items"]
    mine = [item for item in found if item["id"]["S"].startswith(name)]
    assert len(mine) == 1
    assert len(mine[0]["id"]["S"]) == len(name) + 1 + 64
    assert "Jane" not in str(mine)
    assert "expiration" in mine[0]


def test_without_a_table_a_repeatable_function_just_acts_and_any_other_says_what_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "settings", Settings)
    stage = Stage()
    assert [Once(name, repeatable=True)("same", stage)["acted"] for _ in range(2)] == [1, 2]
    with pytest.raises(HomeroomError, match="IDEMPOTENCY_TABLE is missing"):
        Once(name, repeatable=False)("same", stage)
