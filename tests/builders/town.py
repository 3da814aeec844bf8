"""A district of a chosen size, for guards: schools with classes of twenty students and a teacher each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tests.builders.oneroster import Files, Row, copy_of, course, enrollment, klass, org, student, teacher, term

SIZE = 20
"""Students in a class."""


def town(classes: Mapping[str, int] | None = None) -> Files:
    """Schools by id with their number of classes; without any, two schools of ten: 420 people, 420 enrollments.

    Students are numbered through the classes in turns (`s-1` in the first class, `s-2` in the second), so that the
    first ones of a school come from all of its classes alike.
    """
    schools = classes or {"school-1": 10, "school-2": 10}
    files: Files = {
        "orgs": [org("d-1", name="Sample District", type="district", identifier="D1", parentSourcedId=""),
                 *(org(school) for school in schools)],
        "academicSessions": [term("y-27", title="2026-2027", type="schoolYear", parentSourcedId=""), term("sem-1")],
        "courses": [course("course-1")], "classes": [], "users": [], "enrollments": [],
    }
    for school, many in schools.items():
        named = [f"{school}-c{n}" for n in range(1, many + 1)]
        files["classes"] += [klass(name, schoolSourcedId=school) for name in named]
        for name in named:
            _enrolled(files, teacher(f"t-{name}", orgSourcedIds=school), name, "teacher")
        for n in range(many * SIZE):
            name = named[n % many]
            _enrolled(files, student(f"{school}-s{n + 1}", orgSourcedIds=school), name, "student")
    return files


def _enrolled(files: Files, person: Row, class_id: str, role: str) -> None:
    files["users"].append(person)
    files["enrollments"].append(enrollment(person["sourcedId"], class_id, role=role, school=person["orgSourcedIds"]))


def students(files: Files, school: str = "") -> list[str]:
    """Ids of the students, those of all schools in turns, or of one school."""
    found = [row["sourcedId"] for row in files["users"] if row["role"] == "student"]
    if school:
        return [one for one in found if one.startswith(f"{school}-")]
    return sorted(found, key=lambda one: int(one.rpartition("-s")[2]))


def without_people(files: Files, gone: Iterable[str]) -> Files:
    """The same town without these people and their enrollments."""
    left = frozenset(gone)
    return {**copy_of(files), "users": [row for row in files["users"] if row["sourcedId"] not in left],
            "enrollments": [row for row in files["enrollments"] if row["userSourcedId"] not in left]}


def with_changed(files: Files, stem: str, ids: Iterable[str], change: Callable[[Row], Row]) -> Files:
    """The same town with some rows of a file changed."""
    some = frozenset(ids)
    rows = [change(dict(row)) if row["sourcedId"] in some else row for row in files[stem]]
    return {**copy_of(files), stem: rows}


def with_new_students(files: Files, many: int, school: str = "school-1") -> Files:
    """The same town with students who came and are in no class yet."""
    return {**copy_of(files),
            "users": [*files["users"], *(student(f"new-{n}", orgSourcedIds=school) for n in range(many))]}


GRADES = ("KG", *(f"{n:02}" for n in range(1, 13)))


def last_year(ended: str = "2026-06-12") -> Files:
    """The town as it stood when the school year before ended: all thirteen grades, and terms that are over."""
    files = town()
    over = {"startDate": "2025-08-15", "endDate": ended, "schoolYear": "2026"}
    files["academicSessions"] = [
        term("y-26", title="2025-2026", type="schoolYear", parentSourcedId="", **over),
        term("sem-26", title="Semester 1", parentSourcedId="y-26", **over),
    ]
    files["courses"] = [course("course-26", schoolYearSourcedId="y-26")]
    for row in files["classes"]:
        row |= {"courseSourcedId": "course-26", "termSourcedIds": "sem-26"}
    for row in files["enrollments"]:
        row |= {"beginDate": "2025-08-15", "endDate": ended}
    for n, row in enumerate(row for row in files["users"] if row["role"] == "student"):
        row["grades"] = GRADES[n % len(GRADES)]
    return files


def new_year(before: Files) -> Files:
    """The next school year: new terms, courses and class ids, everybody a grade higher, the seniors gone, and as many
    children new."""
    files = town()
    files["courses"] = [course("course-27")]
    stay = {row["sourcedId"]: row["grades"] for row in before["users"] if row.get("grades") not in (None, "12")}
    classes = {row["sourcedId"]: row | {"sourcedId": f"{row['sourcedId']}-27", "courseSourcedId": "course-27"}
               for row in files["classes"]}
    files["classes"] = list(classes.values())
    new = {row["sourcedId"]: f"new-{row['sourcedId']}" for row in files["users"]
           if row["role"] == "student" and row["sourcedId"] not in stay}
    files["users"] = [_a_year_later(row, stay, new) for row in files["users"]]
    files["enrollments"] = [
        row | {"sourcedId": f"{row['sourcedId']}-27", "classSourcedId": f"{row['classSourcedId']}-27",
               "userSourcedId": new.get(row["userSourcedId"], row["userSourcedId"])}
        for row in files["enrollments"]
    ]
    return files


def _a_year_later(row: Row, stay: Mapping[str, str], new: Mapping[str, str]) -> Row:
    one = row["sourcedId"]
    if one in new:
        return student(new[one], orgSourcedIds=row["orgSourcedIds"], grades="KG")
    return row if row["role"] != "student" else row | {"grades": GRADES[GRADES.index(stay[one]) + 1]}
