"""The cursor: how far a roster knows Clever's events, and whether what comes after it is enough to go on from there.

It is written as `<event id>/<habits>/<last_sync>`. Habits are a digest of everything else that a row depends on: the
API's version, our mapping, what staff are to us, the connection and its scopes. When one of them changes, rows that no
event speaks of would change too, and the roster is read in full (reference 2.3).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from homeroom.products.receiving import lacks
from homeroom.read.clever.api import Clever, body_of
from homeroom.read.clever.cells import part, several, text
from homeroom.read.clever.rows import MAPPING
from homeroom.read.polling import Poll

OLDEST = timedelta(days=28)
"""Clever keeps events for 30 days."""
_NO_EVENTS = frozenset({400, 403, 404, 501})


@dataclass(frozen=True)
class Cursor:
    """The last event whose effect is in a roster, and when Clever had last taken up data then."""

    event: str
    habits: str
    last_sync: str | None


def newest(clever: Clever) -> str | None:
    """Id of the newest event; None where the app has no events. Raises SourceUnusable."""
    answer = clever.get(f"{clever.own('/events')}?ending_before=last&limit=1")
    if answer.status in _NO_EVENTS:
        return None
    found = [text(part(part(one).get("data")).get("id")) for one in several(body_of(answer, "events").get("data"))]
    return max(filter(None, found), default=None)


def written(event: str | None, clever: Clever, last_sync: str | None) -> str | None:
    """The cursor as it is kept with a roster; None where there is no event to go on from."""
    return f"{event}/{habits(clever)}/{last_sync or ''}" if event else None


def usable(asked: Poll, clever: Clever) -> Cursor | None:
    """The cursor of the roster that was applied last, if events may be followed from it; None: read in full."""
    about = asked.applied_about()
    if not clever.source.follow_events or asked.request.full or asked.request.force or about is None:
        return None
    if lacks(about.get("without", ()), asked.received):
        return None  # what may be received now was dropped when these rows were kept
    event, _, rest = (about.get("cursor") or "").partition("/")
    known, _, last_sync = rest.partition("/")
    if not event or known != habits(clever) or not _young(asked, clever, about.get("full_at")):
        return None
    return Cursor(event, known, last_sync or None) if _still_there(clever, event) else None


def _young(asked: Poll, clever: Clever, full_at: str | None) -> bool:
    """Whether the last full read is young enough to be brought up to date once more."""
    if not full_at:
        return False
    age = asked.world.clock.now() - datetime.fromisoformat(full_at)
    return age < min(timedelta(hours=clever.source.full_every_hours), OLDEST)


def _still_there(clever: Clever, event: str) -> bool:
    """Whether Clever still knows the event: else others after it may be forgotten as well."""
    answer = clever.get(clever.own(f"/events/{quote(event, safe='')}"))
    return answer.status not in _NO_EVENTS and bool(body_of(answer, "events").get("data"))


def habits(clever: Clever) -> str:
    """Digest of what rows depend on besides the objects; another one in the middle of a read means that it is torn."""
    source = clever.source
    told = (source.url, source.version, str(MAPPING), source.staff_role, clever.grant.id, *clever.grant.scopes)
    return hashlib.blake2b("\n".join(told).encode(), digest_size=8).hexdigest()
