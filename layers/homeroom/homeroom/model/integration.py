"""An integration: one district × one aggregator × one transport × one product line, and its status (design 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from homeroom.model.directory import Directory
from homeroom.model.frozen import Frozen
from homeroom.model.schedule import Schedule
from homeroom.model.season import DAY, Limit, Season
from homeroom.model.setup import SetUp
from homeroom.model.sharing import Sharing
from homeroom.model.source import Source

__all__ = [
    "INTEGRATION_ID", "Aggregator", "Blackout", "ClassNames", "Ended", "Frozen", "Integration", "Limit", "Match",
    "Moving", "Options", "Pause", "PortalSignIn", "Primary", "Season", "SignIn", "Status", "Transport",
]

Aggregator = Literal["clever", "classlink", "none"]
Transport = Literal["clever_api", "oneroster_rest", "csv_pushed", "csv_pulled"]
Status = Literal[
    "up to date", "running", "on hold: review", "waiting for the district", "waiting for data", "paused",
    "failing: we act", "disconnected", "not set up", "stale",
]


INTEGRATION_ID = r"^[a-z0-9][a-z0-9-]{1,39}$"


ClassNames = Literal["off", "on", "where they clash"]
OnHold = Literal["all waits", "removals wait"]


class Options(Frozen):
    """What the district chose, within the rules of its products (`homeroom.products`). None: as the product line says.
    """

    strict: bool = False
    """Refuse a set without a manifest instead of taking it as bulk."""
    parents: bool | None = None
    """Sync Parent Data (C9): off means that no parent is stored."""
    class_names: ClassNames | None = None
    """Force Unique Class Names (C8)."""
    match_by_name: bool = False
    """Match Users By Name (C7), against `directory`."""
    directory: Directory | None = None
    directory_secret: str | None = Field(default=None, pattern=r"^directory/[A-Za-z0-9_.-]{1,90}$")
    """Name of the secret with the credentials of the directory; `rotate_secret` stores them."""
    one_school: bool = False
    """Choose a home school for students in several schools, for products that allow only one (C11)."""
    home_schools: Mapping[str, str] = Field(default_factory=dict)
    """The district's own word: source id of a student → source id of the home school."""
    only_source: bool = False
    """The SIS is the only source: records made by hand that it does not have are archived (where the policy allows)."""
    on_hold: OnHold = "all waits"
    """Whether creates and updates go on while removals wait for a person."""
    goals: bool = False
    """Clever Goals (C12): asked for here, refused where a product does not support it."""


class Match(Frozen):
    """Which value that a portal tells equals which identity of the roster: exact, and of one person (design 7).

    `portal`: `id` is Clever's own id of the user; `sis_id` and `number` are of the SIS, as Clever tells them after
    sign-in; `sourced_id` is ClassLink's OneRoster id. `roster` is the kind of identity link.
    """

    portal: Literal["id", "sis_id", "number", "sourced_id"]
    roster: Literal["sourced_id", "identifier", "username"]


class PortalSignIn(Frozen):
    """Sign-in through one portal. What is left out is what is certain by itself: see `sign_in_choices`.

    `tenants`: the district's ids there (Clever: District ID; ClassLink: Tenant ID). `by_login`: ClassLink's LoginId may
    find a person by username. `staff_by_email`: an email may find one of the staff, never a student. `launch_url`: the
    district's own page of the portal, for people who came another way.
    """

    tenants: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], ...] = ()
    match: Match | None = None
    by_login: bool = False
    staff_by_email: bool = False
    launch_url: str | None = Field(default=None, pattern=r"^https://([a-z0-9-]+\.)*(clever|classlink)\.com(/[^\s\"'<>]*)?$")


class Ended(Frozen):
    """Why and since when nobody signs in any more (D4)."""

    reason: str
    by: str
    at: datetime


class SignIn(Frozen):
    """Whether people sign in through a portal, and whether students may where it is optional.

    `portals`: by name; without one it is the aggregator's. `ended` is written by what ended it, and goes when sign-in
    is switched on again.
    """

    on: bool = False
    students: bool = False
    portals: Mapping[Literal["clever", "classlink"], PortalSignIn] = Field(default_factory=dict)
    ended: Ended | None = None


class Primary(Frozen):
    """A primary administrator of the products (C13): the internal id of the person, and who promoted whom when."""

    person: str
    by: str
    at: datetime
    reason: str = ""


class Moving(Frozen):
    """A change of aggregator that waits for its cross-walk: where the roster came from, and since when."""

    aggregator: Aggregator
    transport: Transport
    by: str
    at: datetime


class Pause(Frozen):
    """Why and since when no run may start."""

    reason: str
    by: str
    at: datetime


class Blackout(Frozen):
    """Days, first and last included, in the integration's time zone, on which no run starts by itself."""

    first: str = Field(pattern=DAY)
    last: str = Field(pattern=DAY)
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
    sign_in: SignIn = SignIn()
    sharing: Sharing = Sharing()
    schedule: Schedule = Schedule()
    setup: SetUp = SetUp()
    timezone: str = "America/New_York"
    quiet_seconds: int = Field(default=60, ge=0, le=900)
    hold_first_load: bool = True
    stale_after_hours: int = Field(default=48, ge=1)
    limits: Mapping[str, Limit] = Field(default_factory=dict)
    seasons: tuple[Season, ...] = ()
    primary: tuple[Primary, ...] = Field(default=(), description="primary administrators; no sync changes them")
    moving: Moving | None = Field(default=None, description="a change of aggregator that is not applied yet")
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
