"""Whether a file that a district pushes is late: its schedule says when it is expected (requirement B1). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from homeroom.model.integration import Integration
from homeroom.support.times import rests_on, runs_until

GRACE = timedelta(hours=6)
"""A file is late only so long after its time, and counts for it when it came at most so long before."""
LATE = "SRC-06"
_SATURDAY = 5


@dataclass(frozen=True)
class Late:
    """A file that did not come: issue code, when it was due (UTC), and the words."""

    code: str
    due: datetime
    text: str


def late(integration: Integration, delivered: datetime | None, now: datetime) -> Late | None:
    """The newest file that should have come by now and did not. `delivered` is when the last one came, if one ever did.

    With a chosen time the file belongs to that time. Without one it may come at any time of the due day, or of the
    weekend for a weekly schedule. Nothing is late that is not pushed, has no schedule, is paused or rests today.
    """
    zone = ZoneInfo(integration.timezone)
    if integration.transport != "csv_pushed" or rests_on(integration, now.astimezone(zone).date()):
        return None
    spans = (_span(integration, start, zone) for start in runs_until(integration, now))
    begins, due = next((span for span in spans if span[1] + GRACE <= now), (None, None))
    known_since = max((at for at in (delivered, integration.created_at) if at is not None), default=None)
    if begins is None or due is None or (known_since is not None and known_since >= begins):
        return None
    return Late(LATE, due, _text(due, delivered, zone))


def _span(integration: Integration, start: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when on a file counts for this start, and until when it is due."""
    if integration.schedule.at is not None:
        return start - GRACE, start
    day, length = start.astimezone(zone).date(), 1
    if integration.schedule.mode == "weekly":
        day, length = day - timedelta(days=day.weekday() - _SATURDAY), 2
    return _midnight(day, zone), _midnight(day + timedelta(days=length), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _text(due: datetime, delivered: datetime | None, zone: ZoneInfo) -> str:
    last = f"the last one came on {delivered.astimezone(zone):%Y-%m-%d %H:%M}" if delivered else "none has come yet"
    return f"a file was due by {due.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key}) and did not come; {last}"
