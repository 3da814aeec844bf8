"""Does anything that was read point to a record that Clever knows and its list did not show? Then the list was cut.

What points nowhere is nothing special: a teacher is shared, a school of hers is not. So some of what is missing is
asked for one by one, and only a record that is there proves that a list lost it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping

from homeroom.model import places
from homeroom.model.fetched import Collection
from homeroom.read.clever.api import Clever
from homeroom.read.polling import Poll

SAMPLE = 20
"""Missing records of each list that are asked for, spread over all that are missing."""

_LISTS: Mapping[str, str] = {"orgs": "schools", "academicSessions": "terms", "courses": "courses", "users": "users"}
_POINTERS: Mapping[str, Mapping[str, str]] = {
    "classes": {"schoolSourcedId": "orgs", "termSourcedIds": "academicSessions", "courseSourcedId": "courses"},
    "enrollments": {"userSourcedId": "users"},
    "users": {"orgSourcedIds": "orgs", "agentSourcedIds": "users"},
}


def first_cut(asked: Poll, clever: Clever, kept: Mapping[str, Collection]) -> str | None:
    """The first list that was cut short, None when none was. Raises SourceUnusable."""
    known: dict[str, set[str]] = {stem: set() for stem in _LISTS}
    named: dict[str, set[str]] = {stem: set() for stem in _LISTS}
    for stem, collection in kept.items():
        for row in _rows(asked, stem, collection.blocks):
            if stem in known:
                known[stem].add(row["sourcedId"])
            for column, target in _POINTERS.get(stem, {}).items():
                named[target].update(row.get(column, "").split(","))
    for stem, name in _LISTS.items():
        missing = sorted(named[stem] - known[stem] - {""})
        if any(clever.one(name, one) is not None for one in sample(missing)):
            return name
    return None


def sample(missing: list[str]) -> list[str]:
    """Up to `SAMPLE` of them, evenly spread, the last one always among them: what is cut off comes last."""
    if len(missing) <= SAMPLE:
        return missing
    return [missing[(n + 1) * len(missing) // SAMPLE - 1] for n in range(SAMPLE)]


def _rows(asked: Poll, stem: str, blocks: int) -> Iterator[dict[str, str]]:
    """The rows of one file as they were kept, block by block."""
    for number in range(blocks):
        place = places.fetched_block(asked.lease.integration, asked.lease.run, stem, number)
        yield from map(json.loads, gzip.decompress(asked.world.objects.get(place)).splitlines())
