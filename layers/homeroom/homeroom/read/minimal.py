"""Rows without what no product of the integration may receive, before they are kept (design 4; requirements C9, C14).

Rows stay: a parent whose data is not wanted is still somebody that other rows may name, so only what is personal goes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from homeroom.errors import SourceUnusable
from homeroom.products.receiving import NEEDED, NOBODY, STAYS, USERS, Received, lacks, means_parent, only_parent


def minimal(frames: Mapping[str, pl.DataFrame], received: Received) -> dict[str, pl.DataFrame]:
    """The frames without columns that are not kept, and without the data of parents where that is not kept."""
    if received.everything:
        return dict(frames)
    left = {stem: frame.drop([column for column in frame.columns if received.drops(stem, column)])
            for stem, frame in frames.items()}
    if not received.parents and USERS in left:
        left[USERS] = _without_parents(left[USERS])
    return left


def refuse_narrow(without: Collection[str], received: Received) -> None:
    """Refuse changes to rows that were kept without what may be received now: they would leave that empty for ever.

    Raises SourceUnusable.
    """
    if lacks(without, received):
        raise SourceUnusable("only changes came, and the products receive more than when everything was read last",
                             code="FIL-07", remedy="Send one bulk export, or start a full run.")


def _without_parents(users: pl.DataFrame) -> pl.DataFrame:
    """Users whose every role is a parent's, without name, address and number."""
    if "role" not in users.columns:
        return users
    personal = [column for column in users.columns if column not in STAYS and not column.startswith("_")]
    parent = _is_parent(users)
    return users.with_columns(
        pl.when(parent).then(pl.lit(NOBODY if column in NEEDED else None, pl.String)).otherwise(pl.col(column))
        .alias(column) for column in personal)


def _is_parent(users: pl.DataFrame) -> pl.Expr:
    """By the distinct words, which are few."""
    words = [word for word in users["role"].unique().drop_nulls().to_list() if means_parent(word)]
    parent = pl.col("role").is_in(words).fill_null(False)
    if "roles" not in users.columns or not words:
        return parent
    more = [cell for cell in users["roles"].unique().drop_nulls().to_list() if not only_parent(words[0], cell)]
    return parent & ~pl.col("roles").is_in(more).fill_null(False)
