"""Rows without what no product of the integration may receive, before they are kept (design 4; requirements C9, C14).

Rows stay: a parent whose data is not wanted is still somebody that other rows may name, so only what is personal goes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from homeroom.errors import SourceUnusable
from homeroom.model.entities import PEOPLE
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES, plain
from homeroom.products.receiving import Received, lacks
from homeroom.read.layout import MODIFIED, STATUS

NOBODY = "-"
"""Stands where a record must have a name, and the name may not be kept."""
_USERS = "users"
_STAYS = frozenset({"sourcedId", STATUS, MODIFIED, "enabledUser", "role", "roles", "orgSourcedIds"})
_NEEDED = frozenset(field.column for field in PEOPLE.carried if field.required) - _STAYS


def minimal(frames: Mapping[str, pl.DataFrame], received: Received) -> dict[str, pl.DataFrame]:
    """The frames without columns that are not kept, and without the data of parents where that is not kept."""
    if received.everything:
        return dict(frames)
    left = {stem: frame.drop([column for column in frame.columns if received.drops(stem, column)])
            for stem, frame in frames.items()}
    if not received.parents and _USERS in left:
        left[_USERS] = _without_parents(left[_USERS])
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
    personal = [column for column in users.columns if column not in _STAYS and not column.startswith("_")]
    parent = _is_parent(users)
    return users.with_columns(
        pl.when(parent).then(pl.lit(NOBODY if column in _NEEDED else None, pl.String)).otherwise(pl.col(column))
        .alias(column) for column in personal)


def _is_parent(users: pl.DataFrame) -> pl.Expr:
    words = [word for word in users["role"].unique().drop_nulls().to_list() if _means_parent(word)]
    parent = pl.col("role").is_in(words).fill_null(False)
    if "roles" not in users.columns:
        return parent
    items = users["roles"].unique().drop_nulls().to_list() if words else []
    also = [cell for cell in items if not all(_means_parent(item.rpartition(":")[0]) for item in cell.split(","))]
    return parent & ~pl.col("roles").is_in(also).fill_null(False)


def _means_parent(word: str) -> bool:
    return ROLES.spellings().get(plain(word.strip())) in GUARDIAN_ROLES
