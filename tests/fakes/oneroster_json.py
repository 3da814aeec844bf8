"""Rows of OneRoster CSV → the JSON of OneRoster REST, 1.1 or 1.2 (reference: section 3.2 and 2.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from tests.fakes.oneroster_service import Service

Row = Mapping[str, str]
Record = dict[str, Any]
MODIFIED = "2026-09-01T03:00:00.000Z"
_USER_ID = re.compile(r"\{([^:{}]*):([^{}]*)\}")
_PLURAL = {"org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes",
           "user": "users"}

FIELDS: Mapping[str, Mapping[str, str]] = {
    "orgs": {"name": "name", "type": "type", "identifier": "identifier number", "parent": "parentSourcedId ref:org"},
    "academicSessions": {
        "title": "title", "startDate": "startDate", "endDate": "endDate", "type": "type",
        "parent": "parentSourcedId ref:academicSession", "schoolYear": "schoolYear number",
    },
    "courses": {
        "title": "title", "schoolYear": "schoolYearSourcedId ref:academicSession", "courseCode": "courseCode",
        "grades": "grades list", "subjects": "subjects list", "org": "orgSourcedId ref:org",
        "subjectCodes": "subjectCodes list",
    },
    "classes": {
        "title": "title", "classCode": "classCode", "classType": "classType", "location": "location",
        "grades": "grades list", "subjects": "subjects list", "course": "courseSourcedId ref:course",
        "school": "schoolSourcedId ref:org", "terms": "termSourcedIds refs:academicSession",
        "subjectCodes": "subjectCodes list", "periods": "periods periods",
    },
    "users": {
        "username": "username", "userIds": "userIds ids", "enabledUser": "enabledUser flag", "givenName": "givenName",
        "familyName": "familyName", "middleName": "middleName", "identifier": "identifier number", "email": "email",
        "sms": "sms", "phone": "phone", "agents": "agentSourcedIds refs:user", "grades": "grades list",
    },
    "enrollments": {
        "user": "userSourcedId ref:user", "class": "classSourcedId ref:class", "school": "schoolSourcedId ref:org",
        "role": "role", "primary": "primary flag", "beginDate": "beginDate", "endDate": "endDate",
    },
    "demographics": {"birthDate": "birthDate", "sex": "sex"},
}
"""Collection → JSON name → column of the CSV, and how it is written (text, where nothing is said)."""

_USERS_12 = {
    "userMasterIdentifier": "userMasterIdentifier", "preferredFirstName": "preferredGivenName",
    "preferredMiddleName": "preferredMiddleName", "preferredLastName": "preferredFamilyName", "pronouns": "pronouns",
    "primaryOrg": "primaryOrgSourcedId ref:org",
}


def record(service: Service, collection: str, row: Row) -> Record:
    """One record as the service writes it."""
    wanted = FIELDS[collection]
    if collection == "users" and service.shape_of_users != "1.1":
        wanted = {**wanted, **_USERS_12}
    made: Record = {"sourcedId": row["sourcedId"], "status": row.get("status") or "active",
                    "dateLastModified": row.get("dateLastModified") or MODIFIED}
    for name, how in wanted.items():
        column, _, kind = how.partition(" ")
        _put(service, made, name, _written(service, row.get(column) or "", kind))
    if collection == "users":
        _user(service, made, row)
    extras = {name.removeprefix("metadata."): cell for name, cell in row.items() if name.startswith("metadata.")}
    _put(service, made, "metadata", extras or None)
    return made


def roles_of(service: Service, row: Row) -> list[Row]:
    """The roles of a user as rows of roles.csv: delivered ones, or role × organisations, the first one primary."""
    if "roles" in service.rows:
        return [role for role in service.rows["roles"] if role["userSourcedId"] == row["sourcedId"]]
    return [{"role": row.get("role", ""), "orgSourcedId": org, "roleType": "secondary" if n else "primary"}
            for n, org in enumerate(_items(row.get("orgSourcedIds", "")))]


def as_bytes(records: list[Record]) -> bytes:
    """Records as the inside of a JSON array."""
    return ",".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in records).encode()


def _user(service: Service, made: Record, row: Row) -> None:
    """What differs between the versions, and what some services send though nobody needs it."""
    roles = roles_of(service, row)
    if service.shape_of_users != "1.2":
        first = next((role for role in roles if role.get("roleType") != "secondary"), roles[0] if roles else {})
        _put(service, made, "role", row.get("role") or first.get("role") or None)
        orgs = _items(row.get("orgSourcedIds", "")) or list(dict.fromkeys(r["orgSourcedId"] for r in roles))
        made["orgs"] = [_ref(service, "org", org) for org in orgs]
    if service.shape_of_users != "1.1":
        made["roles"] = [{"roleType": role["roleType"], "role": role["role"],
                          "org": _ref(service, "org", role["orgSourcedId"])} for role in roles]
    if service.intimate:
        made |= {"password": f"Secret-{row['sourcedId']}", "sms": row.get("sms") or "555-0100",
                 "phone": row.get("phone") or "555-0101",
                 "demographics": {"birthDate": "2015-02-03", "sex": "unspecified"}}


def _put(service: Service, made: Record, name: str, value: Any) -> None:
    if value is not None or service.nulls:
        made[name] = value


def _written(service: Service, cell: str, kind: str) -> Any:
    """A cell as JSON; None for nothing."""
    name, _, target = kind.partition(":")
    if name in ("list", "refs"):
        items = [_ref(service, target, one) if target else one for one in _items(cell)]
        return None if service.nulls and not items else items
    return _WRITERS[name](service, cell, target) if cell else None


def _flag(service: Service, cell: str, _: str) -> Any:
    written: dict[str, Any] = {"text": cell, "upper": cell.upper(), "json": cell == "true",
                               "number": int(cell == "true")}
    return written[service.booleans] if cell in ("true", "false") else cell


def _ref(service: Service, target: str, sourced_id: str) -> Record:
    return {"href": f"{service.url}/{_PLURAL[target]}/{quote(sourced_id, safe='')}", "sourcedId": sourced_id,
            "type": target}


def _items(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(",") if item.strip()]


_WRITERS: Mapping[str, Callable[[Service, str, str], Any]] = {
    "": lambda _, cell, __: cell,
    "number": lambda service, cell, _: int(cell) if service.numbers and cell.isdigit() else cell,
    "flag": _flag,
    "ref": lambda service, cell, target: _ref(service, target, cell),
    "ids": lambda _, cell, __: [{"type": kind, "identifier": one} for kind, one in _USER_ID.findall(cell)],
    "periods": lambda service, cell, _: cell if service.periods_as_text else _items(cell),
}
