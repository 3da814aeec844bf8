"""Hand, schedule and landed file at the same moment: one run applies, and the ledger says what became of the others."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from homeroom.model import events
from local.embedded import Embedded
from local.reasons import Stopped
from tests.builders.oneroster import district, small_district, zip_bytes
from tests.integration.labs import ASKS, Lab
from tests.integration.waiting import eventually

_NUMBERS = count(1)
OTHERS = {"locked", "unchanged"}
"""What the runs that did not apply may say: another one was on, or it had applied the very same already."""


@pytest.fixture
def lab(aws: Embedded) -> Lab:
    return Lab(aws, f"at-once-{next(_NUMBERS)}").connect()


def scheduled(lab: Lab) -> Any:
    """What the integration's schedule sends to the door."""
    event = {"trigger": "schedule", "integration": lab.name}
    function = lab.stack.outputs["StartRunFunctionName"]
    return json.loads(
        lab.aws.clients("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())["Payload"].read()
    )


def by_hand(lab: Lab) -> Any:
    asked = events.RunNow(operation="run", integration=lab.name, **ASKS)
    try:
        return lab.stack.ask(asked)
    except Stopped as stopped:
        return {"state": "refused", "reason": str(stopped)}


def at_once(*calls: Any) -> list[Any]:
    """All calls begin together."""
    gate = Barrier(len(calls))

    def called(call: Any) -> Any:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(called, calls))


def settled(lab: Lab, at_least: int) -> list[dict[str, Any]]:
    """The ledger, once every run in it has ended and nothing waits."""

    def ended() -> list[dict[str, Any]] | None:
        status = lab.stack.ask(events.ShowStatus(operation="status", integration=lab.name, runs=100))
        runs: list[dict[str, Any]] = status["runs"]
        whole = len(runs) >= at_least and all(run["outcome"] for run in runs) and not status["pending"]
        return runs if whole else None

    return eventually(ended, seconds=90, what="the end of all runs")


def test_of_hand_schedule_and_file_exactly_one_applies(lab: Lab) -> None:
    """The schedule may come before the file is there: then there is nothing new, and no word in the ledger."""
    first = lab.land(zip_bytes(small_district()))["run"]
    export = district().with_student("s-new", classes=["c-1"]).zip_bytes()
    _, by_schedule, asked = at_once(lambda: lab.put(export), lambda: scheduled(lab), lambda: by_hand(lab))
    eventually(lambda: "s-new" in lab.active("people"), seconds=90, what="the new student")
    runs = [one for one in settled(lab, first + 1) if one["run"] != first]
    assert {answer.get("run") for answer in (by_schedule, asked)} - {None} <= {one["run"] for one in runs}
    assert Counter(run["outcome"] for run in runs)["applied"] == 1
    others = [run for run in runs if run["outcome"] != "applied"]
    assert {run["outcome"] for run in others} == {"skipped"}
    assert {run["code"] for run in others} <= OTHERS


def test_ten_scheduled_calls_at_once_start_one_run(lab: Lab) -> None:
    lab.land(zip_bytes(small_district()))
    lab.stack.upload(lab.name, {"next.zip": district().with_student("s-ten").zip_bytes()})
    answers = at_once(*[lambda: scheduled(lab)] * 10)
    assert all("errorMessage" not in answer for answer in answers), answers
    runs = settled(lab, 2)[:-1]  # the oldest is the first load
    assert Counter(run["outcome"] for run in runs)["applied"] == 1
    assert {run["code"] for run in runs if run["outcome"] != "applied"} <= OTHERS
