"""A OneRoster REST service on this machine, over real HTTP: for tests by `serving`, for the demo as a process.

    service = Service(small_district(), total="missing", max_page=2)
    with serving(service) as url:
        …

    python -m tests.fakes.oneroster_server --port 0 [--version 1.2] [--students 50]

The process prints one line of JSON (`url`, `key`, `secret`, …) and serves until it is killed.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.demo import sample
from tests.fakes.oneroster_answers import JSON, Answer, answer, dated, error, query_of
from tests.fakes.oneroster_bulk import large_district, large_rows
from tests.fakes.oneroster_service import Asked, Service
from tests.fakes.oneroster_sign_in import token_answer

DAYS = {"first": sample.first_day, "next": sample.next_day, "half": sample.half_gone}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, service: Service, port: int):
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service
        self.open: set[socket.socket] = set()
        service.origin = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def log_message(self, format: str, *args: Any) -> None:
        """The service keeps its own log."""

    def _serve(self, body: str) -> None:
        service = self.server.service
        asked = _noted(service, self.path)
        try:
            given = self._answer(service, asked, body)
        except Exception as broken:
            given = error(service, 500, "internal_server_error", f"the fake is broken: {broken!r}")
            service.reasons.append(f"broken: {broken!r}")
        # Before the answer leaves: who has it in hand finds the log complete and the source changed.
        asked.status = given.status
        _happened(service, asked)
        self._send(dated(service, given))

    def _answer(self, service: Service, asked: Asked, body: str) -> Answer:
        if self.command == "POST" and self.path == "/oauth2/token":
            status, told = token_answer(service, dict(self.headers), body)
            return Answer(status, json.dumps(told).encode())
        return answer(service, asked, self.command, self.path, dict(self.headers))

    def _send(self, given: Answer) -> None:
        self.close_connection = self.close_connection or bool(given.ends)
        if given.ends == "before":
            return
        lines = [f"HTTP/1.1 {given.status} {self.responses[given.status][0]}", f"Content-Length: {len(given.body)}"]
        lines += [f"{name}: {value}" for name, value in (JSON | given.headers).items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        sent = {"after_headers": 0, "in_body": len(given.body) // 2}.get(given.ends, len(given.body))
        self.wfile.write(head + given.body[:sent])


def _noted(service: Service, target: str) -> Asked:
    """The request in the log, in the order of arrival."""
    path = target.partition("?")[0]
    with service.lock:
        service.at_once += 1
        service.most_at_once = max(service.most_at_once, service.at_once)
        asked = Asked(len(service.log) + 1, path.removeprefix(service.prefix + "/"), query_of(target))
        service.log.append(asked)
    return asked


def _happened(service: Service, asked: Asked) -> None:
    """What was to happen after this request."""
    with service.lock:
        service.at_once -= 1
        for later in [one for one in service.later if fnmatchcase(asked.path, one.on)]:
            later.requests -= 1
            if later.requests <= 0:
                service.later.remove(later)
                later.change(service)


@contextmanager
def serving(service: Service, port: int = 0) -> Iterator[str]:
    """Serve it; the value is the API URL. `service.origin` and `service.token_url` are set."""
    server = _Server(service, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
    thread.start()
    try:
        yield service.url
    finally:
        server.shutdown()
        for connection in list(server.open):
            _cut(connection)
        server.server_close()
        thread.join()


def _cut(connection: socket.socket) -> None:
    """Kept-alive connections end with their server, as if its process had died."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed by the other side


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the demo's district, or a large one made by number, until the process is killed."""
    options = _options(arguments)
    service = Service(version=options.version, sign_in=options.sign_in, seconds_a_page=options.delay_ms / 1000,
                      max_page=options.max_page)
    if options.enrollments:
        service.rows = {stem: list(rows) for stem, rows in large_rows(options.enrollments).items()}
        service.bulk = large_district(options.enrollments, service.prefix, options.version)
    else:
        gone = [f"student-{n:04d}" for n in range(options.students + 1, sample.STUDENTS + 10)]
        service.rows = {s: list(rows) for s, rows in DAYS[options.day]().without_students(gone).files.items()}
    server = _Server(service, options.port)
    told = ("url", "token_url", "version", "sign_in", "key", "secret", "token")
    print(json.dumps({name: getattr(service, name) for name in told}), flush=True)
    server.serve_forever()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.oneroster_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", choices=["1.1", "1.2"], default="1.1")
    parser.add_argument("--sign-in", choices=["oauth1_sha256", "oauth1_sha1", "oauth1", "oauth2", "bearer"],
                        default="oauth1_sha256")
    parser.add_argument("--day", choices=[*DAYS], default="first", help="the day of the sample district")
    parser.add_argument("--students", type=int, default=sample.STUDENTS + 9, help="keep only the first of them")
    parser.add_argument("--enrollments", type=int, default=0, help="a large district instead, rounded up to hundreds")
    parser.add_argument("--delay-ms", type=int, default=0, help="milliseconds before each page")
    parser.add_argument("--max-page", type=int, default=None, help="larger limits are cut down to it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
