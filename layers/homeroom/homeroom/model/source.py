"""Where a roster is fetched from, one model a transport. Credentials are never here, only addresses and habits."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from homeroom.model.frozen import Frozen

SignIn = Literal["oauth1_sha256", "oauth1_sha1", "oauth2", "bearer"]
_ADDRESS = re.compile(r"^(?:https://[A-Za-z0-9.-]+|http://(?:127\.0\.0\.1|localhost))(?::\d{1,5})?(?:/[^?#\s]*)?(\?[^#\s]*)?$")
"""https anywhere, or http on this very machine (fakes, tests); no credentials, no fragment."""


def https_only(url: str, *, query: bool = False) -> str:
    """An address that may be asked; a `query` only where the service wants one. Raises ValueError."""
    found = _ADDRESS.match(url)
    if found is None or (found[1] and not query):
        raise ValueError("the address must begin with https:// and hold no credentials, query or fragment")
    return url.rstrip("/")


_KEY_TYPES = ("ssh-", "ecdsa-")


class OneRosterRest(Frozen):
    """A OneRoster REST service (1.1 or 1.2). `url` ends where the collections begin, as the console shows it."""

    transport: Literal["oneroster_rest"] = "oneroster_rest"
    url: str = Field(description="API URL, such as https://district.oneroster.com/ims/oneroster/v1p1")
    version: Literal["1.1", "1.2"] = "1.1"
    sign_in: SignIn = "oauth1_sha256"
    token_url: str | None = Field(default=None, description="where OAuth 2 hands out tokens")
    scope: str | None = Field(default=None, description="OAuth 2 scopes to ask for; default: those of rostering")
    connections: int = Field(default=4, ge=1, le=16, description="pages that are asked for side by side")
    page_size: int = Field(default=2000, ge=1, le=10_000)
    by_school: bool = Field(default=False, description="read classes, people and enrollments school by school")
    totals: Literal["trust", "ignore"] = Field(default="trust", description="ignore: the service counts wrongly")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return https_only(value)

    @field_validator("token_url")
    @classmethod
    def _token_address(cls, value: str | None) -> str | None:
        return None if value is None else https_only(value, query=True)


class CleverApi(Frozen):
    """Clever's Data API for one district, which `Integration.district_id` names."""

    transport: Literal["clever_api"] = "clever_api"
    url: str = "https://api.clever.com"
    sign_in_url: str = "https://clever.com"
    version: Literal["v3.0", "v3.1"] = "v3.0"
    page_size: int = Field(default=1000, ge=1, le=10_000)
    follow_events: bool = Field(default=False, description="small steps by events between full reads")
    full_every_hours: int = Field(default=168, ge=1, le=672, description="a full read at least so often")
    staff_role: Literal["aide", "administrator"] = Field(default="aide", description="what Clever's staff are to us")

    @field_validator("url", "sign_in_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return https_only(value)


class SftpPull(Frozen):
    """OneRoster CSV on a server of the district or of an intermediary."""

    transport: Literal["csv_pulled"] = "csv_pulled"
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,255}$")
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1, max_length=100)
    folder: str = Field(default=".", max_length=500)
    host_key: str = Field(description="the pinned key: `ssh-ed25519 AAAA…`, or the line of ssh-keyscan")
    remove_after: bool = Field(default=False, description="delete the remote set once it was read (never by default)")

    @field_validator("host_key")
    @classmethod
    def _key(cls, value: str) -> str:
        words = value.split()
        if len(words) > 2 and words[1].startswith(_KEY_TYPES):
            words = words[1:]  # a whole line of ssh-keyscan, which begins with the host
        if len(words) < 2 or not words[0].startswith(_KEY_TYPES):
            raise ValueError("a host key has a type and a body: ssh-ed25519 AAAA…")
        return " ".join(words[:2])


Source = Annotated[OneRosterRest | CleverApi | SftpPull, Field(discriminator="transport")]
