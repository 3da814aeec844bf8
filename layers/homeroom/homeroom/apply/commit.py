"""The end of a run: results checked, hand edits taken up, and the pointer moved last.

What may crash where, and why the next run ends in the same roster:

    before the results are whole     the plan's keys are dirty: the next plan takes them in
    after edits are taken up         their records were written with the parts and are dirty as well: nothing is lost
    after the commit                 a repeated call finds the ledger entry, which came with the commit, and only tidies

The ledger entry of an applied run and the pointer are one transaction: neither tells what the other does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from homeroom.apply import undone
from homeroom.apply.failures import Failure, failure_of
from homeroom.apply.holds import expire_held, held_record, lapse, settled, supersede
from homeroom.apply.manifest import edits_of, load_manifest
from homeroom.apply.results import found_results, whole_results
from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.events import FinishRun
from homeroom.model.integration import Integration
from homeroom.model.issues import CATALOGUE
from homeroom.model.plan import PlanManifest
from homeroom.model.run import Control, Lease, Outcome, RunRecord
from homeroom.ports import World

CLOSING = timedelta(minutes=11)
"""How far the lease is moved when the end of a run begins: the function's time and a minute."""

_ACTIONS = ("create", "update", "archive", "restore", "adopt")


class Summarize(Protocol):
    """`homeroom.report.summary`: one document about an ended run, in counts, codes and words."""

    def __call__(
        self, *, integration: Integration, record: RunRecord, manifest: PlanManifest | None,
        results: list[dict[str, Any]], now: datetime,
    ) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Ending:
    """How a run ended: its ledger entry, and whether another delivery waits for a run of its own."""

    record: RunRecord
    pending: bool


@dataclass(frozen=True)
class Closing:
    """Everything the end of a run looks at."""

    lease: Lease
    world: World
    summarize: Summarize
    integration: Integration
    control: Control
    record: RunRecord
    manifest: PlanManifest | None
    now: datetime

    @property
    def plan(self) -> PlanManifest:
        """The plan's manifest; a verdict was given, so there is one."""
        if self.manifest is None:
            raise NotFound(f"run {self.lease.run} kept no plan")
        return self.manifest


def finish(event: FinishRun, world: World, summarize: Summarize) -> Ending:
    """End a run after its verdict or its error; a repeated call changes nothing more. Returns what the ledger holds.

    Raises LeaseLost where the roster belongs to a newer run, and PartMissing where results are not whole:
    then the state machine calls again with that error.
    """
    closing = _open(event, world, summarize)
    if closing.record.outcome is None:
        if event.error is not None:
            _ended_by_error(closing, failure_of(event.error))
        elif event.verdict is not None:
            _BY_VERDICT[event.verdict](closing)
    ending = _tidied(closing)
    if event.error is not None and ending.pending:
        _wake_later(closing)
    return ending


def _open(event: FinishRun, world: World, summarize: Summarize) -> Closing:
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    try:
        manifest = load_manifest(world.objects, event.integration, event.run)
    except NotFound:
        manifest = None
    record = world.runs.run(event.integration, event.run)
    if manifest is not None:
        record = record.model_copy(update={
            "content_hash": manifest.content_hash or record.content_hash,
            "plan_hash": manifest.plan_hash or None,
            "operations": sum(count for _, _, count in manifest.parts),
        })
    return Closing(
        lease, world, summarize, world.integrations.get(event.integration), world.runs.control(event.integration),
        record, manifest, world.clock.now(),
    )


def _applied(closing: Closing) -> None:
    """Every part reported and the counts agree: take up the edits, then move the pointer. An undo that has nothing to
    take back moves nothing, so that a plan which waits goes on waiting."""
    world, lease, plan = closing.world, closing.lease, closing.plan
    if plan.undoes is not None and plan.verdict == "nothing" and not plan.mends:
        world.runs.record(_recorded(closing, "nothing to change", text=_done(plan)))
        return
    world.runs.extend(lease, int((closing.now + CLOSING).timestamp()))
    results = whole_results(world.objects, lease, plan)
    world.roster.consume(edits_of(plan))
    record = _recorded(
        closing, _applied_as(plan), text=_done(plan), results=results, plan_run=lease.run,
        owner="vendor" if plan.rest else "nobody", waits=plan.rest["plan_hash"] if plan.rest else None,
    )
    held = held_record(world, closing.control)
    if held is not None:
        expire_held(world.objects, closing.control)
    undone.settle(world, record, plan)
    world.runs.commit(
        lease, applied_run=lease.run, content=plan.content_hash, signature=plan.signature, at=closing.now,
        records=[record, *([_no_longer_held(held, record)] if held else [])], waits=plan.rest is not None,
    )


def _done(plan: PlanManifest) -> str:
    """What a run did, in words."""
    changes = _changes(plan.counts)
    text = f"{changes:,} record{'' if changes == 1 else 's'} changed"
    if plan.undoes is not None:
        left = plan.issues.get("UND-01", 0)
        return f"run {plan.undoes} taken back: {text}" + (f", {left:,} left alone (UND-01)" if left else "")
    return f"{text}, {_changes(plan.rest['counts']):,} wait for approval" if plan.rest else text


def _changes(counted: Mapping[str, Mapping[str, int]]) -> int:
    return sum(counts.get(action, 0) for counts in counted.values() for action in _ACTIONS)


def _applied_as(plan: PlanManifest) -> Outcome:
    if plan.verdict == "nothing":
        return "nothing to change"
    errors = any(CATALOGUE[code].severity == "error" for code, count in plan.issues.items() if count)
    return "applied with issues" if errors else "applied"


def _no_longer_held(held: RunRecord, applied: RunRecord) -> RunRecord:
    if applied.trigger == "approval":
        text = f"approved in part; run {applied.run} applied it, and the rest waits there" if applied.waits else \
            f"approved; run {applied.run} applied it"
        return settled(held, "applied", text, held.finished_at or held.started_at)
    finished = applied.finished_at or applied.started_at
    if applied.undoes is not None:
        return settled(held, "lapsed", f"run {applied.run} took run {applied.undoes} back since", finished)
    told = "came later and holds a part anew" if applied.waits else "came later and passed the guards"
    return settled(held, "lapsed", f"run {applied.run} {told}", finished)


def _held(closing: Closing) -> None:
    """Note the hold and free the lease; an older hold lapses with it."""
    tripped = [guard for guard in closing.plan.guards if guard["tripped"]]
    text = "held by " + ", ".join(str(guard["code"]) for guard in tripped)
    code = str(tripped[0]["code"]) if tripped else None
    record = _recorded(closing, "held", code=code, text=text, owner="vendor")
    older = held_record(closing.world, closing.control)
    lapsed = [settled(older, "lapsed", f"run {record.run} was held later", closing.now)] if older else []
    if older is not None:
        expire_held(closing.world.objects, closing.control)
    closing.world.runs.hold(closing.lease, record.run, [record, *lapsed])


def _failed(closing: Closing) -> None:
    """Nothing could be planned: the last good roster stays."""
    told = closing.plan.failure or {}
    closing.world.runs.record(_recorded(
        closing, "failed", code=told.get("code"), text=told.get("text", ""), owner=told.get("owner", "vendor"),
    ))


def _lapsed(closing: Closing) -> None:
    """The plan is not the one that was approved: neither this run nor the held one writes anything."""
    text = "the plan changed since it was held; look at a new run"
    lapse(closing.world, closing.control, text)
    closing.world.runs.record(_recorded(closing, "lapsed", code="REQ-02", text=text, owner="vendor"))


def _denied(closing: Closing) -> None:
    """The source still says what was discarded: nothing to hold a second time (design 3)."""
    closing.world.runs.record(_recorded(
        closing, "skipped", code="denied", owner="district",
        text="this content was discarded; it is refused until it changes, or run by hand with force",
    ))


_BY_VERDICT: Mapping[str, Callable[[Closing], None]] = {
    "apply": _applied, "nothing": _applied, "hold": _held, "fail": _failed, "lapsed": _lapsed,
    "denied": _denied,
}


def _ended_by_error(closing: Closing, failure: Failure) -> None:
    """Failed: nothing was written. Interrupted: writing had begun, so keys stay dirty and the next run repairs."""
    planned = closing.manifest is not None and closing.manifest.verdict == "apply"
    begun = closing.lease.run in closing.control.dirty_runs or (failure.lost and planned)
    outcome: Outcome = "interrupted" if begun else "failed"
    results = found_results(closing.world.objects, closing.lease, closing.manifest)
    closing.world.runs.record(_recorded(
        closing, outcome, code=failure.code, text=failure.text, owner=failure.owner, results=results,
    ))


def _recorded(
    closing: Closing, outcome: Outcome, *, code: str | None = None, text: str = "", owner: str = "nobody",
    results: list[dict[str, Any]] | None = None, plan_run: int | None = None, waits: str | None = None,
) -> RunRecord:
    """The ledger entry as it will stand, with its summary, which is stored first."""
    record = closing.record.model_copy(update={
        "state": "finished", "outcome": outcome, "code": code, "text": text, "owner": owner,
        "finished_at": closing.now, "plan_run": plan_run, "waits": waits,
    })
    summary = closing.summarize(
        integration=closing.integration, record=record, manifest=closing.manifest, results=results or [],
        now=closing.now,
    )
    closing.world.objects.put(places.summary(record.integration, record.run), json.dumps(summary).encode())
    return record.model_copy(update={"summary": summary})


def _tidied(closing: Closing) -> Ending:
    """What may be repeated: expiry of what is no longer needed, the lease, and the look for what waits."""
    world, lease = closing.world, closing.lease
    record = world.runs.run(lease.integration, lease.run)
    if record.plan_run is not None:
        base = closing.plan.base_run
        if base is not None and base != lease.run:
            supersede(world.objects, lease.integration, base)
        undone.forgive(world, closing.control, record, closing.plan)
    elif record.outcome != "held":
        supersede(world.objects, lease.integration, lease.run)
    if record.outcome != "interrupted":
        world.runs.release(lease)
    return Ending(record, world.runs.control(lease.integration).pending is not None)


def _wake_later(closing: Closing) -> None:
    """After an error the execution ends here: what waits is started by a wake-up once the lease is free."""
    control = closing.world.runs.control(closing.lease.integration)
    busy = control.lease_until - int(closing.now.timestamp()) + 1 if control.lease_run is not None else 0
    closing.world.waking.wake(closing.lease.integration, max(0, min(busy, 900)))
