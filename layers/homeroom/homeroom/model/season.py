"""A season window: days with limits of their own, so that a rollover in August does not hold everybody (B6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import Field, model_validator

from homeroom.model.frozen import Frozen

DAY = r"^\d{4}-\d{2}-\d{2}$"


class Limit(Frozen):
    """Limits of one guard; what is left out stays as it was. `off`: the guard is not asked at all."""

    percent: float | None = Field(default=None, ge=0, le=100)
    count: int | None = Field(default=None, ge=0)
    floor: int | None = Field(default=None, ge=0)
    off: bool = False


class Season(Frozen):
    """Limits from the `first` to the `last` day, both included, in the integration's time zone."""

    first: str = Field(pattern=DAY)
    last: str = Field(pattern=DAY)
    limits: Mapping[str, Limit] = Field(default_factory=dict)
    reason: str = ""
    by: str = ""
    at: datetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Season:
        if self.last < self.first:
            raise ValueError("the last day of a season lies before its first")
        return self


def limits_on(day: str, own: Mapping[str, Limit], seasons: Iterable[Season]) -> dict[str, Limit]:
    """The limits that hold on a day (YYYY-MM-DD): the integration's own, under those of the season that began last."""
    current = sorted((s for s in seasons if s.first <= day <= s.last), key=lambda s: (s.first, s.last))
    limits = dict(own)
    for season in current:
        limits |= season.limits
    return limits
