"""What staff may do: each operation of the function `support`, audited before it acts (design 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from homeroom.apply.holds import settled, supersede
from homeroom.errors import NotFound, Refused
from homeroom.guard.guards import BY_CODE as GUARDS
from homeroom.model import events
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration
from homeroom.ports import World
from homeroom.products import unknown
from homeroom.support.audit import audit
from homeroom.support.door import start
from homeroom.support.rules import leased
from homeroom.support.stale import check_stale
from homeroom.support.views import integration_view, run_view, seen

_FIXED = ("aggregator", "transport", "product_line")
"""What an integration is; after its first applied run another one is a new integration (ids never mix)."""


def act(event: Any, world: World) -> dict[str, Any]:
    """Do one operation and answer in JSON. Raises Refused, NotFound, Lapsed and RetryableError."""
    return _OPERATIONS[event.operation](event, world)


def connect(event: events.Connect, world: World) -> dict[str, Any]:
    """Set up an integration, or change its set-up. A pause is kept: only `resume` ends it."""
    wanted = event.integration
    _refuse_what_can_not_run(wanted)
    known = _known(wanted.id, world)
    if known is None:
        wanted = wanted.model_copy(update={"created_at": world.clock.now(), "created_by": event.by})
    else:
        _refuse_another_source(known, wanted, world)
        kept = {"created_at": known.created_at, "created_by": known.created_by, "paused": known.paused}
        wanted = wanted.model_copy(update=kept)
    audit(world, wanted.id, "connect", event.by, event.reason)
    world.integrations.put(wanted)
    return integration_view(seen(wanted, world))


def _refuse_what_can_not_run(wanted: Integration) -> None:
    """A set-up that would be ignored in part, or that could take another district's file, is refused in words."""
    wrong = unknown(wanted.product_line, wanted.products)
    if wrong is not None:
        raise Refused(wrong, remedy="Name product line and products as the catalogue has them.")
    strangers = sorted(code for code in wanted.limits if code not in GUARDS or not code.startswith("GRD-"))
    if strangers:
        raise Refused(f"there is no limit to set for {', '.join(strangers)}", remedy="Name a guard such as GRD-02.")
    if not wanted.district_id:
        raise Refused(
            "no district is named, so another district's file could not be told from its own",
            remedy="Name district_id: the sourcedId or identifier of the district in its orgs.csv.",
        )


def _known(integration: str, world: World) -> Integration | None:
    try:
        return world.integrations.get(integration)
    except NotFound:
        return None


def _refuse_another_source(known: Integration, wanted: Integration, world: World) -> None:
    changed = [name for name in _FIXED if getattr(known, name) != getattr(wanted, name)]
    if changed and world.runs.control(known.id).applied_run is not None:
        raise Refused(
            f"{', '.join(changed)} of an integration with a roster can not change",
            remedy="Connect the other source under a name of its own.",
        )


def list_all(_event: events.ListIntegrations, world: World) -> dict[str, Any]:
    """All integrations, each with its status and who acts next, and all runs that wait for a look."""
    views = [integration_view(seen(integration, world)) for integration in world.integrations.list()]
    held = [run_view(record) for record in world.runs.held()]
    return {"integrations": sorted(views, key=lambda view: str(view["integration"])), "held": held}


def status(event: events.ShowStatus, world: World) -> dict[str, Any]:
    """One integration with its newest runs."""
    looked = seen(world.integrations.get(event.integration), world, event.runs)
    return integration_view(looked) | {"runs": [run_view(record) for record in looked.history[: event.runs]]}


def run_now(event: events.RunNow, world: World) -> dict[str, Any]:
    """Start a run by hand with the newest landed set (requirement B2)."""
    world.integrations.get(event.integration)
    audit(world, event.integration, "run", event.by, event.reason, force=event.force)
    asked = StartRun(
        trigger="hand", integration=event.integration, by=event.by, reason=event.reason, force=event.force
    )
    return start(asked, world).model_dump(mode="json")


def preview(event: events.Preview, world: World) -> dict[str, Any]:
    """The summary of a run: of the one that is held, or else of the newest."""
    control = world.runs.control(world.integrations.get(event.integration).id)
    number = event.run or control.held_run or next((r.run for r in world.runs.history(event.integration, 1)), None)
    if number is None:
        raise Refused("there is no run yet", remedy="Land an export, or run by hand.")
    record = world.runs.run(event.integration, number)
    return run_view(record) | {"held": control.held_run == number, "summary": record.summary}


def approve(event: events.Approve, world: World) -> dict[str, Any]:
    """Apply a held plan as it is, bound to its hash. Raises Lapsed when anything moved since."""
    world.integrations.get(event.integration)
    audit(world, event.integration, "approve", event.by, event.reason, run=event.run, plan_hash=event.plan_hash)
    asked = StartRun(
        trigger="approval", integration=event.integration, by=event.by, reason=event.reason, held_run=event.run,
        plan_hash=event.plan_hash,
    )
    return start(asked, world).model_dump(mode="json")


def discard(event: events.Discard, world: World) -> dict[str, Any]:
    """Drop a held plan; its content is denied until it changes. May be repeated."""
    control = world.runs.control(world.integrations.get(event.integration).id)
    if control.held_run != event.run:
        raise Refused(f"run {event.run} is not held")
    if leased(control, world.clock.now()):
        raise Refused(f"run {control.lease_run} is on", remedy="Ask again when it has ended.")
    audit(world, event.integration, "discard", event.by, event.reason, run=event.run)
    record = world.runs.run(event.integration, event.run)
    if record.content_hash is not None:
        world.runs.deny(event.integration, record.content_hash)
    record = settled(record, "discarded", "discarded; the same content is refused from now on", world.clock.now())
    world.runs.record(record)
    supersede(world.objects, event.integration, event.run)
    world.runs.clear_hold(event.integration, event.run)
    return run_view(record)


def stale(_event: events.CheckStale, world: World) -> dict[str, Any]:
    """The daily look at all rosters; see `homeroom.support.stale`."""
    return check_stale(world)


_OPERATIONS: Mapping[str, Callable[[Any, World], dict[str, Any]]] = {
    "connect": connect, "list": list_all, "status": status, "run": run_now, "preview": preview, "approve": approve,
    "discard": discard, "stale": stale,
}
