"""Which organisations the chosen schools leave: themselves, what stands below them, and what belongs to no school."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.shape.desired import SOURCE_ID

_SCHOOL = "school"


@dataclass(frozen=True)
class Places:
    """`schools` are the chosen schools and what stands below them; `above` are the district and other organisations
    that belong to no school. `all` of them are shared where no schools are chosen."""

    all: bool
    schools: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()

    def shares(self, org: str) -> bool:
        """Whether the organisation stays. One that nobody knows does not."""
        return self.all or org in self.schools or org in self.above

    def shared(self, orgs: pl.Series) -> pl.Series:
        """`shares` of each; where no organisation is named there is none to hide."""
        named = orgs.unique().drop_nulls().to_list()
        if self.all or not named:
            return pl.repeat(True, len(orgs), dtype=pl.Boolean, eager=True)
        told = [self.shares(org) for org in named]
        return orgs.replace_strict(named, told, default=True, return_dtype=pl.Boolean).fill_null(True)


def places(orgs: pl.DataFrame, chosen: tuple[str, ...]) -> Places:
    """The organisations that stay when only the chosen schools are shared; all of them when none is chosen."""
    if not chosen:
        return Places(all=True)
    types = dict(orgs.select(SOURCE_ID, "type").iter_rows())
    parents = dict(orgs.select(SOURCE_ID, "parent").iter_rows())
    schools = {org: _school_of(org, types, parents, frozenset(chosen)) for org in types}
    return Places(
        all=False,
        schools=frozenset(chosen).union(org for org, school in schools.items() if school in chosen),
        above=frozenset(org for org, school in schools.items() if school is None),
    )


def schools(orgs: pl.DataFrame) -> dict[str, str]:
    """Organisation → the school that it is or stands below; what belongs to no school is left out."""
    types = dict(orgs.select(SOURCE_ID, "type").iter_rows())
    parents = dict(orgs.select(SOURCE_ID, "parent").iter_rows())
    found = {org: _school_of(org, types, parents, frozenset()) for org in types}
    return {org: school for org, school in found.items() if school is not None}


def _school_of(org: str, types: Mapping[str, str], parents: Mapping[str, str | None],
               chosen: frozenset[str]) -> str | None:
    """The school that an organisation is or stands below; none for the district. A circle of parents ends there."""
    seen: set[str] = set()
    here: str | None = org
    while here is not None and here not in seen:
        if here in chosen or types.get(here) == _SCHOOL:
            return here
        seen.add(here)
        here = parents.get(here)
    return None
