"""shape: canonical rows → the roster that one product line wants.

The vendor side may narrow what a district shares (`sharing`). The rules of products come with the catalogue
(`homeroom.products.rules_of`), each in a module of its own; without any, everything the source shares is wanted as it
is: the identity.
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
from homeroom.shape.fields import received
from homeroom.shape.grades import graded
from homeroom.shape.matching import ACCOUNT, matched
from homeroom.shape.names import uniquely_named
from homeroom.shape.roles import taken
from homeroom.shape.schools import in_one_school
from homeroom.shape.sharing import narrowed
from homeroom.shape.standing import Frames, Standing, settled, stand

__all__ = ["Desired", "DesiredEntity", "shape"]

_EVERYTHING = Sharing()
_FIRST_LOAD: Mapping[str, pl.DataFrame] = {}


def shape(checked: Checked, sharing: Sharing = _EVERYTHING,
          applied: Mapping[str, pl.DataFrame] = _FIRST_LOAD, *, rules: Rules = EVERYTHING,
          accounts: Sequence[Account] | None = None, hand: Sequence[HandRecord] = ()) -> Desired:
    """The desired roster of an integration.

    `applied` are the active records that stay where the source says nothing usable (`homeroom.diff.applied.standing`):
    the rules look at them too. They are not looked at where nothing is narrowed or made. `accounts` are those of the
    district's directory, None where it could not be read; `hand` are records made by hand, whose class names are taken.
    """
    entities = {name: DesiredEntity(e.records, e.unusable, e.gone) for name, e in checked.entities.items()}
    desired = Desired(entities, checked.delivered)
    if not (sharing.narrows or rules.shapes):
        return desired
    standing = stand(desired, applied, keeps=frozenset({ACCOUNT}) if rules.match_by_name else frozenset())
    if sharing.narrows:
        standing = narrowed(standing, sharing)
    found = settled(_ruled(standing, rules, applied, hand), desired, applied)
    return matched(found, accounts, applied) if rules.match_by_name else found


def _ruled(standing: Standing, rules: Rules, applied: Frames, hand: Sequence[HandRecord]) -> Standing:
    """What the rules of products leave and make, in this order; a rule that is off looks at nothing."""
    standing = taken(standing, rules, applied)
    if rules.fields:
        standing = received(standing, rules.fields)
    if rules.grade_words or rules.needs_grades:
        standing = graded(standing, rules)
    if rules.one_school:
        standing = in_one_school(standing, rules, applied)
    if rules.class_names != "off":
        standing = uniquely_named(standing, rules, applied, hand)
    return standing
