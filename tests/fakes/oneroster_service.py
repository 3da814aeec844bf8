"""What a OneRoster fake serves and how it misbehaves: one mutable object that a test holds while the server runs.

Every switch is a value, so that a test says which trap of the reference it sets: `Service(rows, total="missing")`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from tests.fakes.oneroster_bulk import Bulk

Row = Mapping[str, str]
SignIn = Literal["oauth1_sha256", "oauth1_sha1", "oauth1", "oauth2", "bearer"]
Booleans = Literal["text", "upper", "json", "number"]
BASE = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}


@dataclass
class Asked:
    """One request as it came: `path` below the base (`schools/s-1/classes`), raw where it lies outside of it.

    `number` counts all requests from 1; `status` is 0 while no answer was given.
    """

    number: int
    path: str
    query: dict[str, str]
    status: int = 0

    @property
    def offset(self) -> int:
        """The offset that was asked for."""
        return int(self.query.get("offset") or 0)


@dataclass
class Fault:
    """What goes wrong at one page. `page` counts from 1 at the page size in force; None is every page.

    `on` is a path below the base and may hold `*`. `what` is a status, or one of

        empty               200 with an empty collection        drop_before   the connection closes without an answer
        short               only half of the page               drop_after    … after the headers
        error_body          200 with an error as its body       torn          … in the middle of the body
        no_collection       200 with an object without it       not_json      200 with an HTML page

    `times` counts down; None lasts.
    """

    on: str
    what: str | int
    page: int | None = None
    times: int | None = None

    def strikes(self, path: str, page: int) -> bool:
        """Whether this request gets it; a struck fault is counted."""
        if not fnmatchcase(path, self.on) or self.page not in (None, page) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Refusal:
    """One of the next requests gets this status. `retry_after`: seconds as a number, or as a date `("date", 3)`."""

    status: int
    retry_after: int | tuple[Literal["date"], int] | None = None


@dataclass
class Later:
    """Something that happens at the source once `requests` more requests whose path fits `on` were answered."""

    requests: int
    change: Callable[[Service], None]
    on: str = "*"


@dataclass
class Service:
    """A district as `tests.builders.oneroster` makes it, behind a REST service. Give it to `serving`."""

    rows: dict[str, list[Any]] = field(default_factory=dict)
    version: Literal["1.1", "1.2"] = "1.1"
    users_as: Literal["1.1", "1.2", "both"] | None = None
    """Users with `role` and `orgs`, with `roles`, or with all of them; None: as the version says."""
    base: str | None = None
    """Path where the collections begin; None: that of the version."""
    application_id: str | None = None
    """ClassLink's proxy form: this stands before the base, already percent-encoded, and is compared as it is."""

    sign_in: SignIn = "oauth1_sha256"
    key: str = "sample-key"
    secret: str = "sample/secret+=&"
    token: str = "sample-bearer"
    nonces: Literal["new", "any"] = "new"
    window: int = 600
    """Seconds that a signature's timestamp may differ from this server's clock."""
    skew: float = 0.0
    """Seconds that this server's clock is ahead of the real one; its `Date` header says so."""
    granted: tuple[str, ...] | None = None
    """Last segments of the scopes that are granted at most; None: what is asked for."""
    expires_in: float = 3600
    basic_only: bool = False
    """The token endpoint takes the credentials as HTTP Basic only, not in the body."""
    tells_scope: bool = True

    default_page: int = 100
    max_page: int | None = None
    """Larger limits are cut down to it without a word."""
    total: Literal["right", "missing", "moving"] | int = "right"
    """X-Total-Count; a number is added to the right one."""
    links: bool = True
    count: bool = True
    """x-count: the records of the page."""
    revision: str | None = "revision-1"
    """x-perm-rev."""
    ignored: frozenset[str] | set[str] = frozenset()
    """Query parameters without effect: limit, offset, sort, filter, fields."""
    unstable: bool = False
    """Without an honoured `sort`, records stand in another order for each request."""
    seconds_a_page: float = 0.0

    wrappers: dict[str, str | None] = field(default_factory=dict)
    """Last segment of a path → the key around its collection; None: a bare array."""
    beside: dict[str, Any] = field(default_factory=dict)
    """Members of the body beside the collection."""
    nulls: bool = False
    """Blank fields are null, metadata too; otherwise they are left out."""
    booleans: Booleans = "text"
    numbers: bool = False
    """Identifiers and years of digits alone are JSON numbers."""
    periods_as_text: bool = False
    intimate: bool = False
    """Users carry password, sms, phone and demographics, as some services send them."""
    missing: dict[str, int] = field(default_factory=dict)
    """Path below the base (may hold `*`) → 404 or 403."""
    bulk: dict[str, Bulk] = field(default_factory=dict)
    """Collections made by number, for benchmarks; served at the top level only, in place of `rows`."""

    faults: list[Fault] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)

    log: list[Asked] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why sign-ins were refused, in order."""
    most_at_once: int = 0
    """The largest number of requests that were on their way at the same time."""
    tokens: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    """Tokens that were handed out → when they end, and the last segments of their scopes."""
    seen_nonces: set[tuple[str, str]] = field(default_factory=set)
    origin: str = ""
    """Scheme, host and port while it is served."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    at_once: int = 0

    @property
    def prefix(self) -> str:
        """The path of the base as it must be sent."""
        base = self.base or BASE[self.version]
        return f"/{self.application_id}{base}" if self.application_id else base

    @property
    def url(self) -> str:
        """The API URL."""
        return self.origin + self.prefix

    @property
    def token_url(self) -> str:
        """Where OAuth 2 hands out tokens."""
        return f"{self.origin}/oauth2/token"

    @property
    def shape_of_users(self) -> str:
        """`1.1`, `1.2` or `both`."""
        return self.users_as or self.version

    def asked_for(self, path: str) -> list[Asked]:
        """Requests of one path below the base (may hold `*`), in order."""
        with self.lock:
            return [one for one in self.log if fnmatchcase(one.path, path)]

    def refuse_next(self, requests: int, status: int = 429,
                    retry_after: int | tuple[Literal["date"], int] | None = None) -> None:
        """The next requests get this status, whatever they ask for."""
        with self.lock:
            self.refusals += [Refusal(status, retry_after) for _ in range(requests)]

    def after(self, requests: int, change: Callable[[Service], None], *, on: str = "*") -> None:
        """Change the source once so many more requests of these paths were answered."""
        with self.lock:
            self.later.append(Later(requests, change, on))

    def revoke_tokens(self) -> None:
        """From now on no token that was handed out is good; a change as well: `after(3, Service.revoke_tokens)`."""
        with self.lock:
            self.tokens.clear()


def inserted(stem: str, row: Row, at: int = 0) -> Callable[[Service], None]:
    """A change: a row more, before that place."""
    return lambda service: service.rows[stem].insert(at, dict(row))


def removed(stem: str, sourced_id: str) -> Callable[[Service], None]:
    """A change: a row less."""
    def change(service: Service) -> None:
        service.rows[stem] = [row for row in service.rows[stem] if row["sourcedId"] != sourced_id]
    return change


def revised(revision: str) -> Callable[[Service], None]:
    """A change: another x-perm-rev."""
    def change(service: Service) -> None:
        service.revision = revision
    return change
