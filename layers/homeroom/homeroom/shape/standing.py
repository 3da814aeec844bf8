"""All that would be in the roster without rules, and what rules have left of it so far.

What the source says stands, and beside it last good versions: of rows in error, and of entities that were not
delivered. A record in error is judged by its last good version: a rule takes that away or changes it like any other,
an error never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from homeroom.model.entities import ENTITIES
from homeroom.model.snapshot import LINE
from homeroom.shape.desired import RULE, SOURCE_ID, Desired, DesiredEntity
from homeroom.shape.marks import unsaid, within

Frames = Mapping[str, pl.DataFrame]

IN_ERROR = "_in_error"
"""Column of a standing record: whether it is the last good version of a row in error."""

_TITLE = pl.coalesce("source_title", "title").alias("title")

@dataclass(frozen=True)
class Standing:
    """`frames`: what stays so far, by entity: `source_id`, `_line` (null in last good versions), the canonical fields,
    IN_ERROR. `left_out` and `issues` are those of `Desired`."""

    frames: Frames
    left_out: Frames
    issues: tuple[pl.DataFrame, ...] = ()

    def changed(self, **frames: pl.DataFrame) -> Standing:
        """The same with other rows of some entities."""
        return replace(self, frames={**self.frames, **frames})

    def without(self, marked: Frames) -> Standing:
        """The same without the rows that have a `rule`; the others are taken as they are in `marked`."""
        frames, left_out = dict(self.frames), dict(self.left_out)
        for name, rows in marked.items():
            frames[name] = rows.drop(RULE)
            if rows[RULE].null_count() < rows.height:
                frames[name] = rows.filter(pl.col(RULE).is_null()).drop(RULE)
                out = rows.filter(pl.col(RULE).is_not_null()).select(SOURCE_ID, RULE)
                left_out[name] = pl.concat([left_out[name], out])
        return replace(self, frames=frames, left_out=left_out)

    def noting(self, issues: pl.DataFrame) -> Standing:
        """The same with further issues."""
        return replace(self, issues=(*self.issues, issues)) if issues.height else self


def stand(desired: Desired, applied: Frames, *, keeps: frozenset[str] = frozenset()) -> Standing:
    """What stands before any rule.

    `applied` are active records, by entity. What rules made of them is forgotten, so that it is made anew, but for the
    made fields that are named in `keeps`.
    """
    nothing = pl.DataFrame(schema={SOURCE_ID: pl.String, RULE: pl.String})
    return Standing({name: _rows(name, desired, applied, keeps) for name in ENTITIES}, dict.fromkeys(ENTITIES, nothing))


def settled(standing: Standing, desired: Desired, applied: Frames) -> Desired:
    """The desired roster that is left. It tells of every entity, delivered or not."""
    entities = {name: _entity(name, rows, desired, applied) for name, rows in standing.frames.items()}
    return Desired(entities, frozenset(ENTITIES), standing.left_out, pl.concat([desired.issues, *standing.issues]))


def _rows(name: str, desired: Desired, applied: Frames, keeps: frozenset[str]) -> pl.DataFrame:
    said, columns = desired.entities[name], [SOURCE_ID, LINE, *ENTITIES[name].names]
    own = said.records.select(columns).with_columns(pl.lit(False).alias(IN_ERROR))
    last = _as_said(name, applied[name], columns, keeps) if name in applied else own.select(columns).clear()
    if name not in desired.delivered:
        return last.with_columns(pl.lit(False).alias(IN_ERROR))
    broken = said.unusable
    if name == "contacts":
        broken = pl.concat([broken, unsaid(desired.entities["people"], last)])
    if broken.is_empty():
        return own
    kept = last.filter(within(last[SOURCE_ID], broken))
    kept = kept.filter(~within(kept[SOURCE_ID], own[SOURCE_ID]))
    return pl.concat([own, kept.with_columns(pl.lit(True).alias(IN_ERROR))])


def _as_said(name: str, applied: pl.DataFrame, columns: list[str], keeps: frozenset[str]) -> pl.DataFrame:
    """Applied records as the source said them last."""
    made = [pl.lit(None, pl.String).alias(field.name) for field in ENTITIES[name].made if field.name not in keeps]
    title = [_TITLE] if name == "classes" else []
    return applied.with_columns(pl.lit(None, pl.UInt32).alias(LINE), *title, *made).select(columns)


def _entity(name: str, rows: pl.DataFrame, desired: Desired, applied: Frames) -> DesiredEntity:
    """What stays. A last good version that rules change is wanted as they leave it, like any other record."""
    said, fields = desired.entities[name], ENTITIES[name].names
    told, broken = rows, pl.Series(SOURCE_ID, [], dtype=pl.String)
    if rows[IN_ERROR].any():
        last = rows.filter(IN_ERROR).join(applied[name].select(SOURCE_ID, *fields), on=SOURCE_ID, how="left",
                                          suffix=" applied")
        same = pl.all_horizontal(pl.col(field).eq_missing(pl.col(f"{field} applied")) for field in fields)
        broken = last.filter(same)[SOURCE_ID]
        told = rows.filter(~(pl.col(IN_ERROR) & pl.lit(within(rows[SOURCE_ID], broken))))
    gone = said.gone if name in desired.delivered else said.gone.clear()
    return DesiredEntity(told.select(SOURCE_ID, *fields), broken, gone)
