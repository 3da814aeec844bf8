"""Plan an undo: a run like any other, whose desired roster is the applied one with another run's changes turned back.

It reads no source. Its plan is not guarded, because a person asked for exactly this; what changed since is listed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from homeroom.apply.items import made_by_hand
from homeroom.apply.manifest import load_manifest
from homeroom.apply.part import read_part
from homeroom.check.checked import Checked, CheckedEntity
from homeroom.check.findings import no_issues
from homeroom.diff import Plan, diff
from homeroom.diff.applied import ID, SOURCE_ID, State
from homeroom.diff.operations import AGAIN
from homeroom.diff.selection import chosen
from homeroom.diff.undo import TurnedBack, images_as_kept, turned_back
from homeroom.errors import NotFound, Refused, StateLost
from homeroom.guard import Verdict
from homeroom.model.entities import ENTITIES
from homeroom.model.events import Planned
from homeroom.model.past_events import AskUndo
from homeroom.model.plan import Around, EntityRead, Repairs
from homeroom.model.run import Lease, Request
from homeroom.model.selection import Selection
from homeroom.model.snapshot import Snapshot
from homeroom.planning.around import walk_begun
from homeroom.planning.journal import changes, touched_since
from homeroom.planning.keeping import keep_plan
from homeroom.planning.looking import run_of
from homeroom.planning.opening import Planning
from homeroom.ports import World
from homeroom.preview import Preview
from homeroom.read import raw
from homeroom.shape import Desired, DesiredEntity

SHOWN = 10
"""Conflicting records that a preview names."""
NOT_UNDONE = (
    "Not undone: mails that were sent, sign-ins that happened, edits by hand that the run took up, records made by hand"
    " that were archived with what they hung on, and what products made of the roster meanwhile."
)
_SAID, _LEFT = "removed by the source", "interrupted run"


@dataclass(frozen=True)
class Undoing:
    """What an undo would do: the plan, and what of the run stands no more."""

    seen: Preview
    back: TurnedBack


def plan_undo(planning: Planning) -> Planned:
    """Plan and keep the undo that the run's request asks for. Raises Refused and StateLost."""
    run, base = _asked(planning), planning.control.applied_run
    assert base is not None
    undoing = undo(planning)
    objects, lease = planning.world.objects, planning.lease
    # Changes and events of the source go on from the rows that were read last, whatever became of them here.
    raw.copy(objects, lease.integration, base, lease.run)
    source = f"undo of run {run}"
    nothing = Snapshot(source, {}, {}, content_hash=hashlib.sha256(f"{source} by {lease.run}".encode()).hexdigest())
    return keep_plan(replace(planning, edits=()), nothing, undoing.seen)


def answer_undo(question: AskUndo, world: World) -> dict[str, Any]:
    """What an undo would do, in counts, and some ids of what changed since. Raises Refused and NotFound."""
    integration = world.integrations.get(question.integration)
    control, now = world.runs.control(integration.id), world.clock.now()
    request = Request(
        integration=integration.id, run=0, fence=control.fence, trigger="undo", undo=question.run, only=question.only,
        as_of=now.astimezone(ZoneInfo(integration.timezone)).date().isoformat(), started_at=now,
    )
    lease = Lease(integration=integration.id, run=0, fence=control.fence)
    edits = tuple(world.roster.edits(integration.roster))
    undoing = undo(Planning(lease, world, request, integration, control, edits))
    plan, issues = undoing.seen.plan, undoing.back.issues()
    changed = sum(counts.changes for counts in plan.counts.values())
    return {
        "integration": integration.id, "run": question.run,
        "undoes": _about(integration.id, question.run, world),
        "verdict": "apply" if plan.size else "nothing", "changes": changed,
        "counts": {name: asdict(counts) for name, counts in plan.counts.items()},
        "conflicts": {"total": issues.height, "reasons": dict(issues.group_by("text").len().sort("text").iter_rows()),
                      "first": issues.head(SHOWN).select("entity", SOURCE_ID, "text").to_dicts()},
        "effect": _effect(changed, issues.height), "not_undone": NOT_UNDONE,
    }


def undo(planning: Planning) -> Undoing:
    """The plan that takes back a run, or the part of it that is asked for. Raises Refused and StateLost."""
    world, control, run, name = planning.world, planning.control, _asked(planning), planning.integration.id
    applied = planning.applied()
    if applied is None:
        raise Refused("nothing was applied yet")
    try:
        since = touched_since(control, world, run)
        if since is None:
            raise Refused(f"run {run} is none of the runs that the roster was made by")
        meant = _Meant(planning.request.only, applied)
        made = changes(world.objects, name, run, keep=meant.note)
    except NotFound:
        raise Refused(f"the journal of run {run}, or of a later one, is gone",
                      remedy="Correct the source; the next run follows it.") from None
    repairs = _repairs(planning, applied)
    back = turned_back(made, applied, edited=repairs.edited, chosen=meant.ids(), since=since)
    plan = diff(
        as_desired(back), applied, as_checked(back), roster=planning.integration.roster, as_of=planning.request.as_of,
        repairs=replace(repairs, edited={}), around=_around(planning, run, back), archived_as=back.archived_as,
    )
    plan = _told(plan, f"undo of run {run}")
    return Undoing(Preview(as_checked(back), plan, Verdict(()), pl.concat([back.issues(), plan.issues])), back)


def _repairs(planning: Planning, applied: State) -> Repairs:
    """What interrupted runs left, under the ids of the kept state also after a re-key."""
    repairs, walk = planning.repairs(), walk_begun(planning)
    return replace(repairs, images=images_as_kept(repairs.images, walk, applied)) if walk else repairs


def _around(planning: Planning, run: int, back: TurnedBack) -> Around:
    """What stands around an undo: records made by hand, and those that the run took over, which come back."""
    world, name = planning.world, planning.integration.id
    manifests = {
        one: load_manifest(world.objects, name, one) for one in (*load_manifest(world.objects, name, run).mends, run)}
    taken = {
        (operation["entity"], operation["id"]): made_by_hand(operation, before=True)
        for one, manifest in manifests.items() if any(counts.get("adopt") for counts in manifest.counts.values())
        for number, (_, archives, _) in enumerate(manifest.parts) if not archives
        for operation in read_part(world.objects, name, one, number) if operation["op"] == "adopt"
    }
    return Around(hand=planning.hand, given_back=tuple(taken.values()), walk=back.walk)


class _Meant:
    """Notes, while the journal is read, which records an undo of a part means."""

    def __init__(self, only: Selection, applied: State):
        self.only, self.applied = only, applied
        self.found: dict[str, list[pl.Series]] = {name: [] for name in ENTITIES}

    def note(self, entity: str, rows: pl.DataFrame) -> pl.DataFrame:
        """All rows; those that are meant are remembered."""
        if not self.only.everything:
            self.found[entity].append(rows.filter(chosen(rows, entity, self.only, self.applied))[ID])
        return rows

    def ids(self) -> dict[str, pl.Series]:
        """Entity → internal ids; nothing where all is meant."""
        if self.only.everything:
            return {}
        return {name: pl.concat([pl.Series(ID, [], dtype=pl.String), *ids]) for name, ids in self.found.items()}


def _asked(planning: Planning) -> int:
    run = planning.request.undo
    if run is None:
        raise StateLost("the run does not say what it undoes")
    return run


def as_desired(back: TurnedBack) -> Desired:
    """What turned is said to be gone, so that its removal is explained."""
    none = pl.Series(SOURCE_ID, [], dtype=pl.String)
    return Desired(
        {name: DesiredEntity(rows, none, back.turned[name][SOURCE_ID]) for name, rows in back.wanted.items()},
        frozenset(ENTITIES),
    )


def as_checked(back: TurnedBack) -> Checked:
    """The same roster as if a source had said it: nothing was read, nothing is wrong."""
    none = pl.Series(SOURCE_ID, [], dtype=pl.String)
    entities = {name: CheckedEntity(rows, none, none, EntityRead()) for name, rows in back.wanted.items()}
    return Checked(entities, no_issues(), 0, 0, frozenset(ENTITIES))


def _told(plan: Plan, reason: str) -> Plan:
    """The plan with the undo as the reason of what it turns back; what an interrupted run left keeps its own."""
    own = pl.col("reason").is_in([_LEFT, AGAIN])
    operations = tuple(
        (name, archives, rows if name not in ENTITIES else rows.with_columns(
            pl.when(own).then(pl.col("reason")).otherwise(pl.lit(reason)).alias("reason"),
            pl.lit(True).alias("explained"),
        )) for name, archives, rows in plan.operations
    )
    reasons: Mapping[str, Mapping[str, int]] = {
        name: {why if why == _LEFT else reason: count for why, count in found.items()}
        for name, found in plan.reasons.items()
    }
    return replace(plan, operations=operations, reasons=reasons)


def _about(integration: str, run: int, world: World) -> dict[str, Any]:
    """What is known of the run that is to be taken back."""
    record = run_of(integration, run, world)
    manifest = load_manifest(world.objects, integration, run)
    told = {"source": manifest.source, "counts": manifest.counts}
    if record is None:
        return told
    finished = record.finished_at.isoformat() if record.finished_at else None
    return told | {"trigger": record.trigger, "by": record.by, "finished_at": finished}


def _effect(changed: int, conflicts: int) -> str:
    told = f"{changed:,} record{'' if changed == 1 else 's'} would be as before the run" if changed else (
        "Nothing would change: it is as before the run, or was changed since")
    left = f"; {conflicts:,} changed since, or are needed by what did, and would be left alone" if conflicts else ""
    return f"{told}{left}."
