"""shape: canonical rows → the roster that one product line wants.

The vendor side may narrow what a district shares (`sharing`). The rules of products come with the catalogue
(`homeroom.products.rules_of`); without any, everything the source shares is wanted as it is: the identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from homeroom.check.checked import Checked
from homeroom.model.byhand import HandRecord
from homeroom.model.directory import Account
from homeroom.model.sharing import Sharing
from homeroom.products.rules import EVERYTHING, Rules
from homeroom.shape.desired import Desired, DesiredEntity
from homeroom.shape.sharing import narrowed

__all__ = ["Desired", "DesiredEntity", "shape"]

_EVERYTHING = Sharing()
_FIRST_LOAD: Mapping[str, pl.DataFrame] = {}


def shape(checked: Checked, sharing: Sharing = _EVERYTHING,
          applied: Mapping[str, pl.DataFrame] = _FIRST_LOAD, *, rules: Rules = EVERYTHING,
          accounts: Sequence[Account] | None = None, hand: Sequence[HandRecord] = ()) -> Desired:
    """The desired roster of an integration.

    `applied` are the active records that stay where the source says nothing usable (`homeroom.diff.applied.standing`):
    the rules look at them too. They are not looked at where nothing is narrowed or made. `accounts` are those of the
    district's directory; `hand` are records made by hand, whose class names are taken.
    """
    entities = {name: DesiredEntity(e.records, e.unusable, e.gone) for name, e in checked.entities.items()}
    desired = Desired(entities, checked.delivered)
    return narrowed(desired, sharing, applied) if sharing.narrows else desired
