"""GET with bounded patience, on `requests`: what may be tried again is, everything else is told in words.

Tried again: 429 (Retry-After, in seconds or as a date; else with growing, jittered pauses), 500, 502, 503, 504, refused
or dropped connections, time-outs and torn bodies. Every other answer goes back to who asked, who knows what it means.
Words never hold an address with a query, a header or a body: those can hold credentials and people.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from homeroom.errors import Owner, SourceUnusable

CONNECT_SECONDS, ANSWER_SECONDS = 10, 120
TRIES = 6
LONGEST_PAUSE = 32.0
LONGEST_BODY = 64 << 20
"""Bytes of one answer: a page of the largest size has a few MiB."""
BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Answer:
    """An answer whose body came whole. Header names are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the body calls itself JSON; error pages of proxies are HTML."""
        return "json" in self.headers.get("content-type", "").lower()


@dataclass
class Patience:
    """Seconds that one slice may spend waiting, shared by all its threads. `wait` sleeps; tests count instead."""

    seconds: float = 300.0
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, seconds: float) -> bool:
        """Wait if the budget allows it; False where it does not."""
        with self._lock:
            if seconds > self.seconds:
                return False
            self.seconds -= seconds
        self.wait(seconds)
        return True


class Http:
    """A session of one source. Thread-safe for `get`: up to `connections` answers are on their way at once."""

    def __init__(self, host: str, auth: AuthBase | None = None, *, connections: int = 4,
                 patience: Patience | None = None, headers: Mapping[str, str] | None = None):
        """`host` names the source in words, without credentials."""
        self._host = host
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or .netrc of the machine gets a district's credentials
        self._session.auth = auth
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Homeroom", **(headers or {})})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
        self.patience = patience or Patience()
        self.requests = 0

    def get(self, url: str) -> Answer:
        """One answer; `url` is sent exactly as it is, so encode its query before. Raises SourceUnusable."""
        return self._patiently(lambda: self._once("GET", url))

    def post(self, url: str, body: Mapping[str, str], auth: AuthBase | None = None) -> Answer:
        """A form sent once more where it may be: for tokens, never for anything that changes the source."""
        return self._patiently(lambda: self._once("POST", url, data=dict(body), auth=auth))

    def sign_in_with(self, auth: AuthBase) -> None:
        """From now on sign requests in this way (a new token)."""
        self._session.auth = auth

    def close(self) -> None:
        """Let go of all connections."""
        self._session.close()

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        last: Answer | requests.RequestException | None = None
        for left, pause in zip(reversed(range(TRIES)), _pauses(), strict=True):
            try:
                last = ask()
                if last.status not in BUSY:
                    return last
                pause = _wished(last, self.patience.now()) or pause
            except requests.exceptions.SSLError as refused:
                raise self._unreachable(refused) from None
            except requests.RequestException as failed:
                last = failed
            if not left or not self.patience.spend(pause):
                break
        raise self._given_up(last)

    def _once(self, method: str, url: str, **kwargs: Any) -> Answer:
        self.requests += 1
        kwargs["auth"] = kwargs.get("auth") or self._session.auth
        with self._session.request(method, url, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), stream=True,
                                   allow_redirects=False, **kwargs) as answer:
            chunks, size = [], 0
            for chunk in answer.iter_content(1 << 20):
                chunks.append(chunk)
                size += len(chunk)
                if size > LONGEST_BODY:
                    raise SourceUnusable(f"an answer of {self._host} is larger than {LONGEST_BODY >> 20} MiB",
                                         code="SRC-04", owner="aggregator", remedy="Ask for smaller pages.")
            return Answer(answer.status_code, answer.headers, b"".join(chunks))

    def _given_up(self, last: Answer | requests.RequestException | None) -> SourceUnusable:
        if isinstance(last, Answer) and last.status == 429:
            return SourceUnusable(f"{self._host} slowed us down for longer than a run may wait", code="SRC-03",
                                  owner="aggregator", remedy="The next run goes on; ask for fewer connections.")
        if isinstance(last, Answer):
            return SourceUnusable(f"{self._host} answered {last.status} again and again", code="SRC-02",
                                  owner="aggregator", remedy="Retried in the next window.")
        return self._unreachable(last)

    def _unreachable(self, failed: Exception | None) -> SourceUnusable:
        text, owner, remedy = why_unreachable(failed)
        return SourceUnusable(f"{self._host} {text}", code="SRC-02", owner=owner, remedy=remedy)


def _pauses() -> Iterator[float]:
    """Growing pauses with jitter, one for each try (seconds)."""
    for n in range(TRIES):
        longest = min(LONGEST_PAUSE, 2.0**n)
        yield longest / 2 + random.random() * longest / 2  # noqa: S311 - spreads load, keeps no secret


def _wished(answer: Answer, now: datetime) -> float | None:
    """Seconds that the source asks us to wait: Retry-After, or Clever's reset of the rate limit (Unix seconds), which
    stands in each of its answers and only counts in a 429."""
    headers = answer.headers
    after = headers.get("Retry-After", "").strip()
    if after.isdigit():
        return float(after) or 0.1
    if after:
        try:
            return max(0.1, (parsedate_to_datetime(after) - now).total_seconds())
        except (TypeError, ValueError):
            return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    told = answer.status == 429 and reset.isdigit() and "x-ratelimit-bucket" in headers
    return max(0.1, int(reset) - now.timestamp()) if told else None


def why_unreachable(failed: BaseException | None) -> tuple[str, Owner, str]:
    """Words, owner and remedy for a connection that never gave an answer."""
    for cause in _causes(failed):
        if isinstance(cause, socket.gaierror):
            return "is no known host name", "vendor", "Check the address: the name does not exist (DNS)."
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"shows a certificate that is not trusted ({cause.verify_message})", "aggregator", (
                "The service must show a valid certificate of its host name (TLS).")
        if isinstance(cause, ssl.SSLError):
            return "does not speak TLS as we do", "aggregator", "The service must offer TLS 1.2 or newer."
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection", "aggregator", "Check address and port; is the service up?"
        if isinstance(cause, requests.exceptions.Timeout | TimeoutError):
            return "did not answer in time", "aggregator", "Retried in the next window; is a firewall between us?"
    return "dropped the connection again and again", "aggregator", "Retried in the next window."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and everything inside it: `requests` and `urllib3` wrap what happened several times."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
