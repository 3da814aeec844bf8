"""The fast CSV reader: Polars, for files that are provably even; for any other it declines.

Polars pads short rows without a word, drops carriage returns, and lets columns that are not asked for be ragged. So
the bytes are proven first: a file without quotes must consist of rows of exactly the header's commas, and in a file
with quotes each line must match the grammar of RFC 4180 for one whole row. What declines goes to `csv_exact`, which
reads everything and names lines. Where this reader answers, its frame equals the exact one.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator

import polars as pl

from homeroom.model.snapshot import LINE
from homeroom.read.cells import trimmed
from homeroom.read.header import Header

_SPACES = b" \t\xa0"
"""Bytes of which one must be there if anything is to be trimmed; the last ends a no-break space, among others."""
_STRUCTURE = b',"\r\n' + _SPACES
_CONTENT = bytes(set(range(256)) - set(_STRUCTURE))
_CELL = r'(?:[^",\r]*|"(?:[^"\r]|"")*")'
_WIDEST = 200
_PIECE = 32 << 20
_BLANK_END = (b"\n\n", b"\n\r\n")
_FILLED = re.compile(rb"\S")


def read_fast(data: bytes, header: Header) -> pl.DataFrame | None:
    """The rows below the header, or None if the file is not provably even. `data` is valid UTF-8 without zero bytes.

    Kept columns as trimmed text with blank cells null, and `_line`.
    """
    if not header.simple or not 2 <= header.width <= _WIDEST or not _FILLED.search(data, header.end):
        return None
    if data.startswith(BOM_UTF8, header.end):
        return None
    if data.endswith(_BLANK_END):
        data = data.rstrip(b"\r\n") + b"\n"
    frame = (_quoted if data.find(b'"', header.end) >= 0 else _unquoted)(data, header)
    return None if frame is None or _has_blank_row(frame) else frame


def _quoted(data: bytes, header: Header) -> pl.DataFrame | None:
    if not _well_formed(data, header):
        return None
    frame = _parsed(data, header, '"')
    spaced = any(data.find(space, header.end) >= 0 for space in _SPACES)
    return trimmed(frame) if spaced else frame


def _unquoted(data: bytes, header: Header) -> pl.DataFrame | None:
    skeleton = _skeleton(data, header)
    if spaced := any(space in skeleton for space in _SPACES):
        skeleton = skeleton.translate(None, _SPACES)
    if not _even(skeleton, header.width, data.endswith(b"\n")):
        return None
    frame = _parsed(data, header, None)
    if not _returns_end_lines(data, header, frame):
        return None
    return trimmed(frame) if spaced else frame


def _skeleton(data: bytes, header: Header) -> bytes:
    """What is left of the rows without their content: commas, line ends and spaces."""
    return data.translate(None, _CONTENT)[len(data[:header.end].translate(None, _CONTENT)):]


def _even(skeleton: bytes, width: int, closed: bool) -> bool:
    """Whether each row of a file without quotes has the header's commas and the same line end, but for the last line
    of a file that is not `closed` by one."""
    end = b"\r\n" if skeleton[width - 1:width] == b"\r" else b"\n"
    row = b"," * (width - 1) + end
    skeleton += b"" if closed else end
    return skeleton == row * (len(skeleton) // len(row))


def _returns_end_lines(data: bytes, header: Header, frame: pl.DataFrame) -> bool:
    """Whether carriage returns stand right before line feeds. An even structure shows that each follows the last
    comma; so it is enough to look into the last column, or, if that one is not kept, to count the pairs."""
    if data.find(b"\r", header.end) < 0:
        return True
    last = next((column for column, place in header.columns.items() if place == header.width - 1), None)
    if last is None:
        return data.count(b"\r\n", header.end) == frame.height - (not data.endswith(b"\n"))
    return not frame[last].str.contains("\r", literal=True).any()


def _well_formed(data: bytes, header: Header) -> bool:
    """Whether each line is one whole row of the right width, quotes included."""
    row = f"^{_CELL}(?:,{_CELL}){{{header.width - 1}}}$"
    return all(_is_rows(piece, row) for piece in _pieces(data, header.end))


def _is_rows(piece: bytes, row: str) -> bool:
    """Whether each line of a piece matches a pattern. Polars would drop a byte order mark at its start."""
    if piece.startswith(BOM_UTF8):
        return False
    lines = pl.read_csv(piece, has_header=False, separator="\0", quote_char=None, schema={"row": pl.String})
    return bool(lines["row"].str.contains(row).fill_null(False).all())


def _pieces(data: bytes, start: int) -> Iterator[bytes]:
    """Whole lines in pieces, so that the check needs little memory beside the file."""
    while start < len(data):
        cut = data.rfind(b"\n", start, start + _PIECE) + 1 or data.find(b"\n", start) + 1 or len(data)
        yield data[start:cut]
        start = cut


def _parsed(data: bytes, header: Header, quote: str | None) -> pl.DataFrame:
    rows = pl.scan_csv(
        data,
        has_header=False,
        skip_lines=header.lines,
        schema={str(place): pl.String for place in range(header.width)},
        quote_char=quote,
        null_values=[""],  # else a quoted blank would not be null
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
