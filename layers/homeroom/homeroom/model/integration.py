"""An integration: one district × one aggregator × one transport × one product line, and its status (design 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from homeroom.model.frozen import Frozen
from homeroom.model.schedule import Schedule
from homeroom.model.setup import SetUp
from homeroom.model.sharing import Sharing
from homeroom.model.source import Source

__all__ = [
    "INTEGRATION_ID", "Aggregator", "Blackout", "Frozen", "Integration", "Limit", "Options", "Pause", "Status",
    "Transport",
]

Aggregator = Literal["clever", "classlink", "none"]
Transport = Literal["clever_api", "oneroster_rest", "csv_pushed", "csv_pulled"]
Status = Literal[
    "up to date", "running", "on hold: review", "waiting for the district", "waiting for data", "paused",
    "failing: we act", "disconnected", "not set up", "stale",
]


INTEGRATION_ID = r"^[a-z0-9][a-z0-9-]{1,39}$"


class Limit(Frozen):
    """Limits of one guard for this integration; what is left out stays as the guard's default."""

    percent: float | None = Field(default=None, ge=0, le=100)
    count: int | None = Field(default=None, ge=0)
    floor: int | None = Field(default=None, ge=0)


class Options(Frozen):
    """What the district chose. Rules of the products come with the catalogue; today only reading is optional."""

    strict: bool = False
    """Refuse a set without a manifest instead of taking it as bulk."""


class Pause(Frozen):
    """Why and since when no run may start."""

    reason: str
    by: str
    at: datetime


class Blackout(Frozen):
    """Days, first and last included, in the integration's time zone, on which no run starts by itself."""

    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    reason: str = ""


class Integration(Frozen):
    """Set-up of one integration. Credentials are never here, only the name of their secret."""

    id: str = Field(pattern=INTEGRATION_ID, description="short name, part of every key")
    district_id: str | None = Field(default=None, description="sourcedId or identifier of the district in its files")
    district_name: str = ""
    aggregator: Aggregator = "none"
    transport: Transport = "csv_pushed"
    source: Source | None = Field(default=None, description="where to fetch; none for files that a district pushes")
    product_line: str = ""
    products: tuple[str, ...] = ()
    options: Options = Options()
    sharing: Sharing = Sharing()
    schedule: Schedule = Schedule()
    setup: SetUp = SetUp()
    timezone: str = "America/New_York"
    quiet_seconds: int = Field(default=60, ge=0, le=900)
    hold_first_load: bool = True
    stale_after_hours: int = Field(default=48, ge=1)
    limits: Mapping[str, Limit] = Field(default_factory=dict)
    blackouts: tuple[Blackout, ...] = ()
    paused: Pause | None = None
    secret_name: str | None = None
    created_at: datetime | None = None
    created_by: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as unknown:
            raise ValueError(f"{value} is not an IANA time zone such as America/Chicago") from unknown
        return value

    @model_validator(mode="after")
    def _source_fits(self) -> Integration:
        told = self.source.transport if self.source else "csv_pushed"
        if self.source is None and self.transport != "csv_pushed":
            raise ValueError(f"the transport {self.transport} needs a source: where to fetch from")
        if told != self.transport:
            raise ValueError(f"the source is for {told}, the transport is {self.transport}")
        return self

    @property
    def roster(self) -> str:
        """Id of the one roster that the integration owns; every key of its records starts with it."""
        return self.id

    def options_hash(self) -> str:
        """Changes when the district's choices or the products change: part of what makes a run `unchanged`."""
        chosen = self.model_dump_json(include={"options", "product_line", "products", "sharing"})
        return hashlib.sha256(chosen.encode()).hexdigest()
