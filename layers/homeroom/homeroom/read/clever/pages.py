"""One list of Clever, page after page, with proof that none of it was lost (reference 1.4).

Pages come by id, ascending; the `next` link leads on and its absence is the end. There is no total, so wholeness is
proven in these ways:

    ids must ascend over all pages, and a next link must begin after the last record: else the page was torn
    a page that is shorter than asked for and yet has a next link, and an empty page with one, must come twice the same
    where a list ends, its last record is asked for from the other end: it must be the last that came
    where Clever does not say which one that is, it is asked once more what comes after the last that came

What can not be told from an honest answer is a record that is missing in the middle of a page each time it is asked
for. `proof` finds those that another record points to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from homeroom.errors import SourceUnusable
from homeroom.read.clever.api import Clever, next_link, refused
from homeroom.read.clever.cells import Object, part
from homeroom.read.http import Answer

TRIES = 4
"""How often a page is asked for before the read is given up."""
PAUSE = 1.0
"""Seconds before a page is asked for again."""
MOST_EMPTY = 25
"""Empty pages in a row that are followed."""
NOT_OFFERED = frozenset({400, 404, 501})


@dataclass(frozen=True)
class Place:
    """How far one list was read, as it is kept between slices. `uri` is the next page, None after the proven end."""

    uri: str | None
    last: str = ""
    limit: int = 0
    proving: Literal["", "after", "last"] = ""
    empty: int = 0
    cut: int = 0
    blocks: int = 0
    records: int = 0
    members: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Page:
    """One page that holds together: its records, and where the next one is."""

    items: tuple[Object, ...]
    next: str | None


class Torn(Exception):
    """A page that contradicts itself or the pages before; it may come right when it is asked for again."""

    def __init__(self, what: str, code: str):
        super().__init__(what)
        self.what, self.code = what, code


def first(clever: Clever, name: str, after: str = "") -> Place:
    """The beginning of a list, or what comes after a record."""
    limit = clever.source.page_size
    return Place(_uri(clever, name, limit, after), last=after, limit=limit)


def turn(clever: Clever, name: str, place: Place) -> tuple[tuple[Object, ...], Place]:
    """The records of the next page, and the place after it. Raises SourceUnusable."""
    assert place.uri is not None, name
    if place.proving == "last":
        return (), _at_the_end(clever, name, place)
    place, page = _sound(clever, name, place)
    if page.items:
        place = replace(place, last=str(page.items[-1]["id"]), empty=0, cut=0)
    if page.next and not page.items and place.empty >= MOST_EMPTY:
        raise _given_up(name, Torn("leads from one empty page to the next", "SRC-04"))
    if page.next:
        return page.items, replace(place, uri=page.next, empty=place.empty + (not page.items), proving="")
    if place.proving == "after" and not page.items:
        return (), replace(place, uri=None)
    return page.items, replace(place, uri=f"{clever.own(f'/{name}')}?limit=1&ending_before=last", proving="last")


def _at_the_end(clever: Clever, name: str, place: Place) -> Place:
    """Where to go on from a page without a next link: nowhere if the list's last record came, else after what came."""
    newest = _newest(clever, name, place)
    if newest == place.last or (newest is None and not place.last):
        return replace(place, uri=None)
    after = _uri(clever, name, place.limit, place.last)
    if newest is None or newest < place.last:
        return replace(place, uri=after, proving="after")
    if place.cut >= TRIES or not clever.patience.spend(PAUSE):
        raise _given_up(name, Torn("ends before the last record of the list", "SRC-05"))
    return replace(place, uri=after, proving="", cut=place.cut + 1)


def _newest(clever: Clever, name: str, place: Place) -> str | None:
    """Id of a list's last record; None where there is none, or where Clever does not say."""
    assert place.uri is not None
    answer = clever.get(place.uri)
    if answer.status in NOT_OFFERED:
        return None
    try:
        found = _read(answer, name, place)
    except Torn as torn:
        raise _given_up(name, torn) from None
    return str(found.items[-1]["id"]) if found.items else None


def _sound(clever: Clever, name: str, place: Place) -> tuple[Place, Page]:
    """The next page as soon as it holds together; where a page is doubtful, twice the same. Raises SourceUnusable."""
    doubtful: Page | None = None
    trouble = Torn("changed each time it was asked for", "SRC-05")
    for attempt in range(TRIES):
        if attempt and not clever.patience.spend(PAUSE):
            break
        try:
            place, page = _ask(clever, name, place)
        except Torn as torn:
            trouble, doubtful = torn, None
            continue
        if page.next is None or len(page.items) >= place.limit:
            return place, page
        if page == doubtful:  # the service makes its pages no larger: the next of this size are not doubted
            return replace(place, limit=len(page.items) or place.limit), page
        doubtful = page
    raise _given_up(name, trouble)


def _ask(clever: Clever, name: str, place: Place) -> tuple[Place, Page]:
    """The next page; asked for in smaller pieces where Clever finds it too large. Raises Torn and SourceUnusable."""
    assert place.uri is not None
    answer = clever.get(place.uri)
    while answer.status == 413 and place.limit > 1:
        limit = place.limit // 2
        place = replace(place, limit=limit, uri=_uri(clever, name, limit, place.last))
        assert place.uri is not None
        answer = clever.get(place.uri)
    return place, _read(answer, name, place)


def _read(answer: Answer, name: str, place: Place) -> Page:
    if answer.status != 200:
        raise refused(answer, name)
    try:
        body = part(json.loads(answer.body)) if answer.is_json else None
    except ValueError:
        raise Torn("came as half a JSON", "SRC-04") from None
    if body is None:
        raise Torn("came as a page that is no JSON", "SRC-04")
    if not isinstance(body.get("data"), list):
        raise Torn("came without its records", "SRC-04")
    page = Page(tuple(part(part(one).get("data")) for one in body["data"]), next_link(body))
    _in_order(page, place)
    return page


def _in_order(page: Page, place: Place) -> None:
    """Ids ascend, from page to page as well, and the next page begins after the last of this one. Raises Torn."""
    last = "" if place.proving == "last" else place.last
    for item in page.items:
        found = item.get("id")
        if not isinstance(found, str) or found <= last:
            raise Torn("is not in the order of its ids", "SRC-05")
        last = found
    if page.next is None:
        return
    after = parse_qs(urlsplit(page.next).query).get("starting_after")
    if page.items and after and after[-1] != last:
        raise Torn("does not lead on from its last record", "SRC-05")
    if page.next == place.uri or (after and after[-1] < last):
        raise Torn("leads back to where it was", "SRC-04")


def _uri(clever: Clever, name: str, limit: int, after: str) -> str:
    """The beginning of a list, or what comes after a record: the only pages whose address is ours."""
    uri = f"{clever.own(f'/{name}')}?limit={limit}"
    return f"{uri}&starting_after={quote(after, safe='')}" if after else uri


def _given_up(name: str, torn: Torn) -> SourceUnusable:
    return SourceUnusable(f"a page of {name} {torn.what}, however often it was asked for", code=torn.code,
                          owner="aggregator", remedy="Retried in the next window.")
