"""An approval holds for one plan only: bound to its hash, and lapsed as soon as anything moved under it.

What waits is a plan of which nothing was applied, the rest of one of which a part was, or either with the re-key that
it proposes. Each has a hash of its own, and that of a whole plan stands also for a part of it. Where very much leaves,
two people must approve the same: the first yes is kept with the held run, the second one starts the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from homeroom.apply.holds import lapse, settled
from homeroom.apply.manifest import load_manifest
from homeroom.apply.signature import hand_signature
from homeroom.errors import Lapsed, NotFound, Refused
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration
from homeroom.model.plan import RULES_VERSION, PlanManifest
from homeroom.model.run import Approval, Control, RunRecord
from homeroom.ports import Edit, World
from homeroom.support.rules import leased


@dataclass(frozen=True)
class Held:
    """What waits for a person: the ledger entry and the plan of the held run."""

    record: RunRecord
    manifest: PlanManifest

    def missing(self, event: StartRun) -> int:
        """How many more people must say the same before the run of this approval may start."""
        needed = self.manifest.rekey["approvers"] if event.rekey and self.manifest.rekey else self.manifest.approvers
        return max(0, needed - len({*self.said(event), _folded(event.by)}))

    def said(self, event: StartRun) -> set[str]:
        """Who approved the very same before."""
        wanted = event.plan_hash, event.only, event.rekey
        return {_folded(a.by) for a in self.record.approvals if (a.plan_hash, a.only, a.rekey) == wanted}


def check_approval(event: StartRun, world: World, integration: Integration, control: Control) -> str:
    """The day that the held plan reckons with, if it may be applied as it is.

    Raises Refused for another plan's hash and while a second person must approve too, and Lapsed when the run is not
    held any more or when the applied roster, options, rules, hand edits or hand-made records moved since; the hold then
    ends.
    """
    held = what_waits(event, world, integration, control)
    if held.missing(event):
        raise Refused("a second person must approve this plan", remedy="Approve it by `approve`, each under own name.")
    return held.manifest.as_of


def what_waits(event: StartRun, world: World, integration: Integration, control: Control) -> Held:
    """The held plan that is approved, whoever else must. Raises Refused and Lapsed, as `check_approval`."""
    if event.held_run is None or control.held_run != event.held_run:
        raise Lapsed(f"run {event.held_run} is not held any more")
    try:
        record = world.runs.run(integration.id, event.held_run)
    except NotFound:
        raise Lapsed(f"run {event.held_run} is not held any more") from None
    if record.outcome != "held" and record.waits is None:
        raise Lapsed(f"run {event.held_run} is not held any more")
    manifest = load_manifest(world.objects, integration.id, event.held_run)
    if event.plan_hash is None or event.plan_hash != waiting_hash(record, manifest, rekey=event.rekey):
        raise Refused(f"the hash is not that of the plan of run {event.held_run}")
    _refuse_parts(event, control, manifest)
    moved = what_moved(manifest, event.held_run, integration, control, world.roster.edits(integration.roster),
                       hand_signature(world.roster.by_hand(integration.roster)))
    if moved is not None:
        lapse(world, control, moved)
        raise Lapsed(moved)
    return Held(record, manifest)


def waiting_hash(record: RunRecord, manifest: PlanManifest, *, rekey: bool = False) -> str | None:
    """The hash of the plan that waits: of the rest, of the whole, or of the whole with its re-key."""
    if rekey:
        return manifest.rekey["plan_hash"] if manifest.rekey and record.waits is None else None
    return record.waits if record.waits is not None else manifest.plan_hash


def _refuse_parts(event: StartRun, control: Control, manifest: PlanManifest) -> None:
    """A re-key and a new aggregator move what everything else points to, and half-written records are repaired first:
    all go whole."""
    if event.only.everything:
        return
    if any(guard["code"] == "MOVING" and guard["tripped"] for guard in manifest.guards):
        raise Refused("the first plan after a change of aggregator is approved whole",
                      remedy="Approve it with rekey, and without naming a part.")
    if event.rekey:
        raise Refused("a re-key is approved whole", remedy="Approve it without naming a part.")
    if control.dirty_runs:
        raise Refused("an interrupted run left records half-written, which a part would not repair",
                      remedy="Approve the whole plan, or start a run.")


def keep_approval(event: StartRun, held: Held, world: World) -> RunRecord:
    """Keep one person's yes with the held run. Raises Refused from the same person again, and Lapsed if it ended."""
    now = world.clock.now()
    if _folded(event.by) in held.said(event):
        raise Refused("you approved this plan already; it needs a second person",
                      remedy="Ask somebody else to look at the plan, and to approve it under their own name.")
    if leased(control := world.runs.control(event.integration), now):
        raise Refused(f"run {control.lease_run} is on", remedy="Ask again when it has ended.")
    yes = Approval(by=event.by, at=now, reason=event.reason, plan_hash=str(event.plan_hash), only=event.only,
                   rekey=event.rekey)
    record = held.record.model_copy(update={"approvals": (*held.record.approvals, yes)})
    world.runs.record(record)
    if world.runs.control(event.integration).held_run != record.run:
        text = "it ended while it was approved"
        world.runs.record(settled(record, "lapsed", text, now))
        raise Lapsed(text)
    return record


def manifest_of(world: World, integration: str, run: int) -> PlanManifest | None:
    """What a run planned; None where nothing of it is left."""
    try:
        return load_manifest(world.objects, integration, run)
    except NotFound:
        return None


def denial(record: RunRecord, manifest: PlanManifest | None) -> str | None:
    """What is refused from now on when a held plan is discarded.

    Of a plan of which nothing was applied: its content, as the options and rules of that plan read it. Of a rest: that
    very plan, because the content itself was applied.
    """
    if manifest is None:
        return record.content_hash
    return manifest.rest["plan_hash"] if manifest.rest else manifest.signature or record.content_hash


def dropped(record: RunRecord, manifest: PlanManifest | None, now: datetime) -> RunRecord:
    """The ledger entry of a held run whose plan, or what waited of it, is discarded. May be repeated."""
    if manifest is None or manifest.rest is None:
        return settled(record, "discarded", "discarded; the same content is refused from now on", now)
    if record.waits is None:
        return record
    return settled(record, "discarded", "what waited is refused until the source changes", now)


def _folded(by: str) -> str:
    """One person is one, however the name is typed."""
    return " ".join(by.split()).casefold()


def what_moved(manifest: PlanManifest, held_run: int, integration: Integration, control: Control, edits: list[Edit],
               hand: str | None = None) -> str | None:
    """In words, what is no longer as it was when the plan was held; None if nothing moved. Pure.

    A rest starts from the run that left it, which took up every edit that waited then. `hand` is the hash of the
    records made by hand, None where nobody looked.
    """
    rest = manifest.rest is not None
    waiting = {edit.item for edit in edits}
    planned = set() if rest else {(owner, member) for owner, member, *_ in manifest.edits}
    moved = {
        "the applied roster changed since": (held_run if rest else manifest.base_run) != control.applied_run,
        "a later run began to write": any(run > held_run for run in control.dirty_runs),
        "the options changed since": manifest.options_hash != integration.options_hash(),
        "the rules changed since": manifest.rules_version != RULES_VERSION,
        "hand edits were made since": waiting != planned,
        "records were made or changed by hand since": hand is not None and hand != manifest.hand_hash,
    }
    return next((text for text, true in moved.items() if true), None)
