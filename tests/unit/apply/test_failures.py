"""Errors of the state machine, told in our words."""

from __future__ import annotations

import json

import pytest

from homeroom.apply.failures import failure_of
from homeroom.apply.signature import signature
from homeroom.model.events import RunError


def cause(message: str) -> str:
    return json.dumps({"errorMessage": message, "errorType": "x", "stackTrace": ["line"]})


@pytest.mark.parametrize(
    ("error", "message", "code", "owner", "lost"),
    [
        ("SetUnusable", "FIL-15: not a zip", "FIL-15", "district", False),
        ("StateLost", "RUN-02: the kept state is missing", "RUN-02", "vendor", False),
        ("LeaseLost", "RUN-01: taken over", "RUN-01", "nobody", True),
        ("HomeroomError", "RUN-05: 1 of 2 parts did not report", "RUN-05", "vendor", False),
    ],
)
def test_our_own_errors_keep_code_words_and_owner(error, message, code, owner, lost) -> None:
    failure = failure_of(RunError(Error=error, Cause=cause(message)))
    assert (failure.code, failure.text, failure.owner, failure.lost) == (code, message[8:], owner, lost)


@pytest.mark.parametrize(
    ("error", "told", "text"),
    [
        ("KeyError", cause("'Jane Sample'"), "a step of the run ended with KeyError"),
        ("States.Timeout", "", "a step of the run ended with States.Timeout"),
        ("Sandbox.Timedout", "RUN-01: not JSON", "a step of the run ended with Sandbox.Timedout"),
        ("Jane Sample\n", "[1]", "a step of the run ended with an unknown error"),
        ("", "null", "a step of the run ended with an unknown error"),
    ],
)
def test_foreign_messages_are_never_told(error: str, told: str, text: str) -> None:
    failure = failure_of(RunError(Error=error, Cause=told))
    assert (failure.code, failure.text, failure.owner) == ("INT-01", text, "vendor")


def test_the_signature_changes_with_content_options_and_rules() -> None:
    signatures = {signature("a", "b"), signature("x", "b"), signature("a", "x"), signature("a", "b", 99)}
    assert len(signatures) == 4
    assert signature("a", "b") == signature("a", "b")
