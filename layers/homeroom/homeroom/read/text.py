"""Delivered bytes → UTF-8 without guessing names: byte order marks, UTF-16, and Windows-1252 as a last resort.

Traps T40 and T41, conformance 3, 6 and 7.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

from homeroom.model.issues import Issue
from homeroom.read.unusable import unusable

_PIECE = 1 << 20
_WIDE = (  # a mark of UTF-32 begins like one of UTF-16, so it is looked for first
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Text:
    """A file's content as UTF-8, perhaps with its mark, and the warning if it was not UTF-8 (FIL-08)."""

    data: bytes
    warning: Issue | None = None


def as_utf8(raw: bytes, name: str) -> Text:
    """Content of a text file as UTF-8. `name` is for messages.

    Bytes that are no UTF-8 are read as Windows-1252, each where it stands, so that a file of mixed origin keeps its
    good names. Lines that end in CR alone end in LF afterwards. Raises SourceUnusable (FIL-01).
    """
    for mark, encoding in _WIDE:
        if raw.startswith(mark):
            raw = _narrowed(raw, encoding, name)
            break
    if (at := raw.find(b"\0")) >= 0:
        text = f"{name} holds zero bytes from line {_line(raw, at)} on; it is no text, or UTF-16 without its mark"
        raise unusable("FIL-01", text, file=name, line=_line(raw, at))
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    return Text(raw) if _is_utf8(raw) else _from_windows(raw, name)


def _narrowed(raw: bytes, encoding: str, name: str) -> bytes:
    try:
        return raw.decode(encoding).encode()
    except UnicodeError as error:
        raise unusable("FIL-01", f"{name} begins like {encoding.upper()} and is not", file=name) from error


def _is_utf8(raw: bytes) -> bool:
    """Checked in pieces, so that no second copy of a large file is made."""
    if raw.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(raw)
    try:
        for at in range(0, len(raw), _PIECE):
            decoder.decode(view[at:at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(raw: bytes, name: str) -> Text:
    """The text line by line; in a line that is no UTF-8, the bytes that are not are Windows-1252."""
    out, wrong = io.BytesIO(), []
    for number, line in enumerate(io.BytesIO(raw), 1):
        try:
            line.decode()
            out.write(line)
        except UnicodeDecodeError:
            wrong.append(number)
            out.write(_mixed(line, name, number).encode())
    text = f"{name} is not UTF-8 from line {wrong[0]} on; {len(wrong)} lines were read as Windows-1252"
    return Text(out.getvalue(), Issue("FIL-08", text, file=name, line=wrong[0]))


def _mixed(line: bytes, name: str, number: int) -> str:
    text = ""
    while line:
        try:
            return text + line.decode()
        except UnicodeDecodeError as error:
            foreign = line[error.start:error.end]
            try:
                text += line[:error.start].decode() + foreign.decode("cp1252")
            except UnicodeDecodeError:
                reason = f"{name} is neither UTF-8 nor Windows-1252 at line {number}"
                raise unusable("FIL-01", reason, file=name, line=number) from error
            line = line[error.end:]
    return text


def _line(raw: bytes, at: int) -> int:
    """Physical line of a byte, from 1 on."""
    return raw.count(b"\n", 0, at) + 1
