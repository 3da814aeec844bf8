"""A poll that is killed before any of its writes: the next call goes on, and nothing is lost, twice or archived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from homeroom.apply.commit import finish
from homeroom.flow import fetch, plan_run
from homeroom.model import places
from homeroom.model.events import FinishRun, RunError
from homeroom.model.fetched import Fetched
from homeroom.model.run import Lease
from homeroom.read.oneroster_rest import blocks
from homeroom.report.summary import summarize
from tests.builders.api_runs import LAB, begin, go_on, patiently, run
from tests.builders.oneroster import Files, district
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, tables
from tests.faults.left import failed_in_words, pointer, untouched
from tests.faults.pages import many_pages
from tests.faults.sources import SOURCES, Spoken

REQUESTS = 4
"""Requests of one slice: less than any source needs for a read."""
SIXTHS = range(6)
"""How much of a poll's writes is done when it is killed: before its first one, after a sixth of them, …"""


def second_day() -> Files:
    """Somebody comes, somebody leaves, somebody has news."""
    return (
        district(many_pages()).with_student("s-new", classes=["c-1"]).without("users", "s-9")
        .without("enrollments", "e-s-9-c-9").with_cells("users", "s-1", email="new@sample.example").files
    )


@dataclass
class Clean:
    """A source on its second day, what a run makes of it that nobody kills, and how often its poll writes.

    The number of writes is that of one poll: pages side by side fill slices differently each time.
    """

    spoken: Spoken
    second: MemoryWorld
    writes: int

    @property
    def records(self) -> dict[str, int]:
        return records(self.second)


def records(world: MemoryWorld) -> dict[str, int]:
    """How many records of each collection the newest run kept."""
    kept = world.objects.get(places.fetched_about(LAB, world.runs.history(LAB, 1)[0].run))
    return {stem: told.records for stem, told in Fetched.model_validate_json(kept).collections.items()}


@pytest.fixture(scope="module", params=list(SOURCES))
def clean(request: pytest.FixtureRequest) -> Iterator[Clean]:
    with pytest.MonkeyPatch.context() as patched, SOURCES[request.param](many_pages()) as spoken:
        patched.setattr(blocks, "BLOCK_BYTES", 1500)
        spoken.say(second_day())
        second = copied(spoken.first)
        lease = begin(second)
        before = len(second.faults.steps)
        with patiently(spoken.fake, REQUESTS):
            fetch(lease, second)
        writes = len(second.faults.steps) - before
        assert go_on(second, lease).outcome == "applied"
        yield Clean(spoken, second, writes)


def killed(clean: Clean, sixths: int) -> tuple[MemoryWorld, Lease]:
    """A second day on which the poll died after so many sixths of its writes."""
    world = copied(clean.spoken.first)
    lease = begin(world)
    world.faults.arm(1 + clean.writes * sixths // len(SIXTHS))
    with patiently(clean.spoken.fake, REQUESTS), pytest.raises(Crash):
        fetch(lease, world)
    assert untouched(world, clean.spoken.first)
    return world, lease


@pytest.mark.parametrize("sixths", SIXTHS, ids=lambda sixths: f"after-{sixths}-sixths")
def test_the_next_call_goes_on_and_the_roster_is_that_of_an_undisturbed_day(clean: Clean, sixths: int) -> None:
    world, lease = killed(clean, sixths)
    record = go_on(world, lease, fake=clean.spoken.fake, requests=REQUESTS)
    assert record.outcome == "applied"
    assert records(world) == clean.records
    assert tables(world) == tables(clean.second)


def test_a_run_whose_poll_died_for_good_leaves_the_roster_and_the_next_run_applies(clean: Clean) -> None:
    world, lease = killed(clean, 3)
    died = FinishRun(integration=LAB, run=lease.run, fence=lease.fence, error=RunError(Error="Sandbox.Timedout"))
    record = finish(died, world, summarize).record
    assert (record.outcome, record.operations) == ("failed", 0)
    assert untouched(world, clean.spoken.first)
    assert pointer(world) == pointer(clean.spoken.first)
    assert run(world).outcome == "applied"
    assert tables(world) == tables(clean.second)


def test_planning_takes_nothing_of_a_poll_that_did_not_come_to_its_end(clean: Clean) -> None:
    world = copied(clean.spoken.first)
    lease = begin(world)
    with patiently(clean.spoken.fake, REQUESTS):
        fetch(lease, world)
    del world.objects.bodies[places.fetched_about(LAB, lease.run)]
    assert plan_run(lease, world).verdict == "fail"
    told = FinishRun(integration=LAB, run=lease.run, fence=lease.fence, verdict="fail")
    record = finish(told, world, summarize).record
    assert failed_in_words(record, "SRC-04")
    assert untouched(world, clean.spoken.first)
