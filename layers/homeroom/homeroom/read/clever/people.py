"""Clever's users → rows of users. One user object is one person, whatever roles it has together.

    OneRoster        Clever
    role             the strongest of the roles, by `STRONGEST_FIRST`
    roles            `role:org` for each role: teacher, student and staff at their schools; district_admin, contact and
                     who has no school at the district
    orgSourcedIds    the primary school first (so primaryOrgSourcedId), then the others, then the district
    username         credentials.district_username of the strongest role that has one
    identifier       student_number, teacher_number, staff_id
    userIds          `{sisId:…}`, `{stateId:…}`, `{legacyId:…}` of every role
    agentSourcedIds  of a contact: the students it is a contact of, but not as `Self` and not for emergencies
    sms, phone       of a contact: its phone, as sms where it is a cell phone
    enabledUser      true: who is shared may use the product
    preferred…       preferred_name (v3.1)

Role of a contact: Parent → parent; Grandparent, Aunt/Uncle and Sibling → relative; everything else → guardian.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from homeroom.model.vocabulary import STRONGEST_FIRST
from homeroom.read.clever.cells import Given, Object, Row, cells, first_of, grade, listed, part, several, text

_WORDS: Mapping[str, str] = {"district_admin": "administrator", "teacher": "teacher", "student": "student"}
_RELATIVES = frozenset({"Grandparent", "Aunt/Uncle", "Sibling"})
_EMERGENCY, _SELF = "Emergency", "Self"
_NUMBERS = ("student_number", "teacher_number", "staff_id")


@dataclass(frozen=True)
class Role:
    """One role of a user: our word for it, Clever's, what Clever says about it, its schools, the primary one first."""

    word: str
    kind: str
    detail: Object
    schools: tuple[str, ...]

    def strength(self) -> tuple[int, str]:
        """Place in the order of strength; words that nobody knows come last."""
        known = self.word in STRONGEST_FIRST
        return STRONGEST_FIRST.index(self.word) if known else len(STRONGEST_FIRST), self.kind


def is_left_out(user: Object) -> bool:
    """Whether somebody is no more than a contact whose every relationship is for emergencies or to oneself."""
    roles = part(user.get("roles"))
    told = several(part(roles.get("contact")).get("student_relationships"))
    return set(roles) == {"contact"} and bool(told) and not _relationships(part(roles["contact"]))


def user_row(user: Object, given: Given) -> Row | None:
    """The row of one user; None for who is left out."""
    if is_left_out(user):
        return None
    roles = sorted(_roles(user, given), key=Role.strength)
    details = [role.detail for role in roles]
    name, preferred = part(user.get("name")), _first_part(details, "preferred_name")
    homes = [text(detail.get("school")) for detail in details]
    schools = [school for school in (*homes, *(s for role in roles for s in role.schools)) if school]
    district = given.district if not schools or any(not role.schools for role in roles) else None
    return cells({
        "sourcedId": user.get("id"), "enabledUser": "true", "role": roles[0].word if roles else None,
        "orgSourcedIds": listed([*schools, district]), "primaryOrgSourcedId": schools[0] if schools else None,
        "roles": listed(sorted(_items(roles, given))),
        "username": _first_part(details, "credentials", "district_username").get("district_username"),
        "givenName": name.get("first"), "middleName": name.get("middle"), "familyName": name.get("last"),
        "preferredGivenName": preferred.get("first"), "preferredMiddleName": preferred.get("middle"),
        "preferredFamilyName": preferred.get("last"),
        "identifier": first_of(*(d.get(column) for d in details for column in _NUMBERS)),
        "userIds": listed(_user_ids(details)),
        "email": first_of(user.get("email"), *(d.get("email") for d in details)),
        "grades": grade(first_of(*(d.get("grade") for d in details))),
        **_of_contact(part(part(user.get("roles")).get("contact"))),
    })


def _roles(user: Object, given: Given) -> Iterator[Role]:
    for kind, told in part(user.get("roles")).items():
        detail = part(told)
        schools = () if kind in ("district_admin", "contact") else (detail.get("school"),
                                                                   *several(detail.get("schools")))
        distinct = tuple(dict.fromkeys(school for school in map(text, schools) if school))
        yield Role(_word(kind, detail, given), kind, detail, distinct)


def _word(kind: str, detail: Object, given: Given) -> str:
    """Our word for one of Clever's roles; a kind that nobody knows stays as it is."""
    if kind == "staff":
        return given.staff_role
    if kind != "contact":
        return _WORDS.get(kind, kind)
    relationships = {text(one.get("relationship")) for one in _relationships(detail)}
    if "Parent" in relationships:
        return "parent"
    return "relative" if relationships and relationships <= _RELATIVES else "guardian"


def _relationships(contact: Object) -> list[Object]:
    """What makes a contact somebody's guardian: not an emergency number, not oneself."""
    told = [part(one) for one in several(contact.get("student_relationships"))]
    return [one for one in told
            if text(one.get("type")) != _EMERGENCY and text(one.get("relationship")) != _SELF]


def _items(roles: list[Role], given: Given) -> Iterator[str]:
    """`role:org` of every role."""
    for role in roles:
        yield from (f"{role.word}:{org}" for org in role.schools or (given.district,))


def _first_part(details: list[Object], name: str, holding: str | None = None) -> Object:
    """The first object of that name that holds something (the named cell, where one is named)."""
    parts = (part(detail.get(name)) for detail in details)
    return next((p for p in parts if any(text(p.get(cell)) for cell in ([holding] if holding else p))), {})


def _user_ids(details: list[Object]) -> Iterator[str]:
    for column, kind in (("sis_id", "sisId"), ("state_id", "stateId"), ("legacy_id", "legacyId")):
        yield from (f"{{{kind}:{found}}}" for found in (text(detail.get(column)) for detail in details) if found)


def _of_contact(contact: Object) -> Mapping[str, object]:
    if not contact:
        return {}
    phone = "sms" if text(contact.get("phone_type")) == "Cell" else "phone"
    return {phone: contact.get("phone"),
            "agentSourcedIds": listed(one.get("student") for one in _relationships(contact))}
