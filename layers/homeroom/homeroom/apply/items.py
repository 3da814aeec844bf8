"""Operations of a plan as items of the roster table, and back. Pure.

    owner                             member                              item
    <roster>#<org|term|course|…>#<id> @                                   record
    <roster>#class#<class id>         <R>#<person id>#<enrollment id>     enrollment; R = S T A P, or X for other roles
    <roster>#identity#<kind>#<value>  @                                   identity link

An item holds every canonical field that is not null under its canonical name, and what the code needs beside them:
`entity`, `id`, `source_id`, `status`, `run` (number of the run that wrote it), `shard` (partition of the index of all
records) and `<field>_id` for references. A record made by hand has `by_hand` too. An archived record is the same item,
whole, with the status `archived`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.aws.hand_items import hand_item, hand_key
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import Action, Operation
from homeroom.model.vocabulary import ROLE_LETTERS
from homeroom.ports import Item, Key

RECORD = "@"
"""Member of an item that stands alone under its owner."""
SHARDS = 16
ENROLLMENTS = "enrollments"


@dataclass(frozen=True)
class Place:
    """Where an enrollment's item stands: internal ids of class and person, and the role."""

    klass: str
    person: str
    role: str

    @classmethod
    def of(cls, words: Mapping[str, str]) -> Place:
        """From the words `class`, `person` and `role`, as operations carry them."""
        return cls(words["class"], words["person"], words["role"])

    def words(self) -> dict[str, str]:
        """The form of operations and table images."""
        return {"class": self.klass, "person": self.person, "role": self.role}


@dataclass(frozen=True)
class Change:
    """What one operation does to the table.

    `put` is written whole, and so is `beside`: the entry of a record made by hand. `closes` is the key of such an
    entry that goes, because the SIS takes the record over. `deletes` are keys that an enrollment left, or a link nobody
    has any more. `previous` is the person who held a link before: such a link is moved under a condition.
    """

    put: Item | None = None
    deletes: tuple[Key, ...] = ()
    previous: str | None = None
    beside: Item | None = None
    closes: Key | None = None

    @property
    def entries(self) -> int:
        """Entries of records made by hand that the change writes or deletes."""
        return (self.beside is not None) + (self.closes is not None)

    @property
    def writes(self) -> int:
        """Items that the change writes or deletes."""
        return len(self.deletes) + (self.put is not None) + self.entries


def record_key(roster: str, entity: str, id: str) -> Key:
    """Key of a record that is not an enrollment."""
    return f"{roster}#{ENTITIES[entity].singular}#{id}", RECORD


def enrollment_key(roster: str, id: str, place: Place) -> Key:
    """Key of an enrollment: it stands under its class, sorted by role, then person."""
    letter = ROLE_LETTERS.get(place.role, "X")
    return f"{roster}#{ENTITIES['classes'].singular}#{place.klass}", f"{letter}#{place.person}#{id}"


def link_key(roster: str, link: str) -> Key:
    """Key of an identity link; `link` is `<kind>#<value>`."""
    return f"{roster}#identity#{link}", RECORD


def shard(roster: str, id: str) -> str:
    """Partition of the index of all records: stable for a record, so the index costs a write only at its birth."""
    return f"{roster}#{zlib.crc32(id.encode()) % SHARDS:02d}"


def change(roster: str, operation: Operation, run: int) -> Change:
    """The items and keys that an operation writes; `run` is the number of the run that writes them."""
    if operation["op"] == "unlink":
        return Change(deletes=(link_key(roster, operation["source_id"]),))
    if operation["op"] == "link":
        return _link(roster, operation, run)
    item = _record(roster, operation, run)
    here = item["owner"], item["member"]
    left = [enrollment_key(roster, operation["id"], Place.of(place)) for place in operation["moved_from"] or ()]
    deletes = tuple(key for key in dict.fromkeys(left) if key != here)
    made = operation.get("hand")
    if made is None:
        return Change(item, deletes)
    if operation["op"] == "adopt":
        return Change(item, deletes, closes=hand_key(roster, operation["entity"], operation["id"]))
    return Change(item | {"by_hand": True}, deletes, beside=hand_item(roster, made_by_hand(operation)))


def made_by_hand(operation: Operation, *, before: bool = False) -> HandRecord:
    """The record made by hand of an operation with `hand`, as the operation leaves it; `before`: as it was found.

    What is adopted or archived was active before; what is given back is active.
    """
    fields, source_id, op = _fields(operation), operation["source_id"], operation["op"]
    if op == "adopt":
        fields, source_id = operation["before"] or {}, operation["was"] or source_id
    status = "archived" if op == "archive" and not before else "active"
    how = operation.get("hand") or {}
    return HandRecord(
        entity=operation["entity"], id=operation["id"], source_id=source_id, status=status, by=how["by"], at=how["at"],
        reason=how["reason"], released=how["released"], fields=_said(fields), refs=_said(how["refs"] or {}),
    )


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def made_item(roster: str, record: HandRecord, run: int = 0) -> Item:
    """A record made by hand as an item of the roster table: of the same form as any record, and marked."""
    op: Action = "archive" if record.status == "archived" else "create"
    fields = dict(record.fields)
    operation: Operation = {
        "op": op, "entity": record.entity, "id": record.id, "source_id": record.source_id, "before": fields,
        "after": fields, "changed": [], "refs": dict(record.refs), "moved_from": [], "reason": "", "explained": True,
        "overlay": False, "was": None,
    }
    return _record(roster, operation, run) | {"by_hand": True}


def keys(roster: str, operation: Operation) -> tuple[Key, ...]:
    """Every key that an operation touches: what is dirty while its plan is not committed."""
    if operation["op"] in ("link", "unlink"):
        return (link_key(roster, operation["source_id"]),)
    left = [enrollment_key(roster, operation["id"], Place.of(place)) for place in operation["moved_from"] or ()]
    return tuple(dict.fromkeys([_key(roster, operation, _fields(operation)), *left]))


def _link(roster: str, operation: Operation, run: int) -> Change:
    owner, member = link_key(roster, operation["source_id"])
    kind, _, _ = operation["source_id"].partition("#")
    item = {"owner": owner, "member": member, "kind": kind, "person": operation["id"], "run": run}
    return Change(item, previous=(operation["before"] or {}).get("person"))


def _record(roster: str, operation: Operation, run: int) -> Item:
    fields = _fields(operation)
    owner, member = _key(roster, operation, fields)
    item: Item = {
        "owner": owner,
        "member": member,
        "entity": operation["entity"],
        "id": operation["id"],
        "source_id": operation["source_id"],
        "status": "archived" if operation["op"] == "archive" else "active",
        "run": run,
        "shard": shard(roster, operation["id"]),
    }
    item |= {f"{name}_id": ids for name, ids in (operation["refs"] or {}).items() if ids is not None}
    item |= {name: value for name, value in fields.items() if value is not None}
    if operation["entity"] == ENROLLMENTS:
        item |= _index_keys(roster, operation)
    return item


def _index_keys(roster: str, operation: Operation) -> Item:
    """Keys of the index `by_person`, which only enrollments have."""
    refs = operation["refs"]
    return {
        "person_key": f"{roster}#{ENTITIES['people'].singular}#{refs['person']}",
        "class_key": f"{refs['class']}#{operation['id']}",
    }


def _fields(operation: Operation) -> dict[str, Any]:
    """Canonical fields to be written: an archived record keeps those that it had."""
    fields = operation["after"] if operation["after"] is not None else operation["before"]
    if fields is None:
        raise ValueError(f"an operation {operation['op']} of {operation['entity']} carries no fields")
    return fields


def _key(roster: str, operation: Operation, fields: Mapping[str, Any]) -> Key:
    if operation["entity"] != ENROLLMENTS:
        return record_key(roster, operation["entity"], operation["id"])
    refs = operation["refs"]
    return enrollment_key(roster, operation["id"], Place(refs["class"], refs["person"], fields["role"]))


@dataclass(frozen=True)
class Stored:
    """A record as the table holds it: what the SIS owns of it, and where an enrollment stands."""

    entity: str
    id: str
    source_id: str
    status: str
    fields: dict[str, Any]
    place: Place | None = None


def stored(item: Item) -> Stored:
    """The record of an item, without loss: exactly the canonical fields that were written."""
    entity = ENTITIES[item["entity"]]
    fields = {name: item[name] for name in entity.names if name in item}
    place = Place(item["class_id"], item["person_id"], item["role"]) if entity.name == ENROLLMENTS else None
    return Stored(entity.name, item["id"], item["source_id"], item["status"], fields, place)
