"""What Clever says about a district whose rows have the form of tests/builders/oneroster.py (OneRoster 1.1 or 1.2).

Clever's field ← the row it is made of (§: reference/clever.md):

| Clever | OneRoster rows |
|---|---|
| every id | `clever_id(kind, sourcedId)`: 24 hex digits, the same each time |
| schools | orgs of type school: sis_id = sourcedId, school_number and nces_id = identifier, name |
| terms | sessions that are the **first** term of a class (§1.7): name = title, start_date, end_date |
| courses | courses that a class has: name = title, number = courseCode |
| sections | classes: sis_id, name = title, section_number = classCode, course, school, subject, |
| | the first of periods, grades and terms |
| section.students | student enrollments of users who are students, ascending ids |
| section.teachers | teacher enrollments, `teacher` first: the primary one, else the first row |
| users | users, one each; roles from `role`, or from the rows of roles.csv |
| roles.student | student: sis_id = sourcedId, student_number = identifier, grade, schools = orgs, |
| | dob and gender = demographics |
| roles.teacher | teacher, or staff with a teacher enrollment: sis_id, teacher_number = identifier |
| roles.staff | aide, proctor, counselor, principal, siteAdministrator, administrator of a school: |
| | staff_id = sourcedId |
| roles.district_admin | districtAdministrator, systemAdministrator, administrator of the district |
| roles.contact | guardian, parent, relative: student_relationships from agentSourcedIds of |
| | either side; only name.last |
| credentials.district_username | username |
| roles.*.legacy_id | `clever_id("legacy <role>", sourcedId)`; students have none (as recorded) |
| created, last_modified | dateLastModified, else a fixed day |

Not carried, as Clever cannot: rows `tobedeleted`, orgs that are no schools, further terms of a class, terms and courses
without classes, enrollments of aides, dates of enrollments, enabledUser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]
Objects = dict[str, dict[str, Json]]
"""Kind → id → object, as the Data API v3.1 shows it to an app that is granted everything."""

KINDS = ("schools", "courses", "terms", "sections", "users")
LONG_AGO = "2026-08-01T00:00:00.000Z"
GRADES = {
    "IT": "InfantToddler", "PR": "Preschool", "PK": "PreKindergarten", "TK": "TransitionalKindergarten",
    "KG": "Kindergarten", **{f"{n:02d}": str(n) for n in range(1, 14)}, "PS": "PostGraduate", "UG": "Ungraded",
    "Other": "Other",
}
SUBJECTS = frozenset({
    "english/language arts", "math", "science", "social studies", "language", "homeroom/advisory",
    "interventions/online learning", "technology and engineering", "PE and health", "arts and music", "other",
})
ROLES = {
    "student": "student", "teacher": "teacher", "guardian": "contact", "parent": "contact", "relative": "contact",
    "aide": "staff", "proctor": "staff", "counselor": "staff", "principal": "staff", "siteAdministrator": "staff",
    "administrator": "staff", "districtAdministrator": "district_admin", "systemAdministrator": "district_admin",
}
RELATIONSHIPS = {"parent": ("Parent", "Parent/Guardian"), "guardian": ("Other", "Parent/Guardian"),
                 "relative": ("Other", "Family")}
_PREFIX = {"districts": "66a00001", "schools": "66a00002", "terms": "66a00003", "courses": "66a00004",
           "sections": "66a00005", "users": "66a00006"}


def clever_id(kind: str, source_id: str, space: str = "") -> str:
    """Clever's id for a source id: `clever_id("users", "s-1")`. A second district of one server has its own `space`."""
    digest = hashlib.sha256(f"{space}/{kind}/{source_id}".encode()).hexdigest()
    return _PREFIX.get(kind, "66a0000f") + digest[:16]


def objects_of(files: Mapping[str, Iterable[Mapping[str, str]]], space: str = "") -> Objects:
    """All objects of a district. Raises ValueError for a role that Clever has no place for."""
    return _Rows(files, space).objects()


def district_row(files: Mapping[str, Iterable[Mapping[str, str]]]) -> Mapping[str, str]:
    """The org that is the district; an empty one where there is none."""
    return next((row for row in files.get("orgs", ()) if row.get("type") == "district"), {"sourcedId": "district"})


def dob(birth_date: str) -> str:
    """`2011-02-07` as Clever writes it, `2/7/2011`; blank stays blank."""
    year, _, rest = birth_date.partition("-")
    month, _, day = rest.partition("-")
    return f"{int(month)}/{int(day)}/{year}" if rest else ""


class _Rows:
    """The rows of one district and what they say about each other."""

    def __init__(self, files: Mapping[str, Iterable[Mapping[str, str]]], space: str):
        self.files = {stem: [r for r in rows if r.get("status") != "tobedeleted"] for stem, rows in files.items()}
        self.space = space
        self.district = self.id("districts", district_row(files)["sourcedId"])
        self.schools = {r["sourcedId"] for r in self.files.get("orgs", ()) if r.get("type") == "school"}
        self.people = {r["sourcedId"]: r for r in self.files.get("users", ())}
        self.role_rows: dict[str, list[Mapping[str, str]]] = {}
        for row in self.files.get("roles", ()):
            self.role_rows.setdefault(row["userSourcedId"], []).append(row)
        self.roles = {person: self._roles(row) for person, row in self.people.items()}
        self.students: dict[str, list[str]] = {}
        self.teachers: dict[str, list[str]] = {}
        self._enroll()
        self.agents = self._agents()
        self.demographics = {r["sourcedId"]: r for r in self.files.get("demographics", ())}

    def id(self, kind: str, source_id: str) -> str:
        return clever_id(kind, source_id, self.space)

    def objects(self) -> Objects:
        sections = [self._section(row) for row in self.files.get("classes", ())]
        used = {s["term_id"] for s in sections} | {s["course"] for s in sections}
        terms = [self._term(row) for row in self.files.get("academicSessions", ())]
        courses = [self._course(row) for row in self.files.get("courses", ())]
        schools = [self._school(row) for row in self.files.get("orgs", ()) if row.get("type") == "school"]
        users = [self._user(row) for row in self.people.values()]
        made = {"schools": schools, "courses": [c for c in courses if c["id"] in used],
                "terms": [t for t in terms if t["id"] in used], "sections": sections, "users": users}
        return {kind: {one["id"]: one for one in made[kind]} for kind in KINDS}

    def _enroll(self) -> None:
        for row in self.files.get("enrollments", ()):
            person, roles = row["userSourcedId"], self.roles.get(row["userSourcedId"], {})
            if row.get("role") == "student" and "student" in roles:
                self.students.setdefault(row["classSourcedId"], []).append(person)
            if row.get("role") == "teacher" and {"teacher", "staff", "district_admin"} & set(roles):
                roles.setdefault("teacher", _listed(self.people[person].get("orgSourcedIds")))
                taught = self.teachers.setdefault(row["classSourcedId"], [])
                taught.insert(0 if row.get("primary") == "true" else len(taught), person)

    def _roles(self, row: Mapping[str, str]) -> dict[str, list[str]]:
        """Clever's roles of a person, each with source ids of orgs."""
        told = [(r["role"], r.get("orgSourcedId", "")) for r in self.role_rows.get(row["sourcedId"], ())]
        roles: dict[str, list[str]] = {}
        for role, org in told or [(row.get("role", ""), o) for o in _listed(row.get("orgSourcedIds")) or [""]]:
            if role not in ROLES:
                raise ValueError(f"Clever has no place for the role {role!r}")
            at_district = role == "administrator" and org not in self.schools
            roles.setdefault("district_admin" if at_district else ROLES[role], []).append(org)
        return roles

    def _agents(self) -> dict[str, list[str]]:
        """Contact → students, told by either side."""
        agents: dict[str, dict[str, None]] = {}
        for person, row in self.people.items():
            for other in _listed(row.get("agentSourcedIds")):
                if other not in self.roles:
                    continue
                contact, student = (person, other) if "contact" in self.roles[person] else (other, person)
                if "contact" in self.roles[contact] and "student" in self.roles[student]:
                    agents.setdefault(contact, {})[student] = None
        return {contact: list(students) for contact, students in agents.items()}

    def _school(self, row: Mapping[str, str]) -> Json:
        number = row.get("identifier", "")
        return {
            **self._common("schools", row), "name": row.get("name", ""), "sis_id": row["sourcedId"],
            "school_number": number, "nces_id": number, "state_id": "", "low_grade": "PreKindergarten",
            "high_grade": "12", "phone": "(555) 555-0100", "ext": {"charter_school": "N"},
            "principal": {"name": "Sample Principal", "email": "principal@sample.example"},
            "location": {"address": "1 Sample Street", "city": "Sampletown", "state": "NY", "zip": "00000"},
        }

    def _term(self, row: Mapping[str, str]) -> Json:
        return {"id": self.id("terms", row["sourcedId"]), "district": self.district, "name": row.get("title", ""),
                "start_date": row.get("startDate", ""), "end_date": row.get("endDate", "")}

    def _course(self, row: Mapping[str, str]) -> Json:
        return {"id": self.id("courses", row["sourcedId"]), "district": self.district, "name": row.get("title", ""),
                "number": row.get("courseCode", "")}

    def _section(self, row: Mapping[str, str]) -> Json:
        source_id = row["sourcedId"]
        teachers = list(dict.fromkeys(self.id("users", t) for t in self.teachers.get(source_id, ())))
        term, course = _first(row.get("termSourcedIds")), row.get("courseSourcedId")
        subject = _first(row.get("subjects"))
        homeroom = "homeroom/advisory" if row.get("classType") == "homeroom" else ""
        return {
            **self._common("sections", row), "name": row.get("title", ""), "sis_id": source_id,
            "school": self.id("schools", row["schoolSourcedId"]), "section_number": row.get("classCode", ""),
            "period": _first(row.get("periods")), "grade": GRADES.get(_first(row.get("grades")), ""),
            "subject": subject if subject in SUBJECTS else homeroom,
            "course": self.id("courses", course) if course else None,
            "term_id": self.id("terms", term) if term else None,
            "teacher": teachers[0] if teachers else None, "teachers": teachers,
            "students": sorted({self.id("users", s) for s in self.students.get(source_id, ())}),
            "ext": {}, "lms_status": {"synced_in_lms": False},
        }

    def _user(self, row: Mapping[str, str]) -> Json:
        roles = self.roles[row["sourcedId"]]
        made = {role: getattr(self, f"_{role}")(row, self._at(orgs)) for role, orgs in roles.items()}
        full = " ".join(part for part in (row.get("givenName"), row.get("familyName")) if part)
        name = {"first": row.get("givenName", ""), "middle": row.get("middleName", ""),
                "last": row.get("familyName", "")}
        return {**self._common("users", row), "email": row.get("email", ""),
                "name": {"last": full} if "contact" in roles else name, "roles": made}

    def _at(self, orgs: Iterable[str]) -> list[str]:
        """Ids of the schools among these orgs, the first one first."""
        return list(dict.fromkeys(self.id("schools", org) for org in orgs if org in self.schools))

    def _student(self, row: Mapping[str, str], schools: list[str]) -> Json:
        about = self.demographics.get(row["sourcedId"], {})
        preferred = {"first": row.get("preferredGivenName", ""), "middle": row.get("preferredMiddleName", ""),
                     "last": row.get("preferredFamilyName", "")}
        return {
            "sis_id": row["sourcedId"], "student_number": row.get("identifier", ""), "state_id": "",
            **_primary(schools),
            "grade": GRADES.get(_first(row.get("grades")), ""), "dob": dob(about.get("birthDate", "")),
            "gender": {"male": "M", "female": "F"}.get(about.get("sex", ""), ""), "email": row.get("email", ""),
            "credentials": {"district_username": row.get("username", "")}, "enrollments": [], "graduation_year": "",
            "race": "", "hispanic_ethnicity": "", "ext": {},
            "location": {"address": "", "city": "", "state": "", "zip": ""}, "preferred_name": preferred,
        }

    def _teacher(self, row: Mapping[str, str], schools: list[str]) -> Json:
        return {"legacy_id": self.id("legacy teacher", row["sourcedId"]), **_primary(schools),
                "sis_id": row["sourcedId"], "teacher_number": row.get("identifier", ""), "state_id": "",
                "title": "Teacher", "credentials": {"district_username": row.get("username", "")}, "ext": {}}

    def _staff(self, row: Mapping[str, str], schools: list[str]) -> Json:
        return {"legacy_id": self.id("legacy staff", row["sourcedId"]), "staff_id": row["sourcedId"],
                "schools": schools, "title": row.get("role", "").capitalize(), "department": "", "roles": [],
                "credentials": {"district_username": row.get("username", "")}, "ext": {}}

    def _district_admin(self, row: Mapping[str, str], schools: list[str]) -> Json:  # an admin belongs to no school
        return {"legacy_id": self.id("legacy district_admin", row["sourcedId"]), "title": "District administrator"}

    def _contact(self, row: Mapping[str, str], schools: list[str]) -> Json:
        relationship, type_ = RELATIONSHIPS.get(row.get("role", ""), ("Other", "Other"))
        students = [self.id("users", student) for student in self.agents.get(row["sourcedId"], ())]
        return {"legacy_id": self.id("legacy contact", row["sourcedId"]), "sis_id": row["sourcedId"],
                "phone": row.get("phone") or row.get("sms") or "", "phone_type": "",
                "relationship": relationship, "type": type_, "students": students,  # undocumented, but recorded
                "student_relationships": [{"student": student, "relationship": relationship, "type": type_}
                                          for student in students]}

    def _common(self, kind: str, row: Mapping[str, str]) -> Json:
        changed = _timestamp(row.get("dateLastModified"))
        return {"id": self.id(kind, row["sourcedId"]), "district": self.district, "created": changed,
                "last_modified": changed}


def _primary(schools: list[str]) -> Json:
    return {"school": schools[0], "schools": schools} if schools else {"schools": []}


def _timestamp(cell: str | None) -> str:
    """A date or a timestamp of a row as Clever writes it, in milliseconds."""
    day, _, time = (cell or LONG_AGO).rstrip("Z").partition("T")
    whole, _, part = (time or "00:00:00").partition(".")
    return f"{day}T{whole}.{(part + '000')[:3]}Z"


def _listed(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(",") if part.strip()]


def _first(cell: str | None) -> str:
    return next(iter(_listed(cell)), "")
