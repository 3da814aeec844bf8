"""An empty last page that lasts, at a OneRoster service without totals: only the last record tells it from the end.

An empty page that is followed by records is noticed, and one that comes right when it is asked for again is read on
(`test_rest_pages`). For the last page of a collection the last record is asked for, from the other end. A service that
ignores the order as well can not be asked: there dangling references and the guards stop what is much; a few records of
a small school would be archived, and restored by the next whole read.
"""

from __future__ import annotations

import pytest

from tests.builders.api_runs import fed_by, rest, run
from tests.builders.oneroster import District, district
from tests.fakes.copies import copied
from tests.fakes.memory import tables
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.faults.left import untouched
from tests.faults.pages import SIZE, many_pages, pages_of

WITHOUT_TOTALS = {"total": "missing", "links": False}
NOTHING_TO_GO_BY = WITHOUT_TOTALS | {"ignored": {"sort"}}


@pytest.mark.parametrize("stem", many_pages())
def test_an_empty_last_page_that_lasts_archives_nothing(stem: str) -> None:
    service = Service(many_pages(), sign_in="bearer", **WITHOUT_TOTALS)  # type: ignore[arg-type]
    with serving(service):
        first = fed_by(rest(service, page_size=SIZE))
        run(first)
        service.faults = [Fault(stem, "empty", page=pages_of(stem)[-1])]
        world = copied(first)
        record = run(world)
    assert (record.outcome, record.code) in (("failed", "SRC-04"), ("failed", "SRC-09"))
    assert untouched(world, first)


def big() -> District:
    """A hundred more students in several classes."""
    made = district()
    for n in range(100, 200):
        made = made.with_student(f"s-{n}", classes=[f"c-{n % 2 + 1}"])
    return made


@pytest.mark.parametrize(("stem", "outcome", "code"), [
    pytest.param("users", "failed", "SRC-09", id="people-are-missed-by-their-enrollments"),
    pytest.param("enrollments", "held", "GRD-02", id="enrollments-are-held-by-a-guard"),
])
def test_much_that_is_lost_behind_an_empty_last_page_is_stopped(stem: str, outcome: str, code: str) -> None:
    service = Service(big().files, sign_in="bearer", **NOTHING_TO_GO_BY)  # type: ignore[arg-type]
    with serving(service):
        world = fed_by(rest(service, page_size=70))
        run(world)
        before = tables(world)
        service.faults = [Fault(stem, "empty", page=2)]
        record = run(world)
    assert (record.outcome, record.code) == (outcome, code)
    assert tables(world) == before


def test_what_was_archived_that_way_comes_back_with_the_next_whole_read() -> None:
    service = Service(many_pages(), sign_in="bearer", **NOTHING_TO_GO_BY)  # type: ignore[arg-type]
    with serving(service):
        world = fed_by(rest(service, page_size=SIZE))
        run(world)
        before = tables(world)
        service.faults = [Fault("enrollments", "empty", page=pages_of("enrollments")[-1])]
        run(world)
        service.faults = []
        assert run(world).outcome in ("applied", "nothing to change")
    assert tables(world) == before
