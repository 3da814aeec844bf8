"""Why a run ended badly, told in the ledger's words: from an error as Step Functions hands it over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from homeroom.errors import HomeroomError, LeaseLost
from homeroom.model.events import FinishRun, RunError
from homeroom.model.issues import CATALOGUE

_OURS = re.compile(r"^([A-Z]{3}-\d{2}): (.+)$", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z][\w.]{0,79}$")


@dataclass(frozen=True)
class Failure:
    """Code, words and the owner of the next step; `lost` when a newer run took the lease."""

    code: str
    text: str
    owner: str
    lost: bool = False


class _Ended(BaseModel):
    input: str
    status: str
    error: str | None = None
    cause: str | None = None


class UnrecordedEnd(BaseModel):
    """An execution that ended without `finish_run`: stopped by hand, out of time, or beyond every catch.

    The event `Step Functions Execution Status Change` as EventBridge sends it.
    """

    detail: _Ended

    def as_finish(self) -> FinishRun:
        """The same as the state machine would have said it."""
        given = json.loads(self.detail.input)
        error = RunError(Error=self.detail.error or f"States.{self.detail.status}", Cause=self.detail.cause or "")
        return FinishRun(integration=given["integration"], run=given["run"], fence=given["fence"], error=error)


def failure_of(error: RunError) -> Failure:
    """Only messages of our own errors, which begin with their code, are told: others may hold personal data."""
    told = _OURS.match(_message(error.Cause))
    if told is not None:
        code, text = told.groups()
        owners = {kind.code: kind.owner for kind in _kinds(HomeroomError)}
        owners |= {name: entry.owner for name, entry in CATALOGUE.items()}
        return Failure(code, text, owners.get(code, HomeroomError.owner), lost=code == LeaseLost.code)
    name = error.Error if _NAME.match(error.Error) else "an unknown error"
    return Failure(HomeroomError.code, f"a step of the run ended with {name}", HomeroomError.owner)


def _kinds(kind: type[HomeroomError]) -> Iterator[type[HomeroomError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def _message(cause: str) -> str:
    """`errorMessage` of a Lambda error; empty for causes of another form."""
    try:
        told = json.loads(cause)
    except ValueError:
        return ""
    return str(told.get("errorMessage", "")) if isinstance(told, dict) else ""
