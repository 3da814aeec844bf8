"""The canonical roster as one table of fields: the column checks, the JSON shapes and the docs are made from it.

A field's `kind` decides how a cell is read:

    id     text that names a record, at most 255 characters     list   several texts in one cell, split at commas
    text   free text, cut at `longest`                          grades list of CEDS grade codes, unknown ones `Other`
    word   one word of the vocabulary                           date   YYYY-MM-DD (a time part is dropped)
    flag   true or false                                        year   four digits, the year in which it ends
    email  an address with one `@`                              extras `metadata.*` columns as one JSON object

A field without a column is `made`: no source carries it, the rules of products fill it (`homeroom.shape`).

Source of columns and of what is required: OneRoster 1.1 CSV tables, sections 4.3 to 4.13; users 1.2 beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from homeroom.model import vocabulary as v

Kind = Literal["id", "text", "word", "flag", "date", "year", "email", "list", "grades", "extras"]
LIST_KINDS: frozenset[str] = frozenset({"list", "grades"})


@dataclass(frozen=True)
class Field:
    """One field of an entity: canonical `name`, the OneRoster `column` it comes from, and its rules."""

    name: str
    column: str = ""
    kind: Kind = "text"
    required: bool = False
    vocabulary: v.Vocabulary | None = None
    references: str | None = None
    longest: int = 255

    @property
    def made(self) -> bool:
        """Whether the rules of products fill it, and no source does. Contacts have no columns of their own either."""
        return not self.column


@dataclass(frozen=True)
class Entity:
    """One kind of record: `name` as in reports, `singular` as in keys, and the OneRoster `file` it comes from."""

    name: str
    singular: str
    file: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that canonical name."""
        return next(f for f in self.fields if f.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical field names in order, without the source id."""
        return tuple(f.name for f in self.fields)

    @property
    def carried(self) -> tuple[Field, ...]:
        """The fields that a source can carry."""
        return tuple(f for f in self.fields if not f.made)

    @property
    def made(self) -> tuple[Field, ...]:
        """The fields that the rules of products fill."""
        return tuple(f for f in self.fields if f.made)


EXTRAS = Field("metadata", "metadata.*", "extras", longest=100_000)

ORGS = Entity("orgs", "org", "orgs", (
    Field("name", "name", required=True),
    Field("type", "type", "word", required=True, vocabulary=v.ORG_TYPES),
    Field("identifier", "identifier"),
    Field("parent", "parentSourcedId", "id", references="orgs"),
    EXTRAS,
))
TERMS = Entity("terms", "term", "academicSessions", (
    Field("title", "title", required=True),
    Field("type", "type", "word", required=True, vocabulary=v.TERM_TYPES),
    Field("start_date", "startDate", "date", required=True),
    Field("end_date", "endDate", "date", required=True),
    Field("parent", "parentSourcedId", "id", references="terms"),
    Field("school_year", "schoolYear", "year", required=True),
    EXTRAS,
))
COURSES = Entity("courses", "course", "courses", (
    Field("title", "title", required=True),
    Field("code", "courseCode"),
    Field("grades", "grades", "grades", vocabulary=v.GRADES),
    Field("org", "orgSourcedId", "id", required=True, references="orgs"),
    Field("school_year", "schoolYearSourcedId", "id", references="terms"),
    Field("subjects", "subjects", "list"),
    Field("subject_codes", "subjectCodes", "list"),
    EXTRAS,
))
CLASSES = Entity("classes", "class", "classes", (
    Field("title", "title", required=True),
    Field("code", "classCode"),
    Field("type", "classType", "word", required=True, vocabulary=v.CLASS_TYPES),
    Field("location", "location"),
    Field("grades", "grades", "grades", vocabulary=v.GRADES),
    Field("course", "courseSourcedId", "id", references="courses"),
    Field("school", "schoolSourcedId", "id", required=True, references="orgs"),
    Field("terms", "termSourcedIds", "list", references="terms"),
    Field("subjects", "subjects", "list"),
    Field("subject_codes", "subjectCodes", "list"),
    Field("periods", "periods", "list"),
    EXTRAS,
    Field("source_title"),
))
PEOPLE = Entity("people", "person", "users", (
    Field("enabled", "enabledUser", "flag", required=True, vocabulary=v.BOOLEANS),
    Field("role", "role", "word", required=True, vocabulary=v.ROLES),
    Field("orgs", "orgSourcedIds", "list", required=True, references="orgs"),
    Field("roles", "roles", "list"),
    Field("primary_org", "primaryOrgSourcedId", "id"),
    Field("username", "username", required=True),
    Field("given_name", "givenName", required=True),
    Field("family_name", "familyName", required=True),
    Field("middle_name", "middleName"),
    Field("preferred_given_name", "preferredGivenName"),
    Field("preferred_middle_name", "preferredMiddleName"),
    Field("preferred_family_name", "preferredFamilyName"),
    Field("pronouns", "pronouns"),
    Field("identifier", "identifier"),
    Field("master_identifier", "userMasterIdentifier"),
    Field("user_ids", "userIds", "list"),
    Field("email", "email", "email"),
    Field("sms", "sms"),
    Field("phone", "phone"),
    Field("grades", "grades", "grades", vocabulary=v.GRADES),
    EXTRAS,
    Field("grade_levels", kind="list"),
    Field("home_school", kind="id"),
    Field("directory_id", kind="id"),
))
ENROLLMENTS = Entity("enrollments", "enrollment", "enrollments", (
    Field("class", "classSourcedId", "id", required=True, references="classes"),
    Field("school", "schoolSourcedId", "id", required=True, references="orgs"),
    Field("person", "userSourcedId", "id", required=True, references="people"),
    Field("role", "role", "word", required=True, vocabulary=v.ROLES),
    Field("primary", "primary", "flag", vocabulary=v.BOOLEANS),
    Field("begin_date", "beginDate", "date"),
    Field("end_date", "endDate", "date"),
    EXTRAS,
    Field("not_for", kind="list"),
))
CONTACTS = Entity("contacts", "contact", "users", (
    Field("student", "student", "id", required=True, references="people"),
    Field("guardian", "guardian", "id", required=True, references="people"),
    Field("relationship", "relationship"),
))
"""A contact is a link between a guardian and a student, made from `agentSourcedIds` of either side."""

ENTITIES: Mapping[str, Entity] = {
    e.name: e for e in (ORGS, TERMS, COURSES, CLASSES, PEOPLE, ENROLLMENTS, CONTACTS)
}
MADE: Mapping[str, str] = {
    "source_title": "the title that the SIS gives, where the class name was made unique (C8)",
    "grade_levels": "the grades in the words of the product line (C10)",
    "home_school": "the one school of a student, for products that allow only one (C11); a source id",
    "directory_id": "the account in the district's directory with the same first and last name (C7)",
    "not_for": "products of the integration that do not get this enrollment: it is not in the home school (C11)",
}
"""What each field that rules make holds; null where no rule says anything."""
BY_FILE: Mapping[str, Entity] = {e.file: e for e in ENTITIES.values() if e is not CONTACTS}
WRITE_ORDER: tuple[str, ...] = ("orgs", "terms", "courses", "people", "contacts", "classes", "enrollments")
"""Order in which records are written, so that what a record points to is there before it; archives go in reverse."""
