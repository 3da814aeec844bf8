"""docs/complaints.md names exactly the tests that exist, and no complaint of the two lists is forgotten."""

from __future__ import annotations

import re

import pytest

from tests.complaints import page
from tests.complaints.complaints import Complaint, Letter
from tests.complaints.page import COMPLAINTS, Answered

MANY: dict[Letter, int] = {"R": 52, "C": 32}
A_COMPLAINT = Complaint("R", 1, "It failed.", "Does not.")
A_TEST = Answered("R", 1, "test_r.py", "test_r1_it_does_not_fail")


def test_the_page_is_what_complaints_and_tests_say() -> None:
    assert page.is_up_to_date(), "run `make complaints`"
    assert page.faults() == []


@pytest.mark.parametrize("letter", MANY)
def test_every_complaint_of_the_list_stands_in_the_table_once(letter: Letter) -> None:
    assert sorted(one.number for one in COMPLAINTS if one.list == letter) == [*range(1, MANY[letter] + 1)]


def test_the_page_names_exactly_the_tests_that_exist() -> None:
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./tests/complaints/(test_\w+\.py)\)", page.PAGE.read_text("utf-8"))
    assert sorted(named) == sorted((one.name, one.file) for one in page.answered())


def test_where_complaints_and_tests_differ_the_check_says_so() -> None:
    assert page.faults([A_COMPLAINT], [A_TEST]) == []
    assert page.faults([A_COMPLAINT], []) == ["R1 has no test"]
    assert page.faults([], [A_TEST]) == ["test_r.py: test_r1_it_does_not_fail names no complaint"]
    assert page.faults([A_COMPLAINT, A_COMPLAINT], [A_TEST, A_TEST]) == [
        "R1 stands in the table twice", "test_r1_it_does_not_fail is the name of two tests"]
    beyond_us = Complaint("R", 1, "It failed.", "", why_not="It is not ours.")
    assert page.faults([beyond_us], []) == []
    assert page.faults([beyond_us], [A_TEST]) == ["R1 has a test, and says why it has none"]
