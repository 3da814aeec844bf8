"""When an integration's run starts by itself (requirements B1, B4); the arithmetic is in `homeroom.support.times`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from homeroom.model.frozen import Frozen

Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class Schedule(Frozen):
    """`daily`: every day; `days`: on the chosen days; `weekly`: once between Saturday 00:01 and Sunday 23:59.

    `at` is a local wall-clock time. Without it, a stable slot is computed from the integration's id: inside the nightly
    window (18:30 to 04:30) for `daily` and `days`, inside the weekend for `weekly`. `off`: only by hand or by file.
    For files that a district pushes, the schedule is when they are expected.
    """

    mode: Literal["daily", "days", "weekly", "off"] = "off"
    days: tuple[Day, ...] = ()
    at: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")

    @model_validator(mode="after")
    def _days_fit(self) -> Schedule:
        if (self.mode == "days") != bool(self.days):
            raise ValueError("days are named exactly when mode is `days`")
        if self.mode == "weekly" and self.at is not None:
            raise ValueError("the weekly window has no time to choose; use mode `days` with SAT or SUN")
        return self
