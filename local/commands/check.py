"""`homeroom check`: look at an export without storing anything."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from homeroom.check import Checked, by_code
from homeroom.check import check as check_rows
from homeroom.errors import SourceUnusable
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import EntityRead
from homeroom.read.oneroster_csv import read_set
from homeroom.report import issues as issue_files
from local import screen
from local.commands.options import Json, Roster, Strict
from local.reasons import incomplete, issues_of, reason_of

EXIT = {"clean": 0, "warnings": 0, "errors": 1, "unusable": 2}

Issues = Annotated[Path | None, typer.Option("--issues", metavar="FILE", dir_okay=False,
                                             help="Write all issues to this CSV or JSON file, values included.")]
Values = Annotated[bool, typer.Option("--show-values", help="Show the cells in question on the screen too.")]


def check(roster: Roster, strict: Strict = False, issues: Issues = None, show_values: Values = False,
          as_json: Json = False) -> int:
    """Check a OneRoster zip or folder. Nothing is stored.

    Exit code: 0 clean or warnings only, 1 errors, 2 unusable.
    """
    found: issue_files.Issues
    try:
        with screen.progress("read, check", quiet=as_json):
            checked = check_rows(read_set(roster, strict=strict))
    except SourceUnusable as unusable:
        report, found = _unusable(unusable), issues_of(unusable)
    else:
        report, found = _report(checked), checked.issues
    if issues:
        _write(found, issues)
    if as_json:
        screen.print_json(report)
    else:
        _show(report, found, roster, issues, show_values)
    return EXIT[report["verdict"]]


def _write(found: issue_files.Issues, path: Path) -> None:
    try:
        issue_files.write_file(found, path)
    except OSError as refused:
        raise typer.BadParameter(refused.strerror or str(refused), param_hint="--issues") from refused


def _report(checked: Checked) -> dict[str, Any]:
    codes = by_code(checked.issues)
    report = {
        "complete": checked.complete,
        "verdict": checked.verdict,
        "entities": {name: asdict(entity.read) for name, entity in checked.entities.items()},
        "issues": {"total": sum(codes.values()), "by_code": codes},
    }
    return report if checked.complete else report | {"reason": incomplete(checked.unresolved, checked.references)}


def _unusable(unusable: SourceUnusable) -> dict[str, Any]:
    codes: dict[str, int] = {}
    for issue in issues_of(unusable):
        codes[issue.code] = codes.get(issue.code, 0) + 1
    return {
        "complete": False,
        "verdict": "unusable",
        "reason": reason_of(unusable),
        "entities": {name: asdict(EntityRead()) for name in ENTITIES},
        "issues": {"total": sum(codes.values()), "by_code": dict(sorted(codes.items()))},
    }


def _show(report: dict[str, Any], found: issue_files.Issues, roster: Path, file: Path | None, values: bool) -> None:
    from local.views.check import check_view

    read = any(counts["read"] for counts in report["entities"].values())
    if file:
        more = f"All {report['issues']['total']:,} issues: {screen.escape(str(file))}. It holds values of the export."
    else:
        more = "[dim]All issues, with their values: --issues FILE[/dim]" if report["issues"]["total"] and read else ""
    screen.show(*check_view(report, issue_files.told(found), name=str(roster), values=values), more)
