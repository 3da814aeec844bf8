"""Columns are found by name: any order, any case, known other spellings; what is missing is named."""

from __future__ import annotations

import pytest

from homeroom.errors import SourceUnusable
from homeroom.read.header import Header, read_header
from homeroom.read.layout import layout_of
from tests.builders.oneroster import HEADERS, USERS_12


def header(text: str, stem: str = "orgs", *, roles_apart: bool = False) -> Header:
    return read_header(text.encode(), layout_of(stem, roles_apart=roles_apart), f"{stem}.csv")


def found(head: Header) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.column) for issue in head.issues]


@pytest.mark.parametrize("stem", ["orgs", "academicSessions", "courses", "classes", "users", "enrollments", "roles"])
def test_the_columns_of_the_book_are_all_known(stem: str) -> None:
    head = header(",".join(HEADERS[stem]) + "\n", stem)
    assert head.missing == ()
    assert head.issues == ()
    assert head.width == len(HEADERS[stem])


def test_the_columns_of_users_in_12_are_all_known() -> None:
    head = header(",".join(USERS_12) + "\n", "users", roles_apart=True)
    assert head.missing == ()
    assert head.issues == ()


def test_c02_columns_are_mapped_by_name() -> None:
    head = header("type,parentSourcedId,name,sourcedId\n")
    assert dict(head.columns) == {"sourcedId": 3, "name": 2, "type": 0, "parentSourcedId": 1}
    assert list(head.columns) == ["sourcedId", "name", "type", "parentSourcedId"]


@pytest.mark.parametrize("name", ["SOURCEDID", "sourcedid", "Sourced ID", "sourced_id", "sourceId", "sourceID"])
def test_c09_another_spelling_is_read_with_a_warning(name: str) -> None:
    head = header(f"{name},name,type\n")
    assert head.missing == ()
    assert found(head) == [("FIL-10", name)]
    assert "sourcedId" in head.issues[0].text


@pytest.mark.parametrize(("stem", "name", "column"), [
    ("classes", "termSourcedId", "termSourcedIds"), ("classes", "grade", "grades"), ("users", "orgSourcedId",
    "orgSourcedIds"), ("orgs", "dataLastModified", "dateLastModified"),
])
def test_t37_spellings_seen_in_the_field_are_known(stem: str, name: str, column: str) -> None:
    head = header(f"sourcedId,{name}\n", stem)
    assert head.columns[column] == 1
    assert found(head) == [("FIL-10", name)]


def test_the_organisation_of_a_course_is_no_other_spelling() -> None:
    head = header("sourcedId,title,orgSourcedId\n", "courses")
    assert head.columns["orgSourcedId"] == 2
    assert head.issues == ()


def test_an_exact_name_wins_over_another_spelling() -> None:
    head = header("SourcedID,sourcedId,name,type\n")
    assert head.columns["sourcedId"] == 1
    assert found(head) == [("FIL-05", "SourcedID")]


def test_spaces_around_names_do_not_matter() -> None:
    assert header(' sourcedId , "name",type \n').issues == ()


def test_c11_unknown_columns_are_told_once_each_and_metadata_is_kept() -> None:
    head = header("sourcedId,name,type,colour,metadata.zeta,metadata.Alpha,ext_x\n")
    assert list(head.columns) == ["sourcedId", "name", "type", "metadata.Alpha", "metadata.zeta"]
    assert found(head) == [("FIL-05", "colour"), ("FIL-05", "ext_x")]


def test_metadata_in_another_case_is_read_with_a_warning() -> None:
    head = header("sourcedId,name,type,Metadata.x\n")
    assert "metadata.x" in head.columns
    assert found(head) == [("FIL-10", "Metadata.x")]


@pytest.mark.parametrize("name", ["password", "Password", "metadata.password", "metadata.userPassword"])
def test_c34_a_password_is_never_a_column(name: str) -> None:
    assert not [c for c in header(f"sourcedId,{name}\n", "users").columns if "password" in c.lower()]


def test_roles_that_users_bring_are_no_column() -> None:
    """`roles` is what the fold of 1.2 makes; nobody may deliver it."""
    head = header("sourcedId,roles\n", "users")
    assert "roles" not in head.columns
    assert found(head) == [("FIL-05", "roles")]


def test_c10_all_missing_columns_are_named() -> None:
    assert header("sourcedId,identifier\n").missing == ("name", "type")


def test_columns_that_only_10_has_are_noted() -> None:
    assert header("sourcedId,grade,schoolYearId,title\n", "courses").one_zero == ("grade", "schoolYearId")


@pytest.mark.parametrize("first", ["\ufeffsourcedId", '\ufeff"sourcedId"', '"\ufeffsourcedId"'])
def test_c03_a_byte_order_mark_is_no_part_of_the_first_name(first: str) -> None:
    head = header(first + ",name,type\n")
    assert head.columns["sourcedId"] == 0
    assert head.issues == ()


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_c08_another_delimiter_is_refused_in_words(delimiter: str, word: str) -> None:
    with pytest.raises(SourceUnusable, match=word) as caught:
        header(delimiter.join(HEADERS["orgs"]) + "\n")
    assert caught.value.issue_code == "FIL-02"


@pytest.mark.parametrize("text", ["", "\n\r\n", " \n"])
def test_a_file_without_a_header_is_refused(text: str) -> None:
    with pytest.raises(SourceUnusable, match="not even a header"):
        header(text)


@pytest.mark.parametrize("names", ["sourcedId,name,name", "sourcedId,Name,NAME", "sourcedId,metadata.x,metadata.x"])
def test_a_column_that_stands_twice_is_refused(names: str) -> None:
    with pytest.raises(SourceUnusable, match="stands twice"):
        header(names + "\n")


def test_a_header_that_is_no_csv_is_refused_without_repeating_it() -> None:
    with pytest.raises(SourceUnusable) as caught:
        header('"secret"x,name\n')
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("text", "lines", "end"), [
    ("sourcedId,name\r\no-1,x", 1, 16), ("\n\nsourcedId,name\n", 3, 17), ("sourcedId,name", 1, 14),
])
def test_the_header_knows_where_it_ends(text: str, lines: int, end: int) -> None:
    head = header(text)
    assert (head.lines, head.end) == (lines, end)
