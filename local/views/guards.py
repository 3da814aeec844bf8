"""Limits of guards and season windows on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from homeroom.guard.guards import BY_CODE
from homeroom.report.words import UNITS, number
from local.screen import escape, table

if TYPE_CHECKING:
    from rich.console import RenderableType


def limits_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """What holds for each guard that has limits."""
    made = table("guard", "looks at", "limit", "floor", "", numbers=["limit", "floor"], wrap=["looks at"])
    for code, held in answer["guards"].items():
        limit = "not asked" if held["off"] else _limit(held)
        floor = str(held["floor"]) if held["floor"] > 1 else ""
        made.add_row(code, BY_CODE[code].meaning, limit, floor, "[bold]its own[/bold]" if held["own"] else "")
    return [made, "\n".join(escape(answer[word]) for word in ("effect", "advice") if answer[word])]


def seasons_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """The season windows of an integration, with the limits that hold in each."""
    made = table("first", "last", "limits", "why", wrap=["limits", "why"])
    for season in answer["seasons"]:
        told = ", ".join(limit_words(code, limit) for code, limit in season["limits"].items())
        made.add_row(season["first"], season["last"], f"{told}{' (as usual)' if season['usual'] else ''}",
                     escape(season["reason"]))
    lines = [escape(answer["effect"]), escape(answer.get("advice") or "")]
    return [made if made.row_count else "No seasons.", "\n".join(line for line in lines if line)]


def own_lines(set_up: Mapping[str, Any]) -> str:
    """Limits and season windows of an integration; empty where it has none."""
    limits = ", ".join(limit_words(code, limit) for code, limit in set_up["limits"].items())
    lines = [f"Limits of its own: {limits}"] if limits else []
    for season in set_up["seasons"]:
        told = ", ".join(limit_words(code, limit) for code, limit in season["limits"].items())
        lines.append(f"Season window {season['first']} to {season['last']} ({escape(season['reason'])}): "
                     f"{told or 'the limits of a new school year'}")
    return "\n".join(lines)


def _limit(held: Mapping[str, Any]) -> str:
    return f"{number(held['limit'])}{UNITS[held['unit']]}" if held["limit"] else "any"


def limit_words(code: str, limit: Mapping[str, Any]) -> str:
    """One limit in a few words."""
    if limit.get("off"):
        return f"{code} not asked"
    value = limit.get("count") if limit.get("percent") is None else limit["percent"]
    words = "" if value is None else f" {number(value)}{UNITS[BY_CODE[code].unit]}"
    return f"{code}{words}{' from ' + str(limit['floor']) if limit.get('floor') is not None else ''}"
