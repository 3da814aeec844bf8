"""AWS errors in our words."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from homeroom.aws.clients import Calls
from homeroom.aws.faults import retryable, told
from homeroom.errors import RetryableError


def client_error(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "key Jane Sample"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetItem")  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [
    client_error("ThrottlingException"), client_error("SlowDown", 503), client_error("Whatever", 500),
    EndpointConnectionError(endpoint_url="http://x"), ConnectTimeoutError(endpoint_url="http://x"),
    ReadTimeoutError(endpoint_url="http://x"),
], ids=lambda e: type(e).__name__)
def test_what_may_pass_is_worth_another_try(error: Exception) -> None:
    assert isinstance(retryable(error), RetryableError)


@pytest.mark.parametrize("error", [
    client_error("AccessDeniedException"), client_error("ConditionalCheckFailedException"), NoCredentialsError(),
    ValueError("x"),
], ids=lambda e: type(e).__name__)
def test_what_stays_is_not(error: Exception) -> None:
    assert retryable(error) is None


@pytest.mark.parametrize("error", [client_error("AccessDenied"), client_error("SlowDown"), NoCredentialsError()])
def test_no_message_of_aws_is_told(error: ClientError | BotoCoreError) -> None:
    assert "Jane" not in str(told(error))
    assert type(error).__name__ in str(told(error)) or "GetItem" in str(told(error))


def test_calls_pass_what_the_adapters_ask_about() -> None:
    class Client:
        answer = 5

        def fails(self) -> None:
            raise client_error("ConditionalCheckFailedException")

        def works(self, *, a: int) -> int:
            return a

    calls = Calls(Client())
    assert (calls.works(a=3), calls.answer) == (3, 5)
    with pytest.raises(ClientError):
        calls.fails()
