"""Whose turn it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from homeroom.model.integration import Blackout, Integration, Moving, Pause
from homeroom.model.run import Control, Note, RunRecord
from homeroom.model.schedule import Schedule
from homeroom.support.status import Seen, is_stale, standing
from tests.fakes.plans import LAB, delivery

NOW = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
APPLIED = Control(integration=LAB.id, applied_run=1, applied_at=YESTERDAY, last_delivery=delivery("1.zip", "a"))


def ran(run: int, outcome: str | None, **words) -> RunRecord:
    return RunRecord(integration=LAB.id, run=run, trigger="file", started_at=YESTERDAY, finished_at=YESTERDAY,
                     state="finished" if outcome else "planning", outcome=outcome, **words)  # type: ignore[arg-type]


def told(control: Control = APPLIED, *history: RunRecord, integration: Integration = LAB) -> tuple[str, str]:
    seen = standing(Seen(integration, control, history, NOW))
    return seen.status, seen.owner


GOOD = ran(1, "applied")
BUSY = {"lease_run": 2, "lease_until": int(NOW.timestamp()) + 60}


def test_an_applied_roster_is_up_to_date_and_nobody_acts() -> None:
    assert told(APPLIED, GOOD) == ("up to date", "nobody")


def test_a_pause_comes_before_everything() -> None:
    paused = LAB.model_copy(update={"paused": Pause(reason="move", by="support", at=YESTERDAY)})
    assert told(APPLIED.model_copy(update=BUSY | {"held_run": 1}), integration=paused) == ("paused", "vendor")


def test_a_run_that_is_on_is_running() -> None:
    busy = APPLIED.model_copy(update=BUSY)
    assert told(busy, ran(2, None), GOOD) == ("running", "nobody")
    assert told(busy, GOOD) == ("running", "nobody")


def test_an_interrupted_run_that_keeps_its_lease_is_not_running() -> None:
    left = APPLIED.model_copy(update=BUSY | {"dirty_runs": (2,)})
    assert told(left, ran(2, "interrupted"), GOOD) == ("failing: we act", "vendor")


def test_a_hold_waits_for_support() -> None:
    seen = standing(Seen(LAB, APPLIED.model_copy(update={"held_run": 2}), [ran(2, "held", text="held by GRD-02")], NOW))
    assert (seen.status, seen.owner) == ("on hold: review", "vendor")
    assert "run 2: held by GRD-02" in seen.text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"owner": "district", "code": "FIL-03"}, ("waiting for the district", "district")),
        ({"owner": "aggregator", "code": "SRC-02"}, ("waiting for the district", "aggregator")),
        ({"owner": "vendor", "code": "RUN-02"}, ("failing: we act", "vendor")),
        ({"owner": "district", "code": "SRC-01"}, ("disconnected", "district")),
    ],
)
def test_after_a_failure_it_is_the_turn_of_its_owner(words, expected) -> None:
    assert told(APPLIED, ran(2, "failed", **words), GOOD) == expected


@pytest.mark.parametrize(("outcome", "expected"), [
    ("discarded", ("waiting for the district", "district")), ("lapsed", ("failing: we act", "vendor")),
])
def test_after_a_plan_was_dropped_something_new_is_needed(outcome: str, expected) -> None:
    assert told(APPLIED, ran(2, outcome), GOOD) == expected


def test_a_roster_of_which_the_rest_was_discarded_is_not_equal_to_its_source() -> None:
    part = ran(1, "applied", text="3 records changed, 60 wait for approval; since then discarded: it is refused")
    assert told(APPLIED, part) == ("waiting for the district", "district")
    assert told(APPLIED, part.model_copy(update={"code": "GRD-12"})) == ("failing: we act", "vendor")
    assert told(APPLIED.model_copy(update={"applied_run": 2}), ran(2, "applied"), part) == ("up to date", "nobody")


def test_after_a_change_of_aggregator_it_is_our_turn_to_start_a_run() -> None:
    moving = LAB.model_copy(update={"moving": Moving(
        aggregator="clever", transport="csv_pushed", by="support", at=YESTERDAY)})
    assert told(APPLIED, GOOD, integration=moving) == ("up to date", "vendor")
    assert told(APPLIED, ran(2, "failed", owner="district"), GOOD, integration=moving)[0] == "waiting for the district"


def test_skipped_runs_say_nothing_about_the_source() -> None:
    failed = ran(2, "failed", owner="district", code="FIL-03")
    assert told(APPLIED, ran(3, "skipped", code="locked"), failed)[0] == "waiting for the district"


def test_an_upload_that_is_not_whole_waits_for_the_district() -> None:
    note = Note(code="SRC-07", text="users.csv did not arrive", owner="district", at=NOW)
    assert told(APPLIED.model_copy(update={"note": note}), GOOD) == ("waiting for the district", "district")


def test_a_source_without_credentials_or_district_is_not_set_up() -> None:
    fresh = Control(integration=LAB.id)
    fetched = LAB.model_copy(update={"transport": "oneroster_rest"})
    assert told(fresh, integration=fetched) == ("not set up", "vendor")
    assert told(fresh, integration=LAB.model_copy(update={"district_id": None})) == ("not set up", "vendor")


def test_nothing_landed_yet_waits_for_data() -> None:
    assert told(Control(integration=LAB.id)) == ("waiting for data", "district")


def test_an_old_roster_is_stale_unless_it_was_seen_unchanged() -> None:
    old = APPLIED.model_copy(update={"applied_at": NOW - timedelta(hours=49)})
    assert told(old, GOOD) == ("stale", "vendor")
    assert told(old, ran(5, "skipped", code="unchanged"), GOOD) == ("up to date", "nobody")
    assert told(old, ran(5, "skipped", code="locked"), GOOD) == ("stale", "vendor")


@pytest.mark.parametrize("update", [
    {"paused": Pause(reason="x", by="support", at=NOW)},
    {"blackouts": (Blackout(first="2026-09-01", last="2026-09-09"),)},
    {"stale_after_hours": 50},
    {"schedule": Schedule(mode="weekly")},
    {"schedule": Schedule(mode="days", days=("MON", "THU"), at="05:15")},
])
def test_a_roster_that_may_not_run_or_may_be_older_is_not_stale(update) -> None:
    old = APPLIED.model_copy(update={"applied_at": NOW - timedelta(hours=49)})
    assert is_stale(Seen(LAB, old, [], NOW))
    assert not is_stale(Seen(LAB.model_copy(update=update), old, [], NOW))
    assert not is_stale(Seen(LAB, Control(integration=LAB.id), [], NOW))
