"""Identities of a person: the kinds by which a sign-in or a search finds one, and the values of one record.

`homeroom.diff.identities` takes the same from whole columns; a test holds both to the same values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from homeroom.model.vocabulary import STAFF_ROLES

Fields = Mapping[str, Any]

_LEGACY = re.compile(r"\{legacyId:([^{},]+)\}")


def _one(value: str | None) -> list[str]:
    return [] if value is None else [value]


_VALUES: Mapping[str, Callable[[str, Fields], list[str]]] = {
    "sourced_id": lambda source_id, _: [source_id],
    "username": lambda _, fields: [name.lower() for name in _one(fields.get("username"))],
    "identifier": lambda _, fields: _one(fields.get("identifier")),
    "email": lambda _, fields: [
        email.lower() for email in _one(fields.get("email")) if fields.get("role") in STAFF_ROLES],
    "legacy_id": lambda _, fields: [found for id in fields.get("user_ids") or () for found in _LEGACY.findall(id)],
    "directory": lambda _, fields: _one(fields.get("directory_id")),
}
IDENTITY_KINDS: tuple[str, ...] = tuple(_VALUES)
"""Kinds of identity, in the order in which a search tries them."""
_WITHOUT_CASE = frozenset({"username", "email"})


def links_of(source_id: str, fields: Fields) -> list[str]:
    """The identity links that a person may have, as `<kind>#<value>`."""
    return [f"{kind}#{value}" for kind, values in _VALUES.items() for value in values(source_id, fields)]


def compared(kind: str, value: str) -> str:
    """A value in the form in which links of this kind have it."""
    return value.lower() if kind in _WITHOUT_CASE else value


def candidates(identity: str) -> list[str]:
    """The links under which somebody with this identity can be found, whatever kind it is of."""
    return [f"{kind}#{compared(kind, identity)}" for kind in IDENTITY_KINDS]
