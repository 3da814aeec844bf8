"""The clients of the sign-in functions: made when first used, by botocore alone, with the short times of a click.

boto3 itself adds resources and transfers, which nobody needs here, and a tenth of a second at a cold start.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 1, 3, 3
"""A person waits: what did not answer three times within these ends on a page. Every write here may be repeated: the
repeat of one that went through finds its condition broken, and nothing is issued twice."""
_MAKING = threading.Lock()


@cache
def _session() -> Any:
    # Imported here: it takes longer than all the rest of a sign-in function, and tests of pages need none of it.
    from botocore.session import get_session

    return get_session()


@cache
def _client(service: str) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    with _MAKING:
        return _session().create_client(service, config=config)


def dynamodb() -> DynamoDBClient:
    """DynamoDB, low level."""
    return cast("DynamoDBClient", _client("dynamodb"))


def kms() -> Any:
    """KMS: signs."""
    return _client("kms")


def secrets() -> SecretsManagerClient:
    """Secrets Manager."""
    return cast("SecretsManagerClient", _client("secretsmanager"))


def lambdas() -> LambdaClient:
    """Lambda: asks for a run, without waiting for it."""
    return cast("LambdaClient", _client("lambda"))


def if_it_held(call: Any, **given: Any) -> Mapping[str, Any] | None:
    """The answer of a conditional write, None where the condition did not hold; every other error rises."""
    from botocore.exceptions import ClientError

    try:
        answer: Mapping[str, Any] = call(**given)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise
        return None
    return answer
