"""products: the learning products that receive rosters, and the lines with common policy they belong to. Data only.

Nothing outside this folder names a product. `catalogue` has the entries, `entries` their form, `sign_in` their rules of
sign-in, `ruling` makes the rules of one integration of them, `refusals` says what does not fit. An integration without
a line keeps everything that its source shares.

Names are loaded when first used: sign-in needs `products.sign_in` alone, in the time of a click.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homeroom.products.catalogue import (
        CATALOGUE_LINES,
        CATALOGUE_VERSION,
        LINES,
        PRODUCTS,
        line_named,
        products_of,
        sign_in_of,
    )
    from homeroom.products.entries import Line, Product
    from homeroom.products.refusals import Refusal, not_offered, refusal, unknown
    from homeroom.products.rules import EVERYTHING, HandPolicy, Rules
    from homeroom.products.ruling import defaults, needs_primary, rules_of

__all__ = [
    "CATALOGUE_LINES", "CATALOGUE_VERSION", "EVERYTHING", "LINES", "PRODUCTS", "HandPolicy", "Line", "Product",
    "Refusal", "Rules", "defaults", "line_named", "needs_primary", "not_offered", "products_of",
    "refusal", "rules_of", "sign_in_of", "unknown",
]

_HOMES = {
    "catalogue": ("CATALOGUE_LINES", "CATALOGUE_VERSION", "LINES", "PRODUCTS", "line_named", "products_of",
                  "sign_in_of"),
    "entries": ("Line", "Product"),
    "refusals": ("Refusal", "not_offered", "refusal", "unknown"),
    "rules": ("EVERYTHING", "HandPolicy", "Rules"),
    "ruling": ("defaults", "needs_primary", "rules_of"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"homeroom.products has no {name}")
    return getattr(import_module(f"homeroom.products.{_HOME_OF[name]}"), name)
