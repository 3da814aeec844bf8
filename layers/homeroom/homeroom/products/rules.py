"""What the products of one integration ask of its roster: the catalogue's policies with the district's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from homeroom.model.integration import ClassNames

Meets = Literal["adopt", "leave"]
InSisClass = Literal["keep", "archive"]


@dataclass(frozen=True)
class HandPolicy:
    """What becomes of records made by hand (requirements C2, C3; ADR on hand-made data).

    `meets`: one with the same strong identity as a record of the SIS is adopted, or left as it is, and then the SIS's
    record is left out and listed until somebody releases the one made by hand. `in_sis_class`: an enrollment made by
    hand in a class of the SIS. `only_source`: what the SIS does not have is archived.
    """

    meets: Meets = "adopt"
    in_sis_class: InSisClass = "keep"
    only_source: bool = False


@dataclass(frozen=True)
class Rules:
    """Rules of `shape` and `diff`. The defaults take everything as the source says it: the identity.

    `roles` are the roles that are taken, None for all. `fields`: entity → fields that may be received; an entity that
    is not named has all of its fields. `grade_words`: canonical grade → word of the product line; empty: no
    `grade_levels` are made. `one_school` are those of the `products` that allow one school a student; `choose_home`
    whether a home school is chosen for them, `home_schools` the district's own word (student → school).
    """

    products: tuple[str, ...] = ()
    roles: frozenset[str] | None = None
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parents: bool = True
    grade_words: Mapping[str, str] = field(default_factory=dict)
    needs_grades: bool = False
    one_school: tuple[str, ...] = ()
    choose_home: bool = False
    home_schools: Mapping[str, str] = field(default_factory=dict)
    class_names: ClassNames = "off"
    match_by_name: bool = False
    hand: HandPolicy = HandPolicy()

    @property
    def shapes(self) -> bool:
        """Whether anything is left out or made at all."""
        plain = Rules(products=self.products, hand=self.hand, home_schools=self.home_schools,
                      one_school=self.one_school)
        return self != plain or bool(self.one_school)


EVERYTHING = Rules()
"""An integration without a product line keeps everything that its source shares."""
