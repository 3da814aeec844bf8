"""A whole set → a raw snapshot; or a refusal that tells everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from homeroom.errors import SourceUnusable
from homeroom.model.issues import CATALOGUE
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.oneroster_csv import read_set
from homeroom.read.unusable import SetUnusable
from tests.builders.oneroster import HEADERS, Files, csv_text, district, small_district, write_folder

CORE = ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"]
Read = Callable[..., Snapshot]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Zips these files with these quirks and reads them."""

    def read_files(files: Files, *, strict: bool = False, **quirks: Any) -> Snapshot:
        return read_set(district(files).write_zip(tmp_path / "set.zip", **quirks), strict=strict)

    return read_files


def codes(snapshot: Snapshot) -> list[str]:
    return [issue.code for issue in snapshot.issues]


def refused(read: Read, files: Files, **quirks: Any) -> SetUnusable:
    with pytest.raises(SetUnusable) as caught:
        read(files, **quirks)
    assert all(CATALOGUE[issue.code].severity == "fatal" for issue in caught.value.issues)
    return caught.value


def content(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """Rows of every frame."""
    return {stem: frame.to_dicts() for stem, frame in snapshot.frames.items()}


def column(snapshot: Snapshot, stem: str, name: str) -> list[Any]:
    return snapshot.frames[stem][name].to_list()


def test_c01_a_set_of_the_book_is_read_without_any_issue(read: Read) -> None:
    snapshot = read(small_district())
    assert snapshot.issues == ()
    assert snapshot.source == "OneRoster 1.1 CSV"
    assert snapshot.modes == dict.fromkeys(CORE, "bulk")
    assert snapshot.origins == {stem: f"{stem}.csv" for stem in CORE}
    assert {stem: frame.height for stem, frame in snapshot.frames.items()} == {
        "orgs": 3, "academicSessions": 3, "courses": 3, "classes": 4, "users": 14, "enrollments": 16}


def test_frames_hold_text_with_blank_cells_null_and_the_line_of_each_row(read: Read) -> None:
    frame = read(small_district()).frames["classes"]
    assert frame.schema == dict.fromkeys(frame.columns[:-1], pl.String) | {LINE: pl.UInt32}
    assert frame.row(1, named=True) == {
        "sourcedId": "c-2", "title": "Class c-2", "classCode": "code-c-2", "classType": "scheduled", "location": None,
        "grades": "05", "courseSourcedId": "course-2", "schoolSourcedId": "school-1", "termSourcedIds": "sem-1,sem-2",
        "subjects": None, "subjectCodes": None, "periods": "1", LINE: 3,
    }


SAME = {
    "test_c03_a_byte_order_mark": {"encoding": "utf-8-sig"},
    "test_c04_line_feeds_alone": {"newline": "\n"},
    "test_c04_carriage_returns_alone": {"newline": "\r"},
    "test_c04_no_last_line_end": {"final_newline": False},
    "test_c07_utf_16": {"encoding": "utf-16"},
    "test_c22_a_common_folder": {"folder": "OneRoster/"},
    "everything quoted": {"quote_all": True},
    "everything quoted, with line feeds": {"quote_all": True, "newline": "\n"},
    "test_c02_columns_in_another_order": {"headers": {stem: HEADERS[stem][::-1] for stem in CORE}},
}


@pytest.mark.parametrize("quirks", SAME.values(), ids=SAME.keys())
def test_these_change_nothing(read: Read, quirks: dict[str, Any]) -> None:
    files = district().with_student("s-é", givenName="Zoë", familyName='O"Neil, Sample').files
    assert content(read(files, **quirks)) == content(read(files))
    assert read(files, **quirks).issues == ()


def test_c05_quoted_commas_doubled_quotes_and_other_letters_survive(read: Read) -> None:
    snapshot = read(district().with_student("s-99", givenName='Zoë "Zo"', familyName="Sample, 学生").files)
    last = snapshot.frames["users"].row(-1, named=True)
    assert (last["givenName"], last["familyName"]) == ('Zoë "Zo"', "Sample, 学生")


def test_a_line_break_in_quotes_keeps_the_lines_of_later_rows(read: Read) -> None:
    snapshot = read(district().with_cells("classes", "c-2", title="two\nlines").files)
    assert column(snapshot, "classes", "title")[1] == "two\nlines"
    assert column(snapshot, "classes", LINE) == [2, 3, 5, 6]


def test_c06_windows_1252_is_read_with_a_warning_that_names_file_and_line(read: Read) -> None:
    snapshot = read(district().with_cells("orgs", "school-1", name="Académie").files, encoding="cp1252")
    assert column(snapshot, "orgs", "name")[1] == "Académie"
    assert [(i.code, i.file, i.line) for i in snapshot.issues] == [("FIL-08", "orgs.csv", 3)]


def test_c09_a_header_in_another_case_is_read_with_one_warning_a_column(read: Read) -> None:
    snapshot = read(small_district(), renamed={"givenName": "GIVENNAME", "familyName": "familyname"})
    assert [(i.code, i.file, i.column) for i in snapshot.issues] == [
        ("FIL-10", "users.csv", "GIVENNAME"), ("FIL-10", "users.csv", "familyname")]
    assert column(snapshot, "users", "givenName")[0] == "Test"


def test_c11_unknown_columns_are_left_out_with_one_note_each_and_metadata_is_kept(read: Read) -> None:
    snapshot = read(district().with_cells("orgs", "d-1", colour="red", **{"metadata.size": "L"}).files)
    assert [(i.code, i.file, i.column) for i in snapshot.issues] == [("FIL-05", "orgs.csv", "colour")]
    assert column(snapshot, "orgs", "metadata.size") == ["L", None, None]
    assert "colour" not in snapshot.frames["orgs"].columns


def test_t39_optional_columns_may_be_missing(read: Read) -> None:
    header = [name for name in HEADERS["users"] if name not in ("middleName", "agentSourcedIds", "status")]
    snapshot = read(small_district(), headers={"users": header})
    assert snapshot.issues == ()
    assert "middleName" not in snapshot.frames["users"].columns


def test_c10_every_missing_required_column_of_every_file_is_named(read: Read) -> None:
    error = refused(read, small_district(), headers={
        "users": ["sourcedId", "role", "username"], "orgs": ["sourcedId", "name"]})
    assert [(i.code, i.file) for i in error.issues] == [("FIL-04", "orgs.csv"), ("FIL-04", "users.csv")]
    assert "orgs.csv lacks the column type" in error.text
    assert "users.csv lacks the columns enabledUser, orgSourcedIds, givenName, familyName" in error.text


def test_all_fatal_findings_are_told_at_once(read: Read) -> None:
    files = district().without("users", *[row["sourcedId"] for row in small_district()["users"]]).files
    del files["courses"]
    error = refused(read, files, delimiter=",", modes={"courses": "bulk", "classes": "delta"},
                    raw={"orgs.csv": b"sourcedId;name;type\n", "enrollments.csv": b'sourcedId,"x"y\n'})
    assert [(i.code, i.file) for i in error.issues] == [
        ("FIL-03", "courses.csv"), ("FIL-07", "classes.csv"), ("FIL-02", "orgs.csv"), ("FIL-16", "users.csv"),
        ("FIL-02", "enrollments.csv")]
    assert error.issue_code == "FIL-03"
    assert all(i.text in error.text for i in error.issues)
    assert error.issue_owner == "district"


def test_c08_semicolons_are_refused(read: Read) -> None:
    assert "semicolons" in refused(read, small_district(), delimiter=";").text


def test_a_missing_users_file_is_named(read: Read) -> None:
    files = small_district()
    del files["users"]
    error = refused(read, files, modes={"users": "bulk"})
    assert str(error) == "FIL-03: users.csv is missing: the manifest announces it as bulk"


@pytest.mark.parametrize("stem", ["orgs", "users"])
def test_orgs_or_users_without_rows_make_the_set_unusable(read: Read, stem: str) -> None:
    error = refused(read, small_district() | {stem: []})
    assert str(error) == f"FIL-16: {stem}.csv has a header but no rows"


@pytest.mark.parametrize("stem", ["academicSessions", "courses", "classes", "enrollments"])
@pytest.mark.parametrize("blank", ["", "\r\n", "\r\n \r\n"])
def test_c18_other_files_without_rows_are_empty_with_a_warning(read: Read, stem: str, blank: str) -> None:
    raw = (",".join(HEADERS[stem]) + "\r\n" + blank).encode()
    snapshot = read(small_district(), raw={f"{stem}.csv": raw})
    assert [(i.code, i.file) for i in snapshot.issues] == [("FIL-12", f"{stem}.csv")]
    assert snapshot.frames[stem].height == 0
    assert "sourcedId" in snapshot.frames[stem].columns


def test_c19_a_missing_manifest_is_a_warning_or_refused_if_strict(read: Read) -> None:
    snapshot = read(small_district(), manifest=False)
    assert codes(snapshot) == ["FIL-09"]
    assert content(snapshot) == content(read(small_district()))
    assert refused(read, small_district(), manifest=False, strict=True).issue_code == "FIL-03"


def test_strict_takes_a_set_of_the_book(read: Read) -> None:
    assert read(small_district(), strict=True).issues == ()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_c21_other_versions_are_refused(read: Read, version: str) -> None:
    assert refused(read, small_district(), version=version).issue_code == "FIL-14"


def test_a_set_of_10_is_named_as_one(read: Read) -> None:
    renamed = {"grades": "grade", "termSourcedIds": "termSourcedId"}
    error = refused(read, small_district(), manifest=False, renamed=renamed)
    assert "looks like OneRoster 1.0" in error.text
    assert "classes.csv has grade and termSourcedId" in error.text


def test_the_same_names_in_an_11_set_with_a_manifest_are_other_spellings(read: Read) -> None:
    snapshot = read(small_district(), renamed={"termSourcedIds": "termSourcedId"})
    assert codes(snapshot) == ["FIL-10"]
    assert column(snapshot, "classes", "termSourcedIds")[1] == "sem-1,sem-2"


def test_c16_a_file_that_the_manifest_calls_absent_is_not_read(read: Read) -> None:
    snapshot = read(small_district(), modes={"courses": "absent"})
    assert "courses" not in snapshot.frames
    assert snapshot.modes["courses"] == "absent"
    assert codes(snapshot) == ["FIL-05"]


def test_t15_status_and_dates_in_a_full_export_are_one_warning_and_the_status_stays(read: Read) -> None:
    files = district().with_cells("users", "s-3", status="tobedeleted", dateLastModified="2026-09-01").files
    snapshot = read(files)
    assert [(i.code, i.file) for i in snapshot.issues] == [("FIL-13", "users.csv")]
    assert column(snapshot, "users", "status").count("tobedeleted") == 1
    assert "status" not in snapshot.frames["orgs"].columns
    assert "dateLastModified" not in snapshot.frames["users"].columns


def test_c34_passwords_never_reach_a_frame(read: Read) -> None:
    files = district().with_cells("users", "s-1", password="hunter2", **{"metadata.Password": "hunter2"}).files
    for quirks in ({}, {"raw": {"users.csv": csv_text("users", files["users"]).encode() + b"s-99,x\r\n"}}):
        assert "hunter2" not in repr(content(read(files, **quirks)))


def test_t44_one_ragged_row_is_marked_and_the_others_are_read(read: Read) -> None:
    ragged = "s-99,,,true,school-1,student,x,,Jr, Sample,Test,,,,,,,,,\r\n"
    text = csv_text("users", small_district()["users"]) + ragged
    frame = read(small_district(), raw={"users.csv": text.encode()}).frames["users"]
    assert frame["_problem"].to_list() == [None] * 14 + ["FIL-11"]
    assert frame.row(-1, named=True)["sourcedId"] == "s-99"
    assert frame.row(-1, named=True)[LINE] == 16


def test_files_that_nobody_reads_are_never_opened(read: Read) -> None:
    snapshot = read(small_district(), modes={"demographics": "bulk", "results": "bulk"}, raw={
        "demographics.csv": b"\xff\xfe broken", "results.csv": b'"', "userProfiles.csv": b"\0"})
    assert snapshot.issues == ()
    assert set(snapshot.frames) == set(CORE)


def test_other_files_are_noted(read: Read) -> None:
    snapshot = read(small_district(), raw={"user.csv": b"x"})
    assert [(i.code, i.file) for i in snapshot.issues] == [("FIL-05", "user.csv")]


def test_a_folder_reads_like_its_zip(read: Read, tmp_path: Path) -> None:
    zipped = read(small_district())
    loose = read_set(write_folder(tmp_path / "set", small_district()))
    assert content(loose) == content(zipped)
    assert loose.content_hash == zipped.content_hash


def test_a_message_names_files_and_lines_and_never_a_cell(read: Read) -> None:
    body = csv_text("users", small_district()["users"]) + 's-99,"Marked"Name,\r\n'
    error = refused(read, small_district(), raw={"users.csv": body.encode(), "orgs.csv": b"Marked,Name\r\n"})
    assert "users.csv is not well-formed CSV: the quotes of line 16 do not match" in error.text
    assert "Marked" not in str(error) + repr(error.issues)


@pytest.mark.parametrize("name", ["edfi-1.1", "school-small", "district-small"])
def test_the_reference_sets_are_usable(shared: Path, name: str) -> None:
    snapshot = read_set(shared / "data" / "oneroster" / name)
    lines = {
        stem: len((shared / "data" / "oneroster" / name / f"{stem}.csv").read_text().splitlines()) - 1 for stem in CORE
    }
    assert {stem: frame.height for stem, frame in snapshot.frames.items()} == lines
    assert not [stem for stem, frame in snapshot.frames.items() if "_problem" in frame.columns]
    assert not [i for i in snapshot.issues if CATALOGUE[i.code].severity in ("fatal", "error")]


def test_the_reference_set_of_10_is_unusable_and_the_message_says_why(shared: Path) -> None:
    with pytest.raises(SourceUnusable) as caught:
        read_set(shared / "data" / "oneroster" / "edfi-1.0")
    assert caught.value.issue_code == "FIL-04"
    for words in ("OneRoster 1.0", "academicSessions.csv lacks the column schoolYear", "enabledUser", "schoolYearId"):
        assert words in caught.value.text


@pytest.mark.slow
def test_one_bad_row_among_a_million_is_named_and_no_other_is_lost(read: Read) -> None:
    count, bad = 1_000_000, 654_321
    header = csv_text("enrollments", [])
    row = "e-{},,,c-1,school-1,s-1,student,false,2026-08-15,2027-06-15\r\n"
    rows = [row.format(n) for n in range(count)]
    rows[bad] = f"e-{bad},,,c-1,school-1,s-1,student,false,2026-08-15\r\n"
    frame = read(small_district(), raw={"enrollments.csv": (header + "".join(rows)).encode()}).frames["enrollments"]
    assert frame.height == count
    assert frame.filter(pl.col("_problem").is_not_null()).select("sourcedId", LINE, "_problem").rows() == [
        (f"e-{bad}", bad + 2, "FIL-11")]
