"""What a district chose, and who is primary administrator, on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.screen import escape, table

if TYPE_CHECKING:
    from rich.console import RenderableType

_FROM: Mapping[str, str] = {
    "district": "[bold]the district chose it[/bold]", "product line": "so is the product line",
    "default": "[dim]nobody chose otherwise[/dim]",
}


def options_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """What counts now, and where it comes from; what the change does."""
    told, made = answer["set"], table("option", "counts", "because", wrap=["counts"])
    for name, option in told["options"].items():
        made.add_row(name, escape(_said(option["value"])), _FROM[option["from"]])
    others = table("", "", wrap=[""])
    for name, values in (("sign_in", told["sign_in"]), ("sharing", told["sharing"])):
        others.add_row(name, escape("; ".join(f"{key} {_said(value) or 'all'}" for key, value in values.items())))
    others.add_row("schedule", escape(told["when"]["schedule"]))
    others.add_row("products", escape(", ".join(told["products"])) or "[dim]all of the line[/dim]")
    return [made, others, f"{answer['effect'][:1].upper()}{answer['effect'][1:]}."]


def primary_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """The primary administrators by internal id, and what the change does."""
    made = table("person", "promoted by", "at", "reason", wrap=["reason"])
    for one in answer["primary"]:
        made.add_row(escape(one["person"]), escape(one["by"]), one["at"][:16].replace("T", " "), escape(one["reason"]))
    return [made if made.row_count else "Nobody is primary administrator.",
            f"{answer['effect'][:1].upper()}{answer['effect'][1:]}."]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return str(value.get("kind", ""))
    return "" if value is None else str(value)
