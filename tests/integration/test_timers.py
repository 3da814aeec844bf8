"""Schedules on the embedded AWS: a due one really goes through the one door.

What the emulator cannot show (time zones, clock changes, dead letters) is in tests/unit/support/test_times*.py.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from homeroom.aws.timers import Scheduler
from homeroom.ports import Timer
from local.embedded import Embedded
from tests.integration.labs import Lab
from tests.integration.waiting import eventually

LONG_DUE = "at(2026-01-01T00:00:00)"
"""Fires at the next look of the emulator, within ten seconds; a cron could keep the test waiting for two minutes."""


@pytest.fixture
def timers(aws: Embedded) -> Scheduler:
    """Schedules in a group of this test's own, aimed at the stack's door."""
    group = f"runs-{uuid.uuid4().hex[:8]}"
    aws.clients("scheduler").create_schedule_group(Name=group)
    assert aws.stack is not None
    door = aws.clients("lambda").get_function(FunctionName=f"{aws.stack.name}-start_run")["Configuration"]
    return Scheduler(
        aws.clients("scheduler"), group=group, role=door["Role"], target=door["FunctionArn"],
        dead_letters="arn:aws:sqs:us-east-1:000000000000:letters",
    )


def scheduled(lab: Lab) -> list[dict[str, Any]]:
    """Runs that a schedule asked for."""
    return [run for run in lab.status()["runs"] if run["trigger"] == "schedule"]


def test_a_due_schedule_asks_the_door_and_a_disabled_one_does_not(aws: Embedded, timers: Scheduler) -> None:
    due, paused = Lab(aws, f"due-{uuid.uuid4().hex[:8]}").connect(), Lab(aws, f"off-{uuid.uuid4().hex[:8]}").connect()
    timers.put(Timer(paused.name, LONG_DUE, "UTC", enabled=False))
    timers.put(Timer(due.name, LONG_DUE, "UTC"))
    [run] = eventually(lambda: scheduled(due), seconds=40, what="the scheduled run")
    assert (run["outcome"], run["code"]) == ("skipped", "no data")
    assert scheduled(paused) == []
    assert [(timer.name, timer.enabled) for timer in timers.list()] == [(due.name, True), (paused.name, False)]
    timers.remove(due.name)
    assert [timer.name for timer in timers.list()] == [paused.name]
