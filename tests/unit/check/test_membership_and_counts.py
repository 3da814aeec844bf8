"""Classes and their members together, and what the counts of design 9 mean."""

from __future__ import annotations

from homeroom.check import by_code, check
from homeroom.model.issues import CATALOGUE, Issue
from homeroom.model.plan import EntityRead
from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import enrollment, guardian, klass, student, teacher
from tests.builders.snapshots import found, shuffled, snapshot


def test_a_class_without_a_teacher_is_taken_with_a_warning() -> None:
    checked = check(snapshot(classes=[klass("c-1"), klass("c-2")], also=[enrollment("s-1", "c-2")]))
    assert found(checked, "REF-05") == [("classes", 3, None, None)]
    assert checked.entities["classes"].read == EntityRead(read=2, valid=2, errors=0, warnings=1)


def test_a_class_whose_only_teacher_is_in_error_has_a_teacher() -> None:
    assert "REF-05" not in by_code(check(snapshot(teachers=[teacher("t-1", givenName="")])).issues)


def test_a_class_whose_only_teacher_leaves_has_none() -> None:
    rows = [enrollment("t-1", "c-1", role="teacher", status="tobedeleted"), enrollment("s-1", "c-1"),
            enrollment("s-2", "c-1")]
    assert by_code(check(snapshot(enrollments=rows)).issues) == {"REF-05": 1, "REF-06": 1}


def test_students_and_teachers_in_no_class_are_noted_and_others_are_not() -> None:
    staff = [teacher("t-1"), teacher("t-2"), teacher("a-1", role="administrator")]
    checked = check(snapshot(teachers=staff, guardians=[guardian("g-1")],
                             enrollments=[enrollment("t-1", "c-1", role="teacher"), enrollment("s-1", "c-1")]))
    assert found(checked, "REF-06") == [("users", 3, None, None), ("users", 6, None, None)]
    assert checked.entities["people"].read.warnings == 0
    assert checked.verdict == "clean"


def test_a_person_with_two_roles_in_a_class_keeps_both_with_a_warning() -> None:
    """Trap T24."""
    checked = check(snapshot(also=[{**enrollment("t-1", "c-1"), "sourcedId": "e-9"}]))
    assert found(checked, "DUP-04") == [("enrollments", 2, "role", "teacher"), ("enrollments", 5, "role", "student")]
    assert checked.entities["enrollments"].read == EntityRead(read=4, valid=4, errors=0, warnings=2)


def test_a_person_with_a_good_role_and_an_unknown_one_in_a_class_has_one_role() -> None:
    checked = check(snapshot(also=[{**enrollment("t-1", "c-1", role="pupil"), "sourcedId": "e-9"}]))
    assert by_code(checked.issues) == {"FLD-07": 1}


def test_several_primary_teachers_are_all_kept() -> None:
    both = [enrollment(t, "c-1", role="teacher", primary="true") for t in ("t-1", "t-2")]
    checked = check(snapshot(teachers=[teacher("t-1"), teacher("t-2")], students=[], enrollments=both))
    assert by_code(checked.issues) == {}
    assert checked.entities["enrollments"].records["primary"].to_list() == [True, True]


def test_errors_and_warnings_count_rows_and_codes_count_cells() -> None:
    """One row with three faults is one error; a row in error is no warning; repeats are neither valid nor errors."""
    rows = [
        student("s-1", givenName="", role="pupil", email="nobody"), student("s-2", email="nobody", grades="UI"),
        student("s-3", email="nobody"), student("s-3", email="nobody"), student("s-4"), student("s-4"),
        student("s-5"), student("s-5", givenName="Other"),
    ]
    checked = check(snapshot(students=rows, enrollments=[enrollment("t-1", "c-1", role="teacher")]))
    assert checked.entities["people"].read == EntityRead(read=9, valid=4, errors=3, warnings=2)
    assert by_code(checked.issues) == {
        "DUP-01": 2, "DUP-02": 2, "FLD-01": 1, "FLD-03": 1, "FLD-04": 4, "FLD-07": 1, "REF-06": 3,
    }


def test_folded_rows_are_errors_and_are_counted_by_their_code() -> None:
    checked = check(snapshot(students=[student("s-1", givenName="", agentSourcedIds="g-1"), student("s-2")],
                             guardians=[guardian("g-1")], also=[{**enrollment("s-1", "c-1"), "sourcedId": "e-9"}]))
    assert by_code(checked.issues) == {"FLD-01": 1, "REF-07": 3}
    assert checked.entities["enrollments"].read == EntityRead(read=4, valid=2, errors=2, warnings=0)
    assert checked.entities["contacts"].read == EntityRead(read=1, valid=0, errors=1, warnings=0)


def test_removed_rows_are_valid() -> None:
    read = check(snapshot(students=[student("s-1", status="tobedeleted")])).entities["people"].read
    assert read == EntityRead(read=2, valid=2, errors=0, warnings=0)


def test_rows_that_a_delta_took_over_have_no_line_and_are_counted_all_the_same() -> None:
    rows = [student(f"s-{n}", email="nobody") | {"_line": None} for n in (1, 2)]  # type: ignore[dict-item]
    checked = check(snapshot(students=rows, guardians=[guardian("g-1", agentSourcedIds="s-1,s-2")]))
    assert checked.entities["people"].read == EntityRead(read=4, valid=4, errors=0, warnings=2)
    assert checked.entities["contacts"].read.read == 2


def test_the_verdict_is_the_worst_of_what_was_found() -> None:
    assert check(snapshot()).verdict == "clean"
    assert check(snapshot(students=[student("s-1", email="nobody")])).verdict == "warnings"
    assert check(snapshot(students=[student("s-1", email="nobody", role="")])).verdict == "errors"


def test_issues_of_the_reader_stand_beside_those_of_the_rows() -> None:
    plain = snapshot(students=[student("s-1", email="nobody")])
    read = Issue("FIL-08", "not UTF-8", file="users.csv", line=3)
    checked = check(Snapshot("test", plain.frames, plain.modes, "test", issues=(read,)))
    assert by_code(checked.issues) == {"FIL-08": 1, "FLD-04": 1}
    assert found(checked, "FIL-08") == [("users.csv", 3, None, None)]


def test_every_issue_has_a_code_of_the_catalogue_and_its_words() -> None:
    rows = [student("s-1", givenName="", email="x"), student("s-2", grades="UI", orgSourcedIds="nowhere")]
    issues = check(snapshot(students=rows)).issues
    assert issues.height > 3
    assert all(text == CATALOGUE[code].meaning for code, text in issues.select("code", "text").iter_rows())


def test_the_order_of_rows_does_not_matter_to_the_counts() -> None:
    rows = [student(f"s-{n}", email="x" if n % 2 else "", givenName="" if n % 3 == 0 else "Test") for n in range(20)]
    source = snapshot(students=[*rows, *rows[:4]], guardians=[guardian("g-1", agentSourcedIds="s-1,s-2,s-3")])
    first = check(source)
    for seed in (1, 2, 3):
        again = check(shuffled(source, seed))
        assert by_code(again.issues) == by_code(first.issues)
        assert {n: e.read for n, e in again.entities.items()} == {n: e.read for n, e in first.entities.items()}
