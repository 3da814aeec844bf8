"""Whatever happens to whichever page: a read is whole, or it failed. Never fewer records and done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders.amount import pairs
from tests.builders.oneroster import small_district
from tests.fakes.clever_server import serving
from tests.reading.clever.lab import Lab, Rows, rows

PAGES = [("districts", 1), ("schools", 1), ("terms", 1), ("courses", 1), ("sections", 1), ("sections", 2),
         *(("users", n) for n in range(1, 6))]
EFFECTS = [500, 503, 404, "drop", "torn", "cut", "html", "empty", "empty_next", "no_links"]
STRUCK = pairs([(place, page, effect) for place, page in PAGES for effect in EFFECTS])
"""Each effect at each place and at each number of a page."""
PASSING = {500, 503, "drop", "torn", "cut", "html", "empty", "empty_next", "no_links"}
"""What is over when it is asked again."""


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """One district for all faults of this file."""
    lab = Lab(small_district())
    with serving(lab.clever):
        yield lab


@pytest.fixture(scope="module")
def whole(served: Lab) -> Rows:
    found = rows(served.read())
    served.drop()
    return found


def outcome(lab: Lab) -> Rows | str:
    """What was read, or the code of why nothing was."""
    try:
        failure = lab.poll().failure
        return failure.code if failure else rows(lab.snapshot())
    finally:
        lab.drop()
        lab.clever.traps.off()


@pytest.mark.parametrize(("place", "page", "effect"), STRUCK)
def test_a_fault_that_stays_is_never_fewer_records_and_done(
    served: Lab, whole: Rows, place: str, page: int, effect: Any
) -> None:
    served.clever.traps.fail(place, page=page, effect=effect, times=None)
    found = outcome(served)
    assert found in (whole, "SRC-02", "SRC-04", "SRC-05")
    if effect not in ("no_links", "empty_next"):
        assert found != whole


@pytest.mark.parametrize(("place", "page", "effect"), STRUCK)
def test_a_fault_that_passes_is_read_over_or_told(
    served: Lab, whole: Rows, place: str, page: int, effect: Any
) -> None:
    served.clever.traps.fail(place, page=page, effect=effect, times=1)
    found = outcome(served)
    if effect in PASSING and place != "districts":
        assert found == whole
    else:
        assert found in (whole, "SRC-04")


def without(lab: Lab, page: int, kept: slice) -> Any:
    """The server leaves records out of one page of users for ever, and links on as if they had been there."""
    answer = lab.clever._api.answer

    def short(asked: Any, district: Any) -> Any:
        reply = answer(asked, district)
        if asked.path == "/v3.0/users" and reply.page == page and "ending_before" not in asked.query:
            reply.body["data"] = reply.body["data"][kept]
        return reply

    return short


@pytest.mark.parametrize("kept", [slice(0, 1), slice(0, 2), slice(1, None), slice(2, None)])
@pytest.mark.parametrize("page", range(1, 6))
def test_a_page_that_always_comes_short_is_noticed(
    served: Lab, whole: Rows, page: int, kept: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next link begins too late, or somebody points to who is missing: pupils and teachers are in classes."""
    monkeypatch.setattr(served.clever._api, "answer", without(served, page, kept))
    assert outcome(served) in (whole, "SRC-05")


def test_a_guardian_who_never_comes_is_what_can_not_be_noticed(
    served: Lab, whole: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a page, and nobody points to a guardian: this is left to the guards of the plan."""
    guardian = served.district.id_of("users", "g-1")
    answer = served.clever._api.answer

    def hidden(asked: Any, district: Any) -> Any:
        reply = answer(asked, district)
        if asked.path == "/v3.0/users":
            reply.body["data"] = [one for one in reply.body["data"] if one["data"]["id"] != guardian]
        return reply

    served.settings["page_size"] = 20
    monkeypatch.setattr(served.clever._api, "answer", hidden)
    found = outcome(served)
    served.settings["page_size"] = 3
    assert isinstance(found, dict)
    assert len(found["users"]) == len(whole["users"]) - 1


def test_a_page_whose_ids_go_backwards_is_asked_for_again(
    served: Lab, whole: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, turned = served.clever._api.answer, []

    def backwards(asked: Any, district: Any) -> Any:
        reply = answer(asked, district)
        if asked.path == "/v3.0/users" and reply.page == 2 and len(turned) < 2:
            turned.append(reply.body["data"].reverse())
        return reply

    monkeypatch.setattr(served.clever._api, "answer", backwards)
    assert outcome(served) == whole
    assert len(turned) == 2
