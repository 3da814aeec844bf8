"""The frame of every function: parsed event, log keys, metrics, errors in our words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel

from homeroom.aws import handler as frame
from homeroom.aws.handler import Call, function
from homeroom.errors import HomeroomError, Lapsed, LeaseLost, Refused, RetryableError
from homeroom.model.events import UpsertRoster
from tests.fakes.memory import memory_world
from tests.fakes.plans import LAB

EVENT = {"integration": "lab-usd", "run": 3, "fence": 2, "part": 0}


class Told(BaseModel):
    done: bool = True


class Context:
    """What Lambda gives."""

    function_name, aws_request_id = "upsert_roster", "request-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    world = memory_world(LAB)
    monkeypatch.setattr(frame, "world", lambda: world)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Homeroom")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")
    frame._metrics.cache_clear()
    yield
    frame._metrics.cache_clear()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch):
    """Log lines as they leave the function."""
    import io

    stream = io.StringIO()
    monkeypatch.setattr(frame.logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def made(stage, **words):
    return function("upsert_roster", UpsertRoster, repeatable=True, **words)(stage)


def failing(error: Exception):
    def stage(event: UpsertRoster, call: Call) -> Told:
        raise error

    return made(stage)


def test_the_stage_gets_the_parsed_event_and_the_end_of_its_time() -> None:
    seen: list[Any] = []

    def stage(event: UpsertRoster, call: Call) -> Told:
        seen.append((event, call))
        return Told()

    assert made(stage)(EVENT, Context()) == {"done": True}
    event, call = seen[0]
    assert event == UpsertRoster(**EVENT)
    assert (call.deadline - call.world.clock.now()).total_seconds() == 60
    assert call.request == "request-1"
    made(stage)(EVENT)
    assert (seen[1][1].deadline - call.world.clock.now()).total_seconds() == 900


def test_each_call_logs_one_line_with_its_own_keys_and_no_event(lines) -> None:
    run = made(lambda event, call: Told())
    run(EVENT, Context())
    run(EVENT | {"run": 4}, Context())
    first, second = lines()
    assert (first["integration"], first["run"], first["correlation_id"]) == ("lab-usd", 3, "lab-usd-3")
    assert (second["run"], second["correlation_id"], second["message"]) == (4, "lab-usd-4", "done")
    assert (first["level"], first["function"], first["request"]) == ("INFO", "upsert_roster", "request-1")
    assert "fence" not in first


@pytest.mark.parametrize("event", [{}, EVENT | {"run": "Jane Sample"}, EVENT | {"extra": 1}, {"integration": ["x"]}])
def test_an_event_that_does_not_fit_is_refused_without_its_values(event, lines) -> None:
    with pytest.raises(Refused) as told:
        made(lambda e, c: Told())(event, Context())
    assert "Jane" not in str(told.value)
    assert "Jane" not in json.dumps(lines())
    assert str(told.value).startswith("REQ-01: the event does not fit: ")


@pytest.mark.parametrize("error", [
    Refused("not now"), Lapsed("the plan moved"), LeaseLost("taken over"), RetryableError("busy"),
    HomeroomError("x", code="RUN-05"),
])
def test_our_errors_pass_with_class_code_and_text(error: HomeroomError, lines) -> None:
    try:
        raise ValueError("Jane Sample") from None
    except ValueError as cause:
        error.__cause__ = cause
    with pytest.raises(type(error)) as told:
        failing(error)(EVENT, Context())
    assert str(told.value) == f"{error.issue_code}: {error.text}"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__
    logged = lines()[-1]
    assert (logged["code"], logged["error"]) == (error.issue_code, type(error).__name__)
    assert logged["level"] == ("ERROR" if type(error) is HomeroomError else "WARNING")


@pytest.mark.parametrize("error", [KeyError("Jane Sample"), ValueError("Jane Sample"), RuntimeError()])
def test_any_other_error_tells_only_its_type_and_place(error: Exception, lines) -> None:
    with pytest.raises(HomeroomError) as told:
        failing(error)(EVENT, Context())
    text = str(told.value)
    assert text.startswith(f"INT-01: internal error: {type(error).__name__} at ")
    assert "test_handler.py" in text or "handler.py" in text
    assert "Jane" not in text
    assert told.value.__cause__ is None
    assert "Jane" not in json.dumps(lines())


def test_an_error_of_aws_tells_operation_and_code() -> None:
    def aws(code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "Jane Sample"}}, "PutItem")

    with pytest.raises(HomeroomError, match="PutItem answered AccessDenied") as denied:
        failing(aws("AccessDenied"))(EVENT)
    assert not isinstance(denied.value, RetryableError)
    with pytest.raises(RetryableError, match="PutItem answered ThrottlingException"):
        failing(aws("ThrottlingException"))(EVENT)


def test_metrics_leave_as_one_record_with_the_service_as_only_dimension(capsys) -> None:
    def stage(event: UpsertRoster, call: Call) -> Told:
        call.count({"RunApplied": 1, "RunSeconds": 2.5}, {"integration": event.integration})
        return Told()

    made(stage)(EVENT, Context())
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert len(records) == 1
    directive = records[0]["_aws"]["CloudWatchMetrics"][0]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Homeroom", [["service"]])
    assert {m["Name"]: m["Unit"] for m in directive["Metrics"]} == {"RunApplied": "Count", "RunSeconds": "Seconds"}
    assert (records[0]["service"], records[0]["integration"]) == ("stack", "lab-usd")
    made(lambda e, c: Told())(EVENT, Context())
    assert "_aws" not in capsys.readouterr().out


def test_metrics_of_a_failing_call_are_told_too(capsys) -> None:
    def stage(event: UpsertRoster, call: Call) -> Told:
        call.count({"RunFailed": 1}, {})
        raise Refused("x")

    with pytest.raises(Refused):
        made(stage)(EVENT, Context())
    assert "RunFailed" in capsys.readouterr().out


class Memory:
    """Stands for `Once`: remembers under what answers would be kept."""

    def __init__(self, asked: list[Any]):
        self.asked = asked

    def __call__(self, same: Any, act: Any, _context: Any = None) -> Any:
        self.asked.append(same)
        return act()


@pytest.mark.parametrize(("unkept", "same"), [((), "request-1"), ((UpsertRoster,), None)])
def test_an_answer_that_may_lie_nowhere_is_kept_under_nothing(
    unkept: tuple[type, ...], same: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(frame, "Once", lambda *_, **__: Memory(asked))
    assert made(lambda _event, _call: Told(), unkept=unkept)(EVENT, Context()) == {"done": True}
    assert asked == [same]
