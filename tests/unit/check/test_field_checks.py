"""What is wrong in a cell names file, physical line, column and value, and takes out its own row only."""

from __future__ import annotations

from datetime import date

import pytest

from homeroom.check import Checked, by_code, check
from homeroom.model.entities import BY_FILE
from tests.builders.oneroster import Row, course, enrollment, klass, org, student, teacher, term
from tests.builders.snapshots import STEMS, found, record, snapshot

FIRST_STUDENT = 3
"""Line of the first student: the header is line 1, the teacher stands before the students."""


def people(**cells: str) -> Checked:
    return check(snapshot(students=[student("s-1", **cells), student("s-2")]))


def test_a_blank_required_cell_takes_out_its_row_only() -> None:
    checked = people(givenName="")
    assert found(checked, "FLD-01") == [("users", FIRST_STUDENT, "givenName", None)]
    assert checked.entities["people"].records["source_id"].to_list() == ["t-1", "s-2"]
    assert checked.entities["people"].unusable.to_list() == ["s-1"]


REQUIRED = [(stem, f.column) for stem in STEMS for f in BY_FILE[stem].fields if f.required]


def test_every_required_column_of_every_file_is_required() -> None:
    """For each required column, one row without it."""
    rows: dict[str, Row] = {"orgs": org("x"), "academicSessions": term("x"), "courses": course("x"),
                            "classes": klass("x"),
                            "users": student("x"), "enrollments": {**enrollment("s-1", "c-1"), "sourcedId": "x"}}
    blank: dict[str, list[Row]] = {stem: [] for stem in STEMS}
    for stem, column in REQUIRED:
        blank[stem].append({**rows[stem], "sourcedId": column, "username": column, column: ""})
    checked = check(snapshot(
        orgs=[org("d-1", type="district", parentSourcedId=""), org("school-1"), *blank["orgs"]],
        terms=[term("y-27", parentSourcedId=""), term("sem-1"), *blank["academicSessions"]],
        courses=[course("course-1"), *blank["courses"]], classes=[klass("c-1"), *blank["classes"]],
        students=[student("s-1"), *blank["users"]], enrollments=[enrollment("t-1", "c-1"), *blank["enrollments"]],
    ))
    assert sorted((file, column) for file, _, column, _ in found(checked, "FLD-01")) == sorted(REQUIRED)
    assert len(REQUIRED) > 20


def test_a_cell_of_white_space_is_blank() -> None:
    assert [column for _, _, column, _ in found(people(givenName="   "), "FLD-01")] == ["givenName"]


def test_a_person_in_no_organisation_but_commas_is_not_taken() -> None:
    checked = people(orgSourcedIds=" , ,")
    assert [column for _, _, column, _ in found(checked, "FLD-01")] == ["orgSourcedIds"]
    assert record(checked, "people", "s-1") is None


def test_a_row_without_an_id_is_not_taken_and_is_nobodys_row() -> None:
    checked = check(snapshot(students=[student("", username="lost"), student("s-2")], enrollments=[]))
    assert found(checked, "FLD-01") == [("users", FIRST_STUDENT, "sourcedId", None)]
    assert checked.entities["people"].unusable.to_list() == []
    assert checked.entities["people"].read.errors == 1


def test_two_rows_without_an_id_are_two_errors_and_no_repeats() -> None:
    lost = student("", username="lost")
    read = check(snapshot(students=[lost, dict(lost), student("s-2")], enrollments=[])).entities["people"].read
    assert (read.read, read.valid, read.errors) == (4, 2, 2)


def test_outer_white_space_is_dropped_and_inner_stays() -> None:
    checked = check(snapshot(students=[student(" s-1 ", familyName="  Van  Sample ")],
                             also=[enrollment("s-1", "c-1", school=" school-1")]))
    taken = record(checked, "people", "s-1")
    assert taken is not None
    assert taken["family_name"] == "Van  Sample"
    assert "REF-01" not in by_code(checked.issues)


def test_ids_are_compared_exactly() -> None:
    """Equal up to case is not equal, and odd signs are part of the id (trap T31)."""
    odd = ["S-1", "s-1", "s 1", "s#1", "s|1", "s/1@x", "ş-1", "s-1\u0301"]
    rows = [student(id, username=f"user {n}", email="") for n, id in enumerate(odd)]
    checked = check(snapshot(students=rows, enrollments=[enrollment(id, "c-1") for id in odd]))
    assert by_code(checked.issues) == {"REF-05": 1, "REF-06": 1}
    assert checked.entities["people"].records["source_id"].to_list() == ["t-1", *odd]


@pytest.mark.parametrize(("column", "written", "code"), [("role", "pupil", "FLD-07"), ("givenName", "", "FLD-01")])
def test_a_row_in_error_is_present_but_unusable(column: str, written: str, code: str) -> None:
    checked = people(**{column: written})
    assert found(checked, code) == [("users", FIRST_STUDENT, column, written or None)]
    assert checked.entities["people"].unusable.to_list() == ["s-1"]


def test_an_unknown_role_of_an_enrollment_takes_out_the_row() -> None:
    other = {**enrollment("t-1", "c-1", role="pupil"), "sourcedId": "e-9"}
    checked = check(snapshot(students=[], also=[other]))
    assert found(checked, "FLD-07") == [("enrollments", 3, "role", "pupil")]
    assert checked.entities["enrollments"].unusable.to_list() == ["e-9"]


def test_roles_beyond_student_and_teacher_are_stored_in_enrollments() -> None:
    roles = ["aide", "guardian", "parent", "relative", "administrator", "proctor"]
    also = [{**enrollment("t-1", "c-1", role=role), "sourcedId": role} for role in roles]
    stored = check(snapshot(also=also)).entities["enrollments"].records
    assert [role for role in stored["role"] if role in roles] == roles


def test_a_dropped_value_leaves_the_rest_of_the_row() -> None:
    checked = people(email="nobody", grades="UI", enabledUser="yes")
    taken = record(checked, "people", "s-1")
    assert taken is not None
    assert (taken["email"], taken["grades"], taken["enabled"]) == (None, "Other", True)
    assert found(checked, "FLD-04") == [("users", FIRST_STUDENT, "email", "nobody")]
    assert found(checked, "FLD-03") == [("users", FIRST_STUDENT, "grades", "UI")]
    assert found(checked, "FLD-02") == [("users", FIRST_STUDENT, "enabledUser", "yes")]


def test_an_id_that_is_too_long_takes_out_the_row() -> None:
    checked = check(snapshot(students=[student("i" * 255), student("i" * 256, username="other")], enrollments=[]))
    assert found(checked, "FLD-08") == [("users", 4, "sourcedId", None)]
    assert record(checked, "people", "i" * 255) is not None
    assert record(checked, "people", "i" * 256) is None


def test_a_begin_after_the_end_drops_both_dates_and_is_noted_once() -> None:
    checked = check(snapshot(enrollments=[enrollment("s-1", "c-1", beginDate="2027-06-16"),
                                          enrollment("s-2", "c-1", beginDate="2027-06-15")]))
    assert found(checked, "FLD-06") == [("enrollments", 2, "beginDate", "2027-06-16")]
    first, second = checked.entities["enrollments"].records.rows(named=True)
    assert (first["begin_date"], first["end_date"]) == (None, None)
    assert (second["begin_date"], second["end_date"]) == (date(2027, 6, 15), date(2027, 6, 15))


def test_what_is_wrong_in_a_removed_row_is_nobodys_issue() -> None:
    removed = enrollment("s-1", "c-1", beginDate="2027-06-16", role="pupil", primary="maybe", status="tobedeleted")
    checked = check(snapshot(enrollments=[enrollment("t-1", "c-1", role="teacher"), enrollment("s-2", "c-1"), removed]))
    assert by_code(checked.issues) == {"REF-06": 1}


def test_metadata_columns_are_kept_as_json_whatever_they_hold() -> None:
    rows = [{**student("s-1"), "metadata.house": 'The "Blue" house', 'metadata.odd"name': "é, ñ"}, student("s-2")]
    checked = check(snapshot(students=rows))
    first, second = record(checked, "people", "s-1"), record(checked, "people", "s-2")
    assert first is not None
    assert second is not None
    assert first["metadata"] == '{"house":"The \\"Blue\\" house","odd\\"name":"é, ñ"}'
    assert second["metadata"] is None


def test_columns_that_the_source_does_not_have_are_null() -> None:
    source = snapshot()
    source.frames["users"].drop_in_place("phone")
    taken = record(check(source), "people", "s-1")
    assert taken is not None
    assert taken["phone"] is None


def test_several_wrong_cells_of_one_row_are_several_issues_and_one_error() -> None:
    checked = people(givenName="", role="pupil", email="nobody")
    assert by_code(checked.issues) == {"FLD-01": 1, "FLD-04": 1, "FLD-07": 1, "REF-07": 1}
    assert checked.entities["people"].read.errors == 1


def test_a_row_is_reported_by_the_physical_line_that_the_reader_gave_it() -> None:
    far = {**teacher("t-1", email="nobody"), "_line": 4711}
    assert found(check(snapshot(teachers=[far])), "FLD-04") == [("users", 4711, "email", "nobody")]


def test_a_malformed_row_is_one_issue_whatever_its_cells_hold() -> None:
    """FIL-11: the cells of a row with too few or too many of them can not be trusted."""
    torn = {**student("s-1", role="pupil", givenName="", grades="UI"), "_problem": "FIL-11"}
    checked = check(snapshot(students=[torn, student("s-2")]))
    assert found(checked, "FIL-11") == [("users", FIRST_STUDENT, None, None)]
    assert by_code(checked.issues) == {"FIL-11": 1, "REF-07": 1}
    assert checked.entities["people"].unusable.to_list() == ["s-1"]


def test_a_malformed_row_without_an_id_is_one_issue_too() -> None:
    torn = {**student("", beginDate="x"), "_problem": "FIL-11"}
    checked = check(snapshot(students=[torn, student("s-2")]))
    assert by_code(checked.issues) == {"FIL-11": 1}


def test_a_malformed_enrollment_points_to_nobody_without_being_blamed_for_it() -> None:
    torn = {**enrollment("nobody", "nowhere"), "_problem": "FIL-11", "beginDate": "2028-01-01"}
    checked = check(snapshot(also=[torn]))
    assert by_code(checked.issues) == {"FIL-11": 1}
    assert checked.unresolved == 0
