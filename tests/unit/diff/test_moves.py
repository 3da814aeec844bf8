"""An enrollment stands under its class, role and person: when one of them changes, its item moves."""

from __future__ import annotations

from typing import Any

from homeroom.model.ids import mint
from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import enrollment, klass, student, teacher
from tests.builders.snapshots import ROSTER, applied, operations, plan_of, snapshot


def place(klass: str = "c-1", person: str = "s-1", role: str = "student") -> dict[str, str]:
    return {"class": mint(ROSTER, "classes", klass), "person": mint(ROSTER, "people", person), "role": role}


def school(**rows: dict[str, str]) -> Snapshot:
    """Two classes, and an enrollment of `s-1` in `c-1` for each of the named ones, with these cells changed."""
    seats = [{**enrollment("s-1", "c-1"), "sourcedId": id} | cells for id, cells in rows.items()]
    teaching = enrollment("t-1", "c-1", role="teacher")
    return snapshot(classes=[klass("c-1"), klass("c-2")], enrollments=[*seats, teaching])


def updates(**rows: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Enrollment → its operation, after these cells changed."""
    plan = plan_of(school(**rows), applied(school(**{id: {} for id in rows})))
    return {o["source_id"]: o for o in operations(plan)}


def test_a_moved_enrollment_names_the_place_it_left() -> None:
    moved = updates(class_={"classSourcedId": "c-2"}, person={"userSourcedId": "s-2"}, letter={"role": "teacher"},
                    other={"role": "aide"}, all={"classSourcedId": "c-2", "userSourcedId": "s-2", "role": "proctor"})
    assert {id: (o["op"], o["moved_from"]) for id, o in moved.items()} == dict.fromkeys(moved, ("update", [place()]))
    assert len(moved) == 5
    assert moved["all"]["refs"] == {"class": mint(ROSTER, "classes", "c-2"), "person": mint(ROSTER, "people", "s-2"),
                                    "school": mint(ROSTER, "orgs", "school-1")}


def test_an_enrollment_that_changes_otherwise_stays_where_it_is() -> None:
    stay = updates(begin={"beginDate": "2026-08-20"}, primary={"primary": "true"},
                   school={"schoolSourcedId": "school-2"})
    assert {id: o["moved_from"] for id, o in stay.items()} == {"begin": [], "primary": [], "school": []}


def test_roles_that_share_a_letter_share_a_place() -> None:
    (found,) = operations(plan_of(school(e={"role": "parent"}), applied(school(e={"role": "aide"}))))
    assert found["changed"] == ["role"]
    assert found["moved_from"] == []


def test_an_enrollment_that_comes_back_in_another_class_leaves_its_archived_place() -> None:
    bare = school()
    gone = plan_of(bare, applied(school(e={}))).next_state
    (back,) = operations(plan_of(school(e={"classSourcedId": "c-2"}), gone))
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
    plan = plan_of(left, applied(school(**{"e-1": {}})))
    moved = {o["source_id"]: o["moved_from"] for o in operations(plan, "enrollments")}
    assert moved == {"e-1": [place()], "e-t-1-c-1": [place(person="t-1", role="teacher")]}
    assert [o["op"] for o in operations(plan, "classes")] == ["archive"]


def test_two_rows_of_one_person_in_one_class_are_two_places() -> None:
    """Conformance 29: one item for each source enrollment; views collapse them."""
    twice = [{**enrollment("s-1", "c-1"), "sourcedId": f"e-{n}"} for n in (1, 2)]
    created = operations(plan_of(snapshot(teachers=[teacher("t-1")], enrollments=twice)), "enrollments")
    assert len({o["id"] for o in created}) == 2
    assert len({(o["refs"]["class"], o["refs"]["person"]) for o in created}) == 1
