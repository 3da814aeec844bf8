"""What the check stage hands on: canonical rows, what is present but unusable, what is gone, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from homeroom.model.plan import INCOMPLETE_FLOOR, INCOMPLETE_PERCENT, EntityRead

Verdict = Literal["clean", "warnings", "errors", "unusable"]

@dataclass(frozen=True)
class CheckedEntity:
    """One entity after its checks.

    `records`: rows that are taken: `source_id`, `_line`, canonical fields. `unusable`: ids whose row is there, in
    error. `gone`: ids that the source removes explicitly.
    """

    records: pl.DataFrame
    unusable: pl.Series
    gone: pl.Series
    read: EntityRead


@dataclass(frozen=True)
class Checked:
    """The whole roster after its checks. `delivered` are the entities that the source carried at all."""

    entities: Mapping[str, CheckedEntity]
    issues: pl.DataFrame
    unresolved: int
    references: int
    delivered: frozenset[str]

    @property
    def complete(self) -> bool:
        """Whether nearly all enrollments point to people and classes that are in the snapshot."""
        few = self.unresolved < INCOMPLETE_FLOOR
        return few or 100 * self.unresolved <= INCOMPLETE_PERCENT * self.references

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found."""
        if not self.complete:
            return "unusable"
        if any(e.read.errors for e in self.entities.values()):
            return "errors"
        return "warnings" if any(e.read.warnings for e in self.entities.values()) else "clean"
