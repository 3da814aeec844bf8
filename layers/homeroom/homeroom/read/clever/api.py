"""Clever's Data API as one district's token sees it: signed requests, and refusals in words (reference 1.1, 1.2, 1.5).

The app has one client id and secret, each connected district a bearer token. Tokens are looked up when a slice begins,
live in this process alone and change under way where the district's token was rotated.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from homeroom.errors import SourceUnusable
from homeroom.model.source import CleverApi
from homeroom.read.clever.cells import Object, part, several, text
from homeroom.read.http import Answer, Http, Patience

CONNECTIONS = 4
OUT_OF_SCOPE = "scope"
"""In Clever's message where a token may not read something: "Resource not in token's scopes"."""
_NO_ANSWER = "Retried in the next window; if it stays, ask Clever's support."


@dataclass(frozen=True)
class Grant:
    """One district's connection to the app. `id` is that of the connection: another one after a disconnect."""

    id: str
    district: str
    token: str = field(repr=False)
    scopes: tuple[str, ...] = ()


class Bearer(AuthBase):
    """Signs requests with a district's token."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class App:
    """The app itself, as Clever's sign-in host knows it: which districts are connected, each with its token."""

    def __init__(self, url: str, credentials: Mapping[str, str], patience: Patience):
        """Raises SourceUnusable for credentials that lack a part."""
        if not (credentials.get("client_id") and credentials.get("client_secret")):
            raise SourceUnusable("the client id or the client secret of the app in Clever is missing", code="SRC-10",
                                 owner="vendor", remedy="Store both with the operation rotate_secret.")
        self._url = url
        basic = HTTPBasicAuth(credentials["client_id"].encode(), credentials["client_secret"].encode())
        self.http = Http("Clever's sign-in", basic, connections=1, patience=patience)

    def grants(self, district: str | None = None) -> tuple[Grant, ...]:
        """The connected districts, or the one asked for if it is connected. Raises SourceUnusable."""
        one = f"&district={quote(district, safe='')}" if district else ""
        uri: str | None = f"/oauth/tokens?owner_type=district{one}"
        found: list[Grant] = []
        asked: set[str] = set()
        while uri and uri not in asked:
            asked.add(uri)
            answer = self.http.get(on_host(self._url, uri))
            if answer.status in (400, 401, 403):
                raise SourceUnusable("Clever refused the app's client id or client secret", code="SRC-01",
                                     owner="vendor", remedy="Compare them with Clever's developer dashboard and store "
                                                            "them with the operation rotate_secret.")
            body = body_of(answer, "the list of connected districts")
            found += [_grant(part(one)) for one in several(body.get("data"))]
            uri = next_link(body)
        return tuple(grant for grant in found if grant.token and district in (None, grant.district))


def _grant(one: Object) -> Grant:
    owner = part(one.get("owner"))
    district = owner.get("id") if text(owner.get("type")) in (None, "district") else None
    scopes = sorted(filter(None, map(text, several(one.get("scopes")))))
    return Grant(text(one.get("id")) or "", text(district) or "", text(one.get("access_token")) or "", tuple(scopes))


class Clever:
    """The Data API of one district. Thread-safe; a context manager that lets go of its connections."""

    def __init__(self, source: CleverApi, district: str, credentials: Mapping[str, str], patience: Patience, *,
                 grant: Grant | None = None):
        """Looks the district's token up, unless it was just listed. Raises SourceUnusable."""
        self.district, self.source = district, source
        self._app = App(source.sign_in_url, credentials, patience)
        self._lock = threading.Lock()
        listed = grant or self._listed()
        if listed is None:
            raise _not_connected("the district is not connected to the app in Clever",
                                 "The district authorises the app in its Clever Dashboard; then accept the request.")
        self.grant = listed
        self._refusal: SourceUnusable | None = None
        self.http = Http("Clever", Bearer(self.grant.token), connections=CONNECTIONS, patience=patience)

    def __enter__(self) -> Clever:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self._app.http.close()

    @property
    def patience(self) -> Patience:
        """What is left of the time that this slice may wait."""
        return self.http.patience

    @property
    def requests(self) -> int:
        """Answers asked for so far, those of the sign-in too."""
        return self.http.requests + self._app.http.requests

    def own(self, path: str) -> str:
        """A path below the version: `own("/users")` is `/v3.0/users`."""
        return f"/{self.source.version}{path}"

    def get(self, uri: str) -> Answer:
        """The answer at a path relative to the API's host. Raises SourceUnusable."""
        grant = self.grant
        answer = self.http.get(on_host(self.source.url, uri))
        if answer.status != 401:
            return answer
        self._renew(grant)
        answer = self.http.get(on_host(self.source.url, uri))
        if answer.status == 401:
            raise _refused_token()
        return answer

    def one(self, name: str, found: str) -> Object | None:
        """One object of a list, or None where Clever does not know it (any more). Raises SourceUnusable."""
        answer = self.get(self.own(f"/{name}/{quote(found, safe='')}"))
        return None if answer.status == 404 else part(body_of(answer, name).get("data"))

    def about(self) -> Object:
        """The district of the token. Raises SourceUnusable where it is not the one that was confirmed at connect."""
        body = body_of(self.get(self.own("/districts")), "districts")
        found = [part(part(one).get("data")) for one in several(body.get("data"))]
        if len(found) != 1:
            raise SourceUnusable(f"Clever's token stands for {len(found)} districts, not for one", code="SRC-04",
                                 owner="aggregator", remedy=_NO_ANSWER)
        if text(found[0].get("id")) != self.district:
            raise SourceUnusable("Clever's token stands for another district than the one that was confirmed",
                                 code="SRC-11", owner="vendor", remedy="Compare the district id with Clever.")
        return found[0]

    def _renew(self, refused: Grant) -> None:
        """After a 401: the token may have been rotated, or the district has left. Lists are read side by side; only
        the first that is refused looks the token up (conformance 4)."""
        with self._lock:
            if self.grant is not refused:
                return
            self._refusal = self._refusal or self._looked_up_again(refused)
            if self._refusal is not None:
                raise self._refusal

    def _looked_up_again(self, refused: Grant) -> SourceUnusable | None:
        """Take the token that the district has now; or why there is no other one."""
        now = self._listed()
        if now is None:
            return _not_connected(
                "the district disconnected the app in Clever",
                "The district authorises the app again in its Clever Dashboard, if that was not meant.")
        if now.token == refused.token:
            return _refused_token()
        self.grant = now
        self.http.sign_in_with(Bearer(now.token))
        return None

    def _listed(self) -> Grant | None:
        return next(iter(self._app.grants(self.district)), None)


def on_host(base: str, uri: str) -> str:
    """An address on this very host. Raises SourceUnusable for a link that leads to another one."""
    address = urljoin(base + "/", uri)
    if urlsplit(address)[:2] != urlsplit(base)[:2]:
        raise SourceUnusable("a link of Clever leads to another host; it was not followed", code="SRC-04",
                             owner="aggregator", remedy=_NO_ANSWER)
    return address


def body_of(answer: Answer, what: str) -> dict[str, Any]:
    """The JSON object of a good answer. Raises SourceUnusable in words for everything else."""
    if answer.status != 200:
        raise refused(answer, what)
    try:
        body = json.loads(answer.body) if answer.is_json else None
    except ValueError:
        body = None
    if not isinstance(body, dict):
        kind = answer.headers.get("content-type", "no type").split(";")[0]
        raise SourceUnusable(f"Clever answered no JSON for {what} ({kind})", code="SRC-04", owner="aggregator",
                             remedy=_NO_ANSWER)
    return body


def refused(answer: Answer, what: str) -> SourceUnusable:
    """Why an answer is none, in words. Clever's own message is not passed on: it can hold ids."""
    if answer.status == 403 or OUT_OF_SCOPE in message(answer):
        return SourceUnusable(f"Clever does not let the app read {what}: the connection has sign-in only, or lacks a "
                              "scope", code="SRC-11", owner="vendor",
                              remedy="Ask Clever to grant the app Secure Sync for this district.")
    return SourceUnusable(f"Clever answered {answer.status} for {what}", code="SRC-04", owner="aggregator",
                          remedy=_NO_ANSWER)


def message(answer: Answer) -> str:
    """Clever's message of an error, blank where there is none (HTML)."""
    try:
        return text(part(json.loads(answer.body)).get("message")) or "" if answer.is_json else ""
    except ValueError:
        return ""


def next_link(body: Mapping[str, Any]) -> str | None:
    """Where the next page is, None after the last one and where there are no links at all."""
    links = (part(one) for one in several(body.get("links")))
    return next((text(one.get("uri")) for one in links if one.get("rel") == "next"), None)


def _not_connected(words: str, remedy: str) -> SourceUnusable:
    return SourceUnusable(words, code="SRC-01", owner="district", remedy=remedy)


def _refused_token() -> SourceUnusable:
    return SourceUnusable("Clever refuses the district's token, though the district is connected", code="SRC-01",
                          owner="aggregator", remedy="The district authorises the app again in its Clever Dashboard.")
