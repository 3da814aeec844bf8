"""Where a district keeps the accounts of its people: for matching by first and last name (requirement C7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, field_validator

from homeroom.model.frozen import Frozen
from homeroom.model.source import https_only


class Entra(Frozen):
    """Microsoft Entra ID by Graph. Credentials: `client_id`, `client_secret`. `url` and `sign_in_url`: other clouds."""

    kind: Literal["entra"]
    tenant: str = Field(min_length=1, max_length=255)
    url: str = "https://graph.microsoft.com"
    sign_in_url: str = "https://login.microsoftonline.com"

    @field_validator("url", "sign_in_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return https_only(value)


class Google(Frozen):
    """Google Workspace by the Admin SDK. Credentials: `client_email`, `private_key` of a service account that may act
    for `administrator` (domain-wide delegation, read-only)."""

    kind: Literal["google"]
    domain: str = Field(min_length=1, max_length=255)
    administrator: str = Field(min_length=3, max_length=255)
    url: str = "https://admin.googleapis.com"
    sign_in_url: str = "https://oauth2.googleapis.com"

    @field_validator("url", "sign_in_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return https_only(value)


class Ldap(Frozen):
    """An LDAP directory over TLS. Credentials: `user` (a DN) and `password`. `ca` is the PEM of the server's issuer
    where it is not a public one."""

    kind: Literal["ldap"]
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,255}$")
    port: int = Field(default=636, ge=1, le=65535)
    encryption: Literal["ldaps", "starttls"] = "ldaps"
    base: str = Field(min_length=1, max_length=1000)
    filter: str = "(objectClass=person)"
    id: str = "entryUUID"
    given_name: str = "givenName"
    family_name: str = "sn"
    ca: str | None = Field(default=None, max_length=20_000)


class UploadedList(Frozen):
    """A CSV that the district uploads into the folder `directory` beside its exports: `id`, `givenName`, `familyName`.
    Credentials: none."""

    kind: Literal["uploaded"]
    name: str = Field(default="directory.csv", pattern=r"^[A-Za-z0-9._-]{1,100}$")


Directory = Annotated[Entra | Google | Ldap | UploadedList, Field(discriminator="kind")]


@dataclass(frozen=True)
class Account:
    """One account of a directory. `id` never changes there: the object id, the immutable id, the entryUUID."""

    id: str
    given_name: str
    family_name: str
