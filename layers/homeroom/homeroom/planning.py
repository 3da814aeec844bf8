"""The outside of `flow.plan_run`: what planning reads from the world, and what it keeps there.

Everything a run keeps lies below `runs/<integration>/<run>/`; the state it would leave lies below `state/`. Nothing
here writes the roster table.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from homeroom.apply import kept_state
from homeroom.apply.dirty import dirty_images
from homeroom.apply.signature import signature
from homeroom.check import Checked, by_code
from homeroom.check.findings import Findings
from homeroom.diff import Plan
from homeroom.diff.parts import PlanHash, parts, waves_of
from homeroom.errors import NotFound, SourceUnusable
from homeroom.guard import Verdict
from homeroom.model import places
from homeroom.model.events import Planned
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.issues import Issue
from homeroom.model.plan import RULES_VERSION, PlanManifest, Repairs
from homeroom.model.run import Control, Delivery, Lease, Request, State
from homeroom.model.snapshot import Snapshot
from homeroom.ports import Edit, World
from homeroom.read import fetched, raw
from homeroom.read.oneroster_csv import read_set
from homeroom.read.unusable import SetUnusable
from homeroom.report.issues import as_lines

BY_API = ("clever_api", "oneroster_rest")
"""Transports whose rows a poll has kept beside the run."""
_BROUGHT_NOTHING = ("unchanged", "no data")
"""Reasons of skipped runs after which no delivery is missing: what they read was applied, or there was none."""


@dataclass(frozen=True)
class Planning:
    """One run's inputs, read once: its request, the integration, the control record, and hand edits that wait."""

    lease: Lease
    world: World
    request: Request
    integration: Integration
    control: Control
    edits: tuple[Edit, ...]

    @classmethod
    def open(cls, lease: Lease, world: World) -> Planning:
        """Read the run's request and everything that orders runs. Raises NotFound."""
        request = Request.model_validate_json(world.objects.get(places.request(lease.integration, lease.run)))
        integration = world.integrations.get(lease.integration)
        edits = tuple(world.roster.edits(integration.roster))
        progress(lease, world, "reading")
        return cls(lease, world, request, integration, world.runs.control(lease.integration), edits)

    def read(self) -> Snapshot:
        """The snapshot: of the delivery, or, for an approval, of the run that was held. Raises SourceUnusable."""
        if self.request.held_run is not None:
            snapshot = raw.load(self.world.objects, self.lease.integration, self.request.held_run)
        else:
            snapshot = self._delivered()
        raw.keep(self.world.objects, self.lease.integration, self.lease.run, snapshot)
        return snapshot

    def _delivered(self) -> Snapshot:
        if self.integration.transport in BY_API:
            return fetched.load(self.world.objects, self.lease.integration, self.lease.run, self._base)
        pulled = self._pulled()
        delivery = pulled.delivery if pulled else self.request.delivery
        if delivery is None:
            raise SourceUnusable("no file has landed yet", code="SRC-06", remedy="Upload the first export.")
        with TemporaryDirectory() as folder:
            paths = [self.world.landing.fetch(file, Path(folder)) for file in delivery.files]
            source = paths[0] if len(paths) == 1 and paths[0].suffix.lower() == ".zip" else Path(folder)
            snapshot = read_set(source, strict=self.integration.options.strict, base=self._base)
        if "delta" in snapshot.modes.values():
            self._refuse_a_gap(delivery)
        return replace(snapshot, issues=(*snapshot.issues, *pulled.issues)) if pulled else snapshot

    def _pulled(self) -> Fetched | None:
        """What this run pulled itself; None for files that landed. Raises SourceUnusable."""
        if self.integration.transport != "csv_pulled":
            return None
        return fetched.about(self.world.objects, self.lease.integration, self.lease.run)

    def _refuse_a_gap(self, delivery: Delivery) -> None:
        """A delta tells what changed since the delivery before it: one that was never applied would be lost for ever.

        Deliveries since then stand in the ledger, whatever became of their runs. Raises SourceUnusable.
        """
        known = (delivery.content_hash, self.control.applied_content)
        for run in range(self._base_read_by() + 1, self.lease.run):
            try:
                record = self.world.runs.run(self.lease.integration, run)
            except NotFound:
                continue
            seen = record.outcome == "skipped" and record.code in _BROUGHT_NOTHING
            if not seen and record.content_hash not in known:
                raise SourceUnusable(
                    f"a delta follows the delivery of run {run}, which was not applied", code="FIL-07",
                    remedy="Send one bulk export.",
                )

    def _base_read_by(self) -> int:
        """The run that read the delivery which was applied last: after an approval, the one that was held."""
        applied = self.control.applied_run or 0
        try:
            request = self.world.objects.get(places.request(self.lease.integration, applied))
        except NotFound:
            return applied
        return Request.model_validate_json(request).held_run or applied

    def _base(self) -> Snapshot | None:
        """What a delta file starts from: the raw snapshot of the run that was applied last."""
        if self.control.applied_run is None:
            return None
        return raw.load(self.world.objects, self.lease.integration, self.control.applied_run)

    def applied(self) -> dict[str, pl.DataFrame] | None:
        """The kept state, None before the first load. Raises StateLost."""
        if self.control.applied_run is None:
            return None
        return kept_state.load(self.world.objects, self.lease.integration, self.control.applied_run)

    def repairs(self) -> Repairs:
        """What must be taken in whatever the diff says: keys of interrupted runs, and hand edits."""
        images, links = dirty_images(self.world, self.integration, self.control)
        edited: dict[str, set[str]] = {}
        for edit in self.edits:
            edited.setdefault(edit.entity, set()).add(edit.source_id)
        return Repairs(tuple(images), tuple(links), {name: frozenset(ids) for name, ids in edited.items()})

    def expected_districts(self) -> tuple[str, ...]:
        """The district confirmed at connect."""
        return (self.integration.district_id,) if self.integration.district_id else ()


def progress(lease: Lease, world: World, state: State) -> None:
    """Note in the ledger how far the run is."""
    record = world.runs.run(lease.integration, lease.run)
    world.runs.record(record.model_copy(update={"state": state}))


def keep_plan(planning: Planning, snapshot: Snapshot, checked: Checked, plan: Plan, verdict: Verdict) -> Planned:
    """Keep issues, parts, manifest and the state that the plan would leave; note the dirty keys before any write."""
    lease, objects = planning.lease, planning.world.objects
    objects.put(places.issues(lease.integration, lease.run), as_lines(checked.issues))
    digest, made = PlanHash(), []
    for part in parts(plan, digest):
        objects.put(places.part(lease.integration, lease.run, part.number), part.body)
        made.append((part.entity, part.archives, part.operations))
    word = _word(planning, plan, verdict, digest.hex(), snapshot.content_hash)
    manifest = PlanManifest(
        plan_hash=digest.hex(), base_run=planning.control.applied_run, content_hash=snapshot.content_hash,
        signature=signature(snapshot.content_hash, planning.integration.options_hash()),
        options_hash=planning.integration.options_hash(), rules_version=RULES_VERSION, as_of=planning.request.as_of,
        verdict=word, counts={name: asdict(c) for name, c in plan.counts.items()},
        read={name: asdict(e.read) for name, e in checked.entities.items()}, issues=by_code(checked.issues),
        guards=[g.as_json() for g in verdict.guards], parts=made, waves=waves_of(made),
        edits=[[*e.item, *e.record] for e in planning.edits],
        removals={name: dict(reasons) for name, reasons in plan.reasons.items()},
        left_out={name: dict(rules) for name, rules in plan.left_out.items()},
        source=snapshot.source, complete=verdict.complete, failure=None if verdict.complete else _incomplete(verdict),
    )
    objects.put(places.manifest(lease.integration, lease.run), json.dumps(asdict(manifest)).encode())
    if word in ("apply", "nothing"):
        kept_state.save(objects, lease.integration, lease.run, plan.next_state)
    if word == "apply":
        planning.world.runs.mark_dirty(lease, lease.run)
        progress(lease, planning.world, "applying")
    return _planned(word, manifest)


def keep_failure(planning: Planning, unusable: SourceUnusable) -> Planned:
    """Keep why nothing can be planned, with all that was found."""
    lease, objects = planning.lease, planning.world.objects
    issues = unusable.issues if isinstance(unusable, SetUnusable) else (Issue(unusable.issue_code, unusable.text),)
    objects.put(places.issues(lease.integration, lease.run), as_lines(Findings(issues).frame()))
    manifest = PlanManifest(
        plan_hash="", base_run=planning.control.applied_run, content_hash="", signature="",
        options_hash=planning.integration.options_hash(), rules_version=RULES_VERSION, as_of=planning.request.as_of,
        verdict="fail", counts={}, read={}, issues=dict(Counter(i.code for i in issues)), guards=[], parts=[],
        waves=[], edits=[], complete=False,
        failure={"code": unusable.issue_code, "text": unusable.text, "owner": unusable.issue_owner,
                 "remedy": unusable.issue_remedy},
    )
    objects.put(places.manifest(lease.integration, lease.run), json.dumps(asdict(manifest)).encode())
    return Planned(verdict="fail")


def _denied(planning: Planning, content: str) -> bool:
    """Content that was discarded: the door knows that of landed files, of what is fetched only planning does."""
    denied = content in planning.control.denied and content != planning.control.applied_content
    return denied and not planning.request.force


def _word(planning: Planning, plan: Plan, verdict: Verdict, plan_hash: str, content: str) -> str:
    """What becomes of the plan. An approval lifts the guards of exactly the plan whose hash was approved."""
    approved = planning.request.plan_hash
    if not verdict.complete:
        return "fail"
    if approved is not None and approved != plan_hash:
        return "lapsed"
    if approved is None and _denied(planning, content):
        return "denied"
    if verdict.holds and approved is None:
        return "hold"  # also a plan without a change: a source that is all in error is not "nothing to change"
    return "apply" if plan.size else "nothing"


def _incomplete(verdict: Verdict) -> dict[str, str]:
    worst = next(g for g in verdict.tripped if g.code == "COMPLETE")
    return {
        "code": "SRC-09", "owner": "district",
        "text": f"{worst.count} enrollments ({worst.value} %) point to people or classes that are nowhere in the files",
        "remedy": "Export users, classes and enrollments together.",
    }


def _planned(word: str, manifest: PlanManifest) -> Planned:
    waves = tuple(tuple(wave) for wave in manifest.waves) if word == "apply" else ()
    return Planned.model_validate(
        {"verdict": word, "waves": waves, "operations": sum(n for _, _, n in manifest.parts)}
    )
