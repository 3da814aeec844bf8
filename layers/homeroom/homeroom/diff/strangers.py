"""An id that now belongs to somebody else (IDN-01), by either of two signs:

    names, username, number and email all differ from those of the record that the roster knows under that id
    the name is another one, and by number, username or email, with the name, the row is another person that is known

Such a row is not taken: it would give one person's account and history to another. The record and what hangs on it stay
as they were applied, until the district corrects the ids. So does the person whom the row is about, though nobody has
the own id any more; and whose record stays is not made anew under a new id (IDN-03): ids that were dealt out anew
archive nobody and double nobody. Origin: `roster-sync.md` 4(f) IDN-01, complaint 48, ADR 0029.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.diff.rekey import NOW, WAS, Proposal, same
from homeroom.diff.removals import OWNERS
from homeroom.model.reasons import NO_PARENTS
from homeroom.shape import DesiredEntity
from homeroom.shape.desired import RULE
from homeroom.shape.marks import within

_NAMES = ("given_name", "family_name")
_MUST_DIFFER = (*_NAMES, "username")
_MAY_BE_UNSAID = ("identifier", "email")
_COLUMNS = (SOURCE_ID, *_MUST_DIFFER, *_MAY_BE_UNSAID, "user_ids")
_HANGS_ON = {name: tuple(field for field, of in owners if of == "people") for name, owners in OWNERS.items()}


@dataclass(frozen=True)
class Strangers:
    """Source ids. `who`: their row is about somebody else. `meant`: whom such rows are about, with no row of their own.
    `again`: (`was`, `now`, `why`), people whose record stays because of its row, under new ids."""

    who: pl.Series
    meant: pl.Series
    again: pl.DataFrame

    def issues(self) -> pl.DataFrame:
        """IDN-01 for each row that is not taken, IDN-03 for each new id that is not."""
        if self.who.is_empty():
            return no_issues()
        told = {"code": pl.lit("IDN-01"), "entity": pl.lit("people"), SOURCE_ID: pl.col(SOURCE_ID),
                "file": pl.lit("users"), "column": pl.lit("sourcedId")}
        rows = self.who.sort().alias(SOURCE_ID).to_frame()
        found = rows.select(told.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items())
        return pl.concat([found, Proposal({"people": self.again}).issues()])


def strangers(people: pl.DataFrame, applied: pl.DataFrame) -> Strangers:
    """Who of the source's people is not who the roster knows under that id, archived people included.

    `people` are the rows of the source, also of people whom a rule leaves out.
    """
    people, known = people.select(_COLUMNS), applied.select(*_COLUMNS, STATUS)
    both = people.join(known, on=SOURCE_ID, how="inner", suffix=" was")
    other = both.filter(
        *(_differs(name) for name in _MUST_DIFFER),
        *(_differs(name).fill_null(True) for name in _MAY_BE_UNSAID),
    )[SOURCE_ID]
    renamed = both.filter(pl.any_horizontal(_differs(name) for name in _NAMES)).select(_COLUMNS)
    pairs = _same(known, renamed).filter(pl.col(WAS) != pl.col(NOW))
    who = pl.concat([other, pairs[NOW].alias(SOURCE_ID)]).unique()
    meant = pairs[WAS].filter(~within(pairs[WAS], people[SOURCE_ID]))
    stays = known.filter((pl.col(STATUS) == ACTIVE) & within(known[SOURCE_ID], who))
    again = _same(stays, people.join(known, on=SOURCE_ID, how="anti") if stays.height else people.clear())
    return Strangers(who, meant, again)


def _same(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The same people by strong evidence. Few have another name today, or another one's id: the rest is not looked at.
    """
    names = [pl.col(name).str.to_lowercase() for name in _NAMES]
    either = before.join(after, on=names, how="semi"), after.join(before, on=names, how="semi")
    return same("people", *either)


def _differs(name: str) -> pl.Expr:
    """Null where either side says nothing."""
    return pl.col(name).str.to_lowercase() != pl.col(f"{name} was").str.to_lowercase()


def kept_apart(wanted: Mapping[str, DesiredEntity], others: Strangers, before: State,
               left_out: Mapping[str, pl.DataFrame]) -> dict[str, DesiredEntity]:
    """What is wanted without the strangers and what hangs on them; all of that stays as it was applied, but for
    contacts where parents are not synced."""
    if others.who.is_empty():
        return dict(wanted)
    people = wanted["people"]
    out = pl.concat([others.who, others.again[NOW].alias(SOURCE_ID)])
    stay = pl.concat([others.who, others.meant.alias(SOURCE_ID)])
    return {**wanted, "people": _without(people, within(people.records[SOURCE_ID], out), stay)} | {
        name: _hanging(wanted[name], _without_parents(name, before, left_out), fields, out, stay)
        for name, fields in _HANGS_ON.items()
    }


def _without_parents(name: str, before: State, left_out: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The applied records without those that leave because parents are not synced any more."""
    gone = left_out.get(name)
    if gone is None:
        return before[name]
    return before[name].join(gone.filter(pl.col(RULE) == NO_PARENTS), on=SOURCE_ID, how="anti")


def _hanging(said: DesiredEntity, before: pl.DataFrame, fields: tuple[str, ...], out: pl.Series,
             stay: pl.Series) -> DesiredEntity:
    theirs, known = _any_of(said.records, fields, out), _any_of(before, fields, stay)
    return _without(said, theirs, pl.concat([said.records[SOURCE_ID].filter(theirs), before[SOURCE_ID].filter(known)]))


def _any_of(rows: pl.DataFrame, fields: tuple[str, ...], who: pl.Series) -> pl.Series:
    marks = [within(rows[one], who) for one in fields]
    return marks[0] if len(marks) == 1 else marks[0] | marks[1]


def _without(said: DesiredEntity, out: pl.Series, stay: pl.Series) -> DesiredEntity:
    return DesiredEntity(said.records.filter(~out), pl.concat([said.unusable, stay]), said.gone)
