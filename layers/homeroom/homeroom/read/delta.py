"""A delta file applied to the kept raw file: afterwards it is like a full export, with its removals still visible.

OneRoster 1.1, 1.4 of the reference: only listed records change; `tobedeleted` removes; what is not listed stays.
"""

from __future__ import annotations

import polars as pl

from homeroom.model.snapshot import LINE
from homeroom.model.vocabulary import STATUSES, plain
from homeroom.read.layout import STATUS

GONE = "tobedeleted"


def is_gone(frame: pl.DataFrame) -> pl.Expr:
    """Rows that say `tobedeleted`, or `inactive` as older exports do (conformance 54)."""
    if STATUS not in frame.columns:
        return pl.lit(False)
    known = STATUSES.spellings()
    words = [w for w in frame[STATUS].unique().drop_nulls().to_list() if known.get(plain(w)) == GONE]
    return pl.col(STATUS).is_in(words).fill_null(False)


def apply_delta(base: pl.DataFrame, delta: pl.DataFrame) -> pl.DataFrame:
    """Rows of the base that the delta does not list, then all rows of the delta.

    A removal stays as a row with the status `tobedeleted` until the record comes back or the file comes in full: rows
    that still name who was removed are explained by it, and point to somebody. A row with any other status replaces or
    adds: nothing is removed on a misspelt word.
    """
    told = delta.with_columns(pl.when(is_gone(delta)).then(pl.lit(GONE)).otherwise(_status(delta)).alias(STATUS))
    kept = carry_over(base).join(delta.select("sourcedId"), on="sourcedId", how="anti", maintain_order="left")
    return pl.concat([kept, told], how="diagonal")


def carry_over(base: pl.DataFrame) -> pl.DataFrame:
    """An earlier file as it stands today. Its lines are in no file of today: null."""
    return base.with_columns(pl.lit(None, pl.UInt32).alias(LINE))


def _status(frame: pl.DataFrame) -> pl.Expr:
    return pl.col(STATUS) if STATUS in frame.columns else pl.lit(None, pl.String)
