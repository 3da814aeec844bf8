"""The roster as it was at a moment, from the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from homeroom.apply import kept_state
from homeroom.errors import NotFound, Refused
from tests.builders.oneroster import district, small_district
from tests.builders.questions import questions_of
from tests.builders.two_days import first_day, next_day
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld
from tests.regression.days import LAB, lab, lands
from tests.regression.test_undo import A_DAY, undo


def three_days() -> tuple[MemoryWorld, list[str]]:
    """A lab with three days between its runs, the last of which took the second back; a moment after each."""
    world, moments = lab(first_day()), []
    for number in range(3):
        moments.append((world.clock.now() + timedelta(hours=1)).isoformat())
        world.clock.tick(A_DAY)
        if number == 0:
            lands(world, "second.zip", next_day())
        elif number == 1:
            undo(world, 2)
    return world, moments


def as_of(world: MemoryWorld, at: str, **words: Any) -> dict[str, Any]:
    return questions_of(world, "lab")("as_of", at=at, **words)


def test_a_person_is_seen_as_on_each_day_with_classes_and_contacts() -> None:
    world, moments = three_days()
    students = [row for row in first_day()["users"] if row["role"] == "student"]
    renamed, mover = students[1], students[2]
    names = [as_of(world, at, record=renamed["sourcedId"])["fields"]["family_name"] for at in moments]
    assert names == [renamed["familyName"], "Renamed-Sample", renamed["familyName"]]
    seen = [as_of(world, at, record=mover["sourcedId"])["belongs"]["enrollments"]["first"] for at in moments]
    moved = [[(one["class"], one["title"]) for one in listed] for listed in seen]
    titles = {row["sourcedId"]: row["title"] for row in first_day()["classes"]}
    first = {r["classSourcedId"] for r in first_day()["enrollments"] if r["userSourcedId"] == mover["sourcedId"]}
    second = {r["classSourcedId"] for r in next_day()["enrollments"] if r["userSourcedId"] == mover["sourcedId"]}
    assert [sorted(found) for found in moved] == [
        sorted((id, titles[id]) for id in classes) for classes in (first, second, first)]
    assert [as_of(world, at, record=mover["sourcedId"])["run"] for at in moments] == [1, 2, 3]


def test_a_record_that_was_not_there_then_is_said_not_to_have_been() -> None:
    world, moments = three_days()
    told = [as_of(world, at, record="student-new") for at in moments]
    assert [answer["found"] for answer in told] == [False, True, True]
    assert [answer.get("status") for answer in told] == [None, "active", "archived"]


def test_a_class_and_a_school_tell_who_was_there() -> None:
    world, moments = three_days()
    for at, files in zip(moments, (first_day(), next_day(), first_day()), strict=True):
        klass = files["classes"][0]["sourcedId"]
        expected = {r["userSourcedId"] for r in files["enrollments"] if r["classSourcedId"] == klass}
        members = as_of(world, at, entity="classes", record=klass)["belongs"]["members"]
        assert {member["person"] for member in members["first"]} == expected
        school = next(row for row in files["orgs"] if row["type"] == "school")["sourcedId"]
        belongs = as_of(world, at, entity="orgs", record=school)["belongs"]
        there = [row for row in files["users"] if school in row["orgSourcedIds"].split(",")]
        assert belongs["people"]["count"] == len(there)
        assert {c["source_id"] for c in belongs["classes"]["first"]} == {
            row["sourcedId"] for row in files["classes"] if row["schoolSourcedId"] == school}


def test_every_record_of_every_day_is_as_the_run_of_that_day_kept_it() -> None:
    world, moments = three_days()
    for run, at in enumerate(moments, start=1):
        kept = kept_state.load(world.objects, "lab", run)["people"]
        for row in kept.to_dicts():
            told = as_of(world, at, record=row["id"])
            assert (told["status"], told["source_id"]) == (row["status"], row["source_id"])
            assert told["fields"].get("username") == row["username"]


def test_what_is_not_known_is_said() -> None:
    world, moments = three_days()
    assert "by hand" in as_of(world, moments[0], record="student-new")["unknown"][0]
    with pytest.raises(NotFound, match="no such record"):
        as_of(world, moments[0], record="nobody")
    for key in [key for key in world.objects.bodies if key.startswith("runs/lab/00000002/plan/part")]:
        del world.objects.bodies[key]
    with pytest.raises(Refused, match="does not reach"):
        as_of(world, moments[0], record="student-new")
    assert as_of(world, moments[2], record="student-new")["run"] == 3


def test_a_run_that_was_cut_off_is_named() -> None:
    world = lab(small_district())
    world.clock.tick(A_DAY)
    world.faults.arm(40)
    with pytest.raises(Crash):
        lands(world, "second.zip", district().with_student("s-new", classes=["c-1"]).files)
    between = (world.clock.now() + timedelta(hours=1)).isoformat()
    world.clock.tick(A_DAY)
    lands(world, "third.zip", district().with_student("s-new", classes=["c-1"]).files)
    told = as_of(world, between, record="s-new")
    assert not told["found"]
    assert any("interrupted" in word for word in told["unknown"])
    assert LAB.id == told["integration"]
