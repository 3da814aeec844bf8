"""Builds snapshots for the pure stages, as frames and without files: valid by default, one small school.

    check(snapshot(students=[student("s-1", givenName="")]))

Rows are those of `tests.builders.oneroster`. A row may say its own `_line` and `_problem`. Without a list of
enrollments, every student and teacher is in the first class.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from homeroom.check import Checked, check
from homeroom.diff import Plan, diff
from homeroom.diff.applied import State, standing
from homeroom.diff.parts import PlanHash, parts
from homeroom.model.plan import NO_REPAIRS, NOTHING_AROUND, Around, Repairs
from homeroom.model.sharing import Sharing
from homeroom.model.snapshot import LINE, PROBLEM, Snapshot
from homeroom.products.rules import EVERYTHING as NO_RULES
from homeroom.products.rules import Rules
from homeroom.read.cells import trimmed
from homeroom.shape import shape
from tests.builders.oneroster import HEADERS, Files, Row, course, enrollment, klass, org, student, teacher, term

STEMS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
ROSTER = "sample"
AS_OF = "2026-09-15"
EVERYTHING = Sharing()

Rows = Iterable[Row]


def snapshot(*, orgs: Rows | None = None, terms: Rows | None = None, courses: Rows | None = None,
             classes: Rows | None = None, teachers: Rows | None = None, students: Rows | None = None,
             guardians: Rows = (), enrollments: Rows | None = None, also: Rows = ()) -> Snapshot:
    """A small valid school, with the named lists in the place of its own; `also` are enrollments besides."""
    teachers = [teacher("t-1")] if teachers is None else list(teachers)
    students = [student("s-1"), student("s-2")] if students is None else list(students)
    classes = [klass("c-1")] if classes is None else list(classes)
    if enrollments is None:
        ids = [(person["sourcedId"], role) for role, people in (("teacher", teachers), ("student", students))
               for person in people if person.get("sourcedId")]
        enrollments = [enrollment(id, classes[0]["sourcedId"], role=role) for id, role in ids] if classes else []
    return of_files({
        "orgs": _sample_orgs() if orgs is None else list(orgs),
        "academicSessions": _sample_terms() if terms is None else list(terms),
        "courses": [course("course-1")] if courses is None else list(courses),
        "classes": classes,
        "users": [*teachers, *students, *guardians],
        "enrollments": [*enrollments, *also],
    })


def _sample_orgs() -> list[Row]:
    district = org("d-1", name="Sample District", type="district", identifier="D1", parentSourcedId="")
    return [district, org("school-1"), org("school-2")]


def _sample_terms() -> list[Row]:
    year = term("y-27", title="2026-2027", type="schoolYear", parentSourcedId="")
    first = term("sem-1", title="Semester 1", endDate="2026-12-20")
    return [year, first, term("sem-2", title="Semester 2", startDate="2027-01-05")]


def of_files(files: Files, modes: Mapping[str, str] | None = None) -> Snapshot:
    """A snapshot of these rows; files that are left out have no frame and the mode `absent`."""
    said: dict[str, Any] = {stem: "bulk" if stem in files else "absent" for stem in STEMS} | dict(modes or {})
    return Snapshot("test", {stem: frame(stem, rows) for stem, rows in files.items()}, said, content_hash="test")


def frame(stem: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Raw rows as a reader hands them on: trimmed text, blank cells null, the header being line 1."""
    known = [column for column in HEADERS[stem] if column != "password"]
    columns = [*known, *dict.fromkeys(c for row in rows for c in row if c not in (*known, LINE, PROBLEM, "password"))]
    cells: dict[str, Any] = {c: pl.Series([row.get(c) or None for row in rows], dtype=pl.String) for c in columns}
    lines = [row.get(LINE, n) for n, row in enumerate(rows, start=2)]
    problems = [row.get(PROBLEM) for row in rows]
    cells[LINE] = pl.Series(lines, dtype=pl.UInt32)
    if any(problems):
        cells[PROBLEM] = pl.Series(problems, dtype=pl.String)
    return trimmed(pl.DataFrame(cells))


def shuffled(source: Snapshot, seed: int) -> Snapshot:
    """The same snapshot with the rows of every file in another order; the lines are numbered anew."""
    frames = {
        stem: rows.sample(fraction=1.0, shuffle=True, seed=seed).with_columns(rows[LINE].alias(LINE))
        for stem, rows in source.frames.items()
    }
    return Snapshot(source.source, frames, source.modes, source.content_hash, source.issues, source.origins)


def found(checked: Checked, code: str) -> list[tuple[str, int, str | None, str | None]]:
    """Where a code was found: (file, physical line, column, value), in the order of files and lines."""
    rows = checked.issues.filter(pl.col("code") == code).select("file", "line", "column", "value")
    return sorted(rows.iter_rows(), key=str)


def record(checked: Checked, entity: str, source_id: str) -> dict[str, Any] | None:
    """The canonical record of that id, or None where none is taken."""
    rows = checked.entities[entity].records.filter(pl.col("source_id") == source_id)
    return rows.row(0, named=True) if rows.height else None


def plan_of(source: Snapshot, applied: State | None = None, *, as_of: str = AS_OF, repairs: Repairs = NO_REPAIRS,
            expected_districts: Iterable[str] = (), sharing: Sharing = EVERYTHING,
            around: Around = NOTHING_AROUND, rules: Rules = NO_RULES) -> Plan:
    """Check, shape and diff in one call. What was checked before is not checked again: the stage is pure."""
    checked = _checked(source)
    desired = shape(checked, sharing, standing(applied, repairs, checked.delivered), rules=rules,
                    accounts=around.accounts, hand=around.hand)
    return diff(desired, applied, checked, roster=ROSTER, as_of=as_of, repairs=repairs,
                expected_districts=expected_districts, policy=rules.hand, around=around)


def _checked(source: Snapshot) -> Checked:
    frames = {stem: (tuple(rows.columns), tuple(rows.rows())) for stem, rows in source.frames.items()}
    said = (*sorted(frames.items()), *sorted(source.modes.items()))
    if len(_CHECKED) > 200:
        _CHECKED.clear()
        _APPLIED.clear()
    if said not in _CHECKED:
        _CHECKED[said] = check(source)
    return _CHECKED[said]


_CHECKED: dict[object, Checked] = {}


def operations(plan: Plan, entity: str | None = None, op: str | None = None) -> list[dict[str, Any]]:
    """The operations as the parts carry them, read back from their bytes, in writing order."""
    lines = [line for part in parts(plan, PlanHash()) for line in gzip.decompress(part.body).splitlines()]
    read = [json.loads(line) for line in lines]
    return [o for o in read if entity in (None, o["entity"]) and op in (None, o["op"])]


def plan_hash(plan: Plan) -> str:
    """The hash over all parts."""
    digest = PlanHash()
    list(parts(plan, digest))
    return digest.hex()


def applied(source: Snapshot) -> State:
    """The kept state after a first load of the snapshot."""
    checked = _checked(source)
    if id(checked) not in _APPLIED:
        _APPLIED[id(checked)] = plan_of(source).next_state
    return _APPLIED[id(checked)]


_APPLIED: dict[int, State] = {}


def first_day() -> State:
    """The kept state after a first load of the small valid school."""
    return applied(snapshot())
