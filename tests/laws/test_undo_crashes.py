"""An undo that is killed before any single write, and asked for again, ends in the same roster, its content refused."""

from __future__ import annotations

from functools import cache

import pytest

from homeroom.flow import sync
from homeroom.model.events import StartRun
from homeroom.model.run import Lease
from homeroom.support.door import start
from tests.builders.amount import FULL
from tests.builders.two_days import first_day, next_day
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, tables
from tests.laws.kills import Moment, held, moments, telling
from tests.laws.test_crashes import A_DAY, land, uninterrupted

pytestmark = pytest.mark.laws


def undo(world: MemoryWorld, run: int = 2) -> None:
    """Take the second day back, in one process."""
    started = start(StartRun(trigger="undo", integration="lab", undo=run, by="support", reason="wrong"), world)
    assert started.state == "queued"
    request = world.executions.started[f"lab-{started.run}"]
    sync(Lease(integration="lab", run=request.run, fence=request.fence), world)


@cache
def after_both_days() -> MemoryWorld:
    return uninterrupted(first_day(), next_day())


@cache
def after_the_undo() -> MemoryWorld:
    world = copied(after_both_days())
    undo(world)
    return world


@cache
def killed() -> list[Moment]:
    """What is left where the undo is killed before its first write, before its second one, and so on."""
    return moments(after_both_days(), undo)


STEPS = telling(killed())[:: 1 if FULL else 2]


@pytest.mark.parametrize("step", STEPS if FULL else STEPS[::12])
def test_a_crash_of_an_undo_leaves_what_stood_before_the_write(step: int) -> None:
    world = copied(after_both_days())
    world.faults.arm(step)
    with pytest.raises(Crash):
        undo(world)
    assert held(world) == held(killed()[step - 1].world)


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_before_any_write_of_an_undo_leaves_no_trace(step: int) -> None:
    world = copied(killed()[step - 1].world)
    world.clock.tick(A_DAY)
    if world.runs.control("lab").applied_run == 2:
        undo(world)
    assert tables(world) == tables(after_the_undo())
    control = world.runs.control("lab")
    assert control.dirty_runs == ()
    assert control.denied == after_the_undo().runs.control("lab").denied
    assert control.applied_run in control.undone


def test_the_content_that_was_taken_back_does_not_come_again() -> None:
    world = copied(after_the_undo())
    before = tables(world)
    land(world, next_day(), 5)
    assert tables(world) == before
    newest = world.runs.history("lab", 1)[0]
    assert (newest.outcome, newest.code) == ("skipped", "denied")
