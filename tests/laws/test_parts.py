"""Any part of any plan may be applied alone: nothing dangles then, and the rest ends in the roster of the whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.check import check
from homeroom.diff import Plan, diff
from homeroom.diff.applied import ACTIVE, STATUS, State, empty_state
from homeroom.diff.division import Division, divided
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import NOTHING_AROUND, Repairs
from homeroom.model.selection import Selection
from homeroom.model.waits import Waits
from homeroom.shape import shape
from tests.builders.amount import examples
from tests.builders.snapshots import AS_OF, ROSTER, operations, plan_hash, plan_of
from tests.laws.table import Table
from tests.laws.test_plans import interrupt, records_of
from tests.laws.towns import IDS, Town, edits, pick, snapshot_of, towns

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(4, full=8))


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(st.just(()), st.lists(pick(values), min_size=1, max_size=2, unique=True).map(tuple))


selections = st.builds(
    Selection, entities=some(list(ENTITIES)), changes=some(["create", "update", "archive", "restore"]),
    schools=some(["a", "b"]), classes=some(IDS["classes"]), records=some([*IDS["users"], *IDS["classes"]]),
).filter(lambda selection: not selection.everything)

sets = st.sets(pick(["a", "b"]), max_size=1).map(frozenset)
waits = st.builds(
    Waits, removals=st.booleans(), creations=st.booleans(), schools=sets,
    classes=st.sets(pick(IDS["classes"]), max_size=2).map(frozenset),
).filter(lambda one: not one.nothing)


def halves(town: Town, state: State | None, wished: Selection | Waits,
           repairs: Repairs) -> tuple[Plan, Division | None]:
    """The whole plan of a day, and the same in two."""
    checked = check(snapshot_of(town))
    desired, applied = shape(checked), empty_state() if state is None else state

    def again(wanted, before, mended, beside):
        return diff(wanted, before, checked, roster=ROSTER, as_of=AS_OF, repairs=mended, around=beside)

    whole = again(desired, applied, repairs, NOTHING_AROUND)
    return whole, divided(whole, wished, desired, applied, repairs, NOTHING_AROUND, again=again,
                          desired_after=lambda state, beside: desired)


def dangling(state: State) -> set[tuple[str, str, str]]:
    """Active records that point to one that is not active."""
    active = {name: set(rows.filter(rows[STATUS] == ACTIVE)["source_id"]) for name, rows in state.items()}
    found = set()
    for name, rows in state.items():
        for row in rows.filter(rows[STATUS] == ACTIVE).to_dicts():
            for field in ENTITIES[name].fields:
                if field.references and row[field.name]:
                    targets = row[field.name].split(",") if field.kind == "list" else [row[field.name]]
                    found |= {(name, row["source_id"], t) for t in targets if t not in active[field.references]}
    return found


@few
@given(st.data())
def test_a_part_and_then_the_rest_end_in_the_roster_of_the_whole(data: st.DataObject) -> None:
    at_once, in_two, town = Table(), Table(), data.draw(towns())
    first = plan_of(snapshot_of(town))
    for table in (at_once, in_two):
        table.apply(operations(first))
    second = data.draw(edits(data.draw(edits(town))))
    whole, division = halves(second, first.next_state, data.draw(st.one_of(selections, waits)), Repairs())
    at_once.apply(operations(whole))
    for plan in (division.part, division.rest) if division else (whole,):
        in_two.apply(operations(plan))
    assert in_two.active() == at_once.active()
    assert in_two.links == at_once.links == in_two.right_links()
    assert in_two.wrong_references() == []


@few
@given(st.data())
def test_nothing_dangles_after_any_part_that_did_not_before_or_after(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns())
    first = plan_of(snapshot_of(town))
    table.apply(operations(first))
    second = data.draw(edits(data.draw(edits(town))))
    whole, division = halves(second, first.next_state, data.draw(st.one_of(selections, waits)), Repairs())
    part = division.part if division else whole
    table.apply(operations(part))
    allowed = dangling(first.next_state) | dangling(whole.next_state)
    assert dangling(part.next_state) <= allowed
    assert table.wrong_references() == []
    assert table.links == table.right_links()


@few
@given(st.data())
def test_what_waits_is_not_in_the_part_and_the_rest_is_planned_again_to_the_same_hash(data: st.DataObject) -> None:
    town = data.draw(towns())
    first = plan_of(snapshot_of(town))
    second = data.draw(edits(data.draw(edits(town))))
    wished = data.draw(waits)
    _, division = halves(second, first.next_state, wished, Repairs())
    if division is None:
        return
    ops = {o["op"] for o in operations(division.part)}
    assert not (wished.removals and "archive" in ops)
    assert not (wished.creations and "create" in ops)
    frozen = [o for o in operations(division.part, "enrollments")
              if any((o[i] or {}).get("class") in wished.classes for i in ("before", "after"))]
    assert frozen == []
    assert plan_hash(plan_of(snapshot_of(second), division.part.next_state)) == plan_hash(division.rest)
    left = sum(c.waits for c in division.part.counts.values())
    assert left == sum(c.changes for c in division.rest.counts.values()) > 0


@few
@given(st.data())
def test_a_part_of_a_first_load_stands_alone(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns())
    whole, division = halves(town, None, data.draw(selections), Repairs())
    if division is None:
        return
    table.apply(operations(division.part))
    assert dangling(division.part.next_state) <= dangling(whole.next_state)
    table.apply(operations(division.rest))
    assert table.links == table.right_links()
    assert plan_hash(plan_of(snapshot_of(town), division.part.next_state)) == plan_hash(division.rest)


@few
@given(st.data())
def test_parts_repair_what_an_interrupted_run_left(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns())
    first = plan_of(snapshot_of(town))
    table.apply(operations(first))
    second = data.draw(edits(town))
    begun = operations(plan_of(snapshot_of(second), first.next_state))
    interrupt(data, table, begun)
    third = data.draw(edits(second))
    whole, division = halves(third, first.next_state, data.draw(waits), table.repairs(begun))
    for plan in (division.part, division.rest) if division else (whole,):
        table.apply(operations(plan))
        assert table.wrong_references() == []
        assert table.links == table.right_links()
    assert table.active() == records_of(whole.next_state, active=True)
