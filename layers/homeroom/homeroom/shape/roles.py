"""Which people a product takes: those with a role that it has, and parents only where their data is synced (C9, C14).

A person none of whose roles is taken is left out, with enrollments and contacts. The other roles of a person who stays
are cut, as the sharing rules do it.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from homeroom.model.reasons import NO_PARENTS, NOT_TAKEN, WITH_PERSON, WITH_STUDENT
from homeroom.model.sharing import Sharing
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES
from homeroom.products.rules import Rules
from homeroom.shape.desired import RULE, SOURCE_ID
from homeroom.shape.marks import within
from homeroom.shape.persons import FOLLOWS_STUDENT, ROLE
from homeroom.shape.sharing import FOLLOWS_PERSON, ruled
from homeroom.shape.standing import Frames, Standing

_NOBODY = "nobody"
_WORDS = {ROLE: NOT_TAKEN, FOLLOWS_PERSON: WITH_PERSON, FOLLOWS_STUDENT: WITH_STUDENT}
"""Reasons of sharing rules → why a product does not take it: the district can not share what nobody takes."""


def taken(standing: Standing, rules: Rules, applied: Frames) -> Standing:
    """What stands, without the people and roles that the products do not take.

    Links of parents whose data is no longer synced are not even read: the rule leaves out those that were `applied`.
    """
    if not rules.parents and "contacts" in applied:
        standing = _without_links(standing, applied["contacts"])
    every = frozenset(ROLES.words)
    allowed = (every if rules.roles is None else rules.roles) - (frozenset() if rules.parents else GUARDIAN_ROLES)
    contacts = standing.frames["contacts"].height and not rules.parents
    if allowed == every or not (contacts or _roles(standing.frames) - allowed):
        return standing
    marked = ruled(standing.frames, Sharing(roles=tuple(sorted(allowed)) or (_NOBODY,)))
    told = {name: rows.with_columns(pl.col(RULE).replace(_WORDS)) for name, rows in marked.items()}
    return standing.without(told if rules.parents else told | _no_parents(told, standing.frames))


def _without_links(standing: Standing, contacts: pl.DataFrame) -> Standing:
    unread = contacts.filter(~within(contacts[SOURCE_ID], standing.frames["contacts"][SOURCE_ID]))
    rows = unread.select(SOURCE_ID, pl.lit(NO_PARENTS).alias(RULE))
    out = pl.concat([standing.left_out["contacts"], rows])
    return replace(standing, left_out={**standing.left_out, "contacts": out})


def _no_parents(told: Frames, before: Frames) -> dict[str, pl.DataFrame]:
    """The rows with the reason of parents: for them, and for every link to a student."""
    parents = before["people"]["role"].is_in(sorted(GUARDIAN_ROLES))
    out = pl.col(RULE).is_not_null() & pl.lit(parents)
    return {
        "people": told["people"].with_columns(pl.when(out).then(pl.lit(NO_PARENTS)).otherwise(RULE).alias(RULE)),
        "contacts": told["contacts"].with_columns(pl.lit(NO_PARENTS).alias(RULE)),
    }


def _roles(frames: Frames) -> set[str]:
    """Every role that somebody has anywhere."""
    people = frames["people"]
    lists = people["roles"].drop_nulls().unique().to_list()
    named = {item.partition(":")[0] for text in lists for item in text.split(",")}
    return named.union(people["role"].unique(), frames["enrollments"]["role"].unique())
