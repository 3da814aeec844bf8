"""Laws of undo, for any small roster: what a run did is taken back whole, in parts, and again, and nothing besides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from homeroom.diff.applied import State
from homeroom.diff.past import before
from homeroom.model.entities import ENTITIES
from homeroom.model.selection import Selection
from tests.builders.amount import examples
from tests.builders.snapshots import operations, plan_of
from tests.builders.undoing import changes, undone
from tests.laws.table import Table
from tests.laws.towns import IDS, edits, pick, snapshot_of, towns

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(4, full=8), phases=[Phase.generate])


def settled(state: State) -> dict[str, Any]:
    """Entity → source id → status and fields."""
    return {
        name: {row.pop("source_id"): row for row in rows.sort("source_id").to_dicts()} for name, rows in state.items()
    }


def known(state: State, earlier: State) -> dict[str, Any]:
    """The state without archived records that the earlier one never had: they equal records never made (design 4)."""
    ids = settled(earlier)
    return {
        name: {id: row for id, row in rows.items() if id in ids[name] or row["status"] == "active"}
        for name, rows in settled(state).items()
    }


def links(table: Table, earlier: Table) -> dict[str, str]:
    """The identity links but those of people whom the earlier table never had."""
    people = {item["id"] for item in earlier.records().values() if item["entity"] == "people"}
    return {value: person for value, person in table.links.items() if person in people}


@few
@given(st.data())
def test_a_run_and_its_undo_are_nothing(data: st.DataObject) -> None:
    table, earlier, town = Table(), Table(), data.draw(towns())
    first = plan_of(snapshot_of(town))
    table.apply(operations(first))
    earlier.apply(operations(first))
    second = plan_of(snapshot_of(data.draw(edits(town))), first.next_state)
    table.apply(operations(second))
    back, told = undone(second, second.next_state)
    table.apply(operations(back))
    assert known(back.next_state, first.next_state) == settled(first.next_state)
    assert table.active() == earlier.active()
    assert links(table, earlier) == earlier.links
    assert table.links == table.right_links()
    assert told.issues().is_empty()
    assert {o["op"] for o in operations(back)} <= {"update", "archive", "restore", "link", "unlink"}


@few
@given(st.data())
def test_an_undo_of_the_undo_is_the_run_again(data: st.DataObject) -> None:
    town = data.draw(towns())
    first = plan_of(snapshot_of(town))
    second = plan_of(snapshot_of(data.draw(edits(town))), first.next_state)
    back, _ = undone(second, second.next_state)
    again, told = undone(back, back.next_state)
    assert settled(again.next_state) == settled(second.next_state)
    assert told.issues().is_empty()


@few
@given(st.data())
def test_a_part_and_then_the_rest_is_the_whole(data: st.DataObject) -> None:
    town = data.draw(towns())
    first = plan_of(snapshot_of(town))
    second = plan_of(snapshot_of(data.draw(edits(town))), first.next_state)
    whole, _ = undone(second, second.next_state)
    only = Selection(
        entities=tuple(data.draw(st.lists(pick(sorted(ENTITIES)), max_size=3, unique=True))),
        changes=tuple(data.draw(st.lists(pick(["create", "update", "archive", "restore"]), max_size=2, unique=True))),
        records=tuple(data.draw(st.lists(pick(IDS["users"]), max_size=2, unique=True))),
    )
    part, _ = undone(second, second.next_state, only=only)
    rest, _ = undone(second, part.next_state, later=[part])
    assert settled(rest.next_state) == settled(whole.next_state)


@few
@given(st.data())
def test_what_a_later_run_changed_is_left_alone_and_listed(data: st.DataObject) -> None:
    days = [data.draw(towns(faults=False))]
    plans = [plan_of(snapshot_of(days[0]))]
    for _ in range(2):
        days.append(data.draw(edits(days[-1], faults=False)))
        plans.append(plan_of(snapshot_of(days[-1]), plans[-1].next_state))
    now = plans[-1].next_state
    back, told = undone(plans[1], now, later=[plans[2]])
    listed = {(row["entity"], row["source_id"]) for row in told.issues().to_dicts()}
    written = {(o["entity"], o["source_id"]) for o in operations(back) if o["entity"] in ENTITIES}
    assert not listed & written
    assert written <= {(o["entity"], o["source_id"]) for o in operations(plans[1])}
    dangling = {
        (entity, source_id) for entity, source_id, field in _dangling(back.next_state)
    } - {(entity, source_id) for entity, source_id, field in _dangling(now)}
    assert dangling == set()


def _dangling(state: State) -> list[tuple[str, str, str]]:
    """Active records whose required single reference is to nothing active."""
    active = {(n, r["source_id"]): r for n, rows in state.items() for r in rows.to_dicts() if r["status"] == "active"}
    return [
        (entity, source_id, field.name) for (entity, source_id), row in active.items()
        for field in ENTITIES[entity].fields
        if field.required and field.references and field.kind != "list"
        and (field.references, row[field.name]) not in active
    ]


@few
@given(st.data())
def test_every_day_can_be_seen_again_from_the_journal(data: st.DataObject) -> None:
    town, state, plans, kept = data.draw(towns()), None, [], []
    for _ in range(4):
        plans.append(plan_of(snapshot_of(town), state))
        state = plans[-1].next_state
        kept.append(state)
        town = data.draw(edits(town))
    seen = kept[-1]
    for number in range(len(plans) - 1, 0, -1):
        made = changes(plans[number])
        seen = {name: before(entity, seen[name], made[name]) for name, entity in ENTITIES.items()}
        assert settled(seen) == settled(kept[number - 1])
