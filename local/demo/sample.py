"""A sample district made in code: two schools, 200 students, obviously nobody who exists.

`first_day()` is its export; `next_day()` has the small changes of an ordinary day; `half_gone()` is the accident that
guards are for: half of the students and their enrollments are missing, everything else is there.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace

Row = dict[str, str]

DISTRICT_ID = "sample-district"
STUDENTS, TEACHERS, COURSES, SECTIONS = 200, 12, 6, 2
SCHOOLS = ("north", "south")
CLASSES_OF_A_STUDENT = 4
EXPORTED = (2026, 9, 1, 3, 0, 0)

COLUMNS = {
    "orgs": "sourcedId status dateLastModified name type identifier parentSourcedId",
    "academicSessions": "sourcedId status dateLastModified title type startDate endDate parentSourcedId schoolYear",
    "courses": "sourcedId status dateLastModified schoolYearSourcedId title courseCode grades orgSourcedId subjects"
               " subjectCodes",
    "classes": "sourcedId status dateLastModified title grades courseSourcedId classCode classType location"
               " schoolSourcedId termSourcedIds subjects subjectCodes periods",
    "users": "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds givenName familyName"
             " middleName identifier email sms phone agentSourcedIds grades password",
    "enrollments": "sourcedId status dateLastModified classSourcedId schoolSourcedId userSourcedId role primary"
                   " beginDate endDate",
}
"""Columns of OneRoster 1.1, in the order of its specification."""


@dataclass(frozen=True)
class Export:
    """One export: file stem → rows."""

    files: dict[str, list[Row]]

    @property
    def rows(self) -> int:
        """Data rows of all files."""
        return sum(len(rows) for rows in self.files.values())

    def without_students(self, gone: Iterable[str]) -> Export:
        """The same without these students, and without what points to them."""
        left = set(gone)
        users = [row for row in self.files["users"] if row["sourcedId"] not in left]
        enrollments = [row for row in self.files["enrollments"] if row["userSourcedId"] not in left]
        return Export({**self.files, "users": users, "enrollments": enrollments})

    def with_rows(self, stem: str, rows: Iterable[Row]) -> Export:
        """The same with more rows at the end of a file."""
        return replace(self, files={**self.files, stem: [*self.files[stem], *rows]})

    def with_cells(self, stem: str, sourced_id: str, **cells: str) -> Export:
        """The same with other cells in one row."""
        rows = [row | cells if row["sourcedId"] == sourced_id else row for row in self.files[stem]]
        return replace(self, files={**self.files, stem: rows})

    def zip_bytes(self) -> bytes:
        """The export as it is uploaded."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for stem, text in {"manifest": _manifest(), **{s: _csv(s, rows) for s, rows in self.files.items()}}.items():
                entry = zipfile.ZipInfo(f"{stem}.csv", EXPORTED)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, text)
        return out.getvalue()


def first_day() -> Export:
    """The whole district."""
    students = [_student(n) for n in range(1, STUDENTS + 1)]
    guardians = [_guardian(n) for n in range(2, STUDENTS + 1, 2)]
    courses = range(1, COURSES + 1)
    classes = [_class(school, c, s) for school in SCHOOLS for c in courses for s in range(1, SECTIONS + 1)]
    taught = [_enrollment(_teacher_of(n), row, "teacher") for n, row in enumerate(classes)]
    return Export({
        "orgs": _orgs(),
        "academicSessions": _sessions(),
        "courses": [_course(c) for c in courses],
        "classes": classes,
        "users": [*(_teacher(n) for n in range(1, TEACHERS + 1)), *students, *guardians],
        "enrollments": [*taught, *(e for n in range(1, STUDENTS + 1) for e in _enrolled(n))],
    })


def next_day() -> Export:
    """One day later: three students came, two left, one was renamed, one class moved to another room."""
    came = [STUDENTS + 1, STUDENTS + 2, STUDENTS + 3]
    return (
        first_day()
        .without_students(["student-0007", "student-0113"])
        .with_rows("users", [_student(n) for n in came])
        .with_rows("enrollments", [e for n in came for e in _enrolled(n)])
        .with_cells("users", "student-0042", givenName="Student 0042 Renamed")
        .with_cells("classes", "class-north-1-1", location="Room 212")
    )


def half_gone() -> Export:
    """The export of the third day, of which half of the students and their enrollments are missing."""
    return next_day().without_students(f"student-{n:04d}" for n in range(1, STUDENTS // 2 + 1))


def _orgs() -> list[Row]:
    schools = [{"sourcedId": f"school-{s}", "name": f"{s.capitalize()} Sample School", "type": "school",
                "identifier": f"SAMPLE-{s[0].upper()}", "parentSourcedId": DISTRICT_ID} for s in SCHOOLS]
    return [{"sourcedId": DISTRICT_ID, "name": "Sample District", "type": "district", "identifier": "SAMPLE"}, *schools]


def _sessions() -> list[Row]:
    year = {"sourcedId": "year-2027", "title": "2026-2027", "type": "schoolYear", "startDate": "2026-08-17",
            "endDate": "2027-06-11", "schoolYear": "2027"}
    halves = (("1", "2026-08-17", "2026-12-18"), ("2", "2027-01-05", "2027-06-11"))
    return [year, *({"sourcedId": f"semester-{n}", "title": f"Semester {n}", "type": "semester", "startDate": begin,
                     "endDate": end, "parentSourcedId": "year-2027", "schoolYear": "2027"} for n, begin, end in halves)]


def _course(number: int) -> Row:
    return {"sourcedId": f"course-{number}", "schoolYearSourcedId": "year-2027", "title": f"Sample Course {number}",
            "courseCode": f"SC{number}", "grades": "04,05", "orgSourcedId": DISTRICT_ID}


def _class(school: str, course: int, section: int) -> Row:
    return {"sourcedId": f"class-{school}-{course}-{section}", "title": f"Sample Course {course}, section {section}",
            "grades": "04,05", "courseSourcedId": f"course-{course}", "classCode": f"SC{course}-{section}",
            "classType": "scheduled", "location": f"Room {course}{section}", "schoolSourcedId": f"school-{school}",
            "termSourcedIds": "semester-1,semester-2", "periods": str(course)}


def _user(sourced_id: str, role: str, school: str, given: str, **cells: str) -> Row:
    return {"sourcedId": sourced_id, "enabledUser": "true", "orgSourcedIds": f"school-{school}", "role": role,
            "username": sourced_id, "givenName": given, "familyName": "Sample", **cells}


def _student(number: int) -> Row:
    name, guardian = f"{number:04d}", f"guardian-{number:04d}" if number % 2 == 0 and number <= STUDENTS else ""
    return _user(f"student-{name}", "student", _school_of(number), f"Student {name}", identifier=f"9{name}",
                 agentSourcedIds=guardian, grades="04" if number % 4 < 2 else "05")


def _teacher(number: int) -> Row:
    return _user(f"teacher-{number:02d}", "teacher", SCHOOLS[(number - 1) * len(SCHOOLS) // TEACHERS],
                 f"Teacher {number:02d}", email=f"teacher-{number:02d}@sample.example")


def _guardian(number: int) -> Row:
    return _user(f"guardian-{number:04d}", "parent", _school_of(number), f"Guardian {number:04d}",
                 email=f"guardian-{number:04d}@sample.example")


def _school_of(student: int) -> str:
    return SCHOOLS[(student - 1) % len(SCHOOLS)]


def _teacher_of(class_number: int) -> str:
    return f"teacher-{class_number * TEACHERS // (len(SCHOOLS) * COURSES * SECTIONS) + 1:02d}"


def _enrolled(student: int) -> list[Row]:
    """The classes of a student: four courses of the six, the section by turns."""
    section = student // len(SCHOOLS) % SECTIONS + 1
    courses = [(student + n) % COURSES + 1 for n in range(CLASSES_OF_A_STUDENT)]
    classes = [_class(_school_of(student), course, section) for course in courses]
    return [_enrollment(f"student-{student:04d}", row, "student") for row in classes]


def _enrollment(person: str, row: Row, role: str) -> Row:
    return {"sourcedId": f"{row['sourcedId']}:{person}", "classSourcedId": row["sourcedId"],
            "schoolSourcedId": row["schoolSourcedId"], "userSourcedId": person, "role": role,
            "primary": "true" if role == "teacher" else "false", "beginDate": "2026-08-17", "endDate": "2027-06-11"}


def _csv(stem: str, rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS[stem].split(), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _manifest() -> str:
    lines = {"manifest.version": "1.0", "oneroster.version": "1.1",
             **{f"file.{stem}": "bulk" for stem in COLUMNS},
             "source.systemName": "Sample SIS", "source.systemCode": "sample"}
    return "propertyName,value\r\n" + "".join(f"{name},{value}\r\n" for name, value in lines.items())
