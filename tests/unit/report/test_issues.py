"""Issues as files: each with what the catalogue knows of its code, the worst first, nothing lost."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import polars as pl

from homeroom.check.findings import Findings
from homeroom.model.issues import Issue
from homeroom.report.issues import COLUMNS, as_lines, told, write_file

FOUND = (
    Issue("DUP-02", "The same row stands twice", "orgs", "o-1", "orgs.csv", 3, "sourcedId", "o-1"),
    Issue("FLD-01", "A required value is empty", "people", "s-1", "users.csv", 9, "givenName"),
    Issue("FIL-09", "There is no manifest; taken as a full (bulk) export"),
    Issue("FLD-01", "A required value is empty", "people", "s-2", "users.csv", 4, "givenName"),
)


def lines(body: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.decompress(body).splitlines()]


def test_the_worst_come_first_and_then_the_order_in_which_they_were_found() -> None:
    assert [(row["code"], row["source_id"]) for row in told(FOUND)] == [
        ("FLD-01", "s-1"), ("FLD-01", "s-2"), ("FIL-09", None), ("DUP-02", "o-1")]


def test_each_line_says_how_bad_whose_turn_and_what_to_do() -> None:
    first = lines(as_lines(FOUND))[0]
    assert tuple(first) == COLUMNS
    assert (first["severity"], first["owner"], first["action"]) == ("error", "district", "Skipped the record")
    assert (first["file"], first["line"], first["column"], first["value"]) == ("users.csv", 9, "givenName", None)


def test_a_frame_of_the_checks_gives_the_same_as_a_list() -> None:
    assert as_lines(Findings(FOUND).frame()) == as_lines(FOUND)


def test_the_same_issues_give_the_same_bytes() -> None:
    assert as_lines(FOUND) == as_lines(FOUND)


def test_no_issues_are_no_lines() -> None:
    assert lines(as_lines(())) == []
    assert lines(as_lines(pl.DataFrame(schema={"code": pl.String}))) == []


def test_a_csv_file_holds_all_of_them(tmp_path: Path) -> None:
    write_file(FOUND, tmp_path / "issues.csv")
    with (tmp_path / "issues.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == ["FLD-01", "FLD-01", "FIL-09", "DUP-02"]
    assert rows[0]["remedy"]


def test_a_json_file_holds_one_array(tmp_path: Path) -> None:
    write_file(FOUND, tmp_path / "issues.JSON")
    assert len(json.loads((tmp_path / "issues.JSON").read_text())) == 4


def test_a_value_from_outside_never_becomes_a_formula(tmp_path: Path) -> None:
    write_file([Issue("FLD-02", value="=HYPERLINK(\"x\")")], tmp_path / "issues.csv")
    with (tmp_path / "issues.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["value"] == "'=HYPERLINK(\"x\")"
