"""Operations become items and come back without loss."""

from __future__ import annotations

import pytest

from homeroom.apply.items import Place, change, keys, link_key, record_key, shard, stored
from homeroom.model.entities import ENTITIES
from homeroom.model.vocabulary import ROLES
from tests.fakes.plans import enrollment, link, operation, person, unlink

ROSTER = "lab-usd"
EVERY_FIELD = {
    "id": "an-id", "text": "Straße 5", "word": "student", "flag": False, "date": "2026-08-15", "year": "2027",
    "email": "t-1@sample.example", "list": ["a", "b"], "grades": ["05", "Other"], "extras": '{"metadata.x": "1"}',
}
OWN_NAMES = {"owner", "member", "entity", "id", "source_id", "status", "run", "shard", "person_key", "class_key"}


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
@pytest.mark.parametrize("op", ["create", "update", "restore", "archive"])
def test_every_field_of_every_entity_comes_back_as_it_was(entity, op: str) -> None:
    image = {f.name: EVERY_FIELD[f.kind] for f in entity.fields}
    told = {"before": image} if op == "archive" else {"after": image}
    refs = {"class": "id-c", "person": "id-p"} if entity.name == "enrollments" else None
    item = change(ROSTER, operation(op, entity.name, "x-1", refs=refs, **told), 7).put
    assert item is not None
    back = stored(item)
    assert back.fields == image
    assert (back.entity, back.id, back.source_id) == (entity.name, "id-x-1", "x-1")
    assert back.status == ("archived" if op == "archive" else "active")


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_no_canonical_field_has_a_name_that_the_item_needs(entity) -> None:
    own = OWN_NAMES | {f"{f.name}_id" for f in entity.fields if f.references}
    assert own & set(entity.names) == set()


def test_null_fields_are_left_out_and_come_back_as_absent() -> None:
    item = change(ROSTER, person("create", "s-1", middle_name=None, email=None), 7).put
    assert item is not None
    assert "middle_name" not in item
    assert "email" not in stored(item).fields


def test_a_person_stands_alone_under_its_own_key_with_its_references() -> None:
    item = change(ROSTER, person("create", "s-1"), 7).put
    assert item is not None
    assert (item["owner"], item["member"]) == ("lab-usd#person#id-s-1", "@")
    assert item["orgs_id"] == ["id-school-1"]
    assert item["run"] == 7
    assert "person_key" not in item


@pytest.mark.parametrize(("role", "letter"), [("student", "S"), ("teacher", "T"), ("administrator", "A"),
                                              ("proctor", "P"), ("aide", "X"), ("guardian", "X")])
def test_an_enrollment_stands_under_its_class_sorted_by_role_and_person(role: str, letter: str) -> None:
    item = change(ROSTER, enrollment("create", "e-1", role=role), 7).put
    assert item is not None
    assert (item["owner"], item["member"]) == ("lab-usd#class#id-c-1", f"{letter}#id-s-1#id-e-1")
    assert (item["person_key"], item["class_key"]) == ("lab-usd#person#id-s-1", "id-c-1#id-e-1")


def test_every_role_has_a_letter() -> None:
    for role in ROLES.words:
        assert change(ROSTER, enrollment("create", "e-1", role=role), 7).put is not None


def test_an_enrollment_that_moves_leaves_all_its_old_places() -> None:
    places = [{"class": "id-c-9", "person": "id-s-1", "role": "student"},
              {"class": "id-c-1", "person": "id-s-1", "role": "teacher"}]
    moved = change(ROSTER, enrollment("update", "e-1", moved_from=places), 7)
    assert moved.deletes == (("lab-usd#class#id-c-9", "S#id-s-1#id-e-1"), ("lab-usd#class#id-c-1", "T#id-s-1#id-e-1"))
    assert moved.writes == 3


def test_a_role_with_the_same_letter_does_not_delete_the_item_that_is_written() -> None:
    here = [{"class": "id-c-1", "person": "id-s-1", "role": "relative"}]
    moved = change(ROSTER, enrollment("update", "e-1", role="aide", moved_from=here), 7)
    assert moved.deletes == ()


def test_an_archived_enrollment_knows_its_place() -> None:
    item = change(ROSTER, enrollment("archive", "e-1"), 7).put
    assert item is not None
    assert stored(item).place == Place("id-c-1", "id-s-1", "student")


def test_a_link_names_its_person_and_who_held_it_before() -> None:
    moved = change(ROSTER, link("username#user.s-1", "id-s-2", before="id-s-1"), 7)
    assert moved.put == {"owner": "lab-usd#identity#username#user.s-1", "member": "@", "kind": "username",
                         "person": "id-s-2", "run": 7}
    assert moved.previous == "id-s-1"


def test_a_value_with_the_separator_in_it_is_one_value() -> None:
    made = change(ROSTER, link("identifier#12#34", "id-s-1"), 7).put
    assert made is not None
    assert made["kind"] == "identifier"
    assert (made["owner"], made["member"]) == link_key(ROSTER, "identifier#12#34")


def test_an_identity_that_nobody_holds_is_deleted() -> None:
    gone = change(ROSTER, unlink("username#user.s-1", "id-s-1"), 7)
    assert (gone.put, gone.deletes) == (None, (link_key(ROSTER, "username#user.s-1"),))


def test_the_dirty_keys_of_a_move_are_its_new_and_its_old_places() -> None:
    old = [{"class": "id-c-9", "person": "id-s-1", "role": "student"}]
    assert set(keys(ROSTER, enrollment("update", "e-1", moved_from=old))) == {
        ("lab-usd#class#id-c-1", "S#id-s-1#id-e-1"), ("lab-usd#class#id-c-9", "S#id-s-1#id-e-1"),
    }
    assert keys(ROSTER, person("archive", "s-1")) == (record_key(ROSTER, "people", "id-s-1"),)
    assert keys(ROSTER, unlink("username#x", "id-s-1")) == (link_key(ROSTER, "username#x"),)


def test_records_spread_over_all_sixteen_partitions_of_the_index() -> None:
    assert {shard(ROSTER, f"id-{n}") for n in range(500)} == {f"lab-usd#{n:02d}" for n in range(16)}


def test_an_operation_without_fields_is_refused() -> None:
    with pytest.raises(ValueError, match="carries no fields"):
        change(ROSTER, operation("create", "people", "s-1"), 7)
