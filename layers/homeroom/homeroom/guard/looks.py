"""What each guard looks at: the numbers of a plan, each with what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from homeroom.model.entities import BY_FILE
from homeroom.model.plan import EntityChange, Facts


@dataclass(frozen=True)
class Seen:
    """One number that a guard looks at: `count` of `base` (base 0: an absolute count). `of` is the source id of the
    school or class that it is about."""

    about: str
    count: int
    base: int = 0
    of: str = ""


def _complete(facts: Facts, _: bool) -> list[Seen]:
    return [Seen("enrollments", facts.unresolved, facts.references)]


def _district(facts: Facts, _: bool) -> list[Seen]:
    """Another district's file: no district organisation in common, or, without any, no school in common."""
    if facts.districts and facts.expected_districts:
        return [Seen("orgs", 0 if facts.districts & facts.expected_districts else 1)]
    if facts.applied_schools:
        return [Seen("orgs", 0 if facts.shared_schools else 1)]
    return [Seen("orgs", 0)]


def _moving(facts: Facts, _: bool) -> list[Seen]:
    return [Seen("roster", int(facts.moving))]


def _first_load(facts: Facts, hold: bool) -> list[Seen]:
    return [Seen("roster", int(facts.first_load and hold))]


def _undone(facts: Facts, _: bool) -> list[Seen]:
    return [Seen(name, e.redone) for name, e in facts.entities.items()]


_COLLECTIONS = frozenset(entity.name for entity in BY_FILE.values())


def _emptied(facts: Facts, _: bool) -> list[Seen]:
    """Contacts are no collection of their own: a school may well have none left."""
    came = {name: e for name, e in facts.entities.items() if name in _COLLECTIONS and e.delivered}
    return [Seen(name, e.base) for name, e in came.items() if e.base and not e.read]


def _people_removed(facts: Facts, _: bool) -> list[Seen]:
    return [Seen("people", facts.entities["people"].unexplained)] if "people" in facts.entities else []


def _schools(facts: Facts, _: bool) -> list[Seen]:
    return [
        Seen(f"{entity} of school {school}", removed, base, school)
        for school, entities in facts.schools.items() for entity, (removed, base) in entities.items()
    ]


def _classes(facts: Facts, _: bool) -> list[Seen]:
    return [Seen(f"class {class_}", removed, base, class_) for class_, removed, base in facts.classes]


def _created(facts: Facts, _: bool) -> list[Seen]:
    """Where nothing was applied before, nothing is there to compare with: then a first load is what it looks like."""
    return [Seen(name, e.creates, e.base) for name, e in facts.entities.items() if e.base and not facts.first_load]


def _drained(facts: Facts, _: bool) -> Iterable[Seen]:
    """Seven days, against what there was before them. A plan that removes nothing is not held for the days before."""
    for name, e in facts.entities.items():
        before = facts.drained.get(name, 0)
        if e.unexplained:
            yield Seen(name, e.unexplained + before, e.base + before)


def _each(count: Callable[[EntityChange], int],
          base: Callable[[EntityChange], int]) -> Callable[[Facts, bool], list[Seen]]:
    """One share of each entity."""
    return lambda facts, _: [Seen(name, count(e), base(e)) for name, e in facts.entities.items()]


LOOKS: Mapping[str, Callable[[Facts, bool], Iterable[Seen]]] = {
    "COMPLETE": _complete, "DISTRICT": _district, "MOVING": _moving, "FIRST-LOAD": _first_load, "UNDONE": _undone,
    "GRD-01": _emptied,
    "GRD-02": _each(lambda e: e.unexplained, lambda e: e.base),
    "GRD-03": _people_removed, "GRD-04": _schools, "GRD-05": _classes,
    "GRD-06": _each(lambda e: e.updates, lambda e: e.base),
    "GRD-07": _each(lambda e: e.identity_updates, lambda e: e.base),
    "GRD-08": _created, "GRD-09": _drained,
    "GRD-10": _each(lambda e: e.twins, lambda e: e.unexplained),
    "GRD-11": _each(lambda e: e.errors, lambda e: e.read),
    "GRD-12": _each(lambda e: e.ruled, lambda e: e.base),
    "GRD-13": _each(lambda e: e.explained, lambda e: e.base),
}
