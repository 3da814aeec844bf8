"""Operations on records made by hand: they are adopted, archived, or written as they were made.

They stand in the same waves as those of the SIS, with one column more: how the record was made (`Operation.hand`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, State, rows_of
from homeroom.diff.byhand import place_of
from homeroom.diff.operations import NOTHING, PLACE, image_of, places_of
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES, Entity
from homeroom.model.plan import TableImage
from homeroom.model.vocabulary import ROLE_LETTERS

GIVEN_BACK = "given back to who made it by hand"
NOT_TAKEN = "written as it was made by hand: an interrupted run"
Places = Mapping[str, Sequence[Mapping[str, str]]]
"""Internal id → places in which its enrollment may stand."""
_NOWHERE: Places = {}


def adopting(name: str, rows: pl.DataFrame, taken: Mapping[str, HandRecord]) -> pl.DataFrame:
    """The operations with what the records were that are taken over: their source id, and how they were made."""
    if not taken or rows.is_empty():
        return rows
    told = pl.DataFrame({
        SOURCE_ID: list(taken), "made as": [record.source_id for record in taken.values()],
        "hand": pl.Series([record.making() for record in taken.values()], dtype=_making(ENTITIES[name])),
    })
    both = rows.join(told, on=SOURCE_ID, how="left", maintain_order="left")
    return both.with_columns(pl.coalesce("made as", pl.col("was").cast(pl.String)).alias("was")).drop("made as")


def as_made(name: str, op: str, records: Sequence[tuple[HandRecord, str]], left: Places = _NOWHERE,
            of_sis: pl.DataFrame | None = None) -> pl.DataFrame:
    """Operations that write records as made by hand, each with its reason: `archive`, or `give back`.

    `left` are places that they must not stand in any more; `of_sis` the rows that the SIS had of them until now.
    """
    entity = ENTITIES[name]
    fields = image_of(entity, rows_of(entity, [TableImage(name, r.id, r.source_id, ACTIVE, r.fields)
                                               for r, _ in records]))
    none, making = pl.lit(None), _making(entity)
    moved = [[dict(place) for place in left.get(r.id, ()) if _key(place) != _key(place_of(r))] for r, _ in records]
    hand = pl.Series([r.making() for r, _ in records], dtype=making)
    was, before = _of_sis(entity, records, of_sis) if of_sis is not None else (None, none)
    return pl.DataFrame({
        ID: [r.id for r, _ in records], SOURCE_ID: [r.source_id for r, _ in records],
        "moved_from": pl.Series(moved, dtype=pl.List(PLACE)), "reason": [reason for _, reason in records],
        "was": pl.Series([None] * len(records) if was is None else was, dtype=pl.String),
    }).select(
        pl.lit(op).alias("op"), pl.lit(name).alias("entity"), ID, SOURCE_ID,
        (pl.lit(fields) if op == "archive" else before).alias("before"),
        (none if op == "archive" else pl.lit(fields)).alias("after"), NOTHING.alias("changed"),
        (pl.lit(hand.struct.field("refs")) if making_refs(entity) else none).alias("refs"), "moved_from", "reason",
        pl.lit(True).alias("explained"), pl.lit(False).alias("overlay"), "was", pl.lit(hand).alias("hand"),
    ).sort(SOURCE_ID)


def _of_sis(entity: Entity, records: Sequence[tuple[HandRecord, str]],
            rows: pl.DataFrame) -> tuple[pl.Series, pl.Expr]:
    """The source ids and fields that the SIS had of these records, in their order."""
    ids = pl.DataFrame({ID: [record.id for record, _ in records]}, schema={ID: pl.String})
    found = ids.join(rows, on=ID, how="left", maintain_order="left")
    return found[SOURCE_ID], pl.lit(image_of(entity, found))


def together(sis: pl.DataFrame, made: pl.DataFrame | None) -> pl.DataFrame:
    """Operations of one wave, in the order of source ids."""
    if made is None or made.is_empty():
        return sis
    if sis.is_empty():
        return made
    return pl.concat([sis, made], how="diagonal_relaxed").sort(SOURCE_ID, maintain_order=True)


def standing_places(rows: pl.DataFrame, state: State) -> dict[str, list[dict[str, str]]]:
    """Internal id → the place of each of these enrollments of the SIS."""
    here = places_of(rows, state)
    return {id: [{"class": klass, "person": person, "role": role}]
            for id, (klass, person, role) in zip(rows[ID], here, strict=True)}


def making_refs(entity: Entity) -> dict[str, pl.DataType]:
    """The references of an entity as columns of internal ids."""
    return {f.name: pl.List(pl.String()) if f.kind == "list" else pl.String() for f in entity.fields if f.references}


def _making(entity: Entity) -> pl.Struct:
    """How a record was made by hand, as a column."""
    return pl.Struct({"by": pl.String(), "at": pl.String(), "reason": pl.String(), "released": pl.Boolean(),
                      "refs": pl.Struct(making_refs(entity))})


def _key(place: Mapping[str, str]) -> tuple[str, str, str]:
    return place["class"], place["person"], ROLE_LETTERS.get(place["role"], "X")
