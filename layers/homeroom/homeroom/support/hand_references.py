"""What a record made by hand points to: records of the SIS, or others made by hand. They must be there and active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.apply.items import link_key, record_key
from homeroom.errors import Refused
from homeroom.model.entities import ENTITIES, Field
from homeroom.model.ids import mint
from homeroom.ports import Item, World


@dataclass(frozen=True)
class Pointed:
    """The references of a record as its item holds them: source ids in `fields`, internal ids in `refs`."""

    fields: Mapping[str, Any]
    refs: Mapping[str, Any]


def pointed(world: World, roster: str, entity: str, fields: Mapping[str, Any]) -> Pointed:
    """The references of these fields, found. A class's school is that of its enrollments. Raises Refused."""
    told = dict(fields)
    ids: dict[str, Any] = {}
    if entity == "enrollments" and "class" in told:
        klass = _target(world, roster, ENTITIES[entity].field("class"), told["class"])
        told["school"] = klass.get("school_id", klass.get("school"))
    for field in ENTITIES[entity].fields:
        value = told.get(field.name)
        if field.references is None or value is None:
            continue
        found = [_target(world, roster, field, one) for one in (value if field.kind == "list" else [value])]
        names, keys = [item["source_id"] for item in found], [item["id"] for item in found]
        told[field.name], ids[field.name] = (names, keys) if field.kind == "list" else (names[0], keys[0])
    return Pointed(told, ids)


def find_record(world: World, roster: str, entity: str, word: str) -> Item | None:
    """A record by its internal id or source id; none for enrollments, which stand under their class.

    A record that goes on under another source id (a re-key, one made by hand that the SIS took over) is found by its
    internal id, and of people by the new one: its first source id may be somebody else's by now.
    """
    keys = [record_key(roster, entity, id) for id in (word, mint(roster, entity, word))]
    if entity == "people":
        links = world.roster.get([link_key(roster, f"sourced_id#{word}")])
        keys += [record_key(roster, entity, link["person"]) for link in links]
    found = {(i["owner"], i["member"]): i for i in world.roster.get(keys) if word in (i["id"], i["source_id"])}
    return next((found[key] for key in keys if key in found), None)


def _target(world: World, roster: str, field: Field, word: str) -> Item:
    assert field.references is not None
    item = find_record(world, roster, field.references, word)
    if item is None:
        raise Refused(f"{field.name} points to nothing that is in the roster",
                      remedy="Name what it belongs to by its source id or internal id.")
    if item["status"] != "active":
        raise Refused(f"what {field.name} points to is archived", remedy="Choose an active one.")
    return item
