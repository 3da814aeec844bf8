"""A run killed before any single write is repaired by the next one; a writer that wakes up late writes nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest

from homeroom.apply.part import apply_part
from homeroom.errors import LeaseLost
from homeroom.flow import plan_run, sync
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration
from homeroom.model.run import Lease
from homeroom.ports import Item, Key
from homeroom.support.door import start
from tests.builders.amount import FULL, in_turns
from tests.builders.oneroster import Files, zip_bytes
from tests.builders.two_days import ONLY_OF_THE_SECOND_DAY, first_day, next_day
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.laws.kills import Moment, held, moments, telling

pytestmark = pytest.mark.laws

LAB = Integration(id="lab", hold_first_load=False, product_line="Sample")
A_DAY = timedelta(days=1).total_seconds()


def land(world: MemoryWorld, files: Files, day: int) -> None:
    """Land one export and run it to its end, in one process."""
    file = world.landing.put(f"landing/lab/day-{day}.zip", zip_bytes(files))
    started = start(StartRun(trigger="file", integration="lab", files=(file,)), world)
    if started.state == "queued":
        request = world.executions.started[f"lab-{started.run}"]
        sync(Lease(integration="lab", run=request.run, fence=request.fence), world)


def uninterrupted(*days: Files) -> MemoryWorld:
    """The world after these exports, a day apart."""
    world = memory_world(LAB)
    for number, files in enumerate(days):
        land(world, files, number)
        world.clock.tick(A_DAY)
    return world


@cache
def expected(then: str) -> dict[Key, Item]:
    """The roster after both days when nothing crashes."""
    return settled(uninterrupted(first_day(), AFTERWARDS[then]()))


@cache
def after_the_first_day() -> MemoryWorld:
    return uninterrupted(first_day())


def second_day(world: MemoryWorld) -> None:
    land(world, next_day(), 1)


@cache
def killed() -> list[Moment]:
    """What is left where the second day is killed before its first write, before its second one, and so on."""
    return moments(after_the_first_day(), second_day)


AFTERWARDS = {"the same file": next_day, "the file of the day before": first_day}
STEPS = telling(killed())


def test_the_second_day_changes_records_links_and_places() -> None:
    world = uninterrupted(first_day(), next_day())
    kinds = set(world.faults.steps)
    assert {"roster.put", "roster.delete", "roster.move_link", "objects.put"} <= kinds
    assert [r.outcome for r in world.runs.history("lab", 5)] == ["applied", "applied"]


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
    world.clock.tick(A_DAY)
    land(world, AFTERWARDS[then](), 2)
    assert settled(world) == expected(then)
    control = world.runs.control("lab")
    assert control.lease_run is None
    assert control.dirty_runs == ()


def settled(world: MemoryWorld) -> dict[Key, Item]:
    """The roster; a record that only the crashed run made and that is archived now equals one never made (design 4),
    and so do the identity links of such a person."""
    items = tables(world)
    unmade = {
        item["id"] for item in items.values()
        if item.get("status") == "archived" and item["source_id"] in ONLY_OF_THE_SECOND_DAY
    }
    return {key: item for key, item in items.items() if not {item.get("id"), item.get("person")} & unmade}


def test_a_writer_that_wakes_up_after_a_newer_run_began_writes_nothing() -> None:
    world = uninterrupted(first_day())
    file = world.landing.put("landing/lab/day-1.zip", zip_bytes(next_day()))
    started = start(StartRun(trigger="file", integration="lab", files=(file,)), world)
    request = world.executions.started[f"lab-{started.run}"]
    sleeper = Lease(integration="lab", run=request.run, fence=request.fence)
    planned = plan_run(sleeper, world)
    world.clock.tick(A_DAY)
    land(world, first_day(), 2)
    before, writes = tables(world), world.roster.writes
    for wave in planned.waves:
        for part in wave:
            with pytest.raises(LeaseLost):
                apply_part(sleeper, part, 0, world, world.clock.now() + timedelta(minutes=15))
    assert world.roster.writes == writes
    assert tables(world) == before
