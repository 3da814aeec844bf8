"""What generated pages share: the line that tells so, and tables."""

from __future__ import annotations

from collections.abc import Iterable

MADE = "<!-- Made by `make docs` from {origin}. Change that, not this page. -->"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(heads), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
