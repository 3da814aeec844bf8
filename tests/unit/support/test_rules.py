"""May a run start? Each rule, for each trigger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from homeroom.apply.signature import signature
from homeroom.model.integration import Blackout, Integration, Pause
from homeroom.model.run import Control
from homeroom.support.rules import Asked, leased, stop
from tests.fakes.plans import LAB, delivery

NOW = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
SAME = delivery("day-1.zip", "content-a")
APPLIED = Control(integration=LAB.id, applied_run=1, applied_signature=signature("content-a", LAB.options_hash()))
PAUSED = LAB.model_copy(update={"paused": Pause(reason="move of the SIS", by="support", at=NOW)})
RESTING = LAB.model_copy(update={"blackouts": (Blackout(first="2026-09-01", last="2026-09-30"),)})
BUSY = Control(integration=LAB.id, lease_run=4, lease_until=int(NOW.timestamp()) + 60, fence=2)
TRIGGERS = ("file", "schedule", "hand", "pending", "approval")


def reason(trigger="file", integration: Integration = LAB, control: Control | None = None, **words) -> str | None:
    words.setdefault("delivery", delivery("day-2.zip", "content-b"))
    stopped = stop(Asked(trigger, integration, control or Control(integration=LAB.id), NOW, **words))
    return stopped.reason if stopped else None


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_nothing_stops_a_new_content_on_a_free_integration(trigger: str) -> None:
    assert reason(trigger) is None


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_pause_stops_everything(trigger: str) -> None:
    assert reason(trigger, PAUSED) == "paused"


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_blackout_stops_only_what_starts_by_itself(trigger: str) -> None:
    assert reason(trigger, RESTING) == (None if trigger in ("hand", "approval") else "blackout")


@pytest.mark.parametrize(("day", "stopped"), [("2026-09-06", True), ("2026-09-07", False)])
def test_a_blackout_ends_with_its_last_day_in_the_zone_of_the_integration(day: str, stopped: bool) -> None:
    honolulu = LAB.model_copy(update={
        "timezone": "Pacific/Honolulu", "blackouts": (Blackout(first="2026-09-01", last=day),)})
    west = stop(Asked("file", honolulu, Control(integration=LAB.id), NOW, delivery=SAME))
    assert west is not None
    kiritimati = honolulu.model_copy(update={"timezone": "Pacific/Kiritimati"})
    east = stop(Asked("file", kiritimati, Control(integration=LAB.id), NOW, delivery=SAME))
    assert (east is None) is stopped


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_run_that_is_on_stops_every_other(trigger: str) -> None:
    assert reason(trigger, control=BUSY) == "locked"
    assert reason(trigger, control=BUSY, lease_run=4) is None


def test_a_lease_that_lapsed_stops_nobody() -> None:
    lapsed = BUSY.model_copy(update={"lease_until": int((NOW - timedelta(seconds=1)).timestamp())})
    assert reason(control=lapsed) is None
    assert not leased(lapsed, NOW)
    assert leased(BUSY, NOW)


@pytest.mark.parametrize("trigger", ["file", "schedule", "hand", "pending"])
def test_no_file_is_no_data_where_files_are_pushed(trigger: str) -> None:
    assert reason(trigger, delivery=None) == "no data"
    fetched = LAB.model_copy(update={"transport": "oneroster_rest", "secret_name": "lab-usd"})
    assert reason(trigger, fetched, delivery=None) is None


@pytest.mark.parametrize("trigger", ["schedule", "hand", "pending", "approval"])
@pytest.mark.parametrize("lacking", ["secret_name", "district_id"])
def test_what_is_fetched_needs_credentials_and_a_verified_district_first(trigger: str, lacking: str) -> None:
    ready = {"transport": "clever_api", "secret_name": "clever-app", "district_id": "d-1"}
    assert reason(trigger, LAB.model_copy(update=ready | {lacking: None}), delivery=None) == "not set up"
    assert reason(trigger, LAB.model_copy(update=ready), delivery=None) is None


def test_the_content_that_was_applied_last_is_unchanged() -> None:
    assert reason(control=APPLIED, delivery=SAME) == "unchanged"


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (APPLIED.model_copy(update={"dirty_runs": (3,)}), {}),
        (APPLIED, {"edits_wait": True}),
        (APPLIED, {"force": True}),
        (APPLIED, {"delivery": delivery("day-1.zip", None)}),
        (APPLIED, {"integration": LAB.model_copy(update={"products": ("another",)})}),
        (APPLIED.model_copy(update={"applied_signature": None}), {}),
    ],
    ids=["dirty keys", "an edit waits", "force", "no hash", "other products", "nothing applied"],
)
def test_unchanged_is_said_only_when_nothing_else_is_to_do(control: Control, words) -> None:
    assert reason(control=control, **({"delivery": SAME} | words)) is None


def test_a_denied_content_needs_force() -> None:
    denied = Control(integration=LAB.id, denied=("content-a",))
    assert reason(control=denied, delivery=SAME) == "denied"
    assert reason(control=denied, delivery=SAME, force=True) is None
    assert reason(control=denied) is None


def test_the_day_of_a_run_is_the_day_in_its_zone() -> None:
    asked = Asked("file", LAB.model_copy(update={"timezone": "Pacific/Honolulu"}), Control(integration=LAB.id), NOW)
    assert asked.today == "2026-09-06"
