"""A very small browser: it keeps cookies, follows redirects, and draws nothing. For loopback alone.

    seen = Browser().open("http://127.0.0.1:4000/portal/tile?client=sonday")
    seen.status, seen.url, seen.steps

A real browser takes loopback for safe, so `Secure` and `__Host-` cookies are kept there without TLS; so they are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from urllib.parse import SplitResult, urljoin, urlsplit

SECONDS = 20.0
MOST_STEPS = 20
"""A click that leads further than this goes round in circles; browsers stop there too."""
_NAVIGATION = {
    "accept": "text/html", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "user-agent": "a small browser",
}
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Step:
    """One address that was asked for, and the status of its answer."""

    url: str
    status: int


@dataclass(frozen=True)
class Seen:
    """What stands in the window at the end. `steps` are all addresses on the way, the last one included."""

    url: str
    status: int
    body: str = field(repr=False)
    steps: tuple[Step, ...] = ()

    @property
    def shown(self) -> tuple[Step, ...]:
        """The answers that a person got to see: all that did not lead on."""
        return tuple(step for step in self.steps if step.status not in _MOVED)

    def text(self, tag: str) -> str:
        """The text of the first element of this kind, such as `h1`."""
        found = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", self.body, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""


@dataclass(frozen=True)
class _Cookie:
    name: str
    value: str
    path: str


class Browser:
    """One person's browser. Cookies whose names begin with `blocks` are not kept."""

    def __init__(self, *, blocks: str = ""):
        self._blocks = blocks
        self._jars: dict[str, dict[tuple[str, str], _Cookie]] = {}

    def open(self, url: str, until: str = "") -> Seen:
        """Go there, and on wherever it leads; not on to an address that begins with `until`: it ends the steps, with
        status 0. Raises ValueError for an address that is not on loopback."""
        steps: list[Step] = []
        while len(steps) < MOST_STEPS:
            if until and url.startswith(until):
                return Seen(url, 0, "", (*steps, Step(url, 0)))
            status, location, body = self._asked(url)
            steps.append(Step(url, status))
            if status not in _MOVED:
                break
            url = urljoin(url, location)
        return Seen(steps[-1].url, status, body, tuple(steps))

    def copy(self) -> Browser:
        """Another window of the same person: it begins with the same cookies."""
        made = Browser(blocks=self._blocks)
        made._jars = {host: dict(jar) for host, jar in self._jars.items()}
        return made

    def cookie(self, host: str, name: str) -> str:
        """The value of a cookie, empty where there is none."""
        return next((kept.value for kept in self._jars.get(host, {}).values() if kept.name == name), "")

    def plant(self, host: str, name: str, value: str) -> None:
        """Put a cookie there, whatever was there before."""
        self._jars.setdefault(host, {})[name, "/"] = _Cookie(name, value, "/")

    def _asked(self, url: str) -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = HTTPConnection(_loopback(parts), parts.port or 80, timeout=SECONDS)
        try:
            target = parts.path or "/"
            connection.request("GET", f"{target}?{parts.query}" if parts.query else target, headers={
                **_NAVIGATION, "host": parts.netloc, **self._sent(parts)})
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
            self._keep(parts, answer.headers.get_all("set-cookie", []))
            return answer.status, answer.headers.get("location", ""), body
        finally:
            connection.close()

    def _sent(self, parts: SplitResult) -> dict[str, str]:
        """Cookies of this host and path; ports do not part them."""
        fitting = [one for one in self._jars.get(parts.hostname or "", {}).values() if _below(parts.path, one.path)]
        return {"cookie": "; ".join(f"{one.name}={one.value}" for one in fitting)} if fitting else {}

    def _keep(self, parts: SplitResult, lines: Iterable[str]) -> None:
        jar = self._jars.setdefault(parts.hostname or "", {})
        for line in lines:
            cookie, gone = _read(line)
            jar.pop((cookie.name, cookie.path), None)
            if not gone and not (self._blocks and cookie.name.startswith(self._blocks)):
                jar[cookie.name, cookie.path] = cookie


def _loopback(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.scheme != "http" or not (host in {"127.0.0.1", "localhost"} or host.endswith(".localhost")):
        raise ValueError(f"{parts.scheme}://{parts.netloc} is not on this machine's loopback")
    return "127.0.0.1"


def _below(path: str, of: str) -> bool:
    return path == of or path.startswith(of if of.endswith("/") else f"{of}/")


def _read(line: str) -> tuple[_Cookie, bool]:
    """A Set-Cookie line, and whether it deletes."""
    pair, *attributes = [part.strip() for part in line.split(";")]
    name, _, value = pair.partition("=")
    told = {key.lower(): said for key, _, said in (one.partition("=") for one in attributes)}
    gone = told.get("max-age", "1").strip() in {"0", "-1"} or "1970" in told.get("expires", "")
    return _Cookie(name, value, told.get("path", "/")), gone
