"""A run is taken back: whole, but for what changed since; and the same damage does not come again by itself."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest

from homeroom.errors import NotFound, Refused
from homeroom.model import events, places
from homeroom.model.events import Started
from homeroom.model.run import RunRecord
from homeroom.ports import Item, Key
from homeroom.report.next_step import next_step
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from homeroom.support.views import integration_view, seen
from tests.builders.oneroster import Files, district, enrollment, small_district, student
from tests.builders.questions import questions_of
from tests.builders.two_days import first_day, next_day
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, approve, changes, ended, lab, lands

A_DAY = 86_400
WHO = {"by": "support", "reason": "the export was wrong"}


def undo(world: MemoryWorld, run: int, **only: Any) -> RunRecord:
    """Take a run back and wait for the end."""
    world.clock.tick(60)
    asked = events.Undo(operation="undo", integration="lab", run=run, only=only, **WHO)
    return ended(world, Started.model_validate(act(asked, world)))


def records(world: MemoryWorld) -> dict[Key, Item]:
    """What the SIS owns in the table: records and links."""
    return {key: item for key, item in tables(world).items() if "EDITS" not in key[0] and "overlay" not in key[1]}


def grown(students: Iterable[int], **cells: str) -> Files:
    """The sample district with these students more, each in one class."""
    files = small_district()
    numbers = list(students)
    files["users"] += [student(f"n-{n}", familyName=f"Sample-{n}", **cells) for n in numbers]
    files["enrollments"] += [enrollment(f"n-{n}", "c-1") | {"sourcedId": f"e-n-{n}"} for n in numbers]
    return files


def renamed(files: Files, numbers: Iterable[int], suffix: str) -> Files:
    """The same export with other family names of some students."""
    names = {f"n-{n}" for n in numbers}
    changed = copy.deepcopy(files)
    for user in changed["users"]:
        if user["sourcedId"] in names:
            user["familyName"] += suffix
    return changed


def test_ten_thousand_changes_are_taken_back_but_for_fifty_that_were_edited_since() -> None:
    good = grown(range(8_000))
    world = lab(good)
    before = records(world)
    bad = renamed(grown([*range(6_000), *range(8_000, 9_000)]), range(5_000), "-Wrong")
    held = lands(world, "bad.zip", bad)
    damage = approve(world, held) if held.outcome == "held" else held
    assert sum(1 for item in world.roster.items.values() if item.get("run") == damage.run and "entity" in item) == (
        11_000)
    later = lands(world, "later.zip", renamed(bad, range(30), "-Married"))
    assert later.outcome == "applied"
    by_source_id = {i["source_id"]: i["id"] for i in world.roster.items.values() if i.get("entity") == "people"}
    for n in range(30, 50):
        archive_by_hand(world, "lab", "people", by_source_id[f"n-{n}"], "a teacher", "left")
    edited = {by_source_id[f"n-{n}"] for n in range(50)}
    as_edited = {key: item for key, item in records(world).items() if item.get("id") in edited}

    record = undo(world, damage.run)

    assert (record.outcome, record.undoes) == ("applied", damage.run)
    assert record.text == f"run {damage.run} taken back: 10,950 records changed, 50 left alone (UND-01)"
    now = records(world)
    assert {key: now[key] for key in as_edited} == as_edited
    assert {key: now[key] for key in before if key not in as_edited} == (
        {key: item for key, item in before.items() if key not in as_edited})
    more = [item for key, item in now.items() if key not in before]
    made = {item["id"] for item in more if "entity" in item}
    assert {item["status"] for item in more if "entity" in item} == {"archived"}
    assert {item["person"] for item in more if "person" in item and "entity" not in item} <= made
    assert len(world.roster.edits("lab")) == 20

    again = lands(world, "again.zip", renamed(bad, range(30), "-Married"))
    assert again.outcome == "applied"
    assert records(world) == now
