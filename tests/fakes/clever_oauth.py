"""Who may ask what at the fake Clever: lists of tokens, token info, sign-in from the portal, the code exchange, /me.

Sign-in is as much as a roster needs to be tested beside it: no OIDC, no badges.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.fakes.clever_api import OUT_OF_SCOPE, Asked, Refused, Reply, not_routed
from tests.fakes.clever_district import SSO_SCOPES, District
from tests.fakes.clever_rows import LONG_AGO, Json, clever_id

CODE_LIVES = timedelta(minutes=1)


@dataclass
class SignIn:
    """The sign-in side of one app."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    now: Callable[[], datetime]
    districts: list[District]
    browser: str | None = None
    """Id of the user whose Clever session the browser holds; None: nobody is signed in."""
    legacy_me: bool = False
    """/me gives the id of the role and little else, as one recording did (§3.1)."""
    _codes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _user_tokens: dict[str, str] = field(default_factory=dict)

    def bearer(self, asked: Asked) -> tuple[District, str | None]:
        """The district of a bearer token, and the user where it is a user's. Raises Refused with 401."""
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        for district in self.districts if kind == "Bearer" else ():
            if district.connected and token == district.token:
                return district, None
        user = self._user_tokens.get(token) if kind == "Bearer" else None
        if user is None:
            raise Refused(401, "Unauthorized: the token is not valid")
        return self._district_of(user), user

    def answer(self, asked: Asked) -> Reply:
        """The answer to a request below /oauth or /portal. Raises Refused."""
        if asked.path.startswith("/portal/") and asked.method == "GET":
            self.browser = asked.path.removeprefix("/portal/")
            return self._to_app(self.redirect_uris[0], {})
        routes = {
            ("GET", "/oauth/tokens"): self._tokens, ("GET", "/oauth/tokeninfo"): self._tokeninfo,
            ("GET", "/oauth/authorize"): self._authorize, ("POST", "/oauth/tokens"): self._exchange,
        }
        route = routes.get((asked.method, asked.path))
        return route(asked) if route else not_routed(asked)

    def me(self, asked: Asked) -> Reply:
        """Who the bearer of a user token is. Raises Refused."""
        district, user = self.bearer(asked)
        if user is None:
            raise Refused(404, OUT_OF_SCOPE)
        roles = district.shared["users"][user]["roles"]
        role = next(iter(roles))
        data = {"id": user, "district": district.id, "type": role, "authorized_by": "district"}
        if self.legacy_me:
            data = {"id": roles[role].get("legacy_id", user), "district": district.id, "type": role}
        version = asked.path.split("/")[1]
        links = [{"rel": "self", "uri": "/me"}, {"rel": "canonical", "uri": f"/{version}/users/{user}"},
                 {"rel": "district", "uri": f"/{version}/districts/{district.id}"}]
        return Reply({"type": "user", "data": data, "links": links})

    def _tokens(self, asked: Asked) -> Reply:
        """District-app tokens of all districts that are connected."""
        self._basic(asked)
        if asked.query.get("owner_type") != "district":
            raise Refused(400, "owner_type must be district")
        wanted = asked.query.get("district")
        listed = [_token(d) for d in self.districts if d.connected and wanted in (None, d.id)]
        body = {"data": listed, "links": [{"rel": "self", "uri": asked.uri}]}
        return Reply(body, kind="tokens")

    def _tokeninfo(self, asked: Asked) -> Reply:
        district, user = self.bearer(asked)
        scopes = list(district.scopes if user is None else SSO_SCOPES)
        return Reply({"client_id": self.client_id, "scopes": scopes}, kind="tokeninfo")

    def _authorize(self, asked: Asked) -> Reply:
        query = asked.query
        if query.get("client_id") != self.client_id or query.get("response_type") != "code":
            raise Refused(400, "client_id or response_type is not valid")
        if query.get("redirect_uri") not in self.redirect_uris:
            raise Refused(400, "redirect_uri_mismatch")
        if self.browser is None:
            return Reply("<html><body>Log in to Clever</body></html>", kind="plain")
        return self._to_app(query["redirect_uri"], {"state": query["state"]} if "state" in query else {})

    def _to_app(self, redirect_uri: str, said: dict[str, str]) -> Reply:
        """Back to the app with a new code; Clever's own page where the user is not shared with it."""
        user = self.browser or ""
        if not any(user in d.shared["users"] for d in self.districts):
            return Reply("<html><body>Your school has not shared this app with you</body></html>", kind="plain")
        code = secrets.token_hex(20)
        self._codes[code] = (user, self.now() + CODE_LIVES)
        where = f"{redirect_uri}?{urlencode({'code': code, **said})}"
        return Reply("", 302, kind="plain", headers={"Location": where})

    def _exchange(self, asked: Asked) -> Reply:
        """A code for a user token: works once, for a minute, with the redirect_uri of the start."""
        self._basic(asked)
        said = _json(asked)
        user, until = self._codes.pop(str(said.get("code")), ("", self.now()))
        if said.get("grant_type") != "authorization_code" or said.get("redirect_uri") not in self.redirect_uris:
            raise Refused(400, "invalid request: grant_type or redirect_uri")
        if not user or self.now() >= until:
            raise Refused(400, "invalid grant: invalid code")
        token = f"il{secrets.token_hex(20)}"
        self._user_tokens[token] = user
        return Reply({"access_token": token, "token_type": "bearer"}, kind="tokens")

    def _basic(self, asked: Asked) -> None:
        good = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {good}":
            raise Refused(401, "invalid_client")

    def _district_of(self, user: str) -> District:
        for district in self.districts:
            if user in district.shared["users"]:
                return district
        raise Refused(401, "Unauthorized: the user is no longer shared")


def _token(district: District) -> Json:
    return {"id": clever_id("token", district.id), "created": LONG_AGO, "access_token": district.token,
            "owner": {"type": "district", "id": district.id}, "scopes": list(district.scopes)}


def _json(asked: Asked) -> dict[str, Any]:
    if not asked.headers.get("content-type", "").startswith("application/json"):
        raise Refused(400, "the body must be application/json")
    try:
        said = json.loads(asked.body)
    except ValueError:
        raise Refused(400, "the body is no JSON") from None
    return said if isinstance(said, dict) else {}
