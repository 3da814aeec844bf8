"""products: the learning products that receive rosters, and the lines with common policy they belong to. Data only.

Nothing outside this folder names a product. The rules of each line come with its entries; an integration without a
line keeps everything that its source shares.
"""

from __future__ import annotations

from collections.abc import Mapping

from homeroom.model.integration import Integration
from homeroom.products.rules import EVERYTHING, HandPolicy, Rules

__all__ = ["EVERYTHING", "LINES", "HandPolicy", "Rules", "rules_of", "unknown"]

LINES: Mapping[str, tuple[str, ...]] = {
    "Sonday": ("Sonday System 1", "Sonday System 2", "Essentials K–5", "WinVocab"),
    "Imagine Learning portal": (
        "Imagine Language & Literacy", "Imagine+ Assessment", "MyPath Math/Imagine+ Math", "MyPath Reading",
        "Imagine Purpose",
    ),
    "Galileo": ("Galileo K-12",),
    "School Manager": ("School Manager",),
}
"""Product line → its products, as their makers write them."""


def unknown(line: str, products: tuple[str, ...]) -> str | None:
    """What is wrong with a choice of line and products, in words; None when the catalogue knows them."""
    if not line:
        return f"products need their product line, one of: {', '.join(LINES)}" if products else None
    if line not in LINES:
        return f"there is no product line {line}; known are: {', '.join(LINES)}"
    strangers = [product for product in products if product not in LINES[line]]
    if strangers:
        return f"{', '.join(strangers)} is no product of {line}; known are: {', '.join(LINES[line])}"
    return None


def rules_of(integration: Integration) -> Rules:
    """What the products of an integration ask of its roster; without a product line everything is taken as it is."""
    return EVERYTHING
