"""What staff may do about the clock: pause, resume, blackouts, and schedules kept equal to the integrations (B4)."""

from __future__ import annotations

from typing import Any

from homeroom.errors import NotFound, Refused
from homeroom.model.integration import Blackout, Integration, Pause
from homeroom.model.schedule_events import ChangeBlackout, PauseRuns, ReconcileSchedules, ResumeRuns
from homeroom.ports import Timer, World
from homeroom.support.audit import audit
from homeroom.support.door import start_waiting
from homeroom.support.times import problem, timer_of
from homeroom.support.views import integration_view, seen


def refuse_bad_time(integration: Integration) -> None:
    """Raises Refused for a chosen time that a clock change leaves out or repeats. `connect` asks before it keeps."""
    wrong = problem(integration.schedule, integration.timezone)
    if wrong is not None:
        raise Refused(wrong, remedy="Choose another time, or none: then a good one is found.")


def put_timer(integration: Integration, world: World) -> None:
    """Make the schedule equal to the integration. Call it whenever a set-up was kept, and after that."""
    _set(integration.id, timer_of(integration), world)


def _set(name: str, timer: Timer | None, world: World) -> None:
    if timer is None:
        world.timers.remove(name)
    else:
        world.timers.put(timer)


def pause(event: PauseRuns, world: World) -> dict[str, Any]:
    """No run starts until `resume`. A run that is on goes on to its end."""
    integration = world.integrations.get(event.integration)
    audit(world, integration.id, "pause", event.by, event.reason)
    since = integration.paused.at if integration.paused else world.clock.now()
    paused = Pause(reason=event.reason, by=event.by, at=since)
    return _keep(integration.model_copy(update={"paused": paused}), world)


def resume(event: ResumeRuns, world: World) -> dict[str, Any]:
    """Runs start again; `started` is the run of the delivery that waited, if one did and may start."""
    integration = world.integrations.get(event.integration)
    audit(world, integration.id, "resume", event.by, event.reason)
    resumed = integration.model_copy(update={"paused": None})
    _keep(resumed, world)
    started = start_waiting(integration.id, world)
    return _view(resumed, world) | {"started": started.run if started and started.state == "queued" else None}


def blackout(event: ChangeBlackout, world: World) -> dict[str, Any]:
    """Add days of rest, or take away those of exactly this first and last day. Files that land then wait."""
    integration = world.integrations.get(event.integration)
    first, last = event.first.isoformat(), event.last.isoformat()
    others = tuple(b for b in integration.blackouts if (b.first, b.last) != (first, last))
    if event.remove and others == integration.blackouts:
        raise Refused(f"there is no blackout from {first} to {last}", remedy="Name its own first and last day.")
    audit(world, integration.id, "blackout", event.by, event.reason, first=first, last=last, remove=event.remove)
    added = () if event.remove else (Blackout(first=first, last=last, reason=event.reason),)
    kept = tuple(sorted((*others, *added), key=lambda days: (days.first, days.last)))
    return _keep(integration.model_copy(update={"blackouts": kept}), world)


def _keep(integration: Integration, world: World) -> dict[str, Any]:
    world.integrations.put(integration)
    put_timer(integration, world)
    return _view(integration, world)


def _view(integration: Integration, world: World) -> dict[str, Any]:
    blackouts = [days.model_dump(mode="json") for days in integration.blackouts]
    return integration_view(seen(integration, world)) | {"blackouts": blackouts}


def reconcile_schedules(event: ReconcileSchedules, world: World) -> dict[str, Any]:
    """Make all schedules equal to the integrations: names by what was done, and how many were equal before.

    `refused` are those that AWS does not take; the others are mended all the same. A second call changes nothing.
    """
    # Schedules first: an integration is kept before its schedule, so none is taken for a stray.
    found = {timer.name: timer for timer in world.timers.list()}
    wanted = {integration.id: timer_of(integration) for integration in world.integrations.list()}
    differing = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    did: dict[str, list[str]] = {"created": [], "changed": [], "removed": [], "refused": []}
    for name in differing:
        did[_mend(name, found.get(name), event, world)].append(name)
    return {"integrations": len(wanted), "unchanged": len(found.keys() - {*differing}), **did}


def _mend(name: str, found: Timer | None, event: ReconcileSchedules, world: World) -> str:
    """Make one schedule right by what its integration says now; returns what was done."""
    wanted = _wanted(name, world)
    done = "removed" if wanted is None else "changed" if found else "created"
    audit(world, name, event.operation, event.by, event.reason, schedule=done)
    try:
        _set(name, wanted, world)
    except Refused:
        return "refused"
    return done


def _wanted(name: str, world: World) -> Timer | None:
    try:
        return timer_of(world.integrations.get(name))
    except NotFound:
        return None
