"""The demo's sign-in: its small browser, its neighbours, and what it holds the clicks to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.demo.browser import MOST_STEPS, Browser, Seen, Step
from local.demo.neighbours import NOTE, PORTAL, Neighbours, end_neighbours
from local.demo.signing_in import Click, hold_to_expectations
from local.reasons import Stopped

PAGES = {
    "/in": (303, ["a=1; Path=/", "b=2; Path=/deep", "__Host-c=3; Secure; Path=/"], "/deep/page"),
    "/deep/page": (200, [], ""),
    "/out": (303, ["a=; Path=/; Max-Age=0"], "/page"),
    "/page": (200, [], ""),
    "/round": (302, [], "/round"),
}


@contextmanager
def site() -> Iterator[str]:
    """Pages that say which cookies came."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, cookies, leads_to = PAGES[self.path]
            body = f"<h1>Here</h1><p id=got>{self.headers.get('cookie', '')}</p>".encode()
            self.send_response(status)
            for cookie in cookies:
                self.send_header("set-cookie", cookie)
            if leads_to:
                self.send_header("location", leads_to)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_browser_keeps_cookies_and_follows() -> None:
    with site() as url:
        browser = Browser()
        seen = browser.open(f"{url}/in")
        assert (seen.status, seen.text("h1")) == (200, "Here")
        assert seen.text("p") == "a=1; b=2; __Host-c=3"
        assert seen.steps == (Step(f"{url}/in", 303), Step(f"{url}/deep/page", 200))
        assert seen.shown == (Step(f"{url}/deep/page", 200),)
        assert browser.open(f"{url}/out").text("p") == "__Host-c=3"


def test_the_browser_stops_where_it_is_told_and_when_it_goes_in_circles() -> None:
    with site() as url:
        assert Browser().open(f"{url}/in", until=f"{url}/deep").steps[-1] == Step(f"{url}/deep/page", 0)
        assert len(Browser().open(f"{url}/round").steps) == MOST_STEPS


def test_blocked_cookies_are_not_kept() -> None:
    with site() as url:
        assert Browser(blocks="__Host-").open(f"{url}/in").text("p") == "a=1; b=2"


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "https://127.0.0.1/", "http://clever.com/"])
def test_the_browser_never_leaves_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Browser().open(url)


def test_a_neighbour_says_where_it_is_and_ends_by_its_id(tmp_path: Path) -> None:
    folder = tmp_path / "neighbours"
    neighbours = Neighbours(folder)
    told = neighbours.start(PORTAL, "--portal", "classlink")
    assert Browser().open(f"{told['url']}/portal").status == 200
    (_, module, port), = json.loads((folder / NOTE).read_text())
    assert (module, f"http://127.0.0.1:{port}") == (PORTAL, told["url"])
    assert folder.stat().st_mode & 0o77 == 0
    assert end_neighbours(folder) == {PORTAL: port}
    assert not folder.exists()
    with pytest.raises(ConnectionError):
        Browser().open(f"{told['url']}/portal")


def test_a_process_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / NOTE).write_text(json.dumps([[other.pid, PORTAL, 4000]]))
        assert end_neighbours(tmp_path) == {}
        assert other.poll() is None
        other.communicate(b"\n")


def test_where_nothing_was_left_up_there_is_nothing_to_end(tmp_path: Path) -> None:
    assert end_neighbours(tmp_path / "nothing") == {}


def test_a_neighbour_that_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="did not start"):
        Neighbours(tmp_path).start(PORTAL, "--portal", "no such portal")


HOME = Seen("http://127.0.0.1/", 200, "<h1>Hello, Teacher 03 Sample</h1><span>teacher</span>", (Step("/", 200),))
REFUSED = Seen("http://127.0.0.1/cb", 403, "<h1>There is no student login</h1> SSO-306", (Step("/cb", 403),))
HISTORY = {"signed_in": 1, "refused": [{"outcome": "SSO-306", "count": 1}]}


def test_what_is_expected_passes() -> None:
    teacher = Click("teacher-03", HOME, 0.1)
    hold_to_expectations(teacher, Click("student-0042", REFUSED, 0.1), HISTORY)
    assert teacher.words == "Sonday System 1 home: Hello, Teacher 03 Sample, signed in as teacher"


@pytest.mark.parametrize(("teacher", "student", "history"), [
    (REFUSED, REFUSED, HISTORY), (HOME, HOME, HISTORY),
    (Seen(HOME.url, 200, HOME.body, (Step("/between", 200), Step("/", 200))), REFUSED, HISTORY),
    (HOME, REFUSED, {"signed_in": 2, "refused": HISTORY["refused"]}), (HOME, REFUSED, {"signed_in": 1, "refused": []}),
])
def test_anything_else_stops_the_demo(teacher: Seen, student: Seen, history: dict[str, object]) -> None:
    with pytest.raises(Stopped):
        hold_to_expectations(Click("teacher-03", teacher, 0.1), Click("student-0042", student, 0.1), history)
