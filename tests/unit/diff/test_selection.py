"""Which changes of a plan belong to a selection, and what must stay behind with what is left out."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from homeroom.diff import Plan
from homeroom.diff.applied import State
from homeroom.diff.selection import chosen, left_by, left_waiting
from homeroom.model.selection import EVERYTHING, Selection
from homeroom.model.waits import Waits
from tests.builders.oneroster import District, district
from tests.builders.snapshots import applied, of_files, plan_of

Change = tuple[str, str, str]
"""Entity, operation, source id."""


@cache
def before() -> State:
    return applied(of_files(first().files))


def first() -> District:
    return district().with_guardian("g-2", of="s-2")


@cache
def plan() -> Plan:
    """One student leaves each school, one comes to each; a class opens with a course of its own, one closes."""
    left = first().without("users", "s-1", "s-3").without("enrollments", "e-s-1-c-1", "e-s-1-c-2", "e-s-3-c-3")
    left = left.without("classes", "c-4").without(
        "enrollments", *(r["sourcedId"] for r in first().files["enrollments"] if r["classSourcedId"] == "c-4"))
    left = left.with_row("courses", {**first().row("courses", "course-1"), "sourcedId": "course-new"})
    left = left.with_class("c-new", courseSourcedId="course-new")
    left = left.with_student("s-new", classes=["c-new"])
    left = left.with_student("s-other", classes=["c-3"], orgSourcedIds="school-2")
    left = left.with_cells("users", "s-2", givenName="Renamed")
    return plan_of(of_files(left.files), before())


def picked(**words: Any) -> set[Change]:
    """What belongs to a selection."""
    selection = Selection.model_validate(words)
    return {
        (name, op, source_id) for name, _, rows in plan().operations
        for op, source_id in rows.filter(chosen(rows, name, selection, before(), plan().next_state))
        .select("op", "source_id").iter_rows()
    }


def left(marks: Any) -> set[Change]:
    return {
        (name, op, source_id) for name, archives, rows in plan().operations
        for op, source_id in rows.filter(marks[name, archives]).select("op", "source_id").iter_rows()
        if name != "identities"
    }


def goes_on(**words: Any) -> set[Change]:
    """What is applied of a selection."""
    marks = left_by(plan().operations, Selection.model_validate(words), before(), plan().next_state)
    return picked() - left(marks)


def waiting(**words: Any) -> set[Change]:
    return left(left_waiting(plan().operations, Waits(**words), {}, before(), plan().next_state))


def test_nothing_named_is_everything_but_identity_links() -> None:
    every = {(name, o) for name, _, rows in plan().operations for o in rows["source_id"] if name != "identities"}
    assert EVERYTHING.everything
    assert {(name, source_id) for name, _, source_id in picked()} == every


def test_a_kind_of_record_and_a_kind_of_change() -> None:
    assert picked(entities=["classes"]) == {("classes", "create", "c-new"), ("classes", "archive", "c-4")}
    assert {op for _, op, _ in picked(changes=["archive"])} == {"archive"}
    assert picked(entities=["classes"], changes=["archive"]) == {("classes", "archive", "c-4")}


def test_a_school_has_its_people_classes_enrollments_and_contacts() -> None:
    one, other = picked(schools=["school-1"]), picked(schools=["school-2"])
    assert ("people", "archive", "s-1") in one
    assert ("contacts", "archive", "s-1|g-1") in one
    assert {("people", "create", "s-other"), ("classes", "archive", "c-4")} <= other
    assert not one & other


@pytest.mark.parametrize("school", ["school-1", "school-2"])
def test_the_district_itself_belongs_to_no_school(school: str) -> None:
    assert not any(name in ("orgs", "terms") for name, _, _ in picked(schools=[school]))


def test_a_class_has_its_enrollments_and_the_people_in_it_before_or_after() -> None:
    assert picked(classes=["c-3"]) == {
        ("people", "archive", "s-3"), ("people", "create", "s-other"),
        ("enrollments", "archive", "e-s-3-c-3"), ("enrollments", "create", "e-s-other-c-3"),
    }


def test_a_record_by_either_id_has_what_hangs_on_it() -> None:
    wanted = {("people", "archive", "s-1"), ("enrollments", "archive", "e-s-1-c-1"),
              ("enrollments", "archive", "e-s-1-c-2"), ("contacts", "archive", "s-1|g-1")}
    people = before()["people"]
    internal = people.filter(people["source_id"] == "s-1")["id"][0]
    assert picked(records=["s-1"]) == picked(records=[internal]) == wanted


def test_every_list_must_be_met() -> None:
    assert picked(records=["s-1"], schools=["school-2"]) == set()
    assert picked(records=["s-1"], entities=["enrollments"], classes=["c-2"]) == {
        ("enrollments", "archive", "e-s-1-c-2")}


def test_what_a_school_needs_comes_with_it() -> None:
    assert ("courses", "create", "course-new") not in picked(classes=["c-new"])
    assert {("courses", "create", "course-new"), ("classes", "create", "c-new"), ("people", "create", "s-new"),
            ("enrollments", "create", "e-s-new-c-new")} == goes_on(classes=["c-new"])


def test_kinds_that_were_named_are_never_exceeded() -> None:
    assert goes_on(entities=["enrollments"], changes=["create"]) == set()
    assert goes_on(entities=["people", "enrollments"], records=["s-other"]) == {
        ("people", "create", "s-other"), ("enrollments", "create", "e-s-other-c-3")}


def test_nothing_is_removed_that_somebody_who_stays_is_in() -> None:
    assert goes_on(entities=["people"], changes=["archive"]) == set()
    assert goes_on(entities=["classes"]) == set()
    assert ("classes", "archive", "c-4") in goes_on(records=["c-4"])


def test_removals_wait_and_nothing_else() -> None:
    assert waiting(removals=True) == picked(changes=["archive"])


def test_creations_wait_with_what_points_to_them() -> None:
    assert waiting(creations=True) == picked(changes=["create"])


def test_removals_of_one_school_wait_with_the_contacts_of_who_stays() -> None:
    held = waiting(schools=frozenset({"school-1"}))
    assert held == {("people", "archive", "s-1"), ("enrollments", "archive", "e-s-1-c-1"),
                    ("enrollments", "archive", "e-s-1-c-2"), ("contacts", "archive", "s-1|g-1")}


def test_a_frozen_class_keeps_its_people() -> None:
    held = waiting(classes=frozenset({"c-3"}))
    assert held == {("enrollments", "archive", "e-s-3-c-3"), ("enrollments", "create", "e-s-other-c-3"),
                    ("people", "archive", "s-3")}


def test_what_waits_of_all_is_all() -> None:
    assert waiting(everything=True) == picked()
