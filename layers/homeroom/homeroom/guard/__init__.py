"""guard: the plan's numbers → a verdict. A pure function, so that preview and run agree.

A guard never changes a plan. Tripped, it holds the plan until a person approves or discards it, or until a newer plan
does not trip; what of it waits, where the district lets the rest go on, says `Verdict.waits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from homeroom.guard.guards import BY_CODE, GUARDS, SEASON, Guard
from homeroom.guard.looks import LOOKS, Seen
from homeroom.model.integration import Limit
from homeroom.model.plan import Facts
from homeroom.model.waits import ALL_WAITS, NO_WAITS, Waits

__all__ = ["ALL_WAITS", "GUARDS", "NO_WAITS", "SEASON", "Judged", "Verdict", "Waits", "judge"]


@dataclass(frozen=True)
class Judged:
    """One guard's result: the worst `value` it saw, `about` what (an entity, a school, a class), and the limit.

    `waits` is what it holds, nothing if it did not trip; `approvers` how many people must approve what it holds.
    """

    code: str
    value: float
    limit: float
    unit: str
    tripped: bool
    about: str
    count: int
    off: bool = False
    approvers: int = 1
    waits: Waits = NO_WAITS

    def as_json(self) -> dict[str, object]:
        """The form in `plan --json` and in summaries."""
        guard = BY_CODE[self.code]
        return {"code": self.code, "value": self.value, "limit": self.limit, "unit": self.unit,
                "tripped": self.tripped, "about": self.about, "count": self.count, "meaning": guard.meaning,
                "holds": guard.holds, "off": self.off, "approvers": self.approvers}


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

    @property
    def waits(self) -> Waits:
        """Which changes wait for a person, if the rest may go on."""
        return reduce(or_, (g.waits for g in self.tripped), NO_WAITS)

    @property
    def approvers(self) -> int:
        """How many people must approve the plan: two where very much leaves, or a collection is empty."""
        return max((g.approvers for g in self.tripped), default=1)


def judge(facts: Facts, limits: Mapping[str, Limit] | None = None, *, hold_first_load: bool = False) -> Verdict:
    """Judge a plan by its numbers. `limits` are those of the integration on this day, of a season window too;
    `hold_first_load` is its wish for a look."""
    own = limits or {}
    return Verdict(tuple(
        _asked(_limited(guard, own.get(guard.code)), facts, hold_first_load) for guard in GUARDS
    ))


def _limited(guard: Guard, own: Limit | None) -> Guard:
    """The guard with the integration's limits; completeness, district and the like have no limits to widen."""
    if own is None or not guard.own_limits:
        return guard
    wished = own.percent if guard.unit == "percent" else own.count
    return replace(guard, limit=guard.limit if wished is None else wished,
                   floor=guard.floor if own.floor is None else own.floor, off=own.off)


def _asked(guard: Guard, facts: Facts, hold_first_load: bool) -> Judged:
    """The guard's answer; one that is off is not asked, and says so."""
    if guard.off:
        return Judged(guard.code, 0.0, guard.limit, guard.unit, False, "", 0, off=True)
    return _judged(guard, list(LOOKS[guard.code](facts, hold_first_load)))


def _judged(guard: Guard, seen: Iterable[Seen]) -> Judged:
    """The worst number decides. Below the floor a share says nothing: there the largest count stands for all."""
    def badness(one: Seen) -> tuple[bool, bool, float, int]:
        counts = one.count >= guard.floor
        return _trips(guard, one), counts, _value(guard, one) if counts else 0.0, one.count

    found = list(seen)
    worst = max(found, key=badness, default=Seen("", 0))
    value, tripped = _value(guard, worst), _trips(guard, worst)
    two = tripped and guard.two_above is not None and value > guard.two_above
    waits = _held(guard, [one for one in found if _trips(guard, one)]) if tripped else NO_WAITS
    return Judged(guard.code, value, guard.limit, guard.unit, tripped, worst.about, worst.count,
                  approvers=2 if two else 1, waits=waits)


def _held(guard: Guard, tripping: Iterable[Seen]) -> Waits:
    """What waits by this guard: of schools and classes, each that trips and not only the worst."""
    named = frozenset(one.of for one in tripping)
    match guard.holds:
        case "removals":
            return Waits(removals=True)
        case "creations":
            return Waits(creations=True)
        case "school":
            return Waits(schools=named)
        case "class":
            return Waits(classes=named)
        case _:
            return ALL_WAITS


def _value(guard: Guard, seen: Seen) -> float:
    if guard.unit == "percent":
        return round(100 * seen.count / seen.base, 3) if seen.base else 0.0
    return float(seen.count)


def _trips(guard: Guard, seen: Seen) -> bool:
    if not seen.count or seen.count < guard.floor:
        return False
    value, limit = (100 * seen.count, guard.limit * seen.base) if guard.unit == "percent" else (seen.count, guard.limit)
    return value > limit or (not guard.strict and value == limit)
