"""A sign-in as support sees it, while it grows; written once, at its end, whatever the end (reference/sso.md 5.4).

Nothing of a person gets in: portal, product, how far it came, words of ours, and after a match our own id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

from homeroom.model.sign_in import Attempt
from homeroom.sso.http import Answer
from homeroom.sso.ports import Outside
from homeroom.sso.stops import NoAnswer, Stop

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O and U, so that a reference can be read out on the telephone."""
_RANDOM_BYTES = 10
_LENGTH = 26


def new_login_id(at: datetime, random: Callable[[int], bytes]) -> str:
    """A reference of 26 characters: milliseconds since 1970, then 80 random bits. Later ones sort behind earlier ones.
    """
    number = int(at.timestamp() * 1000) << 8 * _RANDOM_BYTES | int.from_bytes(random(_RANDOM_BYTES), "big")
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))


class Recording:
    """One request's part in a sign-in. `attempt` is what is known so far."""

    def __init__(self, outside: Outside):
        self._outside = outside
        self._began = self._since = outside.clock.now()
        self._milliseconds: dict[str, float] = {}
        self.at = self._began
        self.attempt = Attempt(new_login_id(self._began, outside.random), self._began.isoformat())

    @property
    def login_id(self) -> str:
        """The reference that people read on a page: of the transaction, once one was used."""
        return self.attempt.login_id

    def learn(self, **known: Any) -> None:
        """Fields of the attempt that are known now."""
        self.attempt = replace(self.attempt, **known)

    def step(self, name: str) -> None:
        """The next step begins; the time since the last one is counted to that."""
        self._lap()
        self.learn(step=name)

    def end(self, outcome: str, reason: str = "") -> None:
        """Write the attempt and count it. Raises what the history raises: then nothing may be handed over."""
        self._lap()
        self.learn(outcome=outcome, reason=reason)
        total = _milliseconds(self._began, self._since)
        self._outside.attempts.record(self.attempt)
        self._outside.noting.signed(self.attempt, {**self._milliseconds, "total": total})

    def alarm(self, event: str, code: str, reason: str) -> None:
        """A security event of this sign-in."""
        self._outside.noting.alarm(event, code=code, reason=reason, **self._place())

    def failed(self, error: Exception) -> None:
        """A fault of ours or of a store: class and place, never the message, which may hold anything."""
        self._outside.noting.count(
            "failed", error=type(error).__name__, at=where(error), step=self.attempt.step, **self._place())

    def _place(self) -> dict[str, str]:
        return {"login_id": self.login_id, "portal": self.attempt.portal, "app": self.attempt.app}

    def _lap(self) -> None:
        now, step = self._outside.clock.now(), self.attempt.step
        if step:
            self._milliseconds[step] = self._milliseconds.get(step, 0.0) + _milliseconds(self._since, now)
        self._since = now


def ended(recording: Recording, serve: Callable[[], Answer], shown: Callable[[str], Answer]) -> Answer:
    """The answer of `serve`; where it stops or fails, the page of the code, after it was recorded.

    This is where sign-in fails closed: whatever a store, a key or a portal raises ends on page SSO-501 or SSO-103, and
    nothing that `serve` had made leaves (conformance 50, threat T43).
    """
    try:
        return serve()
    except Stop as stop:
        code, reason, security = stop.code, stop.reason, stop.security
    except NoAnswer as none:
        code, reason, security = "SSO-103", none.what, ""
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody gets in, and it is told to those who look after it
        code, reason, security = _fault(recording, error)
    try:
        if security:
            recording.alarm(security, code, reason)
        recording.end(code, reason)
    except Exception as error:  # noqa: BLE001 - the history is down: the person gets a page all the same
        code, *_ = _fault(recording, error)
    return shown(code)


def where(error: BaseException) -> str:
    """File, line and function of our own code in which an error rose."""
    frames = extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if "/homeroom/" in frame.filename), frames[-1] if frames else None)
    return f"{'/'.join(PurePath(last.filename).parts[-2:])}:{last.lineno} {last.name}" if last else "nowhere"


def _fault(recording: Recording, error: Exception) -> tuple[str, str, str]:
    recording.failed(error)
    return "SSO-501", type(error).__name__, ""


def _milliseconds(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds() * 1000
