"""A batch of queue messages: each is worked on by itself, and only those that failed come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from homeroom.aws.handler import Call, in_our_words


class Message(BaseModel):
    """One message of SQS; fields that we do not need are let go."""

    messageId: str
    body: str


class Messages(BaseModel):
    """What SQS hands to a function."""

    Records: list[Message]


def each(messages: Iterable[Message], act: Callable[[Message], dict[str, Any]], call: Call) -> dict[str, Any]:
    """Act on each message once; answers `batchItemFailures`, which Lambda gives back to the queue."""
    failed = []
    for message in messages:
        try:
            call.once(message.messageId, lambda message=message: act(message))  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - logged there; the queue repeats it and keeps what never succeeds
            in_our_words(error)
            failed.append({"itemIdentifier": message.messageId})
    return {"batchItemFailures": failed}
