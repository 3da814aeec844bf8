"""A request and an answer of the HTTP API, as plain values, and what holds for every one of them.

`homeroom.aws.web` makes a `Request` of an event, and a response of an `Answer` and its `headers_of`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from homeroom.sso.style import STYLE_HASH

HTML = "text/html; charset=utf-8"
JSON = "application/json"
SECURITY: Mapping[str, str] = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}
"""On every answer (conformance 47). No page of ours has a form, a script or anything that is loaded."""
MOST_QUERY = 2048
"""Characters of a whole query as it came (reference/sso.md 3.2, row 7)."""
ONCE = ("code", "state", "iss", "error")
"""Parameters of a portal's answer that may not come twice."""
_DOCUMENT = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")


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


def nothing() -> Answer:
    """What a request gets that no person made (`by_a_person`): no page, no cookie, no effect. A status of 400 keeps a
    browser from using what it fetched ahead, so that the click itself asks anew."""
    return Answer(400)


def headers_of(answer: Answer) -> dict[str, str]:
    """All headers of an answer but its cookies. Its own win over those of every answer: published keys may be kept."""
    return {**SECURITY, "content-type": answer.content_type, **answer.headers}


def pairs(raw_query: str) -> tuple[tuple[str, str], ...]:
    """The parameters of a query as it came, decoded, in their order, each as often as it stands there, empty ones too.

    A gateway joins repeated ones with commas (reference/sso.md 3.4): they must be read here.
    """
    return tuple(parse_qsl(raw_query, keep_blank_values=True, errors="replace"))


def flaw(request: Request, once: tuple[str, ...] = ONCE, most: int = MOST_QUERY) -> str:
    """What is wrong with a query, in a word of ours for support; empty if nothing is (threat T33, page SSO-106)."""
    if len(request.raw_query) > most or sum(len(name) + len(value) for name, value in request.query) > most:
        return "query too long"
    if any(_damaged(text) for pair in request.query for text in pair):
        return "control characters"
    times = Counter(name for name, _ in request.query)
    return "parameter twice" if any(times[name] > 1 for name in once) else ""


def _damaged(text: str) -> bool:
    """Control characters (C0, DEL, C1), or bytes that were no UTF-8."""
    return any(mark < " " or "\x7f" <= mark <= "\x9f" or mark == "\ufffd" for mark in text)


def by_a_person(request: Request) -> bool:
    """Whether a browser says that this is a navigation of a whole window (reference/sso.md 3.2, row 9; threat T34).

    An image, a frame, a script or a page fetched ahead is not. A browser that says nothing is believed: old ones do not
    say, and nothing is opened before the portal tells who sits there.
    """
    said = request.headers
    if any(said.get(name, wanted).strip().lower() != wanted for name, wanted in _DOCUMENT.items()):
        return False
    return not any(word in said.get(name, "").lower() for name in _PURPOSES for word in _AHEAD)


def is_read(request: Request) -> bool:
    """Whether the method is GET: the only one a page, a launch and a callback have (row 11). Others: SSO-405."""
    return request.method == "GET"
