"""A full read of a district: five lists side by side, each page after page, kept block by block and proven whole.

    newest event → district → schools, terms, courses, sections, users → district again → dangling references

The newest event comes first: events since then are followed from there, and doing one twice changes nothing. If Clever
took up new data meanwhile (last_sync moved), the connection is another one by now, or a list turns out to be cut short,
everything is read again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from homeroom.errors import SourceUnusable
from homeroom.model.events import Polled
from homeroom.model.fetched import Collection, Fetched
from homeroom.model.issues import Issue
from homeroom.read.clever import cursor, proof, standing
from homeroom.read.clever.api import CONNECTIONS, Clever
from homeroom.read.clever.cells import Given, Object
from homeroom.read.clever.pages import Place, first, turn
from homeroom.read.clever.rows import MEMBERS, STEMS, record
from homeroom.read.polling import Poll

LISTS = ("users", "sections", "courses", "schools", "terms")
"""The longest first: they are read side by side."""
RESTARTS = 3
LEFT_OUT = "SRC-19"
"""Issue (info): contacts who are for emergencies only were left out."""

Progress = dict[str, Any]


def read_full(asked: Poll, clever: Clever, given: Given, progress: Progress) -> Polled:
    """Read on from the progress, from the beginning where there is none. Raises SourceUnusable."""
    progress = progress or _begin(asked, clever, given, attempt=0)
    while True:
        lists = _read_lists(asked, clever, given, {n: Place(**p) for n, p in progress["lists"].items()})
        progress = {**progress, "lists": {name: asdict(place) for name, place in lists.items()}}
        if any(place.uri for place in lists.values()) or asked.out_of_time():
            return _next_slice(asked, clever, progress, lists)
        district = clever.about()
        moved = _moved(asked, clever, progress, district, lists)
        if moved is None:
            return _whole(asked, clever, progress, district, lists)
        if progress["attempt"] >= RESTARTS:
            raise SourceUnusable(f"{moved}, {RESTARTS + 1} times", code="SRC-05", owner="aggregator",
                                 remedy="Retried in the next window.")
        progress = _begin(asked, clever, given, attempt=progress["attempt"] + 1)
        asked.keep_progress(progress)  # before its blocks are written over those that the progress of before counts


def lines_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """JSON lines. Half a surrogate pair, which JSON can write and UTF-8 can not, becomes a question mark."""
    texts = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return b"".join(text.encode(errors="replace") + b"\n" for text in texts)


def _begin(asked: Poll, clever: Clever, given: Given, attempt: int) -> Progress:
    """The first words of a read: where events stand, and the district, which is block 0 of the organisations."""
    event, district = cursor.newest(clever), clever.about()
    stopped = standing.blocked(district)
    if stopped is not None:
        raise stopped
    row = record("districts", district, given).row
    asked.keep_block(STEMS["districts"], 0, lines_of([row] if row else []))
    lists = {name: first(clever, name) for name in LISTS}
    lists["schools"] = replace(lists["schools"], blocks=1, records=1)
    return {
        "mode": "full", "attempt": attempt, "event": event, "last_sync": standing.last_sync(district),
        "since": asked.world.clock.now().isoformat(), "requests": 0, "habits": cursor.habits(clever),
        "lists": {name: asdict(place) for name, place in lists.items()},
    }


def _read_lists(asked: Poll, clever: Clever, given: Given, lists: Mapping[str, Place]) -> dict[str, Place]:
    """Read all lists on until they end or the time does; the first trouble of one stops the others."""
    stop = threading.Event()

    def read_on(name: str) -> Place:
        place = lists[name]
        try:
            while place.uri and not stop.is_set() and not asked.out_of_time():
                items, place = turn(clever, name, place)
                place = _keep(asked, name, items, place, given)
        except BaseException:
            stop.set()
            raise
        return place

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        running = {name: pool.submit(read_on, name) for name in lists}
    return {name: future.result() for name, future in running.items()}


def _keep(asked: Poll, name: str, items: tuple[Object, ...], place: Place, given: Given) -> Place:
    """Keep one page as a block of rows."""
    if not items:
        return place
    lines, of_members, left_out, members = bytearray(), bytearray(), 0, 0
    for item in items:  # one at a time: the people of a page of sections are many
        made = record(name, item, given)
        lines += lines_of([asked.received.row(made.stem, made.row)] if made.row else [])
        of_members += lines_of(made.enrollments)
        left_out, members = left_out + (made.row is None), members + len(made.enrollments)
    asked.keep_block(STEMS[name], place.blocks, bytes(lines))
    if name == "sections":
        asked.keep_block(MEMBERS, place.blocks, bytes(of_members))
    return replace(place, blocks=place.blocks + 1, records=place.records + len(items) - left_out,
                   members=place.members + members, left_out=place.left_out + left_out)


def _next_slice(asked: Poll, clever: Clever, progress: Progress, lists: Mapping[str, Place]) -> Polled:
    progress["requests"] += clever.requests
    asked.keep_progress(progress)
    return Polled(done=False, records=sum(p.records + p.members for p in lists.values()),
                  requests=progress["requests"])


def _moved(asked: Poll, clever: Clever, progress: Progress, district: Object,
           lists: Mapping[str, Place]) -> str | None:
    """Why the read can not be taken as it is, in words; None when it is whole."""
    if standing.last_sync(district) != progress["last_sync"]:
        return "Clever took up new data while the roster was read"
    if cursor.habits(clever) != progress["habits"]:
        return "the district connected the app anew while the roster was read"
    if not lists["users"].records:
        raise SourceUnusable("the list of users came empty", code="SRC-04", owner="district",
                             remedy="Share people with the product in Clever; nothing was removed.")
    cut = proof.first_cut(asked, clever, collections(lists))
    return f"the list of {cut} came without records that others point to" if cut else None


def collections(lists: Mapping[str, Place]) -> dict[str, Collection]:
    """File stem → what was kept of it."""
    kept = {STEMS[name]: Collection(blocks=p.blocks, records=p.records, how="pages by id")
            for name, p in lists.items()}
    sections = lists["sections"]
    return {**kept, MEMBERS: Collection(blocks=sections.blocks, records=sections.members, how="of the sections")}


def _whole(asked: Poll, clever: Clever, progress: Progress, district: Object, lists: Mapping[str, Place]) -> Polled:
    """Keep the proof that the read is whole."""
    kept, left_out = collections(lists), lists["users"].left_out
    issues = standing.notes(district)
    if left_out:
        issues += (Issue(LEFT_OUT, f"{left_out} contacts are for emergencies only"),)
    asked.keep(Fetched(
        source=f"Clever API {clever.source.version}", shape="rows", collections=kept, issues=issues,
        cursor=cursor.written(progress["event"], clever, progress["last_sync"]),
        full_at=datetime.fromisoformat(progress["since"]),
    ))
    return Polled(done=True, records=sum(c.records for c in kept.values()),
                  requests=progress["requests"] + clever.requests)
