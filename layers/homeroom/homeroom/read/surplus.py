"""Rows that end in a comma too many, told apart from rows that a comma inside a value has shifted.

Both have blank cells beyond the last column when the last columns are blank, as `password` always is. Real exports
have such commas (the Ed-Fi sample, on its teachers), and a shifted row taken for a whole one would put a part of a name
where the email belongs. So a row is taken only on proof: each cell of a known form has that form in its place, and
after the last of them nothing is filled. A comma further left would have moved that last one out of its place.
"""

from __future__ import annotations

import re

from homeroom.model.entities import Field
from homeroom.model.vocabulary import plain
from homeroom.read.cells import SPACE
from homeroom.read.header import Header

_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?"),
    "year": re.compile(r"\d{4}"),
    "email": re.compile(r"[^@\s,;]+@[^@\s,;.]+(?:\.[^@\s,;.]+)+"),
}


def ends_in_surplus(cells: list[str], header: Header) -> bool:
    """Whether a row with more cells than the header only has blank ones too many at its end."""
    formed = {place: cell for place in header.formed if (cell := cells[place].strip(SPACE))}
    if not all(_fits(header.formed[place], cell) for place, cell in formed.items()):
        return False
    return not "".join(cells[max(formed, default=-1) + 1:]).strip(SPACE)


def _fits(field: Field, cell: str) -> bool:
    if field.vocabulary is None:
        return bool(_FORMS[field.kind].fullmatch(cell))
    words = field.vocabulary.spellings()
    return all(plain(item) in words for item in (cell.split(",") if field.kind == "grades" else [cell]))
