"""The one door: schedule, landed file, hand, approval and what waited all start a run here, and nowhere else.

Number and lease are one conditional write, so that of two that come at once exactly one starts. A landed file is never
lost: it is noted as the newest delivery before anything else, waits as `pending` while no run may start, and counts as
`taken` only when its run was started or its refusal stands in the ledger. A door that died half-way is taken up by the
repeated event, or by a wake-up once its short lease has lapsed.
"""

from __future__ import annotations

from homeroom.apply.holds import lapse
from homeroom.apply.manifest import load_manifest
from homeroom.apply.signature import signature
from homeroom.errors import NotFound
from homeroom.model.events import Started, StartRun
from homeroom.model.integration import Integration
from homeroom.model.plan import RULES_VERSION
from homeroom.model.run import Control, Delivery, Lease
from homeroom.ports import World
from homeroom.support.approval import check_approval
from homeroom.support.deliveries import newest_delivery
from homeroom.support.launch import LEASE_SECONDS, begin_again, bury, launch, refusal, running_same
from homeroom.support.rules import Asked, Stop, leased, stop
from homeroom.support.undoable import check_undo

_BY_ITSELF = ("schedule", "sign_in")
"""Nobody brought anything: a time has come, or somebody signed in who is not in the roster yet."""
_KEEPS = ("paused", "blackout", "locked")
"""Reasons after which a landed file waits."""
_SETTLED = ("applied", "applied with issues", "nothing to change", "held", "discarded")
"""Outcomes after which the same delivery needs no second run."""
_LOST_THE_RACE = Stop("locked", "another run started at the same time")


def start(event: StartRun, world: World) -> Started:
    """Start a run, or say why not. Raises NotFound, Lapsed (an approval of what moved) and RetryableError."""
    asked = _ask(event, world)
    if event.trigger == "pending" and asked.integration.transport != "csv_pushed":
        return _nobody_reads(event, asked, world)
    if event.trigger == "file" and asked.delivery is not None:
        earlier = world.runs.taken_by(event.integration, asked.delivery)
        if earlier is not None:
            return _answer(event, None, "skipped", Stop("taken", f"run {earlier} took this delivery"))
    if event.trigger in _BY_ITSELF and (earlier := _settled_by(asked, world)) is not None:
        return _answer(event, None, "skipped", Stop("taken", f"no newer file than the one of run {earlier}"))
    if asked.delivery is not None and asked.delivery != asked.control.last_delivery:
        world.runs.set_last_delivery(event.integration, asked.delivery)
    stopped = stop(asked)
    if stopped is not None:
        return _stopped(event, asked, stopped, world)
    now = world.clock.now()
    run, lease = world.runs.open(event.integration, now=now, lease_seconds=LEASE_SECONDS, take_lease=True)
    if lease is None:
        return _stopped(event, asked, _LOST_THE_RACE, world, run)
    bury(asked.control, world)
    return _under_lease(event, asked, lease, world)


def start_waiting(integration: str, world: World) -> Started | None:
    """Start the run of the delivery that waits, if one does and no run is on."""
    control = world.runs.control(integration)
    if control.pending is None or leased(control, world.clock.now()):
        return None
    return start(StartRun(trigger="pending", integration=integration), world)


def _ask(event: StartRun, world: World, before: Asked | None = None, lease: Lease | None = None) -> Asked:
    """What the rules look at, as it is now; what was found `before` is not fetched and hashed again."""
    integration = world.integrations.get(event.integration)
    control = world.runs.control(integration.id)
    as_of = check_approval(event, world, integration, control) if event.trigger == "approval" else None
    if event.trigger == "undo":
        check_undo(event, world)
    return Asked(
        trigger=event.trigger, integration=integration, control=control, now=world.clock.now(), as_of=as_of,
        delivery=before.delivery if before else _delivery(event, integration, control, world),
        edits_wait=bool(world.roster.edits(integration.roster)), force=event.force,
        lease_run=lease.run if lease else None,
    )


def _settled_by(asked: Asked, world: World) -> int | None:
    """The run that settled the newest delivery, if its schedule brings nothing new: no word in the ledger then, because
    an old file that is looked at again must not pass for a fresh one. What failed or waits is tried again, and so is a
    file that is read by other rules now."""
    control = asked.control
    if asked.delivery is None or control.pending is not None or control.dirty_runs or asked.edits_wait:
        return None
    earlier = world.runs.taken_by(asked.integration.id, asked.delivery)
    if earlier is None or control.applied_run is None:
        return None
    ended = world.runs.run(asked.integration.id, earlier).outcome
    return earlier if ended in _SETTLED and _by_the_same_rules(asked, asked.delivery, earlier, world) else None


def _by_the_same_rules(asked: Asked, delivery: Delivery, earlier: int, world: World) -> bool:
    """Whether that run, or the one that was applied last, read the delivery with the options of today."""
    options = asked.integration.options_hash()
    if asked.control.applied_signature is None:
        return False  # what waited of the plan lapsed: it is asked for again
    if signature(delivery.content_hash or "", options) == asked.control.applied_signature:
        return True
    try:
        planned = load_manifest(world.objects, asked.integration.id, earlier)
    except NotFound:
        return False
    return (planned.options_hash, planned.rules_version) == (options, RULES_VERSION)


def _delivery(event: StartRun, integration: Integration, control: Control, world: World) -> Delivery | None:
    """What the run would read: the landed files, or else the newest set that there is."""
    if event.trigger == "file":
        return Delivery(files=event.files, content_hash=event.content_hash)
    if event.trigger in ("approval", "undo") or integration.transport != "csv_pushed":
        return None
    return newest_delivery(integration, control.last_delivery, world)


def _under_lease(event: StartRun, asked: Asked, lease: Lease, world: World) -> Started:
    """Nobody else moves the pointer now: what was judged before is judged again, then the execution starts."""
    try:
        asked = _ask(event, world, asked, lease)
        stopped = stop(asked)
        if stopped is None:
            execution = launch(event, asked, lease, world)
            return _answer(event, lease.run, "queued", None, execution)
    except Exception:
        world.runs.release(lease)
        raise
    world.runs.release(lease)
    answer = _stopped(event, asked, stopped, world, lease.run)
    return start_waiting(event.integration, world) or answer


def _stopped(event: StartRun, asked: Asked, stopped: Stop, world: World, run: int | None = None) -> Started:
    """No run starts: by the kind of the reason."""
    if stopped.reason == "locked" and event.trigger == "file":
        same = running_same(asked, world)
        if same is not None:
            reads = Stop("taken", f"run {same.run} reads this delivery")
            return _answer(event, same.run, "queued", reads, begin_again(same, asked, world))
    if event.trigger == "pending" and stopped.reason in (*_KEEPS, "no data"):
        return _answer(event, None, "skipped", stopped)
    if event.trigger == "file" and stopped.reason in _KEEPS:
        return _kept(event, asked, stopped, world, run)
    if stopped.reason in ("denied", "unchanged") and asked.control.pending is not None:
        world.runs.clear_pending(event.integration, asked.control.pending)
    if stopped.reason == "unchanged" and asked.control.held_run != asked.control.applied_run:
        lapse(world, asked.control, "the source is again as it was last applied")
    state = "refused" if event.trigger in ("hand", "approval", "undo") else "skipped"
    return _answer(event, refusal(event, asked, stopped, world, run), state, stopped)


def _kept(event: StartRun, asked: Asked, stopped: Stop, world: World, run: int | None) -> Started:
    """The file waits. The run that was on may have ended just before it was noted: then it starts here."""
    assert asked.delivery is not None
    world.runs.set_pending(event.integration, asked.delivery)
    answer = _answer(event, refusal(event, asked, stopped, world, run), "pending", stopped)
    if stopped.reason != "locked":
        return answer
    world.waking.wake(event.integration, LEASE_SECONDS)
    return start_waiting(event.integration, world) or answer


def _nobody_reads(event: StartRun, asked: Asked, world: World) -> Started:
    """A file waits from before the roster came another way. It is forgotten: else each run's end would start the next.
    """
    if asked.control.pending is not None:
        world.runs.clear_pending(event.integration, asked.control.pending)
    return _answer(event, None, "skipped", Stop("no data", "landed files are not read any more"))


def _answer(
    event: StartRun, run: int | None, state: str, stopped: Stop | None, execution: str | None = None
) -> Started:
    return Started.model_validate({
        "integration": event.integration, "run": run, "state": state, "execution": execution,
        "reason": stopped.reason if stopped else None, "text": stopped.text if stopped else "",
    })
