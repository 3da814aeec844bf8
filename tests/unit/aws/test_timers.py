"""The adapter of EventBridge Scheduler, against moto (which pages as AWS does) and against errors of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from homeroom.aws.clients import CONFIG, Calls
from homeroom.aws.timers import Scheduler
from homeroom.errors import Refused, RetryableError
from homeroom.model.schedule import Schedule
from homeroom.model.schedule_events import ReconcileSchedules
from homeroom.ports import Timer
from homeroom.support.timers import reconcile_schedules
from tests.fakes.memory import memory_world
from tests.fakes.plans import LAB

AIMED = {
    "group": "lab-runs", "role": "arn:aws:iam::123456789012:role/schedules",
    "target": "arn:aws:lambda:us-east-1:123456789012:function:start_run",
    "dead_letters": "arn:aws:sqs:us-east-1:123456789012:letters",
}
NIGHTLY = Timer("lab-usd", "cron(16 21 ? * * *)", "America/New_York")


@pytest.fixture
def client() -> Iterator[Any]:
    """Scheduler with two groups: ours, and one of another stack."""
    with mock_aws():
        made = boto3.client(
            "scheduler", config=CONFIG, region_name="us-east-1", aws_access_key_id="x",
            aws_secret_access_key="x",  # no secret: nobody is asked
        )
        for group in ("lab-runs", "other-runs"):
            made.create_schedule_group(Name=group)
        yield made


@pytest.fixture
def timers(client: Any) -> Scheduler:
    return Scheduler(Calls(client), **AIMED)  # type: ignore[arg-type]


def stored(client: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get_schedule(Name=name, GroupName="lab-runs")
    return found


def test_a_schedule_asks_the_door_in_the_districts_own_time_and_keeps_what_it_could_not_deliver(
    client: Any, timers: Scheduler
) -> None:
    timers.put(NIGHTLY)
    found = stored(client, "lab-usd")
    assert {key: found[key] for key in ("ScheduleExpression", "ScheduleExpressionTimezone", "State")} == {
        "ScheduleExpression": "cron(16 21 ? * * *)", "ScheduleExpressionTimezone": "America/New_York",
        "State": "ENABLED"}
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert json.loads(found["Target"].pop("Input")) == {"trigger": "schedule", "integration": "lab-usd"}
    assert found["Target"] == {
        "Arn": AIMED["target"], "RoleArn": AIMED["role"], "DeadLetterConfig": {"Arn": AIMED["dead_letters"]},
        "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 14_400}}


def test_putting_it_again_updates_the_same_schedule(client: Any, timers: Scheduler) -> None:
    timers.put(NIGHTLY)
    born = stored(client, "lab-usd")["CreationDate"]
    paused = Timer("lab-usd", "cron(0 4 ? * SUN *)", "Pacific/Guam", enabled=False)
    timers.put(paused)
    assert timers.list() == [paused]
    assert stored(client, "lab-usd")["CreationDate"] == born


def test_only_the_stacks_own_group_is_listed_and_changed(client: Any, timers: Scheduler) -> None:
    other = Scheduler(Calls(client), **AIMED | {"group": "other-runs"})  # type: ignore[arg-type]
    other.put(NIGHTLY)
    assert timers.list() == []
    timers.remove("lab-usd")
    assert other.list() == [NIGHTLY]


def test_thousands_come_in_pages_and_all_are_listed_by_name(timers: Scheduler) -> None:
    """A page holds at most a hundred."""
    wanted = [Timer(f"district-{n:03}", f"cron({n % 60} 20 ? * * *)", "America/Chicago") for n in range(120)]
    for timer in reversed(wanted):
        timers.put(timer)
    assert timers.list() == wanted


def test_a_schedule_that_is_aimed_elsewhere_is_put_right_by_reconciling(client: Any, timers: Scheduler) -> None:
    """A hand at the console, or a release that changed the target's settings."""
    lab = LAB.model_copy(update={"schedule": Schedule(mode="daily")})
    outside = memory_world(lab)
    world = type(outside)(**{**vars(outside), "timers": timers})
    asked = ReconcileSchedules(operation="reconcile_schedules")
    assert reconcile_schedules(asked, world)["created"] == [lab.id]
    assert reconcile_schedules(asked, world)["unchanged"] == 1
    found = stored(client, lab.id)
    found["Target"]["RetryPolicy"] = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    client.update_schedule(**{key: found[key] for key in (
        "Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "State"
    )})
    assert reconcile_schedules(asked, world)["changed"] == [lab.id]
    assert stored(client, lab.id)["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 20
    assert reconcile_schedules(asked, world)["unchanged"] == 1


def test_a_schedule_that_goes_while_it_is_listed_is_left_out(
    client: Any, timers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers.put(NIGHTLY)
    timers.put(Timer("other", "cron(0 4 ? * * *)", "UTC"))
    read = client.get_schedule

    def late(**asked: Any) -> Any:
        if asked["Name"] == "lab-usd":
            client.delete_schedule(**asked)
        return read(**asked)

    monkeypatch.setattr(client, "get_schedule", late)
    assert [timer.name for timer in timers.list()] == ["other"]


class Answering:
    """A client whose every call ends in one error of AWS."""

    def __init__(self, code: str):
        self._code = code

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> None:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, name)

        return call


@pytest.mark.parametrize(("code", "error"), [
    ("ConflictException", RetryableError), ("ValidationException", Refused), ("ThrottlingException", RetryableError),
    ("AccessDeniedException", ClientError),
    ("ResourceNotFoundException", ClientError),  # update and create: then the group itself is missing
])
def test_what_may_pass_is_tried_again_and_what_aws_cannot_do_is_refused_in_words(
    code: str, error: type[Exception]
) -> None:
    timers = Scheduler(Calls(Answering(code)), **AIMED)  # type: ignore[arg-type]
    with pytest.raises(error):
        timers.put(NIGHTLY)


def test_an_error_is_not_taken_for_a_schedule_that_is_gone() -> None:
    timers = Scheduler(Calls(Answering("AccessDeniedException")), **AIMED)  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        timers.remove("lab-usd")
