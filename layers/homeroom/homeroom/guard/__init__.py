"""guard: the plan's numbers → a verdict. A pure function, so that preview and run agree.

A guard never changes a plan. Tripped, it holds the whole plan until a person approves or discards it, or until a newer
plan does not trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from homeroom.guard.guards import BY_CODE, GUARDS, Guard
from homeroom.model.entities import BY_FILE
from homeroom.model.integration import Limit
from homeroom.model.plan import Facts

__all__ = ["GUARDS", "Judged", "Verdict", "judge"]


@dataclass(frozen=True)
class Judged:
    """One guard's result: the worst `value` it saw, `about` what (an entity, a school, a class), and the limit."""

    code: str
    value: float
    limit: float
    unit: str
    tripped: bool
    about: str
    count: int

    def as_json(self) -> dict[str, object]:
        """The form in `plan --json` and in summaries."""
        return {"code": self.code, "value": self.value, "limit": self.limit, "unit": self.unit,
                "tripped": self.tripped, "about": self.about, "count": self.count,
                "meaning": BY_CODE[self.code].meaning}


@dataclass(frozen=True)
class Verdict:
    """All guards, in the order of the table."""

    guards: tuple[Judged, ...]

    @property
    def tripped(self) -> tuple[Judged, ...]:
        """The guards that hold the plan."""
        return tuple(g for g in self.guards if g.tripped)

    @property
    def complete(self) -> bool:
        """Whether the read proved complete; an incomplete one fails and can not be approved."""
        return not any(g.code == "COMPLETE" for g in self.tripped)

    @property
    def holds(self) -> bool:
        """Whether the plan waits for a person."""
        return bool(self.tripped)


@dataclass(frozen=True)
class _Seen:
    """One number that a guard looks at: `count` of `base` (base 0: an absolute count)."""

    about: str
    count: int
    base: int = 0


def judge(facts: Facts, limits: Mapping[str, Limit] | None = None, *, hold_first_load: bool = False) -> Verdict:
    """Judge a plan by its numbers. `limits` are the integration's own; `hold_first_load` is its wish for a look."""
    own = limits or {}
    return Verdict(tuple(
        _judged(_limited(guard, own.get(guard.code)), _LOOKS[guard.code](facts, hold_first_load)) for guard in GUARDS
    ))


def _limited(guard: Guard, own: Limit | None) -> Guard:
    """The guard with the integration's limits; completeness, district and first load have no limits to widen."""
    if own is None or not guard.code.startswith("GRD-"):
        return guard
    wished = own.percent if guard.unit == "percent" else own.count
    return Guard(guard.code, guard.meaning, guard.unit, guard.limit if wished is None else wished,
                 guard.floor if own.floor is None else own.floor, guard.remedy)


def _judged(guard: Guard, seen: Iterable[_Seen]) -> Judged:
    """The worst number decides. Below the floor a share says nothing: there the largest count stands for all."""
    def badness(one: _Seen) -> tuple[bool, bool, float, int]:
        counts = one.count >= guard.floor
        return _trips(guard, one), counts, _value(guard, one) if counts else 0.0, one.count

    worst = max(seen, key=badness, default=_Seen("", 0))
    value, tripped = _value(guard, worst), _trips(guard, worst)
    return Judged(guard.code, value, guard.limit, guard.unit, tripped, worst.about, worst.count)


def _value(guard: Guard, seen: _Seen) -> float:
    if guard.unit == "percent":
        return round(100 * seen.count / seen.base, 3) if seen.base else 0.0
    return float(seen.count)


def _trips(guard: Guard, seen: _Seen) -> bool:
    if seen.count < guard.floor:
        return False
    if guard.unit == "percent":
        return 100 * seen.count > guard.limit * seen.base
    return seen.count > guard.limit


def _complete(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen("enrollments", facts.unresolved, facts.references)]


def _district(facts: Facts, _: bool) -> list[_Seen]:
    """Another district's file: no district organisation in common, or, without any, no school in common."""
    if facts.districts and facts.expected_districts:
        return [_Seen("orgs", 0 if facts.districts & facts.expected_districts else 1)]
    if facts.applied_schools:
        return [_Seen("orgs", 0 if facts.shared_schools else 1)]
    return [_Seen("orgs", 0)]


def _first_load(facts: Facts, hold: bool) -> list[_Seen]:
    return [_Seen("roster", int(facts.first_load and hold))]


_COLLECTIONS = frozenset(entity.name for entity in BY_FILE.values())


def _emptied(facts: Facts, _: bool) -> list[_Seen]:
    """Contacts are no collection of their own: a school may well have none left."""
    came = {name: e for name, e in facts.entities.items() if name in _COLLECTIONS and e.delivered}
    return [_Seen(name, e.base) for name, e in came.items() if e.base and not e.read]


def _removed(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen(name, e.unexplained, e.base) for name, e in facts.entities.items()]


def _people_removed(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen("people", facts.entities["people"].unexplained)] if "people" in facts.entities else []


def _schools(facts: Facts, _: bool) -> list[_Seen]:
    return [
        _Seen(f"{entity} of school {school}", removed, base)
        for school, entities in facts.schools.items() for entity, (removed, base) in entities.items()
    ]


def _classes(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen(f"class {class_}", removed, base) for class_, removed, base in facts.classes]


def _updated(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen(name, e.updates, e.base) for name, e in facts.entities.items()]


def _in_error(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen(name, e.errors, e.read) for name, e in facts.entities.items()]


def _ruled(facts: Facts, _: bool) -> list[_Seen]:
    return [_Seen(name, e.ruled, e.base) for name, e in facts.entities.items()]


_LOOKS: Mapping[str, Callable[[Facts, bool], list[_Seen]]] = {
    "COMPLETE": _complete, "DISTRICT": _district, "FIRST-LOAD": _first_load, "GRD-01": _emptied, "GRD-02": _removed,
    "GRD-03": _people_removed, "GRD-04": _schools, "GRD-05": _classes, "GRD-06": _updated, "GRD-11": _in_error,
    "GRD-12": _ruled,
}
