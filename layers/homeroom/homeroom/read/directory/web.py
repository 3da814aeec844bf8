"""A directory that is read over HTTP, page by page: Microsoft Graph and Google's Admin SDK differ in words only."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from homeroom.errors import SourceUnusable
from homeroom.read.http import Answer, Http, Patience

MOST_PAGES = 10_000
"""Of 500 accounts or more: no district has as many; a list without an end does."""
_TORN_PAUSES = (1.0, 4.0)
_SLOW_PAUSES = (5.0, 15.0, 30.0)

Object = dict[str, Any]


class Torn(Exception):
    """A body that is no page of accounts."""


@dataclass(frozen=True)
class Words:
    """How a directory is called, and what helps where it refuses the sign-in or the reading."""

    name: str
    sign_in: str
    grant: str


class Web:
    """One directory's service. Nothing of its answers but known error words gets into a message."""

    def __init__(self, words: Words, patience: Patience):
        self._words, self.patience = words, patience
        self._http = Http(words.name, connections=1, patience=patience)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, url: str, form: Mapping[str, str], known: Collection[str]) -> None:
        """Ask for a token and use it from now on. `known` are the error words that may be repeated.

        Raises SourceUnusable.
        """
        answer = self._http.post(url, form)
        said = _object(answer)
        token = said.get("access_token")
        if answer.status in (400, 401, 403):
            word = said.get("error") if said.get("error") in known else f"status {answer.status}"
            raise SourceUnusable(f"{self._words.name} refused the sign-in ({word})", code="SRC-01",
                                 remedy=self._words.sign_in)
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise self._unexpected(answer)
        self._http.sign_in_with(_Bearer(token))

    def pages(self, first: str, read: Callable[[Object], tuple[list[Any], str | None]],
              slowed: Callable[[Object], bool] = lambda _said: False) -> Iterator[list[Any]]:
        """The pages from the first on. `read` gives what is in one and where the next is, None behind the last one.

        `slowed` tells from the body of a 403 whether it only asks to wait. Raises SourceUnusable.
        """
        url: str | None = first
        asked: set[str] = set()
        while url is not None:
            if url in asked or len(asked) >= MOST_PAGES:
                raise self._no_list("does not come to an end")
            asked.add(url)
            found, url = self._page(url, read, slowed)
            if url is not None and urlsplit(url)[:2] != urlsplit(first)[:2]:
                raise self._no_list("goes on at another host; the link was not followed")
            yield found

    def _page(self, url: str, read: Callable[[Object], tuple[list[Any], str | None]],
              slowed: Callable[[Object], bool]) -> tuple[list[Any], str | None]:
        for pause in (*_TORN_PAUSES, None):
            answer = self._unhurried(url, slowed)
            if answer.status != 200:
                raise self._refused(answer)
            try:
                return read(_object(answer))
            except Torn:
                if pause is None or not self.patience.spend(pause):
                    raise self._no_list("came torn again and again") from None
        raise AssertionError("the last try answers or raises")

    def _unhurried(self, url: str, slowed: Callable[[Object], bool]) -> Answer:
        for pause in _SLOW_PAUSES:
            answer = self._http.get(url)
            if answer.status != 403 or not slowed(_object(answer)) or not self.patience.spend(pause):
                return answer
        return self._http.get(url)

    def _refused(self, answer: Answer) -> SourceUnusable:
        if answer.status == 401:
            return SourceUnusable(f"{self._words.name} refuses the token that it handed out", code="SRC-01",
                                  remedy=self._words.sign_in)
        if answer.status in (403, 404):
            return SourceUnusable(f"signed in, but {self._words.name} does not let us read the accounts", code="SRC-11",
                                  remedy=self._words.grant)
        return self._unexpected(answer)

    def _unexpected(self, answer: Answer) -> SourceUnusable:
        return SourceUnusable(f"{self._words.name} answered {answer.status} as nobody expects it", code="SRC-04",
                              owner="vendor", remedy="Check the addresses of the directory; retried in the next run.")

    def _no_list(self, why: str) -> SourceUnusable:
        return SourceUnusable(f"the list of accounts of {self._words.name} {why}", code="SRC-04", owner="aggregator",
                              remedy="Retried in the next run.")


class _Bearer(AuthBase):
    """A token in the header."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def text(found: object) -> str:
    """A text of a page, blank where there is none. Raises Torn for anything else."""
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Torn
    return found


def objects(found: object) -> list[Object]:
    """The objects of a page. Raises Torn where it holds anything else."""
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Torn
    return found


def _object(answer: Answer) -> Object:
    try:
        found = json.loads(answer.body) if answer.is_json else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
