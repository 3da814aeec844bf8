"""Complaints about what people make, move and remove by hand beside a sync. Numbers are those of `complaints_r`."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from homeroom.model.integration import Integration
from homeroom.model.run import RunRecord
from tests.builders.oneroster import Files, district, enrollment, small_district, student, teacher
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, lab, lands
from tests.unit.support.asking import BY, do

SONDAY = LAB.model_copy(update={"product_line": "Sonday", "products": ("Sonday System 1",)})
GALILEO = LAB.model_copy(update={"product_line": "Galileo", "products": ("Galileo K-12",)})
PORTAL = LAB.model_copy(update={"product_line": "Imagine Learning portal",
                                "products": ("Imagine Language & Literacy",)})
PUPIL = {"role": "student", "orgs": ["school-1"], "username": "hand.made", "given_name": "Test",
         "family_name": "Made", "grades": ["05"]}


def asked(world: MemoryWorld, operation: str, **words: Any) -> dict[str, Any]:
    return do(world, operation, integration=LAB.id, **BY, **words)


def made(world: MemoryWorld, entity: str, source_id: str, **fields: Any) -> dict[str, Any]:
    return asked(world, "create", entity=entity, source_id=source_id, fields=fields)


def people_of(world: MemoryWorld, username: str) -> list[dict[str, Any]]:
    """Active people with a username, in any spelling."""
    return [i for i in world.roster.items.values() if i.get("entity") == "people" and i["status"] == "active"
            and "shard" in i and i["username"].lower() == username]


def told(record: RunRecord) -> dict[str, int]:
    assert record.summary is not None
    return {code["code"]: code["count"] for code in record.summary["issues"]["codes"]}


def newcomer(**cells: str) -> Files:
    """The SIS has the one made by hand too, in a class."""
    return district().with_row("users", student("s-new", username="hand.made", **cells)).with_row(
        "enrollments", enrollment("s-new", "c-1")).files


@pytest.mark.parametrize("line", [SONDAY, GALILEO, PORTAL])
def test_r12_people_made_by_hand_and_administrators_are_not_taken_along_with_who_left(line: Integration) -> None:
    world = lab(district().with_row("users", teacher("a-1", role="administrator")).files, line)
    made(world, "people", "h-1", **PUPIL)
    made(world, "people", "h-admin", **PUPIL | {"role": "administrator", "username": "hand.admin"})
    files = district().with_row("users", teacher("a-1", role="administrator"))
    lands(world, "second.zip", files.without("users", "s-4").without("enrollments", "e-s-4-c-4").files)
    assert {"h-1", "h-admin", "a-1"} <= active(world, "people")
    assert "s-4" not in active(world, "people")


def test_r25_what_was_made_by_hand_and_then_removed_is_in_the_list() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "people", "h-1", **PUPIL)
    made(world, "enrollments", "h-e1", **{"class": "c-1", "person": "h-1", "role": "student"})
    asked(world, "archive", entity="enrollments", record="h-e1")
    lands(world, "second.zip", district().with_student("s-new").files)
    listed = {one["source_id"]: one for one in do(world, "by_hand", integration="lab")["records"]}
    assert (listed["h-e1"]["status"], listed["h-1"]["status"]) == ("archived", "active")
    assert listed["h-e1"]["by"] == BY["by"]
    assert [entry["operation"] for _, entry, _ in world.runs.audits] == ["create", "create", "archive"]


def test_r31_whom_a_teacher_added_stays_and_may_be_taken_out_again() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "classes", "h-class", title="Club", school="school-1")
    made(world, "enrollments", "h-e1", **{"class": "h-class", "person": "s-1", "role": "student"})
    lands(world, "second.zip", district().with_student("s-new").files)
    assert "h-e1" in active(world, "enrollments")
    asked(world, "archive", entity="enrollments", record="h-e1")
    lands(world, "third.zip", small_district())
    assert "h-e1" not in active(world, "enrollments")


def test_r31_whom_the_sync_enrolled_is_not_taken_out_by_hand_for_good() -> None:
    world = lab(small_district(), SONDAY)
    before = tables(world)
    answer = asked(world, "archive", entity="people", record="s-1")
    assert "next run overrides" in answer["effect"]
    assert "shared data" in answer["advice"]
    record = lands(world, "same.zip", small_district())
    assert (told(record)["MAN-04"], tables(world)) == (1, before)


def test_r31_it_is_shown_who_is_synced_and_who_was_made_by_hand() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "people", "h-1", **PUPIL)
    shown = {who: do(world, "person", integration="lab", identity=who)["people"][0] for who in ("s-1", "h-1")}
    assert not shown["s-1"].get("made_by_hand")
    assert shown["h-1"]["made_by_hand"]
    assert shown["s-1"]["fields"]["username"]["from"] == "SIS"


def test_r32_a_duplicate_that_was_merged_does_not_come_back_with_any_later_sync() -> None:
    world = lab(small_district(), PORTAL)
    id = made(world, "people", "h-1", **PUPIL)["id"]
    assert told(lands(world, "new.zip", newcomer()))["MAN-01"] == 1
    for day in range(3):
        lands(world, f"{day}.zip", newcomer(grades=f"{6 + day:02}"))
        assert [one["id"] for one in people_of(world, "hand.made")] == [id]
    assert "h-1" not in active(world, "people")


def test_r32_what_comes_back_against_a_persons_will_is_told_each_time() -> None:
    world = lab(small_district(), SONDAY)
    for day in range(2):
        asked(world, "archive", entity="people", record="s-4")
        record = lands(world, f"{day}.zip", district().with_student(f"s-{day}-new").files)
        assert told(record)["MAN-04"] == 1
    assert "s-4" in active(world, "people")


def test_r36_made_by_hand_deleted_and_synced_twice_is_one_person() -> None:
    world = lab(small_district(), PORTAL)
    made(world, "people", "h-1", **PUPIL)
    asked(world, "archive", entity="people", record="h-1")
    for day in range(2):
        lands(world, f"{day}.zip", newcomer(grades=f"{6 + day:02}"))
    assert len(people_of(world, "hand.made")) == 1
    assert "s-new" in active(world, "people")


def test_r42_who_is_adopted_keeps_every_class() -> None:
    world = lab(small_district(), PORTAL)
    id = made(world, "people", "h-1", **PUPIL)["id"]
    made(world, "classes", "h-class", title="Club", school="school-1")
    made(world, "enrollments", "h-e1", **{"class": "h-class", "person": "h-1", "role": "student"})
    lands(world, "new.zip", newcomer())
    found = do(world, "person", integration="lab", identity="hand.made")["people"][0]
    assert (found["id"], found["source_id"]) == (id, "s-new")
    assert {one["class"]: one["status"] for one in found["classes"]} == {"h-class": "active", "c-1": "active"}


def test_r44_every_change_by_hand_names_who_and_why_and_no_value() -> None:
    world = lab(small_district(), SONDAY)
    before = copy.deepcopy(world.runs.audits)
    asked(world, "edit", entity="people", record="s-1", fields={"family_name": "Secretname"})
    asked(world, "archive", entity="people", record="s-2")
    entries = [entry for _, entry, _ in world.runs.audits[len(before):]]
    assert [(one["operation"], one["by"], one["reason"]) for one in entries] == [
        ("edit", BY["by"], BY["reason"]), ("archive", BY["by"], BY["reason"])]
    assert "Secretname" not in str(entries)
