"""The boto3 clients of a process: made once, when first used, and never at import.

Every call goes through `Calls`, which turns what is worth another try into RetryableError; all other errors of botocore
(a failed condition, a missing object) reach the adapter that asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from homeroom.aws.faults import retryable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

THREADS = 8
"""Calls that one process makes side by side (performance reference: more gain nothing on one core)."""
CONFIG = Config(
    connect_timeout=3,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=4 * THREADS,
    # A third of the client's cost; what we send is typed and covered by tests against an engine that checks it.
    parameter_validation=False,
)


class Calls:
    """A client whose methods raise RetryableError where another try may succeed."""

    def __init__(self, client: Any):
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _translating(found) if callable(found) and name not in ("get_paginator", "get_waiter") else found


def _translating(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except (ClientError, BotoCoreError) as error:
            busy = retryable(error)
            if busy is None:
                raise
            raise busy from error

    return called


@cache
def _client(service: str) -> Any:
    # Imported here: boto3 takes a third of a second, which a test or command that never calls AWS need not pay.
    import boto3

    return boto3.client(service, config=CONFIG)  # type: ignore[call-overload]


def plain_dynamodb() -> DynamoDBClient:
    """The bare client, for libraries that look at botocore's own errors."""
    return cast("DynamoDBClient", _client("dynamodb"))


def dynamodb() -> DynamoDBClient:
    """DynamoDB, low level: its wire format is made by `homeroom.aws.values`."""
    return cast("DynamoDBClient", Calls(_client("dynamodb")))


def s3() -> S3Client:
    """S3."""
    return cast("S3Client", Calls(_client("s3")))


def states() -> SFNClient:
    """Step Functions."""
    return cast("SFNClient", Calls(_client("stepfunctions")))


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    return cast("SecretsManagerClient", Calls(_client("secretsmanager")))


def lambdas() -> LambdaClient:
    """Lambda; waits as long as a function may take, and never asks twice by itself."""
    import boto3

    patient = CONFIG.merge(Config(read_timeout=905, retries={"mode": "standard", "total_max_attempts": 1}))
    return cast("LambdaClient", Calls(boto3.client("lambda", config=patient)))


def scheduler() -> EventBridgeSchedulerClient:
    """EventBridge Scheduler."""
    return cast("EventBridgeSchedulerClient", Calls(_client("scheduler")))


def sns() -> SNSClient:
    """SNS."""
    return cast("SNSClient", Calls(_client("sns")))


def sqs() -> SQSClient:
    """SQS."""
    return cast("SQSClient", Calls(_client("sqs")))
