"""Small steps: what Clever's events told since the roster that was applied last (reference 2).

Each event holds the whole object, so created and updated both put it in the place of what was known, deleted takes it
away, and an event that is read twice changes nothing. Events are taken in the order of their ids. The cursor that is
kept counts only once the run is applied; until then the next run reads the same events again.

Where events are not enough (`cursor.usable`, or one of them can not be understood), the roster is read in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from homeroom.errors import SourceUnusable
from homeroom.model.events import Polled
from homeroom.model.fetched import Collection, Fetched
from homeroom.model.issues import Issue
from homeroom.read.clever import cursor, standing
from homeroom.read.clever.api import CONNECTIONS, Clever
from homeroom.read.clever.cells import Given, Object, part, several, text
from homeroom.read.clever.full import Progress, lines_of
from homeroom.read.clever.pages import Place, first, turn
from homeroom.read.clever.rows import STEMS, record
from homeroom.read.polling import Poll

VERBS = frozenset({"created", "updated", "deleted"})
NOT_OURS = frozenset({"resources"})
"""Collections that Homeroom knows and does not read: their events are no news."""
UNKNOWN = "SRC-14"
MOST_RESOLVED = 500
"""People whom sections name and no event told: asked for one by one; more of them are cheaper to read in full."""
_LISTS_BROKEN = frozenset({"SRC-04", "SRC-05", "SRC-11"})


class NotEnough(Exception):
    """Events do not lead to the roster of today: it must be read in full."""


def follow(asked: Poll, clever: Clever, given: Given, progress: Progress) -> Polled | None:
    """Read events on; None where the roster must be read in full instead. Raises SourceUnusable."""
    progress = progress or _begin(asked, clever)
    if not progress:
        return None
    try:
        return _read_on(asked, clever, given, progress)
    except NotEnough:
        return None
    except SourceUnusable as broken:
        if broken.issue_code not in _LISTS_BROKEN:
            raise
        return None


def _begin(asked: Poll, clever: Clever) -> Progress:
    """Where to go on from, and which sync of the district events must have told of; `{}` where they are not enough."""
    known = cursor.usable(asked, clever)
    if known is None:
        return {}
    district = clever.about()
    stopped = standing.blocked(district)
    if stopped is not None:
        raise stopped
    about = asked.applied_about() or {}
    return {
        "mode": "steps", "place": asdict(first(clever, "events", after=known.event)), "full_at": about["full_at"],
        "synced": known.last_sync, "wanted": standing.last_sync(district), "skipped": 0, "resolved": 0, "requests": 0,
        "notes": [issue.text for issue in standing.notes(district)], "habits": cursor.habits(clever),
    }


def _read_on(asked: Poll, clever: Clever, given: Given, progress: Progress) -> Polled:
    place = Place(**progress["place"])
    while place.uri:
        if asked.out_of_time():
            progress = {**progress, "place": asdict(place), "requests": progress["requests"] + clever.requests}
            asked.keep_progress(progress)
            return Polled(done=False, records=place.records, requests=progress["requests"])
        events, place = turn(clever, "events", place)
        place = _keep(asked, clever, given, events, place, progress)
    if progress["wanted"] not in (progress["synced"], progress.get("told")):
        raise NotEnough  # Clever took up data and no event told of it: they are switched off, or were for a while
    if cursor.habits(clever) != progress["habits"]:
        raise NotEnough  # the district connected the app anew meanwhile, perhaps with other schools
    return _whole(asked, clever, progress, place)


def _keep(asked: Poll, clever: Clever, given: Given, events: tuple[Object, ...], place: Place,
          progress: Progress) -> Place:
    """Keep the steps of one page as a block, with the people whom its sections name and nobody told of."""
    if not events:
        return place
    steps, people = [], set()
    for event in events:
        step = _step(event, given)
        if step is None:
            progress["skipped"] += _kind(event) not in NOT_OURS
            continue
        steps.append(step)
        people.update(_strangers(event))
        if _kind(event) == "districts":
            progress["told"] = _next_sync(event, progress.get("told") or progress["synced"])
    told = {step["id"] for step in steps}
    steps += _resolved(clever, given, sorted(people - told), progress)
    if not steps:
        return place
    kept = ({**step, "row": asked.received.row(step["stem"], step["row"])} if step["row"] else step for step in steps)
    asked.keep_block("steps", place.blocks, lines_of(kept))
    return replace(place, blocks=place.blocks + 1, records=place.records + len(steps))


def _step(event: Object, given: Given) -> dict[str, Any] | None:
    """An event as a step; None for a kind that is not read. Raises NotEnough where it can not be understood."""
    kind, (_, _, verb) = _kind(event), str(event.get("type")).partition(".")
    if kind not in STEMS or verb not in VERBS:
        return None
    found = _object(event)
    if not text(found.get("id")) or (kind == "districts" and (verb == "deleted" or found["id"] != given.district)):
        raise NotEnough
    if verb == "deleted":
        return {"stem": STEMS[kind], "id": found["id"], "row": None}
    return _upsert(kind, found, given)


def _next_sync(event: Object, known: str | None) -> str | None:
    """The sync that the district tells of. Raises NotEnough where it follows on another one than the one we know: then
    events of a sync in between are missing, because they were switched off for a while."""
    now, before = standing.last_sync(_object(event)), _before(event)
    if before and now != known and before.get("last_sync", now) != known:
        raise NotEnough
    return now


def _upsert(kind: str, found: Object, given: Given) -> dict[str, Any]:
    made = record(kind, found, given)
    return {"stem": made.stem, "id": made.id, "row": made.row, "enrollments": made.enrollments}


def _kind(event: Object) -> str:
    """`sections` of `sections.updated`."""
    return str(event.get("type")).partition(".")[0]


def _object(event: Object) -> Object:
    return part(part(event.get("data")).get("object"))


def _before(event: Object) -> Object:
    """What was before, where the event says it, in either of its two places."""
    return part(part(event.get("data")).get("previous_attributes")) or part(event.get("previous_attributes"))


def _strangers(event: Object) -> set[str]:
    """People whom a section names now and did not name before, as far as the event says what was before.

    Where it does not say (it need not, in either of its two places), all of them: asking is only slower.
    """
    if _kind(event) != "sections" or str(event.get("type")).endswith("deleted"):
        return set()
    now, before = _object(event), _before(event)
    known = {**now, **before} if before else {}
    return set(_members(now)) - set(_members(known))


def _members(section: Object) -> Iterator[str]:
    named = (section.get("teacher"), *several(section.get("teachers")), *several(section.get("students")))
    return (found for found in map(text, named) if found)


def _resolved(clever: Clever, given: Given, people: list[str], progress: Progress) -> list[dict[str, Any]]:
    """Those of these people whom Clever knows; the others stay names that lead nowhere, as in a full read."""
    progress["resolved"] += len(people)
    if progress["resolved"] > MOST_RESOLVED:
        raise NotEnough
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = list(pool.map(lambda one: clever.one("users", one), people))
    return [_upsert("users", user, given) for user in found if user is not None]


def _whole(asked: Poll, clever: Clever, progress: Progress, place: Place) -> Polled:
    issues = [Issue(standing.PAUSED, words) for words in progress["notes"]]
    if progress["skipped"]:
        issues.append(Issue(UNKNOWN, f"{progress['skipped']} events of kinds that are not known"))
    steps = Collection(blocks=place.blocks, records=place.records, how="events")
    asked.keep(Fetched(
        source="Clever events", shape="steps", collections={"steps": steps}, issues=tuple(issues),
        cursor=cursor.written(place.last, clever, progress.get("told") or progress["synced"]),
        full_at=datetime.fromisoformat(progress["full_at"]),
    ))
    return Polled(done=True, records=place.records, requests=progress["requests"] + clever.requests)
