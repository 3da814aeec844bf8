"""Complaints about limits: too wide, too narrow, for the wrong thing, or unclear. Numbers are of `complaints_r`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from homeroom.errors import Refused
from homeroom.model.events import Started
from homeroom.model.integration import Limit, Options
from homeroom.model.run import RunRecord
from tests.builders.oneroster import Files
from tests.builders.town import students, town, with_changed, with_new_students, without_people
from tests.regression.days import LAB, active, approve, ended, lab, lands, says_yes
from tests.unit.support.asking import BY, do

TOWN = town({"school-1": 7})
"""140 students and 7 teachers in one school."""
TWO_SCHOOLS = town({"school-1": 4, "school-2": 16})
"""80 students in a small school, 320 in a large one."""
WAITS = LAB.model_copy(update={"options": Options(on_hold="removals wait")})


def leave(many: int, files: Files = TOWN, school: str = "") -> Files:
    return without_people(files, students(files, school)[:many])


def tripped(record: RunRecord) -> list[str]:
    assert record.summary is not None
    found: list[str] = record.summary["verdict"]["tripped"]
    return found


def told(record: RunRecord) -> dict[str, Any]:
    assert record.summary is not None
    return record.summary


def some_leave_and_one_comes() -> Files:
    return with_new_students(leave(40), 1)


def test_r9_a_limit_on_removals_stops_the_creations_too_unless_the_district_says_otherwise() -> None:
    world = lab(TOWN)
    held = lands(world, "second.zip", some_leave_and_one_comes())
    assert (held.outcome, "new-0" in active(world, "people")) == ("held", False)
    assert world.integrations.get("lab").options.on_hold == "all waits"


def test_r9_where_the_district_says_so_the_creations_go_on() -> None:
    world = lab(TOWN, WAITS)
    gone = set(students(TOWN)[:40])
    part = lands(world, "second.zip", some_leave_and_one_comes())
    assert part.outcome == "applied"
    assert gone | {"new-0"} <= active(world, "people")
    assert "80 wait for approval" in part.text


def test_r9_which_of_both_counts_is_told_with_where_it_comes_from() -> None:
    for chosen, answer in ((LAB, ("all waits", "default")), (WAITS, ("removals wait", "district"))):
        shown = do(lab(TOWN, chosen), "options", integration="lab", choices={}, **BY)["set"]["options"]["on_hold"]
        assert (shown["value"], shown["from"]) == answer


def test_r10_a_plan_tells_what_it_does_not_do_and_why() -> None:
    world = lab(TOWN, WAITS)
    part = lands(world, "second.zip", some_leave_and_one_comes())
    waits = told(part)["waits"]
    assert (waits["records"], waits["entities"]["people"]) == (80, {"archive": 40})
    assert waits["removals"]["people"] == {"absent": 40}
    assert told(part)["entities"]["people"]["archived"] == 0


def test_r10_a_guard_that_was_not_asked_is_told_too() -> None:
    chosen = LAB.model_copy(update={"limits": {"GRD-02": Limit(off=True), "GRD-05": Limit(off=True),
                                               "GRD-09": Limit(off=True), "GRD-04": Limit(off=True)}})
    record = lands(lab(TOWN, chosen), "second.zip", leave(40))
    assert record.outcome == "applied"
    assert [guard["code"] for guard in told(record)["guards"] if guard["off"]] == [
        "GRD-02", "GRD-04", "GRD-05", "GRD-09"]


def test_r13_people_are_removed_by_a_list_exactly_and_the_others_wait() -> None:
    world = lab(TOWN)
    gone = students(TOWN)[:40]
    held = lands(world, "second.zip", leave(40))
    part = approve(world, held, only={"records": gone[:3]})
    assert part.outcome == "applied"
    assert {*gone} - active(world, "people") == {*gone[:3]}
    assert part.waits is not None


def test_r13_a_list_of_nobody_removes_nobody() -> None:
    world = lab(TOWN)
    held, before = lands(world, "second.zip", leave(40)), active(world, "people")
    with pytest.raises(ValidationError):
        says_yes(world, held, only={"people": ["school-1-s1"]})
    part = approve(world, held, only={"records": ["nobody-of-this-name"]})
    assert (part.operations, active(world, "people")) == (0, before)


@pytest.mark.parametrize(("code", "limits"), [
    ("GRD-02", {"GRD-02": Limit(percent=20)}),
    ("GRD-03", {"GRD-03": Limit(count=39), "GRD-02": Limit(percent=90)}),
])
def test_r16_a_limit_is_a_percentage_or_a_number_as_the_district_wants(code: str, limits: dict[str, Limit]) -> None:
    wide = {"GRD-04": Limit(off=True), "GRD-05": Limit(off=True), "GRD-09": Limit(off=True)}
    world = lab(TOWN, LAB.model_copy(update={"limits": wide | limits}))
    assert tripped(lands(world, "over.zip", leave(40))) == [code]
    assert lands(world, "under.zip", leave(29)).outcome == "applied"


def test_r16_a_limit_in_the_wrong_unit_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="GRD-02 counts in percent"):
        do(lab(TOWN), "limits", integration="lab", limits={"GRD-02": {"count": 100}}, **BY)


def test_r18_a_school_is_looked_at_by_itself_though_the_district_would_not_notice() -> None:
    world = lab(TWO_SCHOOLS)
    held = lands(world, "second.zip", leave(24, TWO_SCHOOLS, "school-1"))
    assert (held.outcome, tripped(held)) == ("held", ["GRD-04"])
    assert "school school-1" in str([guard for guard in told(held)["guards"] if guard["tripped"]])


def test_r18_the_other_schools_go_on_while_one_waits() -> None:
    world = lab(TWO_SCHOOLS, WAITS)
    small, large = students(TWO_SCHOOLS, "school-1")[:24], students(TWO_SCHOOLS, "school-2")[:4]
    assert lands(world, "second.zip", without_people(TWO_SCHOOLS, [*small, *large])).outcome == "applied"
    assert {*small} <= active(world, "people")
    assert not {*large} & active(world, "people")


def test_r28_a_full_run_passes_the_same_guards_and_writes_nothing() -> None:
    world = lab(TOWN)
    lands(world, "second.zip", leave(40))
    before = world.roster.writes
    answer = do(world, "run", integration="lab", force=True, full=True, **BY)
    assert answer["state"] == "queued"
    held = ended(world, Started.model_validate(answer))
    assert (held.outcome, world.roster.writes) == ("held", before)
    assert tripped(held)[0] == "GRD-02"


def test_r28_more_than_half_of_the_people_leave_on_the_word_of_two_people_only() -> None:
    world = lab(TOWN)
    held, before = lands(world, "second.zip", leave(100)), world.roster.writes
    assert told(held)["approvers"] == 2
    assert says_yes(world, held, "first person")["state"] == "waiting"
    with pytest.raises(Refused, match="second person"):
        says_yes(world, held, "First Person")
    assert world.roster.writes == before


def test_r39_removals_that_the_source_explains_do_not_trip_the_limit() -> None:
    over = with_changed(TOWN, "academicSessions", ["sem-1"], lambda row: row | {"endDate": "2026-08-31"})
    world = lab(over)
    stay = {**over, "enrollments": over["enrollments"][60:]}
    record = lands(world, "second.zip", stay)
    assert (record.outcome, tripped(record)) == ("applied", [])
    assert told(record)["removals"]["enrollments"] == {"term ended": 60}


def test_r39_a_lawful_plan_is_approved_once_and_the_limit_stays_as_it_was() -> None:
    world = lab(TOWN)
    assert approve(world, lands(world, "second.zip", leave(40))).outcome == "applied"
    assert world.integrations.get("lab").limits == {}
    later = without_people(TOWN, students(TOWN)[:75])
    assert lands(world, "third.zip", later).outcome == "held"
