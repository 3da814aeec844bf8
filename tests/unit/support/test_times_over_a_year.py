"""A whole year, every day, in zones of every kind; the moments are checked by a second computation (`clocks.fires`)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from homeroom.model.integration import Integration
from homeroom.model.schedule import Schedule
from homeroom.support.times import next_runs, timer_of
from tests.builders.clocks import fires, local_days
from tests.fakes.plans import LAB

FIRST, LAST = datetime(2026, 8, 31, 12, 0, tzinfo=UTC), datetime(2027, 9, 3, 12, 0, tzinfo=UTC)
ZONES = [
    "America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam", "Europe/London",
    "Pacific/Auckland", "America/Indiana/Indianapolis", "Australia/Lord_Howe",
]
WEEKENDS = {
    "America/New_York": {"46:58", "47:58", "48:58"}, "America/Phoenix": {"47:58"}, "Pacific/Honolulu": {"47:58"},
    "America/Puerto_Rico": {"47:58"}, "Pacific/Guam": {"47:58"}, "Europe/London": {"46:58", "47:58", "48:58"},
    "Pacific/Auckland": {"46:58", "47:58", "48:58"}, "America/Indiana/Indianapolis": {"46:58", "47:58", "48:58"},
    "Australia/Lord_Howe": {"47:28", "47:58", "48:28"},
}
DAILY, WEEKLY = Schedule(mode="daily"), Schedule(mode="weekly")
WORKDAYS = Schedule(mode="days", days=("MON", "TUE", "WED", "THU", "FRI"))


def lab(schedule: Schedule, timezone: str, name: str = LAB.id) -> Integration:
    return LAB.model_copy(update={"schedule": schedule, "timezone": timezone, "id": name})


def runs(integration: Integration) -> list[datetime]:
    """All runs of the year, which must be those of the cron expression."""
    following = [start for start in next_runs(integration, FIRST - timedelta(seconds=1), 400) if start < LAST]
    timer = timer_of(integration)
    assert timer is not None
    assert following == fires(timer, FIRST, LAST)
    return following


def on_the_wall(moments: list[datetime], timezone: str) -> list[datetime]:
    return [moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) for moment in moments]


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("schedule", [DAILY, WORKDAYS], ids=lambda s: s.mode)
def test_every_due_day_has_exactly_one_run_at_the_same_wall_clock_time_in_the_night(
    schedule: Schedule, timezone: str
) -> None:
    for name in ("lab-usd", "harbor-isd", "x-1"):
        local = on_the_wall(runs(lab(schedule, timezone, name)), timezone)
        due = [day for day in local_days(FIRST, LAST, timezone) if schedule is DAILY or day.weekday() < 5]
        assert len(due) >= (365 if schedule is DAILY else 261)
        inside = [start for start in local if due[0] <= start < due[-1] + timedelta(days=1)]
        assert [start.date() for start in inside] == [day.date() for day in due]
        assert len({start.time() for start in local}) == 1
        assert local[0].time() >= time(18, 30) or local[0].time() < time(4, 0)


@pytest.mark.parametrize("timezone", ZONES)
def test_every_weekend_has_exactly_one_run_inside_its_window(timezone: str) -> None:
    zone = ZoneInfo(timezone)
    saturdays = [day for day in local_days(FIRST, LAST, timezone) if day.weekday() == 5]
    windows = [
        tuple((day + timedelta(minutes=edge)).replace(tzinfo=zone).astimezone(UTC) for edge in (1, 2 * 1440 - 1))
        for day in saturdays
    ]
    assert len(windows) == 52
    lengths = {(closes - opens) // timedelta(minutes=1) for opens, closes in windows}
    assert {f"{length // 60}:{length % 60:02}" for length in lengths} == WEEKENDS[timezone]
    for name in ("lab-usd", "harbor-isd", "x-1", "lakeside", "north-usd", "ridge-isd"):
        starts = runs(lab(WEEKLY, timezone, name))
        assert [sum(opens <= start < closes for start in starts) for opens, closes in windows] == [1] * len(windows)
        assert len({(start.weekday(), start.time()) for start in on_the_wall(starts, timezone)}) == 1


@pytest.mark.parametrize(("timezone", "chosen", "missing"), [
    ("America/New_York", "02:30", ["2027-03-14"]), ("America/New_York", "01:30", []),
    ("Europe/London", "01:30", ["2027-03-28"]), ("Pacific/Auckland", "02:30", ["2026-09-27"]),
    ("Australia/Lord_Howe", "02:15", ["2026-10-04"]), ("Australia/Lord_Howe", "01:45", []),
    ("America/Phoenix", "02:30", []),
])
def test_a_chosen_time_is_skipped_where_it_does_not_exist_and_runs_once_where_it_happens_twice(
    timezone: str, chosen: str, missing: list[str]
) -> None:
    """As EventBridge Scheduler does; `connect` refuses such a time, but one may be there from before."""
    local = on_the_wall(runs(lab(Schedule(mode="daily", at=chosen), timezone)), timezone)
    assert {f"{start:%H:%M}" for start in local} == {chosen}
    gaps = [earlier.date() + timedelta(days=1) for earlier, later in pairwise(local) if later.date() != earlier.date()
            + timedelta(days=1)]
    assert [day.isoformat() for day in gaps] == missing


def test_the_second_computation_knows_both_clock_changes() -> None:
    """So that it could not agree by not looking: 02:30 is missing in March, 01:30 is met twice in November."""
    early = timer_of(lab(Schedule(mode="daily", at="01:30"), "America/New_York"))
    late = timer_of(lab(Schedule(mode="daily", at="02:30"), "America/New_York"))
    assert early is not None
    assert late is not None
    assert fires(late, datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 3, 15, tzinfo=UTC)) == []
    november = datetime(2026, 11, 1, tzinfo=UTC)
    assert fires(early, november, november + timedelta(days=1)) == [november + timedelta(hours=5, minutes=30)]
