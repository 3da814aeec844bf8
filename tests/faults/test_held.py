"""Runs of an API that are held, discarded or failed: what is applied later, what is refused, and where events go on."""

from __future__ import annotations

import pytest

from homeroom.model import places
from homeroom.model.events import Discard, StartRun
from homeroom.model.run import RunRecord
from homeroom.support.door import start
from homeroom.support.operations import act
from tests.builders.api_runs import LAB, go_on, lease_of, run
from tests.builders.oneroster import District, district
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld, tables
from tests.faults.left import pointer
from tests.faults.sources import SOURCES, Spoken, by_events

CROWD, GONE = range(20, 30), range(20, 29)
EVERY_SOURCE = pytest.mark.parametrize("source", list(SOURCES))


def crowded() -> District:
    """Ten more students in one class."""
    made = district()
    for n in CROWD:
        made = made.with_student(f"s-{n}", classes=["c-2"])
    return made


def half_gone(made: District) -> District:
    """Nine of them are not in it any more: a guard looks at that."""
    return made.without("enrollments", *(f"e-s-{n}-c-2" for n in GONE))


def held_on_the_second_day(spoken: Spoken) -> tuple[MemoryWorld, RunRecord]:
    world, before = spoken.first, tables(spoken.first)
    spoken.say(half_gone(crowded()).files)
    record = run(world)
    assert (record.outcome, record.code) == ("held", "GRD-05")
    assert tables(world) == before
    return world, record


def active_students(world: MemoryWorld) -> int:
    """Active enrollments of students."""
    return sum(item.get("entity") == "enrollments" and item["status"] == "active" and item["role"] == "student"
               for item in world.roster.items.values())


@EVERY_SOURCE
def test_a_held_run_is_applied_as_it_was_read_though_the_source_moved_on_and_is_away(source: str) -> None:
    with SOURCES[source](crowded().files) as spoken:
        students = active_students(spoken.first)
        world, held = held_on_the_second_day(spoken)
        spoken.say(crowded().with_student("s-later", classes=["c-1"]).files)
        asked = len(spoken.fake.log)
    approval = StartRun(trigger="approval", integration=LAB, by="test", held_run=held.run, plan_hash=held.plan_hash)
    record = go_on(world, lease_of(world, start(approval, world)))
    assert record.outcome == "applied"
    assert len(spoken.fake.log) == asked
    assert active_students(world) == students - len(GONE)
    assert world.runs.run(LAB, held.run).outcome == "applied"


@EVERY_SOURCE
def test_the_same_content_on_the_next_day_is_skipped_once_it_was_discarded(source: str) -> None:
    with SOURCES[source](crowded().files) as spoken:
        world, held = held_on_the_second_day(spoken)
        before, applied = tables(world), pointer(world)
        act(Discard(operation="discard", integration=LAB, run=held.run, by="test", reason="a mistake"), world)
        world.clock.tick(86_400)
        record = run(world)
        assert (record.outcome, record.code, record.content_hash) == ("skipped", "denied", held.content_hash)
        assert (tables(world), pointer(world)) == (before, applied)
        spoken.say(crowded().with_cells("users", "s-2", email="new@sample.example").files)
        assert run(world).outcome == "applied"
        assert active_students(world) == sum(row["role"] == "student" for row in crowded().files["enrollments"])


def cursor(world: MemoryWorld) -> str:
    """The event that the applied roster knows last."""
    applied = world.runs.control(LAB).applied_run
    assert applied is not None
    return str(world.objects.get(places.raw_about(LAB, applied)).decode().split('"cursor": "')[1].split("/")[0])


def read_from(fake: Clever, since: int) -> str:
    """The event after which events were read, since a place in the log."""
    return next(one.query["starting_after"] for one in fake.log[since:]
                if one.place == "events" and "starting_after" in one.query)


def test_a_failed_run_leaves_the_cursor_of_clevers_events_and_the_next_one_reads_them_again() -> None:
    with by_events(crowded().files) as spoken:
        fake, world = spoken.fake, spoken.first
        assert isinstance(fake, Clever)
        known, before = cursor(world), tables(world)
        spoken.say(crowded().with_cells("users", "s-2", email="new@sample.example").files)
        fake.traps.fail("events", page=1, effect=500, times=None)
        assert run(world).outcome == "failed"
        assert (cursor(world), tables(world)) == (known, before)
        fake.traps.off()
        since = len(fake.log)
        assert run(world).outcome == "applied"
        assert read_from(fake, since) == known
        assert cursor(world) == fake.district.events[-1]["id"] != known
        since = len(fake.log)
        assert run(world).outcome == "nothing to change"
        assert read_from(fake, since) == fake.district.events[-1]["id"]


def test_a_held_run_leaves_the_cursor_and_its_approval_moves_it_as_far_as_it_had_read() -> None:
    with by_events(crowded().files) as spoken:
        fake = spoken.fake
        assert isinstance(fake, Clever)
        known = cursor(spoken.first)
        world, held = held_on_the_second_day(spoken)
        read_to = fake.district.events[-1]["id"]
        assert cursor(world) == known != read_to
        since = len(fake.log)
        again = run(world)
        assert (again.outcome, again.plan_hash) == ("held", held.plan_hash)
        assert read_from(fake, since) == known
        spoken.say(half_gone(crowded()).with_cells("users", "s-2", email="new@sample.example").files)
        approval = StartRun(trigger="approval", integration=LAB, by="test", held_run=again.run,
                            plan_hash=again.plan_hash)
        assert go_on(world, lease_of(world, start(approval, world))).outcome == "applied"
        assert cursor(world) == read_to
        since = len(fake.log)
        assert run(world).outcome == "applied"
        assert read_from(fake, since) == read_to
        assert cursor(world) == fake.district.events[-1]["id"]
