"""Laws of the sharing rules: they only take away, and give back the same when they are widened again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.diff import Plan
from homeroom.diff.applied import State
from homeroom.model.entities import ENTITIES
from homeroom.model.sharing import Sharing
from homeroom.model.vocabulary import ROLES
from tests.builders.amount import examples
from tests.builders.snapshots import operations, plan_of
from tests.laws.table import Table
from tests.laws.test_plans import Records, records_of
from tests.laws.towns import IDS, NAMES, Town, edits, pick, snapshot_of, towns

pytestmark = pytest.mark.laws
few = settings(max_examples=examples(4, full=8))

GRADES = ["05", "06", "07"]
_CHOICES = {"schools": ["a", "b", "d"], "grades": GRADES, "classes": IDS["classes"],
            "roles": ["student", "teacher", "aide", "guardian", "parent", "administrator"]}
EVERYTHING = Sharing()


@st.composite
def rules(draw: st.DrawFn, within: Sharing = EVERYTHING) -> Sharing:
    """Some rules; never wider than `within`."""
    told = {}
    for name, all_of_them in _CHOICES.items():
        outer = list(getattr(within, name))
        chosen = draw(st.lists(pick(outer or all_of_them), unique=True, max_size=3, min_size=1 if outer else 0))
        told[name] = tuple(chosen) if draw(st.booleans()) else tuple(outer)
    return Sharing(**told)


@st.composite
def graded(draw: st.DrawFn, faults: bool = True) -> Town:
    """A town whose students have grades, or none, and whose staff may be of the district and have several roles."""
    return draw(with_grades(draw(towns(faults))))


@st.composite
def with_grades(draw: st.DrawFn, town: Town) -> Town:
    """The town with grades, organisations and roles drawn anew."""
    users = {}
    for id, row in town["users"].items():
        more = {"grades": draw(pick([*GRADES, "05,06", ""]))} if row["role"] == "student" else {}
        if id in ("t1", "t2"):
            more = draw(pick([{}, {"role": "administrator", "orgSourcedIds": "d"}, {"orgSourcedIds": "d,a"},
                              {"roles": "administrator:b,teacher:a", "orgSourcedIds": "a,b"},
                              {"roles": "student:a,teacher:b", "orgSourcedIds": "a,b", "grades": "06"}]))
        users[id] = row | more
    return town | {"users": users}


def without_errors(town: Town) -> Town:
    """The town without enrollments that point nowhere and shared usernames: rows in error are kept as they were."""
    users = {id: row | {"username": NAMES[id]} for id, row in town["users"].items()}
    rows = {id: row for id, row in town["enrollments"].items()
            if row["userSourcedId"] in users and row["classSourcedId"] in town["classes"]}
    return town | {"users": users, "enrollments": rows}


def roster(town: Town, sharing: Sharing = EVERYTHING, applied: State | None = None) -> Records:
    """(entity, source id) → fields of what is active once the plan is applied."""
    return records_of(plan_of(snapshot_of(town), applied, sharing=sharing).next_state, active=True)


def values(fields: dict[str, Any]) -> set[tuple[str, Any]]:
    """(field, value), each item of a list by itself; the main role is one of the roles."""
    found = {(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])}
    return found | {("role", item.partition(":")[0]) for name, item in found if name == "roles"}


@few
@given(st.data())
def test_narrowing_never_adds_a_record_or_a_value(data: st.DataObject) -> None:
    town, sharing = data.draw(graded()), data.draw(rules())
    whole, narrow = roster(town), roster(town, sharing)
    for name, fields in narrow.items():
        assert values(fields) <= values(whole[name]), name


@few
@given(st.data())
def test_more_rules_never_share_more(data: st.DataObject) -> None:
    town, wide = data.draw(graded()), data.draw(rules())
    narrow = data.draw(rules(within=wide))
    outer, inner = roster(town, wide), roster(town, narrow)
    for name, fields in inner.items():
        assert name in outer
        if name[0] != "people":  # a person who loses a role may show the next one of hers
            assert values(fields) <= values(outer[name]), name


@few
@given(st.data())
def test_no_record_that_stays_points_to_one_that_left(data: st.DataObject) -> None:
    town, sharing = data.draw(graded(faults=False)), data.draw(rules())
    there = roster(town, sharing)
    for (entity, _), fields in there.items():
        for field in ENTITIES[entity].fields:
            named = fields.get(field.name, []) if field.references else []
            for target in named if isinstance(named, list) else [named]:
                assert (field.references, target) in there, (entity, field.name)


@few
@given(st.data())
def test_narrow_and_then_wide_again_is_as_before_with_the_same_identities(data: st.DataObject) -> None:
    town, sharing, table = data.draw(graded(faults=False)), data.draw(rules()), Table()
    first = plan_of(snapshot_of(town))
    table.apply(operations(first))
    before, links = table.records(), dict(table.links)
    narrowed = plan_of(snapshot_of(town), first.next_state, sharing=sharing)
    table.apply(operations(narrowed))
    assert table.active() == roster(town, sharing)
    assert table.links == table.right_links()
    widened = plan_of(snapshot_of(town), narrowed.next_state)
    table.apply(operations(widened))
    assert (table.records(), table.links) == (before, links)
    assert sum(counts.create for counts in widened.counts.values()) == 0


@few
@given(st.data())
def test_what_left_by_a_rule_comes_back_when_it_is_shared_again(data: st.DataObject) -> None:
    """Whatever the rules were before, and whatever changed meanwhile: the roster follows the rules of today."""
    table, state, town = Table(), None, data.draw(graded(faults=False))
    minted: dict[tuple[str, str], str] = {}
    for _ in range(3):
        sharing = data.draw(rules())
        plan = plan_of(snapshot_of(town), state, sharing=sharing)
        table.apply(operations(plan))
        state = plan.next_state
        assert table.active() == roster(town, sharing)
        minted = {name: item["id"] for name, item in table.records().items()} | minted
        assert all(minted[name] == item["id"] for name, item in table.records().items())
        assert operations(plan_of(snapshot_of(town), state, sharing=sharing)) == []
        town = without_errors(data.draw(with_grades(data.draw(edits(town, faults=False)))))


@few
@given(st.data())
def test_what_a_rule_takes_is_explained_and_nothing_else_is_explained_by_it(data: st.DataObject) -> None:
    town, sharing = data.draw(graded()), data.draw(rules())
    first = plan_of(snapshot_of(town))
    plan = plan_of(snapshot_of(town), first.next_state, sharing=sharing)
    archived = [o for o in operations(plan) if o["op"] == "archive"]
    assert {(o["reason"], o["explained"]) for o in archived} <= {("sharing rule", True)}
    assert ruled(plan) == {name: c.archive for name, c in plan.counts.items()}
    wide = plan_of(snapshot_of(town), plan.next_state)
    assert ruled(wide) == dict.fromkeys(ENTITIES, 0)


def ruled(plan: Plan) -> dict[str, int]:
    return {name: change.ruled for name, change in plan.facts.entities.items()}


@few
@given(st.data())
def test_an_error_keeps_what_the_rules_share_and_nothing_that_they_do_not(data: st.DataObject) -> None:
    town, sharing = data.draw(graded(faults=False)), data.draw(rules())
    whole = plan_of(snapshot_of(town)).next_state
    broken = {stem: dict(found) for stem, found in town.items()}
    for id in data.draw(st.lists(pick(IDS["users"]), max_size=3, unique=True)):
        if id in broken["users"]:
            broken["users"][id] = broken["users"][id] | {"givenName": ""}
    assert roster(broken, sharing, whole) == roster(town, sharing)
    narrow = plan_of(snapshot_of(town), sharing=sharing).next_state
    assert operations(plan_of(snapshot_of(broken), narrow, sharing=sharing)) == []


def test_the_rules_that_are_drawn_can_be_met() -> None:
    assert set(_CHOICES["roles"]) <= set(ROLES.words)
    assert set(_CHOICES["schools"]) == set(IDS["orgs"])
