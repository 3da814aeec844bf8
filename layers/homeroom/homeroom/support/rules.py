"""May a run start now? The rules of the one door, in the order in which they are asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from homeroom.apply.signature import signature
from homeroom.model.integration import Integration
from homeroom.model.run import Control, Delivery, SkipReason, Trigger


@dataclass(frozen=True)
class Asked:
    """What the door looks at. `lease_run` is the asking run's own number once it has the lease, `as_of` the day of a
    held plan that is approved."""

    trigger: Trigger
    integration: Integration
    control: Control
    now: datetime
    delivery: Delivery | None = None
    edits_wait: bool = False
    force: bool = False
    lease_run: int | None = None
    as_of: str | None = None

    @property
    def today(self) -> str:
        """The day in the integration's time zone: what the run reckons with as `as_of`."""
        return self.now.astimezone(ZoneInfo(self.integration.timezone)).date().isoformat()


@dataclass(frozen=True)
class Stop:
    """Why no run starts, as a code for machines and in words."""

    reason: SkipReason
    text: str


def leased(control: Control, now: datetime) -> bool:
    """Whether a run holds a lease that has not lapsed."""
    return control.lease_run is not None and control.lease_until >= int(now.timestamp())


def _not_set_up(asked: Asked) -> str | None:
    """What is fetched needs credentials, and a district that somebody confirmed (requirement A6)."""
    integration = asked.integration
    if integration.transport == "csv_pushed":
        return None
    if integration.secret_name is None:
        return "the credentials of the source are missing"
    return None if integration.district_id else "the district's id is not verified"


def _paused(asked: Asked) -> str | None:
    paused = asked.integration.paused
    # Without the reason: this text goes through the state machine, and a person wrote that one.
    return f"paused since {paused.at:%Y-%m-%d}" if paused else None


def _blackout(asked: Asked) -> str | None:
    days = next((b for b in asked.integration.blackouts if b.first <= asked.today <= b.last), None)
    return f"blackout until {days.last}" if days else None


def _locked(asked: Asked) -> str | None:
    control = asked.control
    if control.lease_run == asked.lease_run or not leased(control, asked.now):
        return None
    return f"run {control.lease_run} is on"


def _no_data(asked: Asked) -> str | None:
    missing = asked.delivery is None and asked.integration.transport == "csv_pushed"
    return "no whole set of files has landed yet" if missing else None


def _denied(asked: Asked) -> str | None:
    content = asked.delivery.content_hash if asked.delivery else None
    applied = content == asked.control.applied_content  # forced and approved after all
    named = {content, signature(content or "", asked.integration.options_hash())}  # a discard names both in one
    denied = bool(named & set(asked.control.denied)) and not (asked.force or applied)
    return "this content was discarded or undone; it changes at the source, or is run by hand with force" if denied \
        else None


def _unchanged(asked: Asked) -> str | None:
    """Equal to the last applied run in everything that counts, and nothing else to do (design 3)."""
    content = asked.delivery.content_hash if asked.delivery else None
    if content is None or asked.force or asked.edits_wait or asked.control.dirty_runs:
        return None
    same = signature(content, asked.integration.options_hash()) == asked.control.applied_signature
    return "the content is the same as last applied" if same else None


_RULES: Mapping[SkipReason, Callable[[Asked], str | None]] = {
    "not set up": _not_set_up, "paused": _paused, "blackout": _blackout, "locked": _locked, "no data": _no_data,
    "denied": _denied, "unchanged": _unchanged,
}
_BY_HAND: tuple[SkipReason, ...] = tuple(reason for reason in _RULES if reason != "blackout")
_ASKED_OF: Mapping[Trigger, tuple[SkipReason, ...]] = {
    "file": tuple(_RULES), "schedule": tuple(_RULES), "sign_in": tuple(_RULES), "pending": tuple(_RULES),
    "hand": _BY_HAND,
    "approval": ("not set up", "paused", "locked"), "undo": ("locked",),
}
"""A blackout stops what starts by itself. What an approval must still agree with stands in `approval`. An undo asks no
source, and a pause is just when somebody wants it."""


def stop(asked: Asked) -> Stop | None:
    """The first rule that stops the run, or None."""
    for reason in _ASKED_OF[asked.trigger]:
        text = _RULES[reason](asked)
        if text is not None:
            return Stop(reason, text)
    return None
