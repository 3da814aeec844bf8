"""Undo: the roster as it is now, with what a run changed turned back, as far as it still stands. Pure.

    the run did     it still stands where                                  turned back it is
    create          the record is active, with every field as written      archived; a person gives up sign-in names
    update          it is active, and these fields are as written          these fields as before, all others as now
    archive         it is archived as the run left it                      active, as before
    restore         it is active, and these fields are as written          archived, these fields as before
    adopt           as for create                                          archived; the record by hand comes back
    give back       the SIS has none                                       wanted, as before: it meets the one by hand

What does not stand any more was changed later, by a run or by hand: it is a conflict (UND-01), listed and left alone.
So is what a record that stays still needs, and what would come back without what it needs. What is already as it was
before is neither. A record under a new id of its source gets the old one back, and what points to it follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import ACTIVE, ARCHIVED, ID, SOURCE_ID, STATUS, State
from homeroom.diff.past import WAS_ID, WAS_STATUS, Changes, was
from homeroom.diff.rekey import NOW, WAS, Walk
from homeroom.model.entities import ENTITIES, LIST_KINDS, Entity, Field
from homeroom.model.plan import TableImage
from homeroom.shape.marks import within

CHANGED, BY_HAND = "changed since, by another run", "changed since, by hand"
NEEDED, NEEDS = "what stays needs it", "what it needs is not there any more"
GIVEN_UP = ("username", "identifier", "email", "user_ids")
"""Identities of a person whom an undo archives because the run made him or her: they belong to whom they belonged to
before, and an identity with two holders, archived ones included, would sign nobody in (`diff.identities`)."""

_NEW_ID, _TO = "id then", "status then"
_STANDS, _WHY = "_stands", "why"


@dataclass(frozen=True)
class TurnedBack:
    """`wanted`: entity → the active records then, as `Desired` has them. `archived_as`: the fields of those that get
    others as they are archived. `turned`: entity → `id`, `source_id` of what is turned back. `conflicts`: entity →
    `id`, `source_id`, `why`. `walk`: source ids now and then, where a record gets its old one back."""

    wanted: Mapping[str, pl.DataFrame]
    archived_as: Mapping[str, pl.DataFrame]
    turned: Mapping[str, pl.DataFrame]
    conflicts: Mapping[str, pl.DataFrame]
    walk: Walk = field(default_factory=dict)

    def issues(self) -> pl.DataFrame:
        """UND-01 for each conflict, in the order of entities and source ids."""
        told = [_issues(name, rows) for name, rows in self.conflicts.items() if rows.height]
        return pl.concat(told) if told else no_issues()


def turned_back(changes: Changes, applied: State, *, edited: Mapping[str, frozenset[str]],
                chosen: Mapping[str, pl.Series], since: Mapping[str, pl.Series]) -> TurnedBack:
    """The roster without these changes. `edited`: entity → source ids on which an edit by hand waits.

    `chosen`: internal ids of what is to be turned back; an entity that is not named is meant whole. `since`: internal
    ids of what later runs changed.
    """
    judged = {name: _judged(ENTITIES[name], changes[name], applied[name], edited.get(name, frozenset()),
                            chosen.get(name)) for name in ENTITIES}
    judged = _kept_whole(judged, applied, since)
    walk = {name: pairs for name, rows in judged.items() if not (pairs := _walk(rows)).is_empty()}
    wanted = {name: _wanted(ENTITIES[name], judged[name], applied[name], walk) for name in ENTITIES}
    turned = {name: rows.filter(pl.col(_STANDS)) for name, rows in judged.items()}
    return TurnedBack(
        wanted,
        {name: again for name, rows in turned.items()
         if not (again := _archived_as(ENTITIES[name], rows, applied[name])).is_empty()},
        {name: rows.select(ID, pl.col(_NEW_ID).alias(SOURCE_ID)) for name, rows in turned.items()},
        {name: rows.filter(pl.col(_WHY).is_not_null()).select(ID, SOURCE_ID, _WHY) for name, rows in judged.items()},
        walk,
    )


def images_as_kept(images: Iterable[TableImage], walk: Walk, applied: State) -> tuple[TableImage, ...]:
    """What the table holds after a re-key that was interrupted, under the ids of the kept state: an undo goes back to
    those, where a run goes on to the new ones. `walk` is the one that was interrupted.

    A record that it may have walked has no fields then, so that it is written whole, as the kept state has it.
    """
    few = {name: applied[name].filter(within(applied[name][SOURCE_ID], pairs[WAS])) for name, pairs in walk.items()}
    known = {name: dict(rows.select(ID, SOURCE_ID).iter_rows()) for name, rows in few.items()}
    names = {name: dict(pairs.select(NOW, WAS).iter_rows()) for name, pairs in walk.items()}
    return tuple(_as_kept(image, known.get(image.entity, {}).get(image.id), names) for image in images)


def _as_kept(image: TableImage, own: str | None, names: Mapping[str, Mapping[str, str]]) -> TableImage:
    if own is not None:
        return replace(image, source_id=own, status=None, fields=None)
    if image.fields is None:
        return image
    fields = dict(image.fields)
    for one in ENTITIES[image.entity].fields:
        told, value = names.get(one.references or "", {}), fields.get(one.name)
        if told and value is not None:
            fields[one.name] = [told.get(id, id) for id in value] if one.kind in LIST_KINDS else told.get(value, value)
    return replace(image, fields=fields)


# ---------------------------------------------------------------- does it still stand?

def _judged(entity: Entity, changes: pl.DataFrame, applied: pl.DataFrame, edited: frozenset[str],
            chosen: pl.Series | None) -> pl.DataFrame:
    """The changes that are not turned back already, each with `_stands` and `why` not.

    `source_id` is that of now; `id then`, `status then` and `was(field)` what the record gets back.
    """
    now = applied.select(ID, pl.col(SOURCE_ID).alias(_HELD), pl.col(STATUS).alias(_IS),
                         *(pl.col(n).alias(_now(n)) for n in entity.names))
    rows = changes.join(now, on=ID, how="left", maintain_order="left")
    made = pl.col(WAS_STATUS).is_null()
    whole = made | (pl.col(STATUS) == ARCHIVED)
    as_written = [pl.col(_now(n)).eq_missing(pl.col(n)) | ~(whole | _changed(n)) for n in entity.names]
    moved = (pl.col(WAS_ID) != pl.col(SOURCE_ID)).fill_null(False)
    stands = pl.all_horizontal(
        pl.col(_IS).eq_missing(pl.col(STATUS)), (pl.col(_HELD) == pl.col(SOURCE_ID)) | ~moved, *as_written)
    as_before = [pl.col(_now(n)).eq_missing(pl.col(was(n))) | ~_changed(n) for n in entity.names]
    back = pl.all_horizontal((pl.col(_HELD) == pl.col(WAS_ID)) | ~moved, pl.col(_IS) == pl.col(WAS_STATUS), *as_before)
    already = pl.when(made).then(pl.col(_IS).is_null() | (pl.col(_IS) == ARCHIVED)).otherwise(back).fill_null(False)
    rows = rows.with_columns(stands.alias(_STANDS)).filter(~already)
    meant = within(rows[ID], chosen) if chosen is not None else pl.ones(rows.height, pl.Boolean, eager=True)
    byhand = within(rows[_HELD].fill_null(""), pl.Series(sorted(edited), dtype=pl.String))
    why = pl.when(~meant).then(None).when(~pl.col(_STANDS)).then(pl.lit(CHANGED)).when(byhand).then(pl.lit(BY_HAND))
    return rows.with_columns(
        (pl.col(_STANDS) & ~byhand & meant).alias(_STANDS), why.cast(pl.String).alias(_WHY),
        pl.coalesce(_HELD, SOURCE_ID).alias(SOURCE_ID),
        pl.when(moved).then(pl.col(WAS_ID)).otherwise(pl.coalesce(_HELD, SOURCE_ID)).alias(_NEW_ID),
        pl.coalesce(WAS_STATUS, pl.lit(ARCHIVED)).alias(_TO),
        *(pl.when(~made & _changed(n)).then(pl.col(was(n))).otherwise(pl.col(_now(n))).alias(was(n))
          for n in entity.names),
    )


_HELD, _IS = "source_id now", "status now"


def _now(name: str) -> str:
    return f"{name} now"


def _changed(name: str) -> pl.Expr:
    return pl.col(name).ne_missing(pl.col(was(name)))


# ---------------------------------------------------------------- what is needed stays, what needs it too

def _kept_whole(judged: Mapping[str, pl.DataFrame], applied: State,
                since: Mapping[str, pl.Series]) -> dict[str, pl.DataFrame]:
    """Turn back only what leaves no required reference in the air, until nothing more follows.

    Looked at is what this undo and later runs moved: a reference that was in the air before the run is so again.
    """
    rows = dict(judged)
    grew = True
    while grew:
        grew = False
        for name, one in _POINTERS:
            target = one.references
            assert target is not None
            needed = _needed(name, one, rows, applied, since)
            grew |= _taken_out(rows, target, pl.col(_TO) == ARCHIVED, pl.col(_NEW_ID), needed, NEEDED)
            missing = _missing(target, rows, applied, since)
            pairs = _pairs(rows[name].filter(pl.col(_STANDS) & (pl.col(_TO) == ACTIVE)), was(one.name), one)
            if one.kind not in LIST_KINDS:
                missing = pl.concat([missing, _unknown(target, pairs[one.name].alias(SOURCE_ID), rows, applied)])
            hangs = pairs.filter(within(pairs[one.name], missing))[ID]
            grew |= _taken_out(rows, name, pl.lit(True), pl.col(ID), hangs, NEEDS)
    return rows


_POINTERS: tuple[tuple[str, Field], ...] = tuple(
    (name, one) for name, entity in ENTITIES.items() for one in entity.fields if one.references and one.required)
"""What a record can not be without."""


def _taken_out(rows: dict[str, pl.DataFrame], name: str, among: pl.Expr, column: pl.Expr, ids: pl.Series,
               why: str) -> bool:
    """Whether any that stands is not turned back after all, because `column` is one of `ids`."""
    if ids.is_empty():
        return False
    named = within(rows[name].select(column).to_series(), ids)
    out = rows[name].select(pl.col(_STANDS) & among & named).to_series()
    if not out.any():
        return False
    rows[name] = rows[name].with_columns(
        (pl.col(_STANDS) & ~out).alias(_STANDS),
        pl.when(out).then(pl.lit(why)).otherwise(pl.col(_WHY)).alias(_WHY),
    )
    return True


def _needed(name: str, one: Field, rows: Mapping[str, pl.DataFrame], applied: State,
            since: Mapping[str, pl.Series]) -> pl.Series:
    """What the active records point to that stay as they are, though the run or a later one wrote them."""
    stay = rows[name].filter(~pl.col(_STANDS))[ID]
    later = since.get(name, stay.clear())
    if stay.is_empty() and later.is_empty():
        return stay
    turned = rows[name].filter(pl.col(_STANDS))[ID]
    active = applied[name].filter(pl.col(STATUS) == ACTIVE)
    held = active.filter(within(active[ID], pl.concat([stay, later])) & ~within(active[ID], turned))
    return _pairs(held, one.name, one)[one.name]


def _missing(name: str, rows: Mapping[str, pl.DataFrame], applied: State, since: Mapping[str, pl.Series]) -> pl.Series:
    """Source ids that this undo leaves archived, or a later run archived: nothing comes back that points to them."""
    left = rows[name].filter(~pl.col(_STANDS))[ID]
    moved = pl.concat([left, since.get(name, left.clear())])
    turned = rows[name].filter(pl.col(_STANDS) & (pl.col(_TO) == ACTIVE))[ID]
    gone = applied[name].filter(pl.col(STATUS) == ARCHIVED)
    return gone.filter(within(gone[ID], moved) & ~within(gone[ID], turned))[SOURCE_ID]


def _unknown(name: str, named: pl.Series, rows: Mapping[str, pl.DataFrame], applied: State) -> pl.Series:
    """Of these source ids, those that the roster has not even archived, and does not get back: made by hand by now.
    A list may well name some that were never there."""
    again = rows[name].filter(pl.col(_STANDS))[_NEW_ID]
    return named.filter(~within(named, pl.concat([applied[name][SOURCE_ID], again.alias(SOURCE_ID)])))


def _pairs(rows: pl.DataFrame, column: str, one: Field) -> pl.DataFrame:
    """(`id`, target) of what the rows point to."""
    pairs = rows.select(ID, pl.col(column).alias(one.name)).drop_nulls()
    if one.kind in LIST_KINDS:
        pairs = pairs.with_columns(pl.col(one.name).str.split(",")).explode(one.name)
    return pairs


# ---------------------------------------------------------------- the roster then

def _wanted(entity: Entity, rows: pl.DataFrame, applied: pl.DataFrame, walk: Walk) -> pl.DataFrame:
    """The active records then."""
    turned = rows.filter(pl.col(_STANDS))
    active = applied.filter(pl.col(STATUS) == ACTIVE)
    stay = active.join(turned, on=ID, how="anti", maintain_order="left").select(SOURCE_ID, *entity.names)
    again = turned.filter(pl.col(_TO) == ACTIVE).select(_then(entity))
    return _followed(entity, pl.concat([stay, again]), walk)


def _then(entity: Entity) -> Iterable[pl.Expr]:
    return pl.col(_NEW_ID).alias(SOURCE_ID), *(pl.col(was(n)).alias(n) for n in entity.names)


def _archived_as(entity: Entity, turned: pl.DataFrame, applied: pl.DataFrame) -> pl.DataFrame:
    """The archived records that get other fields than they have; of a person whom the run made, without identities."""
    gone = turned.filter(pl.col(_TO) == ARCHIVED)
    if entity.name == "people":
        made = pl.col(WAS_STATUS).is_null()
        gone = gone.with_columns(
            pl.when(made).then(None).otherwise(pl.col(was(n))).alias(was(n)) for n in GIVEN_UP)
    other = pl.any_horizontal(pl.col(was(n)).ne_missing(pl.col(_now(n))) for n in entity.names)
    return gone.filter(other).select(_then(entity)).cast(applied.select(SOURCE_ID, *entity.names).schema)


def _walk(rows: pl.DataFrame) -> pl.DataFrame:
    """(`was`, `now`) of what gets an old id back, as `diff.rekey` has it."""
    moved = rows.filter(pl.col(_STANDS) & (pl.col(_NEW_ID) != pl.col(SOURCE_ID)))
    return moved.select(pl.col(SOURCE_ID).alias(WAS), pl.col(_NEW_ID).alias(NOW))


def _followed(entity: Entity, rows: pl.DataFrame, walk: Walk) -> pl.DataFrame:
    """The rows with what they point to under its old id again."""
    for one in entity.fields:
        if one.references is not None and one.references in walk:
            names: dict[str, str] = dict(walk[one.references].select(WAS, NOW).iter_rows())
            values = rows[one.name].unique().drop_nulls()
            split = [text.split(",") if one.kind in LIST_KINDS else [text] for text in values]
            then = [",".join(names.get(id, id) for id in ids) for ids in split]
            rows = rows.with_columns(pl.col(one.name).replace(values, pl.Series(then, dtype=pl.String)))
    return rows


def _issues(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    told = {"code": pl.lit("UND-01"), "text": pl.col(_WHY), "entity": pl.lit(name), SOURCE_ID: pl.col(SOURCE_ID)}
    sorted_ = rows.sort(SOURCE_ID)
    return sorted_.select(told.get(c, pl.lit(None)).cast(kind).alias(c) for c, kind in SCHEMA.items())
