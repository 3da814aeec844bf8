"""The same district under new ids: of a source that rebuilt its calendar, or of another aggregator."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders.oneroster import Files, Row

SINGLE = ("sourcedId", "parentSourcedId", "orgSourcedId", "courseSourcedId", "schoolSourcedId", "schoolYearSourcedId",
          "classSourcedId", "userSourcedId", "primaryOrgSourcedId")
LISTS = ("orgSourcedIds", "termSourcedIds", "agentSourcedIds")


def anew(id: str) -> str:
    """The new id of a record."""
    return f"new-{id}"


def under_new_ids(files: Files, rename: Callable[[str], str] = anew) -> Files:
    """Every sourcedId and every reference renamed; nothing else."""
    return {stem: [_renamed(row, rename) for row in rows] for stem, rows in files.items()}


def _renamed(row: Row, rename: Callable[[str], str]) -> Row:
    single = {column: rename(row[column]) for column in SINGLE if row.get(column)}
    lists = {column: ",".join(rename(id) for id in row[column].split(",")) for column in LISTS if row.get(column)}
    return {**row, **single, **lists}
