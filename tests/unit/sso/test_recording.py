"""References that sort by time, times by step, and one record at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from homeroom.sso.http import Answer
from homeroom.sso.recording import Recording, ended, new_login_id, where
from homeroom.sso.stops import NoAnswer, Stop
from tests.fakes.memory_sso import LocalSigner, MemoryAttempts, MemoryNoting, Numbered, StillClock, memory_outside

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
NOBODYS_KEYS = LocalSigner([])


def test_a_later_reference_sorts_behind_an_earlier_one() -> None:
    made = [new_login_id(AT + timedelta(milliseconds=step), Numbered(100 - step)) for step in range(100)]
    assert made == sorted(made)
    assert {len(one) for one in made} == {26}


def test_a_reference_has_no_letters_that_are_read_wrong() -> None:
    letters = {letter for _ in range(50) for letter in new_login_id(AT, Numbered(_))}
    assert letters <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_references_of_one_moment_differ() -> None:
    random = Numbered()
    assert len({new_login_id(AT, random) for _ in range(100)}) == 100


def test_times_are_told_by_step_in_milliseconds() -> None:
    clock, noting = StillClock(), MemoryNoting()
    recording = Recording(memory_outside(clock=clock, noting=noting, signer=NOBODYS_KEYS))
    for step, seconds in (("exchange", 0.2), ("person", 0.05), ("exchange", 0.1)):
        recording.step(step)
        clock.pass_seconds(seconds)
    recording.end("signed in")
    (attempt, milliseconds), = noting.ended
    assert milliseconds == pytest.approx({"exchange": 300, "person": 50, "total": 350})
    assert (attempt.step, attempt.outcome) == ("exchange", "signed in")


@pytest.mark.parametrize(("raised", "outcome", "reason"), [
    (Stop("SSO-205", "archived"), "SSO-205", "archived"), (NoAnswer("timeout"), "SSO-103", "timeout"),
    (ValueError("foreign text"), "SSO-501", "ValueError"),
])
def test_every_end_is_recorded_once_under_its_page(raised: Exception, outcome: str, reason: str) -> None:
    noting, attempts = MemoryNoting(), MemoryAttempts()
    recording = Recording(memory_outside(noting=noting, attempts=attempts, signer=NOBODYS_KEYS))

    def serve() -> Answer:
        raise raised

    answer = ended(recording, serve, lambda code: Answer(400, code))
    (kept,) = attempts.attempts.values()
    assert (answer.body, kept.outcome, kept.reason) == (outcome, outcome, reason)
    assert [attempt for attempt, _ in noting.ended] == [kept]


def test_a_security_event_is_an_alarm_with_the_reference() -> None:
    noting = MemoryNoting()
    recording = Recording(memory_outside(noting=noting, signer=NOBODYS_KEYS))

    def serve() -> Answer:
        raise Stop("SSO-107", "issuer", security="issuer mismatch")

    ended(recording, serve, lambda code: Answer(400, code))
    assert noting.alarms == [("issuer mismatch", {
        "code": "SSO-107", "reason": "issuer", "login_id": recording.login_id, "portal": "", "app": ""})]


def test_the_place_of_an_error_that_never_rose_is_nowhere() -> None:
    assert where(ValueError("x")) == "nowhere"
