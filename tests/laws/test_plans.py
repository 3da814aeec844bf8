"""Laws of plans, for any small roster: the table is a model of dictionaries, written without `diff` and `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.check import check
from homeroom.diff import Plan
from homeroom.diff.applied import State
from homeroom.model.entities import BY_FILE, ENTITIES, LIST_KINDS
from homeroom.model.plan import Repairs, waves
from tests.builders.amount import examples
from tests.builders.snapshots import operations, plan_hash, plan_of, shuffled
from tests.fakes.twins import twin_of
from tests.laws.table import Table, writes_of
from tests.laws.towns import IDS, Town, edits, mixtures, pick, snapshot_of, towns

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(5, full=12))

Records = dict[tuple[str, str], dict[str, Any]]


def records_of(state: State, active: bool) -> Records:
    """(entity, source id) → fields, of a kept state, as JSON."""
    return {
        (name, row["source_id"]): _fields(name, row)
        for name, frame in state.items() for row in frame.to_dicts() if (row["status"] == "active") is active
    }


def _fields(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for field in ENTITIES[name].fields:
        value = row[field.name]
        if value is not None:
            split = value.split(",") if field.kind in LIST_KINDS else value
            found[field.name] = split.isoformat() if field.kind == "date" else split
    return found


def wanted_by(town: Town) -> Records:
    """(entity, source id) → fields, of what the source says and is taken."""
    checked = check(snapshot_of(town))
    rows = [(name, row) for name, entity in checked.entities.items() for row in entity.records.to_dicts()]
    return {(name, row["source_id"]): _fields(name, row) for name, row in rows}


def is_right(table: Table, plan: Plan, town: Town) -> None:
    """The table holds the plan's next state, all that the source says, and links and references that fit."""
    held = table.active()
    assert held == records_of(plan.next_state, active=True)
    archived = {n: i["fields"] for n, i in table.records().items() if i["status"] == "archived"}
    assert archived == records_of(plan.next_state, active=False)
    wanted = wanted_by(town)
    assert {name: held.get(name) for name in wanted} == wanted
    assert table.links == table.right_links()
    assert table.wrong_references() == []


def step(table: Table, town: Town, state: State | None, repairs: Repairs | None = None) -> Plan:
    """Plan a day and write it whole."""
    plan = plan_of(snapshot_of(town), state, repairs=repairs or Repairs())
    table.apply(operations(plan))
    return plan


@few
@given(st.data())
def test_applying_plans_gives_the_desired_roster_and_planning_again_gives_nothing(data: st.DataObject) -> None:
    table, state, town = Table(), None, data.draw(towns())
    for _ in range(3):
        plan = step(table, town, state)
        is_right(table, plan, town)
        state = plan.next_state
        town = data.draw(edits(town))
    again = plan_of(snapshot_of(town), plan_of(snapshot_of(town), state).next_state)
    assert operations(again) == []


@few
@given(st.data())
def test_what_is_in_the_source_in_error_is_kept_and_nothing_else_stays(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns(faults=False))
    state = step(table, town, None).next_state
    before = table.active()
    next_day = data.draw(edits(town))
    step(table, next_day, state)
    wanted = wanted_by(next_day)
    stayed = {name: fields for name, fields in table.active().items() if name not in wanted}
    assert stayed == {name: before[name] for name in stayed}
    present = {BY_FILE[stem].name: set(rows) for stem, rows in next_day.items()}
    for entity, source_id in stayed:
        named = source_id.split("|") if entity == "contacts" else [source_id]
        assert set(named) <= present["people" if entity == "contacts" else entity]


@few
@given(st.data())
def test_the_order_of_rows_does_not_matter(data: st.DataObject) -> None:
    town = data.draw(towns())
    state = plan_of(snapshot_of(town)).next_state
    tomorrow = snapshot_of(data.draw(edits(town)))
    seed = data.draw(st.integers(0, 1000))
    mixed = {name: rows.sample(fraction=1.0, shuffle=True, seed=seed) for name, rows in state.items()}
    assert plan_hash(plan_of(tomorrow, state)) == plan_hash(plan_of(shuffled(tomorrow, seed), mixed))


@few
@given(st.data())
def test_what_leaves_and_returns_is_restored_under_the_same_identity(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns(faults=False))
    state = step(table, town, None).next_state
    before = {name: item["id"] for name, item in table.records().items()}
    less = twin_of(town)
    gone = data.draw(st.lists(pick(sorted(town["users"]) or ["-"]), min_size=1, unique=True))
    less["users"] = {id: row for id, row in town["users"].items() if id not in gone}
    left = step(table, less, state)
    back = step(table, town, left.next_state)
    is_right(table, back, town)
    assert {name: item["id"] for name, item in table.records().items()} == before
    assert {o["op"] for o in operations(back, "people")} <= {"restore", "update"}
    assert back.counts["people"].restore == len(set(gone) & set(town["users"]))
    assert back.counts["people"].create == 0


@few
@given(st.data())
def test_rows_broken_for_a_day_change_nothing_and_remove_nothing(data: st.DataObject) -> None:
    town = data.draw(towns(faults=False))
    state = plan_of(snapshot_of(town)).next_state
    broken = twin_of(town)
    places = [(stem, id) for stem, rows in broken.items() for id in rows]
    for stem, id in data.draw(st.lists(pick(places), min_size=1, max_size=4, unique=True)):
        broken[stem][id] = broken[stem][id] | data.draw(pick(FAULTS[stem]))
    other = {"title": "Other", "name": "Other", "givenName": "Other", "role": "proctor"}
    for stem, id in data.draw(st.lists(pick(places), max_size=2, unique=True)):
        broken[stem][f"{id} twice"] = broken[stem][id] | other
    assert operations(plan_of(snapshot_of(broken), state)) == []
    assert operations(plan_of(snapshot_of(town), plan_of(snapshot_of(broken), state).next_state)) == []


TORN: dict[str, str] = {"_problem": "FIL-11"}
FAULTS: dict[str, list[dict[str, str]]] = {
    "orgs": [{"name": ""}, {"type": ""}, TORN], "academicSessions": [{"title": ""}, {"startDate": ""}, TORN],
    "courses": [{"title": ""}, {"orgSourcedId": ""}, TORN],
    "classes": [{"title": ""}, {"schoolSourcedId": ""}, {"schoolSourcedId": "nowhere"}, TORN],
    "users": [{"givenName": ""}, {"role": "pupil"}, {"role": ""}, {"orgSourcedIds": "nowhere"}, {"username": ""}, TORN,
              {"givenName": "", "agentSourcedIds": ""}],
    "enrollments": [{"role": "pupil"}, {"classSourcedId": "nowhere"}, {"userSourcedId": "ghost"},
                    {"userSourcedId": ""}, TORN],
}


@few
@given(st.data())
def test_a_then_b_then_a_ends_as_a(data: st.DataObject) -> None:
    table, town = Table(), data.draw(towns(faults=False))
    state = step(table, town, None).next_state
    first = table.active()
    other = step(table, data.draw(edits(town)), state)
    is_right(table, step(table, town, other.next_state), town)
    assert table.active() == first


@few
@given(st.data())
def test_what_was_archived_by_hand_comes_back_with_the_same_file(data: st.DataObject) -> None:
    town = data.draw(towns())
    state = plan_of(snapshot_of(town)).next_state
    wanted = sorted(wanted_by(town))
    edited = data.draw(st.lists(pick(wanted), min_size=1, max_size=4, unique=True))
    by_entity = {name: frozenset(id for entity, id in edited if entity == name) for name in ENTITIES}
    plan = plan_of(snapshot_of(town), state, repairs=Repairs(edited=by_entity))
    assert sorted((o["entity"], o["source_id"]) for o in operations(plan)) == sorted(edited)
    assert {(o["op"], o["overlay"]) for o in operations(plan)} == {("restore", True)}


@few
@given(st.data())
def test_after_interrupted_runs_the_next_whole_run_ends_in_the_desired_roster(data: st.DataObject) -> None:
    """Up to two runs are cut off in any wave; the kept state stays that of the first day.

    Then a file comes that is partly as on one of these days and partly as on another.
    """
    table, days = Table(), [data.draw(towns())]
    state = step(table, days[0], None).next_state
    begun: list[list[dict[str, Any]]] = []
    for _ in range(data.draw(st.integers(1, 2))):
        days.append(data.draw(edits(days[-1])))
        plan = plan_of(snapshot_of(days[-1]), state, repairs=table.repairs(*begun))
        begun.append(operations(plan))
        interrupt(data, table, begun[-1])
    town = data.draw(mixtures(days))
    last = step(table, town, state, table.repairs(*begun))
    is_right(table, last, town)
    assert operations(plan_of(snapshot_of(town), last.next_state)) == []


def interrupt(data: st.DataObject, table: Table, plan: list[dict[str, Any]]) -> None:
    """Write a plan up to some wave, and of that wave only a part of each operation's writes, as siblings would."""
    order = waves()
    often = [order.index((entity, False)) for entity in ("people", "identities", "enrollments")]
    stop = data.draw(pick([*range(len(order) + 1), *often * 8]))
    for operation in plan:
        wave = order.index((operation["entity"], operation["op"] in ("archive", "unlink")))
        writes = writes_of(operation)
        done = len(writes) if wave < stop else data.draw(st.integers(0, len(writes))) if wave == stop else 0
        table.write(writes[:done])


def test_the_ids_of_towns_are_many_enough_to_meet_each_other() -> None:
    assert all(len(ids) >= 2 for ids in IDS.values())
