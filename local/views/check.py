"""What `homeroom check` shows: a sentence, a table of entities, a table of issues, and where the first of them are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from homeroom.report.words import OWNERS
from local.screen import count, escape, table
from local.views.issues import issues_table, places_table

if TYPE_CHECKING:
    from rich.console import RenderableType

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "clean": ("bold green", "Clean. Every row can be used."),
    "warnings": ("bold yellow", "Usable, with warnings. Every row is taken; what is wrong in it is left out."),
    "errors": ("bold red", "Usable, with errors. Rows in error are not taken; nobody is removed because of them."),
    "unusable": ("bold red", "Not usable. A run would stop here and write nothing."),
}


def check_view(report: Mapping[str, Any], issues: Iterable[Mapping[str, Any]], *, name: str,
               values: bool) -> list[RenderableType | None]:
    """The sections of the whole result, from top to bottom."""
    style, sentence = _SENTENCES[report["verdict"]]
    codes = report["issues"]["by_code"]
    anything = any(counts["read"] for counts in report["entities"].values())
    return [
        f"[bold]{escape(name)}[/bold]\n[{style}]{sentence}[/{style}]",
        reason_view(report["reason"]) if "reason" in report else None,
        _entities(report["entities"]) if anything else None,
        issues_table(codes) if codes and anything else None,
        places_table(codes, issues, values=values) if codes and anything else None,
    ]


def reason_view(reason: Mapping[str, str]) -> str:
    """Why a set is not usable: what, who acts, how."""
    step = f"Next: {OWNERS[reason['owner']]}. {escape(reason['remedy'])}"
    faults = escape(reason["text"]).replace(" · ", "\n        ")
    return f"[bold]{reason['code']}[/bold]  {faults}\n{step}"


def _entities(entities: Mapping[str, Mapping[str, int]]) -> RenderableType:
    made = table("", "read", "valid", "errors", "warnings", numbers=["read", "valid", "errors", "warnings"])
    for name, counts in entities.items():
        made.add_row(name, count(counts["read"]), count(counts["valid"]), count(counts["errors"], "red"),
                     count(counts["warnings"], "yellow"))
    return made
