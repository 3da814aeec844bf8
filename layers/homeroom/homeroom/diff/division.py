"""A plan in two: the part that is applied now, and the rest, which waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from homeroom.diff import Plan
from homeroom.diff.applied import State, corrected
from homeroom.diff.rekey import images_rekeyed, rekeyed
from homeroom.diff.selection import Left, left_by, left_waiting, withheld
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import NO_REPAIRS, Around, Repairs
from homeroom.model.selection import Selection
from homeroom.model.waits import Waits
from homeroom.shape import Desired
from homeroom.shape.marks import within

Again = Callable[[Desired, State, Repairs, Around], Plan]
"""The comparison once more, with all that does not change in between."""


@dataclass(frozen=True)
class Division:
    """`part` is applied now; `rest` is the plan that would apply what is left out, to the state that the part leaves.
    `after` is what then stands around it."""

    part: Plan
    rest: Plan
    after: Around


def divided(whole: Plan, wished: Selection | Waits, desired: Desired, applied: State, repairs: Repairs,
            around: Around, *, again: Again, desired_after: Callable[[State, Around], Desired]) -> Division | None:
    """The plan in two; None where nothing would be left out, and where guards would leave nothing to apply.

    `wished` are the changes that a person approved, or those that guards hold. What was approved is divided also where
    nothing of it can go on: then the part is empty, and all of it waits.
    """
    before = _before(applied, repairs, around)
    left = _left(whole, wished, before)
    if not any(marks.any() for marks in left.values()):
        return None
    spared = around.spared | _by_hand(around, whole, left)
    part = again(withheld(desired, whole.operations, left, before), applied, repairs, replace(around, spared=spared))
    if part.size == 0 and isinstance(wished, Waits):
        return None
    after = _afterwards(part, around)
    rest = again(desired_after(part.next_state, after), part.next_state, NO_REPAIRS, after)
    if rest.size == 0:
        return None
    return Division(_counted(whole, part, rest), rest, after)


def _left(whole: Plan, wished: Selection | Waits, before: State) -> Left:
    if isinstance(wished, Waits):
        return left_waiting(whole.operations, wished, whole.twins.twins, before, whole.next_state)
    return left_by(whole.operations, wished, before, whole.next_state)


def _before(applied: State, repairs: Repairs, around: Around) -> State:
    """The applied roster as the plan saw it: corrected by what the table holds."""
    images = images_rekeyed(repairs.images, around.walk) if around.walk else repairs.images
    base = rekeyed(applied, around.walk) if around.walk else applied
    return {name: corrected(entity, base[name], [i for i in images if i.entity == name])
            for name, entity in ENTITIES.items()}


def _by_hand(around: Around, plan: Plan, left: Left | None = None) -> frozenset[tuple[str, str]]:
    """The records made by hand that a plan takes over or archives, or those that are left out of it, as (entity,
    internal id)."""
    hand = {(record.entity, record.id) for record in around.hand}
    if not hand:
        return frozenset()
    ids = pl.Series(sorted(id for _, id in hand))
    ends: set[tuple[str, str]] = set()
    for name, archives, rows in plan.operations:
        few = within(rows["id"], ids) & rows["op"].is_in(["adopt", "archive"])
        ends |= {(name, id) for id in rows["id"].filter(few & left[name, archives] if left else few)}
    return frozenset(hand & ends)


def _afterwards(part: Plan, around: Around) -> Around:
    """Once the part is applied: what it adopted or archived is no record made by hand any more, and every new id of a
    known record is known."""
    written = _by_hand(around, part)
    hand = tuple(record for record in around.hand if (record.entity, record.id) not in written)
    return replace(around, hand=hand, walk={}, rekey=False)


def _counted(whole: Plan, part: Plan, rest: Plan) -> Plan:
    """The part with what waits counted as such; what stays only because it waits is not unchanged."""
    counts = {
        name: replace(c, waits=rest.counts[name].changes, unchanged=whole.counts[name].unchanged)
        for name, c in part.counts.items()
    }
    return replace(part, counts=counts, facts=whole.facts, issues=whole.issues)
