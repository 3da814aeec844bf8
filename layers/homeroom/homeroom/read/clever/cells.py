"""What a value of Clever is as a cell of a row. Clever leaves out what it does not know, or sends null or "" (1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, str]
"""Column → cell; a column that holds nothing is not there."""
Object = Mapping[str, Any]
"""One object of Clever."""

GRADES: Mapping[str, str] = {
    "InfantToddler": "IT", "Preschool": "PR", "PreKindergarten": "PK", "TransitionalKindergarten": "TK",
    "Kindergarten": "KG", **{str(n): f"{n:02d}" for n in range(1, 14)}, "PostGraduate": "PS", "Ungraded": "UG",
    "Other": "Other",
}
"""Clever's grades → CEDS. The 22nd value is the empty one."""

_SPACE = " \t\r\n\u00a0"
"""Trimmed at both ends, as `read.cells` does for files."""


@dataclass(frozen=True)
class Given:
    """What the rows depend on besides the objects: the district's id, and what Clever's staff are to us."""

    district: str
    staff_role: str = "aide"


def text(value: object) -> str | None:
    """A cell: trimmed text or a number; None for anything blank or of another shape."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return (value.strip(_SPACE) or None) if isinstance(value, str) else None


def cells(made: Mapping[str, object]) -> Row:
    """A row of the cells that hold something."""
    found = ((column, text(value)) for column, value in made.items())
    return {column: value for column, value in found if value is not None}


def first_of(*values: object) -> str | None:
    """The first value that holds something."""
    return next((found for found in map(text, values) if found), None)


def listed(items: Iterable[object]) -> str | None:
    """Distinct items as one list cell; a comma inside an item is written as in an address."""
    texts = (text(item) for item in items)
    return ",".join(dict.fromkeys(t.replace(",", "%2C") for t in texts if t)) or None


def several(value: object) -> list[Any]:
    """A list, empty for anything else."""
    return value if isinstance(value, list) else []


def part(value: object) -> Object:
    """An object inside an object, empty for anything else."""
    return value if isinstance(value, dict) else {}


def grade(value: object) -> str | None:
    """A grade in CEDS; an unknown one as it is, for check to say so."""
    told = text(value)
    return GRADES.get(told, told) if told else None
