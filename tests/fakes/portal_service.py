"""The portal double without its HTTP: sign-in at the portal, one-time codes, tokens, and the calls about a person."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from homeroom.model.sign_in import Portal, PortalName
from homeroom.sso.portals import PORTALS
from tests.fakes import portal_pages, portal_people
from tests.fakes.portal_people import Json, PortalApp, PortalPerson
from tests.fakes.portal_tokens import PortalKeys, Switches, encoded


@dataclass(frozen=True)
class Call:
    """A request at the double. `said` are its query or body fields, `status` that of the answer."""

    method: str
    path: str
    place: str
    said: Mapping[str, str]
    headers: Mapping[str, str]
    status: int


@dataclass
class Given:
    """An answer."""

    status: int
    body: str = ""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Code:
    person: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: float


PLACES: Mapping[PortalName, Mapping[str, str]] = {
    "clever": {"authorize": "/oauth/authorize", "token": "/oauth/tokens", "jwks": "/oauth/certs",
               "userinfo": "/userinfo"},
    "classlink": {"authorize": "/oauth2/v2/auth", "token": "/oauth2/v2/token", "jwks": "/oauth2/v2/jwks",
                  "userinfo": "/v2/my/profileinfo", "info": "/v2/my/info"},
}
CODE_SECONDS = {"clever": 60, "classlink": 300}
TOKEN_SECONDS = {"clever": 3600, "classlink": 86_400}
LOGGED_IN_AGO = 15 * 3600


class PortalDouble:
    """A portal, honest until a switch says otherwise. Thread-safe enough for a browser: what it keeps is in dicts."""

    def __init__(self, name: PortalName, people: Iterable[PortalPerson] | None = None, apps: Iterable[PortalApp] = (),
                 *, now: Callable[[], float] = time.time):
        self.name, self.now, self.url = name, now, ""
        self.people = {one.id: one for one in (portal_people.sample_people(name) if people is None else people)}
        self.apps = {app.key: app for app in apps}
        self.switches, self.keys = Switches(), PortalKeys()
        self.log: list[Call] = []
        self._codes: dict[str, _Code] = {}
        self._bearers: dict[str, str] = {}
        self.cookie = f"portal_{name}"

    def portal(self) -> Portal:
        """The portal as sign-in knows it, with our addresses."""
        places = PLACES[self.name]
        return replace(PORTALS[self.name], issuer=self.url, api=self.url, home=f"{self.url}/portal",
                       **{place: self.url + places[place] for place in ("authorize", "token", "jwks", "userinfo")})

    def asked_for(self, place: str) -> list[Call]:
        """What was asked at one place, in order."""
        return [call for call in self.log if call.place == place]

    def code_for(self, person: str, app: str, *, nonce: str = "", challenge: str = "") -> str:
        """A code as a browser would bring it, without a browser."""
        chosen = self.apps[app]
        return self._new_code(person, chosen, chosen.redirect_uri, nonce, challenge)

    def place_of(self, path: str) -> str:
        """What is asked at a path; `portal` for the pages of people."""
        named = {path_: place for place, path_ in PLACES[self.name].items()}
        if path in named:
            return named[path]
        if self.name == "clever" and path.startswith("/v3."):
            return "me" if path.endswith("/me") else "user"
        return "discovery" if path == "/.well-known/openid-configuration" else "portal"

    def answer(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str],
               body: bytes) -> Given:
        """The answer of the place; logged by the caller."""
        place = self.place_of(path)
        broken = self.switches.broken.get(place)
        if broken is not None:
            return _broken(broken, self.url)
        if place == "token":
            return self._token(headers, body) if method == "POST" else Given(405)
        routes: Mapping[str, Callable[[], Given]] = {
            "discovery": lambda: _json(self.discovery()), "jwks": lambda: self._jwks(headers),
            "authorize": lambda: self._authorize(query, headers), "portal": lambda: self._portal(path, query, headers),
        }
        return routes[place]() if place in routes else self._about(place, path, headers)

    def discovery(self) -> Json:
        """The document by which the portal describes itself."""
        portal = self.portal()
        return {
            "issuer": portal.issuer, "authorization_endpoint": portal.authorize, "token_endpoint": portal.token,
            "jwks_uri": portal.jwks, "userinfo_endpoint": portal.userinfo, "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"] if self.name == "clever"
            else ["client_secret_post", "client_secret_basic"],
        }

    def _jwks(self, headers: Mapping[str, str]) -> Given:
        if self.name == "classlink" and headers.get("user-agent", "").startswith("Python-urllib"):
            return Given(401)
        return _json(self.keys.jwks())

    def _who(self, headers: Mapping[str, str]) -> PortalPerson | None:
        cookies = dict(part.strip().partition("=")[::2] for part in headers.get("cookie", "").split(";"))
        return self.people.get(cookies.get(self.cookie, ""))

    def _signed_in(self, person: str) -> dict[str, str]:
        return {"set-cookie": f"{self.cookie}={person}; Path=/; HttpOnly; SameSite=Lax"}

    def _portal(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Given:
        who = self._who(headers)
        if path == "/portal/sign-in" and query.get("who") in self.people:
            then = query.get("then", "/portal")
            local = then.startswith("/") and not then.startswith("//")
            return Given(303, headers={"location": then if local else "/portal", **self._signed_in(query["who"])})
        if path == "/portal/sign-out":
            return Given(303, headers={"location": "/portal", "set-cookie": f"{self.cookie}=; Path=/; Max-Age=0"})
        if path == "/portal/tile" and query.get("app") in self.apps:
            app, person = self.apps[query["app"]], query.get("who") or (who.id if who else "")
            if person not in self.people:
                return self._choose(f"/portal/tile?{urlencode({'app': app.key})}")
            asked = {"response_type": "code", "client_id": app.client_id, "redirect_uri": app.redirect_uri}
            where = f"{PLACES[self.name]['authorize']}?{urlencode(asked)}"
            return Given(302, headers={"location": where, **self._signed_in(person)})
        if path == "/portal":
            return self._choose("/portal") if who is None else _page(
                portal_pages.tiles(PORTALS[self.name].words, who, self.apps.values()))
        return Given(404)

    def _choose(self, then: str) -> Given:
        return _page(portal_pages.chooser(PORTALS[self.name].words, self.people.values(), then))

    def _authorize(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Given:
        app = next((one for one in self.apps.values() if one.client_id == query.get("client_id")), None)
        if app is None or query.get("redirect_uri") != app.redirect_uri or query.get("response_type") != "code":
            return _page(portal_pages.page("This app is not set up", "<p>client_id or redirect_uri</p>"), 400)
        said = {"state": query["state"]} if "state" in query and not self.switches.drop_state else {}
        if self.switches.error:
            return Given(302, headers={"location": _with(app.redirect_uri, {"error": self.switches.error, **said})})
        who = self._who(headers)
        if who is None:
            return self._choose(f"{PLACES[self.name]['authorize']}?{urlencode(query)}")
        code = self._new_code(who.id, app, app.redirect_uri, query.get("nonce", ""), query.get("code_challenge", ""))
        more = {"response_type": "code"} if self.name == "classlink" else {}
        if self.switches.iss:
            more["iss"] = self.url if self.switches.iss == "own" else self.switches.iss
        return Given(302, headers={"location": _with(app.redirect_uri, {"code": code, **more, **said})})

    def _new_code(self, person: str, app: PortalApp, redirect_uri: str, nonce: str, challenge: str) -> str:
        code = secrets.token_hex(20)
        self._codes[code] = _Code(person, app.client_id, redirect_uri, challenge, nonce,
                                  self.now() + CODE_SECONDS[self.name])
        return code

    def _token(self, headers: Mapping[str, str], body: bytes) -> Given:
        said = body_of(headers, body)
        app = self._client(said, headers)
        if app is None:
            return _json({"error": "invalid_client", "error_description": "echoes nothing"}, 401)
        if self.name == "classlink" and "json" in headers.get("content-type", ""):
            return _json({"error": "invalid_request"}, 400)
        kept = self._codes.pop(said.get("code", ""), None)
        if said.get("grant_type") != "authorization_code":
            return _json({"error": "unsupported_grant_type"}, 400)
        if kept is None or kept.until <= self.now() or not self._fits(kept, app, said):
            return _json({"error": "invalid_grant", "error_description": "no such code"}, 400)
        return _json(self._tokens(kept, app))

    def _client(self, said: Mapping[str, str], headers: Mapping[str, str]) -> PortalApp | None:
        kind, _, pair = headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            left, _, right = base64.b64decode(pair).decode().partition(":")
            client_id, secret = unquote_plus(left), unquote_plus(right)
        elif self.name == "clever":
            return None
        else:
            client_id, secret = said.get("client_id", ""), said.get("client_secret", "")
        return next((app for app in self.apps.values()
                     if (app.client_id, app.client_secret) == (client_id, secret)), None)

    @staticmethod
    def _fits(kept: _Code, app: PortalApp, said: Mapping[str, str]) -> bool:
        made = encoded(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        return (kept.client_id, kept.redirect_uri) == (app.client_id, said.get("redirect_uri")) \
            and kept.challenge in ("", made)

    def _tokens(self, kept: _Code, app: PortalApp) -> Json:
        access = f"{'il' if self.name == 'clever' else 'c'}{secrets.token_hex(20)}"
        self._bearers[access] = kept.person
        said: Json = {"access_token": access, "token_type": "bearer" if self.name == "clever" else "Bearer"}
        if self.name == "classlink":
            said["response_type"] = "code"
        if app.oidc and not self.switches.no_id_token:
            said["id_token"] = self.keys.mint(self.claims(kept.person, app.client_id, kept.nonce), self.switches)
        return said

    def claims(self, person: str, client_id: str, nonce: str) -> Json:
        """The claims of an honest id_token made now."""
        made, who = int(self.now()), self.people[person]
        said: Json = {"iss": self.url, "sub": person, "aud": client_id, "iat": made,
                      "exp": made + TOKEN_SECONDS[self.name]} | ({"nonce": nonce} if nonce else {})
        if self.name == "clever":
            return said | portal_people.clever_claims(who)
        mine = portal_people.classlink_claims(who)
        if self.switches.thin:
            mine = {name: value for name, value in mine.items() if not name.startswith("classLink_")}
        return said | {"auth_time": made - LOGGED_IN_AGO} | mine

    def _about(self, place: str, path: str, headers: Mapping[str, str]) -> Given:
        person = self.people.get(self._bearers.get(headers.get("authorization", "").removeprefix("Bearer "), ""))
        if person is None:
            return _json({"error": "invalid_token"}, 401)
        if place == "user" and path.rpartition("/")[2] != person.id:
            return _json({"error": "not in the scope of this token"}, 404)
        if place == "userinfo" and self.name == "classlink":
            return _json({"sub": person.id, "email": person.email, **self.switches.userinfo})
        made = {"userinfo": portal_people.clever_userinfo, "me": portal_people.clever_me,
                "user": portal_people.clever_user, "info": portal_people.classlink_info}[place](person)
        overlay: Json = getattr(self.switches, place)
        if place in ("me", "user"):
            return _json({**made, "data": {**made["data"], **overlay}})
        return _json({name: value for name, value in {**made, **overlay}.items() if value is not None})


def body_of(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The fields of a form or of a JSON object; nothing where it is neither."""
    if "json" in headers.get("content-type", ""):
        said: Any = json.loads(body or b"{}")
        return {name: str(value) for name, value in said.items()} if isinstance(said, dict) else {}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _json(said: Any, status: int = 200) -> Given:
    return Given(status, json.dumps(said))


def _page(html: str, status: int = 200) -> Given:
    return Given(status, html, "text/html; charset=utf-8")


def _with(address: str, said: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(said)}"


def _broken(how: str, url: str) -> Given:
    page = portal_pages.page("Please try again", "")
    return {
        "500": Given(500, "{}"), "html": Given(200, page, "text/html"), "empty": Given(200, ""),
        "redirect": Given(302, headers={"location": f"{url}/elsewhere"}), "huge": Given(200, f'"{"x" * (1 << 17)}"'),
        "no keys": Given(200, '{"keys": []}'), "drop": Given(0),
    }[how]
