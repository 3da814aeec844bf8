"""A cell is read by the kind of its field: spellings of words, flags, dates, years, grades, lists, addresses."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from homeroom.check.cells import Cells, read_cells
from homeroom.model.entities import CLASSES, COURSES, ENROLLMENTS, PEOPLE, TERMS, Field
from homeroom.model.vocabulary import GRADES

ENABLED, ROLE, EMAIL, GRADE = (PEOPLE.field(name) for name in ("enabled", "role", "email", "grades"))
BEGIN, PRIMARY = ENROLLMENTS.field("begin_date"), ENROLLMENTS.field("primary")
YEAR = TERMS.field("school_year")


def cells(field: Field, *texts: str | None) -> Cells:
    return read_cells(field, pl.Series(field.column, texts, dtype=pl.String))


def read(field: Field, text: str | None) -> object:
    return cells(field, text).column.to_list()[0]


def codes(field: Field, text: str | None) -> list[str]:
    return [finding.code for finding in cells(field, text).findings if finding.rows[0]]


@pytest.mark.parametrize("written", ["true", "TRUE", "True", "1", " true "])
def test_true_is_true_in_any_spelling(written: str) -> None:
    assert (read(ENABLED, written), codes(ENABLED, written)) == (True, [])


@pytest.mark.parametrize("written", ["false", "FALSE", "0"])
def test_false_is_false_in_any_spelling(written: str) -> None:
    assert (read(ENABLED, written), codes(ENABLED, written)) == (False, [])


def test_enabled_that_is_neither_true_nor_false_counts_as_true_with_a_warning() -> None:
    assert (read(ENABLED, "yes"), codes(ENABLED, "yes")) == (True, ["FLD-02"])


def test_primary_that_is_neither_true_nor_false_is_dropped_with_a_warning() -> None:
    assert (read(PRIMARY, "maybe"), codes(PRIMARY, "maybe")) == (None, ["FLD-02"])


@pytest.mark.parametrize(("written", "word"),
                         [("Scheduled", "scheduled"), ("HOMEROOM", "homeroom"), ("home_room", "homeroom")])
def test_words_are_compared_without_case_and_signs(written: str, word: str) -> None:
    assert read(CLASSES.field("type"), written) == word


def test_an_unknown_word_is_dropped_with_a_warning() -> None:
    assert (read(CLASSES.field("type"), "club"), codes(CLASSES.field("type"), "club")) == (None, ["FLD-02"])


@pytest.mark.parametrize(
    ("written", "role"),
    [("Teacher", "teacher"), ("districtAdministrator", "administrator"), ("principal", "administrator"),
     ("counselor", "aide")],
)
def test_roles_of_oneroster_12_are_those_of_11(written: str, role: str) -> None:
    assert (read(ROLE, written), codes(ROLE, written)) == (role, [])


def test_an_unknown_role_is_an_error() -> None:
    wrong = cells(ROLE, "student", "pupil").findings
    assert [(f.code, f.error, f.rows.to_list()) for f in wrong] == [("FLD-07", True, [False, True])]


@pytest.mark.parametrize("code", GRADES.words)
def test_every_grade_code_is_itself(code: str) -> None:
    assert (read(GRADE, code), codes(GRADE, code)) == (code, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [("9", "09"), ("K", "KG"), ("KF", "KG"), ("Grade 9", "09"), ("grade 12", "12"), ("Kindergarten", "KG"),
     ("10", "10"), ("k,1", "KG,01")],
)
def test_common_spellings_of_grades_are_known(written: str, code: str) -> None:
    assert (read(GRADE, written), codes(GRADE, written)) == (code, [])


def test_an_unknown_grade_becomes_other_with_a_warning() -> None:
    assert (read(GRADE, "05,UI"), codes(GRADE, "05,UI")) == ("05,Other", ["FLD-03"])


@pytest.mark.parametrize("written", ["2026-09-01", "2026-09-01 00:00", "2026-09-01T23:59:59.000Z"])
def test_a_date_is_the_calendar_day_as_written(written: str) -> None:
    assert (read(BEGIN, written), codes(BEGIN, written)) == (date(2026, 9, 1), [])


@pytest.mark.parametrize(
    "written", ["08/15/2026", "2026-02-30", "2026-9-1", "20260901", "0000-01-01", "2026-13-01", "soon",
                "２０２６-09-01"]
)
def test_an_impossible_date_is_dropped_with_a_warning(written: str) -> None:
    assert (read(BEGIN, written), codes(BEGIN, written)) == (None, ["FLD-06"])


@pytest.mark.parametrize("written", ["2026-2027", "2026/2027", "2026 - 2027"])
def test_a_school_year_of_two_years_is_the_one_in_which_it_ends(written: str) -> None:
    assert (read(YEAR, written), codes(YEAR, written)) == ("2027", ["FLD-02"])


@pytest.mark.parametrize("written", ["next", "27", "２０２７"])
def test_a_school_year_that_is_none_is_dropped(written: str) -> None:
    assert (read(YEAR, written), codes(YEAR, written)) == (None, ["FLD-02"])


def test_items_of_lists_are_trimmed_and_empty_ones_left_out() -> None:
    assert read(COURSES.field("subjects"), " Science, Physics,, ") == "Science,Physics"


def test_repeated_subjects_stay_because_their_codes_are_paired_by_position() -> None:
    assert read(COURSES.field("subjects"), "Science,Science") == "Science,Science"


def test_an_organisation_named_twice_is_one() -> None:
    assert read(PEOPLE.field("orgs"), "school-1, school-1") == "school-1"


@pytest.mark.parametrize("written", [",", ", ,", None])
def test_a_required_list_without_an_item_is_missing(written: str | None) -> None:
    assert (read(PEOPLE.field("orgs"), written), codes(PEOPLE.field("orgs"), written)) == (None, ["FLD-01"])


@pytest.mark.parametrize(
    "address", ["jo", "jo@", "@sample.example", "jo@sample", "jo@@sample.example", "j o@sample.example",
                "jo@sample..example",
                "a@sample.example,b@sample.example"],
)
def test_a_malformed_address_is_dropped_with_a_warning(address: str) -> None:
    assert (read(EMAIL, address), codes(EMAIL, address)) == (None, ["FLD-04"])


@pytest.mark.parametrize("address", ["jo@sample.example", "j.o+x@mail.sample.example", "josé@sample.example", None])
def test_a_well_formed_or_blank_address_is_no_issue(address: str | None) -> None:
    assert (read(EMAIL, address), codes(EMAIL, address)) == (address, [])


def test_a_long_text_is_cut_to_255_characters_with_a_warning() -> None:
    name = PEOPLE.field("family_name")
    assert (read(name, "ß" * 256), codes(name, "ß" * 256)) == ("ß" * 255, ["FLD-05"])
    assert (read(name, "ß" * 255), codes(name, "ß" * 255)) == ("ß" * 255, [])


def test_a_reference_of_255_bytes_is_an_id_and_one_more_is_not() -> None:
    klass = ENROLLMENTS.field("class")
    assert (codes(klass, "c" * 255), codes(klass, "c" * 256)) == ([], ["FLD-08"])


@pytest.mark.parametrize("field", [*PEOPLE.fields, *TERMS.fields, *ENROLLMENTS.fields], ids=lambda f: f.name)
def test_a_column_without_any_value_is_read_as_nulls_of_its_kind(field: Field) -> None:
    column = cells(field, None, None).column
    assert column.to_list() == [None, None]
    assert column.dtype == {"flag": pl.Boolean, "date": pl.Date}.get(field.kind, pl.String)
    assert cells(field).column.dtype == column.dtype


@pytest.mark.parametrize("field", [ENABLED, ROLE, BEGIN, YEAR, GRADE, EMAIL, PEOPLE.field("orgs")],
                         ids=lambda f: f.name)
@pytest.mark.parametrize("sign", ["\x1c", "\x1f", "\u00a0", "\u3000", "\u200b", "\t", "\x00", "é", "'", "#", "|"])
def test_no_sign_of_unicode_stops_the_check(field: Field, sign: str) -> None:
    assert len(cells(field, f"{sign}true{sign}", sign, "2026-09-01" + sign).column) == 3


def test_many_spellings_are_read_as_well_as_few() -> None:
    """More than fifty wrong spellings take another way through the engine."""
    wrong = [f"pupil {n}" for n in range(200)]
    found = cells(ROLE, "student", *wrong, None).findings
    assert [(f.code, int(f.rows.sum())) for f in found] == [("FLD-01", 1), ("FLD-07", 200)]
    assert found[1].rows.to_list() == [False] + [True] * 200 + [False]
