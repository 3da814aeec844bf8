"""What may be kept of a record, as types: a field that is not declared never becomes a value (ADR 15).

Fields are those of OneRoster 1.1 and 1.2 (reference 2.2 and 3.2). Values are as loose as services are: a flag may be
text, a number or JSON's own, and an id a number. References keep their sourcedId alone, `href` is not reliable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from homeroom.products.receiving import METADATA, NOBODY, USERS, Received, means_parent
from homeroom.read.layout import CORE

Scalar = str | int | float | bool | None
Scalars = list[Scalar] | None
Metadata = dict[str, Scalar] | None


class Ref(Struct, rename="camel", omit_defaults=True, gc=False):
    """A link to another record."""

    sourced_id: Scalar = None


Refs = list[Ref] | None


class Record(Struct, rename="camel", omit_defaults=True, gc=False):
    """What every record has."""

    sourced_id: Scalar = None
    status: Scalar = None
    date_last_modified: Scalar = None
    metadata: Metadata = None


class Org(Record):
    name: Scalar = None
    type: Scalar = None
    identifier: Scalar = None
    parent: Ref | None = None


class AcademicSession(Record):
    title: Scalar = None
    type: Scalar = None
    start_date: Scalar = None
    end_date: Scalar = None
    parent: Ref | None = None
    school_year: Scalar = None


class Course(Record):
    title: Scalar = None
    course_code: Scalar = None
    school_year: Ref | None = None
    grades: Scalars = None
    subjects: Scalars = None
    subject_codes: Scalars = None
    org: Ref | None = None


class Class(Record):
    title: Scalar = None
    class_code: Scalar = None
    class_type: Scalar = None
    location: Scalar = None
    grades: Scalars = None
    subjects: Scalars = None
    subject_codes: Scalars = None
    periods: list[Scalar] | str | int | float | bool | None = None
    course: Ref | None = None
    school: Ref | None = None
    terms: Refs = None


class UserId(Struct, rename="camel", omit_defaults=True, gc=False):
    """A number that another system knows the person by."""

    type: Scalar = None
    identifier: Scalar = None


class Role(Struct, rename="camel", omit_defaults=True, gc=False):
    """OneRoster 1.2: what a person is in one organisation."""

    role_type: Scalar = None
    role: Scalar = None
    org: Ref | None = None


class User(Record):
    username: Scalar = None
    user_ids: list[UserId] | None = None
    enabled_user: Scalar = None
    given_name: Scalar = None
    family_name: Scalar = None
    middle_name: Scalar = None
    role: Scalar = None
    identifier: Scalar = None
    email: Scalar = None
    sms: Scalar = None
    phone: Scalar = None
    agents: Refs = None
    orgs: Refs = None
    grades: Scalars = None
    roles: list[Role] | None = None
    primary_org: Ref | None = None
    user_master_identifier: Scalar = None
    preferred_first_name: Scalar = None
    preferred_middle_name: Scalar = None
    preferred_last_name: Scalar = None
    pronouns: Scalar = None


class Enrollment(Record):
    user: Ref | None = None
    klass: Ref | None = field(name="class", default=None)
    school: Ref | None = None
    role: Scalar = None
    primary: Scalar = None
    begin_date: Scalar = None
    end_date: Scalar = None


KINDS: Mapping[str, type[Record]] = dict(
    zip(CORE, (Org, AcademicSession, Course, Class, User, Enrollment), strict=True))
"""File stem → what is kept of its records."""

NAMES: Mapping[str, str] = {
    "agentSourcedIds": "agents", "parentSourcedId": "parent", "primaryOrgSourcedId": "primaryOrg",
    "courseSourcedId": "course", "termSourcedIds": "terms", "schoolYearSourcedId": "schoolYear",
    "preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName", METADATA: "metadata",
}
"""Columns of CSV that a service calls by another name, of those that a product may do without."""
_STAYS = frozenset({"sourced_id", "status", "date_last_modified", "enabled_user", "role", "roles", "orgs"})
_NEEDED = frozenset({"username", "given_name", "family_name"})

_ENCODER = msgspec.json.Encoder()
_DIGEST = 8


def lines_of(records: Iterable[Record]) -> bytes:
    """JSON lines, each ending with a line feed."""
    return bytes(_ENCODER.encode_lines(records))


def minimal_of(records: list[Record], stem: str, received: Received) -> list[Record]:
    """The records without what no product may receive, and without the data of parents where that is not kept."""
    for name in _dropped(stem, received):
        for one in records:
            setattr(one, name, None)
    if not received.parents and stem == USERS:
        _without_parents(records)
    return records


def _dropped(stem: str, received: Received) -> list[str]:
    names = {NAMES.get(column, column) for column in received.dropped.get(stem, ())}
    return [field.name for field in msgspec.structs.fields(KINDS[stem]) if field.encode_name in names]


def _without_parents(records: Iterable[Record]) -> None:
    for one in records:
        if isinstance(one, User) and _only_parent(one):
            for name in one.__struct_fields__:
                if name not in _STAYS:
                    setattr(one, name, NOBODY if name in _NEEDED else None)


def _only_parent(user: User) -> bool:
    words = [user.role, *(role.role for role in user.roles or ())]
    said = [str(word) for word in words if word is not None]
    return bool(said) and all(map(means_parent, said))


def digests_of(texts: Iterable[bytes]) -> bytes:
    """8 bytes for each text, the same in every process (unlike Python's own `hash`)."""
    made = hashlib.blake2b
    return b"".join([made(text, digest_size=_DIGEST).digest() for text in texts])


def ids_of(records: Iterable[Record]) -> bytes:
    """A digest of each sourcedId; records without one have none."""
    return digests_of(str(one.sourced_id).encode() for one in records if one.sourced_id not in (None, ""))


def decode_lines(lines: bytes, stem: str) -> list[Any]:
    """Kept lines as records of that collection."""
    decoded: list[Any] = msgspec.json.Decoder(KINDS[stem]).decode_lines(lines)
    return decoded
