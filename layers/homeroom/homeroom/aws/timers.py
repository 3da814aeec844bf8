"""Schedules of EventBridge Scheduler, one an integration, in the stack's own group; each asks the one door."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from homeroom.aws.clients import THREADS
from homeroom.aws.faults import code_of
from homeroom.errors import Refused, RetryableError
from homeroom.ports import Timer

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_ABSENT = "ResourceNotFoundException"
_OTHERWISE_AIMED = "not as this release makes them"
"""Expression of a schedule whose target is not ours: it equals no timer, so that reconciling puts it right."""


class Scheduler:
    """`homeroom.ports.Timers`."""

    def __init__(self, client: EventBridgeSchedulerClient, *, group: str, role: str, target: str, dead_letters: str):
        self._client = client
        self._group = group
        self._target = {
            "Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters},
            # Within four hours a late start is better than none; after that the next window is.
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 14_400},
        }

    def put(self, timer: Timer) -> None:
        asked = {
            "Name": timer.name, "GroupName": self._group, "ScheduleExpression": timer.expression,
            "ScheduleExpressionTimezone": timer.timezone, "State": "ENABLED" if timer.enabled else "DISABLED",
            # The slot is computed by us and stable: no window of the service's own.
            "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": self._aimed(timer.name),
        }
        if not _found(self._client.update_schedule, **asked):
            _written(self._client.create_schedule, **asked)

    def remove(self, name: str) -> None:
        _found(self._client.delete_schedule, Name=name, GroupName=self._group)

    def list(self) -> list[Timer]:
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._group)
        names = sorted(found["Name"] for page in pages for found in page["Schedules"])
        # The listing tells no expressions, and there are thousands.
        with ThreadPoolExecutor(THREADS) as pool:
            return [timer for timer in pool.map(self._read, names) if timer is not None]

    def _aimed(self, name: str) -> dict[str, Any]:
        return {**self._target, "Input": json.dumps({"trigger": "schedule", "integration": name})}

    def _read(self, name: str) -> Timer | None:
        try:
            found = self._client.get_schedule(Name=name, GroupName=self._group)
        except ClientError as error:
            if code_of(error) == _ABSENT:  # removed since it was listed
                return None
            raise
        ours = self._aimed(name)
        same = {key: value for key, value in found["Target"].items() if key in ours} == ours
        return Timer(
            name=name, expression=found["ScheduleExpression"] if same else _OTHERWISE_AIMED,
            timezone=found.get("ScheduleExpressionTimezone", "UTC"), enabled=found["State"] == "ENABLED",
        )


def _found(call: Callable[..., Any], **asked: Any) -> bool:
    """Make a call; whether the schedule that it is about exists."""
    try:
        _written(call, **asked)
    except ClientError as error:
        if code_of(error) != _ABSENT:
            raise
        return False
    return True


def _written(call: Callable[..., Any], **asked: Any) -> None:
    """Make a call. Raises RetryableError when another one changes the same schedule, Refused for what AWS cannot do."""
    try:
        call(**asked)
    except ClientError as error:
        if code_of(error) == "ConflictException":
            raise RetryableError("another call changes the same schedule") from error
        if code_of(error) == "ValidationException":
            raise Refused(
                "EventBridge Scheduler does not take this schedule", remedy="Look at its time zone, days and time."
            ) from error
        raise
