"""One OneRoster service, signed in: pages by endpoint and offset, whatever its sign-in and its moods."""

from __future__ import annotations

import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode, urlsplit

from homeroom.errors import SourceUnusable
from homeroom.model.source import OneRosterRest
from homeroom.products.receiving import EVERYTHING_RECEIVED, Received
from homeroom.read.http import Answer, Http
from homeroom.read.oneroster_rest.pages import Page, Torn, page_of
from homeroom.read.oneroster_rest.patience import RunPatience
from homeroom.read.oneroster_rest.sign_in import CHECK, Credentials, sign_in

MOST_SKEW = 300.0
"""Seconds that the clocks may differ; signatures of OAuth 1.0a are good for a few minutes."""
ROUNDS_OF_THROTTLING = 5
_TORN_PAUSES = (1.0, 4.0)
NOT_OFFERED = frozenset({403, 404, 405, 501})
NOTHING_THERE = frozenset({400, 404, 416, 422})
"""What services answer to an offset behind the end, where others send an empty page."""
_ORDER = (("sort", "sourcedId"), ("orderBy", "asc"))
_BACKWARDS = (("limit", "1"), ("offset", "0"), ("sort", "sourcedId"), ("orderBy", "desc"))


class NotOffered(Exception):
    """The service does not offer an endpoint to us; `status` says whether it refused or does not know it."""

    def __init__(self, endpoint: str, status: int):
        super().__init__(endpoint)
        self.endpoint, self.status = endpoint, status


class Service:
    """Thread-safe. `credentials` is asked at the first request and again when a sign-in is refused.

    `ordered`: pages are asked for in the order of sourcedId, so that they stay as they are while others are read; a
    service that answers 400 to that is asked without from then on.
    """

    def __init__(self, source: OneRosterRest, credentials: Callable[[], Credentials], patience: RunPatience, *,
                 ordered: bool = True, received: Received = EVERYTHING_RECEIVED):
        self.source, self.patience, self.ordered, self._received = source, patience, ordered, received
        self._credentials = credentials
        self._http = Http(f"the service at {urlsplit(source.url).hostname}", connections=source.connections,
                          patience=patience)
        self._sign_ins = 0
        self._signing = threading.Lock()

    @property
    def requests(self) -> int:
        """Requests so far, tries included."""
        return self._http.requests

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def page(self, stem: str, endpoint: str, offset: int, limit: int | None = None) -> Page:
        """What stands at an offset of an endpoint such as `schools/1/classes`. Raises NotOffered, SourceUnusable.

        A torn or mistaken body is asked for again a few times. Behind the first page, an offset that the service does
        not know is an empty page, which the walk has to prove like any other.
        """
        for pause in (*_TORN_PAUSES, None):
            answer = self._answer(endpoint, offset, limit or self.source.page_size)
            if answer.status == 204 or (offset and answer.status in NOTHING_THERE):
                return Page(0)
            if answer.status in NOT_OFFERED and not offset:
                raise NotOffered(endpoint, answer.status)
            if answer.status != 200:
                raise _unexpected(answer.status)
            try:
                return page_of(answer, stem, endpoint, counted=self.source.totals == "trust", received=self._received)
            except Torn as torn:
                if pause is None or not self.patience.spend(pause):
                    raise _torn(stem, torn) from None
        raise AssertionError("the last try answers or raises")

    def last(self, stem: str, endpoint: str) -> Page | None:
        """The last record of an endpoint by sourcedId; None where the service does not say. Raises SourceUnusable.

        A service that ignores the order gives its first record, which proves nothing and does no harm.
        """
        answer = self._signed(endpoint, list(_BACKWARDS)) if self.ordered else None
        if answer is None or answer.status != 200:
            return None
        try:
            return page_of(answer, stem, endpoint, counted=False, received=self._received)
        except Torn:
            return None

    def _answer(self, endpoint: str, offset: int, limit: int) -> Answer:
        query = [("limit", str(limit)), ("offset", str(offset))]
        if not self.ordered:
            return self._signed(endpoint, query)
        answer = self._signed(endpoint, [*query, *_ORDER])
        if answer.status != 400 or offset:
            return answer
        plain = self._signed(endpoint, query)
        self.ordered = plain.status == 400
        return plain

    def _signed(self, endpoint: str, query: list[tuple[str, str]]) -> Answer:
        """An answer to a request that was signed in; a refused sign-in is tried anew once."""
        url = f"{self.source.url}/{endpoint}?{urlencode(query, quote_via=quote, safe='')}"
        with self._signing:
            if not self._sign_ins:
                self._sign_in()
        signed = self._sign_ins
        answer = self._patiently(url)
        if answer.status == 401:
            with self._signing:
                if signed == self._sign_ins:  # else another thread has just signed in anew
                    self._sign_in()
            answer = self._patiently(url)
        if answer.status == 401:
            raise self._refused(answer)
        return answer

    def _sign_in(self) -> None:
        self._http.sign_in_with(sign_in(self.source, self._credentials(), self._http))
        self._sign_ins += 1

    def _patiently(self, url: str) -> Answer:
        """Being slowed down ends a run only when its patience ends, not after the tries of one request."""
        for _ in range(ROUNDS_OF_THROTTLING - 1):
            try:
                return self._http.get(url)
            except SourceUnusable as slowed:
                if slowed.issue_code != "SRC-03" or self.patience.over:
                    raise
        return self._http.get(url)

    def _refused(self, answer: Answer) -> SourceUnusable:
        skew = self._skew(answer)
        if skew > MOST_SKEW:
            return SourceUnusable(f"the sign-in was refused, and the service's clock differs from ours by "
                                  f"{round(skew / 60)} minutes", code="SRC-16", owner="aggregator",
                                  remedy="The service must set its clock; ours follows the network's time.")
        own = {"bearer": "this token", "oauth2": "a token that it handed out"}
        given = own.get(self.source.sign_in, "this key and secret")
        return SourceUnusable(f"the service refused the sign-in with {given}", code="SRC-01",
                              remedy=CHECK[self.source.sign_in])

    def _skew(self, answer: Answer) -> float:
        """Seconds between the service's clock and ours, 0 where it does not tell."""
        try:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
            return abs((told - self.patience.now()).total_seconds())
        except (TypeError, ValueError):
            return 0.0


def segment(sourced_id: str) -> str:
    """An id as a segment of a path (conformance 51)."""
    return quote(sourced_id, safe="")


def _unexpected(status: int) -> SourceUnusable:
    if 300 <= status < 400:
        return SourceUnusable(f"the service sends us elsewhere (status {status})", code="SRC-02", owner="vendor",
                              remedy="Check the API URL; redirects are not followed with credentials.")
    return SourceUnusable(f"the service answered {status} to a page of a collection", code="SRC-04",
                          owner="aggregator", remedy="Retried in the next window.")


def _torn(stem: str, torn: Torn) -> SourceUnusable:
    return SourceUnusable(f"an answer for {stem} {torn}", code="SRC-04", owner="aggregator",
                          remedy="Check the API URL; retried in the next window.")
