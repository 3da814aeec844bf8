"""Late files: what a district pushes is expected by its schedule, and six hours later it is late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from homeroom.model.integration import Blackout, Integration, Pause
from homeroom.model.schedule import Schedule
from homeroom.model.source import SftpPull
from homeroom.support.deliveries import late_file
from homeroom.support.expected import late
from homeroom.support.stale import check_stale
from tests.fakes.memory import memory_world
from tests.fakes.plans import LAB

ZONE = "America/Phoenix"  # seven hours behind UTC, all year
AT_TWO = Schedule(mode="daily", at="02:00")  # 09:00 UTC


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of September 2026; the 5th is a Saturday, the 7th a Monday."""
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


def lab(schedule: Schedule, **words: object) -> Integration:
    return LAB.model_copy(update={"schedule": schedule, "timezone": ZONE, "created_at": utc(1, 0), **words})


def due(integration: Integration, delivered: datetime | None, now: datetime) -> datetime | None:
    told = late(integration, delivered, now)
    return told.due if told else None


def test_a_file_is_late_six_hours_after_its_time_and_not_before() -> None:
    yesterdays = utc(7, 9, 10)
    assert due(lab(AT_TWO), yesterdays, utc(8, 14, 59)) is None
    assert due(lab(AT_TWO), yesterdays, utc(8, 15)) == utc(8, 9)


def test_a_list_of_accounts_is_no_file_that_was_due() -> None:
    world = memory_world(lab(AT_TWO), at=utc(8, 16))
    world.landing.put("landing/lab-usd/directory/directory.csv", b"id,givenName,familyName")
    told = late_file(world.integrations.get("lab-usd"), world)
    assert told is not None
    assert told.due == utc(8, 9)


@pytest.mark.parametrize("came", [utc(8, 3), utc(8, 8, 55), utc(8, 9, 10), utc(8, 16)])
def test_a_file_counts_when_it_came_shortly_before_its_time_or_any_time_after(came: datetime) -> None:
    assert due(lab(AT_TWO), came, utc(8, 17)) is None


def test_a_file_of_long_before_does_not_count() -> None:
    assert due(lab(AT_TWO), utc(8, 2, 59), utc(8, 17)) == utc(8, 9)


def test_the_words_tell_what_was_due_and_what_came_last_on_the_districts_clock() -> None:
    told = late(lab(AT_TWO), utc(6, 9, 10), utc(8, 17))
    assert told is not None
    assert (told.code, told.text) == (
        "SRC-06",
        "a file was due by 2026-09-08 02:00 (America/Phoenix) and did not come; the last one came on 2026-09-06 02:10",
    )
    never = late(lab(AT_TWO), None, utc(8, 17))
    assert never is not None
    assert never.text.endswith("and did not come; none has come yet")


def test_only_the_chosen_days_are_expected() -> None:
    mondays = lab(Schedule(mode="days", days=("MON",), at="02:00"))
    assert due(mondays, utc(7, 9), utc(13, 23)) is None
    assert due(mondays, utc(7, 9), utc(14, 14)) is None
    assert due(mondays, utc(7, 9), utc(14, 16)) == utc(14, 9)


def test_without_a_chosen_time_a_file_may_come_at_any_time_of_its_day() -> None:
    """The 8th in Arizona ends on the 9th at 07:00 UTC."""
    daily = lab(Schedule(mode="daily"))
    assert due(daily, utc(8, 7, 0), utc(9, 20)) is None
    assert due(daily, utc(8, 6, 59), utc(9, 12, 59)) is None
    assert due(daily, utc(8, 6, 59), utc(9, 13)) == utc(9, 7)


def test_a_weekly_file_may_come_at_any_time_of_the_weekend() -> None:
    """The weekend of the 12th ends on Monday the 14th at 07:00 UTC."""
    for name in ("lab-usd", "x-1", "harbor-isd"):  # slots on both days
        weekly = lab(Schedule(mode="weekly"), id=name)
        assert due(weekly, utc(5, 8), utc(14, 12, 59)) is None
        assert due(weekly, utc(5, 8), utc(14, 13)) == utc(14, 7)
        assert due(weekly, utc(12, 7), utc(18, 0)) is None
        assert due(weekly, utc(12, 6, 59), utc(18, 0)) == utc(14, 7)


def test_what_was_due_before_the_integration_was_set_up_is_not_late() -> None:
    fresh = lab(AT_TWO, created_at=utc(8, 8))
    assert due(fresh, None, utc(8, 20)) is None
    assert due(fresh, None, utc(9, 15)) == utc(9, 9)


@pytest.mark.parametrize("words", [
    {"paused": Pause(reason="x", by="x", at=utc(1, 0))},
    {"blackouts": (Blackout(first="2026-09-08", last="2026-09-08"),)},
    {"schedule": Schedule()},
    {"transport": "csv_pulled", "source": SftpPull.model_construct(transport="csv_pulled")},
], ids=["paused", "resting", "no schedule", "not pushed"])
def test_nothing_is_late_that_is_not_expected(words: dict[str, object]) -> None:
    assert due(lab(AT_TWO), utc(1, 9), utc(8, 16)) == utc(8, 9)
    assert due(lab(AT_TWO).model_copy(update=words), utc(1, 9), utc(8, 16)) is None


def test_no_file_is_expected_on_a_day_of_rest_and_the_one_before_it_still_is() -> None:
    rested = lab(AT_TWO, blackouts=(Blackout(first="2026-09-07", last="2026-09-07"),))
    assert due(rested, utc(6, 9), utc(8, 14)) is None
    assert due(rested, utc(5, 9), utc(8, 14)) == utc(6, 9)


def test_the_daily_look_tells_late_files_by_the_newest_upload() -> None:
    on_time, missing = lab(AT_TWO, id="on-time"), lab(AT_TWO, id="missing")
    world = memory_world(on_time, missing, at=utc(6, 9))
    world.landing.put("landing/missing/in/old.zip", b"x")
    world.landing.put("landing/on-time/in/old.zip", b"x")
    world.clock.at = utc(8, 9, 5)
    world.landing.put("landing/on-time/in/new.zip", b"x")
    world.clock.at = utc(8, 17)
    assert check_stale(world) == {"checked": 2, "stale": [], "late": ["missing"], "started": []}
    [(subject, text)] = world.notices.sent
    assert subject == "Homeroom: 1 late files"
    assert text.startswith("SRC-06: ")
    assert "missing" in text
    assert "on-time" not in text


def test_a_district_without_a_schedule_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look costs a call of S3 for each district."""
    world, looked = memory_world(), []
    monkeypatch.setattr(world.landing, "listing", lambda name: looked.append(name) or [])
    assert late_file(lab(Schedule(), id="no-schedule"), world) is None
    assert looked == []
    assert late_file(lab(AT_TWO, id="scheduled"), world) is not None
    assert looked == ["scheduled"]
