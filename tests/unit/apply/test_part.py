"""One part is written under the lease, in batches, the same however often it is called."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from homeroom.apply.part import BATCH, apply_part, batches
from homeroom.errors import HomeroomError, LeaseLost
from homeroom.model import places
from homeroom.model.run import Lease
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.fakes.plans import LAB, Operations, enrollment, file_lands, keep_plan, lease_of, link, person, unlink

PEOPLE = [person("create", f"s-{n}") for n in range(3 * BATCH)]


def planned(parts: list[Operations]) -> tuple[MemoryWorld, Lease]:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    keep_plan(world, lease, parts)
    return world, lease


def in_time(world: MemoryWorld, minutes: float = 15):
    return world.clock.now() + timedelta(minutes=minutes)


def test_a_part_is_written_whole_and_reports_what_it_wrote() -> None:
    moved = enrollment("update", "e-1", moved_from=[{"class": "id-c-9", "person": "id-s-1", "role": "student"}])
    world, lease = planned([PEOPLE, [link("username#a", "id-s-1"), unlink("username#b", "id-s-1")], [moved]])
    for part, size in ((0, len(PEOPLE)), (1, 2), (2, 1)):
        answer = apply_part(lease, part, 0, world, in_time(world))
        assert (answer.done, answer.offset) == (True, size)
    results = [json.loads(world.objects.get(places.result(LAB.id, lease.run, n))) for n in range(3)]
    assert results == [
        {"part": 0, "operations": 600, "records": 600, "links": 0, "moved": 0, "writes": 600, "entries": 0},
        {"part": 1, "operations": 2, "records": 0, "links": 2, "moved": 0, "writes": 2, "entries": 0},
        {"part": 2, "operations": 1, "records": 1, "links": 0, "moved": 1, "writes": 2, "entries": 0},
    ]
    assert world.roster.writes == sum(result["writes"] for result in results)


def test_a_repeated_part_writes_the_same_values_and_the_same_result() -> None:
    world, lease = planned([PEOPLE[:5]])
    apply_part(lease, 0, 0, world, in_time(world))
    once, result = dict(world.roster.items), world.objects.get(places.result(LAB.id, lease.run, 0))
    apply_part(lease, 0, 0, world, in_time(world))
    assert world.roster.items == once
    assert world.objects.get(places.result(LAB.id, lease.run, 0)) == result


def test_a_part_that_runs_out_of_time_says_how_far_it_came_and_goes_on_from_there() -> None:
    world, lease = planned([PEOPLE])
    holds, ends = world.runs.holds, in_time(world)

    def slow(asked: Lease) -> bool:
        world.clock.tick(400)
        return holds(asked)

    world.runs.holds = slow  # type: ignore[method-assign]
    first = apply_part(lease, 0, 0, world, ends)
    assert (first.done, first.offset) == (False, 2 * BATCH)
    assert world.objects.list(places.result(LAB.id, lease.run, 0)) == []
    second = apply_part(lease, 0, first.offset, world, in_time(world))
    assert second.done
    assert len(tables(world)) == len(PEOPLE)
    assert json.loads(world.objects.get(places.result(LAB.id, lease.run, 0)))["writes"] == len(PEOPLE)


def test_a_call_with_no_time_left_still_writes_one_batch() -> None:
    world, lease = planned([PEOPLE])
    answer = apply_part(lease, 0, 0, world, world.clock.now())
    assert (answer.done, answer.offset) == (False, BATCH)


def test_the_lease_outlasts_the_function() -> None:
    world, lease = planned([PEOPLE[:1]])
    apply_part(lease, 0, 0, world, in_time(world, 15))
    assert world.runs.control(LAB.id).lease_until == int(in_time(world, 16).timestamp())


def test_a_writer_without_the_lease_writes_nothing() -> None:
    world, lease = planned([PEOPLE])
    stale = lease.model_copy(update={"fence": lease.fence - 1})
    with pytest.raises(LeaseLost):
        apply_part(stale, 0, 0, world, in_time(world))
    assert tables(world) == {}


def test_a_writer_that_loses_the_lease_stops_before_the_next_batch() -> None:
    world, lease = planned([PEOPLE])
    write = world.roster.write

    def then_another_takes_over(puts, deletes) -> None:
        write(puts, deletes)
        world.runs.release(lease)
        world.runs.open(LAB.id, now=world.clock.now(), lease_seconds=60, take_lease=True)

    world.roster.write = then_another_takes_over  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        apply_part(lease, 0, 0, world, in_time(world))
    assert len(tables(world)) == BATCH
    assert world.objects.list(places.result(LAB.id, lease.run, 0)) == []


@pytest.mark.parametrize("step", range(1, 6))
def test_an_enrollment_that_moves_is_never_in_two_places(step: int) -> None:
    world, lease = planned([[enrollment("create", "e-1")]])
    apply_part(lease, 0, 0, world, in_time(world))
    moves = enrollment("update", "e-1", **{"class": "c-2"},
                       moved_from=[{"class": "id-c-1", "person": "id-s-1", "role": "student"}])
    keep_plan(world, lease, [[moves]])
    world.faults.arm(step)
    try:
        apply_part(lease, 0, 0, world, in_time(world))
    except Crash:
        assert len(tables(world)) <= 1
    else:
        assert list(tables(world)) == [("lab-usd#class#id-c-2", "S#id-s-1#id-e-1")]


def test_a_link_that_a_third_person_holds_is_not_taken_away() -> None:
    world, lease = planned([[link("username#a", "id-s-3", before="id-s-2")]])
    world.roster.write([{"owner": "lab-usd#identity#username#a", "member": "@", "person": "id-s-1"}], [])
    with pytest.raises(HomeroomError, match="RUN-04"):
        apply_part(lease, 0, 0, world, in_time(world))
    assert world.roster.get([("lab-usd#identity#username#a", "@")])[0]["person"] == "id-s-1"


def test_a_link_moves_from_its_holder_and_moving_it_again_changes_nothing() -> None:
    world, lease = planned([[link("username#a", "id-s-2", before="id-s-1")]])
    world.roster.write([{"owner": "lab-usd#identity#username#a", "member": "@", "person": "id-s-1"}], [])
    for _ in range(2):
        apply_part(lease, 0, 0, world, in_time(world))
        assert world.roster.get([("lab-usd#identity#username#a", "@")])[0]["person"] == "id-s-2"


def test_batches_hold_at_most_so_many_items_and_every_operation_once() -> None:
    moves = [{"class": f"id-c-{n}", "person": "id-s-1", "role": "student"} for n in range(5, 9)]
    operations = [person("create", "s-1"), enrollment("update", "e-1", moved_from=moves), person("create", "s-2")]
    made = list(batches("lab-usd", 1, operations, size=4))
    assert [(b.start, b.end, b.writes) for b in made] == [(0, 1, 1), (1, 2, 5), (2, 3, 1)]


def test_batches_from_an_offset_leave_out_what_was_written_before() -> None:
    made = list(batches("lab-usd", 1, PEOPLE, offset=550))
    assert [(b.start, b.end) for b in made] == [(550, 600)]
    assert list(batches("lab-usd", 1, PEOPLE, offset=600)) == []
