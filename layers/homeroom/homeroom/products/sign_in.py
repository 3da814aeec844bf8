"""Sign-in of each product line as data (requirements D1 to D4). Without pydantic: sign-in's cold start reads this page.

The catalogue takes a line's rules from here. `docs/products.md` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Access = Literal["yes", "no", "option"]
"""Whether people of a role sign in through the portal; `option`: if the district wants it, once data is synced."""
Group = Literal["students", "teachers", "administrators"]


@dataclass(frozen=True)
class Door:
    """Where people of a role are sent who do not sign in through the portal: an address, and what to say."""

    text: str
    address: str | None = None


@dataclass(frozen=True)
class SignInRules:
    """Sign-in through a portal, by role.

    `start`: where a launch leads to; None where it is told at the set-up of the product. `addresses`: log-ins of the
    product's own that sign-in spares; they stay usable. `refused`: role (of the roster) → the page for those who do not
    sign in this way. `needs_rostering`: sign-in only where the roster comes by this aggregator too (D4).
    """

    students: Access
    teachers: Access = "yes"
    administrators: Access = "yes"
    start: str | None = None
    addresses: tuple[str, ...] = ()
    refused: Mapping[str, Door] = field(default_factory=dict)
    needs_rostering: Literal["clever", "classlink", "none"] | None = None


GROUP_OF_ROLE: Mapping[str, Group] = {
    "student": "students", "teacher": "teachers", "aide": "teachers", "proctor": "teachers",
    "administrator": "administrators",
}
"""Role of the roster → whose access counts. Roles that are not here (parents, guardians) never sign in."""

SIGN_IN_OF_LINE: Mapping[str, SignInRules] = {
    "Sonday": SignInRules(
        students="no", administrators="no", start="https://teacher.imaginesonday.com",
        addresses=("https://teacher.imaginesonday.com", "https://admin.imaginesonday.com"),
        refused={
            "student": Door(text="Students have no login here. Work together with your teacher."),
            "administrator": Door(text="Administrators have a log-in of their own for the time being.",
                                  address="https://admin.imaginesonday.com"),
        },
    ),
    "Imagine Learning portal": SignInRules(
        students="yes", start="https://login.imaginelearning.com", addresses=("https://login.imaginelearning.com",)),
    "Galileo": SignInRules(students="option", needs_rostering="clever"),
    "School Manager": SignInRules(students="yes"),
}

SIGN_IN_OF_PRODUCT: Mapping[str, SignInRules] = {}
"""Products whose sign-in is not that of their line. None so far; a test holds the catalogue to it."""


def sign_in_rules(product: str, line: str) -> SignInRules:
    """The rules of a product: its own, else its line's. Raises KeyError for a line that the catalogue does not have."""
    return SIGN_IN_OF_PRODUCT.get(product) or SIGN_IN_OF_LINE[line]
