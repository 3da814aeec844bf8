"""Laws of the rules of products, for any small roster: they leave out with a reason, make what they say, and are still.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.check import check
from homeroom.diff.applied import State, standing
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import NO_REPAIRS
from homeroom.model.reasons import PRODUCT_WORDS
from homeroom.model.sharing import Sharing
from homeroom.model.vocabulary import GUARDIAN_ROLES
from homeroom.products.rules import EVERYTHING, Rules
from homeroom.shape import Desired, shape
from homeroom.shape.names import key_of
from tests.builders.amount import examples
from tests.builders.snapshots import operations, plan_hash, plan_of, shuffled
from tests.laws.shapings import ONE, OTHER, TOO, busy, next_days, rules_of_products
from tests.laws.table import Table
from tests.laws.test_plans import Records, records_of
from tests.laws.towns import Town, pick, snapshot_of

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(4, full=10))

NARROW = [Sharing(), Sharing(), Sharing(schools=("a",)), Sharing(roles=("student", "teacher", "guardian"))]


def shaped(town: Town, rules: Rules, state: State | None = None, sharing: Sharing = NARROW[0]) -> Desired:
    checked = check(snapshot_of(town))
    return shape(checked, sharing, standing(state, NO_REPAIRS, checked.delivered), rules=rules)


def roster(town: Town, rules: Rules, state: State | None = None) -> Records:
    """(entity, source id) → fields, of what is active once the plan is applied."""
    return records_of(plan_of(snapshot_of(town), state, rules=rules).next_state, active=True)


def days(data: st.DataObject, rules: Rules, faults: bool = True) -> list[tuple[Town, State]]:
    """Three days with the state after each."""
    town, state, lived = data.draw(busy(faults)), None, []
    for _ in range(3):
        state = plan_of(snapshot_of(town), state, rules=rules).next_state
        lived.append((town, state))
        town = data.draw(next_days(town, faults))
    return lived


@few
@given(busy())
def test_rules_that_are_off_change_nothing(town: Town) -> None:
    checked = check(snapshot_of(town))
    desired = shape(checked, rules=EVERYTHING)
    assert all(desired.entities[name].records is checked.entities[name].records for name in ENTITIES)
    assert (desired.left_out, desired.issues.height, desired.delivered) == ({}, 0, checked.delivered)


@few
@given(st.data())
def test_the_order_of_rows_does_not_matter(data: st.DataObject) -> None:
    town, rules = data.draw(busy()), data.draw(rules_of_products())
    state = plan_of(snapshot_of(town), rules=rules).next_state
    tomorrow, seed = snapshot_of(data.draw(next_days(town))), data.draw(st.integers(0, 1000))
    mixed = {name: rows.sample(fraction=1.0, shuffle=True, seed=seed) for name, rows in state.items()}
    straight, other = (plan_of(source, applied, rules=rules)
                       for source, applied in ((tomorrow, state), (shuffled(tomorrow, seed), mixed)))
    assert plan_hash(straight) == plan_hash(other)


@few
@given(st.data())
def test_the_same_source_again_changes_nothing(data: st.DataObject) -> None:
    """Names and homes do not flap: whatever came before, the second run of a day is empty."""
    rules = data.draw(rules_of_products())
    for town, state in days(data, rules):
        assert operations(plan_of(snapshot_of(town), state, rules=rules)) == []


@few
@given(st.data())
def test_other_rules_on_the_same_source_settle_at_once(data: st.DataObject) -> None:
    town, state, table = data.draw(busy()), None, Table()
    for _ in range(3):
        rules, sharing = data.draw(rules_of_products()), data.draw(pick(NARROW))
        plan = plan_of(snapshot_of(town), state, rules=rules, sharing=sharing)
        table.apply(operations(plan))
        state = plan.next_state
        assert table.active() == records_of(state, active=True)
        assert operations(plan_of(snapshot_of(town), state, rules=rules, sharing=sharing)) == []


@few
@given(st.data())
def test_every_record_of_the_source_is_wanted_or_has_one_reason(data: st.DataObject) -> None:
    town, rules = data.draw(busy()), data.draw(rules_of_products(needs_grades=True))
    sharing = data.draw(pick(NARROW))
    checked, desired = check(snapshot_of(town)), shaped(town, rules, sharing=sharing)
    for name, entity in checked.entities.items():
        wanted, out = desired.entities[name].records["source_id"], desired.left_out[name]["source_id"]
        assert sorted([*wanted, *out]) == sorted(entity.records["source_id"])
    if not sharing.narrows:
        assert {why for rows in desired.left_out.values() for why in rows["rule"]} <= PRODUCT_WORDS


@few
@given(st.data())
def test_nothing_points_to_what_a_rule_left_out(data: st.DataObject) -> None:
    rules = data.draw(rules_of_products())
    for town, state in days(data, rules, faults=False):
        there = records_of(state, active=True)
        known = records_of(plan_of(snapshot_of(town)).next_state, active=True)
        for (entity, _), fields in there.items():
            for field in ENTITIES[entity].fields:
                named = fields.get(field.name, []) if field.references else []
                for target in named if isinstance(named, list) else [named]:
                    assert (field.references, target) in there or (field.references, target) not in known


@few
@given(st.data())
def test_a_student_is_in_at_most_one_school_for_products_that_allow_one(data: st.DataObject) -> None:
    """From the first run on; without rows in error, whose last good version stands where a new home may be."""
    products = data.draw(pick([(ONE, TOO), (ONE, OTHER)]))
    rules = data.draw(rules_of_products(products=products, one_school=tuple(p for p in products if p != OTHER),
                                        choose_home=True))
    for _, state in days(data, rules, faults=False):
        there = records_of(state, active=True)
        for person, schools in student_schools(there).items():
            assert len(schools) <= 1
            home = there["people", person].get("home_school")
            assert home is None or schools <= {home}


def student_schools(there: Records) -> dict[str, set[str]]:
    """Student → schools of the classes that products of one school get. A class that left is in no school."""
    found = defaultdict(set)
    for (entity, _), fields in there.items():
        if entity == "enrollments" and fields["role"] == "student" and "not_for" not in fields:
            person = there.get(("people", fields["person"]))
            if person is None or ("classes", fields["class"]) not in there:
                continue
            roles = {item.partition(":")[0] for item in person.get("roles", [])} | {person["role"]}
            if "student" in roles:
                found[fields["person"]].add(there["classes", fields["class"]]["school"])
    return found


@few
@given(st.data())
def test_where_names_must_be_unique_no_two_classes_of_a_school_look_the_same(data: st.DataObject) -> None:
    rules = data.draw(rules_of_products(class_names=data.draw(pick(["on", "where they clash"]))))
    for town, state in days(data, rules):
        classes = [f for (entity, _), f in records_of(state, active=True).items() if entity == "classes"]
        looks = Counter((row["school"], key_of(row["title"])) for row in classes)
        assert all(n == 1 for n in looks.values())
        told = {id: row["title"].strip() for id, row in town["classes"].items()}
        for (entity, id), row in records_of(state, active=True).items():
            if entity == "classes" and "source_title" in row:
                assert row["title"] == f"{row['source_title']} - {id}"
            elif entity == "classes" and told.get(id):
                assert row["title"] == told[id] or id in broken(town)


def broken(town: Town) -> set[str]:
    return set(check(snapshot_of(town)).entities["classes"].unusable)


@few
@given(st.data())
def test_people_keep_their_ids_when_they_are_renamed_and_others_keep_theirs(data: st.DataObject) -> None:
    """Internal ids follow source ids: two people who swap theirs move no id silently."""
    rules, table, state, town = data.draw(rules_of_products()), Table(), None, data.draw(busy(faults=False))
    minted: dict[tuple[str, str], Any] = {}
    for _ in range(3):
        plan = plan_of(snapshot_of(town), state, rules=rules)
        table.apply(operations(plan))
        state = plan.next_state
        ids = {name: item["id"] for name, item in table.records().items()}
        assert {name: ids[name] for name in minted} == minted
        minted |= ids
        town = data.draw(next_days(town, faults=False))


@few
@given(st.data())
def test_no_parent_is_stored_where_parent_data_is_off(data: st.DataObject) -> None:
    with_parents = data.draw(rules_of_products(parents=True))
    without = replace(with_parents, parents=False)
    town = data.draw(busy())
    state = plan_of(snapshot_of(town), rules=with_parents).next_state
    there = roster(data.draw(next_days(town)), without, state)
    for (entity, _), fields in there.items():
        assert entity != "contacts"
        if entity == "people":
            roles = {item.partition(":")[0] for item in fields.get("roles", [])} | {fields["role"]}
            assert not roles & GUARDIAN_ROLES


@few
@given(st.data())
def test_an_error_takes_nothing_that_the_rules_leave(data: st.DataObject) -> None:
    """A person whose row breaks stays with what the rules made; so does everybody else."""
    rules, town = data.draw(rules_of_products()), data.draw(busy(faults=False))
    state = plan_of(snapshot_of(town), rules=rules).next_state
    again = {stem: dict(rows) for stem, rows in town.items()}
    for id in data.draw(st.lists(pick(sorted(town["users"])), max_size=3, unique=True)) if town["users"] else []:
        again["users"][id] = again["users"][id] | {"givenName": ""}
    assert operations(plan_of(snapshot_of(again), state, rules=rules)) == []
