"""Every page in a real Chromium, with the headers it really has: readable, usable by keyboard, and nothing is loaded.

Pictures of all of them lie in .homeroom/screenshots/pages/ afterwards (CI keeps them): width, colours, name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from homeroom.products.sign_in import SIGN_IN_OF_LINE
from homeroom.sso.codes import CODES
from homeroom.sso.http import Answer, headers_of
from homeroom.sso.pages import Choice, Links, chooser, front, page
from tests.browser.harness import SCREENSHOTS, Browser, Page
from tests.sso.proves import proves

pytestmark = pytest.mark.integration

PICTURES = SCREENSHOTS / "pages"
NARROW, WIDE = 320, 1280
LINKS = Links(start="/", again="/next/again", portal="/next/portal", home="/next/home", support="/next/support",
              status_page="/next/status", administrators="/next/administrators")
CHOICES = [Choice("Clever", "/next/clever"), Choice("ClassLink", "/next/classlink")]
LONG = "Imagine Language & Literacy with a Name that is Unusually Long for a Product"
shown = partial(page, login_id="01JDTESTTESTTESTTESTTESTTE", at=datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
FULL: Mapping[str, Answer] = {
    **{code: shown(code, product="Galileo K-12", portal="ClassLink", links=LINKS) for code in CODES},
    **{f"{code}-Sonday": shown(code, product="Sonday System 1", portal="Clever", links=LINKS, line="Sonday")
       for code in ("SSO-306", "SSO-307")},
    "chooser": chooser("Galileo K-12", CHOICES), "front": front(CHOICES),
}
BARE: Mapping[str, Answer] = {
    **{f"{code}-bare": shown(code) for code in CODES},
    "SSO-203-long": shown("SSO-203", product=LONG, portal="A Portal of Some District", links=LINKS),
    "SSO-108-long": shown("SSO-108", product=LONG.replace(" ", ""), links=LINKS),
    "chooser-bare": chooser("", []), "front-bare": front(),
}
PAGES: Mapping[str, Answer] = {**FULL, **BARE}


class _Handler(BaseHTTPRequestHandler):
    """Answers as the gateway does: what is under /next/ is where buttons lead."""

    def do_GET(self) -> None:
        if self.path.startswith("/next/"):
            answer = Answer(200, f"<!doctype html><title>Next</title><p>{self.path}</p>")
        else:
            answer = PAGES.get(self.path[1:], FULL["front"])
        body = answer.body.encode()
        self.send_response_only(answer.status)
        for name, value in headers_of(answer).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def plain(browser: Browser) -> Iterator[Page]:
    """A tab without JavaScript."""
    with browser.context(javascript=False) as context:
        yield context.page()


@pytest.fixture(scope="module")
def measured(browser: Browser) -> Iterator[Page]:
    """A tab in which axe can run."""
    with browser.context() as context:
        yield context.page()


def complaints(tab: Page, answer: Answer) -> list[str]:
    """The console but for Chromium's own remark that the page itself has a status of failure."""
    remark = f"error: Failed to load resource: the server responded with a status of {answer.status} "
    return [line for line in tab.console() if not line.startswith(remark)]


@pytest.mark.parametrize("name", PAGES)
@proves("C48", "T30", "T32")
def test_a_page_works_without_javascript_on_a_phone_and_loads_nothing_else(
        name: str, plain: Page, address: str) -> None:
    plain.forget()
    plain.colors(dark=False)
    plain.resize(NARROW)
    assert plain.goto(address + name) == PAGES[name].status
    narrow = plain.layout()
    picture(plain, name)
    plain.resize(WIDE)
    wide = plain.layout()
    picture(plain, name)
    assert (narrow.sticks_out, wide.sticks_out) == (0, 0), "nobody has to scroll sideways"
    assert (narrow.small, wide.small) == ((), ()), "everything can be hit with a finger"
    assert [call.url for call in plain.requests()] == [address + name]
    assert complaints(plain, PAGES[name]) == []


def picture(tab: Page, name: str) -> None:
    """Keep what the tab shows, of pages that differ in what they say."""
    if name in FULL or name.endswith("-long"):
        tab.screenshot(PICTURES / f"{tab.width}-{'dark' if tab.dark else 'light'}-{name}.png")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
@proves("C48")
def test_axe_finds_nothing_on_any_page(width: int, dark: bool, measured: Page, address: str) -> None:
    """WCAG 2.0, 2.1 and 2.2, A and AA; contrast among them."""
    measured.resize(width)
    measured.colors(dark=dark)
    names = PAGES if not dark and width == WIDE else FULL
    found = {}
    for name in names:
        measured.goto(address + name)
        found[name] = measured.axe()
        if dark:
            picture(measured, name)
    assert len(found) >= len(CODES) + 4
    assert {name: violations for name, violations in found.items() if violations} == {}


@pytest.mark.parametrize(("name", "button", "path"), [
    ("SSO-101", "Sign in", "/next/again"),
    ("SSO-103", "Is ClassLink working?", "/next/status"),
    ("SSO-105", "Sign in again", "/next/again"),
    ("SSO-203", "Try again", "/next/again"),
    ("SSO-204", "Get help", "/next/support"),
    ("SSO-306-Sonday", "Go to Clever", "/next/portal"),
    ("SSO-404", "Go to the start page", "/"),
    ("SSO-501-bare", "Go to the start page", "/"),
    ("chooser", "Sign in with ClassLink", "/next/classlink"),
    ("front", "Go to Clever", "/next/clever"),
])
@proves("C48")
def test_the_button_leads_on(name: str, button: str, path: str, plain: Page, address: str) -> None:
    plain.goto(address + name)
    plain.click("link", button)
    assert plain.url() == address.rstrip("/") + path


def test_an_administrator_of_a_sonday_product_is_sent_to_their_own_log_in(plain: Page, address: str) -> None:
    plain.goto(address + "SSO-307-Sonday")
    assert plain.attribute("a.first", "href") == SIGN_IN_OF_LINE["Sonday"].refused["administrator"].address


def test_a_page_can_be_used_with_the_keyboard_alone(plain: Page, address: str) -> None:
    plain.goto(address + "SSO-108")
    reached = []
    for _ in range(3):
        plain.press("Tab")
        reached.append(plain.focused())
    plain.press("Enter")
    assert reached == ["Try again", "Get help", "Help with cookies"]
    assert "not a private one" in plain.text("main")


def test_one_click_selects_the_whole_message_for_the_school(plain: Page, address: str) -> None:
    plain.goto(address + "SSO-203")
    plain.click(selector=".copy", stays=True)
    assert plain.selected().split("\n") == plain.text(".copy").split("\n")
    assert len(plain.selected().split("\n")) == 5
    assert "Reference: 01JDTESTTESTTESTTESTTESTTE" in plain.selected()


@proves("C47", "T31")
def test_no_other_site_can_put_a_page_into_a_frame(browser: Browser, address: str,
                                                   framing: Callable[[str], str]) -> None:
    with browser.context() as context:
        tab = context.page()
        tab.goto(framing(address + "chooser"))
        console = tab.console()
    assert any("frame-ancestors 'none'" in line for line in console)


@pytest.fixture
def framing() -> Iterator[Callable[[str], str]]:
    """Serves, at another origin, a page with a frame of the address that it is given."""
    inner = ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Other</title><iframe src='{inner}'></iframe>".encode())

        def log_message(self, *words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def around(wanted: str) -> str:
        nonlocal inner
        inner = wanted
        return f"http://localhost:{server.server_port}/"

    yield around
    server.shutdown()
    server.server_close()
