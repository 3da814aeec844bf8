"""A fault at any page of any collection of a OneRoster service: the run fails, or is read on; it archives nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.builders.amount import pairs
from tests.builders.api_runs import fed_by, rest, run
from tests.fakes.copies import copied
from tests.fakes.memory import MemoryWorld
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.faults.left import failed_in_words, found_the_same, pointer, untouched
from tests.faults.pages import SIZE, many_pages, pages_of

STEMS = tuple(many_pages())
PAGES = [(stem, page) for stem in STEMS for page in pages_of(stem)]
KINDS: tuple[str | int, ...] = (
    500, "empty", "drop_before", "drop_after", "torn", "not_json", "error_body", "short")
CODES: dict[str | int, str] = {500: "SRC-02", "drop_before": "SRC-02", "drop_after": "SRC-02", "torn": "SRC-02"}
"""Code of a run that fails by a fault; SRC-04 where nothing stands here."""
LASTING = 1_000_000
"""Times a fault strikes; what is missing of it tells that it struck."""


@dataclass
class Served:
    """A district on its first day, and the service that it came from."""

    service: Service
    first: MemoryWorld

    def again(self, *faults: Fault) -> tuple[MemoryWorld, Any]:
        """The next read, with these faults: the world after it, and the run."""
        self.service.faults[:] = faults
        world = copied(self.first)
        return world, run(world)


@contextmanager
def served(connections: int, **settings: Any) -> Iterator[Served]:
    service = Service(many_pages(), sign_in="bearer", **settings)
    with serving(service):
        first = fed_by(rest(service, page_size=SIZE, connections=connections))
        assert run(first).outcome == "applied"
        yield Served(service, first)


OTHERS = {
    "sequential": partial(served, 1),
    "without-totals": partial(served, 4, total="missing", links=False),
}
"""What takes turns; `usual` is tried at every page."""


@pytest.fixture(scope="module")
def usual() -> Iterator[Served]:
    """Totals, Link headers and four connections."""
    with served(4) as made:
        yield made


@pytest.fixture(scope="module")
def others() -> Iterator[dict[str, Served]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(make()) for name, make in OTHERS.items()}


def page_name(stem: str, page: int) -> str:
    return f"{stem}-page-{page}"


def thirds(positions: list[Any]) -> list[tuple[str, Any]]:
    """Every third position for each of the other ways of serving."""
    return [(name, position) for n, name in enumerate(OTHERS) for position in positions[n::3]]


LASTING_FAULTS = [(stem, page, kind) for stem, page in PAGES for kind in KINDS]
"""As many are tried as it takes for each kind to strike at each collection and at each number of a page, and so for
each of the other ways of serving."""


def is_told(where: Served, stem: str, page: int, kind: str | int) -> None:
    """A fault that lasts: the run fails in words; a page that is cut short is read on from where it ends."""
    fault = Fault(stem, kind, page=page, times=LASTING)
    world, record = where.again(fault)
    assert fault.times is not None
    assert fault.times < LASTING
    assert untouched(world, where.first)
    if kind == "short":
        assert found_the_same(record)
    else:
        assert failed_in_words(record, CODES.get(kind, "SRC-04"))
        assert pointer(world) == pointer(where.first)


@pytest.mark.parametrize(("stem", "page", "kind"), [
    pytest.param(*position, id=f"{page_name(*position[:2])}-{position[2]}-for-ever")
    for position in pairs(LASTING_FAULTS)])
def test_a_fault_that_lasts_at_any_page_archives_nothing(usual: Served, stem: str, page: int, kind: str | int) -> None:
    is_told(usual, stem, page, kind)


@pytest.mark.parametrize(("stem", "page"), [pytest.param(*at, id=f"{page_name(*at)}-each-once") for at in PAGES])
def test_a_page_where_everything_goes_wrong_once_is_read_on(usual: Served, stem: str, page: int) -> None:
    faults = [Fault(stem, kind, page=page, times=1) for kind in KINDS]
    world, record = usual.again(*faults)
    assert [fault.times for fault in faults] == [0] * len(KINDS)
    assert found_the_same(record)
    assert untouched(world, usual.first)


@pytest.mark.parametrize(("name", "stem", "page", "kind"), [
    pytest.param(name, *position, id=f"{name}-{page_name(*position[:2])}-{position[2]}-for-ever")
    for name, *position in pairs([(name, *fault) for name in OTHERS for fault in LASTING_FAULTS])])
def test_a_fault_that_lasts_archives_nothing_however_pages_are_asked_for(
    others: dict[str, Served], name: str, stem: str, page: int, kind: str | int
) -> None:
    is_told(others[name], stem, page, kind)


@pytest.mark.parametrize(("name", "stem", "page", "kind"), [
    pytest.param(name, *at, KINDS[n % len(KINDS)], id=f"{name}-{page_name(*at)}-{KINDS[n % len(KINDS)]}-once")
    for n, (name, at) in enumerate(thirds(PAGES)[::2])])
def test_a_fault_that_passes_costs_nothing_however_pages_are_asked_for(
    others: dict[str, Served], name: str, stem: str, page: int, kind: str | int
) -> None:
    fault = Fault(stem, kind, page=page, times=1)
    world, record = others[name].again(fault)
    assert fault.times == 0
    assert found_the_same(record)
    assert untouched(world, others[name].first)
