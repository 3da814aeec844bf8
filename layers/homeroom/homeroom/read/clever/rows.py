"""Clever's objects → rows in the columns of OneRoster 1.1. Pure: no network, no clock, no engine.

    Clever    OneRoster file     what becomes of it
    district  orgs               type district; identifier = nces_id
    school    orgs               type school, below the district; identifier = nces_id, else school_number
    term      academicSessions   type term; schoolYear from its end: the year after from July on
    course    courses            of the district; courseCode = number
    section   classes            title = name, else section_number, sis_id, id; classCode = section_number; classType
                                 homeroom for the subject homeroom/advisory, else scheduled; grades, subjects, periods;
                                 termSourcedIds = term_id
              enrollments        one for each person in students and role student, and for each in teacher and teachers
                                 and role teacher: `<section>:<user>:<role>`; who stands in `teacher` is primary
    user      users              see `people`

Never read (ADR 8): dob, gender, race, ethnicity, addresses, ell, frl, iep, 504, gifted, disability, language, ext.
Unknown fields are ignored, unknown words stay as they are: check says what they stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from homeroom.read.clever.cells import Given, Object, Row, cells, first_of, grade, listed, several, text
from homeroom.read.clever.people import user_row

MAPPING = 1
"""Raise it when the same object gives another row: rosters that events brought up to date are then read in full."""

STEMS: Mapping[str, str] = {
    "districts": "orgs", "schools": "orgs", "terms": "academicSessions", "courses": "courses", "sections": "classes",
    "users": "users",
}
"""Clever's collection → OneRoster file stem of its rows."""
MEMBERS = "enrollments"
"""File stem of what a section says about its people."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    stem: ("sourcedId", *columns.split())
    for stem, columns in {
        "orgs": "name type identifier parentSourcedId",
        "academicSessions": "title type startDate endDate schoolYear",
        "courses": "title courseCode orgSourcedId",
        "classes": "title classCode classType grades courseSourcedId schoolSourcedId termSourcedIds subjects periods",
        "users": "enabledUser role orgSourcedIds roles primaryOrgSourcedId username givenName familyName middleName"
                 " preferredGivenName preferredMiddleName preferredFamilyName identifier userIds email sms phone"
                 " agentSourcedIds grades",
        MEMBERS: "classSourcedId schoolSourcedId userSourcedId role primary",
    }.items()
}
"""Columns of each file, always all of them, so that a full read and a roster kept by events look the same."""

MAY_LACK: Mapping[str, tuple[str, ...]] = {
    "academicSessions": ("title", "startDate", "endDate", "schoolYear"),
    "courses": ("title",),
    "users": ("username", "givenName", "familyName"),
}
"""Columns that OneRoster requires and Clever does not guarantee (contacts have a last name only)."""

HOMEROOM = "homeroom/advisory"
_YEAR_BEGINS = 7
"""July: a term that ends then or later belongs to the school year that ends in the year after."""


@dataclass(frozen=True)
class Record:
    """One object as rows. `row` is None for who is left out (`people.is_left_out`)."""

    stem: str
    id: str
    row: Row | None
    enrollments: tuple[Row, ...] = ()


def record(collection: str, found: Object, given: Given) -> Record:
    """One object of a collection as rows. Raises KeyError for a collection that is not in `STEMS`."""
    stem, sourced_id = STEMS[collection], str(found.get("id"))
    if collection == "users":
        return Record(stem, sourced_id, user_row(found, given))
    enrollments = _enrollments(found) if collection == "sections" else ()
    return Record(stem, sourced_id, cells({"sourcedId": found.get("id"), **_MADE[collection](found, given)}),
                  enrollments)


def _district(found: Object, _: Given) -> Mapping[str, object]:
    return {"name": found.get("name"), "type": "district", "identifier": found.get("nces_id")}


def _school(found: Object, given: Given) -> Mapping[str, object]:
    return {"name": found.get("name"), "type": "school", "parentSourcedId": given.district,
            "identifier": first_of(found.get("nces_id"), found.get("school_number"))}


def _term(found: Object, _: Given) -> Mapping[str, object]:
    begin, end = text(found.get("start_date")), text(found.get("end_date"))
    return {"title": found.get("name"), "type": "term", "startDate": begin, "endDate": end,
            "schoolYear": _school_year(end or begin)}


def _school_year(day: str | None) -> str | None:
    """The year in which the school year of a `YYYY-MM-DD` ends; None where that is no date."""
    year, month = (day or "")[:4], (day or "")[5:7]
    if not (year.isascii() and year.isdigit() and month.isascii() and month.isdigit()):
        return None
    return f"{int(year) + (int(month) >= _YEAR_BEGINS):04d}"


def _course(found: Object, given: Given) -> Mapping[str, object]:
    return {"title": found.get("name"), "courseCode": found.get("number"), "orgSourcedId": given.district}


def _section(found: Object, _: Given) -> Mapping[str, object]:
    subject = text(found.get("subject"))
    return {
        "title": first_of(found.get("name"), found.get("section_number"), found.get("sis_id"), found.get("id")),
        "classCode": found.get("section_number"),
        "classType": "homeroom" if subject == HOMEROOM else "scheduled",
        "grades": grade(found.get("grade")), "subjects": listed([subject]), "periods": found.get("period"),
        "courseSourcedId": found.get("course"), "schoolSourcedId": found.get("school"),
        "termSourcedIds": found.get("term_id"),
    }


def _enrollments(section: Object) -> tuple[Row, ...]:
    """A row for each person and role: students, then `teacher` and everybody in `teachers`."""
    lead = text(section.get("teacher"))
    people = [(user, "student") for user in dict.fromkeys(map(text, several(section.get("students"))))]
    people += [(user, "teacher") for user in dict.fromkeys([lead, *map(text, several(section.get("teachers")))])]
    return tuple(
        cells({
            "sourcedId": f"{section.get('id')}:{user}:{role}", "classSourcedId": section.get("id"),
            "schoolSourcedId": section.get("school"), "userSourcedId": user, "role": role,
            "primary": "true" if role == "teacher" and user == lead else "false",
        })
        for user, role in people if user
    )


_MADE: Mapping[str, Callable[[Object, Given], Mapping[str, object]]] = {
    "districts": _district, "schools": _school, "terms": _term, "courses": _course, "sections": _section,
}
