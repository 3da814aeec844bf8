"""Collects what the checks find: one row per (row, column, code), as a frame that is written out once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from homeroom.model.issues import CATALOGUE, ISSUE_COLUMNS, Issue
from homeroom.model.snapshot import LINE

SCHEMA: dict[str, pl.DataType] = {c: pl.String() for c in ISSUE_COLUMNS} | {"line": pl.UInt32()}

SOURCE_ID = "source_id"


@dataclass(frozen=True)
class Where:
    """The place of a finding: entity, OneRoster file stem and column."""

    entity: str
    file: str
    column: str | None = None


def no_issues() -> pl.DataFrame:
    """A frame of issues without any."""
    return pl.DataFrame(schema=SCHEMA)


class Findings:
    """Grows while the checks run; `frame()` is the result, in the order in which the checks found it."""

    def __init__(self, issues: Iterable[Issue] = ()):
        rows = [{c: getattr(issue, c) for c in ISSUE_COLUMNS} for issue in issues]
        self._frames = [pl.DataFrame(rows, schema=SCHEMA)] if rows else []

    def add(self, code: str, rows: pl.DataFrame, where: Where, *, value: pl.Expr | None = None,
            cause: pl.Expr | None = None) -> None:
        """Note one finding for each of `rows`, which have `source_id` and the physical line."""
        if rows.is_empty():
            return
        none = pl.lit(None, pl.String)
        self._frames.append(rows.select(
            pl.lit(code).alias("code"),
            pl.lit(CATALOGUE[code].meaning).alias("text"),
            pl.lit(where.entity).alias("entity"),
            pl.col(SOURCE_ID),
            pl.lit(where.file).alias("file"),
            pl.col(LINE).alias("line"),
            pl.lit(where.column, pl.String).alias("column"),
            (none if value is None else value).alias("value"),
            (none if cause is None else cause).alias("cause"),
        ).cast(SCHEMA))  # type: ignore[arg-type]

    def frame(self) -> pl.DataFrame:
        """All findings so far."""
        return pl.concat(self._frames) if self._frames else no_issues()


def by_code(issues: pl.DataFrame) -> dict[str, int]:
    """How often each code was found, in the order of the codes."""
    counted = issues.group_by("code").len().sort("code")
    return dict(counted.iter_rows())
