"""Small rosters for the laws: a few ids of everything, whose rows come, go, change, break, move and swap names.

A town maps file stem → source id → row. A row may carry a fault; an `edited` town differs in some rows.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import Row, course, enrollment, klass, org, term
from tests.builders.snapshots import of_files
from tests.fakes.twins import twin_of

Town = dict[str, dict[str, Row]]

STUDENTS, STAFF, FAMILY = ["s1", "s2", "s3", "S2"], ["t1", "t2"], ["g1", "g2"]
IDS = {
    "orgs": ["d", "a", "b"], "academicSessions": ["y", "m1", "m2"], "courses": ["k1", "k2"],
    "classes": ["c1", "c2", "c3"],
    "users": [*STUDENTS, *STAFF, *FAMILY], "enrollments": [f"e{n}" for n in range(1, 8)],
}
NAMES = {id: f"user{n}" for n, id in enumerate(IDS["users"])}

_OF = {
    **dict.fromkeys(STUDENTS, (["student"], FAMILY)), **dict.fromkeys(STAFF, (["teacher", "aide"], [])),
    **dict.fromkeys(FAMILY, (["guardian", "parent"], STUDENTS)),
}
"""Person → roles that he or she may have, and who may be named as agent."""

pick = st.sampled_from
rarely = pick([False] * 9 + [True])


@st.composite
def towns(draw: st.DrawFn, faults: bool = True) -> Town:
    """A whole town; with `faults`, some rows are broken or removed and some point nowhere, else all is well."""
    town = {stem: _present({id: draw(rows(stem, id, faults)) for id in ids}) for stem, ids in IDS.items()}
    if not faults:
        town["enrollments"] = {id: row for id, row in town["enrollments"].items() if _points_to_people(town, row)}
    return town


def _points_to_people(town: Town, row: Row) -> bool:
    return row["userSourcedId"] in town["users"] and row["classSourcedId"] in town["classes"]


@st.composite
def edits(draw: st.DrawFn, town: Town, faults: bool = True) -> Town:
    """The next day of a town: some rows are drawn anew, and sometimes two people swap their usernames."""
    changed = twin_of(town)
    places = [(stem, id) for stem, ids in IDS.items() for id in ids * (3 if stem in ("users", "enrollments") else 1)]
    for stem, id in draw(st.lists(pick(places), max_size=8, unique=True)):
        row = draw(rows(stem, id, faults))
        changed[stem].pop(id, None)
        changed[stem].update(_present({id: row}))
    if draw(st.booleans()) and len(changed["users"]) > 1:
        one, other = draw(st.lists(pick(sorted(changed["users"])), min_size=2, max_size=2, unique=True))
        first, second = changed["users"][one], changed["users"][other]
        first["username"], second["username"] = second["username"], first["username"]
    return changed


@st.composite
def mixtures(draw: st.DrawFn, days: list[Town]) -> Town:
    """A town whose every row is that of one of the days, or absent as on that day."""
    return {stem: _present({id: draw(pick(days))[stem].get(id) for id in ids}) for stem, ids in IDS.items()}


def _present(rows_: dict[str, Row | None]) -> dict[str, Row]:
    return {id: row for id, row in rows_.items() if row is not None}


def rows(stem: str, id: str, faults: bool) -> st.SearchStrategy[Row | None]:
    """The row of an id on some day, None where it is absent."""
    return _ROWS[stem](id, faults)


@st.composite
def _org_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    if id == "d":
        return org("d", type="district", identifier="D", parentSourcedId="")
    if faults and draw(rarely):
        return draw(pick([None, org(id, name="", parentSourcedId="d")]))
    return org(id, name=draw(pick(["A", "B"])), parentSourcedId="d")


@st.composite
def _term_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    cells = {"parentSourcedId": "" if id == "y" else "y", "title": draw(pick(["A", "B"]))}
    if faults and draw(rarely):
        return draw(pick([None, term(id, **cells | {"title": ""})]))
    return term(id, **cells)


@st.composite
def _course_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    title = draw(pick(["A", "B", ""] if faults else ["A", "B"]))
    return None if faults and draw(rarely) else course(id, title=title, orgSourcedId="d", schoolYearSourcedId="y")


@st.composite
def _class_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    if draw(rarely):
        return None
    cells = {
        "title": draw(pick(["A", "B"])), "schoolSourcedId": draw(pick("ab")),
        "courseSourcedId": draw(pick(["k1", "k2"])),
        "termSourcedIds": ",".join(draw(pick([["m1"], ["m2"], ["m1", "m2"], []]))),
    }
    return klass(id, **cells | _fault(draw, {"title": ""}, faults))


@st.composite
def _user_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    if draw(rarely):
        return None
    roles, agents = _OF[id]
    cells = {
        "sourcedId": id, "enabledUser": "true", "role": draw(pick(roles)),
        "givenName": draw(pick([f"A{id}", f"B{id}"])), "familyName": "Sample",
        "orgSourcedIds": ",".join(draw(pick([["a"], ["b"], ["a", "b"]]))),
        "identifier": draw(pick(["", "7", "8", f"n-{id}"])),
        "username": draw(pick([NAMES[id]] * 16 + [*NAMES.values()])) if faults else NAMES[id],
        "email": draw(pick(["", f"{id}@sample.example", "office@sample.example" if faults else ""])),
        "agentSourcedIds": ",".join(draw(st.lists(pick(agents), max_size=2, unique=True)) if agents else []),
    }
    return cells | _fault(draw, {"givenName": ""}, faults)


@st.composite
def _enrollment_rows(draw: st.DrawFn, id: str, faults: bool) -> Row | None:
    if draw(rarely):
        return None
    person, class_id = draw(pick(IDS["users"][:6])), draw(pick(IDS["classes"]))
    role = draw(pick(["student", "student", "teacher", "aide", "administrator"]))
    cells = {"sourcedId": id, "beginDate": draw(pick(["", "2026-08-15", "2026-09-01"])),
             "primary": draw(pick(["", "true"]))}
    row = enrollment(person, class_id, school=draw(pick("ab")), role=role) | cells
    return row | _fault(draw, {"role": "pupil"}, faults)


def _fault(draw: st.DrawFn, broken: dict[str, str], faults: bool) -> dict[str, Any]:
    if not faults:
        return {}
    return draw(pick([{}] * 12 + [broken, {"status": "tobedeleted"}, {"_problem": "FIL-11"}]))


_ROWS = {"orgs": _org_rows, "academicSessions": _term_rows, "courses": _course_rows, "classes": _class_rows,
         "users": _user_rows, "enrollments": _enrollment_rows}


def snapshot_of(town: Town) -> Snapshot:
    """The town as a reader would hand it on."""
    return of_files({stem: list(rows_.values()) for stem, rows_ in town.items()})
