"""From a comparison to operations: one row for each change, with before, after, references and reason.

The columns are those of `homeroom.model.plan.Operation`; rows are in the order of source ids, so that the same change
always gives the same bytes and the same plan hash.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from homeroom.diff.applied import ARCHIVED, ID, SOURCE_ID, STATUS, State
from homeroom.diff.compare import AT, Compared, differs
from homeroom.diff.removals import ABSENT, REASON
from homeroom.model.entities import LIST_KINDS, Entity, Field
from homeroom.model.plan import TableImage
from homeroom.model.vocabulary import ROLE_LETTERS

OPERATION = ("op", "entity", "id", "source_id", "before", "after", "changed", "refs", "moved_from", "reason",
             "explained", "overlay", "was")

PLACE = pl.Struct({"class": pl.String(), "person": pl.String(), "role": pl.String()})
AGAIN = "written anew: an interrupted run, or a reference that is known now"
OVERRIDES = "overrides a hand edit"
"""The reason of an active record that is written anew over a hand edit; an archived one that comes back is restored."""
_REASONS = {"create": "new in the source", "update": "changed in the source", "restore": "back in the source",
            "adopt": "made by hand, and the source has it too"}


def writes(compared: Compared, next_state: State, edited: frozenset[str], images: Sequence[TableImage]) -> pl.DataFrame:
    """Operations that create, update, restore or adopt."""
    entity, rows = compared.entity, compared.wanted
    if rows.is_empty():
        return rows.select(SOURCE_ID).clear()
    before = compared.applied.select(entity.names)[rows[AT].fill_null(0)] if compared.applied.height else \
        rows.select(entity.names).clear(rows.height)
    changed = _changed(entity, rows)
    again = (pl.col("op") == "update") & pl.lit(changed.list.len() == 0)
    reason = pl.when(again).then(pl.lit(AGAIN)).otherwise(
        pl.col("op").replace_strict(_REASONS, return_dtype=pl.String))
    byhand = pl.col(SOURCE_ID).is_in(sorted(edited)) if edited else pl.lit(False)
    none = pl.lit(None)
    return rows.select(
        "op", pl.lit(entity.name).alias("entity"), ID, SOURCE_ID,
        pl.when(pl.col("op") != "create").then(pl.lit(image_of(entity, before))).alias("before"),
        pl.lit(image_of(entity, rows)).alias("after"),
        changed.alias("changed"),
        _references(entity, rows, next_state).alias("refs"),
        _moved(entity, rows, before, next_state, images).alias("moved_from"),
        pl.when(byhand & ~_back(compared)).then(pl.lit(OVERRIDES)).otherwise(reason).alias("reason"),
        pl.lit(True).alias("explained"), byhand.alias("overlay"), none.alias("was"),
    )


def _back(compared: Compared) -> pl.Series:
    """For each row to write, whether its record was archived."""
    if compared.applied.is_empty():
        return pl.zeros(compared.wanted.height, pl.Boolean, eager=True)
    return (compared.applied[STATUS].gather(compared.wanted[AT]) == ARCHIVED).fill_null(False)


def archives(compared: Compared, absent: pl.DataFrame, next_state: State, edited: frozenset[str],
             images: Sequence[TableImage], refilled: bool = False) -> pl.DataFrame:
    """Operations that archive; `absent` carries the reasons. `refilled`: some get other fields with it, their `after`.
    """
    entity = compared.entity
    if absent.is_empty():
        return absent.select(SOURCE_ID).clear()
    none = pl.lit(None)
    rows = absent.with_columns(pl.lit("archive").alias("op"))
    before = compared.applied.select(entity.names)[absent[AT]] if refilled else absent
    changed, after = _refilled(entity, absent, before) if refilled else (NOTHING, none)
    return absent.select(
        pl.lit("archive").alias("op"), pl.lit(entity.name).alias("entity"), ID, SOURCE_ID,
        pl.lit(image_of(entity, before)).alias("before"), after.alias("after"), changed.alias("changed"),
        _references(entity, absent, next_state).alias("refs"),
        _moved(entity, rows, before, next_state, images).alias("moved_from"),
        REASON, (pl.col(REASON) != ABSENT).alias("explained"),
        (pl.col(SOURCE_ID).is_in(sorted(edited)) if edited else pl.lit(False)).alias("overlay"), none.alias("was"),
    )


NOTHING = pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first()


def _refilled(entity: Entity, rows: pl.DataFrame, before: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """Names of the fields that change as a record is archived, and its fields from then on; null where none do."""
    names = [pl.when(pl.lit(rows[n].ne_missing(before[n]))).then(pl.lit(n)) for n in entity.names]
    changed = pl.select(pl.concat_list(names).list.drop_nulls()).to_series()
    after = pl.when(pl.lit(changed.list.len() > 0)).then(pl.lit(image_of(entity, rows)))
    return pl.lit(changed), after


def image_of(entity: Entity, rows: pl.DataFrame) -> pl.Series:
    """The canonical fields as one struct; lists become lists."""
    split = [pl.col(f.name).str.split(",") if f.kind in LIST_KINDS else pl.col(f.name) for f in entity.fields]
    return rows.select(pl.struct(split).alias("image"))["image"]


def _changed(entity: Entity, rows: pl.DataFrame) -> pl.Series:
    """Names of the fields that changed, for each row; none where all rows are new, as on a first load."""
    if (rows["op"] == "create").all():
        return pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, rows.height)
    names = [pl.when(differs(name)).then(pl.lit(name)) for name in entity.names]
    return rows.select(pl.concat_list(names).list.drop_nulls()).to_series()


def _references(entity: Entity, rows: pl.DataFrame, state: State) -> pl.Series:
    """Internal ids of what the rows point to, as one struct; a target that was never applied is null."""
    fields = [f for f in entity.fields if f.references]
    if not fields:
        return pl.Series([None], dtype=pl.Null).new_from_index(0, rows.height)
    return pl.select(pl.struct([_internal(f, rows[f.name], state).alias(f.name) for f in fields])).to_series()


def _internal(field: Field, values: pl.Series, state: State) -> pl.Series:
    assert field.references is not None
    ids = state[field.references].select(SOURCE_ID, ID)
    if field.kind != "list":
        named = values.alias(SOURCE_ID).to_frame()
        return named.join(ids, on=SOURCE_ID, how="left", maintain_order="left")[ID]
    lists = values.unique().drop_nulls()
    items = lists.str.split(",").explode().unique().alias(SOURCE_ID).to_frame()
    known = dict(items.join(ids, on=SOURCE_ID, how="inner").iter_rows())
    found = [[known[i] for i in text.split(",") if i in known] for text in lists]
    table = pl.DataFrame({"v": lists, "ids": pl.Series(found, dtype=pl.List(pl.String))})
    return values.alias("v").to_frame().join(table, on="v", how="left", maintain_order="left")["ids"]


def _moved(entity: Entity, rows: pl.DataFrame, before: pl.DataFrame, state: State,
           images: Sequence[TableImage]) -> pl.Series:
    """Other places where an enrollment's item may stand, to be deleted: its old key, and those of a half-done move."""
    empty = pl.Series([[]], dtype=pl.List(PLACE)).new_from_index(0, rows.height)
    if entity.name != "enrollments":
        return empty
    another = (rows["class"] != before["class"]) | (rows["person"] != before["person"])
    another = another | (_letters(rows["role"]) != _letters(before["role"]))
    moved = (another & ~rows["op"].is_in(["create", "adopt"])).fill_null(False)
    places: dict[str, list[dict[str, str]]] = {}
    if moved.any():
        places = _old_places(rows.filter(moved), before.filter(moved), state)
    for image in images:
        if image.place is not None:
            places.setdefault(image.source_id, []).append(dict(image.place))
    if not places:
        return empty
    here = places_of(rows, state)
    found = [_elsewhere(places.get(s, []), now) for s, now in zip(rows[SOURCE_ID], here, strict=True)]
    return pl.Series(found, dtype=pl.List(PLACE))


def _elsewhere(places: list[dict[str, str]], now: tuple[str, str, str]) -> list[dict[str, str]]:
    others = {(p["class"], p["person"], ROLE_LETTERS.get(p["role"], "X")): p for p in places}
    others.pop((now[0], now[1], ROLE_LETTERS.get(now[2], "X")), None)
    return [others[key] for key in sorted(others)]


def _letters(roles: pl.Series) -> pl.Series:
    return roles.replace_strict(dict(ROLE_LETTERS), default="X", return_dtype=pl.String)


def _old_places(rows: pl.DataFrame, before: pl.DataFrame, state: State) -> dict[str, list[dict[str, str]]]:
    return {
        source_id: [{"class": klass, "person": person, "role": role}]
        for source_id, (klass, person, role) in zip(rows[SOURCE_ID], places_of(before, state), strict=True)
    }


def places_of(rows: pl.DataFrame, state: State) -> list[tuple[str, str, str]]:
    """Internal class, person, and the role of each enrollment row."""
    def internal(field: str, entity: str) -> pl.Series:
        named, ids = rows.select(pl.col(field).alias(SOURCE_ID)), state[entity].select(SOURCE_ID, ID)
        return named.join(ids, on=SOURCE_ID, how="left", maintain_order="left")[ID]

    return list(zip(internal("class", "classes"), internal("person", "people"), rows["role"], strict=True))
