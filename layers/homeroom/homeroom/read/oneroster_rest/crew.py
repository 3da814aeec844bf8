"""Pages side by side: requests go out ahead in threads, answers are heard in the order of asking."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from homeroom.read.oneroster_rest.pages import Page
from homeroom.read.oneroster_rest.service import Service

AHEAD = 1.5
"""Pages on their way or waiting to be heard, for each connection: one slow answer must not leave the others idle."""
Opening = dict[int, Page]
"""The first page of an endpoint by its offset, and what came behind it, where the total said that it is all."""


class Crew:
    """Up to `connections` requests at once, and `width` pages that were asked for and not heard."""

    def __init__(self, service: Service, threads: ThreadPoolExecutor):
        self._service, self._threads = service, threads
        self.width = math.ceil(service.source.connections * AHEAD)
        self.asked = 0
        self._waiting: deque[tuple[int, Future[Page]]] = deque()
        self._openings: dict[str, Future[Opening]] = {}
        self._opened: Opening = {}

    @property
    def waiting(self) -> list[int]:
        """Offsets whose pages were asked for and not heard, in order."""
        return [offset for offset, _ in self._waiting]

    def ask(self, stem: str, endpoint: str, offset: int, limit: int) -> None:
        """Ask for a page of `limit` records, unless it was asked for ahead of time."""
        self.asked += 1
        if not offset:
            self._opened = self._openings.pop(endpoint).result() if endpoint in self._openings else {}
        page: Future[Page]
        if offset in self._opened:
            page = Future()
            page.set_result(self._opened.pop(offset))
        else:
            page = self._threads.submit(self._service.page, stem, endpoint, offset, limit)
        self._waiting.append((offset, page))

    def hear(self) -> tuple[int, Page]:
        """The next answer. Raises what asking raised: SourceUnusable, NotOffered, SliceOver."""
        offset, page = self._waiting.popleft()
        return offset, page.result()

    def open_ahead(self, stem: str, endpoints: list[str]) -> None:
        """Ask for the beginnings of the next endpoints while earlier ones are read."""
        for endpoint in endpoints:
            if endpoint not in self._openings:
                self._openings[endpoint] = self._threads.submit(self._opening, stem, endpoint)

    def drop(self) -> None:
        """The pages that were asked for are not wanted any more."""
        for _, page in self._waiting:
            page.cancel()
        self._waiting.clear()
        self._opened = {}

    def forget(self) -> None:
        """Nor are the beginnings of endpoints."""
        self.drop()
        for opening in self._openings.values():
            opening.cancel()
        self._openings.clear()

    def _opening(self, stem: str, endpoint: str) -> Opening:
        first = self._service.page(stem, endpoint, 0)
        if first.count and first.count == first.total and first.more is not False:
            return {0: first, first.count: self._service.page(stem, endpoint, first.count)}
        return {0: first}


@contextmanager
def crew(service: Service) -> Iterator[Crew]:
    """Threads for one slice. At its end, however it ends, nobody waits for a source any more."""
    with ThreadPoolExecutor(service.source.connections, "page") as threads:
        made = Crew(service, threads)
        try:
            yield made
        finally:
            made.forget()
            service.patience.over = True
