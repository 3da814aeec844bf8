"""What counts as left in the days before, for the guard against a slow drain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from homeroom.model.run import RunRecord
from homeroom.planning.drained import drained
from tests.fakes.faults import Faults
from tests.fakes.memory_runs import MemoryRuns

TODAY = datetime(2026, 9, 15, 6, tzinfo=UTC)
AS_OF = "2026-09-15"


def night(days_ago: int, run: int, removals: dict[str, dict[str, int]], *, off: bool = False,
          as_of: str | None = None, **told: Any) -> RunRecord:
    at = TODAY - timedelta(days=days_ago)
    summary = {"removals": removals, "source": {"as_of": as_of or at.date().isoformat()},
               "guards": [{"code": "GRD-09", "off": off}]}
    usual = {"trigger": "schedule", "outcome": "applied", "summary": summary, "state": "finished", "plan_run": run}
    return RunRecord.model_validate({"integration": "lab", "run": run, "started_at": at, **usual, **told})


def ledger(*records: RunRecord) -> MemoryRuns:
    runs = MemoryRuns(Faults())
    for record in records:
        runs.record(record)
    return runs


def of(*records: RunRecord) -> dict[str, int]:
    return drained(ledger(*records), "lab", AS_OF)


def test_unexplained_removals_of_the_week_are_added_up_by_entity() -> None:
    first = night(6, 1, {"people": {"absent": 5, "term ended": 70}, "enrollments": {"absent": 9}})
    second = night(0, 2, {"people": {"absent": 2}, "classes": {"sharing rule": 30}}, outcome="applied with issues")
    assert of(first, second) == {"people": 7, "enrollments": 9}
    assert of() == {}


@pytest.mark.parametrize(("days_ago", "counts"), [(6, True), (7, False), (30, False)])
def test_the_week_is_today_and_the_six_days_before(days_ago: int, counts: bool) -> None:
    assert of(night(days_ago, 1, {"people": {"absent": 5}})) == ({"people": 5} if counts else {})


def test_days_are_those_of_the_district_and_not_of_utc() -> None:
    late = night(7, 1, {"people": {"absent": 5}}, as_of="2026-09-09")
    assert of(late) == {"people": 5}


@pytest.mark.parametrize(
    "told",
    [{"outcome": outcome} for outcome in ("held", "failed", "skipped", "discarded", "lapsed", "interrupted", None)]
    + [{"trigger": "approval"}, {"trigger": "undo"}, {"plan_run": None}, {"summary": None}, {"off": True}],
    ids=str,
)
def test_what_was_not_applied_by_itself_does_not_count(told: dict[str, Any]) -> None:
    counting = night(1, 2, {"people": {"absent": 3}})
    assert of(night(2, 1, {"people": {"absent": 5}}, **told), counting) == {"people": 3}


def test_a_run_that_was_taken_back_does_not_count() -> None:
    lost, kept = night(3, 1, {"people": {"absent": 5}}), night(2, 2, {"people": {"absent": 4}})
    undo = night(1, 3, {}, trigger="undo", undoes=1)
    assert of(lost, kept, undo) == {"people": 4}
    assert of(lost, kept, night(1, 3, {}, trigger="undo", undoes=1, outcome="failed")) == {"people": 9}


def test_a_week_of_many_runs_is_read_to_its_beginning() -> None:
    many = [night(0, 10 + n, {}) for n in range(260)]
    assert of(night(5, 1, {"people": {"absent": 5}}), *many) == {"people": 5}
