"""What tests of the shape stage ask of a desired roster, and two schools with a class each to ask it of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeroom.check import check
from homeroom.diff.applied import State, standing
from homeroom.model.byhand import HandRecord
from homeroom.model.plan import NO_REPAIRS
from homeroom.model.sharing import Sharing
from homeroom.model.snapshot import Snapshot
from homeroom.products.rules import Rules
from homeroom.shape import Desired, shape
from tests.builders.oneroster import enrollment, klass, student, teacher
from tests.builders.snapshots import plan_of, snapshot

EVERYTHING = Sharing()


def shaped(source: Snapshot, rules: Rules, state: State | None = None, *, sharing: Sharing = EVERYTHING,
           hand: Iterable[HandRecord] = ()) -> Desired:
    """The desired roster; `state` is what was applied."""
    checked = check(source)
    return shape(checked, sharing, standing(state, NO_REPAIRS, checked.delivered), rules=rules, hand=tuple(hand))


def state_of(source: Snapshot, rules: Rules, before: State | None = None) -> State:
    """The kept state once the plan of that source is applied."""
    return plan_of(source, before, rules=rules).next_state


def ids(desired: Desired, entity: str) -> set[str]:
    return set(desired.entities[entity].records["source_id"])


def left_out(desired: Desired, entity: str) -> dict[str, str]:
    return dict(desired.left_out[entity].iter_rows())


def one(desired: Desired, entity: str, source_id: str) -> dict[str, Any]:
    (row,) = (r for r in desired.entities[entity].records.to_dicts() if r["source_id"] == source_id)
    return row


def values(desired: Desired, entity: str, field: str) -> dict[str, Any]:
    """Source id → value, where there is one."""
    rows = desired.entities[entity].records.select("source_id", field).iter_rows()
    return {source_id: value for source_id, value in rows if value is not None}


def told(desired: Desired, code: str) -> list[tuple[str, str | None, str | None]]:
    """The findings of a code: source id, value, cause."""
    rows = desired.issues.to_dicts()
    return [(row["source_id"], row["value"], row["cause"]) for row in rows if row["code"] == code]


def two_schools(**more: Any) -> Snapshot:
    """A class, a teacher and a student in each of two schools; more rows where a test names them."""
    return snapshot(
        classes=[klass("c-1"), klass("c-2", schoolSourcedId="school-2"), *more.pop("classes", [])],
        teachers=[teacher("t-1"), teacher("t-2", orgSourcedIds="school-2"), *more.pop("staff", [])],
        students=[student("s-1"), student("s-2", orgSourcedIds="school-2"), *more.pop("students", [])],
        guardians=more.pop("guardians", []),
        enrollments=[enrollment("t-1", "c-1", role="teacher"), enrollment("s-1", "c-1"),
                     enrollment("t-2", "c-2", role="teacher", school="school-2"),
                     enrollment("s-2", "c-2", school="school-2"), *more.pop("also", [])],
        **more,
    )
