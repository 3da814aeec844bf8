"""The fast CSV reader: Polars, for files that are provably even; for any other it declines.

Polars pads short rows without a word, drops carriage returns, and lets columns that are not asked for be ragged. So
the bytes are proven first: a file without quotes must consist of rows of exactly the header's commas, and in a file
with quotes each line must match the grammar of RFC 4180 for one whole row. What declines goes to `csv_exact`, which
reads everything and names lines. Where this reader answers, its frame equals the exact one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from homeroom.model.snapshot import LINE
from homeroom.read.cells import trimmed
from homeroom.read.header import Header

_STRUCTURE = b',"\r\n'
_CONTENT = bytes(set(range(256)) - set(_STRUCTURE))
_CELL = r'(?:[^",\r]*|"(?:[^"\r]|"")*")'
_WIDEST = 200
_PIECE = 32 << 20
_BLANK_END = (b"\n\n", b"\n\r\n")
_SPACES = (b" ", b"\t", "\u00a0".encode())
_FILLED = re.compile(rb"\S")


def read_fast(data: bytes, header: Header) -> pl.DataFrame | None:
    """The rows below the header, or None if the file is not provably even. `data` is valid UTF-8 without zero bytes.

    Kept columns as trimmed text with blank cells null, and `_line`.
    """
    if not header.simple or not 2 <= header.width <= _WIDEST or not _FILLED.search(data, header.end):
        return None
    if data.endswith(_BLANK_END):
        data = data.rstrip(b"\r\n") + b"\n"
    quoted = data.find(b'"', header.end) >= 0
    if not (_even(data, header) or _well_formed(data, header)):
        return None
    frame = _parsed(data, header, quoted)
    if quoted or any(data.find(space, header.end) >= 0 for space in _SPACES):
        frame = trimmed(frame)
    return None if _has_blank_row(frame) else frame


def _even(data: bytes, header: Header) -> bool:
    """Whether a file has no quotes and each row the same commas and line end, by its bare structure."""
    skeleton = data.translate(None, _CONTENT)[len(data[:header.end].translate(None, _CONTENT)):]
    end = b"\r\n" if skeleton[header.width - 1:header.width] == b"\r" else b"\n"
    if not skeleton.endswith(b"\n"):
        skeleton += end
    row = b"," * (header.width - 1) + end
    rows = len(skeleton) // len(row)
    if skeleton != row * rows:
        return False
    return end == b"\n" or _ends_in_pairs(data, header, rows)


def _ends_in_pairs(data: bytes, header: Header, rows: int) -> bool:
    """Whether each carriage return stands right before its line feed."""
    pairs = data.count(b"\r\n", header.end)
    return pairs == rows or (pairs == rows - 1 and not data.endswith(b"\n"))


def _well_formed(data: bytes, header: Header) -> bool:
    """Whether each line is one whole row of the right width, quotes included."""
    row = f"^{_CELL}(?:,{_CELL}){{{header.width - 1}}}$"
    return all(_lines(piece)["row"].str.contains(row).fill_null(False).all() for piece in _pieces(data, header.end))


def _lines(piece: bytes) -> pl.DataFrame:
    return pl.read_csv(piece, has_header=False, separator="\0", quote_char=None, schema={"row": pl.String})


def _pieces(data: bytes, start: int) -> Iterator[bytes]:
    """Whole lines in pieces, so that the check needs little memory beside the file."""
    while start < len(data):
        cut = data.rfind(b"\n", start, start + _PIECE) + 1 or data.find(b"\n", start) + 1 or len(data)
        yield data[start:cut]
        start = cut


def _parsed(data: bytes, header: Header, quoted: bool) -> pl.DataFrame:
    rows = pl.scan_csv(
        data,
        has_header=False,
        skip_lines=header.lines,
        schema={str(place): pl.String for place in range(header.width)},
        quote_char='"' if quoted else None,
        row_index_name=LINE,
        row_index_offset=header.lines + 1,
    )
    cells = [pl.col(str(place)).alias(column) for column, place in header.columns.items()]
    return rows.select(*cells, LINE).collect()


def _has_blank_row(frame: pl.DataFrame) -> bool:
    """Rows without any kept value are judged by the exact reader, which sees the other cells too."""
    first = frame.columns[0]
    if not frame[first].null_count():
        return False
    return bool(frame.select(pl.all_horizontal(pl.exclude(LINE).is_null()).any()).item())
