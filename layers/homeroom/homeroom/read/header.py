"""The header row: which cell of a row is which column. Columns are found by name, never by place."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from homeroom.model.entities import Field
from homeroom.model.issues import Issue
from homeroom.model.vocabulary import plain
from homeroom.read.layout import ONE_ZERO, Layout
from homeroom.read.unusable import unusable

EXTRAS = "metadata."
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Header:
    """`width` cells a row; `columns`: kept column → place; the header ends at byte `end`, after `lines` lines.

    `formed`: place → field of the columns whose cells have a known form (a word, a date, an address). `simple` says
    that the lines before `end` end in LF or CRLF, as the fast reader needs it. `one_zero` are the columns that only
    OneRoster 1.0 has.
    """

    width: int
    columns: Mapping[str, int]
    formed: Mapping[int, Field]
    lines: int
    end: int
    simple: bool
    missing: tuple[str, ...]
    one_zero: tuple[str, ...]
    issues: tuple[Issue, ...]


def read_header(data: bytes, layout: Layout, name: str) -> Header:
    """Find the header of a file and its columns. `name` is for messages.

    Another spelling is FIL-10, an unknown column FIL-05, once a column; metadata columns keep their names.
    Raises SourceUnusable (FIL-02): no header, another delimiter than the comma, or a column that stands twice.
    """
    cells, lines = _first_row(data, name)
    if len(cells) == 1:
        for delimiter, words in _DELIMITERS.items():
            if delimiter in cells[0]:
                text = f"{name} is separated by {words}; OneRoster needs commas"
                raise unusable("FIL-02", text, file=name, line=lines)
    columns, issues = _columns(cells, layout, name, lines)
    end = _end_of_line(data, lines)
    return Header(
        width=len(cells),
        columns=_in_order(columns, layout),
        formed={place: layout.formed[column] for column, place in columns.items() if column in layout.formed},
        lines=lines,
        end=end,
        simple=data.count(b"\r", 0, end) == data.count(b"\r\n", 0, end) and data.count(b"\n", 0, end) == lines,
        missing=tuple(column for column in layout.required if column not in columns),
        one_zero=tuple(cell for cell in cells if cell in ONE_ZERO.get(layout.stem, ())),
        issues=tuple(issues),
    )


def _first_row(data: bytes, name: str) -> tuple[list[str], int]:
    """Cells of the first row that is not blank, without outer space, and the physical line on which it ends."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""), strict=True,
                        skipinitialspace=True)
    try:
        for cells in reader:
            cells = [cell.strip().lstrip("\ufeff").strip() for cell in cells]
            if any(cells):
                return cells, reader.line_num
    except csv.Error as error:
        raise unusable("FIL-02", f"The header of {name} is not well-formed CSV", file=name, line=1) from error
    raise unusable("FIL-02", f"{name} is empty: it has not even a header", file=name)


def _columns(cells: list[str], layout: Layout, name: str, line: int) -> tuple[dict[str, int], list[Issue]]:
    """Column → place of what is kept. An exact name wins over another spelling of the same column."""
    columns: dict[str, int] = {}
    issues: list[Issue] = []
    exact = {cell for cell in cells if layout.spellings.get(plain(cell)) == cell}
    for place, cell in enumerate(cells):
        column = cell if cell in exact else _known(cell, layout)
        if column is None or (column in exact and column != cell):
            issues.append(Issue("FIL-05", f"A column of {name} is not of OneRoster", file=name, line=line, column=cell))
            continue
        if column in columns:
            raise unusable("FIL-02", f"A column of {name} stands twice", file=name, line=line)
        if column != cell:
            text = f"A column of {name} was read as {column}"
            issues.append(Issue("FIL-10", text, file=name, line=line, column=cell))
        columns[column] = place
    return columns, issues


def _known(cell: str, layout: Layout) -> str | None:
    """The column that a header cell stands for; None for an unknown one."""
    if cell.lower().startswith(EXTRAS) and len(cell) > len(EXTRAS) and "password" not in plain(cell):
        return EXTRAS + cell[len(EXTRAS):]
    return layout.spellings.get(plain(cell))


def _in_order(columns: Mapping[str, int], layout: Layout) -> dict[str, int]:
    """Kept columns in the order of the layout, then metadata by name, so that the delivered order changes nothing."""
    kept = [column for column in layout.kept if column in columns]
    extras = sorted(column for column in columns if column.startswith(EXTRAS))
    return {column: columns[column] for column in [*kept, *extras]}


def _end_of_line(data: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if not at:
            return len(data)
    return at
