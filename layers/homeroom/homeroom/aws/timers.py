"""Schedules of EventBridge Scheduler, one an integration, in the stack's own group; each asks the one door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.ports import Timer

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


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
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {**self._target, "Input": json.dumps({"trigger": "schedule", "integration": timer.name})},
        }
        try:
            self._client.update_schedule(**asked)  # type: ignore[arg-type]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            self._client.create_schedule(**asked)  # type: ignore[arg-type]

    def remove(self, name: str) -> None:
        try:
            self._client.delete_schedule(Name=name, GroupName=self._group)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise

    def list(self) -> list[Timer]:
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._group)
        names = [found["Name"] for page in pages for found in page["Schedules"]]
        return [self._read(name) for name in sorted(names)]

    def _read(self, name: str) -> Timer:
        found = self._client.get_schedule(Name=name, GroupName=self._group)
        return Timer(name=name, expression=found["ScheduleExpression"],
                     timezone=found.get("ScheduleExpressionTimezone", "UTC"), enabled=found["State"] == "ENABLED")
