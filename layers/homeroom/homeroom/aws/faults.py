"""AWS errors in our words: what is worth another try becomes RetryableError, which the state machine knows by name."""

from __future__ import annotations

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError

from homeroom.errors import HomeroomError, RetryableError

_BUSY = frozenset({
    "InternalError", "InternalFailure", "InternalServerError", "KMSThrottlingException", "LimitExceededException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestTimeout",
    "ServiceUnavailable", "ServiceUnavailableException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException", "TransactionConflictException",
    "TransactionInProgressException",
})
_UNREACHED = (
    botocore.ConnectionClosedError, botocore.ConnectionError, botocore.HTTPClientError, botocore.IncompleteReadError,
)


def code_of(error: ClientError) -> str:
    """The service's own name of an error, such as `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def retryable(error: Exception) -> RetryableError | None:
    """The error as RetryableError if another try may succeed. Tells the service's code and operation, no values."""
    if isinstance(error, _UNREACHED):
        return RetryableError(f"a service did not answer: {type(error).__name__}")
    if not isinstance(error, ClientError):
        return None
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code_of(error) in _BUSY or status >= 500:
        return RetryableError(f"{error.operation_name} answered {code_of(error)}")
    return None


def told(error: ClientError | BotoCoreError) -> HomeroomError:
    """Any AWS error without its message, which may hold keys or values."""
    if isinstance(error, ClientError):
        return retryable(error) or HomeroomError(f"{error.operation_name} answered {code_of(error)}")
    return retryable(error) or HomeroomError(f"a call of AWS failed: {type(error).__name__}")
