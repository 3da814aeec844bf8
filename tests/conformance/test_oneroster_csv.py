"""OneRoster's conformance list, what one delivered CSV set must become. Numbers are those of `statements.ONEROSTER`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from homeroom.check import Checked, check
from homeroom.model.issues import CATALOGUE
from homeroom.model.snapshot import LINE
from homeroom.model.vocabulary import GRADES
from homeroom.read.archive import Limits
from homeroom.read.oneroster_csv import read_set
from homeroom.read.unusable import SetUnusable
from tests.builders.archives import MEBI, Member, deflated_blanks, raw_zip
from tests.builders.oneroster import (
    HEADERS,
    Files,
    as_12,
    csv_text,
    district,
    file_bytes,
    small_district,
    student,
    write_zip,
)

Roster = dict[str, list[dict[str, Any]]]
FILES = ("manifest", "orgs", "academicSessions", "courses", "classes", "users", "enrollments")


def checked(tmp_path: Path, files: Files | None = None, **quirks: Any) -> Checked:
    """The set as a zip, read and checked."""
    path = write_zip(tmp_path / "set.zip", small_district() if files is None else files, **quirks)
    return check(read_set(path))


def refused(path: Path, **how: Any) -> list[tuple[str, str]]:
    """Code and words of all that makes the set unusable."""
    with pytest.raises(SetUnusable) as caught:
        read_set(path, **how)
    return [(issue.code, issue.text) for issue in caught.value.issues if CATALOGUE[issue.code].severity == "fatal"]


def roster(found: Checked) -> Roster:
    """All records that are taken, by entity, in the order of their ids."""
    return {name: entity.records.drop(LINE).sort("source_id").to_dicts() for name, entity in found.entities.items()}


def person(found: Checked, source_id: str) -> dict[str, Any] | None:
    rows = found.entities["people"].records.filter(pl.col("source_id") == source_id)
    return rows.row(0, named=True) if rows.height else None


def warnings(found: Checked) -> list[str]:
    """Codes that somebody has to read."""
    return [code for code in found.issues["code"] if CATALOGUE[code].severity != "info"]


def where(found: Checked, code: str) -> list[tuple[str, int, str, str, str]]:
    """File, line, column, id and value of each issue of a code."""
    told = found.issues.filter(pl.col("code") == code)
    return sorted(told.select("file", "line", "column", "source_id", "value").iter_rows(), key=str)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Roster:
    """What the valid set gives as the standard wants it written."""
    return roster(checked(tmp_path_factory.mktemp("plain")))


def test_or_01_a_valid_set_of_seven_files_is_taken_without_a_warning(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert sorted(zipfile.ZipFile(tmp_path / "set.zip").namelist()) == sorted(f"{stem}.csv" for stem in FILES)
    assert (found.verdict, warnings(found)) == ("clean", [])
    assert {name: entity.read.valid for name, entity in found.entities.items()} == {
        "orgs": 3, "terms": 3, "courses": 3, "classes": 4, "people": 14, "enrollments": 16, "contacts": 1}


def test_or_02_columns_are_found_by_their_names_in_any_order(tmp_path: Path, plain: Roster) -> None:
    headers = {stem: HEADERS[stem][::-1] for stem in small_district()}
    assert roster(checked(tmp_path, headers=headers)) == plain


@pytest.mark.parametrize("stem", FILES)
def test_or_03_a_byte_order_mark_in_any_file_changes_nothing(tmp_path: Path, plain: Roster, stem: str) -> None:
    name = f"{stem}.csv"
    content = file_bytes(small_district())[name]
    found = checked(tmp_path, raw={name: b"\xef\xbb\xbf" + content})
    assert (roster(found), warnings(found)) == (plain, [])


@pytest.mark.parametrize("quirks", [
    {"newline": "\n"}, {"newline": "\r\n"}, {"final_newline": False}, {"newline": "\n", "final_newline": False},
])
def test_or_04_the_ends_of_lines_do_not_matter(tmp_path: Path, plain: Roster, quirks: dict[str, Any]) -> None:
    found = checked(tmp_path, **quirks)
    assert (roster(found), warnings(found)) == (plain, [])


@pytest.mark.parametrize("name", ["Sample, Jr.", 'The "Sample"', "Ünïcødé 北京", "O'Sample; the 3rd"])
def test_or_05_commas_quotes_and_any_script_survive(tmp_path: Path, name: str) -> None:
    found = checked(tmp_path, district().with_cells("users", "s-1", familyName=name).files)
    assert (person(found, "s-1") or {})["family_name"] == name
    assert warnings(found) == []


def test_or_06_windows_bytes_are_read_with_a_warning_that_names_file_and_line(tmp_path: Path) -> None:
    files = district().with_cells("users", "s-1", familyName="Séance").files
    users = csv_text("users", files["users"]).encode("cp1252")
    line = next(n for n, text in enumerate(users.split(b"\r\n"), 1) if b"\xe9" in text)
    found = checked(tmp_path, files, raw={"users.csv": users})
    assert (person(found, "s-1") or {})["family_name"] == "Séance"
    assert [(file, at) for file, at, *_ in where(found, "FIL-08")] == [("users.csv", line)]


def test_or_07_wide_text_with_its_mark_is_decoded(tmp_path: Path, plain: Roster) -> None:
    users = csv_text("users", small_district()["users"]).encode("utf-16")
    assert roster(checked(tmp_path, raw={"users.csv": users})) == plain


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_or_07_wide_text_without_its_mark_is_refused_in_words(tmp_path: Path, encoding: str) -> None:
    users = csv_text("users", small_district()["users"]).encode(encoding)
    path = write_zip(tmp_path / "set.zip", small_district(), raw={"users.csv": users})
    [(code, text)] = refused(path)
    assert code == "FIL-01"
    assert "users.csv" in text
    assert "UTF-16" in text


def test_or_08_semicolons_are_refused(tmp_path: Path) -> None:
    users = csv_text("users", small_district()["users"], delimiter=";").encode()
    [(code, text)] = refused(write_zip(tmp_path / "set.zip", small_district(), raw={"users.csv": users}))
    assert code in ("FIL-02", "FIL-04")
    assert "users.csv" in text


def test_or_09_another_case_of_a_column_name_is_taken_with_a_warning(tmp_path: Path, plain: Roster) -> None:
    found = checked(tmp_path, renamed={"familyName": "FamilyName", "sourcedId": "SOURCEDID"})
    assert roster(found) == plain
    assert set(warnings(found)) == {"FIL-10"}


@pytest.mark.parametrize(("stem", "column"), [("users", "role"), ("classes", "title"), ("enrollments", "sourcedId")])
def test_or_10_a_missing_column_is_named_with_its_file(tmp_path: Path, stem: str, column: str) -> None:
    headers = {stem: [one for one in HEADERS[stem] if one != column]}
    told = refused(write_zip(tmp_path / "set.zip", small_district(), headers=headers))
    assert told == [("FIL-04", f"{stem}.csv lacks the column {column}")]


def test_or_11_unknown_columns_are_ignored_and_metadata_is_kept(tmp_path: Path, plain: Roster) -> None:
    files = district().with_cells("users", "s-1", shoeSize="44", **{"metadata.house": "Blue"}).files
    found = checked(tmp_path, files, headers={"users": [*HEADERS["users"], "shoeSize", "metadata.house"]})
    told = person(found, "s-1") or {}
    assert "Blue" in told["metadata"]
    assert "house" in told["metadata"]
    assert "44" not in str(roster(found))
    assert warnings(found) == []
    without = [{**one, "metadata": None} for one in roster(found)["people"]]
    assert without == plain["people"]


def test_or_12_a_blank_required_value_costs_only_its_row_and_is_located(tmp_path: Path) -> None:
    files = district().with_cells("users", "t-2", familyName="").files
    line = 2 + [row["sourcedId"] for row in files["users"]].index("t-2")
    found = checked(tmp_path, files)
    assert where(found, "FLD-01") == [("users", line, "familyName", "t-2", None)]
    assert person(found, "t-2") is None
    assert found.entities["people"].read.valid == 13


@pytest.mark.parametrize("turned", [False, True])
def test_or_13_two_rows_of_one_id_that_differ_are_told_and_neither_is_taken(tmp_path: Path, turned: bool) -> None:
    files = small_district()
    files["users"] = [*files["users"], student("s-1", familyName="Other")][::-1 if turned else 1]
    found = checked(tmp_path, files)
    assert [source_id for _, _, _, source_id, _ in where(found, "DUP-01")] == ["s-1", "s-1"]
    assert person(found, "s-1") is None
    assert list(found.entities["people"].unusable) == ["s-1"]


def test_or_19_a_set_without_a_manifest_is_taken_as_bulk_with_a_warning(tmp_path: Path, plain: Roster) -> None:
    found = checked(tmp_path, manifest=False)
    assert (roster(found), warnings(found)) == (plain, ["FIL-09"])


def test_or_19_a_strict_source_refuses_a_set_without_a_manifest(tmp_path: Path) -> None:
    [(code, text)] = refused(write_zip(tmp_path / "set.zip", small_district(), manifest=False), strict=True)
    assert code == "FIL-03"
    assert "manifest" in text


def test_or_20_a_12_set_gives_the_same_as_the_11_set(tmp_path: Path, plain: Roster) -> None:
    found = checked(tmp_path, as_12(small_district()), version="1.2")
    assert (roster(found), warnings(found)) == (without_primary(plain, found), [])


def without_primary(plain: Roster, found: Checked) -> Roster:
    """1.2 says which organisation is the primary one, 1.1 can not: nothing else may differ."""
    told = {one["source_id"]: one["primary_org"] for one in roster(found)["people"]}
    return plain | {"people": [{**one, "primary_org": told[one["source_id"]]} for one in plain["people"]]}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_or_21_other_versions_are_refused_in_words(tmp_path: Path, version: str) -> None:
    [(code, text)] = refused(write_zip(tmp_path / "set.zip", small_district(), version=version))
    assert (code, text) == ("FIL-14", "manifest.csv says another OneRoster version than 1.1 or 1.2")


def test_or_22_a_common_folder_is_looked_into_and_leavings_of_a_mac_are_ignored(tmp_path: Path, plain: Roster) -> None:
    path = write_zip(tmp_path / "set.zip", small_district(), folder="export/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/export/._users.csv", b"\0\5\26\7")
    found = check(read_set(path))
    assert (roster(found), warnings(found)) == (plain, [])
    assert "FIL-05" not in {*found.issues["code"]}


MEMBERS = tuple(Member(name, content) for name, content in file_bytes(small_district()).items())


@pytest.mark.parametrize("extra", [
    Member("../demographics.csv", b"x"), Member("/demographics.csv", b"x"), Member("..\\demographics.csv", b"x"),
    Member("users.csv", b"sourcedId\r\n"),
])
def test_or_23_dangerous_and_doubled_names_are_refused_before_unpacking(tmp_path: Path, extra: Member) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(raw_zip([*MEMBERS, extra]))
    assert {code for code, _ in refused(path)} == {"FIL-06"}


@pytest.mark.parametrize("limits", [
    Limits(members=6), Limits(archive_bytes=100), Limits(member_bytes=200), Limits(total_bytes=500),
])
def test_or_23_sets_over_a_limit_are_refused_before_unpacking(tmp_path: Path, limits: Limits) -> None:
    path = write_zip(tmp_path / "set.zip", small_district())
    assert {code for code, _ in refused(path, limits=limits)} == {"FIL-06"}
    assert read_set(path).frames


def test_or_23_what_packs_too_well_is_refused_before_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    bomb = Member("users.csv", packed=deflated_blanks(70), size=70 * MEBI, checksum=0)
    path.write_bytes(raw_zip([*(one for one in MEMBERS if one.name != "users.csv"), bomb]))
    assert {code for code, _ in refused(path)} == {"FIL-06"}


@pytest.mark.parametrize(("told", "grade"), [
    *((word, word) for word in GRADES.words), ("9", "09"), ("K", "KG"), ("kg", "KG"),
])
def test_or_26_every_grade_code_is_taken_and_known_spellings_are_mapped(
    tmp_path: Path, told: str, grade: str
) -> None:
    found = checked(tmp_path, district().with_cells("users", "s-1", grades=told).files)
    assert (person(found, "s-1") or {})["grades"] == grade
    assert warnings(found) == []


def test_or_26_an_unknown_grade_becomes_other_and_its_value_is_kept(tmp_path: Path) -> None:
    found = checked(tmp_path, district().with_cells("users", "s-1", grades="Fourteen").files)
    assert (person(found, "s-1") or {})["grades"] == "Other"
    assert [(source_id, value) for *_, source_id, value in where(found, "FLD-03")] == [("s-1", "Fourteen")]
    raw = read_set(tmp_path / "set.zip").frames["users"]
    assert "Fourteen" in raw["grades"].to_list()


@pytest.mark.parametrize(("told", "enabled"), [("true", "true"), ("TRUE", "true"), ("False", "false")])
def test_or_27_flags_are_read_in_any_case(tmp_path: Path, told: str, enabled: str) -> None:
    found = checked(tmp_path, district().with_cells("users", "s-1", enabledUser=told).files)
    assert str((person(found, "s-1") or {})["enabled"]).lower() == enabled
    assert warnings(found) == []


def test_or_27_anything_else_in_a_flag_is_told(tmp_path: Path) -> None:
    found = checked(tmp_path, district().with_cells("users", "s-1", enabledUser="maybe").files)
    assert [(column, source_id, value) for _, _, column, source_id, value in where(found, "FLD-02")] == [
        ("enabledUser", "s-1", "maybe")]


@pytest.mark.parametrize("told", [
    "2026-08-15", "2026-08-15 00:00", "2026-08-15T23:30:00.000Z", "2026-08-15T00:00:00-10:00",
])
def test_or_58_a_date_with_a_time_is_the_date_that_is_written(tmp_path: Path, told: str) -> None:
    found = checked(tmp_path, district().with_cells("enrollments", "e-s-1-c-1", beginDate=told).files)
    rows = found.entities["enrollments"].records.filter(pl.col("source_id") == "e-s-1-c-1")
    assert str(rows["begin_date"][0]) == "2026-08-15"
    assert warnings(found) == []
