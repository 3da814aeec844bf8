"""Complaints about one bad row that broke the rest, or looked like many. Numbers are those of `complaints_r`."""

from __future__ import annotations

import pytest

from tests.builders.oneroster import Files, Row, district, enrollment, small_district, student
from tests.builders.town import students, town, with_changed, with_new_students
from tests.conformance.lab import CsvLab, codes, counts, rest, tripped
from tests.fakes.oneroster_service import Service

SMALL = town({"school-1": 3})
"""63 people."""


def test_r5_a_person_who_stands_in_a_class_twice_does_not_stop_the_rest_of_the_class() -> None:
    lab = CsvLab()
    files = district().with_row("enrollments", enrollment("t-1", "c-1") | {"sourcedId": "e-t-1-as-student"})
    record = lab.lands(files.with_student("s-new", classes=["c-1"]).files)
    assert record.outcome in ("applied", "applied with issues")
    assert codes(record)["DUP-04"] == 2
    of_class = [item for item in lab.items("enrollments").values() if item["class"] == "c-1"]
    assert {item["person"] for item in of_class} == {"t-1", "s-1", "s-5", "s-9", "s-2", "s-new"}
    assert {item["role"] for item in of_class if item["person"] == "t-1"} >= {"teacher"}


@pytest.mark.parametrize("column", ["familyName", "givenName", "role"])
def test_r6_one_record_with_a_null_costs_that_record_alone(column: str) -> None:
    service = Service(small_district(), nulls=True)
    with rest(service) as lab:
        lab.run()
        grown = district().with_student("s-null", classes=["c-1"], **{column: ""}).with_student("s-new")
        service.rows = grown.files
        record = lab.run()
        assert record.outcome in ("applied", "applied with issues")
        assert (counts(record, "people")["errors"], counts(record, "people")["archived"]) == (1, 0)
        assert "s-new" in lab.active("people")
        assert "s-null" not in lab.active("people")
        found = [issue for issue in lab.issues(record) if issue["source_id"] == "s-null"]
        assert [issue["column"] for issue in found if issue["entity"] == "people"] == [column]


def test_r7_a_sync_every_hour_makes_no_user_without_a_name() -> None:
    lab = CsvLab()
    before = lab.active("people")
    nameless = district()
    for n in range(9):
        nameless = nameless.with_row("users", student(f"s-empty-{n}", givenName="", familyName="", username=""))
    for hour in range(3):
        record = lab.lands(nameless.with_student(f"s-{hour}-oclock").files)
        assert counts(record, "people")["created"] == 1
        assert counts(record, "people")["errors"] == 9
    assert lab.active("people") == before | {"s-2-oclock"}


def test_r7_more_new_users_than_ever_before_wait_for_a_look() -> None:
    lab = CsvLab(SMALL)
    before = lab.table
    held = lab.lands(with_new_students(SMALL, 110))
    assert (held.outcome, tripped(held)) == ("held", ["GRD-08"])
    assert lab.table == before


def in_any_order(rows: list[Row], reverse: bool) -> list[Row]:
    return rows[::-1] if reverse else rows


@pytest.mark.parametrize("reverse", [False, True])
def test_r24_a_row_that_deletes_a_duplicate_does_not_remove_the_real_person(reverse: bool) -> None:
    """Two records of one login: the older is deleted, the newer is active. In either order the person stays."""
    lab = CsvLab()
    double = student("s-double", username="user.s-3", status="tobedeleted")
    rows = [{"sourcedId": "s-3", "status": "active", **student("s-3", grades="06")}, double]
    lab.delta(users=in_any_order(rows, reverse))
    assert "s-3" in lab.active("people")
    assert lab.items("people")["s-3"]["grades"] == ["06"]
    assert lab.archived("people") == set()


@pytest.mark.parametrize("reverse", [False, True])
def test_r24_rows_of_one_id_that_contradict_each_other_change_nothing(reverse: bool) -> None:
    lab = CsvLab()
    before = lab.items("people")["s-3"]
    files = small_district()
    files["users"] = in_any_order([*files["users"], student("s-3", familyName="Another")], reverse)
    record = lab.lands(files)
    assert codes(record)["DUP-01"] >= 1
    assert lab.items("people")["s-3"]["family_name"] == before["family_name"]
    assert lab.archived("people") == set()


def test_r47_a_header_in_another_case_is_read_and_told() -> None:
    lab = CsvLab()
    before = lab.table
    record = lab.lands(small_district(), renamed={"sourcedId": "SourcedID", "familyName": "FAMILYNAME"})
    assert record.outcome == "nothing to change"
    assert codes(record)["FIL-10"] >= 1
    assert lab.table == before


@pytest.mark.parametrize("column", ["sourcedId", "role", "userSourcedId", "classSourcedId"])
def test_r47_a_renamed_header_is_refused_and_never_looks_like_everybody_leaving(column: str) -> None:
    lab = CsvLab()
    before = lab.table
    record = lab.lands(small_district(), renamed={column: "Local Number"})
    assert (record.outcome, record.code, record.owner) == ("failed", "FIL-04", "district")
    assert column in record.text
    assert (lab.table, lab.archived("people")) == (before, set())


def another_person(files: Files, one: str) -> Files:
    return district(files).with_cells(
        "users", one, givenName="Quite", familyName="Another", username="quite.another", identifier="999999",
        email="quite.another@sample.example").files


def test_r48_an_id_that_was_used_again_overwrites_nobody() -> None:
    lab = CsvLab()
    before = lab.items("people")["s-1"]
    record = lab.lands(another_person(small_district(), "s-1"))
    assert codes(record)["IDN-01"] == 1
    assert lab.items("people")["s-1"] == before
    assert not [item for item in lab.table.values() if item.get("username") == "quite.another"]


def test_r48_many_ids_that_mean_other_people_hold_the_run() -> None:
    lab = CsvLab(SMALL)
    before = lab.table
    dealt = with_changed(SMALL, "users", students(SMALL)[:25], lambda row: row | {
        "identifier": f"another-{row['sourcedId']}"})
    held = lab.lands(dealt)
    assert (held.outcome, tripped(held)) == ("held", ["GRD-07"])
    assert lab.table == before
