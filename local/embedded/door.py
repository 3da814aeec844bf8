"""The front door of the embedded AWS: a plain address on this machine for the stack's HTTP API.

On AWS the API has a domain. Here it stands below a long path of the emulator; browsers need an address of its own,
because cookies are for `/` and redirects go to our base address. The door runs inside the emulator and ends with it.
It passes on what came: method, path, query, headers and body, and of the answer every header, each cookie by itself.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BETWEEN_TWO = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade",
}
"""Headers that are for one connection (RFC 9110 7.6.1)."""
SECONDS = 40.0
AT_ONCE = 4
"""So many requests are let in at once, the others wait here: the emulator starts a process for every request that finds
none free, and on one machine those starts slow down everything else, which makes more of them."""


def serve(port: int, inside: int, api: Callable[[], str | None], *, tls: bool = False) -> None:
    """Listen on `port` in the background; `inside` is the emulator's own, `api` the id of the API to reach."""

    let_in = threading.BoundedSemaphore(AT_ONCE)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            known = api()
            if known is None:
                self.send_error(503, "no stack with an HTTP API stands yet")
                return
            with let_in:
                self._ask(known, body)

        def _ask(self, known: str, body: bytes) -> None:
            call = _connection(inside, tls)
            try:
                call.putrequest(self.command, f"/_aws/execute-api/{known}/$default{self.path}", skip_host=True,
                                skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in BETWEEN_TWO:
                        call.putheader(name, value)
                call.endheaders(body or None)
                self._give_back(call.getresponse())
            finally:
                call.close()

        def _give_back(self, answer: http.client.HTTPResponse) -> None:
            body = answer.read()
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in {*BETWEEN_TWO, "content-length"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None:
            """Nothing: paths carry codes."""

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = pass_on

    class Open(ThreadingHTTPServer):
        daemon_threads, request_queue_size = True, 128  # a class that signs in at once waits here and is not sent away

    server = Open(("127.0.0.1", port), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _connection(port: int, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    unverified = ssl._create_unverified_context()  # noqa: S323  # the emulator's own certificate, on this machine
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=unverified)
