"""Primary administrators in a plan: nobody is promoted or demoted by it, but the loss of the last one is told (C13)."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS

_CODE, _ADMINISTRATOR = "PRD-06", "administrator"
_LOST = "The last primary administrator left the roster, or is no administrator there any more"
_PROPOSED = "Nobody is primary administrator; this person is the only administrator of the roster"


def primary_issues(people: pl.DataFrame, primary: Collection[str], *, needed: bool) -> pl.DataFrame:
    """What `people`, as a plan would leave them, say of the primary administrators, internal ids.

    Those who were the last ones are told; where the roster has one administrator only, that one is proposed. A person
    decides. Nothing where the products need none, or one of them is still there.
    """
    if not needed:
        return no_issues()
    administrators = people.filter(
        (pl.col(STATUS) == ACTIVE) & ((pl.col("role") == _ADMINISTRATOR) | _among_roles(people)))
    if not administrators.filter(pl.col(ID).is_in(list(primary))).is_empty():
        return no_issues()
    lost = people.filter(pl.col(ID).is_in(list(primary)))
    proposed = administrators if administrators.height == 1 else administrators.clear()
    return pl.concat([_rows(lost, _LOST), _rows(proposed, _PROPOSED)])


def _among_roles(people: pl.DataFrame) -> pl.Expr:
    """Whether one of several roles is it: `administrator:org` in a list of roles."""
    if "roles" not in people.columns:
        return pl.lit(False)
    return pl.col("roles").str.contains(rf"(^|,)\s*{_ADMINISTRATOR}:").fill_null(False)


def _rows(people: pl.DataFrame, text: str) -> pl.DataFrame:
    said = {"code": pl.lit(_CODE), "text": pl.lit(text), "entity": pl.lit("people"), SOURCE_ID: pl.col(SOURCE_ID)}
    return people.select(
        said.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items())
