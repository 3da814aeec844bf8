"""The function `plan_roster`, asked for an answer: it alone has the engine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from homeroom.errors import HomeroomError, Lapsed, NotFound, Refused, RetryableError, SourceUnusable, StateLost
from homeroom.model.past_events import Question

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_KINDS = {kind.__name__: kind for kind in (
    HomeroomError, Lapsed, NotFound, Refused, RetryableError, SourceUnusable, StateLost)}
_OURS = re.compile(r"([A-Z]{3}-\d{2}): (.+?)(?:\n(.+))?", re.DOTALL)
"""Our errors as Lambda sends them: code, text, and below it a remedy of their own."""


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
    """The function's own error, of its kind and in its words. Anything else is Lambda's: no time or memory was left."""
    kind, ours = _KINDS.get(str(said.get("errorType"))), _OURS.fullmatch(str(said.get("errorMessage", "")))
    if kind is None or ours is None:
        return HomeroomError("plan_roster ended without an answer", remedy=(
            "Its log says whether time or memory ran out: a large district needs more of PlanMemoryMB."))
    return kind(ours[2], code=ours[1], remedy=ours[3])
