"""The function `plan_roster`, asked for an answer: it alone has the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from homeroom.errors import HomeroomError, NotFound, Refused, RetryableError
from homeroom.model.past_events import Question

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_KINDS = {kind.__name__: kind for kind in (NotFound, Refused, RetryableError)}


class PlannerFunction:
    """`homeroom.ports.Engine` on Lambda. The client's read timeout must outlast the function's."""

    def __init__(self, client: LambdaClient, function: str):
        self._client = client
        self._function = function

    def ask(self, question: Question) -> dict[str, Any]:
        answer = self._client.invoke(FunctionName=self._function, Payload=question.model_dump_json().encode())
        said = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise _as_raised(said)
        found: dict[str, Any] = said
        return found


def _as_raised(said: dict[str, Any]) -> HomeroomError:
    """The function's own error: its kind, and the first line of its words (`code: text`, then the remedy)."""
    kind = _KINDS.get(str(said.get("errorType")), HomeroomError)
    first, _, remedy = str(said.get("errorMessage", "")).partition("\n")
    code, _, text = first.partition(": ")
    if not text:
        return HomeroomError("plan_roster did not answer")
    return kind(text, code=code, remedy=remedy or None)
