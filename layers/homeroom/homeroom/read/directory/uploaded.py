"""A list that the district uploads: a CSV with the columns `id`, `givenName`, `familyName` in any order and spelling.

What can be misread is refused with its line: a shorter list would take people's accounts from them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from homeroom.errors import SourceUnusable
from homeroom.model.directory import Account, UploadedList
from homeroom.read.directory import Access

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "userid", "accountid", "objectid", "immutableid", "entryuuid"),
    "givenName": ("givenname", "firstname", "first"),
    "familyName": ("familyname", "lastname", "surname", "sn", "last"),
}
"""Each column with the spellings that are taken for it: in any case, without spaces, `_` and `-`."""
_ENCODINGS = ("utf-8-sig", "cp1252")
_AGAIN = "Correct the list and upload it again."
LONGEST_ID = 255


def accounts(_directory: UploadedList, access: Access) -> list[Account]:
    """All rows of the list. Raises SourceUnusable."""
    rows = csv.reader(io.StringIO(_text(access.uploaded()), newline=""), strict=True)
    found: dict[str, Account] = {}
    try:
        places = _places(next(rows, []))
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= max(places.values()):
                raise _wrong(f"line {rows.line_num} has too few cells", "FIL-11")
            one = Account(*(row[places[column]].strip() for column in _COLUMNS))
            _check(one, found, rows.line_num)
            found[one.id] = one
    except csv.Error:
        raise _wrong(f"line {rows.line_num} is no CSV", "FIL-02") from None
    return list(found.values())


def _check(one: Account, found: Mapping[str, Account], line: int) -> None:
    if not one.id:
        raise _wrong(f"line {line} has no id", "FLD-01")
    if len(one.id) > LONGEST_ID:
        raise _wrong(f"the id in line {line} is longer than {LONGEST_ID} characters", "FLD-08")
    if found.get(one.id, one) != one:
        raise _wrong(f"line {line} has the id of an earlier line and another name", "DUP-01")


def _places(header: list[str]) -> dict[str, int]:
    plain = [cell.lower().replace(" ", "").replace("_", "").replace("-", "") for cell in header]
    places = {column: [at for at, cell in enumerate(plain) if cell in spellings]
              for column, spellings in _COLUMNS.items()}
    absent = [column for column, at in places.items() if not at]
    if absent:
        raise _wrong(f"line 1 does not name the column {' and '.join(absent)}", "FIL-04")
    twice = [column for column, at in places.items() if len(at) > 1]
    if twice:
        raise _wrong(f"line 1 names the column {' and '.join(twice)} more than once", "FIL-04")
    return {column: at[0] for column, at in places.items()}


def _text(body: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _wrong("it is neither UTF-8 nor Windows-1252", "FIL-01")


def _wrong(text: str, code: str) -> SourceUnusable:
    return SourceUnusable(f"the uploaded list of accounts can not be used: {text}", code=code, remedy=_AGAIN)
