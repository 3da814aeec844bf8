"""What an undo turns back, and what it leaves alone."""

from __future__ import annotations

from typing import Any

from homeroom.diff import Plan
from homeroom.diff.undo import BY_HAND, CHANGED, NEEDED, NEEDS
from homeroom.model.selection import Selection
from tests.builders.oneroster import enrollment, klass, student
from tests.builders.snapshots import operations, plan_of, snapshot
from tests.builders.undoing import undone
from tests.laws.table import Table


def days(*rosters: dict[str, Any]) -> list[Plan]:
    """The plans of these days, one after the other."""
    plans: list[Plan] = []
    for words in rosters:
        plans.append(plan_of(snapshot(**words), plans[-1].next_state if plans else None))
    return plans


def listed(told: Any) -> list[tuple[str, str, str]]:
    return [(row["entity"], row["source_id"], row["text"]) for row in told.issues().to_dicts()]


ONE, OTHER = student("s-1"), student("s-1", familyName="Wrong")
WITHOUT = {"students": []}


def test_only_the_fields_that_the_run_changed_are_put_back() -> None:
    later = student("s-1", familyName="Wrong", grades="07")
    plans = days({"students": [ONE]}, {"students": [OTHER]}, {"students": [later]})
    back, told = undone(plans[1], plans[2].next_state, later=[plans[2]])
    (changed,) = operations(back, "people")
    assert (changed["op"], changed["changed"]) == ("update", ["family_name"])
    assert changed["after"]["grades"] == ["07"]
    assert listed(told) == []


def test_a_field_that_changed_again_is_left_alone() -> None:
    plans = days({"students": [ONE]}, {"students": [OTHER]}, {"students": [student("s-1", familyName="Married")]})
    back, told = undone(plans[1], plans[2].next_state, later=[plans[2]])
    assert (operations(back), listed(told)) == ([], [("people", "s-1", CHANGED)])


def test_an_edit_by_hand_that_waits_is_a_later_change() -> None:
    plans = days({"students": [ONE]}, {"students": [OTHER]})
    back, told = undone(plans[1], plans[1].next_state, edited={"people": frozenset({"s-1"})})
    assert (operations(back), listed(told)) == ([], [("people", "s-1", BY_HAND)])


def test_what_is_as_before_already_is_neither_turned_back_nor_listed() -> None:
    plans = days({"students": [ONE]}, {"students": [OTHER]}, {"students": [ONE]})
    back, told = undone(plans[1], plans[2].next_state, later=[plans[2]])
    assert (operations(back), listed(told)) == ([], [])


def test_sign_in_names_go_back_to_whom_they_belonged_when_everybody_came_under_a_new_id() -> None:
    """Archived people keep their identities, and one with two holders signs nobody in."""
    rebuilt = student("new-1") | {name: ONE[name] for name in ("username", "identifier", "email")}
    plans = days({"students": [ONE]}, {"students": [rebuilt]})
    table, before = Table(), Table()
    before.apply(operations(plans[0]))
    for plan in plans:
        table.apply(operations(plan))
    name = f"username#{ONE['username'].lower()}"
    assert name not in table.links
    back, _ = undone(plans[1], plans[1].next_state)
    table.apply(operations(back))
    assert table.links[name] == before.links[name]
    assert {value: who for value, who in table.links.items() if value in before.links} == before.links
    again, _ = undone(back, back.next_state)
    (restored,) = [o for o in operations(again, "people", "restore") if o["source_id"] == "new-1"]
    assert restored["after"]["username"] == ONE["username"]


def test_what_was_restored_is_archived_with_the_fields_it_had_then() -> None:
    plans = days({"students": [ONE]}, WITHOUT, {"students": [OTHER]})
    back, _ = undone(plans[2], plans[2].next_state)
    (archived,) = operations(back, "people")
    assert (archived["op"], archived["changed"]) == ("archive", ["family_name"])
    assert archived["before"]["family_name"] == "Wrong"
    assert archived["after"]["family_name"] == ONE["familyName"]


def test_a_class_stays_that_a_later_student_needs_and_what_needs_a_class_that_left_does_not_come_back() -> None:
    both = [klass("c-1"), klass("c-2")]
    plans = days(
        {"classes": [klass("c-1")]}, {"classes": both},
        {"classes": both, "also": [enrollment("s-1", "c-2")]},
    )
    back, told = undone(plans[1], plans[2].next_state, later=[plans[2]])
    assert (operations(back), listed(told)) == ([], [("classes", "c-2", NEEDED)])

    plans = days(
        {"classes": both, "also": [enrollment("s-1", "c-2")]}, {"classes": both}, {"classes": [klass("c-1")]})
    back, told = undone(plans[1], plans[2].next_state, later=[plans[2]])
    assert operations(back) == []
    assert [(entity, why) for entity, _, why in listed(told)] == [("enrollments", NEEDS)]


def test_a_part_is_turned_back_by_what_the_run_did() -> None:
    plans = days({"students": [ONE, student("s-2")]}, {"students": [OTHER, student("s-3")]})
    back, told = undone(plans[1], plans[1].next_state, only=Selection(changes=("archive",)))
    assert {(o["op"], o["source_id"]) for o in operations(back, "people")} == {("restore", "s-2")}
    assert {o["op"] for o in operations(back, "enrollments")} == {"restore"}
    assert listed(told) == []
    back, told = undone(plans[1], plans[1].next_state, only=Selection(entities=("people",), changes=("create",)))
    assert operations(back) == []
    assert listed(told) == [("people", "s-3", NEEDED)]
