"""Events of `support` about when runs start by themselves (requirements B1, B4)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from homeroom.model.frozen import Frozen


class PauseRuns(Frozen):
    """No run starts until `resume`; landed files wait. Pausing again changes the reason."""

    operation: Literal["pause"]
    integration: str
    by: str
    reason: str = Field(min_length=1)


class ResumeRuns(Frozen):
    """Runs start again, and what waited starts at once."""

    operation: Literal["resume"]
    integration: str
    by: str
    reason: str = ""


class ChangeBlackout(Frozen):
    """Days, first and last included, in the integration's time zone, on which no run starts by itself; or their end."""

    operation: Literal["blackout"]
    integration: str
    first: date
    last: date
    by: str
    reason: str = ""
    remove: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> ChangeBlackout:
        if self.last < self.first:
            raise ValueError("the last day is before the first")
        return self


class ReconcileSchedules(Frozen):
    """Make the schedules at AWS equal to the integrations."""

    operation: Literal["reconcile_schedules"]
    by: str = ""
    reason: str = ""
