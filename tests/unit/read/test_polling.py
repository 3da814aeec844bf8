"""What the three polling functions share: one call of a run at a time, a lease that lasts, words for the unusable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from homeroom.errors import LeaseLost, SourceUnusable
from homeroom.model import places
from homeroom.model.events import Polled, StartRun
from homeroom.model.fetched import Fetched
from homeroom.model.run import Lease
from homeroom.model.source import OneRosterRest
from homeroom.read.polling import MARGIN_SECONDS, Poll, poll
from homeroom.support.door import start
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.plans import LAB

RUN = Lease(integration=LAB.id, run=1, fence=1)
SOURCE = OneRosterRest(url="https://sis.example/ims/oneroster/v1p1")


@pytest.fixture
def world() -> MemoryWorld:
    """Run 1 of an integration that is fetched was started."""
    made = memory_world(LAB.model_copy(update={
        "transport": "oneroster_rest", "source": SOURCE, "secret_name": "lab"}))
    start(StartRun(trigger="hand", integration=LAB.id), made)
    return made


def until(world: MemoryWorld) -> timedelta:
    return world.clock.now() + timedelta(minutes=15)


def goes_on(asked: Poll) -> Polled:
    asked.keep_block("users", 0, b"{}\n")
    asked.keep_progress({"blocks": 1})
    return Polled(done=False)


def test_a_call_that_was_taken_for_dead_writes_nothing_more(world: MemoryWorld) -> None:
    def is_overtaken(asked: Poll) -> Polled:
        poll(RUN, world, until(world), goes_on)  # the state machine called again while this one still runs
        before = dict(world.objects.bodies)
        writes = (lambda: asked.keep_block("users", 0, b"[]\n"), lambda: asked.keep_progress({"blocks": 9}),
                  lambda: asked.keep(Fetched(source="late", shape="rows")))
        for write in writes:
            with pytest.raises(LeaseLost):
                write()
        assert world.objects.bodies == before
        raise SourceUnusable("and its words count no more either")

    with pytest.raises(LeaseLost):
        poll(RUN, world, until(world), is_overtaken)
    assert places.fetched_about(LAB.id, 1) not in world.objects.bodies


def test_each_call_keeps_the_lease_longer_than_it_may_take(world: MemoryWorld) -> None:
    ends = until(world)
    poll(RUN, world, ends, goes_on)
    assert world.runs.control(LAB.id).lease_until == int(ends.timestamp()) + MARGIN_SECONDS


def test_a_run_that_lost_its_lease_asks_the_source_nothing(world: MemoryWorld) -> None:
    asked: list[Poll] = []
    world.runs.release(RUN)
    world.runs.open(LAB.id, now=world.clock.now(), lease_seconds=300, take_lease=True)
    with pytest.raises(LeaseLost):
        poll(RUN, world, until(world), lambda one: asked.append(one) or Polled(done=True))
    assert asked == []


def test_the_ledger_says_that_the_source_is_being_read(world: MemoryWorld) -> None:
    poll(RUN, world, until(world), goes_on)
    assert world.runs.run(LAB.id, 1).state == "reading"


def test_an_unusable_source_is_told_once_and_not_read_again(world: MemoryWorld) -> None:
    def refused(_: Poll) -> Polled:
        raise SourceUnusable("the service refused the key", code="SRC-01", owner="district", remedy="Check the key.")

    assert poll(RUN, world, until(world), refused).done
    assert poll(RUN, world, until(world), goes_on) == Polled(done=True)
    about = Fetched.model_validate_json(world.objects.get(places.fetched_about(LAB.id, 1)))
    assert about.failure is not None
    assert (about.failure.code, about.failure.owner) == ("SRC-01", "district")
