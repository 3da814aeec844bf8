"""Operations that set sign-in up, try it, and end what it needs (requirements A6, D4; design 7)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from homeroom.model.connect_events import IntegrationId
from homeroom.model.frozen import Frozen
from homeroom.model.sign_in import PortalName
from homeroom.model.sign_in_events import LOGIN


class TrySignIn(Frozen):
    """What a sign-in would do for somebody, found by a value that the portal would tell. Changes and keeps nothing.

    `told` says what the value is, by default what the integration matches by there; with `roster`, the identity that it
    should equal, a match is tried that the options do not name yet. `role` is what the portal would say of the person.
    `product`: where the integration serves several.
    """

    operation: Literal["try_sign_in"]
    integration: IntegrationId
    value: str = Field(min_length=1, max_length=255, repr=False)
    portal: PortalName | None = None
    told: Literal["id", "legacy_id", "sis_id", "number", "sourced_id", "login", "email"] | None = None
    roster: Literal["sourced_id", "identifier", "username"] | None = None
    role: Literal["", "student", "teacher", "staff", "administrator"] = ""
    product: str | None = None


class EndRostering(Frozen):
    """The district no longer rosters this way: no run starts until `resume`, and sign-in that needs it ends (D4)."""

    operation: Literal["end_rostering"]
    integration: IntegrationId
    by: str
    reason: str = Field(min_length=1)


class SignedInSchool(Frozen):
    """Identify the schools to sync by a log-in at Clever of an administrator or teacher (requirement A6).

    `login` is the reference on the page that the log-in ended with. `confirm` chooses those schools.
    """

    operation: Literal["signed_in_school"]
    integration: IntegrationId
    login: str = Field(pattern=LOGIN)
    confirm: bool = False
    by: str
    reason: str = ""


__all__ = ["EndRostering", "SignedInSchool", "TrySignIn"]
