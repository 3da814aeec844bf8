"""Grades in the words of a product line, and students without one (C10)."""

from __future__ import annotations

import pytest

from homeroom.products.rules import Rules
from tests.builders.oneroster import student
from tests.builders.snapshots import snapshot
from tests.unit.shape.shaping import one, shaped, told

WORDS = {"KG": "K", "05": "5", "07": "6 or above", "Other": "6 or above"}


@pytest.mark.parametrize(("grades", "levels"), [
    ("05", "5"), ("KG,05", "K,5"), ("07,Other", "6 or above"), ("Twelfth", "6 or above"), ("IT", None), ("", None),
])
def test_grades_become_words_of_the_line(grades: str, levels: str | None) -> None:
    desired = shaped(snapshot(students=[student("s-1", grades=grades)]), Rules(grade_words=WORDS))
    assert one(desired, "people", "s-1")["grade_levels"] == levels


def test_without_words_nothing_is_made() -> None:
    assert one(shaped(snapshot(), Rules(needs_grades=True)), "people", "s-1")["grade_levels"] is None


def test_a_student_without_a_grade_is_reported_and_kept() -> None:
    source = snapshot(students=[student("s-1", grades=""), student("s-2")])
    desired = shaped(source, Rules(needs_grades=True))
    assert told(desired, "PRD-08") == [("s-1", None, None)]
    assert desired.issues.filter(code="PRD-08").select("file", "line", "column").rows() == [("users", 3, "grades")]
    assert one(desired, "people", "s-1")["grades"] is None


def test_teachers_need_no_grade_and_products_that_need_none_hear_of_none() -> None:
    source = snapshot(students=[student("s-1", grades="")])
    assert told(shaped(source, Rules(grade_words=WORDS)), "PRD-08") == []
