"""shape: canonical rows → the roster that one product line wants.

The vendor side may narrow what a district shares (`sharing`). Rules of products (home school, class names, matching,
parents) come with the catalogue; without any, everything the source shares is wanted as it is: the identity.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from homeroom.check.checked import Checked
from homeroom.model.sharing import Sharing
from homeroom.shape.desired import Desired, DesiredEntity
from homeroom.shape.sharing import narrowed

__all__ = ["Desired", "DesiredEntity", "shape"]

_EVERYTHING = Sharing()
_FIRST_LOAD: Mapping[str, pl.DataFrame] = {}


def shape(checked: Checked, sharing: Sharing = _EVERYTHING,
          applied: Mapping[str, pl.DataFrame] = _FIRST_LOAD) -> Desired:
    """The desired roster of an integration whose product line has no rules of its own.

    `applied` are the active records that stay where the source says nothing usable (`homeroom.diff.applied.standing`):
    the sharing rules look at them too. They are not looked at where nothing is narrowed.
    """
    entities = {name: DesiredEntity(e.records, e.unusable, e.gone) for name, e in checked.entities.items()}
    desired = Desired(entities, checked.delivered)
    return narrowed(desired, sharing, applied) if sharing.narrows else desired
