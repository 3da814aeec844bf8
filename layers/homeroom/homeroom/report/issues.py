"""Issues as people and machines read them: JSON lines or CSV, each with severity, owner, action and remedy.

Works row by row on whatever can give its rows, so that a million findings need no memory and no engine.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from homeroom.model.issues import CATALOGUE, ISSUE_COLUMNS, Code, Issue

SEVERITIES = ("fatal", "error", "warning", "info")
"""The worst first."""
COLUMNS = (*ISSUE_COLUMNS, "severity", "owner", "action", "remedy")


class Findings(Protocol):
    """A frame of issues, as `check` makes it."""

    def iter_rows(self, *, named: Literal[True]) -> Iterable[dict[str, Any]]:
        """Rows as mappings, in order."""


Issues = Findings | Sequence[Issue]


def told(issues: Issues) -> Iterator[dict[str, Any]]:
    """Issues with what the catalogue knows of their codes: the worst first, within a severity in the order found."""
    for severity in SEVERITIES:
        for row in _rows(issues):
            code = CATALOGUE[row["code"]]
            if code.severity == severity:
                yield row | {"severity": severity, "owner": code.owner, "action": code.action, "remedy": code.remedy}


def as_lines(issues: Issues) -> bytes:
    """Gzipped JSON lines."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as lines:
        for row in told(issues):
            lines.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return packed.getvalue()


def write_file(issues: Issues, path: Path) -> None:
    """Write all issues as CSV or, for a name ending in .json, as one JSON array. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix.lower() == ".json":
            json.dump(list(told(issues)), file, ensure_ascii=False, indent=1)
        else:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({name: _safe(value) for name, value in row.items()} for row in told(issues))


def by_severity(codes: Mapping[str, int]) -> list[tuple[Code, int]]:
    """Codes with their counts: the worst severity first, then the most frequent."""
    known = [(CATALOGUE[code], count) for code, count in codes.items()]
    return sorted(known, key=lambda c: (SEVERITIES.index(c[0].severity), -c[1], c[0].code))


def _rows(issues: Issues) -> Iterable[dict[str, Any]]:
    if isinstance(issues, Sequence):
        return (dict(vars(issue)) for issue in issues)
    return issues.iter_rows(named=True)


def _safe(value: Any) -> Any:
    """A cell that a spreadsheet would take as a formula gets an apostrophe: values come from outside."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
