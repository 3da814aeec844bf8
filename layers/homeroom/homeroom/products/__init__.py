"""products: the learning products that receive rosters, and the lines with common policy they belong to. Data only.

Nothing outside this folder names a product. `catalogue` has the entries, `entries` their form, `ruling` makes the rules
of one integration of them, `refusals` says what does not fit. An integration without a line keeps everything that its
source shares.
"""

from __future__ import annotations

from collections.abc import Mapping

from homeroom.products.catalogue import (
    CATALOGUE_LINES,
    CATALOGUE_VERSION,
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

LINES: Mapping[str, tuple[str, ...]] = {
    name: tuple(product.name for product in products_of(name)) for name in CATALOGUE_LINES
}
"""Product line → its products, as their makers write them."""
