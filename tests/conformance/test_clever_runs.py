"""Clever's conformance list, what whole runs do to the roster. Numbers are those of `statements.CLEVER`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from homeroom.guard.guards import GUARDS
from homeroom.model.events import ReconcileSchedules
from homeroom.model.schedule import Schedule
from homeroom.support.timers import reconcile_schedules
from tests.builders.oneroster import District, district
from tests.conformance.known import known_clever
from tests.conformance.lab import CleverLab, codes, counts, tripped, writes

A_DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def lab() -> Iterator[CleverLab]:
    """The small district at Clever, read and applied."""
    with known_clever() as made:
        yield made


def many_students() -> District:
    grown = district()
    for number in range(100, 140):
        grown = grown.with_student(f"s-{number}", classes=["c-1"])
    return grown


@pytest.fixture
def large() -> Iterator[CleverLab]:
    """A district with enough students for shares to count."""
    with known_clever(many_students().files, page_size=100) as made:
        yield made


def leave(lab: CleverLab, *students: str) -> None:
    """They leave the SIS: their sections no longer name them either."""
    with lab.district.one_sync():
        for one in students:
            lab.district.remove("users", lab.id("users", one))


HOW = [{"full": True}, {}]
"""By a full read, and by events."""


@pytest.mark.parametrize("asked", HOW)
def test_cl_28_a_term_with_a_new_id_takes_its_sections_along(lab: CleverLab, asked: dict[str, bool]) -> None:
    before = {one: item["id"] for one, item in lab.items("classes").items()}
    new = lab.district.rename_term(lab.id("terms", "sem-1"), "Fall")
    record = lab.run(**asked)
    assert record.outcome == "applied"
    assert {one: item["id"] for one, item in lab.items("classes").items()} == before
    assert {tuple(item["terms_id"]) for item in lab.items("classes").values()} == {(lab.items("terms")[new]["id"],)}
    assert counts(record, "classes")["archived"] == counts(record, "enrollments")["archived"] == 0
    assert lab.archived("terms") == {lab.id("terms", "sem-1")}


def test_cl_28_a_course_with_a_new_id_takes_its_sections_along(lab: CleverLab) -> None:
    section = lab.id("sections", "c-1")
    before = lab.items("classes")[section]["id"]
    new = lab.district.renew("courses", lab.id("courses", "course-1"), "course made again")
    assert lab.run().outcome == "applied"
    kept = lab.items("classes")[section]
    assert (kept["id"], kept["course"], kept["course_id"]) == (before, new, lab.items("courses")[new]["id"])


@pytest.mark.parametrize("asked", HOW)
def test_cl_29_who_is_missing_in_a_complete_read_is_archived_and_not_erased(
    lab: CleverLab, asked: dict[str, bool]
) -> None:
    gone = lab.id("users", "s-3")
    before = lab.items("people")[gone]
    leave(lab, "s-3")
    assert lab.run(**asked).outcome == "applied"
    assert lab.archived("people") == {gone}
    assert {**lab.items("people", "archived")[gone], "status": "", "run": 0} == {**before, "status": "", "run": 0}


@pytest.mark.parametrize("effect", [500, "torn", "cut", "empty", "drop", "html"])
@pytest.mark.parametrize(("place", "page"), [("users", 1), ("users", 3), ("sections", 1), ("schools", 1)])
def test_cl_29_a_torn_or_failed_read_archives_nothing(
    lab: CleverLab, place: str, page: int, effect: Any
) -> None:
    leave(lab, "s-3")
    before = lab.table
    lab.clever.traps.fail(place, page=page, effect=effect, times=None)
    assert lab.full().outcome == "failed"
    assert lab.table == before


@pytest.mark.parametrize("asked", HOW)
@pytest.mark.parametrize(("kind", "source_id", "entity"), [
    ("users", "s-2", "people"), ("sections", "c-3", "classes"), ("schools", "school-2", "orgs"),
])
def test_cl_30_what_comes_back_is_the_same_record(
    lab: CleverLab, kind: str, source_id: str, entity: str, asked: dict[str, bool]
) -> None:
    before, one = lab.table, lab.id(kind, source_id)
    lab.district.unshare(kind, one)
    assert lab.run(**asked).outcome == "applied"
    assert one in lab.archived(entity)
    lab.district.reshare(kind, one)
    record = lab.run(**asked)
    assert counts(record, entity)["restored"] >= 1
    assert counts(record, entity)["created"] == 0
    assert lab.table == before


def test_cl_30_terms_and_courses_that_come_back_are_the_same_records(lab: CleverLab) -> None:
    before = lab.table
    for one in ("c-1", "c-2", "c-3", "c-4"):
        lab.district.unshare("sections", lab.id("sections", one))
    for kind, one in (("terms", "sem-1"), ("courses", "course-1")):
        lab.district.unshare(kind, lab.id(kind, one))
    lab.approve(lab.full())
    assert lab.id("terms", "sem-1") in lab.archived("terms")
    assert lab.id("courses", "course-1") in lab.archived("courses")
    for kind, one in (*(("sections", f"c-{n}") for n in (1, 2, 3, 4)), ("terms", "sem-1"), ("courses", "course-1")):
        lab.district.reshare(kind, lab.id(kind, one))
    lab.full()
    assert lab.table == before


@pytest.mark.parametrize("asked", HOW)
def test_cl_31_the_same_sync_twice_changes_nothing_the_second_time(lab: CleverLab, asked: dict[str, bool]) -> None:
    lab.district.update("users", lab.id("users", "s-1"), email="new@sample.example")
    assert writes(lab, lambda: lab.run(**asked)) == 1
    assert writes(lab, lambda: lab.run(**asked)) == 0
    assert lab.world.runs.history("clever", 1)[0].outcome == "nothing to change"


@pytest.mark.parametrize("asked", HOW)
def test_cl_32_too_many_archives_hold_the_run_until_somebody_approves(
    large: CleverLab, asked: dict[str, bool]
) -> None:
    before = large.table
    leave(large, *(f"s-{n}" for n in range(100, 140)))
    held = large.run(**asked)
    assert held.outcome == "held"
    assert {"GRD-02", "GRD-04", "GRD-05"} & set(tripped(held))
    assert large.table == before
    assert large.approve(held).outcome == "applied"
    assert len(large.archived("people")) == 40


def test_cl_33_a_district_that_shows_nobody_archives_nobody(lab: CleverLab) -> None:
    before = lab.table
    for one in list(lab.district.shared["users"]):
        lab.district.unshare("users", one)
    assert (lab.full().outcome, lab.table) == ("failed", before)
    assert lab.run().outcome in ("failed", "held")
    assert lab.table == before


def test_cl_34_a_daily_schedule_is_made_and_a_run_by_hand_is_possible(lab: CleverLab) -> None:
    kept = lab.world.integrations.get("clever")
    lab.world.integrations.put(kept.model_copy(update={"schedule": Schedule(mode="daily")}))
    asked = ReconcileSchedules(operation="reconcile_schedules", by="conformance", reason="test")
    reconcile_schedules(asked, lab.world)
    [timer] = lab.world.timers.list()
    assert timer.name == "clever"
    assert lab.begin(trigger="hand").state == "queued"


@pytest.mark.parametrize("second", ["hand", "schedule"])
def test_cl_34_runs_of_one_district_never_overlap(lab: CleverLab, second: str) -> None:
    first = lab.begin(trigger="schedule")
    refused = lab.begin(trigger=second)
    assert (refused.state in ("refused", "skipped"), refused.reason) == (True, "locked")
    assert lab.end(first).outcome == "nothing to change"
    assert lab.run(trigger=second).outcome == "nothing to change"


@pytest.mark.parametrize("asked", HOW)
def test_cl_35_a_paused_district_is_synced_and_shown_as_paused(lab: CleverLab, asked: dict[str, bool]) -> None:
    lab.district.pause(until="2027-08-01T00:00:00.000Z")
    lab.district.unshare("schools", lab.id("schools", "school-2"))
    record = lab.run(**asked)
    assert record.outcome == "applied"
    assert lab.id("schools", "school-2") in lab.archived("orgs")
    [told] = [one for one in lab.issues(record) if one["code"] == "SRC-18"]
    assert "paused since 2026-09-07 until 2027-08-01" in told["text"]
    assert told["severity"] == "info"
    assert lab.status == "up to date"


def test_cl_36_the_record_of_a_run_shows_state_times_counts_holds_and_problems(large: CleverLab) -> None:
    large.district.update_role(large.id("users", "s-1"), "student", grade="Grade Fourteen")
    leave(large, *(f"s-{n}" for n in range(100, 140)))
    started = large.begin()
    large.world.clock.tick(30)
    held = large.end(started)
    summary = held.summary
    assert summary is not None
    assert (held.state, held.outcome, summary["state"], summary["outcome"]) == ("finished", "held") * 2
    assert summary["times"]["started"] < summary["times"]["finished"]
    assert summary["times"]["seconds"] == 30
    assert counts(held, "people")["archived"] == 40
    floors = {guard.code: guard.floor for guard in GUARDS}
    assert tripped(held) == [guard["code"] for guard in summary["guards"]
                             if guard["value"] > guard["limit"] and guard["count"] >= floors[guard["code"]]]
    assert codes(held)["FLD-03"] == 1
    [problem] = [one for one in large.issues(held) if one["code"] == "FLD-03"]
    assert (problem["source_id"], problem["column"]) == (large.id("users", "s-1"), "grades")
    assert large.world.runs.control("clever").applied_at is not None
