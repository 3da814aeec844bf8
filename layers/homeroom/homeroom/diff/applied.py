"""The applied roster as the diff sees it: the kept state, corrected by what the table really holds.

A frame of kept state has `id`, `source_id`, `status` (active or archived) and the canonical fields of its entity.
Where a run was interrupted, the table is the truth for the keys of its plan: those rows are replaced by their images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from homeroom.model.entities import ENTITIES, LIST_KINDS, Entity
from homeroom.model.plan import Repairs, TableImage

ID, SOURCE_ID, STATUS = "id", "source_id", "status"
ACTIVE, ARCHIVED = "active", "archived"

State = Mapping[str, pl.DataFrame]

_KINDS: Mapping[str, pl.DataType] = {"flag": pl.Boolean(), "date": pl.Date()}


def schema(entity: Entity) -> dict[str, pl.DataType]:
    """Columns of an entity's kept state; lists are comma-joined text."""
    fields: dict[str, pl.DataType] = {f.name: _KINDS.get(f.kind, pl.String()) for f in entity.fields}
    return {ID: pl.String(), SOURCE_ID: pl.String(), STATUS: pl.String()} | fields


def empty_state() -> dict[str, pl.DataFrame]:
    """The state before a first load."""
    return {name: pl.DataFrame(schema=schema(entity)) for name, entity in ENTITIES.items()}


def corrected(entity: Entity, applied: pl.DataFrame, images: Iterable[TableImage]) -> pl.DataFrame:
    """The applied frame with the rows of an interrupted run replaced by what the table holds of them.

    Of two images of one id (a half-done move) either will do, and it is always the same: the plan rewrites the record
    and deletes the others. Where the table holds none (a move that emptied the old place only), the kept row stays.
    """
    rows = {image.source_id: image for image in sorted(images, key=_preference) if image.fields is not None}
    if not rows:
        return applied
    untouched = applied.join(pl.DataFrame({SOURCE_ID: list(rows)}), on=SOURCE_ID, how="anti", maintain_order="left")
    return pl.concat([untouched, rows_of(entity, rows.values())])


def rows_of(entity: Entity, images: Iterable[TableImage]) -> pl.DataFrame:
    """Records in the form of the kept state; all of them have fields."""
    return pl.DataFrame([_row(entity, image) for image in images], schema=schema(entity))


def standing(applied: State | None, repairs: Repairs, delivered: Iterable[str]) -> dict[str, pl.DataFrame]:
    """The active records that stay where the source says nothing usable of them; none before a first load.

    Of an entity that was delivered, those are what the table holds; of another one, what was applied.
    """
    if applied is None:
        return {}
    told = frozenset(delivered)
    images = {name: [i for i in repairs.images if i.entity == name and name in told] for name in ENTITIES}
    frames = {name: corrected(entity, applied[name], images[name]) for name, entity in ENTITIES.items()}
    return {name: rows.filter(pl.col(STATUS) == ACTIVE) for name, rows in frames.items()}


def _preference(image: TableImage) -> tuple[bool, list[tuple[str, str]]]:
    """The last one counts: an active image before an archived one, then by place."""
    return image.status == ACTIVE, sorted((image.place or {}).items())


def _row(entity: Entity, image: TableImage) -> dict[str, Any]:
    assert image.fields is not None
    row: dict[str, Any] = {ID: image.id, SOURCE_ID: image.source_id, STATUS: image.status}
    for field in entity.fields:
        value = image.fields.get(field.name)
        if field.kind in LIST_KINDS and value is not None:
            value = ",".join(value)
        elif field.kind == "date" and isinstance(value, str):
            value = pl.Series([value]).str.to_date()[0]
        row[field.name] = value
    return row
