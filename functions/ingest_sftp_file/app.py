"""ingest_sftp_file: an object landed, or a set had time to settle. Starts the run of a delivery that is whole."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from homeroom.aws.batch import Message, Messages, each
from homeroom.aws.handler import Call, function
from homeroom.support.intake import ObjectCreated, Settle, landed, settle


def same_object(event: ObjectCreated | Messages) -> list[str] | None:
    """One object's version lands once, however often it is told; messages are told apart one by one."""
    return event.identity() if isinstance(event, ObjectCreated) else None


@function("ingest_sftp_file", ObjectCreated | Messages, once=same_object)
def handler(event: ObjectCreated | Messages, call: Call) -> BaseModel | dict[str, Any]:
    """Answers what became of the object, or which messages failed."""
    if isinstance(event, ObjectCreated):
        return landed(event, call.world)

    def act(message: Message) -> dict[str, Any]:
        integration = Settle.model_validate_json(message.body).integration
        return settle(integration, call.world).model_dump(mode="json")

    return each(event.Records, act, call)
