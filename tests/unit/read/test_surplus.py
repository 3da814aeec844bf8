"""A comma too many at the end of a row is forgiven only where it is proven not to be one inside a value."""

from __future__ import annotations

import pytest

from homeroom.read.csv_exact import read_exact
from homeroom.read.header import read_header
from homeroom.read.layout import layout_of
from tests.builders.oneroster import HEADERS

START = {"users": "u-1,,,true,school-1,", "enrollments": "e-1,,,c-1,school-1,s-1,", "classes": "c-1,,,"}


def problem(stem: str, rest: str) -> str | None:
    """What is wrong with one row of that file, beside a row that is whole."""
    whole = "x" + "," * (len(HEADERS[stem]) - 1)
    data = "\n".join([",".join(HEADERS[stem]), whole, START[stem] + rest]).encode()
    frame = read_exact(data, read_header(data, layout_of(stem), f"{stem}.csv"), f"{stem}.csv")
    return frame["_problem"][1] if "_problem" in frame.columns else None


PROVEN = {
    "a teacher with an address": ("users", "teacher,Test Teacher,,Test,Teacher,Middle,,t@sample.example,,,,,,"),
    "a student with a grade": ("users", "student,s,{L:1},Test,Student,,7,s@sample.example,,555 01,g-1,09,,"),
    "several commas": ("users", "teacher,t,,Test,Teacher,,,t@sample.example,,,,,,,,"),
    "an enrollment with its dates": ("enrollments", "student,false,2026-08-15,2027-06-15,"),
    "an enrollment without dates": ("enrollments", "student,,,,"),
}
NOT_PROVEN = {
    "a comma in a name": ("users", "teacher,t,,Test,Teacher,Jr,,7,t@sample.example,,,,,"),
    "a comma and a space in a name": ("users", "teacher,t,,Test,Teacher, Jr,,7,t@sample.example,,,,,"),
    "a comma in a name without an address": ("users", "teacher,t,,Test,Teacher,Jr,,,,,,,,"),
    "a comma in a telephone number": ("users", "student,s,,Test,Student,,7,s@sample.example,,555,01,,09,"),
    "a comma in a list of organisations": ("users", "school-2,teacher,t,,Test,Teacher,,,t@sample.example,,,,,"),
    "a name that nothing of a known form follows": ("users", "teacher,t,,Test,Teacher,,,,,,,,,"),
    "a comma in a list of terms": ("classes", "Art,05,course-1,k,scheduled,,school-1,sem-1,sem-2,,,"),
    "a comma that moved dates out of their places": ("enrollments", "student,x,false,2026-08-15,"),
    "a cell that is filled beyond the last column": ("enrollments", "student,false,2026-08-15,2027-06-15,x"),
}


@pytest.mark.parametrize(("stem", "rest"), PROVEN.values(), ids=PROVEN.keys())
def test_a_row_is_taken(stem: str, rest: str) -> None:
    assert problem(stem, rest) is None


@pytest.mark.parametrize(("stem", "rest"), NOT_PROVEN.values(), ids=NOT_PROVEN.keys())
def test_t44_a_row_is_not_taken(stem: str, rest: str) -> None:
    assert problem(stem, rest) == "FIL-11"
