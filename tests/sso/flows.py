"""People with browsers, in memory: portals, sign-in and products joined without a network, in milliseconds.

    lab = laboratory()                                        # two portals, a product at each, two districts
    browser = lab.browser()
    page = browser.open(lab.tile("clever", "teacher"))        # follows every redirect, keeps cookies as browsers do
    page.signed_in                                            # who the product says it is, or None
    lab.portals["clever"].asked_for("token")                  # what the portal was asked

`Browser` knows `__Host-`, Path, Max-Age and hosts; what it loads for a foreign page carries no Lax cookies. `Sso` is
our own side behind the same frame as in AWS: whatever a handler raises ends on page SSO-501.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from homeroom.sso.authorize import authorize
from homeroom.sso.callback import callback
from homeroom.sso.cookies import cookies_of
from homeroom.sso.http import Answer, Request, pairs
from homeroom.sso.launch import start
from homeroom.sso.pages import page
from homeroom.sso.ports import Outside, Reply
from homeroom.sso.stops import NoAnswer
from homeroom.sso.token import token
from tests.fakes.memory_sso import StillClock
from tests.fakes.portal_service import Call, PortalDouble, body_of

NAVIGATION = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}
MOST_REDIRECTS = 20
_TIMEOUT = 3.0


@dataclass(frozen=True)
class Response:
    """What a site answers. `cookies` are whole Set-Cookie values."""

    status: int
    body: str = ""
    location: str = ""
    cookies: tuple[str, ...] = ()


class Site(Protocol):
    """A host in memory."""

    def get(self, path: str, raw_query: str, headers: Mapping[str, str]) -> Response: ...


@dataclass(frozen=True)
class Hop:
    """One request of a browser and its answer."""

    url: str
    response: Response


@dataclass(frozen=True)
class Page:
    """Where a browser ended, and the way there."""

    hops: tuple[Hop, ...]

    @property
    def url(self) -> str:
        return self.hops[-1].url

    @property
    def status(self) -> int:
        return self.hops[-1].response.status

    @property
    def body(self) -> str:
        return self.hops[-1].response.body

    @property
    def code(self) -> str:
        """The code of our page, `SSO-104` for example; empty if this is none of ours."""
        found = re.search(r"SSO-\d{3}", self.body)
        return found[0] if found else ""

    @property
    def reference(self) -> str:
        found = re.search(r"reference ([0-9A-Z]{26})", self.body)
        return found[1] if found else ""

    @property
    def links(self) -> list[str]:
        return [unescape(link) for link in re.findall(r'href="([^"]*)"', self.body)]

    @property
    def signed_in(self) -> str | None:
        """The person whom the product shows, by our internal id."""
        found = re.fullmatch(r"signed in: (\S+)", self.body)
        return found[1] if found else None

    def went_through(self, start: str) -> list[str]:
        """Addresses on the way that begin like this."""
        return [hop.url for hop in self.hops if hop.url.startswith(start)]


@dataclass
class Cookie:
    value: str
    path: str
    until: float | None


@dataclass
class Browser:
    """A browser of its own, with nothing in it. `sites`: host → site."""

    sites: Mapping[str, Site]
    clock: StillClock
    jar: dict[tuple[str, str], Cookie] = field(default_factory=dict)
    blocks_cookies: bool = False

    def open(self, url: str, headers: Mapping[str, str] = NAVIGATION, *, stop_at: str = "") -> Page:
        """Go there as a click would, and on through every redirect. `stop_at`: stop before an address that begins so,
        which is then the last hop, not asked. Raises RuntimeError after too many redirects."""
        hops: list[Hop] = []
        while len(hops) <= MOST_REDIRECTS:
            if stop_at and hops and url.startswith(stop_at):
                return Page((*hops, Hop(url, Response(0))))
            hops.append(Hop(url, self.ask(url, headers)))
            if not hops[-1].response.location:
                return Page(tuple(hops))
            url = urljoin(url, hops[-1].response.location)
        raise RuntimeError("too many redirects")

    def load(self, url: str, dest: str = "image") -> Response:
        """What a foreign page makes a browser load: no navigation, so no Lax cookies."""
        return self._sent(url, {"sec-fetch-dest": dest, "sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site"})

    def ask(self, url: str, headers: Mapping[str, str] = NAVIGATION) -> Response:
        """One request with the cookies of the place, no redirect followed."""
        parts = urlsplit(url)
        mine = self.cookies(parts.netloc, parts.path or "/")
        response = self._sent(url, {**headers, **({"cookie": "; ".join(mine)} if mine else {})})
        for line in response.cookies:
            self._keep(parts.netloc, line)
        return response

    def cookies(self, host: str, path: str = "/") -> list[str]:
        """What would be sent there, oldest first."""
        now = self.clock.now().timestamp()
        return [f"{name}={cookie.value}" for (of, name), cookie in self.jar.items()
                if of == host and path.startswith(cookie.path) and (cookie.until is None or cookie.until > now)]

    def _sent(self, url: str, headers: Mapping[str, str]) -> Response:
        parts = urlsplit(url)
        assert parts.scheme == "https", url
        return self.sites[parts.netloc].get(parts.path or "/", parts.query, headers)

    def _keep(self, host: str, line: str) -> None:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        told = {key.lower(): value for key, _, value in (one.partition("=") for one in attributes)}
        planted = name.startswith("__Host-") and (told.get("path") != "/" or "secure" not in told or "domain" in told)
        if planted or self.blocks_cookies:
            return
        age = int(told["max-age"]) if "max-age" in told else None
        if age is not None and age <= 0:
            self.jar.pop((host, name), None)
            return
        until = None if age is None else self.clock.now().timestamp() + age
        if (host, name) in self.jar:
            self.jar[host, name].value, self.jar[host, name].until = value, until
        else:
            self.jar[host, name] = Cookie(value, told.get("path", "/"), until)


@dataclass
class Sso:
    """Our own side. `answers` are all that were given, with the paths."""

    outside: Outside
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    def get(self, path: str, raw_query: str, headers: Mapping[str, str], method: str = "GET") -> Response:
        answer = self.answer(request_to(path, raw_query, headers, method))
        return Response(answer.status, answer.body, answer.headers.get("location", ""), answer.cookies)

    def answer(self, request: Request) -> Answer:
        """The answer of the function that has this path, in the frame that the functions have."""
        kind = request.path.split("/")[1]
        serve: Callable[[Request, Outside], Answer] = {
            "authorize": authorize, "cb": callback, "token": token}.get(kind, start)
        try:
            answer = serve(request, self.outside)
        except Exception:
            answer = page("SSO-501", login_id="-")
        self.answers.append((request.path, answer))
        return answer


def request_to(path: str, raw_query: str = "", headers: Mapping[str, str] | None = None, method: str = "GET",
               body: bytes = b"") -> Request:
    """A request as the frame of the functions makes it."""
    sent = dict(headers or {})
    return Request(method, path, pairs(raw_query), sent, cookies_of([sent.get("cookie", "")]), body, raw_query)


@dataclass
class Portal:
    """A portal double without HTTP: for browsers a site, for us what `Outside.web` reaches."""

    double: PortalDouble

    def get(self, path: str, raw_query: str, headers: Mapping[str, str]) -> Response:
        given = self.asked("GET", path, raw_query, headers, b"")
        cookie = given.headers.get("set-cookie")
        return Response(given.status, given.body, given.headers.get("location", ""), (cookie,) if cookie else ())

    def asked(self, method: str, path: str, raw_query: str, headers: Mapping[str, str], body: bytes) -> Any:
        double, query = self.double, dict(parse_qsl(raw_query, keep_blank_values=True))
        given, place = double.answer(method, path, query, headers, body), double.place_of(path)
        said = {**query, **body_of(headers, body)} if place == "token" else query
        double.log.append(Call(method, path, place, said, headers, given.status))
        if not given.status or double.switches.slow.get(place, 0) > _TIMEOUT:
            raise NoAnswer("connection lost" if not given.status else "timeout")
        return given


@dataclass
class MemoryWeb:
    """`homeroom.sso.ports.Web` to portals in memory, by host."""

    portals: Mapping[str, Portal]

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        return self._asked("GET", url, headers, b"")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return self._asked("POST", url, headers, body)

    def _asked(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        given = self.portals[parts.netloc].asked(method, parts.path, parts.query, headers, body)
        return Reply(given.status, given.body.encode())


@dataclass
class Product:
    """A relying party with what its duties are: state, nonce, challenge, `iss`, a new session for each sign-in.

    Its page says who is in: `signed in: <person>`. `claims` are those of the tokens that it took.
    """

    sso: Sso
    client_id: str
    secret: str
    url: str
    begun: dict[str, dict[str, str]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    claims: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def get(self, path: str, raw_query: str, headers: Mapping[str, str]) -> Response:
        query, cookies = dict(parse_qsl(raw_query)), cookies_of([headers.get("cookie", "")])
        if path == "/sso/initiate":
            return self._initiate(query)
        if path == "/sso/callback":
            return self._callback(query, cookies)
        who = self.sessions.get(cookies.get("__Host-session", ""))
        return Response(200, f"signed in: {who}") if who else Response(200, "nobody is signed in")

    def request(self, **other: str) -> dict[str, str]:
        """A well-formed request to /authorize, kept as begun; `other` replaces parts."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        self.begun[state] = {"nonce": nonce, "verifier": verifier}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return {"response_type": "code", "client_id": self.client_id, "redirect_uri": f"{self.url}/sso/callback",
                "scope": "openid", "state": state, "nonce": nonce, "code_challenge": challenge,
                "code_challenge_method": "S256", **other}

    def address(self, **other: str) -> str:
        """/authorize with such a request; a part replaced by nothing is left out."""
        said = {name: value for name, value in self.request(**other).items() if value}
        return f"{self.sso.outside.base_url}/authorize?{urlencode(said)}"

    def _initiate(self, query: Mapping[str, str]) -> Response:
        if query.get("iss") != self.sso.outside.base_url:
            return Response(400, "another issuer")
        hint = query.get("login_hint", "")
        said = self.request(**({"login_hint": hint} if hint else {}))
        where = f"{self.sso.outside.base_url}/authorize?{urlencode(said)}"
        bound = f"__Host-state={said['state']}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"
        return Response(303, location=where, cookies=(bound,))

    def _callback(self, query: Mapping[str, str], cookies: Mapping[str, str]) -> Response:
        begun = self.begun.pop(query.get("state", ""), None)
        own = cookies.get("__Host-state") == query.get("state") and query.get("iss") == self.sso.outside.base_url
        if begun is None or not own or "error" in query:
            self.refused.append(query.get("error", "not begun here"))
            return Response(400, "the product began no such sign-in")
        claims = self.redeemed(query["code"], begun["verifier"])
        if claims is None or claims["nonce"] != begun["nonce"]:
            self.refused.append("token")
            return Response(400, "the product got no token")
        self.claims.append(claims)
        self.sessions.pop(cookies.get("__Host-session", ""), None)
        session = secrets.token_urlsafe(32)
        self.sessions[session] = claims["sub"]
        return Response(303, location=f"{self.url}/", cookies=(
            f"__Host-session={session}; Path=/; Secure; HttpOnly; SameSite=Lax",))

    def redeemed(self, code: str, verifier: str) -> dict[str, Any] | None:
        """What the id_token says that the code is good for; None where the provider refuses."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier,
                "redirect_uri": f"{self.url}/sso/callback"}
        pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        headers = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Basic {pair}"}
        answer = self.sso.answer(request_to("/token", "", headers, "POST", urlencode(form).encode()))
        if answer.status != 200:
            return None
        payload = json.loads(answer.body)["id_token"].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims
