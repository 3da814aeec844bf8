"""OneRoster 1.2 → 1.1: rows of roles.csv folded into `role`, `orgSourcedIds` and `roles` of users.

The fold depends on no row order, so the same roles give the same users (conformance 20). Role words stay as they
are delivered, `ext:` tokens too; check's vocabulary knows what they stand for. Begin and end of a role are not looked
at: reading knows no date.
"""

from __future__ import annotations

import polars as pl

from homeroom.model.snapshot import PROBLEM
from homeroom.model.vocabulary import ROLES as WORDS
from homeroom.model.vocabulary import STRONGEST_FIRST, plain
from homeroom.read.delta import is_gone
from homeroom.read.layout import ROLE_COLUMNS

_DEPENDS = "REF-07"
_USER, _ROLE, _ORG, _ITEM = "userSourcedId", "role", "orgSourcedId", "item"


def fold_roles(users: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Users with `role` (the primary one, else the strongest), `orgSourcedIds` (the primary one first) and `roles`
    (`role:org` items, sorted; split an item at its last colon).

    A user whose row in roles.csv is malformed is marked with REF-07 in `_problem`: half of the roles must not pass for
    all of them. Roles of nobody are left out.
    """
    users = users.drop(*ROLE_COLUMNS, strict=False)
    sound = roles.filter(~is_gone(roles) & pl.col(_USER).is_not_null())
    folded = _folded(sound, users)
    users = users.join(folded, left_on="sourcedId", right_on=_USER, how="left", maintain_order="left")
    return _mark_dependants(users, roles)


def _folded(roles: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """One row for each user with a role."""
    if "primaryOrgSourcedId" in users.columns:
        homes = users.select("sourcedId", "primaryOrgSourcedId").unique("sourcedId", keep="none")
    else:
        homes = pl.DataFrame(schema={"sourcedId": pl.String, "primaryOrgSourcedId": pl.String})
    ranked = roles.join(homes, left_on=_USER, right_on="sourcedId", how="left").with_columns(
        (pl.col("roleType").str.to_lowercase() != "primary").fill_null(True).alias("secondary"),
        _rank(roles[_ROLE]).alias("rank"),
        (pl.col(_ORG) != pl.col("primaryOrgSourcedId")).fill_null(True).alias("away"),
        (pl.col(_ROLE) + ":" + pl.col(_ORG)).alias(_ITEM),
    )
    by_strength = ["secondary", "rank", _ROLE, _ORG]
    return ranked.group_by(_USER).agg(
        pl.col(_ROLE).sort_by(by_strength, nulls_last=True).first(),
        _joined(pl.col(_ORG).sort_by(["away", *by_strength], nulls_last=True)).alias("orgSourcedIds"),
        _joined(pl.col(_ITEM).sort()).alias("roles"),
    )


def _joined(items: pl.Expr) -> pl.Expr:
    """Distinct items in their order as one cell, null for none."""
    text = items.drop_nulls().unique(maintain_order=True).implode().list.join(",")
    return pl.when(items.count() > 0).then(text)


def _rank(words: pl.Series) -> pl.Series:
    """Place of each role in the order of strength; words that nobody knows come last."""
    known = WORDS.spellings()
    ranks = {
        word: STRONGEST_FIRST.index(known[plain(word)]) if plain(word) in known else len(STRONGEST_FIRST)
        for word in words.unique().drop_nulls().to_list()
    }
    return words.replace_strict(ranks, default=len(STRONGEST_FIRST) + 1, return_dtype=pl.UInt8)


def _mark_dependants(users: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Marks of an earlier fold, which came along with a base, are judged anew."""
    if PROBLEM not in roles.columns and PROBLEM not in users.columns:
        return users
    broken = roles.filter(pl.col(PROBLEM).is_not_null()) if PROBLEM in roles.columns else roles.clear()
    own = pl.col(PROBLEM).replace(_DEPENDS, None) if PROBLEM in users.columns else pl.lit(None, pl.String)
    depends = pl.when(pl.col("sourcedId").is_in(broken[_USER].drop_nulls().implode())).then(pl.lit(_DEPENDS))
    return users.with_columns(pl.coalesce(own, depends).alias(PROBLEM))
