"""References between records: does what a row points to exist, and is it taken?

A target is *taken*, *unusable* (its row is there, in error), *gone* (an explicit removal) or *nowhere*. What a row may
not be without makes it an error; what it may be without is dropped with a warning, unless the target is only
unusable: then the last good version of the target stays, and so does the reference to it.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from homeroom.check.findings import SOURCE_ID, Findings, Where
from homeroom.check.rows import BAD, GONE, Rows
from homeroom.model.entities import Field

Known = Mapping[str, pl.DataFrame]
"""Entity → its ids: `source_id`, and `is` = TAKEN, UNUSABLE or REMOVED (UInt8)."""

TAKEN, UNUSABLE, REMOVED = 0, 1, 2
"""What became of a target, best first; kept as small numbers because a million rows are compared with them."""

REQUIRED = {
    ("classes", "school"): "REF-08",
    ("enrollments", "person"): "REF-01",
    ("enrollments", "class"): "REF-02",
}
"""References that a row cannot be without, with the code where the target is nowhere."""

_KEPT_EMPTY = {("classes", "course"): "REF-04"}
_DROPPED = "FLD-02"


def ids_of(rows: Rows) -> pl.DataFrame:
    """Each id of the entity once, with what became of it; an id that is taken anywhere is taken."""
    state = pl.when(BAD).then(pl.lit(UNUSABLE)).when(GONE).then(pl.lit(REMOVED)).otherwise(pl.lit(TAKEN))
    ids = rows.frame.select(SOURCE_ID, state.cast(pl.UInt8).alias("is")).filter(pl.col(SOURCE_ID).is_not_null())
    if (ids["is"] == TAKEN).all():
        return ids
    return ids.sort("is").unique(SOURCE_ID, keep="first", maintain_order=True)


def check_references(rows: Rows, known: Known, findings: Findings) -> int:
    """Check every single reference of an entity in place. Returns how many rows have a required target that is nowhere.

    `known` holds only what was delivered: a file that the manifest declares absent says nothing about its records.
    """
    nowhere = pl.zeros(rows.frame.height, pl.Boolean, eager=True)
    for field in rows.entity.fields:
        target = field.references
        if field.kind == "list" or target is None or target not in known or rows.frame[field.name].is_null().all():
            continue
        if (rows.entity.name, field.name) in REQUIRED:
            nowhere |= _required(rows, field, known[target], findings)
        else:
            _optional(rows, field, known[target], findings)
    return int(nowhere.sum())


def _targets(rows: Rows, field: Field, ids: pl.DataFrame) -> pl.Series:
    """For each row what its target is: taken, unusable, gone, or null where it is nowhere or not named."""
    keys = rows.frame.select(pl.col(field.name).alias(SOURCE_ID))
    return keys.join(ids, on=SOURCE_ID, how="left", maintain_order="left")["is"]


def _required(rows: Rows, field: Field, ids: pl.DataFrame, findings: Findings) -> pl.Series:
    """Take out the rows whose target is nowhere or unusable. Returns those whose target is nowhere."""
    target = _targets(rows, field, ids)
    named = rows.frame[field.name].is_not_null() & ~rows.frame[GONE]
    nowhere = target.is_null() & named
    if target.null_count() == 0 and (target == TAKEN).all():
        return nowhere
    unusable = (target == UNUSABLE).fill_null(False) & named
    code = REQUIRED[rows.entity.name, field.name]
    where, value = Where(rows.entity.name, rows.entity.file, field.column), pl.col(field.name)
    findings.add(code, rows.frame.filter(nowhere), where, value=value)
    assert field.references is not None
    cause = pl.concat_str(pl.lit(field.references + " "), pl.col(field.name))
    findings.add("REF-07", rows.frame.filter(unusable), where, value=value, cause=cause)
    gone = (target == REMOVED).fill_null(False) & named
    rows.mark(nowhere | unusable)
    rows.frame = rows.frame.with_columns((pl.col(GONE) | gone).alias(GONE))
    return nowhere


def _optional(rows: Rows, field: Field, ids: pl.DataFrame, findings: Findings) -> None:
    target = _targets(rows, field, ids)
    named = rows.frame[field.name].is_not_null() & ~rows.frame[GONE]
    nowhere = (target.is_null() | (target == REMOVED).fill_null(False)) & named
    if not nowhere.any():
        return
    code = _KEPT_EMPTY.get((rows.entity.name, field.name), _DROPPED)
    where = Where(rows.entity.name, rows.entity.file, field.column)
    findings.add(code, rows.frame.filter(nowhere), where, value=pl.col(field.name))
    rows.frame = rows.frame.with_columns(pl.when(~nowhere).then(pl.col(field.name)).alias(field.name))


def check_list(rows: Rows, name: str, ids: pl.DataFrame, findings: Findings, *, none_known: str, must: bool) -> None:
    """Check a comma-joined list of references in place.

    Unknown items are dropped with a warning where others are known. Where none is known, `none_known` is noted, and
    the row is not taken if it `must` have one. Distinct lists are few (terms of a class, schools of a person).
    """
    field = rows.entity.field(name)
    lists = rows.frame[name].unique().drop_nulls()
    items = lists.str.split(",").explode().unique()
    state = dict(items.to_frame(SOURCE_ID).join(ids, on=SOURCE_ID, how="left").iter_rows())
    if all(s == TAKEN for s in state.values()) and not (none_known == "REF-04" and rows.frame[name].null_count()):
        return
    read = {text: _list_state(text, state) for text in lists.to_list()}
    kinds = _kinds(rows.frame[name], read)
    live = ~rows.frame[GONE]
    where, value = Where(rows.entity.name, rows.entity.file, field.column), pl.col(name)
    nowhere = live & ((kinds == "nowhere") | (kinds == "empty") if none_known == "REF-04" else kinds == "nowhere")
    findings.add(none_known, rows.frame.filter(nowhere), where, value=value)
    findings.add(_DROPPED, rows.frame.filter(live & (kinds == "some")), where, value=value)
    if must:
        depends = live & (kinds == "unusable")
        cause = pl.concat_str(pl.lit(f"{field.references} "), pl.col(name))
        findings.add("REF-07", rows.frame.filter(depends), where, value=value, cause=cause)
        rows.mark(nowhere | depends)
    clean = pl.Series([text for _, text in read.values()], dtype=pl.String)
    rows.frame = rows.frame.with_columns(
        pl.col(name).replace_strict(list(read), clean, default=None, return_dtype=pl.String) if read else pl.col(name)
    )


def _kinds(lists: pl.Series, read: Mapping[str, tuple[str, str | None]]) -> pl.Series:
    if not read:
        return pl.Series(["empty"], dtype=pl.String).new_from_index(0, len(lists))
    kinds = [kind for kind, _ in read.values()]
    return lists.replace_strict(list(read), kinds, default="empty", return_dtype=pl.String)


def _list_state(text: str, state: Mapping[str, int | None]) -> tuple[str, str | None]:
    """What a list is, and the list without unknown items."""
    items = text.split(",")
    kept = [item for item in items if state[item] in (TAKEN, UNUSABLE)]
    if not kept:
        return "nowhere", None
    if not any(state[item] == TAKEN for item in kept):
        return "unusable", ",".join(kept)
    return ("some" if len(kept) < len(items) else "known"), ",".join(kept)
