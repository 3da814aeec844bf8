"""A run that adopts and archives records made by hand, killed before any single write, is repaired by the next one."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from homeroom.model.integration import Integration
from homeroom.ports import Item, Key
from tests.builders.amount import FULL, in_turns
from tests.builders.oneroster import Files, enrollment, small_district, student
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.laws.kills import Moment, held, moments
from tests.laws.test_crashes import A_DAY, land, settled
from tests.unit.support.asking import BY, do

pytestmark = pytest.mark.laws

LAB = Integration(id="lab", hold_first_load=False, product_line="Imagine Learning portal",
                  products=("Imagine Language & Literacy",))
PUPIL = {"role": "student", "orgs": ["school-1"], "username": "hand.made", "given_name": "Test", "family_name": "Made",
         "grades": ["05"]}


def first_day() -> Files:
    return small_district()


def next_day() -> Files:
    """The pupil made by hand comes with the enrollment; a student leaves who is in a class made by hand."""
    files = copy.deepcopy(small_district())
    files["users"] = [row for row in files["users"] if row["sourcedId"] != "s-2"]
    files["enrollments"] = [row for row in files["enrollments"] if row["userSourcedId"] != "s-2"]
    for row in files["users"]:
        row["agentSourcedIds"] = ""
    files["users"].append(student("s-new", username="hand.made"))
    files["enrollments"].append(enrollment("s-new", "c-1", role="student"))
    return files


def without_links(files: Files) -> Files:
    for row in files["users"]:
        row["agentSourcedIds"] = ""
    return files


@cache
def after_the_first_day() -> MemoryWorld:
    """The roster, and by hand: a pupil in a class of the SIS, and a club with two students."""
    world = memory_world(LAB)
    land(world, without_links(first_day()), 0)
    world.clock.tick(A_DAY)
    made = (("people", "h-1", PUPIL), ("classes", "h-club", {"title": "Club", "school": "school-1"}),
            ("enrollments", "h-e1", {"class": "c-1", "person": "h-1", "role": "student"}),
            ("enrollments", "h-e2", {"class": "h-club", "person": "h-1", "role": "student"}),
            ("enrollments", "h-e3", {"class": "h-club", "person": "s-2", "role": "student"}))
    for entity, source_id, fields in made:
        do(world, "create", integration="lab", entity=entity, source_id=source_id, fields=fields, **BY)
    return world


AFTERWARDS = {"the same file": next_day, "the file of the day before": lambda: without_links(first_day())}


@cache
def expected(then: str, *, committed: bool) -> dict[Key, Item]:
    """The roster when nothing crashes; a run that was committed counts, though its end was not told any more."""
    world = copied(after_the_first_day())
    if committed:
        land(world, next_day(), 1)
        world.clock.tick(A_DAY)
    land(world, AFTERWARDS[then](), 2)
    return settled(world)


def second_day(world: MemoryWorld) -> None:
    land(world, next_day(), 1)


@cache
def killed() -> list[Moment]:
    """What is left where the second day is killed before its first write, before its second one, and so on."""
    return moments(after_the_first_day(), second_day)


def steps_of_the_second_day() -> range:
    """The writes of the second day from the first that marks keys dirty to those just after the commit."""
    world = copied(after_the_first_day())
    second_day(world)
    steps = world.faults.steps
    return range(steps.index("runs.mark_dirty") + 1, steps.index("runs.commit") + 3)


STEPS = steps_of_the_second_day()


def test_the_second_day_adopts_two_and_archives_one() -> None:
    world = copied(after_the_first_day())
    before = {i["source_id"]: i["id"] for i in tables(world).values() if i.get("by_hand")}
    land(world, next_day(), 1)
    still = {i["source_id"]: i["status"] for i in tables(world).values() if i.get("by_hand")}
    assert still == {"h-club": "active", "h-e2": "active", "h-e3": "archived"}
    pupil = next(i for i in tables(world).values() if i.get("source_id") == "s-new")
    assert pupil["id"] == before["h-1"]


@pytest.mark.parametrize("step", STEPS if FULL else STEPS[::12])
def test_a_crash_leaves_what_stood_before_the_write(step: int) -> None:
    world = copied(after_the_first_day())
    world.faults.arm(step)
    with pytest.raises(Crash):
        second_day(world)
    assert held(world) == held(killed()[step - 1].world)


@pytest.mark.parametrize(("step", "then"), in_turns(STEPS, AFTERWARDS))
def test_a_crash_before_any_write_is_repaired_by_the_next_run(step: int, then: str) -> None:
    world = copied(killed()[step - 1].world)
    committed = world.runs.control("lab").applied_run == 2
    world.clock.tick(A_DAY)
    land(world, AFTERWARDS[then](), 2)
    assert settled(world) == expected(then, committed=committed)
    assert world.runs.control("lab").dirty_runs == ()
