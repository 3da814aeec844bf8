"""The three sign-in functions over real HTTP on the loopback address, their outside in memory.

    with serving(lambda base: memory_outside(base_url=base, …)) as served:
        requests.get(served.url + "/jwks.json")

A request becomes an event of the HTTP API and goes through the same frame as in Lambda (`homeroom.aws.web`).
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, urlencode

from homeroom.aws import web
from homeroom.aws.web import Route
from homeroom.model.sign_in import CODE_SECONDS, Attempt, Handoff, PortalName
from homeroom.sso.authorize import authorize
from homeroom.sso.callback import callback
from homeroom.sso.discovery import configuration, jwks
from homeroom.sso.http import Answer, Request, see_other
from homeroom.sso.launch import start
from homeroom.sso.ports import Outside
from homeroom.sso.token import token
from homeroom.sso.values import fresh, hashed

PROVIDER = (
    Route("/token", token, methods=("POST",), json=True),
    Route("/.well-known/openid-configuration", lambda _, outside: configuration(outside), json=True),
    Route("/jwks.json", lambda _, outside: jwks(outside), json=True),
)

ROUTES = (
    *PROVIDER, Route("/authorize", authorize), Route("/cb/{portal}/{app}", callback), Route("/", start),
    Route("/portals/{product}", start), Route("/start/{portal}/{app}", start),
)
"""All that the three functions serve."""


class WallClock:
    """The time of this machine: products' libraries look at theirs."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Served:
    """A provider that listens. `asked` are method and path of every request, in order, without its query."""

    url: str
    outside: Outside
    routes: Sequence[Route]
    asked: list[str] = field(default_factory=list)

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the frame makes of an event."""
        route = None
        try:
            request = web.request_of(event, self.outside.base_url)
            self.asked.append(f"{request.method} {request.path}")
            route = next((one for one in self.routes if one.fits(request.path)), None)
            return web.response_of(web._answered(request, route, self.outside, "served"))
        except Exception as error:
            return web.response_of(web._failed(error, route, "served"))


@contextmanager
def serving(make: Callable[[str], Outside], routes: Sequence[Route] = ROUTES, port: int = 0) -> Iterator[Served]:
    """A server whose outside `make` makes of its address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    served = Served(url, make(url), routes)
    server.RequestHandlerClass = _handler(served)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
            response = served.answer({
                "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "cookies": cookies,
                "requestContext": {"http": {"method": self.command}, "stage": "$default"},
                "body": b64encode(body).decode(), "isBase64Encoded": True,
            })
            self.send_response(response["statusCode"])
            for name, value in response["headers"].items():
                self.send_header(name, str(value))
            for cookie in response["cookies"]:
                self.send_header("set-cookie", cookie)
            sent = response["body"].encode()
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(sent)

        do_GET = do_POST = do_HEAD = do_PUT = do_OPTIONS = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the addresses hold codes."""

    return Handler


@dataclass
class KnownVisitor:
    """An /authorize of which the portal's part is done at once: whoever asks is this person. For tests that are about
    what comes after. `sent` are the requests, `spoil` changes the answer's parameters, `change` what is kept."""

    person: str = "p-teacher-1"
    district: str = "lab-usd"
    role: str = "teacher"
    roles: tuple[str, ...] = ("teacher",)
    portal: PortalName = "clever"
    sent: list[dict[str, str]] = field(default_factory=list)
    spoil: Callable[[dict[str, str]], dict[str, str]] = dict
    change: Callable[[Handoff], Handoff] = lambda handoff: handoff

    def __call__(self, request: Request, outside: Outside) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(request.raw_query).items()}
        self.sent.append(asked)
        code, now = fresh(token_bytes), int(outside.clock.now().timestamp())
        login_id = f"login-{len(self.sent)}"
        outside.attempts.record(Attempt(login_id=login_id, at=outside.clock.now().isoformat()))
        outside.launches.keep(self.change(Handoff(
            key=hashed(code), client_id=asked["client_id"], redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"], nonce=asked["nonce"], person=self.person, district=self.district,
            role=self.role, roles=self.roles, portal=self.portal, login_id=login_id, auth_time=now, roster_version=1,
            expires_at=now + CODE_SECONDS,
        )))
        told = self.spoil({"code": code, "state": asked["state"], "iss": outside.base_url})
        return see_other(f"{asked['redirect_uri']}?{urlencode(told)}")

    @property
    def routes(self) -> tuple[Route, ...]:
        """A provider for which this is the visitor."""
        return (*PROVIDER, Route("/authorize", self))
