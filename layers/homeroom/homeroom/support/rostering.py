"""The end of rostering, and what it does to sign-in (requirement D4; ADR 0034).

Sign-in to a product that needs rostering by a portal ends with that rostering, with notice: by `end_rostering`, or by
itself when a run finds that the district disconnected the app. It comes back by hand, and only after a run that was
applied since. Everywhere else people go on signing in by the roster as it is.
"""

from __future__ import annotations

from typing import Any

from homeroom.errors import Refused
from homeroom.model.integration import Ended, Integration, Pause
from homeroom.model.run import RunRecord
from homeroom.model.sign_in_setup_events import EndRostering
from homeroom.ports import World
from homeroom.products import line_named, products_of, sign_in_of
from homeroom.products.refusals import PORTALS
from homeroom.support.audit import audit
from homeroom.support.timers import put_timer
from homeroom.support.views import integration_view, seen

BY_DISTRICT = "the district disconnected the app"
_DISCONNECTED = ("failed", "SRC-01", "district")
"""Outcome, code and owner of a run that found the app disconnected: the district itself took its word back. A key of
ours that is refused ends nobody's sign-in."""


def end_rostering(event: EndRostering, world: World) -> dict[str, Any]:
    """No run starts any more until `resume`; the roster stays. Sign-in ends with it where the product needs it."""
    integration = world.integrations.get(event.integration)
    audit(world, integration.id, "end_rostering", event.by, event.reason)
    integration, now = world.integrations.get(integration.id), world.clock.now()
    paused = Pause(reason=f"rostering ended: {event.reason}", by=event.by, at=now)
    ended = _without_sign_in(integration.model_copy(update={"paused": paused}), "rostering ended", event.by, world)
    world.integrations.put(ended)
    put_timer(ended, world)
    if ended.sign_in != integration.sign_in:
        _tell(integration, "rostering ended", world)
    return integration_view(seen(ended, world)) | {"effect": _effect(integration, ended)}


def end_sign_in_where_disconnected(record: RunRecord, world: World) -> None:
    """After a run that found the app disconnected. A second call does and tells nothing more."""
    if (record.outcome, record.code, record.owner) != _DISCONNECTED:
        return
    integration = world.integrations.get(record.integration)
    ended = _without_sign_in(integration, BY_DISTRICT, f"run {record.run}", world)
    if ended.sign_in != integration.sign_in:
        world.integrations.put(ended)
        _tell(integration, BY_DISTRICT, world)


def with_its_end(wanted: Integration, known: Integration | None, world: World) -> Integration:
    """The integration with the end of its sign-in as only this module says it: a caller's word on it is let go.

    Raises Refused where sign-in is to be switched on again and its rostering has not come back.
    """
    ended = known.sign_in.ended if known else None
    if ended is not None and wanted.sign_in.on:
        _refuse_until_rostered(wanted, ended, world)
        ended = None
    return wanted.model_copy(update={"sign_in": wanted.sign_in.model_copy(update={"ended": ended})})


def _refuse_until_rostered(wanted: Integration, ended: Ended, world: World) -> None:
    """A run must have been applied since; and where rostering was ended by hand, somebody must have resumed it."""
    applied_at = world.runs.control(wanted.id).applied_at
    rests = wanted.paused is not None and wanted.paused.at >= ended.at
    if rests or applied_at is None or applied_at <= ended.at:
        raise Refused(f"sign-in ended on {ended.at:%Y-%m-%d}, because {ended.reason}, and no run was applied since",
                      remedy="Let the district authorise the app again if it disconnected it, `resume` where runs are "
                             "paused, and start a `run`. Once it is applied, switch sign-in on.")


def _without_sign_in(integration: Integration, why: str, by: str, world: World) -> Integration:
    """The integration without sign-in, where its products need the rostering that ended; as it was otherwise."""
    if _needed(integration) is None or integration.sign_in.ended is not None:
        return integration
    ended = Ended(reason=why, by=by, at=world.clock.now())
    return integration.model_copy(update={
        "sign_in": integration.sign_in.model_copy(update={"on": False, "students": False, "ended": ended})})


def _needed(integration: Integration) -> str | None:
    """The aggregator without whose rostering nobody signs in to a product of the integration."""
    line = line_named(integration.product_line)
    if line is None:
        return None
    rules = (sign_in_of(product) for product in products_of(line.name, integration.products))
    return next((rule.needs_rostering for rule in rules if rule.needs_rostering), None)


def _tell(before: Integration, why: str, world: World) -> None:
    was_on = "Nobody signs in there any more; whoever tries sees the page SSO-302." if before.sign_in.on else \
        "It was off already, and can not be switched on."
    needed = PORTALS[_needed(before) or before.aggregator]
    world.notices.publish(
        f"Homeroom: sign-in of {before.id} ended",
        f"Sign-in to {before.product_line} of {before.id} ended, because {why}, and can not be used without {needed} "
        f"rostering. {was_on} Next: tell the district. After a run that is applied again, switch sign-in on in the "
        "options.",
    )


def _effect(before: Integration, after: Integration) -> str:
    runs = "no run starts until `resume`; the roster stays as it is"
    if after.sign_in.ended is not None:
        needed = PORTALS[_needed(before) or before.aggregator]
        return f"{runs}. Sign-in to {before.product_line} ended with it, because it needs {needed} rostering"
    if after.sign_in.on:
        return f"{runs}, and people go on signing in by it"
    return f"{runs}. Sign-in is off"

