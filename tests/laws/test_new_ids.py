"""A district whose source gives all records new ids keeps every person, class and link, once the re-key is approved."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from homeroom.diff.rekey import NOW, WAS, walking
from homeroom.model.plan import NOTHING_AROUND, Around
from tests.builders.amount import examples
from tests.builders.new_ids import anew, under_new_ids
from tests.builders.oneroster import small_district
from tests.builders.snapshots import of_files, operations, plan_of
from tests.laws.table import Table
from tests.laws.test_plans import is_right, step
from tests.laws.towns import Town, edits, snapshot_of, towns

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(4, full=8))


def renamed(town: Town) -> Town:
    return {stem: {row["sourcedId"]: row for row in rows}
            for stem, rows in under_new_ids({stem: list(rows.values()) for stem, rows in town.items()}).items()}


def ids_of(table: Table) -> dict[str, set[str]]:
    """Entity → internal ids of active records."""
    found: dict[str, set[str]] = {}
    for (entity, _), item in table.records().items():
        if item["status"] == "active":
            found.setdefault(entity, set()).add(item["id"])
    return found


def test_every_record_of_a_district_is_found_again_under_its_new_id() -> None:
    files = small_district()
    first = plan_of(of_files(files))
    plan = plan_of(of_files(under_new_ids(files)), first.next_state)
    found = {name: set(pairs.select(WAS, NOW).iter_rows()) for name, pairs in plan.twins.twins.items()}
    assert found["people"] == {(row["sourcedId"], anew(row["sourcedId"])) for row in files["users"]}
    assert found["enrollments"] == {(row["sourcedId"], anew(row["sourcedId"])) for row in files["enrollments"]}
    assert found["classes"] == {(row["sourcedId"], anew(row["sourcedId"])) for row in files["classes"]}
    assert plan.facts.entities["people"].twins == len(files["users"])


@given(st.data())
@few
def test_an_approved_rekey_keeps_the_identity_of_all_that_it_pairs(data: st.DataObject) -> None:
    town = data.draw(towns(faults=False))
    table = Table()
    first = step(table, town, None)
    proposed = plan_of(snapshot_of(renamed(town)), first.next_state)
    assume(proposed.twins.twins)
    before = {key: item["id"] for key, item in table.records().items()}
    plan = plan_of(snapshot_of(renamed(town)), first.next_state, around=walking(NOTHING_AROUND, proposed.twins))
    table.apply(operations(plan))
    is_right(table, plan, renamed(town))
    for name, pairs in proposed.twins.twins.items():
        for was, now in pairs.select(WAS, NOW).iter_rows():
            assert table.records()[name, now]["id"] == before[name, was]
            assert (name, was) not in table.records()


@given(st.data())
@few
def test_a_rekey_that_also_changes_records_ends_in_the_same_roster(data: st.DataObject) -> None:
    town = data.draw(towns())
    other = renamed(data.draw(edits(town)))
    table = Table()
    first = step(table, town, None)
    found = plan_of(snapshot_of(other), first.next_state).twins
    plan = plan_of(snapshot_of(other), first.next_state, around=walking(NOTHING_AROUND, found))
    table.apply(operations(plan))
    is_right(table, plan, other)
    again = plan_of(snapshot_of(other), plan.next_state)
    assert again.size == 0


@given(st.data())
@few
def test_an_interrupted_rekey_is_ended_by_the_next_run(data: st.DataObject) -> None:
    town = data.draw(towns(faults=False))
    table = Table()
    first = step(table, town, None)
    found = plan_of(snapshot_of(renamed(town)), first.next_state).twins
    assume(found.twins)
    walk: Around = walking(NOTHING_AROUND, found)
    plan = plan_of(snapshot_of(renamed(town)), first.next_state, around=walk)
    torn = operations(plan)
    table.apply(torn[: data.draw(st.integers(0, len(torn)))])
    before = ids_of(table)
    repaired = plan_of(snapshot_of(renamed(town)), first.next_state, repairs=table.repairs(torn), around=walk)
    table.apply(operations(repaired))
    is_right(table, repaired, renamed(town))
    assert ids_of(table)["people"] == before["people"]
