"""A request and an answer of the HTTP API, as plain values. `homeroom.aws.web` makes one of an event and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HTML = "text/html; charset=utf-8"
JSON = "application/json"
SECURITY: Mapping[str, str] = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "cross-origin-opener-policy": "same-origin",
}
"""On every answer (conformance 47). `{style}` is the hash of the one style sheet, which stands in each page."""


@dataclass(frozen=True)
class Request:
    """`query` are the decoded pairs in their order, duplicates included; `headers` have lower-case names. `path` is
    relative to our base address. `body` is decoded from base64 already."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw_query: str = ""

    def one(self, name: str) -> str:
        """The value of a parameter, empty where there is none. The first of several: whether that is allowed was asked
        before."""
        return next((value for key, value in self.query if key == name), "")


@dataclass(frozen=True)
class Answer:
    """`cookies` are whole Set-Cookie values. Headers of `SECURITY` are added to every answer by the frame."""

    status: int
    body: str = ""
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


def see_other(address: str, cookies: tuple[str, ...] = ()) -> Answer:
    """303 to an address of configuration. Never 302, 307 or 308 (RFC 9700 section 4.12)."""
    return Answer(303, headers={"location": address}, cookies=cookies)


def in_json(status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON document."""
    return Answer(status, json.dumps(document, separators=(",", ":")), JSON, headers or {})
