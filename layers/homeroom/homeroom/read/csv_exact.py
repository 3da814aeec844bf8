"""The exact CSV reader: Python's csv module, row by row. It defines what a file says and names physical lines.

    * A row with too few or too many cells keeps its place with `_problem` FIL-11; its cells are as they stand. Only
      a comma too many at the end of a row is forgiven, where it is proven to be just that (`surplus`).
    * Blank rows (no cell filled) are no rows. Lines end in LF, CRLF or CR.
    * A quote inside an unquoted value is a letter. A quote that opens a value must close it, else FIL-02.
    * A quoted value may hold line breaks, but not what looks like whole rows: then a stray quote swallowed them, and
      taking the rest for the whole file would archive what was swallowed. FIL-02 too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

import polars as pl

from homeroom.model.snapshot import LINE, PROBLEM
from homeroom.read.cells import SPACE, empty, trimmed
from homeroom.read.header import Header
from homeroom.read.surplus import ends_in_surplus
from homeroom.read.unusable import SetUnusable, unusable

_BATCH = 20_000


def read_exact(data: bytes, header: Header, name: str) -> pl.DataFrame:
    """The rows below the header: kept columns as trimmed text, `_line`, and `_problem` where any row is ragged.

    `data` is valid UTF-8. Raises SourceUnusable (FIL-02) with the line where a malformed row begins.
    """
    rows = _rows(data, header, name)
    frames = [empty(list(header.columns)).with_columns(pl.lit(None, pl.String).alias(PROBLEM))]
    while batch := list(islice(rows, _BATCH)):
        frames.append(_frame(batch, header))
    frame = pl.concat(frames, rechunk=True)
    return frame if frame[PROBLEM].null_count() < frame.height else frame.drop(PROBLEM)


def _rows(data: bytes, header: Header, name: str) -> Iterator[tuple[list[str], int]]:
    """Cells of each row, as many as there are, and the physical line of its first character."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True, skipinitialspace=True)
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if before <= header.lines or not "".join(cells).strip(SPACE):
                continue
            if before > line and (len(cells) != header.width or _holds_rows(cells, header.width)):
                raise _open_quote(name, line, before)
            if len(cells) > header.width and ends_in_surplus(cells, header):
                cells = cells[:header.width]
            yield cells, line
    except csv.Error as error:
        raise _open_quote(name, before + 1, reader.line_num) from error


def _holds_rows(cells: list[str], width: int) -> bool:
    """Whether a value with line breaks has as many commas as a row: then its quote swallowed at least one."""
    return any("\n" in cell and cell.count(",") >= width - 1 for cell in cells)


def _open_quote(name: str, line: int, end: int) -> SetUnusable:
    until = f" (found out at line {end})" if end > line else ""
    text = f"{name} is not well-formed CSV: the quotes of line {line} do not match{until}"
    return unusable("FIL-02", text, file=name, line=line)


def _frame(rows: list[tuple[list[str], int]], header: Header) -> pl.DataFrame:
    """A batch of rows as columns; a ragged row is read as far as it goes."""
    width, blank = header.width, [""] * header.width
    ragged = [len(cells) != width for cells, _ in rows]
    cells = [cells + blank if odd else cells for (cells, _), odd in zip(rows, ragged, strict=True)]
    columns: dict[str, pl.Series] = {
        column: pl.Series([row[place] for row in cells], dtype=pl.String) for column, place in header.columns.items()
    }
    lines = pl.Series([line for _, line in rows], dtype=pl.UInt32)
    problems = pl.Series(["FIL-11" if odd else None for odd in ragged], dtype=pl.String)
    return trimmed(pl.DataFrame(columns | {LINE: lines, PROBLEM: problems}))
