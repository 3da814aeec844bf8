"""Applied rosters in a form that does not depend on where they came from.

Internal ids and Clever's ids become source ids, in every id and reference; enrollments are known by class, person and
role, contacts by student and guardian. What a source can not carry (`homeroom.read.carried`) is left out of both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from homeroom.model.entities import ENTITIES
from homeroom.read.carried import SOME, SOURCES, Source, how
from tests.fakes.clever_rows import clever_id
from tests.fakes.memory import MemoryWorld

Fields = dict[str, Any]
Roster = dict[str, dict[Any, Fields]]
"""Entity → id → fields, references included; null fields are not there."""
KINDS = {"orgs": ("schools", "districts"), "academicSessions": ("terms",), "courses": ("courses",),
         "classes": ("sections",), "users": ("users",)}


def names_at_clever(files: Mapping[str, Iterable[Mapping[str, str]]]) -> dict[str, str]:
    """Clever's ids of all records of a district → their source ids."""
    return {clever_id(kind, row["sourcedId"]): row["sourcedId"]
            for stem, kinds in KINDS.items() for kind in kinds for row in files[stem]}


def roster_of(world: MemoryWorld, status: str = "active", names: Mapping[str, str] | None = None) -> Roster:
    """All records of a status, by what they are. Fails where two of them are the same."""
    items = [item for item in world.roster.items.values() if "entity" in item]
    by_id = {item["id"]: item["source_id"] for item in items}
    said = _saying(names or {})
    found: Roster = {name: {} for name in ENTITIES}
    for item in items:
        entity = ENTITIES[item["entity"]]
        fields = {name: said(item[name]) for name in entity.names if name in item}
        if "roles" in fields:
            fields["roles"] = sorted(fields["roles"])  # they are kept in the order of ids, which differ
        fields |= {f"{name} →": said(_sources(item[f"{name}_id"], by_id)) for name in entity.names
                   if f"{name}_id" in item}
        key = _KEYS.get(entity.name, lambda _, source_id: source_id)(fields, said(item["source_id"]))
        if item["status"] == status:
            assert key not in found[entity.name], f"{entity.name} {key} stands twice"
            found[entity.name][key] = fields
    return found


def at_clever(roster: Roster, active: Roster | None = None) -> Roster:
    """The records that Clever has of a roster. `active`: the roster whose classes name terms and courses."""
    classes = (active or roster)["classes"].values()
    kept = {}
    for name, records in roster.items():
        some = SOME.get(name)
        named = {_first(one.get(some.named_by[1])) for one in classes} if some and some.named_by else None
        kept[name] = {
            key: fields for key, fields in records.items()
            if some is None or (all(fields.get(f) in words for f, words in some.where.items())
                                and (named is None or key in named))
        }
    return kept


def carried(roster: Roster, *sources: Source) -> Roster:
    """The roster in the fields that all these sources carry (all four where none are named)."""
    return {name: {key: _carried(name, fields, sources or tuple(SOURCES)) for key, fields in records.items()}
            for name, records in roster.items()}


def _carried(entity: str, fields: Fields, sources: tuple[Source, ...]) -> Fields:
    kept: Fields = {}
    for name, value in fields.items():
        ways = {how(source, entity, name.removesuffix(" →"), fields.get("role")) for source in sources}
        if ways == {"whole"}:
            kept[name] = value
        elif ways <= {"whole", "first"}:
            kept[name] = _first(value)
    return kept


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _sources(ids: Any, by_id: Mapping[str, str]) -> Any:
    return [by_id[one] for one in ids] if isinstance(ids, list) else by_id[ids]


def _saying(names: Mapping[str, str]) -> Callable[[Any], Any]:
    """Clever's ids as source ids, alone, in lists, and in `role:org` items."""
    def said(value: Any) -> Any:
        if isinstance(value, list):
            return [said(one) for one in value]
        if not isinstance(value, str):
            return value
        before, colon, last = value.rpartition(":")
        return f"{before}{colon}{names.get(last, last)}"
    return said


_KEYS: Mapping[str, Callable[[Fields, str], Any]] = {
    "enrollments": lambda fields, _: (fields["class"], fields["person"], fields["role"]),
    "contacts": lambda fields, _: (fields["student"], fields["guardian"]),
}
