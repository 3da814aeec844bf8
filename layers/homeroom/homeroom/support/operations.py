"""What staff may do: each operation of the function `support`, audited before it acts (design 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from homeroom.apply.holds import expire_held
from homeroom.errors import Refused
from homeroom.model import events
from homeroom.model.events import StartRun
from homeroom.ports import World
from homeroom.support.approval import denial, dropped, keep_approval, manifest_of, what_waits
from homeroom.support.asking import explain, try_choices
from homeroom.support.audit import audit
from homeroom.support.byhand import archive, by_hand, create, edit, release
from homeroom.support.choosing import choose_schools, find_schools, share
from homeroom.support.connecting import connect, rotate_secret
from homeroom.support.deliveries import late_file
from homeroom.support.door import start
from homeroom.support.limits import change_limits, change_season
from homeroom.support.linking import unlink
from homeroom.support.moving import change_aggregator
from homeroom.support.options import change_options
from homeroom.support.persons import person
from homeroom.support.portals import check_portal, check_portals
from homeroom.support.primary import demote, primary_view, promote
from homeroom.support.registering import register_product, registrations
from homeroom.support.rostering import end_rostering
from homeroom.support.rules import leased
from homeroom.support.sign_in_shown import sign_in_shown
from homeroom.support.sign_ins import sign_in, sign_ins
from homeroom.support.signed_in_school import signed_in_school
from homeroom.support.stale import check_stale
from homeroom.support.timers import blackout, pause, reconcile_schedules, resume
from homeroom.support.trying_sign_in import try_sign_in
from homeroom.support.undoing import as_of, try_undo, undo
from homeroom.support.verifying import accept, pending_requests, try_connection, verify_district
from homeroom.support.views import integration_view, run_view, seen, set_up_view, steps_view


def act(event: Any, world: World) -> dict[str, Any]:
    """Do one operation and answer in JSON. Raises Refused, NotFound, Lapsed and RetryableError."""
    return _OPERATIONS[event.operation](event, world)


def list_all(_event: events.ListIntegrations, world: World) -> dict[str, Any]:
    """All integrations, each with its status and who acts next, and all runs that wait for a look."""
    views = [integration_view(seen(integration, world)) for integration in world.integrations.list()]
    held = [run_view(record) for record in world.runs.held()]
    return {"integrations": sorted(views, key=lambda view: str(view["integration"])), "held": held}


def status(event: events.ShowStatus, world: World) -> dict[str, Any]:
    """One integration: whose turn it is, the steps of its set-up, and its newest runs."""
    integration = world.integrations.get(event.integration)
    missing = late_file(integration, world)
    looked = replace(seen(integration, world, event.runs), late=missing.text if missing else None)
    runs = {"runs": [run_view(record) for record in looked.history[: event.runs]]}
    primary = {"primary": primary_view(integration, world)}
    signs_in = sign_in_shown(looked.integration)
    return integration_view(looked) | steps_view(looked) | set_up_view(looked.integration) | signs_in | primary | runs


def run_now(event: events.RunNow, world: World) -> dict[str, Any]:
    """Start a run by hand, with the newest landed set or the source as it is now (requirement B2)."""
    world.integrations.get(event.integration)
    audit(world, event.integration, "run", event.by, event.reason, force=event.force, full=event.full)
    asked = StartRun(
        trigger="hand", integration=event.integration, by=event.by, reason=event.reason, force=event.force,
        full=event.full,
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
    """Apply a held plan as it is, or a part of it, bound to its hash. Raises Lapsed when anything moved since.

    Where two people must approve, the first yes is kept, and starts nothing.
    """
    integration = world.integrations.get(event.integration)
    part = {} if event.only.everything else {"only": event.only.model_dump(mode="json", exclude_defaults=True)}
    audit(world, event.integration, "approve", event.by, event.reason, run=event.run, plan_hash=event.plan_hash,
          rekey=event.rekey, **part)
    asked = StartRun(
        trigger="approval", integration=event.integration, by=event.by, reason=event.reason, held_run=event.run,
        plan_hash=event.plan_hash, only=event.only, rekey=event.rekey,
    )
    held = what_waits(asked, world, integration, world.runs.control(integration.id))
    if held.missing(asked):
        keep_approval(asked, held, world)
        return {
            "integration": integration.id, "run": event.run, "state": "waiting", "reason": "second person",
            "text": "kept; nothing is applied before a second person approves the same", "execution": None,
        }
    return start(asked, world).model_dump(mode="json")


def discard(event: events.Discard, world: World) -> dict[str, Any]:
    """Drop a held plan, or what waits of one. Its content is denied until it, or how we read it, changes. May be
    repeated."""
    control = world.runs.control(world.integrations.get(event.integration).id)
    if control.held_run != event.run:
        waits = control.held_run
        raise Refused(f"run {event.run} is not held", remedy=(
            f"Run {waits} is what waits now: look at it first." if waits else "Nothing waits: `status` tells."))
    if leased(control, world.clock.now()):
        raise Refused(f"run {control.lease_run} is on", remedy="Ask again when it has ended.")
    audit(world, event.integration, "discard", event.by, event.reason, run=event.run)
    record = world.runs.run(event.integration, event.run)
    manifest = manifest_of(world, event.integration, event.run)
    denied = denial(record, manifest)
    if denied is not None:
        world.runs.deny(event.integration, denied)
    record = dropped(record, manifest, world.clock.now())
    world.runs.record(record)
    expire_held(world.objects, control)
    world.runs.clear_hold(event.integration, event.run)
    return run_view(record)


def stale(_event: events.CheckStale, world: World) -> dict[str, Any]:
    """The daily look at all rosters; see `homeroom.support.stale`."""
    return check_stale(world)


_OPERATIONS: Mapping[str, Callable[[Any, World], dict[str, Any]]] = {
    "connect": connect, "test_connection": try_connection, "pending_requests": pending_requests, "accept": accept,
    "verify_district": verify_district, "schools": find_schools, "choose_schools": choose_schools, "share": share,
    "rotate_secret": rotate_secret, "change_aggregator": change_aggregator, "options": change_options,
    "promote": promote, "demote": demote,
    "list": list_all, "status": status, "run": run_now, "preview": preview, "approve": approve, "discard": discard,
    "pause": pause, "resume": resume, "blackout": blackout, "reconcile_schedules": reconcile_schedules,
    "stale": stale, "limits": change_limits, "season": change_season,
    "try": try_choices, "explain": explain,
    "edit": edit, "archive": archive, "create": create, "release": release, "by_hand": by_hand, "person": person,
    "undo": undo, "try_undo": try_undo, "as_of": as_of,
    "register_product": register_product, "registrations": registrations, "check_portal": check_portal,
    "check_portals": check_portals, "sign_in": sign_in, "sign_ins": sign_ins, "unlink": unlink,
    "try_sign_in": try_sign_in, "end_rostering": end_rostering, "signed_in_school": signed_in_school,
}
