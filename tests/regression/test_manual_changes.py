"""What is done by hand and what runs do to it, by product line (requirements C1 to C4), in whole runs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.integration import Options
from homeroom.model.run import RunRecord
from homeroom.products import rules_of
from tests.builders.oneroster import Files, copy_of, enrollment, small_district, student
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, lab, lands
from tests.regression.test_undo import undo
from tests.unit.support.asking import BY, audited, do

SONDAY = LAB.model_copy(update={"product_line": "Sonday", "products": ("Sonday System 1",)})
GALILEO = LAB.model_copy(update={"product_line": "Galileo", "products": ("Galileo K-12",)})
PORTAL = LAB.model_copy(update={"product_line": "Imagine Learning portal",
                                "products": ("Imagine Language & Literacy",)})
ONLY_SIS = SONDAY.model_copy(update={"options": Options(only_source=True)})
PUPIL = {"role": "student", "orgs": ["school-1"], "username": "hand.made", "given_name": "Test",
         "family_name": "Made", "grades": ["05"]}


def support(world: MemoryWorld, operation: str, **words: Any) -> dict[str, Any]:
    return do(world, operation, integration=LAB.id, **BY, **words)


def made(world: MemoryWorld, entity: str, source_id: str | None = None, **fields: Any) -> dict[str, Any]:
    return support(world, "create", entity=entity, fields=fields, source_id=source_id)


def item(world: MemoryWorld, entity: str, source_id: str) -> dict[str, Any]:
    found = [i for i in tables(world).values() if (i.get("entity"), i.get("source_id")) == (entity, source_id)
             and "shard" in i]
    assert len(found) == 1, f"{len(found)} items of {entity} {source_id}"
    return found[0]


def codes(world: MemoryWorld, record: RunRecord) -> dict[str, int]:
    return {line["code"]: line["count"] for line in (record.summary or {})["issues"]["codes"]
            if line["code"].startswith(("MAN", "IDN"))}


def counts(record: RunRecord, entity: str) -> dict[str, int]:
    return (record.summary or {})["entities"][entity]


def with_student(files: Files, source_id: str, **cells: str) -> Files:
    grown = copy_of(files)
    grown["users"].append(student(source_id, **cells))
    grown["enrollments"].append(enrollment(source_id, "c-1", role="student"))
    return grown


def by_hand(world: MemoryWorld) -> dict[Any, Any]:
    """Every item of records made by hand: records, entries, and identity links."""
    ids = {i["id"] for i in world.roster.items.values() if i.get("by_hand")}
    return {key: i for key, i in world.roster.items.items() if (i.get("id") in ids or i.get("person") in ids)
            and not key[0].endswith("#EDITS")}


def without_runs(items: dict[Any, Any]) -> dict[Any, Any]:
    return {key: {name: value for name, value in i.items() if name != "run"} for key, i in items.items()}


def galileo_school(world: MemoryWorld) -> None:
    """A pupil and a class by hand, and enrollments across what is by hand and what is the SIS's."""
    made(world, "people", "h-1", **PUPIL)
    made(world, "classes", "h-class", title="Club", school="school-1")
    made(world, "enrollments", "h-e1", **{"class": "h-class", "person": "h-1", "role": "student"})
    made(world, "enrollments", "h-e2", **{"class": "h-class", "person": "s-1", "role": "student"})
    made(world, "enrollments", "h-e3", **{"class": "c-1", "person": "h-1", "role": "student"})


# ---------------------------------------------------------------- Sonday: the SIS wins

@pytest.mark.parametrize(("entity", "record"), [("classes", "c-1"), ("people", "s-1"), ("people", "t-1")])
def test_what_was_archived_by_hand_comes_back_with_the_same_identity_though_the_export_did_not_change(
    entity: str, record: str
) -> None:
    world = lab(small_district(), SONDAY)
    before = tables(world)
    told = support(world, "archive", entity=entity, record=record)
    assert "shared data" in told["advice"]
    assert "next run overrides" in told["effect"]
    assert tables(world) != before
    run = lands(world, "same.zip", small_district())
    assert run.outcome == "applied"
    assert tables(world) == before
    assert codes(world, run) == {"MAN-04": 1}
    assert counts(run, entity)["restored"] == 1
    assert lands(world, "again.zip", small_district()).code == "unchanged"


def test_what_was_archived_by_hand_and_dropped_by_the_source_is_archived_by_the_run() -> None:
    world = lab(small_district(), SONDAY)
    id = item(world, "people", "s-1")["id"]
    support(world, "archive", entity="people", record="s-1")
    files = small_district()
    files["users"] = [row for row in files["users"] if row["sourcedId"] != "s-1"]
    files["enrollments"] = [row for row in files["enrollments"] if row["userSourcedId"] != "s-1"]
    for row in files["users"]:
        row["agentSourcedIds"] = ""
    run = lands(world, "without.zip", files)
    assert (item(world, "people", "s-1")["status"], item(world, "people", "s-1")["id"]) == ("archived", id)
    assert "MAN-04" not in codes(world, run)
    assert world.roster.edits(LAB.roster) == []


def test_an_edit_of_a_synced_record_is_overridden_and_reported() -> None:
    world = lab(small_district(), SONDAY)
    before = tables(world)
    told = support(world, "edit", entity="people", record="s-1", fields={"given_name": "Changed"})
    support(world, "edit", entity="people", record="s-1", fields={"family_name": "Too"})
    shown = do(world, "person", integration=LAB.id, identity="s-1")["people"][0]
    assert told["advice"].startswith("Make lasting changes in the shared data")
    assert [shown["fields"][name]["value"] for name in ("given_name", "family_name")] == ["Changed", "Too"]
    assert shown["fields"]["given_name"]["from"].startswith("by hand, 2026-")
    assert shown["fields"]["username"]["from"] == "SIS"
    run = lands(world, "same.zip", small_district())
    assert tables(world) == before
    assert codes(world, run) == {"MAN-03": 1}


def test_release_drops_an_edit_at_once() -> None:
    world = lab(small_district(), SONDAY)
    before = tables(world)
    support(world, "edit", entity="people", record="s-1", fields={"given_name": "Changed"})
    support(world, "archive", entity="people", record="s-1")
    assert support(world, "release", entity="people", record="s-1")["edits"] == 2
    assert tables(world) == before
    assert lands(world, "same.zip", small_district()).code == "unchanged"


def test_unmatched_records_made_by_hand_are_kept_and_listed_unless_the_sis_is_the_only_source() -> None:
    assert rules_of(ONLY_SIS).hand.only_source
    for chosen, kept in ((SONDAY, True), (ONLY_SIS, False)):
        world = lab(small_district(), chosen)
        made(world, "people", "h-1", **PUPIL)
        run = lands(world, "same.zip", small_district())
        assert ("h-1" in active(world, "people")) is kept
        assert codes(world, run) == ({"MAN-02": 1} if kept else {"MAN-06": 1})
        links = [key for key, i in tables(world).items() if i.get("person") == item(world, "people", "h-1")["id"]]
        assert bool(links) is kept


def test_an_enrollment_by_hand_in_a_class_of_the_sis_goes_where_the_line_says_so() -> None:
    world = lab(small_district(), SONDAY)
    galileo_school(world)
    run = lands(world, "same.zip", small_district())
    left = {"h-e1", "h-e2"} | (set() if rules_of(SONDAY).hand.in_sis_class == "archive" else {"h-e3"})
    assert {one for one in active(world, "enrollments") if one.startswith("h-")} == left
    assert counts(run, "enrollments")["archived"] == 3 - len(left)


# ---------------------------------------------------------------- Galileo: what is made by hand stays

def test_ten_runs_leave_what_was_made_by_hand_byte_for_byte_as_it_was() -> None:
    world = lab(small_district(), GALILEO)
    galileo_school(world)
    before = copy.deepcopy(by_hand(world))
    assert len([i for i in before.values() if i.get("by_hand")]) == 5
    support(world, "edit", entity="people", record="s-1", fields={"given_name": "Changed"})
    for day in range(10):
        files = with_student(small_district(), f"s-day-{day}", username=f"day.{day}")
        run = lands(world, f"{day}.zip", files)
        assert run.outcome in ("applied", "applied with issues")
    assert by_hand(world) == before
    assert item(world, "people", "s-1")["given_name"] != "Changed"
    assert codes(world, run) == {"MAN-02": 5}


def test_a_record_of_the_sis_that_meets_one_made_by_hand_is_left_out_until_it_is_released() -> None:
    world = lab(small_district(), GALILEO)
    pupil = made(world, "people", None, **PUPIL)
    before = copy.deepcopy(by_hand(world))
    files = with_student(small_district(), "s-new", username="Hand.Made")
    run = lands(world, "new.zip", files)
    assert codes(world, run) == {"MAN-02": 1, "MAN-05": 1}
    assert by_hand(world) == before
    assert "s-new" not in active(world, "people")
    assert not [i for i in tables(world).values() if i.get("person") == "s-new"]
    support(world, "release", entity="people", record=pupil["id"])
    run = lands(world, "same.zip", files)
    assert codes(world, run) == {"MAN-01": 1}
    assert item(world, "people", "s-new")["id"] == pupil["id"]
    assert "by_hand" not in item(world, "people", "s-new")


# ---------------------------------------------------------------- portal: what meets is adopted

def test_a_record_made_by_hand_that_meets_a_synced_identity_is_adopted_and_the_others_are_kept() -> None:
    world = lab(small_district(), PORTAL)
    galileo_school(world)
    other = made(world, "people", "h-2", **PUPIL | {"username": "other.made"})
    id, run_before = item(world, "people", "h-1")["id"], counts(world.runs.run("lab", 1), "people")
    files = with_student(small_district(), "s-new", username="HAND.made", identifier="90009")
    run = lands(world, "new.zip", files)
    assert run_before["adopted"] == 0
    assert (counts(run, "people")["adopted"], counts(run, "people")["created"]) == (1, 0)
    assert counts(run, "people")["archived"] == 0
    found = codes(world, run)
    assert (found["MAN-01"], found["MAN-02"]) == (2, 4) if "MAN-01" in found else found
    adopted = item(world, "people", "s-new")
    assert (adopted["id"], adopted["family_name"], "by_hand" in adopted) == (id, "Student s-new", False)
    assert item(world, "people", "h-2")["id"] == other["id"]
    assert item(world, "enrollments", "h-e1")["person_id"] == id
    assert {r["source_id"] for r in do(world, "by_hand", integration=LAB.id)["records"]} >= {"h-2", "h-class", "h-e1"}
    assert do(world, "person", integration=LAB.id, identity="90009")["people"][0]["id"] == id
    assert do(world, "person", integration=LAB.id, identity="hand.made")["people"][0]["source_id"] == "s-new"
    assert lands(world, "again.zip", files).code == "unchanged"
    gone = lands(world, "gone.zip", small_district())
    assert item(world, "people", "s-new")["status"] == "archived"
    assert "h-e1" not in active(world, "enrollments")
    assert codes(world, gone)["MAN-06"] >= 1


def test_two_who_could_be_one_are_left_alone() -> None:
    world = lab(small_district(), PORTAL)
    made(world, "people", "h-1", **PUPIL)
    made(world, "people", "h-2", **PUPIL | {"username": "second.made"})
    support(world, "edit", entity="people", record="h-2", fields={"username": "third.made"})
    files = with_student(small_district(), "h-2", username="hand.made")
    run = lands(world, "new.zip", files)
    assert codes(world, run) == {"IDN-02": 1, "MAN-01": 1, "MAN-02": 1}
    assert "by_hand" in item(world, "people", "h-1")
    assert "by_hand" not in item(world, "people", "h-2")
    with pytest.raises(Refused):
        made(world, "people", "h-3", **PUPIL | {"username": "hand.MADE", "orgs": ["nowhere"]})


def test_an_undo_gives_an_adopted_record_back_as_it_was_made() -> None:
    world = lab(small_district(), PORTAL)
    galileo_school(world)
    before = copy.deepcopy(by_hand(world))
    run = lands(world, "new.zip", with_student(small_district(), "s-new", username="hand.made"))
    assert counts(run, "people")["adopted"] == 1
    undone = undo(world, run.run)
    assert undone.outcome in ("applied", "applied with issues")
    assert without_runs(by_hand(world)) == without_runs(before)


# ---------------------------------------------------------------- making and changing

def test_a_record_that_is_there_or_an_identity_that_somebody_has_refuses_a_new_one() -> None:
    world = lab(small_district(), PORTAL)
    user = next(row for row in small_district()["users"] if row["sourcedId"] == "s-1")
    before = tables(world)
    for source_id, fields in (("s-1", PUPIL), (None, PUPIL | {"username": user["username"].upper()}),
                              (None, PUPIL | {"orgs": ["nowhere"]}), (None, PUPIL | {"role": "pupil"}),
                              (None, PUPIL | {"home_school": "school-1"})):
        with pytest.raises(Refused):
            made(world, "people", source_id, **fields)
    with pytest.raises(Refused, match="username is missing"):
        made(world, "people", None, **{k: v for k, v in PUPIL.items() if k != "username"})
    with pytest.raises(Refused, match="points to nothing"):
        made(world, "enrollments", None, **{"class": "c-9", "person": "s-1", "role": "student"})
    assert tables(world) == before


def test_a_record_made_by_hand_is_changed_for_good_and_comes_back_from_its_archive() -> None:
    world = lab(small_district(), GALILEO)
    galileo_school(world)
    whole = copy.deepcopy(by_hand(world))
    support(world, "edit", entity="people", record="h-1", fields={"username": "now.named", "grades": ["06"]})
    assert do(world, "person", integration=LAB.id, identity="now.named")["people"][0]["made_by_hand"]
    with pytest.raises(Refused):
        do(world, "person", integration=LAB.id, identity="hand.made")
    assert support(world, "archive", entity="people", record="h-1")["with_it"] == 2
    assert "h-e3" not in active(world, "enrollments")
    run = lands(world, "same.zip", small_district())
    assert item(world, "people", "h-1")["status"] == "archived"
    assert codes(world, run) == {"MAN-02": 2}
    for entity, record in (("people", "h-1"), ("enrollments", "h-e1"), ("enrollments", "h-e3")):
        support(world, "release", entity=entity, record=record)
    support(world, "edit", entity="people", record="h-1", fields={"username": "hand.made", "grades": ["05"]})
    again = by_hand(world)
    apart = {"at", "reason", "by"}
    assert {k: {n: v for n, v in i.items() if n not in apart} for k, i in again.items()} == \
        {k: {n: v for n, v in i.items() if n not in apart} for k, i in whole.items()}


def test_the_audit_names_fields_and_never_values() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "people", "h-1", **PUPIL)
    support(world, "edit", entity="people", record="h-1", fields={"family_name": "Secretname"})
    said = [entry for entry in audited(world) if entry["operation"] in ("create", "edit")]
    assert [entry["fields"] for entry in said][1] == ["family_name"]
    assert "Secretname" not in str(said)


def test_nothing_made_by_hand_changes_while_a_run_is_on() -> None:
    world = lab(small_district(), GALILEO)
    world.runs.open("lab", now=world.clock.now(), lease_seconds=300, take_lease=True)
    with pytest.raises(Refused, match="is on"):
        made(world, "people", "h-1", **PUPIL)


