"""An id that now belongs to somebody else (IDN-01): names, username, number and email all differ.

Such a row is not taken: it would give one person's account and history to another. The record and what hangs on it stay
as they were applied, until the district corrects the ids. Origin: `roster-sync.md` 4(f) IDN-01, complaint 48.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import SOURCE_ID, State
from homeroom.shape import DesiredEntity
from homeroom.shape.marks import within

_MUST_DIFFER = ("given_name", "family_name", "username")
_MAY_BE_UNSAID = ("identifier", "email")
_HANGS_ON: Mapping[str, tuple[str, ...]] = {"enrollments": ("person",), "contacts": ("student", "guardian")}


def strangers(people: pl.DataFrame, applied: pl.DataFrame) -> pl.Series:
    """Source ids of wanted people who are not who the roster knows under that id, archived people included."""
    columns = [SOURCE_ID, *_MUST_DIFFER, *_MAY_BE_UNSAID]
    both = people.select(columns).join(applied.select(columns), on=SOURCE_ID, how="inner", suffix=" was")
    return both.filter(
        *(_differs(name) for name in _MUST_DIFFER),
        *(_differs(name).fill_null(True) for name in _MAY_BE_UNSAID),
    )[SOURCE_ID]


def _differs(name: str) -> pl.Expr:
    """Null where either side says nothing."""
    return pl.col(name).str.to_lowercase() != pl.col(f"{name} was").str.to_lowercase()


def kept_apart(wanted: Mapping[str, DesiredEntity], who: pl.Series, before: State) -> dict[str, DesiredEntity]:
    """What is wanted without the strangers and what hangs on them; all of that stays as it was applied."""
    if who.is_empty():
        return dict(wanted)
    return {**wanted, "people": _without(wanted["people"], within(wanted["people"].records[SOURCE_ID], who), who)} | {
        name: _hanging(wanted[name], before[name], fields, who) for name, fields in _HANGS_ON.items()
    }


def _hanging(said: DesiredEntity, before: pl.DataFrame, fields: tuple[str, ...], who: pl.Series) -> DesiredEntity:
    theirs, known = _any_of(said.records, fields, who), _any_of(before, fields, who)
    return _without(said, theirs, pl.concat([said.records[SOURCE_ID].filter(theirs), before[SOURCE_ID].filter(known)]))


def _any_of(rows: pl.DataFrame, fields: tuple[str, ...], who: pl.Series) -> pl.Series:
    marks = [within(rows[one], who) for one in fields]
    return marks[0] if len(marks) == 1 else marks[0] | marks[1]


def _without(said: DesiredEntity, out: pl.Series, stay: pl.Series) -> DesiredEntity:
    return DesiredEntity(said.records.filter(~out), pl.concat([said.unusable, stay]), said.gone)


def found(who: pl.Series) -> pl.DataFrame:
    """IDN-01 for each of them."""
    if who.is_empty():
        return no_issues()
    told = {"code": pl.lit("IDN-01"), "entity": pl.lit("people"), SOURCE_ID: pl.col(SOURCE_ID), "file": pl.lit("users"),
            "column": pl.lit("sourcedId")}
    rows = who.sort().alias(SOURCE_ID).to_frame()
    return rows.select(told.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items())
