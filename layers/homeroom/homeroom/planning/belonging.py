"""Which classes a person is in and who is in a class: source beside roster, and why each one that is missing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from homeroom.check import Checked
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.model.issues import CATALOGUE
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.planning.looking import Rows
from homeroom.shape.desired import RULE, Desired

SHOWN = 20
"""Missing members of a class that are listed; the others are counted."""
_COLUMNS = {"sourcedId": SOURCE_ID, "classSourcedId": "class", "userSourcedId": "person", "role": "role"}
_FOLLOWS = {
    "follows its class": ("classes", "class"), "follows its person": ("people", "person"),
    "its person is not taken by the product": ("people", "person"),
}
"""Rules that only follow what happens to the class or person of an enrollment."""


@dataclass(frozen=True)
class Seen:
    """Everything that one explanation looks at, computed once: rows, their checks, what rules leave, what was applied.
    """

    rows: Rows
    snapshot: Snapshot
    checked: Checked
    desired: Desired
    state: State
    strangers: pl.Series
    """Source ids under which the rows have somebody else (IDN-01)."""

    def issues(self, entity: str, source_id: str) -> pl.DataFrame:
        """Findings about one record."""
        found = self.checked.issues.filter((pl.col("entity") == entity) & (pl.col(SOURCE_ID) == source_id))
        rules = self.desired.issues.filter((pl.col("entity") == entity) & (pl.col(SOURCE_ID) == source_id))
        return pl.concat([found, rules])

    def first_error(self, entity: str, source_id: str) -> str | None:
        """Code and words of the finding for which the row is not taken."""
        for code, text in self.issues(entity, source_id).select("code", "text").iter_rows():
            if CATALOGUE[code].severity == "error":
                return f"{code}, {text or CATALOGUE[code].meaning}"
        return None

    def rule(self, entity: str, source_id: str) -> str | None:
        """The rule that leaves it out."""
        left = self.desired.left_out.get(entity)
        found = [] if left is None else left.filter(pl.col(SOURCE_ID) == source_id)[RULE].to_list()
        return str(found[0]) if found else None


def classes_of(person: str, seen: Seen) -> list[dict[str, Any]]:
    """Every enrollment of a person: class, role, whether it is here, and why not."""
    return [_told(one, "class", seen) for one in _enrollments("person", person, seen)]


def members_of(klass: str, seen: Seen) -> dict[str, Any]:
    """How many members a class has at the source and here, by role; why some are missing, and the first of them.

    `leaving` are here, and not for long; `former` were here, and the source has them no more.
    """
    all_of_it = [_told(one, "person", seen) for one in _enrollments("class", klass, seen)]
    missing = [one for one in all_of_it if one["in_source"] and not one["here"]]
    return {
        "source": dict(Counter(one["role"] for one in all_of_it if one["in_source"])),
        "here": dict(Counter(one["role"] for one in all_of_it if one["here"])),
        "missing": dict(Counter(one["why"] for one in missing)),
        "first_missing": missing[:SHOWN],
        "leaving": dict(Counter(one["why"] for one in all_of_it if one["here"] and one["why"] is not None)),
        "former": sum(not one["in_source"] and not one["here"] for one in all_of_it),
    }


def _enrollments(side: str, source_id: str, seen: Seen) -> Iterator[dict[str, Any]]:
    """Enrollments of one person or class, in source order, then those that only the roster has."""
    raw = seen.snapshot.frames.get("enrollments")
    said: dict[str, dict[str, Any]] = {}
    if raw is not None and raw.height:
        there = [pl.col(column).alias(name) for column, name in _COLUMNS.items()]
        for row in raw.select(*there, LINE).filter(pl.col(side) == source_id).iter_rows(named=True):
            said[row[SOURCE_ID]] = {**row, "in_source": True}
    kept = seen.state["enrollments"].filter(pl.col(side) == source_id)
    statuses = dict(kept.select(SOURCE_ID, STATUS).iter_rows())
    for id, row in said.items():
        yield {**row, STATUS: statuses.get(id)}
    for row in kept.select(SOURCE_ID, "class", "person", "role", STATUS).iter_rows(named=True):
        if row[SOURCE_ID] not in said:
            yield {**row, LINE: None, "in_source": False}


def _told(one: Mapping[str, Any], other: str, seen: Seen) -> dict[str, Any]:
    """One enrollment for the answer; `other` is the side that was not asked for."""
    here = one[STATUS] == ACTIVE
    entity = "classes" if other == "class" else "people"
    told = {
        "enrollment": one[SOURCE_ID], other: one[other], "role": (one["role"] or "").lower(), "here": here,
        "line": one[LINE], "in_source": one["in_source"], "why": _why(one, here=here, seen=seen),
    }
    return told | ({"title": _title(one[other], seen)} if entity == "classes" else {})


def _why(one: Mapping[str, Any], *, here: bool, seen: Seen) -> str | None:
    """Why an enrollment is not here, or not for long; None where there is nothing to say."""
    id = one[SOURCE_ID]
    held = f"waits for approval of run {seen.rows.run}"
    if not one["in_source"]:
        if here:
            return f"its row is gone: {held}" if seen.rows.held else "the rows read last do not have it"
        return "the source does not have it any more"
    error = seen.first_error("enrollments", id)
    if error is not None:
        return ("kept as it was: " if here else "") + _with_cause(error, one, seen)
    rule = seen.rule("enrollments", id)
    if rule is not None:
        return _by_rule(rule, one, seen)
    if here:
        return None
    return held if seen.rows.held else "comes with the next run"


def _with_cause(error: str, one: Mapping[str, Any], seen: Seen) -> str:
    """An error that only follows another one is told by its cause."""
    if error.startswith("REF-07"):
        for entity, side in (("classes", "class"), ("people", "person")):
            cause = seen.first_error(entity, one[side]) if one[side] else None
            if cause is not None:
                return f"its {side} {one[side]} is in error: {cause}"
    return error


def _by_rule(rule: str, one: Mapping[str, Any], seen: Seen) -> str:
    if rule in _FOLLOWS:
        entity, side = _FOLLOWS[rule]
        cause = seen.rule(entity, one[side])
        if cause is not None:
            return f"its {side} {one[side]} is left out: {cause}"
    return f"left out: {rule}"


def _title(klass: str, seen: Seen) -> str | None:
    for frame in (seen.state["classes"], seen.checked.entities["classes"].records):
        found = frame.filter(pl.col(SOURCE_ID) == klass)["title"].to_list()
        if found:
            return str(found[0])
    return None
