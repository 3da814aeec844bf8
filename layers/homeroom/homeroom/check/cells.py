"""Field checks: raw text cells become canonical columns, column by column, by the kind of the field.

Values of words, flags, dates, years and grade lists repeat in thousands of rows, so each distinct spelling is read
once and the column is mapped. Every row is checked here before any reference is looked at (design 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from homeroom.model.entities import Field
from homeroom.model.vocabulary import plain

EMAIL = r"^[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+$"
LONGEST_LIST = 50_000
"""Bytes of a list cell. The roster table takes no record of more than 400 KB, and one would stop the whole run."""
_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$", re.ASCII)
_YEAR = re.compile(r"^(?:\d{4}\s*[-/]\s*)?(\d{4})$", re.ASCII)


@dataclass(frozen=True)
class Finding:
    """Rows of a column where `code` applies; `error` rows are not taken."""

    code: str
    rows: pl.Series
    error: bool


@dataclass(frozen=True)
class Cells:
    """One canonical column with what was found in it."""

    column: pl.Series
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Reading:
    """How one spelling is read: its canonical value, and the code of what is wrong with it, if anything is."""

    value: object
    code: str | None = None


def read_cells(field: Field, raw: pl.Series) -> Cells:
    """Canonical column of a field from its raw cells, which the reader trimmed (blank = null)."""
    if raw.null_count() == len(raw):
        return _nothing(field, raw)
    reader = _READERS.get(field.kind)
    cells = _mapped(field, raw, *reader) if reader else _READ_COLUMNS[field.kind](field, raw)
    if not field.required or not (raw.has_nulls() or cells.column.has_nulls()):
        return cells
    missing = (cells.column if field.kind == "list" else raw).is_null()
    return Cells(cells.column, (Finding("FLD-01", missing, error=True), *cells.findings)) if missing.any() else cells


def _nothing(field: Field, raw: pl.Series) -> Cells:
    """A column without any value, as every source has some."""
    kind = _READERS[field.kind][1] if field.kind in _READERS else pl.String()
    column = pl.Series(field.name, [None], dtype=kind).new_from_index(0, len(raw))
    return Cells(column, (Finding("FLD-01", raw.is_null(), error=True),) if field.required and len(raw) else ())


def _mapped(field: Field, raw: pl.Series, read: Callable[[Field, str], Reading], kind: pl.DataType) -> Cells:
    """Read each distinct spelling once and map the column."""
    spellings = [s for s in raw.unique().to_list() if s is not None]
    if not spellings:
        return _nothing(field, raw)
    readings = {s: read(field, s) for s in spellings}
    return Cells(_values(raw, readings, kind).alias(field.name), _findings(raw, readings))


def _values(raw: pl.Series, readings: dict[str, Reading], kind: pl.DataType) -> pl.Series:
    """The canonical column; where every spelling is canonical already, without looking each cell up."""
    if all(r.value == s for s, r in readings.items()):
        return raw
    if kind == pl.Boolean and readings.keys() <= {"true", "false"}:
        return raw == "true"
    if kind == pl.Date and all(r.value is not None and len(s) == len("YYYY-MM-DD") for s, r in readings.items()):
        return raw.str.to_date("%Y-%m-%d")
    values = pl.Series([r.value for r in readings.values()], dtype=kind)
    return raw.replace_strict(list(readings), values, default=None, return_dtype=kind)


def _findings(raw: pl.Series, readings: dict[str, Reading]) -> tuple[Finding, ...]:
    codes = sorted({r.code for r in readings.values() if r.code})
    by_code = {code: [s for s, r in readings.items() if r.code == code] for code in codes}
    return tuple(
        Finding(code, _any_of(raw, wrong), error=code == "FLD-07") for code, wrong in by_code.items()
    )


def _any_of(raw: pl.Series, values: list[str]) -> pl.Series:
    """Rows whose value is one of many; a join, because membership in long lists is slow in the engine."""
    if len(values) < 50:
        return raw.is_in(values).fill_null(False)
    frame = raw.rename("value").to_frame().with_row_index("at")
    hits = frame.join(pl.DataFrame({"value": values}), on="value", how="semi")["at"]
    return frame["at"].is_in(hits.implode()) if len(hits) < 50 else _marked(len(raw), hits)


def _marked(height: int, at: pl.Series) -> pl.Series:
    rows = pl.zeros(height, pl.Boolean, eager=True)
    return rows.scatter(at, True)


def _read_word(field: Field, text: str) -> Reading:
    assert field.vocabulary is not None, field.name
    word = field.vocabulary.spellings().get(plain(text))
    if word is not None:
        return Reading(word)
    return Reading(None, "FLD-07" if field.name == "role" else "FLD-02")


def _read_flag(field: Field, text: str) -> Reading:
    """`enabledUser` that is neither true nor false counts as true, so that nobody is locked out by a typing error."""
    assert field.vocabulary is not None, field.name
    word = field.vocabulary.spellings().get(plain(text))
    if word is None:
        return Reading(True if field.required else None, "FLD-02")
    return Reading(word == "true")


def _read_date(_: Field, text: str) -> Reading:
    """The calendar date as written; a time part is dropped without shifting zones."""
    match = _DATE.match(text)
    try:
        return Reading(date(*(int(part) for part in match.groups()))) if match else Reading(None, "FLD-06")
    except ValueError:
        return Reading(None, "FLD-06")


def _read_year(_: Field, text: str) -> Reading:
    """The year in which the school year ends; `2026-2027` is read as 2027, with a warning."""
    match = _YEAR.match(text)
    if not match:
        return Reading(None, "FLD-02")
    return Reading(match.group(1), None if text == match.group(1) else "FLD-02")


def _read_grades(field: Field, text: str) -> Reading:
    assert field.vocabulary is not None, field.name
    known = field.vocabulary.spellings()
    words = [known.get(plain(item)) for item in _items(text)]
    found = [word or field.vocabulary.other for word in words]
    return Reading(",".join(dict.fromkeys(w for w in found if w)) or None, None if all(words) else "FLD-03")


def _read_list(field: Field, text: str) -> Reading:
    """Items without blanks. References count once; of others (subjects and their codes) the places matter."""
    items = _items(text)
    return Reading(",".join(dict.fromkeys(items) if field.references else items) or None)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


_READERS: dict[str, tuple[Callable[[Field, str], Reading], pl.DataType]] = {
    "word": (_read_word, pl.String()),
    "flag": (_read_flag, pl.Boolean()),
    "date": (_read_date, pl.Date()),
    "year": (_read_year, pl.String()),
    "grades": (_read_grades, pl.String()),
}


def _id_cells(field: Field, raw: pl.Series) -> Cells:
    too_long = (raw.str.len_bytes() > field.longest).fill_null(False)
    findings = (Finding("FLD-08", too_long, error=True),) if too_long.any() else ()
    return Cells(raw.alias(field.name), findings)


def _text_cells(field: Field, raw: pl.Series) -> Cells:
    too_long = (raw.str.len_bytes() > field.longest).fill_null(False)
    if not too_long.any():
        return Cells(raw.alias(field.name), ())
    too_long &= (raw.str.len_chars() > field.longest).fill_null(False)
    return Cells(raw.str.head(field.longest).alias(field.name), (Finding("FLD-05", too_long, error=False),))


def _email_cells(field: Field, raw: pl.Series) -> Cells:
    wrong = ~raw.str.contains(EMAIL).fill_null(True)
    if not wrong.any():
        return Cells(raw.alias(field.name), ())
    column = pl.select(pl.when(~wrong).then(raw)).to_series()
    return Cells(column.alias(field.name), (Finding("FLD-04", wrong, error=False),))


def _list_cells(field: Field, raw: pl.Series) -> Cells:
    """Lists stay comma-joined text inside frames; only cells with a comma have items to trim.

    A list of references is as long as there are records; any other is cut after its last whole item.
    """
    too_long = (raw.str.len_bytes() > LONGEST_LIST).fill_null(False)
    found: tuple[Finding, ...] = ()
    if too_long.any() and field.references is None:
        cut = raw.str.head(LONGEST_LIST).str.replace(r",[^,]*$", "")
        raw = pl.select(pl.when(too_long).then(cut).otherwise(raw).alias(raw.name)).to_series()
        found = (Finding("FLD-05", too_long, error=False),)
    if not raw.str.contains(",", literal=True).any():
        return Cells(raw.alias(field.name), found)
    cells = _mapped(field, raw, _read_list, pl.String())
    return Cells(cells.column, (*found, *cells.findings))


_READ_COLUMNS: dict[str, Callable[[Field, pl.Series], Cells]] = {
    "id": _id_cells,
    "text": _text_cells,
    "extras": _text_cells,
    "email": _email_cells,
    "list": _list_cells,
}
