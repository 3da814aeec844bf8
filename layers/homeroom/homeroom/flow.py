"""The whole run in one screen. Read this first.

    read → check → shape → diff → guard → apply → report

`preview` is the pure middle, in a module of its own: check, shape, diff, guard. `sync` is a whole run in one process.
In the cloud the state machine does the same, each step in a function: `poll_oneroster`, `poll_clever` and `pull_sftp`
fetch what no district pushes, `plan_roster` calls `plan_run`, `upsert_roster` calls `apply_part`, `finish_run` calls
`finish`. Who may start a run decides the one door, `homeroom.support.door`.
"""

from __future__ import annotations

from datetime import timedelta

from homeroom.apply.commit import Ending, finish
from homeroom.apply.part import apply_part
from homeroom.errors import SourceUnusable
from homeroom.model.events import FinishRun, Planned, Upserted
from homeroom.model.run import Lease
from homeroom.planning import Planning, around, divider, keep_failure, keep_plan, plan_undo
from homeroom.ports import World
from homeroom.preview import preview
from homeroom.read.polling import poll
from homeroom.read.readers import reader_of
from homeroom.report.summary import summarize

SLICE = timedelta(minutes=15)
"""How long one call of `apply_part` may take, as the function's timeout."""


def fetch(lease: Lease, world: World) -> None:
    """Read an API or a server to its end, slice by slice; nothing to do for files that landed.

    A source that cannot be used is noted, and told by `plan_run`. Raises LeaseLost and RetryableError.
    """
    read = reader_of(world.integrations.get(lease.integration).transport)
    while read is not None and not poll(lease, world, world.clock.now() + SLICE, read).done:
        continue


def plan_run(lease: Lease, world: World) -> Planned:
    """Read, check, shape, diff and guard one run; keep snapshot, issues, plan and next state. Writes no roster.

    A source that cannot be used ends as verdict `fail`, in words. Raises LeaseLost, StateLost and RetryableError.
    """
    planning = Planning.open(lease, world)
    if planning.request.undo is not None:
        return plan_undo(planning)
    try:
        snapshot = planning.read()
        beside = around(planning)
    except SourceUnusable as unusable:
        return keep_failure(planning, unusable)
    seen = preview(
        snapshot, planning.integration, planning.applied(), as_of=planning.request.as_of,
        repairs=planning.repairs(), expected_districts=planning.expected_districts(), around=beside,
        divide=divider(planning, snapshot, beside),
    )
    return keep_plan(planning, snapshot, seen)


def sync(lease: Lease, world: World) -> Ending:
    """Fetch, plan, apply and finish a run that the door has started, in this process. An error is the caller's."""
    fetch(lease, world)
    world.runs.extend(lease, int((world.clock.now() + SLICE).timestamp()))
    planned = plan_run(lease, world)
    for wave in planned.waves:
        for part in wave:
            written = Upserted(done=False, offset=0)
            while not written.done:
                written = apply_part(lease, part, written.offset, world, world.clock.now() + SLICE)
    about = {"integration": lease.integration, "run": lease.run, "fence": lease.fence}
    return finish(FinishRun(**about, verdict=planned.verdict), world, summarize)
