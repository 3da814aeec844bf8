"""Each guard as whole runs: a plan just under its limit is applied, one just over is held and writes nothing.

The town of most cases has 420 people in 20 classes of two schools, and as many enrollments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from homeroom.model import events
from homeroom.model.events import Started
from homeroom.model.integration import Integration, Limit, Moving
from homeroom.model.run import RunRecord
from homeroom.model.sharing import Sharing
from homeroom.support.operations import act
from tests.builders.oneroster import Files, Row, course, enrollment, org
from tests.builders.town import students, town, with_changed, with_new_students, without_people
from tests.fakes.memory import MemoryWorld
from tests.regression.days import LAB, approve, ended, lab, lands, says_yes

TOWN = town()
SMALL_AND_LARGE = town({"school-1": 4, "school-2": 36})


def leave(many: int, files: Files = TOWN, school: str = "") -> Files:
    """So many students leave without a word."""
    return without_people(files, students(files, school)[:many])


def lose_their_class(many: int) -> Files:
    """So many of the twenty students of one class stand in it no more; they stay in the town."""
    first = [row["sourcedId"] for row in TOWN["enrollments"]
             if row["classSourcedId"] == "school-1-c1" and row["role"] == "student"][:many]
    return {**TOWN, "enrollments": [row for row in TOWN["enrollments"] if row["sourcedId"] not in first]}


def change(many: int, cells: Callable[[Row], Row]) -> Files:
    return with_changed(TOWN, "users", students(TOWN)[:many], lambda row: row | cells(row))


def promoted(many: int) -> Files:
    return change(many, lambda _: {"grades": "06"})


def renamed(many: int) -> Files:
    """Another name and another email, under the same id and number."""
    return change(many, lambda row: {"familyName": "Another", "email": f"other.{row['email']}"})


def numbered_anew(many: int) -> Files:
    return change(many, lambda row: {"identifier": f"another-{row['sourcedId']}"})


def nameless(many: int) -> Files:
    return change(many, lambda _: {"givenName": ""})


def come_under_new_ids(removed: int, twins: int) -> Files:
    """So many leave, and some of them come again under another id, in the same class."""
    gone = students(TOWN)[:removed]
    files = without_people(TOWN, gone)
    known = {row["sourcedId"]: row for row in TOWN["users"]}
    places = {row["userSourcedId"]: row["classSourcedId"] for row in TOWN["enrollments"]}
    for one in gone[:twins]:
        again = known[one] | {"sourcedId": f"new-{one}"}
        files["users"].append(again)
        files["enrollments"].append(enrollment(again["sourcedId"], places[one], school=again["orgSourcedIds"]))
    return files


ENDED = with_changed(TOWN, "academicSessions", ["sem-1"], lambda row: row | {"endDate": "2026-08-31"})
"""The semester of all classes ended a week ago, by a wrong date perhaps."""


def without_places(many: int, files: Files) -> Files:
    return {**files, "enrollments": files["enrollments"][many:]}


def pointing_nowhere(many: int) -> Files:
    """Enrollments of people who are nowhere in the files."""
    hanging = [enrollment(f"nobody-{n}", "school-1-c1") for n in range(many)]
    return {**TOWN, "enrollments": [*TOWN["enrollments"], *hanging]}


def of_another_district() -> Files:
    other = org("d-9", name="Other District", type="district", identifier="D9", parentSourcedId="")
    return {**TOWN, "orgs": [other, *TOWN["orgs"][1:]]}


@dataclass(frozen=True)
class Case:
    """One guard: what comes first, then a day that it holds, then one that it lets pass."""

    code: str
    over: Files
    under: Files
    value: float
    limit: float
    about: str
    first: Files = field(default_factory=lambda: TOWN)
    set_up: dict[str, Any] = field(default_factory=dict)
    later: dict[str, Any] = field(default_factory=dict)
    approvers: int = 1


CASES = [
    Case("GRD-01", over={**TOWN, "courses": []}, under=TOWN, value=2, limit=0, about="courses", approvers=2,
         first={**TOWN, "courses": [*TOWN["courses"], course("course-2")]}),
    Case("GRD-02", over=leave(43), under=leave(42), value=10.238, limit=10, about="people"),
    Case("GRD-03", over=leave(31), under=leave(30), value=31, limit=30, about="people",
         set_up={"limits": {"GRD-03": Limit(count=30)}}),
    Case("GRD-04", over=leave(22, SMALL_AND_LARGE, "school-1"), under=leave(21, SMALL_AND_LARGE, "school-1"),
         value=26.19, limit=25, about="people of school school-1", first=SMALL_AND_LARGE),
    Case("GRD-05", over=lose_their_class(11), under=lose_their_class(10), value=55, limit=50,
         about="class school-1-c1"),
    Case("GRD-06", over=promoted(316), under=promoted(315), value=75.238, limit=75, about="people"),
    Case("GRD-07", over=renamed(22), under=renamed(21), value=5.238, limit=5, about="people"),
    Case("GRD-07", over=numbered_anew(22), under=numbered_anew(21), value=5.238, limit=5, about="people"),
    Case("GRD-08", over=with_new_students(TOWN, 211), under=with_new_students(TOWN, 210), value=50.238, limit=50,
         about="people"),
    Case("GRD-10", over=come_under_new_ids(42, twins=26), under=come_under_new_ids(42, twins=25), value=61.905,
         limit=60, about="people"),
    Case("GRD-11", over=nameless(22), under=nameless(21), value=5.238, limit=5, about="people"),
    Case("GRD-12", over=promoted(43), under=promoted(42), value=10.238, limit=10, about="people",
         later={"sharing": Sharing(grades=("05",))}),
    Case("GRD-13", over=without_places(253, ENDED), under=without_places(252, ENDED), value=60.238, limit=60,
         about="enrollments", first=ENDED, approvers=2),
    Case("DISTRICT", over=of_another_district(), under=leave(1), value=1, limit=0, about="orgs"),
]


def guard_of(record: RunRecord, code: str) -> dict[str, Any]:
    assert record.summary is not None
    return next(guard for guard in record.summary["guards"] if guard["code"] == code)


def tripped(record: RunRecord) -> list[str]:
    assert record.summary is not None
    found: list[str] = record.summary["verdict"]["tripped"]
    return found


def written(world: MemoryWorld) -> tuple[int, list[str]]:
    """Writes to the roster, counted at the client."""
    return world.roster.writes, [step for step in world.faults.steps if step.startswith("roster.")]


def set_up(world: MemoryWorld, changes: dict[str, Any]) -> None:
    integration: Integration = world.integrations.get("lab")
    world.integrations.put(integration.model_copy(update=changes))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_plan_over_a_limit_is_held_and_writes_nothing_and_one_at_the_limit_is_applied(case: Case) -> None:
    world = lab(case.first, LAB.model_copy(update=case.set_up))
    set_up(world, case.later)
    before = written(world)
    held = lands(world, "over.zip", case.over)
    assert (held.outcome, held.code) == ("held", case.code)
    assert held.summary is not None
    assert tripped(held) == [case.code]
    seen = guard_of(held, case.code)
    assert (seen["value"], seen["limit"], seen["about"], seen["tripped"]) == (case.value, case.limit, case.about, True)
    assert seen["approvers"] == case.approvers
    assert held.summary["next"]["text"].startswith(f"{case.code}: ")
    assert written(world) == before
    passed = lands(world, "under.zip", case.under)
    assert passed.outcome in ("applied", "applied with issues", "nothing to change")
    assert not guard_of(passed, case.code)["tripped"]
    assert world.runs.run("lab", held.run).outcome == "lapsed"


def test_a_held_plan_is_written_once_a_person_approves_it() -> None:
    world = lab(TOWN)
    held = lands(world, "over.zip", leave(43))
    before = world.roster.writes
    assert approve(world, held).outcome == "applied"
    assert world.roster.writes - before >= 2 * 43


def test_enrollments_that_point_nowhere_fail_a_read_and_nine_do_not() -> None:
    world = lab(TOWN)
    before = written(world)
    failed = lands(world, "cut.zip", pointing_nowhere(10))
    seen = guard_of(failed, "COMPLETE")
    assert (failed.outcome, failed.code, seen["tripped"], seen["limit"]) == ("failed", "SRC-09", True, 0.5)
    assert (seen["count"], written(world)) == (10, before)
    assert lands(world, "typing.zip", pointing_nowhere(9)).outcome == "nothing to change"


def test_a_first_load_is_held_where_the_integration_wants_a_look() -> None:
    world = lab(TOWN, LAB.model_copy(update={"hold_first_load": True}))
    held = world.runs.run("lab", 1)
    assert (held.outcome, held.code, written(world)) == ("held", "FIRST-LOAD", (0, []))
    assert world.runs.run("lab", 1).summary["verdict"]["tripped"] == ["FIRST-LOAD"]
    assert lab(TOWN).runs.run("lab", 1).outcome == "applied"


A_NIGHT = 86_400


def night(world: MemoryWorld, name: str, files: Files) -> RunRecord:
    """An export of the next day."""
    world.clock.tick(A_NIGHT)
    return lands(world, name, files)


def test_a_slow_drain_is_held_when_a_week_adds_up_to_more_than_its_share() -> None:
    """Twenty-one each night are 5 %: each passes every other guard, the third night of 21 is exactly 15 %."""
    world = lab(TOWN)
    nights = [night(world, f"{n}.zip", leave(n)).outcome for n in (21, 42)]
    before = written(world)
    held = night(world, "over.zip", leave(64))
    seen = guard_of(held, "GRD-09")
    assert (nights, held.outcome, held.code) == (["applied", "applied"], "held", "GRD-09")
    assert (seen["value"], seen["limit"], seen["about"], seen["count"]) == (15.238, 15, "people", 64)
    assert "GRD-09: unexplained removals of one entity in seven days (people): 15.2 %, limit 15 %" in \
        held.summary["next"]["text"]
    assert written(world) == before
    passed = lands(world, "under.zip", leave(63))
    assert (passed.outcome, guard_of(passed, "GRD-09")["value"]) == ("applied", 15.0)


def test_what_a_person_approved_does_not_hold_the_nights_after_it() -> None:
    world = lab(TOWN)
    held = night(world, "held.zip", leave(64))
    assert held.code == "GRD-02"
    assert approve(world, held).outcome == "applied"
    after = night(world, "next.zip", leave(84))
    assert (after.outcome, guard_of(after, "GRD-09")["count"]) == ("applied", 20)


def test_what_left_more_than_a_week_ago_does_not_count() -> None:
    world = lab(TOWN)
    assert [night(world, f"{n}.zip", leave(n)).outcome for n in (21, 42)] == ["applied", "applied"]
    world.clock.tick(6 * A_NIGHT)
    later = night(world, "later.zip", leave(64))
    assert (later.outcome, guard_of(later, "GRD-09")["count"]) == ("applied", 22)


def test_the_first_plan_after_a_change_of_aggregator_is_always_held() -> None:
    world = lab(TOWN)
    before = written(world)
    world.clock.tick(1)
    moving = Moving(aggregator="none", transport="csv_pushed", by="support", at=world.clock.now())
    set_up(world, {"moving": moving})
    held = lands(world, "moved.zip", leave(1))
    assert (held.outcome, held.code, guard_of(held, "MOVING")["tripped"]) == ("held", "MOVING", True)
    assert written(world) == before
    assert approve(world, held).outcome == "applied"
    after = lands(world, "next.zip", leave(2))
    assert (after.outcome, guard_of(after, "MOVING")["tripped"]) == ("applied", False)


def undo(world: MemoryWorld, run: int) -> RunRecord:
    world.clock.tick(60)
    asked = events.Undo(operation="undo", integration="lab", run=run, by="support", reason="a wrong export")
    return ended(world, Started.model_validate(act(asked, world)))


def test_what_an_undo_took_back_is_held_when_it_comes_again_and_other_changes_pass() -> None:
    world = lab(TOWN)
    lost = night(world, "lost.zip", leave(5))
    assert undo(world, lost.run).outcome == "applied"
    before = written(world)
    held = night(world, "same.zip", with_changed(leave(5), "users", students(TOWN)[20:21], lambda row: row | {
        "grades": "06"}))
    assert (held.outcome, tripped(held)) == ("held", ["UNDONE"])
    assert guard_of(held, "UNDONE")["value"] >= 5
    assert written(world) == before
    corrected = night(world, "corrected.zip", with_changed(TOWN, "users", students(TOWN)[20:21], lambda row: row | {
        "grades": "06"}))
    assert (corrected.outcome, guard_of(corrected, "UNDONE")["tripped"]) == ("applied", False)


def test_what_an_undo_brought_back_does_not_hold_the_nights_after_it() -> None:
    world = lab(TOWN)
    first = night(world, "first.zip", leave(40))
    undo(world, first.run)
    others = [*students(TOWN)[100:140]]
    later = night(world, "later.zip", without_people(TOWN, others))
    assert (later.outcome, guard_of(later, "GRD-09")["count"]) == ("applied", 40)


def test_two_people_are_asked_for_where_more_than_half_would_leave() -> None:
    world = lab(TOWN)
    assert lands(world, "half.zip", leave(210)).summary["approvers"] == 1
    held = lands(world, "more.zip", leave(211))
    assert (held.summary["approvers"], guard_of(held, "GRD-02")["approvers"]) == (2, 2)
    assert "2 people must approve it." in held.summary["next"]["text"]
    before = written(world)
    says_yes(world, held, by="one")
    assert written(world) == before
