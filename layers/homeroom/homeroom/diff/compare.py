"""Compare one entity: what is new, changed, back again, absent, kept.

Rows are matched by source id, so their order does not matter; each field is compared by itself, so that an update knows
what changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from homeroom.diff.applied import ACTIVE, ARCHIVED, ID, SOURCE_ID, STATUS
from homeroom.model.entities import Entity
from homeroom.model.ids import mint_all
from homeroom.model.plan import Counts
from homeroom.shape import DesiredEntity
from homeroom.shape.marks import within

AT = "_at"


@dataclass(frozen=True)
class Compared:
    """One entity's comparison.

    `wanted`: rows to write (`id`, `op`, `source_id`, fields, `_at`, their row in `applied` or null, and for each field
    the column `differs(field)`), sorted by source id. `absent`: applied rows to archive.
    `next_state`: the entity once the plan is applied: what is wanted, what is archived, what is kept.
    """

    entity: Entity
    applied: pl.DataFrame
    wanted: pl.DataFrame
    absent: pl.DataFrame
    next_state: pl.DataFrame
    counts: Counts
    base: int


def compare(entity: Entity, desired: DesiredEntity, applied: pl.DataFrame, *, roster: str,
            forced: frozenset[str], renamed: pl.Series | None = None, edited: frozenset[str],
            altered: frozenset[str] = frozenset(), taken: frozenset[str] = frozenset(),
            archived_as: pl.DataFrame | None = None) -> Compared:
    """Compare wanted records with applied ones.

    `forced` source ids are rewritten even if equal (a half-done move), also those that are kept or archived already,
    and so are `renamed` ones, whose id changed;
    `edited` ones carry a hand edit that the SIS overrides; of those, `altered` ones were not archived by hand. `taken`
    ones were made by hand: they stand in `applied` as if the SIS had had them, and are adopted. New records get their
    internal id here. `archived_as` has the fields that records get as they are archived, where they are others than
    they have: only an undo says so.
    """
    want = desired.records
    at = _places(want, applied)
    new, back = at.is_null(), _is(applied[STATUS].gather(at), ARCHIVED)
    want = _with_differences(entity, want, applied, at)
    changed = want.select(pl.any_horizontal(differs(f) for f in entity.names)).to_series()
    torn = _torn(forced, renamed)
    touched = (within(want[SOURCE_ID], torn) | _among(want, edited)) & ~new
    op = _operations(new, back, changed | touched, _among(want, edited - altered), _among(want, taken))
    want = want.with_columns(_ids(entity, want, applied, at, new, roster), op, at.alias(AT))
    written = want.filter(pl.col("op").is_not_null())
    seen = pl.zeros(applied.height, pl.Boolean, eager=True).scatter(at.drop_nulls(), True)
    absent, rest = _unseen(applied.with_row_index(AT).filter(~seen), desired.unusable)
    if archived_as is not None:
        absent = absent.update(archived_as, on=SOURCE_ID, include_nulls=True)
    unchanged = want.height - written.height
    if len(torn):
        written, absent, rest = _mended(written, absent, rest, torn)
    columns = [ID, SOURCE_ID, STATUS, *entity.names]
    active = want.with_columns(pl.lit(ACTIVE).alias(STATUS)).select(columns)
    archived = absent.with_columns(pl.lit(ARCHIVED).alias(STATUS)).select(columns)
    done = dict(written.group_by("op").len().iter_rows())
    return Compared(
        entity, applied, written.sort(SOURCE_ID), absent.sort(SOURCE_ID),
        next_state=pl.concat([active, archived, rest.select(columns)]),
        counts=Counts(
            create=done.get("create", 0), update=done.get("update", 0), restore=done.get("restore", 0),
            archive=absent.height, unchanged=unchanged, kept=int((rest[STATUS] == ACTIVE).sum()),
            adopt=done.get("adopt", 0),
        ),
        base=int((applied[STATUS] == ACTIVE).sum()) - len(taken),
    )


def _places(want: pl.DataFrame, applied: pl.DataFrame) -> pl.Series:
    """For each wanted row its row number in the applied frame, or null."""
    there = applied.select(SOURCE_ID).with_row_index(AT)
    return want.select(SOURCE_ID).join(there, on=SOURCE_ID, how="left", maintain_order="left")[AT]


def _is(status: pl.Series, word: str) -> pl.Series:
    return (status == word).fill_null(False)


def differs(field: str) -> str:
    """Name of the column that tells whether a field of a row differs from the applied one."""
    return f"{field} differs"


def _with_differences(entity: Entity, want: pl.DataFrame, applied: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """The rows with a column `differs(field)` for each field; in a new row nothing does."""
    if applied.is_empty():
        return want.with_columns(pl.lit(False).alias(differs(f)) for f in entity.names)
    known, places = pl.lit(at.is_not_null()), pl.lit(at)
    return want.with_columns(
        (known & pl.col(f).ne_missing(pl.lit(applied[f]).gather(places))).alias(differs(f)) for f in entity.names
    )


def _among(want: pl.DataFrame, source_ids: frozenset[str]) -> pl.Series:
    if not source_ids:
        return pl.zeros(want.height, pl.Boolean, eager=True)
    few = pl.DataFrame({SOURCE_ID: sorted(source_ids), "_in": True})
    return want.select(SOURCE_ID).join(few, on=SOURCE_ID, how="left", maintain_order="left")["_in"].fill_null(False)


def _operations(new: pl.Series, back: pl.Series, changed: pl.Series, edited: pl.Series, taken: pl.Series) -> pl.Series:
    """The operation of each row, null where nothing is to be written."""
    return pl.select(
        pl.when(taken).then(pl.lit("adopt")).when(new).then(pl.lit("create")).when(back).then(pl.lit("restore"))
        .when(edited & changed).then(pl.lit("restore")).when(changed).then(pl.lit("update")).alias("op")
    ).to_series()


def _ids(entity: Entity, want: pl.DataFrame, applied: pl.DataFrame, at: pl.Series, new: pl.Series,
         roster: str) -> pl.Series:
    """Internal ids: the kept one, or a new one minted from the first-seen source id."""
    kept = applied[ID].gather(at)
    if not new.any():
        return kept.alias(ID)
    seeds = want[SOURCE_ID].filter(new)
    minted = pl.Series(mint_all(roster, entity.name, seeds.to_list()), dtype=pl.String)
    rows = pl.Series(range(want.height), dtype=pl.UInt32).filter(new)
    return kept.scatter(rows, _unused(minted, seeds, applied[ID], entity, roster)).alias(ID)


def _unused(minted: pl.Series, seeds: pl.Series, used: pl.Series, entity: Entity, roster: str) -> pl.Series:
    """Ids that nobody has. A source id may come again after its first record went on under another one: then the new
    record gets an id of its own, which is always the same."""
    if used.is_empty():
        return minted
    there = used.to_frame(ID)
    while len(known := there.join(minted.unique().to_frame(ID), on=ID, how="semi")[ID]):
        taken = within(minted, known)
        seeds = pl.select(pl.when(taken).then(pl.format(_AGAIN, seeds)).otherwise(seeds)).to_series()
        again = mint_all(roster, entity.name, seeds.filter(taken).to_list())
        minted = minted.scatter(taken.arg_true(), pl.Series(again, dtype=pl.String))
    return minted


_AGAIN = "{}\x1fagain"


def _unseen(unseen: pl.DataFrame, unusable: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Applied rows that are not wanted: those to archive, and those that stay: archived before, or kept."""
    active, rest = unseen.filter(pl.col(STATUS) == ACTIVE), unseen.filter(pl.col(STATUS) != ACTIVE)
    broken = unusable.alias(SOURCE_ID).to_frame()
    kept = active.join(broken, on=SOURCE_ID, how="semi")
    return active.join(broken, on=SOURCE_ID, how="anti"), pl.concat([rest, kept])


def _torn(forced: frozenset[str], renamed: pl.Series | None) -> pl.Series:
    """All that is rewritten; of a re-key these are as many as there are records, so they stay a column."""
    few = pl.Series(SOURCE_ID, sorted(forced), dtype=pl.String)
    return few if renamed is None else pl.concat([few, renamed.alias(SOURCE_ID)])


def _mended(written: pl.DataFrame, absent: pl.DataFrame, rest: pl.DataFrame,
            forced: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Of what stays, write the forced rows too: kept ones as they are, archived ones as archived once more."""
    torn, active = within(rest[SOURCE_ID], forced), rest[STATUS] == ACTIVE
    kept = rest.filter(torn & active).with_columns(pl.lit("update").alias("op"))
    return (
        pl.concat([written, kept], how="diagonal"),
        pl.concat([absent, rest.filter(torn & ~active)]),
        rest.filter(~torn | active),
    )
