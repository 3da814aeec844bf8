"""Rows that share an id: identical ones count once, different ones are taken from none of them (trap T30)."""

from __future__ import annotations

from homeroom.check import by_code, check
from tests.builders.oneroster import enrollment, guardian, student
from tests.builders.snapshots import found, record, snapshot


def test_identical_rows_count_once() -> None:
    checked = check(snapshot(students=[student("s-1"), student("s-2"), student("s-1"), student("s-1")], enrollments=[]))
    assert found(checked, "DUP-02") == [("users", 5, "sourcedId", "s-1"), ("users", 6, "sourcedId", "s-1")]
    assert checked.entities["people"].records["source_id"].to_list() == ["t-1", "s-1", "s-2"]
    read = checked.entities["people"].read
    assert (read.read, read.valid, read.errors) == (5, 3, 0)


def test_rows_of_one_id_with_different_content_are_taken_from_none() -> None:
    rows = [student("s-1"), student("s-2"), student("s-1", givenName="Other")]
    checked = check(snapshot(students=rows, enrollments=[]))
    assert found(checked, "DUP-01") == [("users", 3, "sourcedId", "s-1"), ("users", 5, "sourcedId", "s-1")]
    assert checked.entities["people"].records["source_id"].to_list() == ["t-1", "s-2"]
    assert checked.entities["people"].unusable.to_list() == ["s-1"]
    read = checked.entities["people"].read
    assert (read.read, read.valid, read.errors) == (4, 2, 2)


def test_two_equal_rows_and_a_third_are_all_in_doubt() -> None:
    rows = [student("s-1"), student("s-1"), student("s-1", givenName="Other")]
    checked = check(snapshot(students=rows, enrollments=[]))
    assert by_code(checked.issues)["DUP-01"] == 3
    assert "DUP-02" not in by_code(checked.issues)
    assert checked.entities["people"].read.errors == 3


def test_rows_that_are_read_the_same_are_the_same() -> None:
    rows = [student("s-1", grades="5", enabledUser="TRUE"), student("s-1", grades="05 ", enabledUser="true")]
    rows[1]["sourcedId"] = " s-1"
    checked = check(snapshot(students=rows, enrollments=[]))
    assert by_code(checked.issues)["DUP-02"] == 1
    assert record(checked, "people", "s-1") is not None


def test_rows_that_differ_in_their_guardians_only_differ() -> None:
    """Otherwise the order of the rows would decide whose guardian stays."""
    rows = [student("s-1", agentSourcedIds="g-1"), student("s-1", agentSourcedIds="g-2")]
    checked = check(snapshot(students=rows, guardians=[guardian("g-1"), guardian("g-2")], enrollments=[]))
    assert by_code(checked.issues)["DUP-01"] == 2
    assert record(checked, "people", "s-1") is None


def test_the_same_guardians_spelled_in_another_way_are_the_same() -> None:
    rows = [student("s-1", agentSourcedIds="g-1,g-2"), student("s-1", agentSourcedIds=" g-1 , g-2 ")]
    checked = check(snapshot(students=rows, guardians=[guardian("g-1"), guardian("g-2")], enrollments=[]))
    assert by_code(checked.issues)["DUP-02"] == 1
    assert checked.entities["contacts"].records["source_id"].to_list() == ["s-1|g-1", "s-1|g-2"]


def test_one_row_removed_and_one_active_are_in_doubt() -> None:
    checked = check(snapshot(students=[student("s-1"), student("s-1", status="tobedeleted")], enrollments=[]))
    assert by_code(checked.issues)["DUP-01"] == 2
    assert checked.entities["people"].unusable.to_list() == ["s-1"]
    assert checked.entities["people"].gone.to_list() == []


def test_identical_rows_in_error_are_errors_each_and_no_repeats() -> None:
    checked = check(snapshot(students=[student("s-1", givenName=""), student("s-1", givenName="")], enrollments=[]))
    assert by_code(checked.issues)["FLD-01"] == 2
    read = checked.entities["people"].read
    assert (read.read, read.valid, read.errors) == (3, 1, 2)


def test_a_good_row_and_a_broken_row_of_one_id_are_in_doubt() -> None:
    checked = check(snapshot(students=[student("s-1"), student("s-1", givenName="")], enrollments=[]))
    assert by_code(checked.issues)["DUP-01"] == 2
    assert record(checked, "people", "s-1") is None


def test_one_id_in_two_files_is_no_duplicate() -> None:
    checked = check(snapshot(students=[student("c-1", username="x")], enrollments=[enrollment("c-1", "c-1")]))
    assert not {"DUP-01", "DUP-02"} & set(by_code(checked.issues))


def test_many_enrollments_of_one_person_in_one_class_are_all_kept() -> None:
    """One row for each term is usual (trap T23); each has an id of its own."""
    twice = [{**enrollment("s-1", "c-1"), "sourcedId": f"e-{n}"} for n in (1, 2)]
    checked = check(snapshot(enrollments=[enrollment("t-1", "c-1", role="teacher"), *twice]))
    assert {"e-1", "e-2"} <= set(checked.entities["enrollments"].records["source_id"])
    assert not {"DUP-01", "DUP-02", "DUP-04"} & set(by_code(checked.issues))
