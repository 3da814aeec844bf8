"""`homeroom check`: exit codes and JSON of design 9, and what it shows to people."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.builders.oneroster import District, district, student
from tests.unit.local.conftest import Homeroom

ENTITIES = ["orgs", "terms", "courses", "classes", "people", "enrollments", "contacts"]


def with_errors() -> District:
    return (district()
            .with_cells("users", "s-1", givenName="")
            .with_cells("users", "s-2", enabledUser="perhaps")
            .with_enrollment("nobody", "c-1"))


def test_a_good_set_is_clean_and_ends_with_0(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("check", district().write_zip(tmp_path / "good.zip"), "--json")
    assert ran.code == 0
    assert (ran.json["verdict"], ran.json["complete"]) == ("clean", True)
    assert list(ran.json["entities"]) == ENTITIES
    assert ran.json["entities"]["people"] == {"read": 14, "valid": 14, "errors": 0, "warnings": 0}
    assert ran.json["entities"]["contacts"]["read"] == 1
    assert ran.json["issues"] == {"total": 0, "by_code": {}}


def test_warnings_alone_end_with_0(homeroom: Homeroom, tmp_path: Path) -> None:
    path = district().with_cells("users", "s-1", grades="ninety").write_zip(tmp_path / "set.zip")
    ran = homeroom("check", path, "--json")
    assert (ran.code, ran.json["verdict"]) == (0, "warnings")
    assert ran.json["entities"]["people"]["warnings"] == 1
    assert ran.json["issues"] == {"total": 1, "by_code": {"FLD-03": 1}}


def test_errors_end_with_1_and_total_is_the_sum_of_the_codes(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("check", with_errors().write_zip(tmp_path / "set.zip"), "--json")
    assert (ran.code, ran.json["verdict"], ran.json["complete"]) == (1, "errors", True)
    codes = ran.json["issues"]["by_code"]
    assert (codes["FLD-01"], codes["FLD-02"], codes["REF-01"]) == (1, 1, 1)
    assert ran.json["issues"]["total"] == sum(codes.values())
    assert ran.json["entities"]["people"] == {"read": 14, "valid": 13, "errors": 1, "warnings": 1}


def test_a_folder_gives_the_same_as_its_zip(homeroom: Homeroom, tmp_path: Path) -> None:
    zipped = homeroom("check", with_errors().write_zip(tmp_path / "set.zip"), "--json")
    loose = homeroom("check", with_errors().write_folder(tmp_path / "folder"), "--json")
    assert (loose.code, loose.json) == (zipped.code, zipped.json)


@pytest.mark.parametrize(("name", "body"), [("not.zip", b"this is no archive"), ("cut.zip", b"PK\x03\x04 cut off")])
def test_what_is_no_zip_is_unusable_and_ends_with_2(homeroom: Homeroom, tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    ran = homeroom("check", tmp_path / name, "--json")
    assert ran.code == 2
    assert (ran.json["verdict"], ran.json["complete"]) == ("unusable", False)
    assert set(ran.json["reason"]) == {"code", "text", "owner", "remedy"}
    assert ran.json["issues"]["by_code"] == {ran.json["reason"]["code"]: 1}
    assert ran.json["entities"]["people"]["read"] == 0


def test_a_missing_file_is_unusable_and_named(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("check", district().without_file("users").write_zip(tmp_path / "set.zip"))
    assert ran.code == 2
    assert "Not usable" in ran.out
    assert "users" in ran.out


def test_enrollments_that_point_nowhere_make_the_set_unusable(homeroom: Homeroom, tmp_path: Path) -> None:
    lost = district().without("users", *(f"s-{n}" for n in range(1, 11)))
    ran = homeroom("check", lost.write_zip(tmp_path / "set.zip"), "--json")
    assert (ran.code, ran.json["verdict"], ran.json["complete"]) == (2, "unusable", False)
    assert ran.json["reason"]["code"] == "SRC-09"
    assert "12 of 16 enrollments" in ran.json["reason"]["text"]
    assert ran.json["entities"]["enrollments"]["read"] == 16


def test_strict_refuses_a_set_without_a_manifest(homeroom: Homeroom, tmp_path: Path) -> None:
    path = district().write_zip(tmp_path / "set.zip", manifest=False)
    assert homeroom("check", path, "--json").json["issues"]["by_code"] == {"FIL-09": 1}
    strict = homeroom("check", path, "--strict", "--json")
    assert (strict.code, strict.json["reason"]["code"]) == (2, "FIL-03")


@pytest.mark.parametrize("name", ["all.csv", "all.json"])
def test_all_issues_go_to_a_file(homeroom: Homeroom, tmp_path: Path, name: str) -> None:
    ran = homeroom("check", with_errors().write_zip(tmp_path / "set.zip"), "--issues", tmp_path / name, "--json")
    text = (tmp_path / name).read_text()
    rows = list(csv.DictReader(text.splitlines())) if name.endswith(".csv") else json.loads(text)
    assert len(rows) == ran.json["issues"]["total"]
    assert {row["code"] for row in rows} == set(ran.json["issues"]["by_code"])


def test_a_file_that_can_not_be_written_is_a_usage_error(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("check", district().write_zip(tmp_path / "set.zip"), "--issues", tmp_path / "no-folder" / "all.csv")
    assert ran.code == 64
    assert "--issues" in ran.err


def test_the_screen_names_places_and_shows_no_value_unless_asked(homeroom: Homeroom, tmp_path: Path) -> None:
    path = district().with_row("users", student("s-99", enabledUser="Marked")).write_zip(tmp_path / "set.zip")
    plain, shown = homeroom("check", path), homeroom("check", path, "--show-values")
    assert "users.csv:16" in plain.out
    assert "enabledUser" in plain.out
    assert ("Marked" in plain.out, "Marked" in shown.out) == (False, True)


def test_the_screen_says_who_fixes_what_and_how(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("check", with_errors().write_zip(tmp_path / "set.zip"))
    assert "Usable, with errors" in ran.out
    lines = ran.out.splitlines()
    row = next(n for n, line in enumerate(lines) if line.startswith("REF-01"))
    assert "The enrollment points to an unknown person. Skipped the enrollment." in lines[row]
    assert "the district: Correct the record in the SIS" in lines[row + 1]
    assert "\x1b" not in ran.out


def test_nothing_but_the_result_is_told_where_there_is_no_terminal(homeroom: Homeroom, tmp_path: Path) -> None:
    assert homeroom("check", district().write_zip(tmp_path / "set.zip")).err == ""
