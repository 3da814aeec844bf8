"""The roster table as plain dictionaries: operations are applied to it one write at a time, as a real table takes them.

Written anew from the description of an operation, so that neither `diff` nor `apply` can prove itself right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom.model.plan import LinkImage, Repairs, TableImage

Operation = Mapping[str, Any]
Write = tuple[str, Any, Any]
"""`put` or `delete` of an item, `link` or `unlink` of a value; its key; what is written."""
Key = tuple[str, ...]

LETTERS = {"student": "S", "teacher": "T", "administrator": "A", "proctor": "P"}
STAFF = {"administrator", "aide", "proctor", "teacher"}


def enrollment_key(id: str, klass: str, person: str, role: str) -> Key:
    """An enrollment stands under its class, the letter of its role, and its person."""
    return "enrollments", klass, LETTERS.get(role, "X"), person, id


def keys_of(operation: Operation) -> list[Key]:
    """Where an operation's record will stand, and then where it stood."""
    if operation["entity"] != "enrollments":
        return [(operation["entity"], operation["id"])]
    fields, refs, id = operation["after"] or operation["before"], operation["refs"], operation["id"]
    left = [enrollment_key(id, p["class"], p["person"], p["role"]) for p in operation["moved_from"]]
    return [enrollment_key(id, refs["class"], refs["person"], fields["role"]), *left]


def writes_of(operation: Operation) -> list[Write]:
    """What the operation does to the table, in order: the old places are emptied before the new one is filled."""
    if operation["op"] in ("link", "unlink"):
        return [(operation["op"], operation["source_id"], operation["id"])]
    here, *left = keys_of(operation)
    item = {
        "entity": operation["entity"], "id": operation["id"], "source_id": operation["source_id"],
        "status": "archived" if operation["op"] == "archive" else "active",
        "fields": {n: v for n, v in (operation["after"] or operation["before"]).items() if v is not None},
        "refs": dict(operation["refs"]),
    }
    return [*(("delete", key, None) for key in left if key != here), ("put", here, item)]


@dataclass
class Table:
    """Items by key, and identity links by value."""

    items: dict[Key, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def write(self, writes: Iterable[Write]) -> None:
        for what, key, value in writes:
            if what == "put":
                self.items[key] = value
            elif what == "delete":
                self.items.pop(key, None)
            elif what == "link":
                self.links[key] = value
            else:
                self.links.pop(key, None)

    def apply(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            self.write(writes_of(operation))

    def records(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(entity, source id) → record. Fails where one record stands in two places, or in the wrong one."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for key, item in self.items.items():
            name = item["entity"], item["source_id"]
            assert name not in found, f"{name} stands twice"
            assert key == self._place(item), f"{name} stands in the wrong place"
            found[name] = item
        return found

    def _place(self, item: Mapping[str, Any]) -> Key:
        if item["entity"] != "enrollments":
            return item["entity"], item["id"]
        return enrollment_key(item["id"], item["refs"]["class"], item["refs"]["person"], item["fields"]["role"])

    def active(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(entity, source id) → fields of what is not archived."""
        return {name: item["fields"] for name, item in self.records().items() if item["status"] == "active"}

    def right_links(self) -> dict[str, str]:
        """What the links must be: values that exactly one person has, archived people included."""
        holders = Counter()
        person: dict[str, str] = {}
        for item in self.items.values():
            if item["entity"] != "people":
                continue
            for value in _identities(item["source_id"], item["fields"]):
                holders[value] += 1
                person[value] = item["id"]
        return {value: person[value] for value, n in holders.items() if n == 1}

    def wrong_references(self) -> list[tuple[str, str, str]]:
        """(entity, source id, field) of active records whose internal reference is not that of the record they name."""
        ids = {name: item["id"] for name, item in self.records().items()}
        return [
            (entity, source_id, name)
            for (entity, source_id), item in self.records().items() if item["status"] == "active"
            for name, held in item["refs"].items() if held != _resolved(entity, name, item["fields"].get(name), ids)
        ]

    def repairs(self, *plans: Iterable[Operation], edited: Mapping[str, frozenset[str]] | None = None) -> Repairs:
        """What the table holds at every key of plans that were begun and not finished."""
        records: dict[tuple[str, str, str], set[Key]] = {}
        links: set[str] = set()
        for operation in (o for plan in plans for o in plan):
            if operation["entity"] == "identities":
                links.add(operation["source_id"])
            else:
                name = operation["entity"], operation["id"], operation["source_id"]
                records.setdefault(name, set()).update(keys_of(operation))
        images = [image for name, keys in records.items() for image in self._images(name, keys)]
        return Repairs(tuple(images), tuple(LinkImage(v, self.links.get(v)) for v in sorted(links)), edited or {})

    def _images(self, name: tuple[str, str, str], keys: set[Key]) -> list[TableImage]:
        held = [(key, self.items[key]) for key in keys if key in self.items]
        found = [TableImage(*name, item["status"], item["fields"], _place_of(key, item)) for key, item in held]
        return found or [TableImage(*name, None, None)]


def _place_of(key: Key, item: Mapping[str, Any]) -> dict[str, str] | None:
    return {"class": key[1], "person": key[3], "role": item["fields"]["role"]} if key[0] == "enrollments" else None


def _identities(source_id: str, fields: Mapping[str, Any]) -> list[str]:
    found = [f"sourced_id#{source_id}"]
    if "username" in fields:  # not in a person whose making an undo took back
        found.append(f"username#{fields['username'].lower()}")
    if "identifier" in fields:
        found.append(f"identifier#{fields['identifier']}")
    if "email" in fields and fields["role"] in STAFF:
        found.append(f"email#{fields['email'].lower()}")
    return found


_TARGETS = {"parent": None, "org": "orgs", "orgs": "orgs", "school": "orgs", "school_year": "terms", "terms": "terms",
            "course": "courses", "class": "classes", "person": "people", "student": "people", "guardian": "people"}


def _resolved(entity: str, name: str, value: Any, ids: Mapping[tuple[str, str], str]) -> Any:
    target = _TARGETS[name] or entity
    if isinstance(value, list):
        return [ids[target, one] for one in value if (target, one) in ids]
    return ids.get((target, value))
