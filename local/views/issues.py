"""Issues on the screen: how many of which code, who fixes it and how; and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from homeroom.report.issues import by_severity
from homeroom.report.words import OWNERS
from local.screen import count, escape, table

if TYPE_CHECKING:
    from rich.table import Table

STYLES: Mapping[str, str] = {"fatal": "bold red", "error": "red", "warning": "yellow", "info": "dim"}
PLACES_SHOWN = 3
"""Places shown of each code; all of them are in the file of --issues."""
_WRONG = "what is wrong, and who mends it how"


def issues_table(codes: Mapping[str, int]) -> Table:
    """One line a code: the worst first."""
    made = table("code", "severity", "count", _WRONG, numbers=["count"], wrap=[_WRONG])
    for code, number in by_severity(codes):
        style = STYLES[code.severity]
        wrong, mend = f"{code.meaning}. {code.action}.", f"[dim]{OWNERS[code.owner]}:[/dim] {code.remedy}"
        told = wrong if code.owner == "nobody" else f"{wrong}\n{mend}"
        made.add_row(code.code, f"[{style}]{code.severity}[/{style}]", count(number), told)
    return made


def places_table(codes: Mapping[str, int], issues: Iterable[Mapping[str, Any]], *, values: bool) -> Table | None:
    """The first places of each code as file:line and column; cell values only if they are asked for."""
    first: dict[str, list[Mapping[str, Any]]] = {code.code: [] for code, _ in by_severity(codes)}
    for issue in issues:
        found = first[issue["code"]]
        if issue["line"] is not None and len(found) < PLACES_SHOWN:
            found.append(issue)
    if not any(first.values()):
        return None
    made = table("code", "place", "column", *(["value"] if values else []), wrap=["value"])
    for code, found in first.items():
        for n, issue in enumerate(found):
            cells = [code if n == 0 else "", f"{_file(issue['file'])}:{issue['line']}", issue["column"] or ""]
            made.add_row(*(escape(cell) for cell in cells + ([issue["value"] or ""] if values else [])))
    return made


def _file(name: str) -> str:
    """File names as delivered; issues of rows carry the stem."""
    return name if "." in name else f"{name}.csv"
