"""Operations that change what an integration may do: options, sign-in, limits, season windows, aggregator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_serializer

from homeroom.model.connect_events import Connect
from homeroom.model.frozen import Frozen
from homeroom.model.integration import Options, SignIn
from homeroom.model.schedule import Schedule
from homeroom.model.season import DAY, Limit
from homeroom.model.sharing import Sharing


class Choices(Frozen):
    """Choices of an integration. In each part only what is named changes; a part that is left out stays."""

    options: Options | None = None
    sharing: Sharing | None = None
    schedule: Schedule | None = None
    sign_in: SignIn | None = None
    products: tuple[str, ...] | None = None

    @field_serializer("options", "sharing", "schedule", "sign_in", when_used="json")
    def _as_given(self, part: Frozen | None) -> dict[str, Any] | None:
        if part is None:
            return None
        told = part.model_dump(mode="json", include=part.model_fields_set)
        if isinstance(part, SignIn) and "portals" in told:
            told["portals"] = {name: portal.model_dump(mode="json", exclude_unset=True)
                               for name, portal in part.portals.items()}
        return told


class ChangeOptions(Frozen):
    """Change options, sharing, schedule, sign-in or products. Takes effect with the next run."""

    operation: Literal["options"]
    integration: str
    choices: Choices
    by: str
    reason: str = ""


class TryChoices(Frozen):
    """What a run would do with other choices, on the rows that were read last. Changes nothing, reads no source."""

    operation: Literal["try"]
    integration: str
    choices: Choices = Choices()
    as_of: str | None = Field(default=None, pattern=DAY)
    limits: Mapping[str, Limit] = Field(default_factory=dict, description="limits to try, of a season for instance")


class ChangeLimits(Frozen):
    """Limits of guards for this integration alone. A guard that is left out stays; null goes back to its default."""

    operation: Literal["limits"]
    integration: str
    limits: Mapping[str, Limit | None] = Field(min_length=1)
    by: str
    reason: str


class ChangeSeason(Frozen):
    """Open a season window, change it (same first and last day), or close it (`remove`)."""

    operation: Literal["season"]
    integration: str
    first: str = Field(pattern=DAY)
    last: str = Field(pattern=DAY)
    limits: Mapping[str, Limit] = Field(default_factory=dict, description="empty: the usual limits of a new year")
    remove: bool = False
    by: str
    reason: str


class ChangeAggregator(Frozen):
    """Let a roster come by another aggregator or transport, with the same people: the next plan is a cross-walk, and is
    always held. `set_up` is a whole connect of the same integration."""

    operation: Literal["change_aggregator"]
    set_up: Connect
    by: str
    reason: str

    @property
    def integration(self) -> str:
        """The integration that changes."""
        return self.set_up.integration.id
