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
    """Limits from the `first` to the `last` day, both included, in the integration's time zone.

    Without `limits` it has those of a usual new year (`homeroom.guard.SEASON`).
    """

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


def limits_on(day: str, own: Mapping[str, Limit], seasons: Iterable[Season],
              usual: Mapping[str, Limit] | None = None) -> dict[str, Limit]:
    """The limits that hold on a day (YYYY-MM-DD): the integration's own, under those of the season that began last.

    `usual` are the limits of a season that names none: they widen only. What a season leaves out stays as it was.
    """
    current = sorted((s for s in seasons if s.first <= day <= s.last), key=lambda s: (s.first, s.last))
    limits = dict(own)
    for season in current:
        told, merge = (season.limits, _over) if season.limits else (usual or {}, _wider)
        limits |= {code: merge(limits[code], limit) if code in limits else limit for code, limit in told.items()}
    return limits


def _over(limit: Limit, season: Limit) -> Limit:
    """The season's numbers where it names some; a guard that is off stays off."""
    return Limit(
        percent=limit.percent if season.percent is None else season.percent,
        count=limit.count if season.count is None else season.count,
        floor=limit.floor if season.floor is None else season.floor, off=limit.off or season.off,
    )


def _wider(limit: Limit, usual: Limit) -> Limit:
    """The wider of both: a season window is never stricter than the days around it by itself."""
    return Limit(
        percent=max((p for p in (limit.percent, usual.percent) if p is not None), default=None),
        count=max((n for n in (limit.count, usual.count) if n is not None), default=None),
        floor=max((n for n in (limit.floor, usual.floor) if n is not None), default=None), off=limit.off or usual.off,
    )
