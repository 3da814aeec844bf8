"""Complaints of whoever looks for somebody, and of who finds a class empty. Numbers are those of `complaints_r`."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.model.events import AsOf, Explain, FindPerson
from homeroom.support.operations import act
from tests.builders.oneroster import District, district, small_district
from tests.builders.questions import with_engine
from tests.conformance.lab import CsvLab, clever, rest, tripped, writes
from tests.fakes.oneroster_service import Service

WIZARD = district().with_student("s-new", classes=["c-1"], role="wizard")


def explained(lab: CsvLab, record: str, entity: str = "people") -> dict[str, Any]:
    asked = Explain.model_validate({"operation": "explain", "integration": "lab", "entity": entity, "record": record})
    return act(asked, with_engine(lab.world))


def test_r4_why_somebody_is_missing_is_told_with_file_and_line() -> None:
    told = explained(CsvLab(WIZARD.files), "s-new")
    assert (told["here"], told["code"], told["next"]["owner"]) == (False, "in error", "district")
    assert "users.csv line 16" in told["sentence"]
    assert "FLD-07" in told["sentence"]


def test_r4_a_class_tells_its_members_at_the_source_beside_those_here() -> None:
    members = explained(CsvLab(WIZARD.files), "c-1", "classes")["members"]
    assert (members["source"], members["here"]) == ({"teacher": 1, "student": 5}, {"teacher": 1, "student": 4})
    assert sum(members["missing"].values()) == 1
    assert [one["person"] for one in members["first_missing"]] == ["s-new"]


def test_r4_to_sync_once_more_is_safe() -> None:
    lab = CsvLab(WIZARD.files)
    before = lab.table
    assert writes(lab, lambda: lab.run(force=True, full=True)) == 0
    assert lab.table == before


def emptied(made: District, class_id: str) -> District:
    """A class that stays, and whose students are in it no more."""
    gone = [row["sourcedId"] for row in made.files["enrollments"]
            if row["classSourcedId"] == class_id and row["role"] == "student"]
    return made.without("enrollments", *gone)


def test_r33_a_class_that_loses_its_students_is_held_and_never_called_up_to_date() -> None:
    full = district()
    for n in range(20, 25):
        full = full.with_student(f"s-{n}", classes=["c-1"])
    lab = CsvLab(full.files)
    before = lab.table
    held = lab.lands(emptied(full, "c-1").files)
    assert (held.outcome, tripped(held)) == ("held", ["GRD-05"])
    assert (lab.status, lab.table) == ("on hold: review", before)


def test_r33_a_class_of_no_students_says_so_with_both_counts() -> None:
    lab = CsvLab(emptied(district(), "c-4").files)
    members = explained(lab, "c-4", "classes")["members"]
    assert (members["source"], members["here"]) == ({"teacher": 1}, {"teacher": 1})


@pytest.mark.parametrize("source", ["files", "service", "clever"])
def test_r34_everybody_is_in_place_before_anybody_signs_in(source: str) -> None:
    """Nobody has an account, and nobody was asked: the roster alone has them all, in their classes."""
    everybody, places = len(small_district()["users"]), len(small_district()["enrollments"])
    if source == "files":
        lab: Any = CsvLab()
        assert (len(lab.active("people")), len(lab.active("enrollments"))) == (everybody, places)
    elif source == "service":
        with rest(Service(small_district())) as lab:
            lab.run()
            assert (len(lab.active("people")), len(lab.active("enrollments"))) == (everybody, places)
    else:
        with clever() as lab:
            lab.run()
            assert len(lab.active("people")) == everybody
            assert len(lab.active("enrollments")) == places


def test_r31_who_left_a_class_is_shown_as_left_and_since_when() -> None:
    lab = CsvLab()
    lab.lands(district().without("enrollments", "e-s-1-c-2").files)
    found = act(FindPerson(operation="person", integration="lab", identity="user.s-1"), lab.world)["people"][0]
    assert {one["class"]: one["status"] for one in found["classes"]} == {"c-1": "active", "c-2": "archived"}
    told = explained(lab, "s-1")["classes"]
    assert [one["here"] for one in told if one["class"] == "c-2"] == [False]


def test_r26_everything_is_looked_up_by_the_ids_of_the_source() -> None:
    lab = CsvLab()
    id = lab.items("people")["s-1"]["id"]
    for identity in ("s-1", "user.s-1", "number-s-1", id):
        found = act(FindPerson(operation="person", integration="lab", identity=identity), lab.world)["people"]
        assert [one["id"] for one in found] == [id]
    asked = {"operation": "as_of", "integration": "lab", "at": lab.world.clock.now()}
    for entity, record in (("people", "s-1"), ("classes", "c-1"), ("orgs", "school-1"), ("terms", "sem-1")):
        told = act(AsOf.model_validate({**asked, "entity": entity, "record": record}), with_engine(lab.world))
        assert (told["found"], told["status"], told["source_id"]) == (True, "active", record)
