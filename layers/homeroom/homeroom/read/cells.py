"""What both CSV readers agree on: outer white space is no part of a value, and a blank cell is null."""

from __future__ import annotations

import polars as pl

from homeroom.model.snapshot import LINE

SPACE = " \t\r\n\u00a0"
"""Signs trimmed at both ends of a cell (traps T20 and T31); the last one is the no-break space."""


def trimmed(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its text cells trimmed and blank ones null."""
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars(SPACE))
    blank = frame.select((pl.col(pl.String) == "").any()).row(0, named=True)
    cells = pl.col([column for column, found in blank.items() if found])
    return frame.with_columns(pl.when(cells != "").then(cells).name.keep()) if any(blank.values()) else frame


def empty(columns: list[str]) -> pl.DataFrame:
    """A frame of these columns without rows."""
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {LINE: pl.UInt32})
