"""Slots, timers and the moments that follow from them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from homeroom.model.integration import Blackout, Integration, Pause
from homeroom.model.schedule import Schedule
from homeroom.ports import Timer
from homeroom.support.times import (
    longest_gap,
    next_runs,
    previous_run,
    problem,
    runs_until,
    schedule_view,
    slot_of,
    timer_of,
)
from tests.fakes.plans import LAB

NOON = datetime(2026, 9, 7, 12, 0, tzinfo=UTC)
DAILY, WEEKLY, OFF = Schedule(mode="daily"), Schedule(mode="weekly"), Schedule()
PAUSED = Pause(reason="summer", by="support", at=NOON)
NEW_YORK, LONDON = "America/New_York", "Europe/London"


def lab(schedule: Schedule, timezone: str = NEW_YORK, **words: object) -> Integration:
    return LAB.model_copy(update={"schedule": schedule, "timezone": timezone, **words})


def at(chosen: str, *days: str) -> Schedule:
    return Schedule.model_validate({"mode": "days" if days else "daily", "days": days, "at": chosen})


def names(number: int) -> list[str]:
    return [f"district-{n}" for n in range(number)]


def slot(integration: Integration) -> tuple[str, str]:
    found = slot_of(integration)
    assert found is not None
    return ",".join(found.days), f"{found.at:%H:%M}"


@pytest.mark.parametrize(("schedule", "expression"), [
    (at("02:05", "MON", "THU"), "cron(5 2 ? * MON,THU *)"),
    (at("18:30", "THU", "MON", "THU"), "cron(30 18 ? * MON,THU *)"),
    (at("04:00"), "cron(0 4 ? * * *)"),
])
def test_a_chosen_time_is_the_cron_of_the_local_clock(schedule: Schedule, expression: str) -> None:
    assert timer_of(lab(schedule)) == Timer(LAB.id, expression, NEW_YORK, enabled=True)


def test_without_a_schedule_there_is_no_timer_and_while_paused_it_is_disabled() -> None:
    assert timer_of(lab(OFF)) is None
    paused = timer_of(lab(DAILY, paused=PAUSED))
    assert paused is not None
    assert not paused.enabled


def test_slots_of_known_ids_stay_where_they_are() -> None:
    """A change here moves every district's sync: then it must be wanted."""
    known = {name: (slot(lab(DAILY, id=name))[1], *slot(lab(WEEKLY, id=name))) for name in ("lab-usd", "x-1")}
    assert known == {"lab-usd": ("21:16", "SAT", "03:27"), "x-1": ("00:08", "SUN", "15:05")}


def test_a_slot_does_not_depend_on_the_zone_unless_its_clock_changes_hit_it() -> None:
    moved = [n for n in names(500) if slot(lab(DAILY, id=n)) != slot(lab(DAILY, "America/Phoenix", id=n))]
    hit = [n for n in names(500) if slot(lab(DAILY, "America/Phoenix", id=n))[1][:2] in ("01", "02")]
    assert moved == hit
    assert 60 < len(hit) < 160  # 2 hours of 9.5


@pytest.mark.parametrize("timezone", [NEW_YORK, LONDON, "Pacific/Auckland", "Australia/Lord_Howe", "Africa/Cairo"])
@pytest.mark.parametrize("schedule", [DAILY, WEEKLY, Schedule(mode="days", days=("FRI", "SUN"))], ids=lambda s: s.mode)
def test_no_slot_is_at_a_time_that_a_clock_change_leaves_out_or_repeats(schedule: Schedule, timezone: str) -> None:
    """Asked of the zone database day by day: a sound wall-clock time has one offset, whichever way it is read."""
    zone, start = ZoneInfo(timezone), date(2026, 7, 1)
    dates = [start + timedelta(days=n) for n in range(3 * 365)]
    changes = [d for d in dates if midnight(d, zone).utcoffset() != midnight(d + timedelta(days=1), zone).utcoffset()]
    assert len(changes) == 6
    for name in names(2000):
        found = slot_of(lab(schedule, timezone, id=name))
        assert found is not None
        for day in changes:
            if f"{day:%a}".upper() in found.days:
                local = datetime.combine(day, found.at, zone)
                assert local.utcoffset() == local.replace(fold=1).utcoffset()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def test_thousands_of_districts_are_spread_over_the_night() -> None:
    slots = Counter(slot(lab(DAILY, "America/Phoenix", id=name))[1] for name in names(5000))
    share = 5000 / 570
    assert len(slots) == 570
    assert max(slots.values()) < 3 * share
    assert min(slots) == "00:00"  # and over midnight
    assert {s for s in slots if "04:00" <= s < "18:30"} == set()


def test_thousands_of_districts_are_spread_over_the_weekend() -> None:
    slots = Counter(slot(lab(WEEKLY, "America/Phoenix", id=name)) for name in names(5000))
    assert max(slots.values()) < 6 * 5000 / 2848
    hours = Counter((day, local[:2]) for (day, local) in slots.elements())
    assert len(hours) == 48
    assert max(hours.values()) < 1.5 * 5000 / 48
    assert min(hours.values()) > 0.4 * 5000 / 48  # the last hour gives half of itself
    assert {day for day, _ in slots} == {"SAT", "SUN"}
    assert min(local for day, local in slots if day == "SAT") >= "00:01"
    assert max(local for day, local in slots if day == "SUN") <= "23:28"


@pytest.mark.parametrize(("schedule", "timezone", "words"), [
    (at("02:30"), NEW_YORK,
     "02:30 does not exist when clocks change in America/New_York; the nearest good time is 03:00"),
    (at("01:20"), NEW_YORK,
     "01:20 happens twice when clocks change in America/New_York; the nearest good time is 00:59"),
    (at("01:15", "SUN"), LONDON,
     "01:15 does not exist or happens twice when clocks change in Europe/London; the nearest good time is 00:59"),
    (at("02:10"), "Australia/Lord_Howe",
     "02:10 does not exist when clocks change in Australia/Lord_Howe; the nearest good time is 02:30"),
    (at("00:00", "FRI"), "Africa/Cairo",
     "00:00 does not exist when clocks change in Africa/Cairo; the nearest good time is 01:00"),
])
def test_a_chosen_time_that_a_clock_change_hits_is_told_with_the_nearest_good_one(
    schedule: Schedule, timezone: str, words: str
) -> None:
    assert problem(schedule, timezone) == words


@pytest.mark.parametrize(("schedule", "timezone"), [
    (at("02:30", "MON", "SAT"), NEW_YORK),  # clocks change on Sundays
    (at("00:59"), NEW_YORK), (at("03:00"), NEW_YORK), (at("02:30"), "America/Phoenix"), (at("02:30"), "Pacific/Guam"),
    (DAILY, NEW_YORK), (WEEKLY, NEW_YORK), (OFF, NEW_YORK),
])
def test_a_time_that_happens_once_each_due_day_is_no_problem(schedule: Schedule, timezone: str) -> None:
    assert problem(schedule, timezone) is None


@pytest.mark.parametrize("timezone", [NEW_YORK, LONDON, "Australia/Lord_Howe"])
def test_what_is_proposed_is_good_itself(timezone: str) -> None:
    for minute in range(24 * 60):
        told = problem(at(f"{minute // 60:02}:{minute % 60:02}"), timezone)
        if told is not None:
            assert problem(at(told[-5:]), timezone) is None


def test_the_next_run_comes_after_the_moment_and_the_previous_one_at_or_before_it() -> None:
    integration = lab(at("02:00"), "America/Phoenix")  # 09:00 UTC
    nine = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
    assert next_runs(integration, nine, 2) == (nine + timedelta(days=1), nine + timedelta(days=2))
    assert next_runs(integration, nine - timedelta(seconds=1), 1) == (nine,)
    assert previous_run(integration, nine) == nine
    assert previous_run(integration, nine - timedelta(seconds=1)) == nine - timedelta(days=1)
    assert next_runs(integration, nine, 0) == ()


def test_backwards_and_forwards_are_the_same_runs() -> None:
    integration = lab(Schedule(mode="days", days=("SUN", "WED")))
    forwards = next_runs(integration, NOON, 100)
    backwards = [start for start in runs_until(integration, forwards[-1]) if start > NOON]
    assert backwards == sorted(forwards, reverse=True)


def test_blackout_days_are_local_days_and_have_no_run() -> None:
    """On Guam, 19:00 of the 8th is 09:00 UTC; 04:00 of the 9th is still the 8th in UTC."""
    rests = (Blackout(first="2026-09-08", last="2026-09-09"), Blackout(first="2026-09-11", last="2026-09-11"))
    for chosen, hours in (("19:00", 9), ("04:00", -6)):
        integration = lab(at(chosen), "Pacific/Guam", blackouts=rests)
        local = [datetime(2026, 9, day, tzinfo=UTC) + timedelta(hours=hours) for day in (10, 12, 13)]
        assert list(next_runs(integration, datetime(2026, 9, 7, 15, 0, tzinfo=UTC), 3)) == local
        assert previous_run(integration, local[1] - timedelta(minutes=1)) == local[0]


def test_nothing_comes_while_paused_or_off_or_when_all_days_are_taken() -> None:
    for integration in (lab(OFF), lab(DAILY, paused=PAUSED),
                        lab(DAILY, blackouts=(Blackout(first="2000-01-01", last="2999-12-31"),))):
        assert next_runs(integration, NOON, 3) == ()
        assert previous_run(integration, NOON) is None


def test_the_view_tells_schedule_and_next_run_in_words() -> None:
    chosen = at("02:15", "MON", "WED")
    assert schedule_view(lab(chosen, "America/Phoenix"), NOON) == {
        "schedule": "MON, WED at 02:15 (America/Phoenix)", "next_run": "2026-09-09T09:15:00+00:00",
        "next_local": "2026-09-09T02:15:00-07:00"}
    assert schedule_view(lab(at("04:00")), NOON)["schedule"] == "every day at 04:00 (America/New_York)"
    assert schedule_view(lab(chosen, paused=PAUSED), NOON) == {
        "schedule": "MON, WED at 02:15 (America/New_York); paused", "next_run": None,
        "next_local": None}
    assert schedule_view(lab(OFF), NOON) == {
        "schedule": "by hand or by file only", "next_run": None, "next_local": None}


def test_the_longest_gap_of_a_schedule_is_that_between_two_of_its_days() -> None:
    gaps = [longest_gap(lab(schedule)).days for schedule in (
        OFF, DAILY, at("04:00", "MON", "THU"), at("04:00", "WED"), Schedule(mode="weekly"))]
    assert gaps == [0, 1, 4, 7, 7]
