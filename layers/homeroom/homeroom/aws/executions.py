"""The state machine: one execution a run, named after it, so that starting it twice is starting it once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from homeroom.aws.faults import code_of
from homeroom.model.run import Request

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StateMachine:
    """`homeroom.ports.Executions` on Step Functions Standard."""

    def __init__(self, client: SFNClient, arn: str):
        self._client = client
        self._arn = arn

    def start(self, request: Request, transport: str) -> str:
        name = f"{request.integration}-{request.run}"
        given = {
            "integration": request.integration, "run": request.run, "fence": request.fence, "transport": transport
        }
        try:
            return self._client.start_execution(stateMachineArn=self._arn, name=name, input=json.dumps(given))[
                "executionArn"
            ]
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
