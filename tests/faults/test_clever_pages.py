"""A fault at any page of any list of Clever: the run fails, or is read on; it archives nothing.

Each page is tried with every third kind of fault, so that all of them together stay fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import pytest

from homeroom.model.run import RunRecord
from tests.builders.api_runs import clever, fed_by, run
from tests.fakes.clever_server import Clever, serving
from tests.fakes.copies import copied
from tests.fakes.memory import MemoryWorld, tables
from tests.faults.left import failed_in_words, found_the_same, pointer, untouched
from tests.faults.pages import CLEVER_SIZE, many_pages

LISTS = {"schools": 10, "terms": 11, "courses": 11, "sections": 11, "users": 12}
"""Records of each list of the district; a test holds that it is so."""
EVENTS = 10
PROOF = 0
"""Number of the page that is asked for from the end of a list."""
PAGES = [
    ("oauth/tokens", 1), ("districts", 1),
    *((name, page) for name, count in LISTS.items() for page in (PROOF, *range(1, ceil(count / CLEVER_SIZE) + 1))),
]
EVENT_PAGES = [*(("events", page) for page in (PROOF, *range(1, ceil(EVENTS / CLEVER_SIZE) + 1))), ("events/one", 1)]
SPOILT = ("short", "error_body")
KINDS: tuple[Any, ...] = (500, "empty", "drop", "torn", "html", *SPOILT)
CODES = ("SRC-01", "SRC-02", "SRC-04", "SRC-05")


@dataclass
class Served:
    """A district on its first day and a clean second one, and the Clever that it came from."""

    fake: Clever
    first: MemoryWorld
    second: MemoryWorld

    def again(self, place: str, page: int, kind: Any, times: int | None, **asked: Any) -> tuple[MemoryWorld, RunRecord]:
        """The second day's run with a fault: the world after it, and the run. The fault must have struck."""
        world = copied(self.first)
        with faulty(self.fake, place, page, kind, times) as struck:
            record = run(world, **asked)
            assert struck()
        return world, record

    def is_as_it_should_be(self, world: MemoryWorld, record: RunRecord, *outcomes: str) -> bool:
        """Either a failure that touched nothing, or the roster of the clean second day."""
        if record.outcome == "failed":
            told = failed_in_words(record, *CODES) and untouched(world, self.first)
            return told and pointer(world) == pointer(self.first)
        return record.outcome in outcomes and tables(world) == tables(self.second)


@contextmanager
def faulty(fake: Clever, place: str, page: int, kind: Any, times: int | None) -> Iterator[Any]:
    """Inside, one page goes wrong `times` times (None: each time); gives a function that tells whether it did."""
    if kind in SPOILT:
        with spoilt(fake, place, page, kind, times) as struck:
            yield lambda: bool(struck)
        return
    fault = fake.traps.fail(place, page=page, effect=kind, times=times or 1_000_000)
    asked = fault.left
    try:
        yield lambda: fault.left != asked
    finally:
        fake.traps.off()


@contextmanager
def spoilt(fake: Clever, place: str, page: int, kind: str, times: int | None) -> Iterator[list[str]]:
    """Half of a page with the links of a whole one, or an error in a 200."""
    answer, struck = fake._routed, []  # type: ignore[var-annotated]

    def spoiling(asked: Any) -> Any:
        reply = answer(asked)
        here = asked.path.removeprefix("/v3.0/").removeprefix("/") == place or (
            place == "events/one" and asked.path.startswith("/v3.0/events/"))
        if not here or reply.page != page or len(struck) == times:
            return reply
        struck.append(asked.path)
        if kind == "error_body":
            reply.body = {"error": "internal", "message": "Something went wrong"}
        elif isinstance(reply.body.get("data"), list):
            reply.body["data"] = reply.body["data"][: ceil(len(reply.body["data"]) / 2)]
        return reply

    fake._routed = spoiling  # type: ignore[method-assign]
    try:
        yield struck
    finally:
        del fake._routed


def named(positions: list[tuple[str, int]], kinds: tuple[Any, ...], how: str) -> list[Any]:
    return [pytest.param(place, page, kind, id=f"{place}-{f'page-{page}' if page else 'proof'}-{kind}-{how}")
            for place, page in positions for kind in kinds]


@pytest.fixture(scope="module")
def in_full() -> Iterator[Served]:
    """A district that is read in full each day, and did not change."""
    fake = Clever(many_pages())
    with serving(fake):
        first = fed_by(clever(fake, page_size=CLEVER_SIZE))
        assert run(first).outcome == "applied"
        yield Served(fake, first, first)


@pytest.fixture(scope="module")
def by_events() -> Iterator[Served]:
    """A district whose events are followed: ten students got another address."""
    fake = Clever(many_pages())
    fake.district.sync()
    with serving(fake):
        first = fed_by(clever(fake, page_size=CLEVER_SIZE, follow_events=True))
        assert run(first).outcome == "applied"
        for n in range(EVENTS - 1):
            fake.district.update("users", fake.district.id_of("users", f"s-{n + 1}"), email=f"new-{n}@sample.example")
        fake.district.update("users", fake.district.id_of("users", "t-1"), email="new@sample.example")
        second = copied(first)
        before = len(fake.log)
        assert run(second).outcome == "applied"
        assert all(one.place != "users" for one in fake.log[before:])
        yield Served(fake, first, second)


def test_the_lists_have_the_pages_that_are_tried(in_full: Served, by_events: Served) -> None:
    assert {name: len(in_full.fake.district.shared[name]) for name in LISTS} == LISTS
    assert min(ceil(count / CLEVER_SIZE) for count in LISTS.values()) >= 3
    assert len(by_events.fake.district.events) == EVENTS + 1


@pytest.mark.parametrize(("place", "page", "kind"), named(PAGES, KINDS, "for-ever")[::3])
def test_a_fault_that_lasts_at_any_page_archives_nothing(in_full: Served, place: str, page: int, kind: Any) -> None:
    world, record = in_full.again(place, page, kind, None)
    assert in_full.is_as_it_should_be(world, record, "nothing to change")
    assert record.outcome == "failed" or kind == "short" or (kind == "empty" and page == PROOF)


@pytest.mark.parametrize(("place", "page", "kind"), named(PAGES, KINDS, "once")[::12])
def test_a_fault_that_passes_is_read_over_or_told(in_full: Served, place: str, page: int, kind: Any) -> None:
    world, record = in_full.again(place, page, kind, 1)
    assert in_full.is_as_it_should_be(world, record, "nothing to change")
    if place in LISTS and page != PROOF:
        assert found_the_same(record)


@pytest.mark.parametrize(("place", "page", "kind"), named(EVENT_PAGES, KINDS, "for-ever")[::3])
def test_where_events_fail_the_roster_is_read_in_full_or_the_run_fails(
    by_events: Served, place: str, page: int, kind: Any
) -> None:
    world, record = by_events.again(place, page, kind, None)
    assert by_events.is_as_it_should_be(world, record, "applied")


@pytest.mark.parametrize(("place", "page", "kind"), named(EVENT_PAGES, KINDS, "once")[::9])
def test_events_that_fail_once_lose_no_change(by_events: Served, place: str, page: int, kind: Any) -> None:
    world, record = by_events.again(place, page, kind, 1)
    assert by_events.is_as_it_should_be(world, record, "applied")
