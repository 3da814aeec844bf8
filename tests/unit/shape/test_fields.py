"""A product receives only the fields that are relevant to it (C14)."""

from __future__ import annotations

import pytest

from homeroom.model.entities import ENTITIES
from homeroom.products.rules import Rules
from tests.builders.oneroster import student
from tests.builders.snapshots import applied, operations, plan_of, snapshot
from tests.unit.shape.shaping import one, shaped, values

ONLY_EMAIL = Rules(fields={"people": frozenset({"email"})})


def test_what_may_not_be_received_is_empty() -> None:
    found = one(shaped(snapshot(), ONLY_EMAIL), "people", "s-1")
    assert (found["email"], found["identifier"], found["grades"]) == ("s-1@sample.example", None, None)


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_what_makes_a_record_one_is_always_received(entity: str) -> None:
    plain = shaped(snapshot(), Rules(needs_grades=True))
    narrow = shaped(snapshot(), Rules(fields={entity: frozenset()}))
    kept = [f.name for f in ENTITIES[entity].fields if f.required]
    other = [f.name for f in ENTITIES[entity].fields if not f.required]
    rows = narrow.entities[entity].records
    assert rows.select(kept).equals(plain.entities[entity].records.select(kept))
    assert rows.select(other).null_count().sum_horizontal().sum() == rows.height * len(other)


def test_an_entity_that_is_not_named_has_all_of_its_fields() -> None:
    assert len(values(shaped(snapshot(), ONLY_EMAIL), "classes", "code")) == 1


def test_a_field_that_may_no_longer_be_received_leaves_also_records_in_error() -> None:
    state = applied(snapshot())
    broken = snapshot(students=[student("s-1", givenName=""), student("s-2")])
    plan = plan_of(broken, state, rules=ONLY_EMAIL)
    updates = {o["source_id"]: o["changed"] for o in operations(plan, "people", "update")}
    assert updates == dict.fromkeys(("s-1", "s-2", "t-1"), updates["t-1"]) | {
        id: ["roles", "identifier", "grades"] for id in ("s-1", "s-2")}
    assert operations(plan_of(broken, plan.next_state, rules=ONLY_EMAIL)) == []
