"""When a run starts by itself: an integration's slot, its timer, and the moments that follow. Pure: no clock.

Everything is reckoned in wall-clock time of the integration's zone and handed to EventBridge Scheduler as such. The
service skips a time that a clock change leaves out and starts once at a time that happens twice (its user guide,
"Schedule types"). Slots of ours avoid both kinds, so that a run is neither skipped nor open to doubt; a time that a
person chose is told (`problem`). Requirements B1 and B4, roster-sync 4(h).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from itertools import count, islice, pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

from homeroom.model.integration import Integration
from homeroom.model.schedule import Day, Schedule
from homeroom.ports import Timer

DAYS: tuple[Day, ...] = get_args(Day)
"""By number of the weekday: 0 is Monday."""
DAY = 24 * 60
YEARS = (2025, 2041)
"""Clock changes of these years, the last left out, are looked at. After them the zones' rules repeat."""
LONGEST_CHANGE = timedelta(hours=3)
"""A longer one moves the date line: it leaves out a whole day, and no time of day could avoid it."""
LOOK_DAYS = 731
"""How far `next_runs` and `runs_until` look; a schedule without a run in two years has none."""


@dataclass(frozen=True)
class Window:
    """Minutes in which a run may begin; `first` is counted from the start of the day (nightly) or of Monday (weekly).

    The last half hour of the whole window is not given away: what is delivered late still begins inside it.
    """

    first: int
    minutes: int


NIGHT = Window(first=18 * 60 + 30, minutes=10 * 60 - 30)
"""18:30 to 04:30; slots up to 03:59."""
WEEKEND = Window(first=5 * DAY + 1, minutes=2 * DAY - 2 - 30)
"""Saturday 00:01 to Sunday 23:59; slots up to Sunday 23:28."""


@dataclass(frozen=True)
class Slot:
    """Days of the week and wall-clock time, to the minute, at which the runs of an integration start."""

    days: tuple[Day, ...]
    at: time


class Fault(StrEnum):
    """What clock changes do to a minute of the week, in words."""

    MISSING = "does not exist"
    TWICE = "happens twice"
    BOTH = "does not exist or happens twice"


@cache
def faults(timezone: str) -> Mapping[int, Fault]:
    """Minutes of the week (0 is Monday 00:00) that some clock change of the zone leaves out or repeats."""
    found: dict[int, Fault] = {}
    for local, shift in _changes(ZoneInfo(timezone)):
        fault = Fault.MISSING if shift > timedelta() else Fault.TWICE
        first = local if fault is Fault.MISSING else local + shift
        for number in range(int(abs(shift) / timedelta(minutes=1))):
            at = first + timedelta(minutes=number)
            minute = at.weekday() * DAY + at.hour * 60 + at.minute
            found[minute] = fault if found.get(minute, fault) is fault else Fault.BOTH
    return found


def _changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """Clock changes: local time that the old rule shows at the change, and how far clocks go forward (or back)."""
    instant, end = (datetime(year, 1, 1, tzinfo=UTC) for year in YEARS)
    while instant < end:
        following = instant + timedelta(days=1)
        before, after = _offset(instant, zone), _offset(following, zone)
        if before != after and abs(after - before) <= LONGEST_CHANGE:
            yield (_change_between(instant, following, zone) + before).replace(tzinfo=None), after - before
        instant = following


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first minute of the new rule; the two ends are a day apart and of different rules."""
    before, minutes = _offset(low, zone), range(int((high - low) / timedelta(minutes=1)) + 1)
    instants = (low + timedelta(minutes=minute) for minute in minutes)
    return next(instant for instant in instants if _offset(instant, zone) != before)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def slot_of(integration: Integration) -> Slot | None:
    """The slot: as chosen, or else stable by the integration's id and spread evenly. None when mode is `off`.

    A slot moves only when its own minute becomes one that a clock change leaves out or repeats.
    """
    schedule, bad = integration.schedule, faults(integration.timezone)
    if schedule.mode == "off":
        return None
    if schedule.mode == "weekly":
        minute = next(minute for minute in _draws(integration.id, WEEKEND) if minute not in bad)
        return Slot((DAYS[minute // DAY],), _time(minute % DAY))
    days = _days(schedule)
    if schedule.at is not None:
        return Slot(days, time.fromisoformat(schedule.at))
    drawn = (minute % DAY for minute in _draws(integration.id, NIGHT))
    return Slot(days, _time(next(minute for minute in drawn if _fault(minute, days, bad) is None)))


def _days(schedule: Schedule) -> tuple[Day, ...]:
    return tuple(day for day in DAYS if schedule.mode == "daily" or day in schedule.days)


def _draws(name: str, window: Window) -> Iterator[int]:
    """Minutes of the window in an order of this name's own; without an end."""
    for attempt in count():
        digest = blake2b(f"{name}/{attempt}".encode(), digest_size=8).digest()
        yield window.first + int.from_bytes(digest) % window.minutes


def _fault(minute: int, days: tuple[Day, ...], bad: Mapping[int, Fault]) -> Fault | None:
    """What is wrong with a minute of the day on any of these days."""
    return next((bad[at] for day in days if (at := DAYS.index(day) * DAY + minute) in bad), None)


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def problem(schedule: Schedule, timezone: str) -> str | None:
    """Why a chosen time is no good, with the nearest time that is; None when it is good or nothing was chosen."""
    if schedule.at is None:
        return None
    chosen, days, bad = time.fromisoformat(schedule.at), _days(schedule), faults(timezone)
    minute = chosen.hour * 60 + chosen.minute
    fault = _fault(minute, days, bad)
    if fault is None:
        return None
    others = sorted(range(DAY), key=lambda other: (abs(other - minute), minute - other))
    nearest = next(other for other in others if _fault(other, days, bad) is None)
    return f"{schedule.at} {fault} when clocks change in {timezone}; the nearest good time is {_time(nearest):%H:%M}"


def timer_of(integration: Integration) -> Timer | None:
    """The schedule that starts the integration's runs, disabled while it is paused; None when mode is `off`."""
    slot = slot_of(integration)
    if slot is None:
        return None
    days = "*" if slot.days == DAYS else ",".join(slot.days)
    return Timer(
        name=integration.id, expression=f"cron({slot.at.minute} {slot.at.hour} ? * {days} *)",
        timezone=integration.timezone, enabled=integration.paused is None,
    )


def next_runs(integration: Integration, after: datetime, number: int) -> tuple[datetime, ...]:
    """The next starts after a moment, in UTC, without blackout days; none while paused or `off`."""
    starts = (start for start in _starts(integration, after, 1) if start > after)
    return tuple(islice(starts, number))


def runs_until(integration: Integration, moment: datetime) -> Iterator[datetime]:
    """The starts up to and at a moment, newest first, in UTC, by the rules of `next_runs`."""
    return (start for start in _starts(integration, moment, -1) if start <= moment)


def previous_run(integration: Integration, moment: datetime) -> datetime | None:
    """The newest of `runs_until`."""
    return next(runs_until(integration, moment), None)


def _starts(integration: Integration, moment: datetime, step: int) -> Iterator[datetime]:
    """Starts from the local day of a moment on, forwards (1) or backwards (-1)."""
    slot, zone = slot_of(integration), ZoneInfo(integration.timezone)
    if slot is None or integration.paused is not None:
        return
    first = moment.astimezone(zone).date()
    for distance in range(LOOK_DAYS):
        day = first + timedelta(days=step * distance)
        start = _instant(day, slot.at, zone)
        if DAYS[day.weekday()] in slot.days and start is not None and not rests_on(integration, day):
            yield start


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """That wall-clock time in UTC: the first one if it happens twice, None if it does not exist."""
    local = datetime.combine(day, at)
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == local else None


def longest_gap(integration: Integration) -> timedelta:
    """The longest time between two starts by the schedule, days of rest left out; zero where there is none."""
    slot = slot_of(integration)
    if slot is None:
        return timedelta()
    numbers = sorted(DAYS.index(day) for day in slot.days)
    around = [*numbers, numbers[0] + len(DAYS)]
    return timedelta(days=max(after - before for before, after in pairwise(around)))


def rests_on(integration: Integration, day: date) -> bool:
    """Whether a local day is inside a blackout."""
    return any(blackout.first <= day.isoformat() <= blackout.last for blackout in integration.blackouts)


def schedule_view(integration: Integration, now: datetime) -> dict[str, Any]:
    """For `list` and `status`: the schedule in words, and the next start in UTC and in the zone's time, or None."""
    following, zone = next_runs(integration, now, 1), ZoneInfo(integration.timezone)
    return {
        "schedule": _words(integration),
        "next_run": following[0].isoformat() if following else None,
        "next_local": following[0].astimezone(zone).isoformat() if following else None,
    }


def _words(integration: Integration) -> str:
    slot = slot_of(integration)
    if slot is None:
        return "by hand or by file only"
    days = "every day" if slot.days == DAYS else ", ".join(slot.days)
    paused = "; paused" if integration.paused else ""
    return f"{days} at {slot.at:%H:%M} ({integration.timezone}){paused}"
