"""Questions to `plan_roster` by Lambda: its errors arrive as they were raised, and Lambda's own as ours."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from homeroom.aws.engine import PlannerFunction
from homeroom.errors import HomeroomError, NotFound, Refused, RetryableError
from homeroom.model.past_events import AskExplain

ASKED = AskExplain(mode="explain", integration="lab-usd", entity="people", record="s-1")


class Client:
    """Lambda, which gives one answer and keeps what it was sent."""

    def __init__(self, told: Any, *, failed: bool = False):
        self.told, self.failed, self.sent = told, failed, None

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.sent = (FunctionName, json.loads(Payload))
        answer = {"Payload": io.BytesIO(json.dumps(self.told).encode())}
        return answer | ({"FunctionError": "Unhandled"} if self.failed else {})


def raised(error: Exception) -> dict[str, str]:
    """An error as Lambda tells it."""
    return {"errorType": type(error).__name__, "errorMessage": str(error)}


def test_the_question_goes_out_and_the_answer_comes_back() -> None:
    client = Client({"here": True})
    assert PlannerFunction(client, "arn:planner").ask(ASKED) == {"here": True}  # type: ignore[arg-type]
    assert client.sent == ("arn:planner", {
        "mode": "explain", "integration": "lab-usd", "entity": "people", "record": "s-1"})


@pytest.mark.parametrize("error", [
    NotFound("there is no such person", remedy="Check the id."), Refused("no run has read the source yet"),
    RetryableError("S3 was busy"), NotFound("text: with a colon\nand a line", remedy="Ask again."),
])
def test_an_error_of_the_function_is_raised_again_as_it_was(error: HomeroomError) -> None:
    with pytest.raises(type(error)) as again:
        PlannerFunction(Client(raised(error), failed=True), "arn").ask(ASKED)  # type: ignore[arg-type]
    assert type(again.value) is type(error)
    assert (str(again.value), again.value.issue_code) == (str(error), error.issue_code)


@pytest.mark.parametrize("told", [
    {"errorType": "Sandbox.Timedout", "errorMessage": "2026-09-07T06:00:00Z Task timed out after 900.00 seconds"},
    {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited with error: signal: killed"},
    {},
])
def test_an_end_without_time_or_memory_is_told_without_lambdas_words(told: dict[str, str]) -> None:
    with pytest.raises(HomeroomError, match="ended without an answer") as ended:
        PlannerFunction(Client(told, failed=True), "arn").ask(ASKED)  # type: ignore[arg-type]
    assert not isinstance(ended.value, Refused)
