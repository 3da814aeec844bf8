"""A real Chromium for tests. One Node process drives it (`driver.mjs`, playwright-core); this side speaks JSON to it.

    with Browser() as browser, browser.context(javascript=False) as context:
        page = context.page()
        assert page.goto(address) == 200
        page.click("link", "Try again")
        assert "SSO-203" in page.text()

A context is a browser of its own: other contexts do not see its cookies. `missing` says what is not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SCREENSHOTS = HERE.parents[1] / ".homeroom" / "screenshots"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Where Chromium is; HOMEROOM_CHROMIUM names another one than the system's."""
    return os.environ.get("HOMEROOM_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def missing() -> str:
    """What tests in a browser need and this machine has not; empty if all is there."""
    return missing_node() or ("" if chromium() else "no chromium: run .ci/chromium")


def missing_node() -> str:
    """What of Node is missing; empty if nothing is."""
    if shutil.which("node") is None:
        return "no node: tests in a browser need Node 20 or later"
    if not (HERE / "node_modules" / "playwright-core").is_dir():
        return "no tests/browser/node_modules: run .ci/node"
    return ""


def need(look: Callable[[], str] = missing) -> None:
    """Skip the test where something is missing, and say what. In CI everything must be there: the test fails."""
    lacking = look()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


class BrowserFailed(Exception):
    """Chromium or a page did not do what was asked; the text is the driver's."""


@dataclass(frozen=True)
class Call:
    """A request that a page made. `status` 0: no answer came, and `blocked` says why. `redirected_from` is empty unless
    another answer led here."""

    url: str
    method: str
    type: str
    status: int
    redirected_from: str
    blocked: str


@dataclass(frozen=True)
class Violation:
    """A rule of accessibility that a page breaks, and where."""

    rule: str
    help: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """`sticks_out`: pixels beyond the right edge. `small`: words of links and buttons below 24 × 24 pixels."""

    sticks_out: int
    small: tuple[str, ...]


class Browser:
    """One Chromium. `arguments` are further flags, such as `--host-resolver-rules=MAP *.vendor.example 127.0.0.1`.

    `blocks`: origins whose cookies the person has blocked; such a browser has one context."""

    def __init__(self, arguments: Sequence[str] = (), *, blocks: Sequence[str] = ()):
        self._driver = subprocess.Popen(
            ["node", "driver.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        try:
            self.version: str = self.ask("launch", executable=chromium(), more=list(arguments),
                                         blocks=list(blocks))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and its driver."""
        driver = self._driver
        if driver.stdin and not driver.stdin.closed:
            driver.stdin.close()
        try:
            driver.wait(timeout=15)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
        if driver.stdout:
            driver.stdout.close()

    def ask(self, command: str, **words: Any) -> Any:
        """One command to the driver and its answer. Raises BrowserFailed."""
        driver = self._driver
        assert driver.stdin
        assert driver.stdout
        driver.stdin.write(json.dumps({"do": command, **words}) + "\n")
        driver.stdin.flush()
        line = driver.stdout.readline()
        if not line:
            raise BrowserFailed(f"the driver ended during {command}")
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserFailed(f"{command}: {answer['error']}")
        return answer["value"]

    def context(self, *, javascript: bool = True, width: int = 1280, height: int = 800, dark: bool = False,
                seconds: float = 15) -> Context:
        """A browser of its own, without cookies. `seconds`: how long anything may take."""
        name = self.ask("new_context", javascript=javascript, width=width, height=height, dark=dark,
                        timeout=seconds * 1000)
        return Context(self, name, width=width, dark=dark)


class Context:
    """A browser profile: its pages share cookies."""

    def __init__(self, browser: Browser, name: str, *, width: int, dark: bool):
        self._browser = browser
        self._name = name
        self._width = width
        self._dark = dark

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._ask("close_context")

    def page(self) -> Page:
        """A new tab."""
        return Page(self._browser, self._ask("new_page"), width=self._width, dark=self._dark)

    def cookies(self) -> list[dict[str, Any]]:
        """All cookies: name, value, domain, path, expires, httpOnly, secure, sameSite."""
        found: list[dict[str, Any]] = self._ask("cookies")
        return found

    def add_cookies(self, *cookies: dict[str, Any]) -> None:
        """Plant cookies: name, value and url, or name, value, domain and path."""
        self._ask("add_cookies", cookies=list(cookies))

    def clear_cookies(self) -> None:
        self._ask("clear_cookies")

    def _ask(self, command: str, **words: Any) -> Any:
        return self._browser.ask(command, context=self._name, **words)


class Page:
    """A tab. Elements are named by role and name as a screen reader says them, or by a CSS selector.

    `width` in pixels and `dark` are what it was last told to be.
    """

    def __init__(self, browser: Browser, name: str, *, width: int, dark: bool):
        self._browser = browser
        self._name = name
        self.width = width
        self.dark = dark

    def goto(self, url: str) -> int:
        """Open an address and wait until it has loaded; the status of the last answer."""
        status: int = self._ask("goto", url=url)
        return status

    def click(self, role: str = "", name: str = "", *, selector: str = "", stays: bool = False) -> None:
        """Click and wait until the page it leads to has loaded; `stays` if it leads nowhere."""
        self._ask("click", role=role, name=name, selector=selector, stays=stays)

    def double_click(self, role: str = "", name: str = "", *, selector: str = "") -> None:
        """Click twice, quickly; what it leads to may still be on its way."""
        self._ask("double_click", role=role, name=name, selector=selector)

    def fill(self, selector: str, value: str) -> None:
        self._ask("fill", selector=selector, value=value)

    def press(self, key: str) -> None:
        """A key of the keyboard, such as Tab or Enter."""
        self._ask("press", key=key)

    def back(self) -> None:
        self._ask("back")

    def reload(self) -> None:
        self._ask("reload")

    def close(self) -> None:
        self._ask("close_page")

    def text(self, selector: str = "body") -> str:
        """What can be read."""
        return str(self._ask("text", selector=selector))

    def attribute(self, selector: str, name: str) -> str | None:
        value: str | None = self._ask("attribute", selector=selector, name=name)
        return value

    def count(self, selector: str) -> int:
        """How many elements a selector finds."""
        return int(self._ask("count", selector=selector))

    def title(self) -> str:
        return str(self._ask("title"))

    def url(self) -> str:
        return str(self._ask("url"))

    def focused(self) -> str:
        """The words of what has the focus of the keyboard."""
        return str(self._ask("focused"))

    def selected(self) -> str:
        """The text that is selected."""
        return str(self._ask("selected"))

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG; folders are made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._ask("screenshot", path=str(path))

    def resize(self, width: int, height: int = 800) -> None:
        self._ask("resize", width=width, height=height)
        self.width = width

    def colors(self, *, dark: bool) -> None:
        """What the system prefers."""
        self._ask("colors", dark=dark)
        self.dark = dark

    def layout(self) -> Layout:
        found = self._ask("layout")
        return Layout(found["sticks_out"], tuple(found["small"]))

    def axe(self) -> list[Violation]:
        """What axe finds against WCAG 2.0 to 2.2, levels A and AA. The context needs JavaScript: axe is a script."""
        return [Violation(one["id"], one["help"], tuple(one["nodes"])) for one in self._ask("axe")]

    def requests(self) -> list[Call]:
        """Everything this tab asked for since it was opened or `forget` was called, in order, redirects too."""
        return [Call(one["url"], one["method"], one["type"], one["status"], one["from"], one["blocked"])
                for one in self._ask("requests")]

    def console(self) -> list[str]:
        """What stands in the console, each line with its level: `error: …`."""
        lines: list[str] = self._ask("console")
        return lines

    def forget(self) -> None:
        """Begin `requests` and `console` anew."""
        self._ask("forget")

    def _ask(self, command: str, **words: Any) -> Any:
        return self._browser.ask(command, page=self._name, **words)
