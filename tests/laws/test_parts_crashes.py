"""A run that applies a part, killed before a write: the next run and an approval end in the same roster."""

from __future__ import annotations

from functools import cache

import pytest

from homeroom.flow import sync
from homeroom.model.events import Approve, Started, StartRun
from homeroom.model.integration import Integration, Options
from homeroom.model.run import Lease, RunRecord
from homeroom.model.season import Limit
from homeroom.support.door import start
from homeroom.support.operations import act
from tests.builders.amount import FULL
from tests.builders.oneroster import zip_bytes
from tests.builders.two_days import first_day, next_day
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, memory_world
from tests.laws.kills import Moment, held, moments, telling
from tests.laws.test_crashes import A_DAY, settled

pytestmark = pytest.mark.laws

LAB = Integration(id="lab", hold_first_load=False, options=Options(on_hold="removals wait"),
                  limits={"GRD-03": Limit(count=0, floor=0)})
"""Nobody leaves without a person's word, and everything else goes on."""


def land(world: MemoryWorld, name: str, body: bytes) -> RunRecord | None:
    """One export lands; its run goes to its end."""
    file = world.landing.put(f"landing/lab/{name}.zip", body)
    return ended(world, start(StartRun(trigger="file", integration="lab", files=(file,)), world))


def ended(world: MemoryWorld, started: Started) -> RunRecord | None:
    if started.state != "queued":
        return None
    request = world.executions.started[f"lab-{started.run}"]
    return sync(Lease(integration="lab", run=request.run, fence=request.fence), world).record


def approved(world: MemoryWorld) -> RunRecord | None:
    """What waits is approved."""
    run = world.runs.control("lab").held_run
    assert run is not None
    record = world.runs.run("lab", run)
    asked = Approve(operation="approve", integration="lab", run=run, plan_hash=record.waits or record.plan_hash or "",
                    by="support", reason="right")
    return ended(world, Started.model_validate(act(asked, world)))


@cache
def first() -> MemoryWorld:
    world = memory_world(LAB)
    land(world, "day-0", zip_bytes(first_day()))
    world.clock.tick(A_DAY)
    return world


@cache
def second() -> MemoryWorld:
    """After the second day: a part is applied, the rest waits."""
    world = copied(first())
    record = land(world, "day-1", zip_bytes(next_day()))
    assert record is not None
    assert (record.outcome, record.waits is not None) == ("applied", True)
    world.clock.tick(A_DAY)
    return world


@cache
def whole() -> MemoryWorld:
    world = copied(second())
    assert approved(world) is not None
    return world


def second_day(world: MemoryWorld) -> None:
    land(world, "day-1", zip_bytes(next_day()))


@cache
def killed(what: str) -> list[Moment]:
    """What is left where the part, or its rest, is killed before its first write, before its second one, and so on."""
    return moments(first(), second_day) if what == "part" else moments(second(), approved)


STRIDE = 1 if FULL else 3
OF_A_PART, OF_ITS_REST = telling(killed("part"))[::STRIDE], telling(killed("rest"))[1::STRIDE]
KILLS = [*(("part", step) for step in OF_A_PART), *(("rest", step) for step in OF_ITS_REST)]


@pytest.mark.parametrize(("what", "step"), KILLS if FULL else KILLS[::7])
def test_a_crash_leaves_what_stood_before_the_write(what: str, step: int) -> None:
    world = copied(first() if what == "part" else second())
    world.faults.arm(step)
    with pytest.raises(Crash):
        second_day(world) if what == "part" else approved(world)
    assert held(world) == held(killed(what)[step - 1].world)


@pytest.mark.parametrize("step", OF_A_PART)
def test_a_part_that_crashed_is_applied_by_the_next_run_and_its_rest_by_an_approval(step: int) -> None:
    world = copied(killed("part")[step - 1].world)
    world.clock.tick(A_DAY)
    land(world, "day-2", zip_bytes(next_day()))
    assert settled(world) == settled(second())
    approved(world)
    assert settled(world) == settled(whole())
    control = world.runs.control("lab")
    assert (control.held_run, control.dirty_runs, control.lease_run) == (None, (), None)


@pytest.mark.parametrize("step", OF_ITS_REST)
def test_an_approval_of_a_rest_that_crashed_ends_in_the_roster_of_the_whole(step: int) -> None:
    world = copied(killed("rest")[step - 1].world)
    world.clock.tick(A_DAY)
    land(world, "day-2", zip_bytes(next_day()))
    if world.runs.control("lab").held_run is not None:
        approved(world)
    assert settled(world) == settled(whole())
    assert world.runs.control("lab").dirty_runs == ()
