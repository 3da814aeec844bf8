"""A double of Clever's and ClassLink's sign-in that remembers: real HTTP on 127.0.0.1, honest or hostile by a switch.

    double = PortalDouble("clever", apps=[PortalApp("one", "client-one", "secret-one", "https://…/cb/clever/one")])
    with serving(double) as url:                 # double.portal() is the portal at this address
        double.switches.alg = "none"             # from now on its id_tokens are forged
    double.log                                   # what was asked

People open `/portal`, say who they are and click a tile, which leads to the app with a code and without a state, as the
real portals do. `POST /control` with `{"alg": "none"}`, `{"rotate": true}` or `{"reset": true}` sets switches from
another process; `GET /control/log` tells what was asked. As a program it prints one line of JSON and serves:

    python -m tests.fakes.portal_server --portal clever --port 0 --known FILE

FILE (`-`: standard input) is JSON: `{"people": [...], "apps": [...]}` with the fields of `PortalPerson`, `PortalApp`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes.loopback import LoopbackServer, running
from tests.fakes.portal_people import PortalApp, PortalPerson
from tests.fakes.portal_service import Call, Given, PortalDouble, body_of
from tests.fakes.portal_tokens import HOSTILE, Switches

__all__ = ["HOSTILE", "Call", "PortalApp", "PortalDouble", "PortalPerson", "Switches", "serving", "set_switches"]

LOCAL_APP = PortalApp("sample", "sample-client", "sample-secret", "http://127.0.0.1:9400/cb/{portal}/sample", "Sample")


def set_switches(double: PortalDouble, said: dict[str, Any]) -> None:
    """Set switches by name; `reset` puts all back first, `rotate` makes a new signing key. Raises ValueError."""
    asked = dict(said)
    if asked.pop("reset", False):
        double.switches = Switches()
    if asked.pop("rotate", False):
        double.keys.rotate(keep_old=False)
    unknown = set(asked) - {one.name for one in fields(Switches)}
    if unknown:
        raise ValueError(f"there is no switch {', '.join(sorted(unknown))}")
    for name, value in asked.items():
        setattr(double.switches, name, value)


class _Server(LoopbackServer):
    def __init__(self, double: PortalDouble, port: int):
        self.double = double
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that went away while we were slow are what the test wants; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the console: `PortalDouble.log` has it."""

    def _answer(self) -> None:
        double = self.server.double
        path, _, raw = self.path.partition("?")
        query = dict(parse_qsl(raw, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if path.startswith("/control"):
            self._send(self._control(path, body))
            return
        given = double.answer(self.command, path, query, headers, body)
        place = double.place_of(path)
        said = {**query, **body_of(headers, body)} if place == "token" else query
        double.log.append(Call(self.command, path, place, said, headers, given.status))
        time.sleep(double.switches.slow.get(place, 0))
        self._send(given)

    def _control(self, path: str, body: bytes) -> Given:
        """Switches and the log, for tests in another process."""
        double = self.server.double
        if path == "/control/log":
            return Given(200, json.dumps([asdict(call) for call in double.log]))
        try:
            set_switches(double, json.loads(body or b"{}"))
        except ValueError as wrong:
            return Given(400, json.dumps({"error": str(wrong)}))
        return Given(200, json.dumps(asdict(double.switches)))

    def _send(self, given: Given) -> None:
        if not given.status:
            self.close_connection = True
            return
        body = given.body.encode()
        self.send_response(given.status)
        for name, value in {"content-type": given.kind, "cache-control": "no-store", **given.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(double: PortalDouble, port: int = 0) -> Iterator[str]:
    """Serve on loopback while the block runs; gives the address, which is in `double.url` too."""
    server = _Server(double, port)
    double.url = server.url
    with running(server):
        yield double.url


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until ended, as the first line of output says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--portal", choices=("clever", "classlink"), required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--known", default="", help="JSON of people and apps, - for standard input")
    chosen = parser.parse_args(arguments)
    raw = sys.stdin.read() if chosen.known == "-" else Path(chosen.known).read_text() if chosen.known else "{}"
    known = json.loads(raw)
    people = [PortalPerson.of(one) for one in known["people"]] if "people" in known else None
    apps = [PortalApp.of(one) for one in known.get("apps", ())]
    if not apps:
        apps = [PortalApp.of({**asdict(LOCAL_APP), "redirect_uri": LOCAL_APP.redirect_uri.format(
            portal=chosen.portal)})]
    double = PortalDouble(chosen.portal, people, apps)
    with serving(double, chosen.port) as url:
        told = {"url": url, "portal": asdict(double.portal()), "apps": [asdict(app) for app in double.apps.values()],
                "people": len(double.people)}
        print(json.dumps(told), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
