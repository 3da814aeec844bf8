"""Complaints of those who set up and run a sync: options, secrets, errors, who did what, and when. Numbers are of
`complaints_r`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from homeroom.apply.commit import finish
from homeroom.errors import Refused, RetryableError
from homeroom.flow import sync
from homeroom.model.events import FinishRun, RunError
from homeroom.model.integration import Blackout, Pause
from homeroom.model.run import RunRecord
from homeroom.model.schedule import Schedule
from homeroom.model.sharing import Sharing
from homeroom.report.summary import summarize
from homeroom.support.times import next_runs
from homeroom.support.views import integration_view, seen
from tests.builders.api_runs import fed_by, rest
from tests.builders.oneroster import district, small_district
from tests.builders.two_days import first_day, next_day
from tests.conformance.lab import CsvLab, clever, codes, writes
from tests.fakes.memory import MemoryWorld, tables
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.regression.days import LAB, active, lab, lands, lease_of, put
from tests.unit.support.asking import BY, do


def status(world: MemoryWorld) -> dict[str, Any]:
    return integration_view(seen(world.integrations.get("lab"), world))


@pytest.mark.parametrize("choices", [
    {"options": {"batch_mode": True}}, {"option": {"strict": True}}, {"options": {"on_hold": "removals wai"}}])
def test_r27_an_option_that_nobody_knows_is_refused_and_nothing_is_kept(choices: dict[str, Any]) -> None:
    world = lab(small_district())
    before = world.integrations.get("lab")
    with pytest.raises(ValidationError):
        do(world, "options", integration="lab", choices=choices, **BY)
    assert world.integrations.get("lab") == before


def test_r27_the_answer_shows_every_option_that_counts_and_where_it_comes_from() -> None:
    world = lab(small_district(), LAB.model_copy(update={"product_line": ""}))
    told = do(world, "options", integration="lab", choices={"options": {"strict": True}}, **BY)["set"]["options"]
    assert told["strict"] == {"value": True, "from": "district", "offered": True}
    assert told["on_hold"] == {"value": "all waits", "from": "default", "offered": True}


def test_r27_a_word_in_the_sharing_that_fits_nobody_is_refused() -> None:
    world = lab(small_district())
    with pytest.raises(Refused, match="Grade Fife"):
        do(world, "share", integration="lab", sharing={"grades": ["Grade Fife"]}, **BY)
    assert world.integrations.get("lab").sharing == Sharing()


def test_r44_nothing_changes_while_it_is_switched_off() -> None:
    world = lab(small_district())
    before = tables(world)
    off = Pause(reason="audit", by="support", at=world.clock.now())
    world.integrations.put(LAB.model_copy(update={"paused": off}))
    record = lands(world, "second.zip", district().without("users", "s-4").without("enrollments", "e-s-4-c-4").files)
    assert (record.outcome, record.code) == ("skipped", "paused")
    assert (tables(world), status(world)["status"]) == (before, "paused")


def test_r44_every_archived_record_leads_to_the_run_and_the_run_to_who_asked_for_it() -> None:
    lab = CsvLab()
    lab.puts(district().without("users", "s-4").without("enrollments", "e-s-4-c-4").files)
    record = lab.run()
    gone = [item for item in lab.world.roster.items.values() if item.get("source_id") == "s-4"]
    assert [(item["status"], item["run"]) for item in gone] == [("archived", record.run)]
    ledger = lab.world.runs.run("lab", record.run)
    assert (ledger.trigger, ledger.by, ledger.outcome) == ("hand", "conformance", "applied")


def stopped(world: MemoryWorld, writes_before: int) -> RunRecord:
    """The second day, whose writes fail after so many steps, ended as the state machine ends it."""
    started = put(world, "second.zip", next_day())
    lease = lease_of(world, started)
    world.faults.arm(writes_before, RetryableError("the table stays busy"))
    with pytest.raises(RetryableError):
        sync(lease, world)
    error = RunError(Error="RetryableError", Cause=json.dumps({"errorMessage": "RUN-03: the table stays busy"}))
    event = FinishRun(integration="lab", run=lease.run, fence=lease.fence, error=error)
    return finish(event, world, summarize).record


@pytest.mark.parametrize("writes_before", [14, 45])
def test_r45_a_database_error_ends_the_run_in_words_and_is_never_called_a_success(writes_before: int) -> None:
    world = lab(first_day())
    record = stopped(world, writes_before)
    assert record.outcome in ("failed", "interrupted")
    assert record.text
    assert record.owner == "vendor"
    assert status(world)["status"] == "failing: we act"
    assert world.runs.control("lab").applied_run == 1


def test_r45_what_an_error_left_half_written_is_repaired_by_the_next_run() -> None:
    world, clean = lab(first_day()), lab(first_day())
    assert stopped(world, 45).outcome == "interrupted"
    world.clock.tick(timedelta(days=1).total_seconds())
    clean.clock.at = world.clock.at
    assert [lands(one, "third.zip", next_day()).outcome for one in (world, clean)] == ["applied", "applied"]
    assert tables(world) == tables(clean)
    assert status(world)["status"] == "up to date"


@pytest.mark.parametrize(("credentials", "code"), [
    ({"key": "key-of-another-stage", "secret": "other"}, "SRC-01"), ({"key": "only half of it"}, "SRC-10"),
    (None, "SRC-10"),
])
def test_r46_a_secret_of_another_stage_is_never_taken_for_a_working_set_up(
    credentials: dict[str, str] | None, code: str
) -> None:
    service = Service(small_district())
    with serving(service):
        world = fed_by(rest(service), credentials or {})
        if credentials is None:
            world.secrets.remove("lab/source")
        told = do(world, "test_connection", integration="lab", **BY)
        assert told["ok"] is False
        assert code in {finding["code"] for finding in told["findings"] if not finding["ok"]}
        assert status(world)["status"] not in ("up to date", "running", "waiting for data")


def test_r46_only_an_answer_of_the_source_itself_makes_it_work() -> None:
    service = Service(small_district())
    with serving(service):
        world = fed_by(rest(service))
        asked = len(service.log)
        told = do(world, "test_connection", integration="lab", **BY)
        assert (told["ok"], [one["id"] for one in told["districts"]]) == (True, ["d-1"])
        assert len(service.log) > asked


def test_r51_only_the_chosen_schools_and_classes_are_taken() -> None:
    lab = CsvLab(sharing=Sharing(classes=("c-1",)).model_dump(mode="json"))
    assert lab.active("classes") == {"c-1"}
    assert {item["class"] for item in lab.items("enrollments").values()} == {"c-1"}
    assert lab.active("people") >= {"t-1", "s-1", "s-2", "s-5", "s-9"}
    assert not lab.active("people") & {"s-3", "t-3"}


def test_r51_contacts_for_emergencies_only_are_no_parents_and_get_no_account() -> None:
    with clever(district().with_guardian("g-2", of="s-2").files) as lab:
        for one, kind in (("g-1", "emergency"), ("g-2", "family")):
            contact = lab.id("users", one)
            told = lab.district.shared["users"][contact]["roles"]["contact"]["student_relationships"]
            lab.district.update_role(contact, "contact", student_relationships=[
                {**link, "type": kind.capitalize()} for link in told])
        record = lab.run()
        assert record.outcome == "applied"
        assert codes(record)["SRC-19"] == 1
        guardians = {i["source_id"] for i in lab.items("people").values() if i["role"] == "guardian"}
        assert guardians == {lab.id("users", "g-2")}
        assert len(lab.active("contacts")) == 1


@pytest.mark.parametrize("id", ["lab", "first-usd", "second-usd", "third-usd", "fourth-usd"])
def test_r52_runs_that_start_by_themselves_start_at_night(id: str) -> None:
    nightly = LAB.model_copy(update={"id": id, "schedule": Schedule(mode="daily")})
    zone = ZoneInfo(nightly.timezone)
    starts = next_runs(nightly, datetime(2026, 9, 7, 12, tzinfo=zone), 30)
    hours = [start.astimezone(zone) for start in starts]
    assert len(hours) == 30
    assert all(at.hour >= 18 or at.hour < 5 for at in hours)


def test_r52_a_file_that_lands_in_days_of_rest_waits_for_their_end() -> None:
    today = "2026-09-07"
    world = lab(small_district())
    world.integrations.put(LAB.model_copy(update={"blackouts": (Blackout(first=today, last=today, reason="tests"),)}))
    record = lands(world, "second.zip", district().with_student("s-new").files)
    assert (record.outcome, record.code) == ("skipped", "blackout")
    assert "s-new" not in active(world, "people")
    world.clock.tick(timedelta(days=1).total_seconds())
    assert lands(world, "third.zip", district().with_student("s-new").files).outcome == "applied"
    assert "s-new" in active(world, "people")


def test_r52_a_sync_by_hand_in_school_hours_writes_only_what_changed() -> None:
    lab = CsvLab()
    lab.puts(district().with_cells("users", "s-1", grades="06").files)
    assert writes(lab, lambda: lab.run()) == 1
    assert writes(lab, lambda: lab.run(force=True)) == 0
