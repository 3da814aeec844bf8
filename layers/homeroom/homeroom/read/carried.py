"""What each source can carry of the canonical roster: one table for people (docs/fields.md) and for the tests.

Which columns a source fills is read from its reader's own table, so that the two cannot drift apart. What stands here
besides is what no column tells: why Clever lacks a field, and where it says less, or something else, in it.
Facts about Clever: its Data API v3.0 and v3.1, and the mapping in `read.clever.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from homeroom.model.entities import CONTACTS, ENTITIES, EXTRAS, Entity, Field
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES, STAFF_ROLES
from homeroom.read.clever import rows as clever
from homeroom.read.layout import CORE, layout_of
from homeroom.read.oneroster_rest import frames as rest

Source = Literal["csv", "rest-1.1", "rest-1.2", "clever"]
SOURCES: Mapping[Source, str] = {
    "csv": "CSV", "rest-1.1": "REST 1.1", "rest-1.2": "REST 1.2", "clever": "Clever",
}
"""The sources, and what they are called for people. A CSV set may be of OneRoster 1.1 or 1.2."""

How = Literal["whole", "first", "own", "no"]
"""How a source carries a field.

    whole   as the SIS says it
    first   the first of several only
    own     something is there that the SIS did not say
    no      nothing is there: null
"""
_AGENTS = "agentSourcedIds"
_ONLY_12 = frozenset({
    "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "pronouns",
    "primaryOrgSourcedId",
})
"""Columns of users that OneRoster 1.1 does not know (1.2 CSV binding, users.csv). `roles` is made from `role` and
`orgSourcedIds` there."""


@dataclass(frozen=True)
class Less:
    """Fields in which Clever says less, or something else, of people with these roles (empty: of every record)."""

    entity: str
    fields: tuple[str, ...]
    how: How
    why: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Some:
    """The records of an entity that Clever has: `where` a field has one of these words, or `named_by` a field of an
    active record. Empty: all."""

    why: str
    where: Mapping[str, tuple[str, ...]]
    named_by: tuple[str, str] | None = None


_STAFF = STAFF_ROLES - {"teacher"}
LESS: tuple[Less, ...] = (
    Less("orgs", ("parent",), "own", "there is no tree of organisations: schools stand right below the district"),
    Less("terms", ("type", "school_year"), "own",
         "a term is a term, and its school year is reckoned from its last day"),
    Less("courses", ("org",), "own", "courses belong to no school: they stand below the district"),
    Less("classes", ("grades",), "first", "a section has one grade"),
    Less("classes", ("terms",), "first", "a section has one term"),
    Less("classes", ("periods",), "first", "a section has one period"),
    Less("classes", ("subjects",), "own", "a section has one subject, of a list of Clever's own"),
    Less("people", ("enabled",), "own", "who is shared may use the product"),
    Less("people", ("user_ids",), "own", "the SIS id, the state id, and ids of Clever's older versions"),
    Less("people", ("primary_org",), "own", "the first school"),
    Less("people", ("sms", "phone"), "own", "of contacts alone: one number"),
    Less("people", ("grades",), "first", "a student has one grade"),
    Less("people", ("grades",), "no", "students alone have a grade", frozenset(ROLES.words) - {"student"}),
    Less("people", ("preferred_given_name", "preferred_middle_name", "preferred_family_name"), "no",
         "students alone have one, and from version 3.1 on", frozenset(ROLES.words) - {"student"}),
    Less("people", ("orgs", "roles"), "own", "contacts belong to no school: they stand at the district",
         GUARDIAN_ROLES),
    Less("people", ("given_name", "middle_name", "family_name"), "own", "a contact has one name for all of it",
         GUARDIAN_ROLES),
    Less("people", ("username", "identifier"), "no", "contacts do not sign in and have no number", GUARDIAN_ROLES),
    Less("people", ("role", "roles", "identifier"), "own", "all of a district's staff are one role, with one id",
         _STAFF),
    Less("enrollments", ("primary",), "own", "one teacher of a section leads it, whether the SIS says so or not"),
)
"""Where Clever says less than the SIS, or something else, though the column is filled."""

_NO_EXTRAS = "`ext` is never read"
WHY_NOT: Mapping[str, Mapping[str, str]] = {
    "orgs": {"metadata": _NO_EXTRAS},
    "terms": {"parent": "there are no school years, and no term lies in another one", "metadata": _NO_EXTRAS},
    "courses": {
        "grades": "a course is a name and a number", "school_year": "there are no school years",
        "subjects": "a course is a name and a number", "subject_codes": "a course is a name and a number",
        "metadata": _NO_EXTRAS,
    },
    "classes": {
        "location": "sections have no room", "subject_codes": "subjects have no codes", "metadata": _NO_EXTRAS,
    },
    "people": {
        "pronouns": "not offered", "master_identifier": "not offered", "metadata": _NO_EXTRAS,
    },
    "enrollments": {
        "begin_date": "a section lists who is in it now", "end_date": "a section lists who is in it now",
        "metadata": _NO_EXTRAS,
    },
}
"""Entity → field → why Clever carries nothing of it."""

SOME: Mapping[str, Some] = {
    "orgs": Some("of organisations there are the district and its schools", {"type": ("district", "school")}),
    "terms": Some("terms exist only with a section, by the first term of a class", {}, ("classes", "terms")),
    "courses": Some("courses exist only with a section", {}, ("classes", "course")),
    "enrollments": Some("a section lists its students and its teachers, each once", {"role": ("student", "teacher")}),
}
"""Entities of which Clever does not have every record."""


def how(source: Source, entity: str, field: str, role: str | None = None) -> How:
    """How a source carries a field; of people with a role, where one is given (else: at its best)."""
    if not _filled(source, ENTITIES[entity], ENTITIES[entity].field(field)):
        return "no"
    if source != "clever":
        return "whole"
    told = [less for less in less_of(entity, field) if not less.roles or role in less.roles]
    return max((less.how for less in told), key=_ORDER.index, default="whole")


_ORDER: tuple[How, ...] = ("whole", "first", "own", "no")


def less_of(entity: str, field: str) -> tuple[Less, ...]:
    """Where Clever says less, or something else, in a field that it fills."""
    return tuple(less for less in LESS if less.entity == entity and field in less.fields)


def carriers(entity: str, field: str) -> tuple[Source, ...]:
    """The sources that fill a field at all."""
    return tuple(source for source in SOURCES if how(source, entity, field) != "no")


def _filled(source: Source, entity: Entity, field: Field) -> bool:
    """Contacts are made of one column of users, on either side."""
    column = _AGENTS if entity is CONTACTS else field.column
    return column in _COLUMNS[source][entity.file]


def _columns_of_csv(stem: str) -> frozenset[str]:
    return frozenset({*layout_of(stem).kept, EXTRAS.column, *(("roles",) if stem == "users" else ())})


def _columns_of_rest(stem: str, without: frozenset[str]) -> frozenset[str]:
    made = {EXTRAS.column, *(("roles",) if stem == "users" else ())}
    return frozenset({*rest.COLUMNS[stem], *made}) - without


_COLUMNS: Mapping[Source, Mapping[str, frozenset[str]]] = {
    "csv": {stem: _columns_of_csv(stem) for stem in CORE},
    "rest-1.1": {stem: _columns_of_rest(stem, _ONLY_12) for stem in CORE},
    "rest-1.2": {stem: _columns_of_rest(stem, frozenset()) for stem in CORE},
    "clever": {stem: frozenset(clever.COLUMNS[stem]) for stem in CORE},
}
"""Source → file stem → columns that its reader fills."""
