"""A district of which every collection has three pages or more, at a OneRoster service and at Clever alike."""

from __future__ import annotations

from math import ceil

from tests.builders.oneroster import Files, course, district, enrollment, klass, org, student, teacher, term

SIZE = 4
"""Records of a page of the OneRoster service."""
CLEVER_SIZE = 3
"""Records of a page of Clever; it has one collection less, and no school year among its terms."""
PLACES, STUDENTS = range(1, 12), range(1, 10)


def many_pages() -> Files:
    """10 schools and 11 classes, each with a term, a course and a teacher; 9 students, a guardian; 23 enrollments."""
    files: Files = {
        "orgs": [org("d-1", type="district", identifier="D1", parentSourcedId=""),
                 *(org(f"school-{n}") for n in PLACES[:-1])],
        "academicSessions": [term("y-27", type="schoolYear", parentSourcedId=""), *(term(f"m-{n}") for n in PLACES)],
        "courses": [course(f"k-{n}") for n in PLACES],
        "classes": [klass(f"c-{n}", courseSourcedId=f"k-{n}", termSourcedIds=f"m-{n}") for n in PLACES],
        "users": [teacher("t-1"), teacher("t-2"), *(student(f"s-{n}") for n in STUDENTS)],
        "enrollments": [enrollment(f"t-{n % 2 + 1}", f"c-{n}", role="teacher", primary="true") for n in PLACES],
    }
    files["enrollments"] += [enrollment(f"s-{n}", f"c-{n}") for n in STUDENTS]
    files["enrollments"] += [enrollment(f"s-{n}", f"c-{n + 9}") for n in (1, 2)] + [enrollment("s-1", "c-2")]
    return district(files).with_guardian("g-1", of="s-1").files


def pages_of(stem: str) -> range:
    """Numbers of the pages of a collection at the OneRoster service."""
    return range(1, ceil(len(many_pages()[stem]) / SIZE) + 1)
