"""A fake Clever that remembers: real HTTP on 127.0.0.1, districts that change, events, and every trap as a switch.

    clever = Clever(small_district())
    with serving(clever) as url:                       # both https://api.clever.com and https://clever.com
        requests.get(f"{url}/v3.0/users", headers={"Authorization": f"Bearer {clever.district.token}"})
    clever.log                                         # what was asked, and how it was answered

It is our own reading of reference/clever.md and of the recorded answers, and shares no code with the reader it tests.
`python -m tests.fakes.clever_server --port 0` serves the demo's district until it is ended.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.clever_api import OUT_OF_SCOPE, VERSIONS, Asked, DataApi, Refused, Reply, not_routed, place_of
from tests.fakes.clever_district import District, Files
from tests.fakes.clever_oauth import SignIn
from tests.fakes.clever_traps import Fault, Traps
from tests.fakes.loopback import LoopbackServer, running

CLIENT_ID, CLIENT_SECRET = "sample-client-id", "sample-client-secret"
REDIRECT_URI = "https://app.sample.example/sso/clever"
WINDOW = 60


@dataclass(frozen=True)
class Logged:
    """One request and the status of its answer; 0 where the connection was dropped."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    place: str
    page: int
    headers: dict[str, str]
    """Names in small letters; holds the token, as tests may want to see which one was used."""


class Clever:
    """The service: its districts, its one app, its traps, and the log of what was asked."""

    def __init__(self, files: Files | None = None, *, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET,
                 redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        """`now` is the clock of events, of last_sync, of codes and of the rate limit; the Date header too."""
        self.now = now
        self.districts: list[District] = []
        self.traps = Traps(now=lambda: self.now().timestamp())
        self.sign_in = SignIn(client_id, client_secret, redirect_uris, lambda: self.now(), self.districts)
        self.log: list[Logged] = []
        self.url = ""
        self.before_answer: Callable[[Asked], object] = lambda asked: None
        """Called before each answer, outside of all locks: a test may wait or change the district here."""
        self._api = DataApi(self.traps)
        self._lock = threading.RLock()
        self._used: dict[tuple[str, int], int] = {}
        if files is not None:
            self.add_district(files)

    @property
    def district(self) -> District:
        """The first district."""
        return self.districts[0]

    @property
    def client_id(self) -> str:
        """The app's id."""
        return self.sign_in.client_id

    @property
    def client_secret(self) -> str:
        """The app's secret."""
        return self.sign_in.client_secret

    def add_district(self, files: Files, *, space: str | None = None, name: str | None = None) -> District:
        """One more district with a token of its own. Ids of a second one are made in a `space` of their own."""
        number = len(self.districts)
        chosen = (f"district-{number + 1}" if number else "") if space is None else space
        district = District(files, space=chosen, now=lambda: self.now(), name=name)
        self.districts.append(district)
        return district

    def asked_for(self, place: str) -> list[Logged]:
        """What was asked at one place, in order."""
        return [one for one in self.log if one.place == place]

    def answer(self, asked: Asked) -> tuple[Reply, Fault | None]:
        """The answer and the fault that strikes it; logged."""
        self.before_answer(asked)
        with self._lock:
            try:
                reply = self._limited(asked, self._routed(asked))
            except Refused as refused:
                reply = refused.reply
            place = place_of(asked.path)
            fault = self.traps.fault_at(place, reply.page)
            if fault is not None:
                reply = struck(reply, fault, asked)
            status = 0 if fault is not None and fault.effect == "drop" else reply.status
            self.log.append(Logged(asked.method, asked.path, asked.query, status, place, reply.page, asked.headers))
            self.traps.answered()
        return reply, fault

    def headers_of(self, reply: Reply, body: bytes) -> dict[str, str]:
        """The headers that were recorded with such an answer."""
        text = isinstance(reply.body, str)
        said = {"content-type": "text/html; charset=utf-8" if text else "application/json; charset=utf-8"}
        if reply.kind == "resources":
            said["content-type"] = "application/json"
        if reply.kind not in ("plain", "tokeninfo"):
            said["x-request-id"] = str(uuid.uuid4())
        if reply.kind in ("data", "tokeninfo"):
            said["etag"] = f'W/"{len(body):x}-{zlib.crc32(body):022x}"'
        if reply.kind == "tokens":
            said["etag"] = f'"{zlib.crc32(body)}"'
        if reply.kind in ("events", "resources"):
            said["clever-request-id"] = uuid.uuid4().hex
        if reply.kind in ("data", "events", "resources"):
            said["cache-control"] = "no-store"
        return said | reply.headers

    def _routed(self, asked: Asked) -> Reply:
        first, _, rest = asked.path.strip("/").partition("/")
        if first in ("oauth", "portal"):
            return self.sign_in.answer(asked)
        if first not in VERSIONS:
            return not_routed(asked)
        if rest == "me":
            return self.sign_in.me(asked)
        district, user = self.sign_in.bearer(asked)
        if user is not None and rest not in (f"users/{user}", f"districts/{district.id}"):
            raise Refused(404, OUT_OF_SCOPE)
        return self._api.answer(asked, district)

    def _limited(self, asked: Asked, reply: Reply) -> Reply:
        """The headers of the rate limit, and 429 where it is enforced and used up."""
        if reply.kind not in ("data", "events", "resources"):
            return reply
        window = int(self.now().timestamp()) // WINDOW
        key = (asked.headers.get("authorization", ""), window)
        self._used[key] = self._used.get(key, 0) + 1
        left = self.traps.rate_limit - self._used[key]
        if left < 0 and self.traps.enforce_rate_limit:
            reply = Reply({"message": "Too many requests"}, 429, page=reply.page)
        reply.headers |= {
            "x-ratelimit-bucket": "bearer", "x-ratelimit-limit": str(self.traps.rate_limit),
            "x-ratelimit-remaining": str(max(0, left)), "x-ratelimit-reset": str((window + 1) * WINDOW),
        }
        return reply


def struck(reply: Reply, fault: Fault, asked: Asked) -> Reply:
    """What a fault makes of an answer; what happens to the connection is done by the handler."""
    if isinstance(fault.effect, int):
        page = f"<html><body><h1>{fault.effect}</h1></body></html>"
        body = page if fault.html else {"message": f"status {fault.effect}"}
        return Reply(body, fault.effect, reply.kind, reply.page, {**reply.headers, **fault.headers()})
    if fault.effect == "html":
        reply.body = "<html><body>Please try again</body></html>"
    elif fault.effect in ("empty", "empty_next"):
        links = [{"rel": "self", "uri": asked.uri}]
        links += [{"rel": "next", "uri": reply.cursor}] if fault.effect == "empty_next" else []
        reply.body = {"data": [], "links": links}
    elif fault.effect == "no_links":
        reply.body = {name: said for name, said in reply.body.items() if name != "links"}
    return reply


class _Server(LoopbackServer):
    def __init__(self, clever: Clever, port: int):
        self.clever = clever
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the console: `Clever.log` has it."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        clever = self.server.clever
        return formatdate(clever.now().timestamp() + clever.traps.clock_skew, usegmt=True)

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply, fault = self.server.clever.answer(Asked(self.command, path, query, headers, body))
        effect = fault.effect if fault is not None else None
        if fault is not None and fault.seconds:
            time.sleep(fault.seconds)
        if effect == "drop":
            self.close_connection = True
            return
        self._send(reply, effect)

    def _send(self, reply: Reply, effect: str | int | None) -> None:
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body, ensure_ascii=False)
        body = text.encode()
        if effect == "cut":
            body = body[: len(body) // 2]
        self.send_response(reply.status)
        for name, value in self.server.clever.headers_of(reply, body).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if effect == "torn":
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)


@contextmanager
def serving(clever: Clever, port: int = 0) -> Iterator[str]:
    """Serve on loopback while the block runs; gives the address, which is in `clever.url` too."""
    server = _Server(clever, port)
    clever.url = server.url
    with running(server):
        yield clever.url


def main() -> None:
    """Serve the demo's district, as its first line of output says."""
    from local.demo.sample import first_day

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    clever = Clever(first_day().files)
    with serving(clever, parser.parse_args().port) as url:
        told = {"url": url, "client_id": clever.client_id, "client_secret": clever.client_secret,
                "district_id": clever.district.id}
        print(json.dumps(told), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
