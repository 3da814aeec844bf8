"""An enrollment stands under its class, role and person: when one of them changes, its item moves."""

from __future__ import annotations

import pytest

from homeroom.model.ids import mint
from tests.builders.oneroster import enrollment, klass, student, teacher
from tests.builders.snapshots import ROSTER, applied, operations, plan_of, snapshot


def place(klass: str = "c-1", person: str = "s-1", role: str = "student") -> dict[str, str]:
    return {"class": mint(ROSTER, "classes", klass), "person": mint(ROSTER, "people", person), "role": role}


def school(**cells: str) -> object:
    one = {**enrollment("s-1", "c-1"), "sourcedId": "e-1"} | cells
    return snapshot(classes=[klass("c-1"), klass("c-2")], enrollments=[one, enrollment("t-1", "c-1", role="teacher")])


def update(**cells: str) -> dict[str, object]:
    (found,) = operations(plan_of(school(**cells), applied(school())))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    "cells", [{"classSourcedId": "c-2"}, {"userSourcedId": "s-2"}, {"role": "teacher"}, {"role": "aide"},
              {"classSourcedId": "c-2", "userSourcedId": "s-2", "role": "proctor"}],
)
def test_a_moved_enrollment_names_the_place_it_left(cells: dict[str, str]) -> None:
    moved = update(**cells)
    assert (moved["op"], moved["source_id"]) == ("update", "e-1")
    assert moved["moved_from"] == [place()]


def test_its_references_are_those_of_the_new_place() -> None:
    moved = update(classSourcedId="c-2", userSourcedId="s-2")
    assert moved["refs"] == {"class": mint(ROSTER, "classes", "c-2"), "person": mint(ROSTER, "people", "s-2"),
                             "school": mint(ROSTER, "orgs", "school-1")}


@pytest.mark.parametrize("cells", [{"beginDate": "2026-08-20"}, {"primary": "true"}, {"schoolSourcedId": "school-2"}])
def test_an_enrollment_that_changes_otherwise_stays_where_it_is(cells: dict[str, str]) -> None:
    assert update(**cells)["moved_from"] == []


def test_roles_that_share_a_letter_share_a_place() -> None:
    (found,) = operations(plan_of(school(role="parent"), applied(school(role="aide"))))  # type: ignore[arg-type]
    assert found["changed"] == ["role"]
    assert found["moved_from"] == []


def test_an_enrollment_that_comes_back_in_another_class_leaves_its_archived_place() -> None:
    bare = snapshot(classes=[klass("c-1"), klass("c-2")], enrollments=[enrollment("t-1", "c-1", role="teacher")])
    gone = plan_of(bare, applied(school())).next_state  # type: ignore[arg-type]
    (back,) = operations(plan_of(school(classSourcedId="c-2"), gone))  # type: ignore[arg-type]
    assert (back["op"], back["moved_from"]) == ("restore", [place()])


def test_created_and_archived_enrollments_move_from_nowhere() -> None:
    whole = snapshot()
    assert all(o["moved_from"] == [] for o in operations(plan_of(whole), "enrollments"))
    gone = plan_of(snapshot(students=[student("s-1")]), applied(whole))
    assert [o["moved_from"] for o in operations(gone, "enrollments")] == [[]]


def test_an_enrollment_moves_away_from_a_class_that_is_archived_with_the_same_plan() -> None:
    left = snapshot(classes=[klass("c-2")], enrollments=[
        {**enrollment("s-1", "c-2"), "sourcedId": "e-1"},
        {**enrollment("t-1", "c-2", role="teacher"), "sourcedId": "e-t-1-c-1"}])
    plan = plan_of(left, applied(school()))  # type: ignore[arg-type]
    moved = {o["source_id"]: o["moved_from"] for o in operations(plan, "enrollments")}
    assert moved == {"e-1": [place()], "e-t-1-c-1": [place(person="t-1", role="teacher")]}
    assert [o["op"] for o in operations(plan, "classes")] == ["archive"]


def test_two_rows_of_one_person_in_one_class_are_two_places() -> None:
    """Conformance 29: one item for each source enrollment; views collapse them."""
    twice = [{**enrollment("s-1", "c-1"), "sourcedId": f"e-{n}"} for n in (1, 2)]
    created = operations(plan_of(snapshot(teachers=[teacher("t-1")], enrollments=twice)), "enrollments")
    assert len({o["id"] for o in created}) == 2
    assert len({(o["refs"]["class"], o["refs"]["person"]) for o in created}) == 1
