"""Which records a path of the OneRoster fake holds, and which of them a query asks for (reference: 3.1 and 3.3)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.fakes.oneroster_json import Record, Row, record, roles_of
from tests.fakes.oneroster_service import Service

Keep = Callable[[Service, Row], bool]


@dataclass(frozen=True)
class Listing:
    """A collection that a path names: its key, its rows in natural order, and whether the path is a nested one."""

    key: str
    rows: Sequence[Row]
    nested: bool = False
    single: str | None = None
    """The key of one record, where the path names one."""


def _typed(*types: str) -> Keep:
    return lambda _, row: row.get("type") in types


def _in_role(*roles: str) -> Keep:
    return lambda service, row: bool({one["role"] for one in roles_of(service, row)} & {*roles})


_TOP: Mapping[str, tuple[str, Keep]] = {
    "orgs": ("orgs", lambda _, __: True),
    "schools": ("orgs", _typed("school")),
    "academicSessions": ("academicSessions", lambda _, __: True),
    "terms": ("academicSessions", _typed("term", "semester")),
    "gradingPeriods": ("academicSessions", _typed("gradingPeriod")),
    "courses": ("courses", lambda _, __: True),
    "classes": ("classes", lambda _, __: True),
    "users": ("users", lambda _, __: True),
    "students": ("users", _in_role("student")),
    "teachers": ("users", _in_role("teacher")),
    "enrollments": ("enrollments", lambda _, __: True),
    "demographics": ("demographics", lambda _, __: True),
}
_SINGLE = {"orgs": "org", "academicSessions": "academicSession", "courses": "course", "classes": "class",
           "users": "user", "enrollments": "enrollment", "demographics": "demographics"}


def _cells(row: Row, column: str) -> list[str]:
    return [item.strip() for item in row.get(column, "").split(",")]


def _at_school(service: Service, row: Row, school: str) -> bool:
    return any(role["orgSourcedId"] == school for role in roles_of(service, row))


def _terms_at(service: Service, row: Row, school: str) -> bool:
    """Sessions that classes of the school use."""
    classes = (one for one in service.rows.get("classes", []) if one["schoolSourcedId"] == school)
    return any(row["sourcedId"] in _cells(one, "termSourcedIds") for one in classes)


def _enrolled(of: str, to: str) -> Callable[[Service, Row, str], bool]:
    """Rows that an enrollment links to a record; `of` and `to` are columns of enrollments."""
    def linked(service: Service, row: Row, other: str) -> bool:
        return any(one[of] == row["sourcedId"] and one[to] == other for one in service.rows.get("enrollments", []))
    return linked


_IN_CLASS, _OF_PERSON = _enrolled("userSourcedId", "classSourcedId"), _enrolled("classSourcedId", "userSourcedId")
_NESTED: Mapping[tuple[str, str], Callable[[Service, Row, str], bool]] = {
    ("schools", "courses"): lambda s, row, school: row.get("orgSourcedId") == school or any(
        one["schoolSourcedId"] == school and one.get("courseSourcedId") == row["sourcedId"]
        for one in s.rows.get("classes", [])),
    ("schools", "classes"): lambda _, row, school: row["schoolSourcedId"] == school,
    ("schools", "enrollments"): lambda _, row, school: row["schoolSourcedId"] == school,
    ("schools", "students"): _at_school,
    ("schools", "teachers"): _at_school,
    ("schools", "terms"): _terms_at,
    ("courses", "classes"): lambda _, row, course: row.get("courseSourcedId") == course,
    ("terms", "classes"): lambda _, row, term: term in _cells(row, "termSourcedIds"),
    ("terms", "gradingPeriods"): lambda _, row, term: row.get("parentSourcedId") == term,
    ("students", "classes"): _OF_PERSON,
    ("teachers", "classes"): _OF_PERSON,
    ("users", "classes"): _OF_PERSON,
    ("classes", "students"): _IN_CLASS,
    ("classes", "teachers"): _IN_CLASS,
    ("classes", "enrollments"): lambda _, row, one: row["classSourcedId"] == one,
}
_TWICE = {("schools", "classes", last) for last in ("enrollments", "students", "teachers")}


def listing(service: Service, path: str) -> Listing | None:
    """What a path below the base names, each segment still percent-encoded; None for nothing."""
    words = [unquote(part) for part in path.split("/")]
    if words[-1] in _TOP and len(words) in (1, 3, 5):
        key, keep = _TOP[words[-1]]
        rows = [row for row in service.rows.get(key, []) if keep(service, row)]
        if len(words) == 1:
            return Listing(key, rows)
        belongs = _NESTED.get((words[-3], words[-1]))
        if belongs is None or (len(words) == 5 and (words[0], words[2], words[4]) not in _TWICE):
            return None
        if len(words) == 3 and (words[0], words[2]) == ("classes", "enrollments"):
            return None
        if not all(_is_there(service, words[n], words[n + 1]) for n in range(0, len(words) - 1, 2)):
            return None
        return Listing(key, [row for row in rows if belongs(service, row, words[-2])], nested=True)
    if len(words) == 2 and words[0] in _TOP and _is_there(service, *words):
        key, _ = _TOP[words[0]]
        return Listing(key, [_row(service, key, words[1])], single=_SINGLE[key])
    return None


def _is_there(service: Service, collection: str, sourced_id: str) -> bool:
    if collection not in _TOP:
        return False
    key, keep = _TOP[collection]
    return any(row["sourcedId"] == sourced_id and keep(service, row) for row in service.rows.get(key, []))


def _row(service: Service, key: str, sourced_id: str) -> Row:
    found: Row = next(row for row in service.rows[key] if row["sourcedId"] == sourced_id)
    return found


# ---------------------------------------------------------------- what a query asks for

_CLAUSE = re.compile(r"([A-Za-z.]+)(!=|>=|<=|=|>|<|~)'(.*)'", re.DOTALL)
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "~": operator.contains,
}


class BadQuery(ValueError):
    """A filter or sort that can not be understood: 400."""


def ordered(service: Service, found: Listing, query: Mapping[str, str], number: int) -> list[Row]:
    """All rows of a listing that the filter lets through, in the order asked for, else in the natural one."""
    rows = list(found.rows)
    if query.get("filter") and "filter" not in service.ignored:
        passes = _filter(query["filter"])
        rows = [row for row in rows if passes(record(service, found.key, row))]
    if query.get("sort") and "sort" not in service.ignored:
        column, down = query["sort"], query.get("orderBy") == "desc"
        return sorted(rows, key=lambda row: row.get(column, ""), reverse=down)
    turn = number * 7 % len(rows) if service.unstable and rows else 0
    return rows[turn:] + rows[:turn]


def cut(service: Service, found: Listing, rows: Sequence[Row], fields: str | None) -> list[Record]:
    """Rows as records, with the fields asked for."""
    records = [record(service, found.key, row) for row in rows]
    if not fields or "fields" in service.ignored:
        return records
    wanted = set(fields.split(","))
    return [{name: value for name, value in one.items() if name in wanted} for one in records]


def _filter(text: str) -> Callable[[Record], bool]:
    """At most two clauses joined by AND or OR (section 3.3)."""
    parts = re.split(r" (AND|OR) ", text)
    clauses = [_CLAUSE.fullmatch(part) for part in parts[::2]]
    if len(clauses) > 2 or not all(clauses):
        raise BadQuery("the filter can not be read")
    join = any if "OR" in parts else all
    return lambda one: join(_passes(one, *match.groups()) for match in clauses if match)


def _passes(one: Record, name: str, sign: str, value: str) -> bool:
    given: Any = one
    for part in name.split("."):
        given = given.get(part) if isinstance(given, dict) else None
    return given is not None and _COMPARE[sign](str(given), value)
