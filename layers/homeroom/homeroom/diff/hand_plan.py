"""What a plan does to records made by hand, and to edits by hand of records of the SIS, once the comparison is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from homeroom.check.findings import Findings, no_issues
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS, State
from homeroom.diff.byhand import Ended, Met, as_rows, endings
from homeroom.diff.compare import AT, Compared
from homeroom.diff.hand_operations import GIVEN_BACK, NOT_TAKEN, Places, adopting, as_made, standing_places, together
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES
from homeroom.model.issues import Issue
from homeroom.model.plan import Around, Counts, Repairs
from homeroom.products.rules import HandPolicy
from homeroom.shape.marks import within

Rows = dict[tuple[str, bool], pl.DataFrame]
"""Operations by entity and whether they archive."""


@dataclass(frozen=True)
class ByHand:
    """`rows` and `next_state` as they are with records made by hand; `people` are those made by hand before and after
    the plan, None where there are none."""

    rows: Rows
    next_state: dict[str, pl.DataFrame]
    ended: Ended = field(default_factory=Ended)
    back: Mapping[str, tuple[HandRecord, ...]] = field(default_factory=dict)
    people: tuple[pl.DataFrame, pl.DataFrame] | None = None
    handed: frozenset[str] = frozenset()
    """Source ids that the SIS had for people who are given back."""
    issues: pl.DataFrame = field(default_factory=no_issues)

    def counted(self, name: str, counts: Counts) -> Counts:
        """The counts of an entity with what is archived, and what is given back, which no longer is."""
        archived, back = sum(self.ended.reasons(name).values()), len(self.back.get(name, ()))
        again = sum(record.entity == name for record in self.ended.back)
        if not (archived or back or again):
            return counts
        return replace(counts, archive=counts.archive + archived - back, update=counts.update + back + again)

    def reasoned(self, name: str, reasons: dict[str, int]) -> dict[str, int]:
        """The reasons of an entity with those of records made by hand."""
        return dict(Counter(reasons) + self.ended.reasons(name))


def by_hand(met: Met, compared: Mapping[str, Compared], absent: Mapping[str, pl.DataFrame], next_state: State,
            rows: Rows, *, policy: HandPolicy, repairs: Repairs, around: Around) -> ByHand:
    """The plan's rows and next state with what becomes of records made by hand."""
    overridden = _overridden(next_state, repairs)
    if met.nobody and not around.given_back:
        return ByHand(rows, dict(next_state), issues=Findings(overridden).frame())
    back = {name: _of_these(around.given_back, name, absent[name]) for name in ENTITIES}
    state = {name: _without(frame, back[name]) for name, frame in next_state.items()}
    given_back = frozenset((record.entity, record.id) for records in back.values() for record in records)
    ended = endings(met, state, policy, repairs.torn, around.spared, given_back)
    changed, torn = dict(rows), _torn_places(repairs)
    for name in ENTITIES:
        changed[name, False] = adopting(name, changed[name, False], met.taken_of(name))
        changed[name, True] = _kept_out(changed[name, True], back[name])
        _add(changed, name, ended, torn, back[name], absent[name], compared)
    given = [(record.source_id, record) for record in back["people"]]
    people = (met.people(), pl.concat([ended.people_left(), as_rows("people", given)]))
    issues = Findings([*met.issues, *ended.issues, *overridden]).frame()
    lost = absent["people"].filter(within(absent["people"][ID], pl.Series([r.id for r in back["people"]])))
    return ByHand(changed, state, ended, back, people, frozenset(lost[SOURCE_ID]), issues)


def _torn_places(repairs: Repairs) -> dict[str, list[Mapping[str, str]]]:
    """Internal id → places where an interrupted run may have put an enrollment."""
    places: dict[str, list[Mapping[str, str]]] = {}
    for image in repairs.images:
        if image.place is not None and (image.entity, image.id) in repairs.torn:
            places.setdefault(image.id, []).append(image.place)
    return places


def _add(rows: Rows, name: str, ended: Ended, torn: Places, back: tuple[HandRecord, ...], absent: pl.DataFrame,
         compared: Mapping[str, Compared]) -> None:
    """Put the operations of one entity to the waves that they belong to."""
    archived = [(record, reason) for record, reason in ended.archived if record.entity == name]
    if archived:
        rows[name, True] = together(rows[name, True], as_made(name, "archive", archived))
    again = [(record, NOT_TAKEN) for record in ended.back if record.entity == name]
    if again:
        rows[name, False] = together(rows[name, False], as_made(name, "give back", again, torn))
    if back:
        of_sis = absent.filter(within(absent[ID], pl.Series([r.id for r in back])))
        state = {target: compared[target].next_state for target in ("people", "classes")}
        left = standing_places(of_sis, state) if name == "enrollments" else {}
        made = as_made(name, "give back", [(record, GIVEN_BACK) for record in back], left,
                       _as_applied(compared[name], of_sis))
        rows[name, False] = together(rows[name, False], made)


def _as_applied(compared: Compared, rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with the fields that they had; an undo may say other ones as it archives."""
    return pl.concat([rows.select(ID, SOURCE_ID), compared.applied.select(compared.entity.names)[rows[AT]]],
                     how="horizontal")


def _of_these(records: tuple[HandRecord, ...], name: str, absent: pl.DataFrame) -> tuple[HandRecord, ...]:
    mine = {record.id: record for record in records if record.entity == name}
    leave = set(absent[ID].filter(absent[ID].is_in(sorted(mine)))) if mine else set()
    return tuple(record for id, record in mine.items() if id in leave)


def _without(state: pl.DataFrame, records: tuple[HandRecord, ...]) -> pl.DataFrame:
    return state.filter(~within(state[ID], pl.Series([r.id for r in records]))) if records else state


def _kept_out(rows: pl.DataFrame, back: tuple[HandRecord, ...]) -> pl.DataFrame:
    """The archives without those of records that are given back."""
    return rows.filter(~within(rows[ID], pl.Series([r.id for r in back]))) if back and rows.height else rows


def _overridden(next_state: State, repairs: Repairs) -> list[Issue]:
    """Edits by hand of records that the SIS still has: they do not last (MAN-03, MAN-04)."""
    found = []
    for name, edited in repairs.edited.items():
        rows = next_state[name]
        here = rows.filter((rows[STATUS] == ACTIVE) & within(rows[SOURCE_ID], pl.Series(sorted(edited))))[SOURCE_ID]
        altered = repairs.altered.get(name, frozenset())
        found += [Issue("MAN-03" if id in altered else "MAN-04", "", name, id) for id in here.sort()]
    return found
