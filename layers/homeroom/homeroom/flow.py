"""The whole run in one screen. Read this first.

    read → check → shape → diff → guard → apply → report

`preview` is the pure middle: the same function plans a run in the cloud, previews on a laptop and is held to the laws
in the tests. `sync` is a whole run in one process. In the cloud the state machine does the same, each step in a
function: `plan_roster` calls `plan_run`, `upsert_roster` calls `apply_part`, `finish_run` calls `finish`. Who may start
a run decides the one door, `homeroom.support.door`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from homeroom.apply.commit import Ending, finish
from homeroom.apply.part import apply_part
from homeroom.check import Checked, check
from homeroom.diff import Plan, diff
from homeroom.diff.applied import State
from homeroom.errors import SourceUnusable
from homeroom.guard import Verdict, judge
from homeroom.model.events import FinishRun, Planned, Upserted
from homeroom.model.integration import Integration
from homeroom.model.plan import NO_REPAIRS, Repairs
from homeroom.model.run import Lease
from homeroom.model.snapshot import Snapshot
from homeroom.planning import Planning, keep_failure, keep_plan
from homeroom.ports import World
from homeroom.report.summary import summarize
from homeroom.shape import shape

SLICE = timedelta(minutes=15)
"""How long one call of `apply_part` may take, as the function's timeout."""


@dataclass(frozen=True)
class Preview:
    """What a run would do, and whether the guards let it."""

    checked: Checked
    plan: Plan
    verdict: Verdict


def preview(snapshot: Snapshot, integration: Integration, applied: State | None, *, as_of: str,
            repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = ()) -> Preview:
    """The roster we want is a pure function of what the source says and what the district chose.

    `applied` is the kept state, None before the first load; `as_of` the day (YYYY-MM-DD) in the integration's zone.
    """
    checked = check(snapshot)
    del snapshot  # a large district's rows are not needed twice; who called lets go of them too
    desired = shape(checked)
    plan = diff(desired, applied, checked, roster=integration.roster, as_of=as_of, repairs=repairs,
                expected_districts=expected_districts)
    verdict = judge(plan.facts, integration.limits, hold_first_load=integration.hold_first_load)
    return Preview(checked, plan, verdict)


def plan_run(lease: Lease, world: World) -> Planned:
    """Read, check, shape, diff and guard one run; keep snapshot, issues, plan and next state. Writes no roster.

    A source that cannot be used ends as verdict `fail`, in words. Raises LeaseLost, StateLost and RetryableError.
    """
    planning = Planning.open(lease, world)
    try:
        snapshot = planning.read()
    except SourceUnusable as unusable:
        return keep_failure(planning, unusable)
    seen = preview(
        snapshot, planning.integration, planning.applied(), as_of=planning.request.as_of,
        repairs=planning.repairs(), expected_districts=planning.expected_districts(),
    )
    return keep_plan(planning, snapshot, seen.checked, seen.plan, seen.verdict)


def sync(lease: Lease, world: World) -> Ending:
    """Plan, apply and finish a run that the door has started, in this process. An error is the caller's to end with."""
    planned = plan_run(lease, world)
    for wave in planned.waves:
        for part in wave:
            written = Upserted(done=False, offset=0)
            while not written.done:
                written = apply_part(lease, part, written.offset, world, world.clock.now() + SLICE)
    about = {"integration": lease.integration, "run": lease.run, "fence": lease.fence}
    return finish(FinishRun(**about, verdict=planned.verdict), world, summarize)
