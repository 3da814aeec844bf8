"""Collections made by number, a million records at no cost: all records of one have the same number of bytes.

A block of 100 records is rendered once with a mark where its number belongs, so that any page is a slice of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

BLOCK = 100
MARK, CLASS_MARK, STUDENT_MARK = "#BBBBB", "#CCCCC", "#SSSSS"
CLASSES_OF_A_STUDENT = 8


@dataclass(frozen=True)
class Bulk:
    """`records` records; `marks` gives the number that stands for each mark in a block."""

    records: int
    block: bytes
    marks: Callable[[int], dict[str, int]]

    def page(self, offset: int, limit: int) -> tuple[bytes, int]:
        """The records from `offset` on as the inside of a JSON array, and how many they are."""
        end = min(offset + limit, self.records)
        if offset >= end:
            return b"", 0
        width = len(self.block) // BLOCK
        first = offset // BLOCK
        whole = b"".join(self._block(n) for n in range(first, (end - 1) // BLOCK + 1))
        start = (offset - first * BLOCK) * width
        return whole[start:start + (end - offset) * width - 1], end - offset

    def _block(self, number: int) -> bytes:
        made = self.block
        for mark, value in self.marks(number).items():
            made = made.replace(mark.encode(), b"%06d" % value)
        return made


def large_district(enrollments: int, base: str, version: str = "1.1") -> dict[str, Bulk]:
    """A district of one school: 100 students in each class, 8 classes for each student.

    Rounded up to whole classes of 100; `base` is the URL or path before each reference.
    """
    classes = -(-enrollments // BLOCK)
    students = BLOCK * -(-classes // CLASSES_OF_A_STUDENT)
    ref = _refs(base)
    school = ref("orgs", "org", "school-1")
    old: dict[str, Any] = {"role": "student", "orgs": [school]}
    new: dict[str, Any] = {"roles": [{"roleType": "primary", "role": "student", "org": school}]}
    belongs = old if version == "1.1" else new
    return {
        "enrollments": Bulk(classes * BLOCK, _rendered(lambda n: {
            "sourcedId": f"enrollment-{MARK}-{n:02d}", "user": ref("users", "user", f"student-{STUDENT_MARK}-{n:02d}"),
            "class": ref("classes", "class", f"class-{CLASS_MARK}"), "school": school,
            "role": "student", "primary": "false", "beginDate": "2026-08-17", "endDate": "2027-06-11",
        }), lambda k: {MARK: k, CLASS_MARK: k, STUDENT_MARK: k // CLASSES_OF_A_STUDENT}),
        "users": Bulk(students, _rendered(lambda n: {
            "sourcedId": f"student-{MARK}-{n:02d}", "username": f"student-{MARK}-{n:02d}", "enabledUser": "true",
            "givenName": f"Student {n:02d}", "familyName": f"Sample {MARK}", "grades": ["05"], **belongs,
        }), lambda k: {MARK: k}),
    }


def large_rows(enrollments: int) -> dict[str, list[dict[str, str]]]:
    """The rows of the collections of a large district that are not made by number."""
    classes = -(-enrollments // BLOCK)
    return {
        "orgs": [{"sourcedId": "district-1", "name": "Sample District", "type": "district"},
                 {"sourcedId": "school-1", "name": "Sample School", "type": "school", "parentSourcedId": "district-1"}],
        "academicSessions": [{"sourcedId": "year-2027", "title": "2026-2027", "type": "schoolYear", "startDate":
                              "2026-08-17", "endDate": "2027-06-11", "schoolYear": "2027"}],
        "courses": [{"sourcedId": "course-1", "title": "Sample Course", "orgSourcedId": "district-1"}],
        "classes": [{"sourcedId": f"class-{n:06d}", "title": f"Sample Class {n}", "classType": "scheduled",
                     "courseSourcedId": "course-1", "schoolSourcedId": "school-1", "termSourcedIds": "year-2027"}
                    for n in range(classes)],
    }


def _refs(base: str) -> Callable[[str, str, str], dict[str, str]]:
    return lambda plural, kind, sourced_id: {
        "href": f"{base}/{plural}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


@lru_cache(maxsize=1)
def _common() -> dict[str, Any]:
    return {"status": "active", "dateLastModified": "2026-09-01T03:00:00.000Z"}


def _rendered(record: Callable[[int], dict[str, Any]]) -> bytes:
    """A block of records, each followed by a comma."""
    records = (json.dumps(record(n) | _common(), separators=(",", ":")) for n in range(BLOCK))
    return ("".join(text + "," for text in records)).encode()
