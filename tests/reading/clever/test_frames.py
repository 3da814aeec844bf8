"""Lines of a read → frames, and steps on a base."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.clever.frames import apply_steps, frames_of_rows
from homeroom.read.clever.full import lines_of
from homeroom.read.clever.rows import COLUMNS
from homeroom.read.fetched import content_hash


def base(**lines: list[dict[str, str]]) -> Snapshot:
    frames, may_lack = frames_of_rows({stem: lines_of(rows) for stem, rows in lines.items()})
    return Snapshot("clever_api", frames, dict.fromkeys(frames, "bulk"), content_hash(frames), may_lack=may_lack)


def person(one: str, **cells: str) -> dict[str, str]:
    return {"sourcedId": one, "role": "student", **cells}


def member(class_id: str, one: str) -> dict[str, str]:
    return {"sourcedId": f"{class_id}:{one}:student", "classSourcedId": class_id, "userSourcedId": one}


def step(stem: str, one: str, row: Any, **more: Any) -> bytes:
    return json.dumps({"stem": stem, "id": one, "row": row, **more}).encode() + b"\n"


def test_every_file_has_all_its_columns_whatever_came() -> None:
    for frames in (frames_of_rows({})[0], base(users=[person("u1")]).frames, apply_steps(base(), b"")[0]):
        for stem, frame in frames.items():
            assert frame.schema == {**dict.fromkeys(COLUMNS[stem], pl.String), LINE: pl.UInt32}


def test_lines_are_counted_from_1() -> None:
    assert base(users=[person("u1"), person("u2")]).frames["users"][LINE].to_list() == [1, 2]


def test_a_column_that_only_a_late_row_has_is_there() -> None:
    many = [person(f"u{n:04d}") for n in range(3000)]
    frame = base(users=[*many, person("z", username="late")]).frames["users"]
    assert frame.filter(pl.col("sourcedId") == "z")["username"].to_list() == ["late"]


def test_text_that_looks_like_something_else_stays_text() -> None:
    odd = {"identifier": "007", "username": "2026-01-01", "email": "true", "givenName": "null", "familyName": '"a\\n,'}
    row = base(users=[person("u1", **odd)]).frames["users"].row(0, named=True)
    assert {column: row[column] for column in odd} == odd


def test_the_last_step_of_a_record_decides() -> None:
    told = (step("users", "u1", person("u1", email="a")) + step("users", "u2", None)
            + step("users", "u1", person("u1", email="b")) + step("users", "u3", person("u3"))
            + step("users", "u3", None))
    frame = apply_steps(base(users=[person("u1"), person("u2"), person("u4")]), told)[0]["users"].sort("sourcedId")
    assert frame.select("sourcedId", "email", LINE).rows() == [("u1", "b", 3), ("u4", None, None)]


def test_the_people_of_a_class_are_replaced_as_a_whole() -> None:
    known = base(classes=[{"sourcedId": "c1"}, {"sourcedId": "c2"}, {"sourcedId": "c3"}],
                 enrollments=[member("c1", "u1"), member("c2", "u1"), member("c3", "u1")])
    told = (step("classes", "c1", {"sourcedId": "c1"}, enrollments=[member("c1", "u9")])
            + step("classes", "c1", {"sourcedId": "c1"}, enrollments=[member("c1", "u2"), member("c1", "u3")])
            + step("classes", "c2", None))
    frames, _ = apply_steps(known, told)
    assert sorted(frames["enrollments"]["sourcedId"]) == ["c1:u2:student", "c1:u3:student", "c3:u1:student"]
    assert sorted(frames["classes"]["sourcedId"]) == ["c1", "c3"]


def test_ids_are_those_of_one_file() -> None:
    known = base(users=[person("x")], courses=[{"sourcedId": "x"}])
    frames, _ = apply_steps(known, step("courses", "x", None))
    assert (frames["users"].height, frames["courses"].height) == (1, 0)


def test_no_steps_change_nothing() -> None:
    known = base(users=[person("u1")], enrollments=[member("c1", "u1")])
    assert content_hash(apply_steps(known, b"")[0]) == known.content_hash
