"""The page of what is proved: it can fail."""

from __future__ import annotations

from tests.sso.page import Proof, faults, text
from tests.sso.statements import STATEMENTS


def test_all_rows_of_the_three_lists_stand_in_the_table() -> None:
    letters = [row[0] for row in STATEMENTS]
    assert {letter: letters.count(letter) for letter in letters} == {"C": 50, "T": 44, "K": 15}


def test_a_row_without_test_or_reason_is_named() -> None:
    assert faults([], {}, {"C1": "something"}) == ["C1 has no test and no reason"]


def test_a_reason_beside_a_test_is_named() -> None:
    proof = Proof("C1", "sso/test_x.py", "test_y")
    assert faults([proof], {"C1": "not ours"}, {"C1": "something"}) == ["C1 has a test, and says why it has none"]


def test_a_test_of_no_row_is_named() -> None:
    assert faults([Proof("C99", "sso/test_x.py", "test_y")], {}, {}) == [
        "sso/test_x.py: test_y names C99, which is no row"]


def test_a_test_stands_beside_its_row() -> None:
    page = text([Proof("T13", "sso/test_x.py", "test_nothing_unsigned_is_taken")])
    assert "| T13 | `alg: none` | [`test_nothing_unsigned_is_taken`](../tests/sso/test_x.py) |" in page
