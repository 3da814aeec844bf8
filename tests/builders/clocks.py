"""A second opinion on when a schedule fires: a walk along UTC that reads the cron expression by AWS's own words.

A local time that a clock change leaves out is never met on the walk, one that happens twice counts the first time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from homeroom.ports import Timer

CRON = re.compile(r"^cron\((\d{1,2}) (\d{1,2}) \? \* (\*|[A-Z]{3}(?:,[A-Z]{3})*) \*\)$")
QUARTER = timedelta(minutes=15)
"""Every offset and every change of the zones in the tests is a multiple of it, so a quarter of an hour never tears."""
Quarters = dict[tuple[int, int], list[tuple[datetime, datetime]]]


def fires(timer: Timer, first: datetime, last: datetime) -> list[datetime]:
    """When EventBridge Scheduler would start it, in UTC; `first` is a full hour and counts, `last` does not."""
    matched = CRON.match(timer.expression)
    assert matched is not None, timer.expression
    minute, hour, days = int(matched[1]), int(matched[2]), matched[3]
    into, found = timedelta(minutes=minute % 15), dict[datetime, datetime]()
    for instant, local in _walk(timer.timezone, first, last).get((hour, minute // 15), []):
        if days == "*" or local.strftime("%a").upper() in days.split(","):
            found.setdefault(local + into, instant + into)
    return sorted(instant for instant in found.values() if instant < last)


@cache
def _walk(timezone: str, first: datetime, last: datetime) -> Quarters:
    """Every quarter of an hour as (UTC, what the wall shows), by the wall's hour and quarter."""
    zone, instant, met = ZoneInfo(timezone), first, Quarters()
    while instant < last:
        local = instant.astimezone(zone).replace(tzinfo=None)
        met.setdefault((local.hour, local.minute // 15), []).append((instant, local))
        instant += QUARTER
    return met


def local_days(first: datetime, last: datetime, timezone: str) -> list[datetime]:
    """Midnights (without a zone) of all whole local days between two moments."""
    zone = ZoneInfo(timezone)
    day = first.astimezone(zone).replace(hour=0, minute=0, tzinfo=None) + timedelta(days=1)
    end = last.astimezone(zone).replace(hour=0, minute=0, tzinfo=None)
    return [day + timedelta(days=n) for n in range((end - day).days)]
