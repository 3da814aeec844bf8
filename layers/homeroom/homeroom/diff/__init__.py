"""diff: the desired roster × what was applied × what must be repaired → the plan.

Always a full recompute on whole columns: a small step and a full read cannot disagree. Pure: no clock (`as_of` is an
input), no network; the same inputs give the same operations in the same order, and so the same plan hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from homeroom.check.checked import Checked
from homeroom.check.findings import no_issues
from homeroom.diff.applied import ACTIVE, ID, STATUS, State, corrected, empty_state
from homeroom.diff.compare import Compared, compare
from homeroom.diff.facts import facts
from homeroom.diff.identities import links
from homeroom.diff.operations import archives, writes
from homeroom.diff.removals import REASON, explain
from homeroom.diff.rewrites import interrupted, rewrites
from homeroom.model.entities import ENTITIES, WRITE_ORDER
from homeroom.model.plan import (
    IDENTITIES,
    NO_REPAIRS,
    NOTHING_AROUND,
    Around,
    Counts,
    Facts,
    Repairs,
    TableImage,
    waves,
)
from homeroom.products.rules import HandPolicy
from homeroom.shape import Desired, DesiredEntity
from homeroom.shape.desired import RULE
from homeroom.shape.marks import unsaid

__all__ = ["Plan", "diff", "empty_state"]

_NO_POLICY = HandPolicy()


@dataclass(frozen=True)
class Plan:
    """What changes. `operations`: (entity, archives?, rows) in writing order, empty waves left out.

    `next_state` is the kept state once all of it is applied. `reasons`: entity → reason → removals. `left_out`:
    entity → rule → records of the source that it leaves out, whether they were ever applied or not. `issues` are what
    the comparison found: records made by hand, new ids of the same people.
    """

    operations: tuple[tuple[str, bool, pl.DataFrame], ...]
    counts: Mapping[str, Counts]
    next_state: State
    facts: Facts
    reasons: Mapping[str, Mapping[str, int]]
    left_out: Mapping[str, Mapping[str, int]]
    issues: pl.DataFrame = field(default_factory=no_issues)

    @property
    def size(self) -> int:
        """Operations in all, identity links included."""
        return sum(rows.height for _, _, rows in self.operations)


def diff(desired: Desired, applied: State | None, checked: Checked, *, roster: str, as_of: str,
         repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = (), policy: HandPolicy = _NO_POLICY,
         around: Around = NOTHING_AROUND) -> Plan:
    """The plan that makes the applied roster equal to the desired one.

    `applied` is None before the first load. `as_of` (YYYY-MM-DD) is the day in the integration's time zone; it only
    explains removals, it never causes one.
    """
    first_load = applied is None
    images = {name: [i for i in repairs.images if i.entity == name] for name in ENTITIES}
    base = empty_state() if applied is None else applied
    before = {name: corrected(ENTITIES[name], base[name], images[name]) for name in ENTITIES}
    wanted = {name: _wanted(name, desired, base, before["contacts"]) for name in ENTITIES}
    forced = rewrites(wanted, base, before, images)
    compared = {
        name: compare(ENTITIES[name], wanted[name], before[name], roster=roster, forced=forced[name],
                      edited=repairs.edited.get(name, frozenset()))
        for name in WRITE_ORDER
    }
    absent = {
        name: explain(name, compared[name].absent, before, desired, as_of, interrupted(images[name], base[name]))
        for name in WRITE_ORDER
    }
    next_state = {name: compared[name].next_state for name in ENTITIES}
    rows = _rows(compared, absent, next_state, repairs, images)
    touched = frozenset(i.source_id for i in images["people"])
    found = links(compared["people"], base["people"], repairs.links, touched)
    rows[IDENTITIES, False], rows[IDENTITIES, True] = found.writes, found.removals
    return Plan(
        operations=tuple((e, a, rows[e, a]) for e, a in waves() if not rows[e, a].is_empty()),
        counts={name: compared[name].counts for name in ENTITIES},
        next_state=next_state,
        facts=facts(compared, absent, before, checked, expected_districts, first_load=first_load),
        reasons={name: _counted(absent[name], REASON) for name in ENTITIES},
        left_out={name: _counted(rows, RULE) for name, rows in desired.left_out.items() if rows.height},
    )


def _counted(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows.group_by(column).len().sort(column).iter_rows())


def _wanted(name: str, desired: Desired, base: State, contacts: pl.DataFrame) -> DesiredEntity:
    """What is wanted of an entity; of one that was not delivered nothing is said, so it stays as it was applied."""
    said = desired.entities[name]
    if name == "contacts":
        unknown = unsaid(desired.entities["people"], contacts)
        said = DesiredEntity(said.records, pl.concat([said.unusable, unknown]), said.gone)
    if name in desired.delivered:
        return said
    active = base[name].filter(pl.col(STATUS) == ACTIVE)
    return DesiredEntity(active.drop(ID, STATUS), said.unusable.clear(), said.gone.clear())


def _rows(compared: Mapping[str, Compared], absent: Mapping[str, pl.DataFrame], next_state: State, repairs: Repairs,
          images: Mapping[str, list[TableImage]]) -> dict[tuple[str, bool], pl.DataFrame]:
    rows: dict[tuple[str, bool], pl.DataFrame] = {}
    for name in WRITE_ORDER:
        edited = repairs.edited.get(name, frozenset())
        rows[name, False] = writes(compared[name], next_state, edited, images[name])
        rows[name, True] = archives(compared[name], absent[name], next_state, edited, images[name])
    return rows
