"""Who is known at the portal double, which apps are registered there, and what each portal says of somebody.

The shapes are those of reference/sso.md 1.4, 1.5, 2.4 and clever.md 1.7, 3.1. People are made up; tests and the demo
give their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

Json = dict[str, Any]

CLEVER_TYPES = {"student": "student", "teacher": "teacher", "staff": "staff", "administrator": "district_admin"}
CLASSLINK_ROLES = {
    "student": "Student", "teacher": "Teacher", "staff": "Staff", "administrator": "Tenant Administrator",
    "parent": "Parent",
}
_NUMBER_OF = {"student": "student_number", "teacher": "teacher_number"}


class _OfJson:
    """Made from a JSON object; a name that is not a field is a mistake of the caller."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        unknown = set(said) - {one.name for one in fields(cls)}  # type: ignore[arg-type]
        if unknown:
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        return cls(**said)


@dataclass
class PortalPerson(_OfJson):
    """Somebody with an account at the portal. `role` is a word of ours; what is empty is not told."""

    id: str
    tenant: str
    role: str = "teacher"
    name: str = ""
    legacy_id: str = ""
    sourced_id: str = ""
    login: str = ""
    email: str = ""
    sis_id: str = ""
    number: str = ""
    authorized_by: str = "district"
    schools: tuple[str, ...] = ()


@dataclass
class PortalApp(_OfJson):
    """A product's app at the portal. `redirect_uri` is the primary one: tiles lead there."""

    key: str
    client_id: str
    client_secret: str
    redirect_uri: str
    name: str = ""
    oidc: bool = True


def present(said: Mapping[str, Any]) -> Json:
    """Without what is empty."""
    return {name: value for name, value in said.items() if value not in ("", None)}


def clever_claims(person: PortalPerson) -> Json:
    """What Clever's id_token says of somebody, beside its own claims."""
    return present({
        "multi_role_user_id": person.id, "user_id": person.legacy_id,
        "user_type": "district admin" if person.role == "administrator" else CLEVER_TYPES.get(person.role, person.role),
        "district": person.tenant, "email": person.email, "email_verified": False,
        "given_name": person.name.partition(" ")[0], "family_name": person.name.partition(" ")[2],
    })


def clever_userinfo(person: PortalPerson) -> Json:
    first, _, last = person.name.partition(" ")
    return {"sub": person.id, **clever_claims(person), "district_id": person.tenant,
            "name": {"first": first, "middle": "", "last": last}, "schools": list(person.schools),
            "authorized_by": person.authorized_by}


def clever_me(person: PortalPerson) -> Json:
    """Its `type` is the word user, not a role (reference/sso.md 2.4)."""
    return {
        "type": "user",
        "data": {"id": person.id, "district": person.tenant, "type": "user", "authorized_by": person.authorized_by},
        "links": [{"rel": "self", "uri": "/me"}, {"rel": "canonical", "uri": f"/v3.0/users/{person.id}"},
                  {"rel": "district", "uri": f"/v3.0/districts/{person.tenant}"}],
    }


def clever_user(person: PortalPerson) -> Json:
    first, _, last = person.name.partition(" ")
    kind = CLEVER_TYPES.get(person.role, person.role)
    sis = {"staff_id": person.sis_id} if kind == "staff" else {"sis_id": person.sis_id}
    role = present({**sis, _NUMBER_OF.get(kind, "number"): person.number, "legacy_id": person.legacy_id})
    return {"data": {"id": person.id, "district": person.tenant, "name": {"first": first, "last": last},
                     "roles": {kind: role}}}


def classlink_claims(person: PortalPerson) -> Json:
    """What discovery lists; `Switches.thin` leaves out what the older documented sample lacks."""
    tenant = int(person.tenant) if person.tenant.isdecimal() else person.tenant
    return present({
        "classLink_tenant_id": tenant, "classLink_tenant_id_string": person.tenant,
        "classLink_role": CLASSLINK_ROLES.get(person.role, person.role), "classLink_sourcedId": person.sourced_id,
        "email": person.email, "email_verified": True, "name": person.name, "profile": "Teacher",
    })


def classlink_info(person: PortalPerson) -> Json:
    """Numbers as numbers, names in the case of the documented sample."""
    def number(text: str) -> int | str:
        return int(text) if text.isdecimal() else text

    first, _, last = person.name.partition(" ")
    return {
        "UserId": number(person.id), "TenantId": number(person.tenant), "SourcedId": person.sourced_id,
        "LoginId": person.login, "Email": person.email, "FirstName": first, "LastName": last,
        "DisplayName": person.name, "Role": CLASSLINK_ROLES.get(person.role, person.role), "Role_Level": 4,
        "Tenant": "Sample district", "Building": "Sample school", "StateId": 0, "Language": "English",
    }


def sample_people(portal: str) -> list[PortalPerson]:
    """One of each role, for those who bring none."""
    ids = {role: str(1001 + place) if portal == "classlink" else f"{place + 1:024x}"
           for place, role in enumerate(("teacher", "student", "administrator"))}
    tenant = "2001" if portal == "classlink" else f"{0xd1:024x}"
    return [PortalPerson(id=person, tenant=tenant, role=role, name=f"Sample {role.capitalize()}",
                         legacy_id=f"legacy-{role}", sourced_id=f"sourced-{role}", login=f"login.{role}",
                         email=f"{role}@sample.example", sis_id=f"sis-{role}", number=f"number-{role}")
            for role, person in ids.items()]
