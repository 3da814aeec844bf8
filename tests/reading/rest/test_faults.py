"""A fault at any page of any collection: the read fails, or everything came. Fewer records never pass in silence."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from tests.builders.amount import pairs
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.reading.rest.reading import STEMS, Reading, ids_at, paged_district

SIZE = 4
PAGES = {stem: range(1, -(-len(paged_district()[stem]) // SIZE) + 1) for stem in STEMS}
FAULTS: tuple[str | int, ...] = (500, "empty", "drop_after", "torn", "short")
RARER: tuple[str | int, ...] = (429, 400, 404, "drop_before", "error_body", "no_collection", "not_json")
LASTING = pairs([(stem, page, what) for stem in STEMS for page in PAGES[stem] for what in FAULTS]) + pairs([
    (stem, page, what) for stem in STEMS for page in (2, PAGES[stem][-1]) for what in RARER])
"""Each fault at each collection and at each number of a page.

404 for a first page is no fault: the endpoint is not offered (test_ways).
"""
ONCE = [(stem, what, "right") for stem in STEMS for what in (*FAULTS, *RARER) if what != 404] + [
    (stem, what, "missing") for stem in STEMS for what in FAULTS]


def service_of(stem: str, *faults: Fault, **switches: Any) -> Service:
    """A district that has all pages of one collection, and one page of each other one."""
    rows = {one: kept if one == stem else kept[:3] for one, kept in paged_district().items()}
    return Service(rows, sign_in="bearer", faults=[*faults], **switches)


def failed(reading: Reading) -> bool:
    """Whether the read failed in the words that fit; else it is done. Any other error is raised."""
    try:
        reading.all()
    except SourceUnusable as unusable:
        if unusable.issue_code not in ("SRC-02", "SRC-03", "SRC-04"):
            raise
        return True
    return False


def has_all(reading: Reading) -> bool:
    return {one: sorted(reading.ids(one)) for one in STEMS} == ids_at(reading.service)


def test_every_collection_has_at_least_three_pages() -> None:
    assert min(len(pages) for pages in PAGES.values()) >= 3


@pytest.mark.parametrize(("stem", "page", "what"), LASTING)
def test_a_fault_that_lasts_fails_the_read_and_a_short_page_is_read_on(stem: str, page: int, what: str | int) -> None:
    service = service_of(stem, Fault(stem, what, page=page))
    with serving(service):
        reading = Reading(service)
        if what == "short":
            assert not failed(reading)
            assert has_all(reading)
        else:
            assert failed(reading)
            assert not reading.is_kept


@pytest.mark.parametrize(("stem", "what", "total"), ONCE)
def test_a_fault_that_happens_once_at_each_page_costs_nothing(stem: str, what: str | int, total: str) -> None:
    faults = [Fault(stem, what, page=page, times=1) for page in PAGES[stem]]
    service = service_of(stem, *faults, total=total, links=False)
    with serving(service):
        reading = Reading(service).all()
    assert has_all(reading)
    assert [fault.times for fault in faults] == [0] * len(faults)


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("stem", STEMS)
def test_without_a_total_a_fault_before_the_last_page_fails_or_is_read_on(stem: str, what: str | int) -> None:
    for page in PAGES[stem][:-1]:
        service = service_of(stem, Fault(stem, what, page=page), total="missing", links=False)
        with serving(service):
            reading = Reading(service)
            assert (not reading.is_kept) if failed(reading) else has_all(reading)
