"""The journal read backwards: what runs changed, record by record, and a roster as it was before them.

A run's journal are the operations of its plan, with every field before and after (design 4, Numbers). Here they become
one row for each record: the status and the fields it had before, and those it has since. Runs after each other add up
to one such row too: the first before, the last after. Pure.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import polars as pl

from homeroom.diff.applied import ACTIVE, ARCHIVED, ID, SOURCE_ID, STATUS, schema
from homeroom.diff.operations import OVERRIDES
from homeroom.model.entities import LIST_KINDS, Entity

WAS_ID, WAS_STATUS = "source_id was", "status was"
"""The source id and the status that a record had before; null where there was no such record."""
Changes = Mapping[str, pl.DataFrame]
"""Entity → one row for each record that changed: `id`, `source_id`, `status`, `source_id was`, `status was`, each field
as it is since, and each as `was(field)`."""


def was(field: str) -> str:
    """Name of the column with the value that a field had before."""
    return f"{field} was"


def read_lines(entity: Entity, lines: bytes) -> pl.DataFrame:
    """The operations of one part (JSON lines), as `changes_of` takes them."""
    image = pl.Struct({f.name: _JSON.get(f.kind, pl.String()) for f in entity.fields})
    known = {"op": pl.String(), ID: pl.String(), SOURCE_ID: pl.String(), "reason": pl.String(), "was": pl.String(),
             "before": image, "after": image}
    if not lines:
        return pl.DataFrame(schema=known)
    read = pl.read_ndjson(io.BytesIO(lines), schema=known | {"hand": pl.Struct({"at": pl.String()})})
    # What a run archived of records made by hand is none of the SIS's; what it gave back was, under the SIS's id.
    lost = (pl.col("op") == _LOST) & pl.col("was").is_not_null()
    theirs = pl.col("hand").struct.field("at").is_not_null() & (pl.col("op") != "adopt")
    own = pl.when(lost).then(pl.col("was")).otherwise(pl.col(SOURCE_ID))
    return read.filter(~theirs | lost).with_columns(own.alias(SOURCE_ID)).drop("hand")


_LOST = "give back"
"""After it the SIS has no such record any more; its fields were `before`."""


_JSON: Mapping[str, pl.DataType] = {"flag": pl.Boolean(), **dict.fromkeys(LIST_KINDS, pl.List(pl.String()))}


def changes_of(entity: Entity, operations: pl.DataFrame) -> pl.DataFrame:
    """One row for each operation: the record before and since. What was given back has no status and no fields since.
    """
    hidden = pl.col("op").is_in(_WAS_ARCHIVED) & (pl.col("reason") != OVERRIDES)
    before = pl.when(pl.col("op").is_in(_WAS_NOT)).then(None).when(hidden).then(pl.lit(ARCHIVED)).otherwise(
        pl.lit(ACTIVE))
    lost = pl.col("op") == _LOST
    status = pl.when(lost).then(None).when(pl.col("op") == "archive").then(pl.lit(ARCHIVED)).otherwise(pl.lit(ACTIVE))
    since = operations.select(pl.when(~lost).then(pl.coalesce("after", "before"))).to_series()
    told = operations.select(
        ID, SOURCE_ID, status.alias(STATUS),
        pl.when(before.is_not_null()).then(pl.coalesce("was", SOURCE_ID)).alias(WAS_ID), before.alias(WAS_STATUS),
    )
    earlier = _fields(entity, operations["before"])
    return pl.concat([told, _fields(entity, since), earlier.rename(was)], how="horizontal")


_WAS_ARCHIVED = ("restore",)
_WAS_NOT = ("create", "adopt")
"""What the SIS owns of a record only since then; one made by hand was no record of it."""


def added_up(entity: Entity, parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Changes in the order in which they were made, as one row for each record; what ends as it began is left out."""
    rows = pl.concat([_none(entity), *parts])
    if rows[ID].is_duplicated().any():
        first = [pl.col(WAS_ID).first(), pl.col(WAS_STATUS).first(), *(pl.col(was(n)).first() for n in entity.names)]
        last = [pl.col(SOURCE_ID).last(), pl.col(STATUS).last(), *(pl.col(n).last() for n in entity.names)]
        rows = rows.group_by(ID, maintain_order=True).agg(*last, *first).select(rows.columns)
    never = pl.col(WAS_STATUS).is_null() & (pl.col(STATUS) == ARCHIVED)
    other = pl.any_horizontal(pl.col(n).ne_missing(pl.col(was(n))) for n in (STATUS, SOURCE_ID, *entity.names))
    return rows.filter(other & ~never)


def before(entity: Entity, rows: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Rows of a kept state as they were before these changes (`added_up`, or one run's)."""
    if changes.is_empty():
        return rows
    there = changes.filter(pl.col(WAS_STATUS).is_not_null()).select(
        ID, pl.col(WAS_ID).alias(SOURCE_ID), pl.col(WAS_STATUS).alias(STATUS),
        *(pl.col(was(n)).alias(n) for n in entity.names),
    )
    return pl.concat([rows.join(changes, on=ID, how="anti", maintain_order="left"), there])


def _fields(entity: Entity, images: pl.Series) -> pl.DataFrame:
    """The fields of images as columns of kept state: lists as text, dates as dates."""
    if images.is_empty():
        return pl.DataFrame(schema={n: kind for n, kind in schema(entity).items() if n in entity.names})
    kinds = {f.name: f.kind for f in entity.fields}
    columns = pl.DataFrame({"image": images}).unnest("image")
    return columns.select(
        pl.col(n).list.join(",") if kind in LIST_KINDS else pl.col(n).str.to_date() if kind == "date" else pl.col(n)
        for n, kind in kinds.items()
    )


def _none(entity: Entity) -> pl.DataFrame:
    """No change."""
    own = schema(entity)
    words = {ID: pl.String(), SOURCE_ID: pl.String(), STATUS: pl.String(), WAS_ID: pl.String(),
             WAS_STATUS: pl.String()}
    fields = {n: own[n] for n in entity.names}
    return pl.DataFrame(schema=words | fields | {was(n): kind for n, kind in fields.items()})
