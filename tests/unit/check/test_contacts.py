"""Links between guardians and students, from `agentSourcedIds` of either side (conformance 33)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.check import Checked, by_code, check
from tests.builders.oneroster import Row, guardian, student, teacher
from tests.builders.snapshots import found, snapshot


def checked(students: list[Row], guardians: list[Row], **more: Any) -> Checked:
    return check(snapshot(students=students, guardians=guardians, **more))


def links(result: Checked) -> list[tuple[str, str, str]]:
    return sorted(result.entities["contacts"].records.select("student", "guardian", "relationship").rows())


def test_a_link_from_the_students_side_is_stored() -> None:
    assert links(checked([student("s-1", agentSourcedIds="g-1")], [guardian("g-1")])) == [("s-1", "g-1", "guardian")]


def test_a_link_from_the_guardians_side_is_stored() -> None:
    parent = guardian("g-1", role="parent", agentSourcedIds="s-1")
    assert links(checked([student("s-1")], [parent])) == [("s-1", "g-1", "parent")]


def test_a_link_from_both_sides_is_one() -> None:
    both = checked([student("s-1", agentSourcedIds="g-1")], [guardian("g-1", agentSourcedIds="s-1")])
    assert links(both) == [("s-1", "g-1", "guardian")]
    assert both.entities["contacts"].read.read == 1


def test_a_family_is_all_its_links() -> None:
    family = checked([student("s-1", agentSourcedIds=" g-1 , g-2,"), student("s-2")],
                     [guardian("g-1", agentSourcedIds="s-1,s-2"), guardian("g-2", role="relative")])
    assert links(family) == [("s-1", "g-1", "guardian"), ("s-1", "g-2", "relative"), ("s-2", "g-1", "guardian")]


def test_an_agent_who_is_neither_guardian_nor_student_is_no_contact() -> None:
    mentor = checked([student("s-1", agentSourcedIds="t-1,s-2"), student("s-2")],
                     [guardian("g-1", agentSourcedIds="g-1,t-1")])
    assert links(mentor) == []
    assert by_code(mentor.issues) == {}


def test_an_unknown_agent_is_dropped_with_a_warning() -> None:
    lost = checked([student("s-1", agentSourcedIds="g-1,nobody")], [guardian("g-1")])
    assert found(lost, "FLD-02") == [("users", 3, "agentSourcedIds", "nobody")]
    assert links(lost) == [("s-1", "g-1", "guardian")]
    assert lost.entities["people"].read.warnings == 1


def test_the_unknown_agent_of_a_removed_person_is_nobodys_issue() -> None:
    gone = checked([student("s-1", agentSourcedIds="nobody", status="tobedeleted"), student("s-2")], [])
    assert by_code(gone.issues) == {}


@pytest.mark.parametrize("broken", ["s-1", "g-1"])
def test_a_link_of_a_person_in_error_is_unusable_and_names_its_cause(broken: str) -> None:
    cells = {"givenName": ""}
    result = checked([student("s-1", agentSourcedIds="g-1", **(cells if broken == "s-1" else {}))],
                     [guardian("g-1", **(cells if broken == "g-1" else {}))], enrollments=[])
    assert links(result) == []
    assert result.entities["contacts"].unusable.to_list() == ["s-1|g-1"]
    folded = result.issues.filter(result.issues["code"] == "REF-07").row(0, named=True)
    assert (folded["entity"], folded["cause"]) == ("contacts", f"people {broken}")


@pytest.mark.parametrize("removed", ["s-1", "g-1"])
def test_a_link_of_a_removed_person_is_removed(removed: str) -> None:
    cells = {"status": "tobedeleted"}
    result = checked([student("s-1", agentSourcedIds="g-1", **(cells if removed == "s-1" else {}))],
                     [guardian("g-1", **(cells if removed == "g-1" else {}))], enrollments=[])
    assert links(result) == []
    assert result.entities["contacts"].gone.to_list() == ["s-1|g-1"]


def test_no_two_links_share_an_id_whatever_signs_the_ids_hold() -> None:
    odd = checked([student("a|b", username="1", agentSourcedIds="c"), student("a", username="2", agentSourcedIds="b|c"),
                   student("a%7Cb", username="3", agentSourcedIds="c")],
                  [guardian("c"), guardian("b|c")], enrollments=[])
    assert links(odd) == [("a", "b|c", "guardian"), ("a%7Cb", "c", "guardian"), ("a|b", "c", "guardian")]
    assert odd.entities["contacts"].records["source_id"].n_unique() == 3


def test_contacts_are_links_and_never_counted_as_people() -> None:
    result = checked([student("s-1", agentSourcedIds="g-1")], [guardian("g-1")])
    assert result.entities["people"].read.read == 3
    assert result.entities["contacts"].read.read == 1


def test_without_the_column_there_are_no_contacts() -> None:
    source = snapshot(teachers=[teacher("t-1")])
    source.frames["users"].drop_in_place("agentSourcedIds")
    assert check(source).entities["contacts"].read.read == 0
