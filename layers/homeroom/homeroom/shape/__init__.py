"""shape: canonical rows → the roster that one product line wants.

Rules of products (sharing, roles, grades, home school, class names, matching, parents) come with the catalogue; without
one, everything the source shares is wanted as it is: the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.check.checked import Checked


@dataclass(frozen=True)
class DesiredEntity:
    """Records that are wanted, ids that are present but unusable (their last good version stays), ids removed."""

    records: pl.DataFrame
    unusable: pl.Series
    gone: pl.Series


@dataclass(frozen=True)
class Desired:
    """The desired roster, by entity. What was not `delivered` stays as it was applied (conformance 16)."""

    entities: Mapping[str, DesiredEntity]
    delivered: frozenset[str]


def shape(checked: Checked) -> Desired:
    """The desired roster of an integration whose product line has no rules of its own."""
    entities = {name: DesiredEntity(e.records, e.unusable, e.gone) for name, e in checked.entities.items()}
    return Desired(entities, checked.delivered)
