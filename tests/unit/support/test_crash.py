"""Kill the process before any single write of door, parts and end: one lease, a true pointer, and no file is lost."""

from __future__ import annotations

import pytest

from homeroom.apply.manifest import load_manifest
from homeroom.apply.results import whole_results
from homeroom.apply.signature import signature
from homeroom.model import places
from homeroom.model.events import Discard, RunError, StartRun
from homeroom.model.run import Lease
from homeroom.support.door import start, start_waiting
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.fakes.plans import (
    LAB,
    end,
    enrollment,
    file_lands,
    keep_plan,
    lease_of,
    link,
    person,
    run_through,
    run_until_held,
    write_parts,
)

FIRST = [
    [person("create", "s-1"), person("create", "s-2")],
    [link("username#a", "id-s-1")],
    [enrollment("create", "e-1")],
]
SECOND = [
    [person("update", "s-1", family_name="Renamed"), person("create", "s-3")],
    [link("username#a", "id-s-3", before="id-s-1")],
    [enrollment("update", "e-1", **{"class": "c-2"},
                moved_from=[{"class": "id-c-1", "person": "id-s-1", "role": "student"}])],
    [person("archive", "s-2")],
]


def first_day(*, hold: bool = False) -> MemoryWorld:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", FIRST, content_hash="content-a")
    archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
    if hold:
        run_until_held(world, "day-2.zip", SECOND, "content-b")
    return world


def execute(world: MemoryWorld) -> None:
    """What the state machine does with every execution that was started and did not end."""
    for request in list(world.executions.started.values()):
        lease = Lease(integration=LAB.id, run=request.run, fence=request.fence)
        if world.runs.run(LAB.id, request.run).outcome is not None:
            continue
        if world.runs.holds(lease):
            keep_plan(world, lease, SECOND, content_hash="content-b")
            write_parts(world, lease, SECOND)
            end(world, lease, verdict="apply")
        else:
            end(world, lease, error=RunError(Error="LeaseLost", Cause='{"errorMessage": "RUN-01: lost"}'))


def fail(world: MemoryWorld) -> None:
    """The state machine's other way: whatever has not ended is told as an error."""
    for request in list(world.executions.started.values()):
        lease = Lease(integration=LAB.id, run=request.run, fence=request.fence)
        if world.runs.run(LAB.id, request.run).outcome is None:
            end(world, lease, error=RunError(Error="Lambda.Unknown"))


def second_day(world: MemoryWorld) -> None:
    """A file lands, another lands while its run is on, both end."""
    file_lands(world, "day-2.zip", "content-b")
    file_lands(world, "day-3.zip", "content-b")
    execute(world)
    start(StartRun(trigger="pending", integration=LAB.id), world)
    execute(world)


def approved(world: MemoryWorld) -> None:
    """The held plan is approved and applied."""
    held = world.runs.control(LAB.id).held_run
    assert held is not None
    plan_hash = load_manifest(world.objects, LAB.id, held).plan_hash
    asked = StartRun(trigger="approval", integration=LAB.id, by="support", held_run=held, plan_hash=plan_hash)
    start(asked, world)
    execute(world)


def steps_of(scenario, *, hold: bool = False) -> int:
    world = first_day(hold=hold)
    before = len(world.faults.steps)
    scenario(world)
    return len(world.faults.steps) - before


def assert_true_pointer(world: MemoryWorld) -> None:
    """The pointer names a run all of whose parts were reported, and whose ledger entry says so."""
    control = world.runs.control(LAB.id)
    assert control.applied_run is not None
    record = world.runs.run(LAB.id, control.applied_run)
    assert record.outcome in ("applied", "nothing to change")
    lease = Lease(integration=LAB.id, run=control.applied_run, fence=0)
    whole_results(world.objects, lease, load_manifest(world.objects, LAB.id, control.applied_run))


def assert_one_owner(world: MemoryWorld) -> None:
    requests = world.executions.started.values()
    owners = [r for r in requests if world.runs.holds(Lease(integration=LAB.id, run=r.run, fence=r.fence))]
    assert len(owners) <= 1
    assert len({r.fence for r in requests}) == len(requests)


def assert_settled(world: MemoryWorld, expected: MemoryWorld) -> None:
    control = world.runs.control(LAB.id)
    assert control.applied_content == "content-b"
    assert (control.dirty_runs, control.lease_run, control.pending, control.held_run) == ((), None, None, None)
    assert tables(world) == tables(expected)
    assert world.roster.edits(LAB.roster) == []
    assert_true_pointer(world)
    assert_one_owner(world)


@pytest.fixture(scope="module")
def expected() -> MemoryWorld:
    world = first_day()
    second_day(world)
    return world


@pytest.mark.parametrize("then", [execute, fail], ids=["each step is repeated", "the run is told as failed"])
@pytest.mark.parametrize("step", range(1, steps_of(second_day) + 1))
def test_a_crash_before_any_write_of_a_day_loses_nothing(step: int, then, expected: MemoryWorld) -> None:
    world = first_day()
    world.faults.arm(step)
    with pytest.raises(Crash):
        second_day(world)
    assert_true_pointer(world)
    assert_one_owner(world)
    then(world)
    for _ in range(2):  # the queue repeats both events; time passes; the wake-up of what waits comes
        for name in ("day-2.zip", "day-3.zip"):
            file_lands(world, name, "content-b")
            execute(world)
        world.clock.tick(3600)
        start_waiting(LAB.id, world)
        execute(world)
        assert_one_owner(world)
    file_lands(world, "day-4.zip", "content-b")
    execute(world)
    assert_settled(world, expected)


@pytest.mark.parametrize("step", range(1, steps_of(approved, hold=True) + 1))
def test_a_crash_of_an_approval_leaves_the_plan_applied_or_held(step: int, expected: MemoryWorld) -> None:
    world = first_day(hold=True)
    world.faults.arm(step)
    with pytest.raises(Crash):
        approved(world)
    assert_true_pointer(world)
    execute(world)
    world.clock.tick(3600)
    if world.runs.control(LAB.id).held_run is not None:
        approved(world)
    assert_settled(world, expected)


def discarded(world: MemoryWorld) -> None:
    asked = Discard(operation="discard", integration=LAB.id, run=2, by="support", reason="half of it is missing")
    act(asked, world)


@pytest.mark.parametrize("step", range(1, steps_of(discarded, hold=True) + 1))
def test_a_discard_that_crashed_can_be_repeated(step: int) -> None:
    world = first_day(hold=True)
    world.faults.arm(step)
    with pytest.raises(Crash):
        discarded(world)
    discarded(world)
    control = world.runs.control(LAB.id)
    assert (control.held_run, control.denied) == (None, (signature("content-b", LAB.options_hash()),))
    assert world.runs.run(LAB.id, 2).outcome == "discarded"
    assert places.raw(LAB.id, 2, "users") in world.objects.superseded
    assert file_lands(world, "day-5.zip", "content-b").reason == "denied"


def test_a_crash_after_the_edits_are_used_up_and_before_the_commit_ends_equal(expected: MemoryWorld) -> None:
    world = first_day()
    lease = lease_of(world, file_lands(world, "day-2.zip", "content-b"))
    keep_plan(world, lease, SECOND, content_hash="content-b")
    write_parts(world, lease, SECOND)
    world.faults.arm(1 + world_steps_until("runs.commit"))
    with pytest.raises(Crash):
        end(world, lease, verdict="apply")
    assert world.roster.edits(LAB.roster) == []
    assert world.runs.control(LAB.id).applied_content == "content-a"
    execute(world)
    assert_settled(world, expected)


def world_steps_until(name: str) -> int:
    """Steps of an end of the second day before the named one."""
    world = first_day()
    lease = lease_of(world, file_lands(world, "day-2.zip", "content-b"))
    keep_plan(world, lease, SECOND, content_hash="content-b")
    write_parts(world, lease, SECOND)
    before = len(world.faults.steps)
    end(world, lease, verdict="apply")
    return world.faults.steps[before:].index(name)
