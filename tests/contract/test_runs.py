"""Order of runs: lease, fence, pointer, ledger, deliveries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from homeroom.errors import LeaseLost, NotFound
from homeroom.model.run import Approval, Control, Delivery, LandedFile, Lease, Note, RunRecord
from homeroom.model.selection import Selection
from homeroom.ports import World
from tests.fakes.memory import START


def open_run(world: World, name: str, *, take_lease: bool = True, later: int = 0):
    return world.runs.open(name, now=START + timedelta(seconds=later), lease_seconds=60, take_lease=take_lease)


def leased(world: World, name: str, later: int = 0) -> Lease:
    _, lease = open_run(world, name, later=later)
    assert lease is not None
    return lease


def record(name: str, run: int, **words) -> RunRecord:
    return RunRecord(integration=name, run=run, trigger="file", started_at=START, **words)


def delivery(*keys: str, content: str | None = "a") -> Delivery:
    files = tuple(LandedFile(bucket="b", key=key, version=None if key == "x" else "v1", size=3) for key in keys)
    return Delivery(files=files, content_hash=content)


def test_an_integration_begins_with_a_fresh_control_record(world: World, name: str) -> None:
    assert world.runs.control(name) == Control(integration=name)


def test_number_and_lease_come_together(world: World, name: str) -> None:
    assert open_run(world, name) == (1, Lease(integration=name, run=1, fence=1))
    control = world.runs.control(name)
    assert (control.run_seq, control.lease_run, control.fence) == (1, 1, 1)
    assert control.lease_until == int(START.timestamp()) + 60


def test_a_number_without_the_lease_leaves_the_fence(world: World, name: str) -> None:
    assert open_run(world, name, take_lease=False) == (1, None)
    assert world.runs.control(name).lease_run is None
    assert leased(world, name) == Lease(integration=name, run=2, fence=1)


def test_a_lease_that_is_held_is_not_given_twice_but_a_number_is(world: World, name: str) -> None:
    first = leased(world, name)
    assert open_run(world, name, later=60) == (2, None)
    assert world.runs.holds(first)


def test_a_lapsed_lease_goes_to_the_next_under_a_higher_fence(world: World, name: str) -> None:
    first = leased(world, name)
    second = leased(world, name, later=61)
    assert (second.run, second.fence) == (2, 2)
    assert not world.runs.holds(first)
    assert world.runs.holds(second)


def test_extending_moves_the_end_only_forward_and_only_for_the_owner(world: World, name: str) -> None:
    lease, end = leased(world, name), int(START.timestamp())
    world.runs.extend(lease, end + 900)
    world.runs.extend(lease, end + 100)
    assert world.runs.control(name).lease_until == end + 900
    with pytest.raises(LeaseLost):
        world.runs.extend(lease.model_copy(update={"fence": 9}), end + 9000)
    assert open_run(world, name, later=899)[1] is None
    assert open_run(world, name, later=901)[1] is not None


def test_only_the_owner_frees_the_lease(world: World, name: str) -> None:
    lease = leased(world, name)
    world.runs.release(lease.model_copy(update={"run": 9}))
    assert world.runs.holds(lease)
    world.runs.release(lease)
    world.runs.release(lease)
    assert not world.runs.holds(lease)
    control = world.runs.control(name)
    assert (control.lease_run, control.lease_until) == (None, 0)


def test_dirty_runs_add_up_until_a_commit(world: World, name: str) -> None:
    first = leased(world, name)
    world.runs.mark_dirty(first, 1)
    world.runs.mark_dirty(first, 1)
    second = leased(world, name, later=61)
    world.runs.mark_dirty(second, 2)
    with pytest.raises(LeaseLost):
        world.runs.mark_dirty(first, 1)
    assert world.runs.control(name).dirty_runs == (1, 2)
    world.runs.commit(second, applied_run=2, content="c", signature="s", at=START)
    assert world.runs.control(name).dirty_runs == ()


def test_a_commit_moves_pointer_and_ledger_together_and_frees_the_lease(world: World, name: str) -> None:
    lease = leased(world, name)
    applied = record(name, 1, state="finished", outcome="applied", finished_at=START)
    world.runs.commit(lease, applied_run=1, content="c", signature="s", at=START, records=[applied])
    control = world.runs.control(name)
    assert (control.applied_run, control.applied_content, control.applied_signature) == (1, "c", "s")
    assert (control.applied_at, control.lease_run, control.held_run) == (START, None, None)
    assert world.runs.run(name, 1) == applied


def test_a_commit_of_a_part_holds_its_own_run_for_the_rest(world: World, name: str) -> None:
    lease = leased(world, name)
    applied = record(name, 1, state="finished", outcome="applied", finished_at=START, waits="9f2c")
    world.runs.commit(lease, applied_run=1, content="c", signature="s", at=START, records=[applied], waits=True)
    control = world.runs.control(name)
    assert (control.applied_run, control.held_run, control.lease_run, control.dirty_runs) == (1, 1, None, ())
    assert [r for r in world.runs.held() if r.integration == name] == [applied]
    again = leased(world, name)
    settled = applied.model_copy(update={"waits": None})
    world.runs.commit(again, applied_run=2, content="d", signature="t", at=START, records=[settled])
    assert (world.runs.control(name).applied_run, world.runs.control(name).held_run) == (2, None)
    assert [r for r in world.runs.held() if r.integration == name] == []


def test_a_yes_of_one_person_is_kept_with_the_run_that_waits(world: World, name: str) -> None:
    part = Selection(schools=("school-1",), changes=("archive",))
    yes = Approval(by="one", at=START, reason="right", plan_hash="9f2c", only=part)
    waits = record(name, 1, outcome="held", plan_hash="9f2c", approvals=(yes,))
    world.runs.record(waits)
    assert world.runs.run(name, 1) == waits


def test_a_commit_or_hold_without_the_lease_changes_nothing(world: World, name: str) -> None:
    lease = leased(world, name)
    leased(world, name, later=61)
    before = world.runs.control(name)
    applied = record(name, 1, outcome="applied")
    with pytest.raises(LeaseLost):
        world.runs.commit(lease, applied_run=1, content="c", signature="s", at=START, records=[applied])
    with pytest.raises(LeaseLost):
        world.runs.hold(lease, 1, [applied])
    assert world.runs.control(name) == before
    with pytest.raises(NotFound):
        world.runs.run(name, 1)


def test_a_hold_is_noted_with_its_ledger_entry_and_found_over_all_integrations(world: World, name: str) -> None:
    lease = leased(world, name)
    held = record(name, 1, state="finished", outcome="held", finished_at=START)
    world.runs.hold(lease, 1, [held])
    control = world.runs.control(name)
    assert (control.held_run, control.lease_run) == (1, None)
    assert held in world.runs.held()
    world.runs.clear_hold(name, 9)
    assert world.runs.control(name).held_run == 1
    world.runs.clear_hold(name, 1)
    assert world.runs.control(name).held_run is None
    world.runs.record(held.model_copy(update={"outcome": "lapsed"}))
    assert [r for r in world.runs.held() if r.integration == name] == []


def test_held_runs_come_newest_first(world: World, name: str) -> None:
    for run, hour in ((1, 3), (2, 5), (3, 4)):
        at = START + timedelta(hours=hour)
        world.runs.record(record(name, run, state="finished", outcome="held", finished_at=at))
    assert [r.run for r in world.runs.held() if r.integration == name] == [2, 3, 1]


def test_denied_contents_add_up(world: World, name: str) -> None:
    for content in ("b", "a", "b"):
        world.runs.deny(name, content)
    assert world.runs.control(name).denied == ("a", "b")


def test_denied_content_is_allowed_again(world: World, name: str) -> None:
    world.runs.allow(name, "never denied")
    for content in ("a", "b"):
        world.runs.deny(name, content)
    world.runs.allow(name, "a")
    assert world.runs.control(name).denied == ("b",)
    world.runs.allow(name, "b")
    assert world.runs.control(name).denied == ()


def test_undoes_are_noted_until_they_are_forgotten(world: World, name: str) -> None:
    for run in (4, 2, 4):
        world.runs.mark_undone(name, run)
    assert world.runs.control(name).undone == (2, 4)
    world.runs.clear_undone(name, [])
    world.runs.clear_undone(name, [2, 7])
    assert world.runs.control(name).undone == (4,)


def test_a_waiting_delivery_is_forgotten_only_if_it_is_still_that_one(world: World, name: str) -> None:
    older, newer = delivery("1.zip", content=None), delivery("x", "y")
    world.runs.set_pending(name, older)
    assert world.runs.control(name).pending == older
    world.runs.set_pending(name, newer)
    world.runs.clear_pending(name, older)
    assert world.runs.control(name).pending == newer
    world.runs.clear_pending(name, newer.model_copy(update={"content_hash": None}))
    world.runs.clear_pending(name, newer)
    assert world.runs.control(name).pending is None


def test_last_delivery_and_note_are_kept(world: World, name: str) -> None:
    note = Note(code="SRC-07", text="users.csv did not arrive", owner="district", at=START)
    world.runs.set_last_delivery(name, delivery("1.zip"))
    world.runs.set_note(name, note)
    control = world.runs.control(name)
    assert (control.last_delivery, control.note) == (delivery("1.zip"), note)
    world.runs.set_note(name, None)
    world.runs.set_note(name, None)
    assert world.runs.control(name).note is None


def test_a_delivery_is_taken_once(world: World, name: str) -> None:
    assert world.runs.taken_by(name, delivery("1.zip")) is None
    assert world.runs.take_delivery(name, delivery("1.zip"), 3) is None
    assert world.runs.take_delivery(name, delivery("1.zip", content="other"), 4) == 3
    assert world.runs.taken_by(name, delivery("1.zip")) == 3
    assert world.runs.taken_by(name, delivery("1.zip", "2.zip")) is None
    assert world.runs.taken_by(name + "x", delivery("1.zip")) is None


def test_a_ledger_entry_comes_back_whole(world: World, name: str) -> None:
    full = record(
        name, 7, by="support", reason="why", state="finished", outcome="applied with issues", code="X", text="t",
        owner="vendor", finished_at=START + timedelta(minutes=1), content_hash="c", plan_hash="p", plan_run=7,
        operations=12, summary={"a": None, "b": [1, 2.5, True, "x", []], "c": {"d": {}}, "e": "", "f": 0.1, "g": -3.0},
    )
    world.runs.record(full)
    assert world.runs.run(name, 7) == full
    shorter = record(name, 7)
    world.runs.record(shorter)
    assert world.runs.run(name, 7) == shorter
    with pytest.raises(NotFound):
        world.runs.run(name, 8)


def test_the_history_is_newest_first_and_limited(world: World, name: str) -> None:
    for run in (9, 10, 100, 1_000_000_001):
        world.runs.record(record(name, run))
    leased(world, name)
    assert [r.run for r in world.runs.history(name, 3)] == [1_000_000_001, 100, 10]
    assert world.runs.history(name + "x", 3) == []


def test_audit_entries_are_kept_beside_each_other(world: World, name: str) -> None:
    for _ in range(2):
        world.runs.audit(name, {"operation": "run", "by": "support", "force": False, "run": 3}, START)
    assert world.runs.history(name, 5) == []
    assert world.runs.control(name) == Control(integration=name)


def test_of_many_that_open_at_once_exactly_one_gets_the_lease(world: World, name: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: open_run(world, name), range(16)))
    assert sorted(run for run, _ in opened) == list(range(1, 17))
    assert sum(lease is not None for _, lease in opened) == 1
    assert world.runs.control(name).fence == 1


def test_a_hold_that_lapses_may_let_the_same_content_be_planned_again(world: World, name: str) -> None:
    lease = leased(world, name)
    world.runs.commit(lease, applied_run=lease.run, content="a", signature="s", at=START, waits=True)
    world.runs.clear_hold(name, lease.run + 1, replan=True)
    assert world.runs.control(name).applied_signature == "s"
    world.runs.clear_hold(name, lease.run, replan=True)
    control = world.runs.control(name)
    assert (control.held_run, control.applied_signature, control.applied_run) == (None, None, lease.run)
