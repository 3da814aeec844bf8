"""What a district chose, and who is primary administrator, on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local.screen import escape, minute, table

if TYPE_CHECKING:
    from rich.console import RenderableType

_FROM: Mapping[str, str] = {
    "district": "[bold]the district chose it[/bold]", "product line": "the product line has it so",
    "default": "[dim]nobody chose otherwise[/dim]",
}
_NAMES: Mapping[str, tuple[str, str]] = {
    "strict": ("Refuse files without a manifest", "--file (strict)"),
    "parents": ("Sync Parent Data", "--parents, --no-parents"),
    "class_names": ("Force Unique Class Names", "--unique-names"),
    "match_by_name": ("Match Users By Name", "--match-by-name"),
    "directory": ("Directory for it", "--file (directory)"),
    "one_school": ("One school a student", "--one-school"),
    "home_schools": ("Home schools named by the district", "--file (home_schools)"),
    "only_source": ("The SIS is the only source", "--only-source"),
    "on_hold": ("What waits in a hold", "--on-hold all, --on-hold removals"),
    "goals": ("Clever Goals", "--file (goals)"),
}
"""Option → its name for people, and what changes it."""


def options_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """What counts now, and where it comes from; what the change does."""
    told, made = answer["set"], table("option", "counts", "because", "to change it", wrap=["counts", "to change it"])
    for name, option in told["options"].items():
        word, how = _NAMES.get(name, (name, "--file"))
        change = how if option["offered"] else "[dim]not offered by the products[/dim]"
        made.add_row(word, escape(_said(option["value"]) or "none"), _FROM[option["from"]], change)
    others = table("", "", "to change it", wrap=[""])
    others.add_row("Sign-in by the portal", escape(told["signs_in"]["text"]), "--sign-in, --students-sign-in")
    for portal in told["signs_in"]["portals"]:
        others.add_row("", escape(portal["text"]), "--file (sign_in.portals)")
    shared = "; ".join(f"{key} {_said(value) or 'all'}" for key, value in told["sharing"].items())
    others.add_row("What is shared", escape(shared), "homeroom choose, homeroom share")
    others.add_row("Schedule", escape(told["when"]["schedule"]), "--daily, --weekly")
    others.add_row("Products", escape(", ".join(told["products"])) or "[dim]all of the line[/dim]", "--file")
    return [made, others, f"{answer['effect'][:1].upper()}{answer['effect'][1:]}."]


def sign_in_lines(signs_in: Mapping[str, Any]) -> str:
    """Whether people sign in and where; empty where nobody chose it."""
    if signs_in["text"] == "off":
        return ""
    return "\n".join([f"Sign-in: {escape(signs_in['text'])}.",
                      *(f"  {escape(portal['text'])}" for portal in signs_in["portals"])])


def primary_view(answer: Mapping[str, Any]) -> list[RenderableType | None]:
    """The primary administrators, by the source id where they are in the roster, and what the change does."""
    made = table("person", "promoted by", "at", "reason", wrap=["reason"])
    for one in answer["primary"]:
        made.add_row(escape(one.get("source_id") or one["person"]), escape(one["by"]), minute(one["at"]),
                     escape(one["reason"]))
    return [made if made.row_count else "Nobody is primary administrator.",
            f"{answer['effect'][:1].upper()}{answer['effect'][1:]}."]


def primary_line(primary: Sequence[Mapping[str, Any]]) -> str:
    """Who is a primary administrator; empty where nobody is."""
    told = ", ".join(escape(one.get("source_id") or one["person"]) for one in primary)
    return f"[dim]Primary administrators:[/dim] {told}" if told else ""


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return str(value.get("kind", ""))
    return "" if value is None else str(value)
