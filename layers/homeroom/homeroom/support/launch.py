"""A run's first entries: request, ledger, execution; or the ledger's word why there is none."""

from __future__ import annotations

from homeroom.apply.holds import supersede
from homeroom.errors import HomeroomError, NoEnd, NotFound
from homeroom.model import places
from homeroom.model.events import StartRun
from homeroom.model.run import Control, Lease, Request, RunRecord
from homeroom.ports import World
from homeroom.support.rules import Asked, Stop, leased

LEASE_SECONDS = 300
"""From the door to the planner's first extension. Short, so that a door that died blocks nobody for long."""


def launch(event: StartRun, asked: Asked, lease: Lease, world: World) -> str:
    """Write the request and start the execution; returns its address. On an error: the file waits, the ledger says
    what happened, the lease is free, and the error is raised again."""
    request = Request(
        integration=lease.integration, run=lease.run, fence=lease.fence, trigger=event.trigger, by=event.by,
        reason=event.reason, as_of=asked.as_of or asked.today, delivery=asked.delivery, held_run=event.held_run,
        plan_hash=event.plan_hash, only=event.only, rekey=event.rekey, undo=event.undo,
        rows_of=_rows_of(event, asked, world), force=event.force, full=event.full, started_at=asked.now,
    )
    try:
        world.objects.put(places.request(request.integration, request.run), request.model_dump_json().encode())
        execution = _begin(request, asked, world)
    except Exception as error:
        _give_up(request, error, world)
        raise
    if request.delivery is not None and asked.control.pending is not None:
        # An approval reads the rows of the held run: what landed since goes on waiting for a run of its own.
        world.runs.clear_pending(request.integration, asked.control.pending)
    return execution


def _rows_of(event: StartRun, asked: Asked, world: World) -> int | None:
    """For an undo, the run that read the rows which stay the newest of the source."""
    applied = asked.control.applied_run
    if event.undo is None or applied is None:
        return None
    try:
        return Request.model_validate_json(world.objects.get(places.request(event.integration, applied))).read_by
    except NotFound:
        return applied


def running_same(asked: Asked, world: World) -> Request | None:
    """The request of the run that is on, if it reads the very delivery that is asked for."""
    control = world.runs.control(asked.integration.id)
    if control.lease_run is None or asked.delivery is None:
        return None
    try:
        written = world.objects.get(places.request(control.integration, control.lease_run))
    except NotFound:
        return None
    request = Request.model_validate_json(written)
    same = request.delivery is not None and request.delivery.identity() == asked.delivery.identity()
    return request if same else None


def begin_again(request: Request, asked: Asked, world: World) -> str:
    """Go on where a door stopped after it wrote the request; nothing changes if it did not stop."""
    return _begin(request, asked, world)


def _begin(request: Request, asked: Asked, world: World) -> str:
    """Ledger entry and execution; only then the delivery counts as taken. May be repeated."""
    try:
        world.runs.run(request.integration, request.run)
    except NotFound:
        world.runs.record(_entry(request))
    execution = world.executions.start(request, asked.integration.transport)
    if request.delivery is not None:
        world.runs.take_delivery(request.integration, request.delivery, request.run)
    return execution


def _give_up(request: Request, error: Exception, world: World) -> None:
    told = error if isinstance(error, HomeroomError) else HomeroomError("the run could not be started")
    if request.trigger == "file" and request.delivery is not None:
        world.runs.set_pending(request.integration, request.delivery)
        world.waking.wake(request.integration, LEASE_SECONDS)
    world.runs.record(_entry(request).model_copy(update={
        "state": "finished", "outcome": "failed", "code": told.issue_code, "text": told.text,
        "owner": told.issue_owner, "finished_at": world.clock.now(),
    }))
    world.runs.release(Lease(integration=request.integration, run=request.run, fence=request.fence))


def _entry(request: Request) -> RunRecord:
    return RunRecord(
        integration=request.integration, run=request.run, trigger=request.trigger, by=request.by,
        reason=request.reason, started_at=request.started_at,
        content_hash=request.delivery.content_hash if request.delivery else None, undoes=request.undo,
    )


def refusal(event: StartRun, asked: Asked, stopped: Stop, world: World, run: int | None) -> int:
    """Ledger entry of a run that does not start, under its own number; returns the number."""
    if run is None:
        run, _ = world.runs.open(event.integration, now=asked.now, lease_seconds=0, take_lease=False)
    world.runs.record(RunRecord(
        integration=event.integration, run=run, trigger=event.trigger, by=event.by, reason=event.reason,
        state="finished", outcome="skipped", code=stopped.reason, text=stopped.text, started_at=asked.now,
        finished_at=asked.now, content_hash=asked.delivery.content_hash if asked.delivery else None,
        undoes=event.undo,
    ))
    if event.trigger == "file" and asked.delivery is not None:
        world.runs.take_delivery(event.integration, asked.delivery, run)
    return run


def bury(control: Control, world: World) -> None:
    """A run whose lease lapsed without an end gets one in the ledger: its process died and nobody else will say so."""
    if control.lease_run is None or leased(control, world.clock.now()):
        return
    try:
        record = world.runs.run(control.integration, control.lease_run)
    except NotFound:
        return
    if record.outcome is None:
        begun = control.lease_run in control.dirty_runs
        world.runs.record(record.model_copy(update={
            "state": "finished", "outcome": "interrupted" if begun else "failed", "code": NoEnd.code,
            "text": "the run stopped without an end", "owner": NoEnd.owner, "finished_at": world.clock.now(),
        }))
        supersede(world.objects, control.integration, control.lease_run)
