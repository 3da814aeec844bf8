"""What a read of Clever kept → raw frames. The only module here that knows the engine.

`frames_of_rows` makes them of a full read, `apply_steps` of the roster that was applied last and what events told
since. Both end in the same frames for the same state of the source, whatever the events were: the last step of a
record decides, a removed record is simply not there any more (deleted and unshared look alike, so to the guards it must
be like any other unexplained absence), and a section's people are replaced as a whole.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.clever.rows import COLUMNS, MAY_LACK, MEMBERS
from homeroom.read.delta import carry_over

Frames = tuple[dict[str, pl.DataFrame], Mapping[str, tuple[str, ...]]]
_ID, _CLASS, _CLASSES = "sourcedId", "classSourcedId", "classes"


def frames_of_rows(lines: Mapping[str, bytes]) -> Frames:
    """Frames of a full read, from JSON lines of rows by file stem. `_line` counts the records of a file from 1."""
    return {stem: _frame(stem, lines.get(stem, b"")) for stem in COLUMNS}, MAY_LACK


def apply_steps(base: Snapshot, lines: bytes) -> Frames:
    """Frames of the roster after these steps: JSON lines `{stem, id, row | null, enrollments?}` in the order of events.

    `_line` of a row that a step told is the number of the step, from 1; rows of the base have none.
    """
    last = {(step["stem"], step["id"]): (n, step) for n, step in enumerate(map(json.loads, lines.splitlines()), 1)}
    frames = {}
    for stem in COLUMNS:
        told = {key: found for (kind, key), found in last.items() if kind == (_CLASSES if stem == MEMBERS else stem)}
        named, rows = (_CLASS, _members(told.values())) if stem == MEMBERS else (_ID, _records(told.values()))
        frames[stem] = pl.concat([_kept(base, stem, named, told), _of_dicts(stem, rows)])
    return frames, MAY_LACK


def _records(told: Iterable[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**step["row"], LINE: n} for n, step in told if step["row"] is not None]


def _members(told: Iterable[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**row, LINE: n} for n, step in told for row in step.get("enrollments", ())]


def _kept(base: Snapshot, stem: str, column: str, told: Mapping[str, object]) -> pl.DataFrame:
    """Rows of the base that no step speaks of, in the columns of today. What the base was kept without is null."""
    if stem not in base.frames:
        return _of_dicts(stem, [])
    rows, ids = base.frames[stem], pl.DataFrame({column: list(told)}, schema={column: pl.String})
    columns = [pl.col(name) if name in rows.columns else pl.lit(None, kind).alias(name)
               for name, kind in _schema(stem).items()]
    return carry_over(rows.select(columns).join(ids, on=column, how="anti"))


def _frame(stem: str, lines: bytes) -> pl.DataFrame:
    cells = dict.fromkeys(COLUMNS[stem], pl.String)
    if not lines:
        return _of_dicts(stem, [])
    read = pl.read_ndjson(io.BytesIO(lines), schema=cells)
    return read.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(LINE))


def _of_dicts(stem: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_schema(stem))


def _schema(stem: str) -> dict[str, type[pl.DataType]]:
    return {**dict.fromkeys(COLUMNS[stem], pl.String), LINE: pl.UInt32}
