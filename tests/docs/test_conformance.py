"""docs/conformance.md names exactly the tests that exist, and no statement of the two lists is forgotten."""

from __future__ import annotations

import re

import pytest

from tests.conformance import page
from tests.conformance.statements import LEFT_OUT, LISTS, REMARKS


def test_the_page_is_what_the_tests_say() -> None:
    assert page.is_up_to_date(), "run `make conformance`"


def test_the_page_names_exactly_the_tests_that_exist() -> None:
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./tests/conformance/(test_\w+\.py)\)", page.PAGE.read_text("utf-8"))
    assert sorted(named) == sorted((one.name, one.file) for one in page.numbered())
    assert len({name for name, _ in named}) == len(named)


@pytest.mark.parametrize("letters", LISTS)
def test_every_statement_is_tested_or_left_out_with_a_reason(letters: str) -> None:
    tested = {one.number for one in page.numbered() if one.list == letters}
    left_out = {number for number, why in LEFT_OUT[letters].items() if why}
    assert tested | left_out == {*LISTS[letters][1]} == {*range(1, 61)}
    assert not tested & left_out
    assert {*REMARKS[letters]} <= tested


def test_a_failing_test_shows_on_the_page_and_in_the_check() -> None:
    results = dict.fromkeys((one.name for one in page.numbered()), page.PASSES)
    assert page.text(results) == page.text()
    worst = page.numbered()[0].name
    assert page.text(results | {worst: page.FAILS}) != page.text()
