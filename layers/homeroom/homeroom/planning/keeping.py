"""What planning keeps: issues, plan parts, manifest, and the state that the plan would leave. Writes no roster."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from homeroom.apply import kept_state
from homeroom.apply.manifest import load_manifest
from homeroom.apply.signature import hand_signature, signature
from homeroom.check import by_code
from homeroom.check.findings import Findings
from homeroom.diff.parts import PlanHash, parts, waves_of
from homeroom.errors import SourceUnusable
from homeroom.guard import Verdict
from homeroom.model import places
from homeroom.model.events import Planned
from homeroom.model.issues import Issue
from homeroom.model.plan import RULES_VERSION, PlanManifest
from homeroom.model.snapshot import Snapshot
from homeroom.planning.dividing import hash_of, is_denied
from homeroom.planning.opening import Planning, progress
from homeroom.preview import Preview
from homeroom.read.unusable import SetUnusable
from homeroom.report.issues import as_lines


def keep_plan(planning: Planning, snapshot: Snapshot, seen: Preview) -> Planned:
    """Keep issues, parts, manifest and the state that the plan would leave; note the dirty keys before any write."""
    lease, objects, plan, verdict = planning.lease, planning.world.objects, seen.plan, seen.verdict
    objects.put(places.issues(lease.integration, lease.run), as_lines(seen.issues))
    digest, made = PlanHash(), []
    for part in parts(plan, digest):
        objects.put(places.part(lease.integration, lease.run, part.number), part.body)
        made.append((part.entity, part.archives, part.operations))
    word = _word(planning, seen, digest.hex(), snapshot.content_hash)
    manifest = PlanManifest(
        plan_hash=digest.hex(), base_run=planning.control.applied_run, content_hash=snapshot.content_hash,
        signature=signature(snapshot.content_hash, planning.integration.options_hash()),
        options_hash=planning.integration.options_hash(), rules_version=RULES_VERSION, as_of=planning.request.as_of,
        verdict=word, counts={name: asdict(c) for name, c in plan.counts.items()},
        read={name: asdict(e.read) for name, e in seen.checked.entities.items()}, issues=by_code(seen.issues),
        guards=[g.as_json() for g in verdict.guards], parts=made, waves=waves_of(made),
        edits=[[*e.item, *e.record] for e in planning.edits],
        removals={name: dict(reasons) for name, reasons in plan.reasons.items()},
        left_out={name: dict(rules) for name, rules in plan.left_out.items()},
        rekey=_rekey(seen), source=snapshot.source, complete=verdict.complete, rest=_rest(seen),
        approvers=_approvers(planning, seen), hand_hash=hand_signature(seen.hand),
        undoes=planning.request.undo, mends=[run for run in planning.control.dirty_runs if run != lease.run],
        redone=sum(change.redone for change in plan.facts.entities.values()),
        failure=None if verdict.complete else _incomplete(verdict),
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


def _word(planning: Planning, seen: Preview, plan_hash: str, content: str) -> str:
    """What becomes of the plan. An approval lifts the guards of exactly the plan whose hash was approved."""
    approved, divided = planning.request.plan_hash, seen.rest is not None
    if not seen.verdict.complete:
        return "fail"
    if approved is not None and approved != plan_hash and not divided:
        return "lapsed"
    if approved is None and (is_denied(planning, content) or _rest_denied(planning, plan_hash)):
        return "denied"
    if seen.verdict.holds and approved is None and not divided:
        return "hold"  # also a plan without a change: a source that is all in error is not "nothing to change"
    return "apply" if seen.plan.size else "nothing"


def _rest_denied(planning: Planning, plan_hash: str) -> bool:
    """What waited of content that was applied, and was discarded: refused for as long as it is the same plan."""
    return plan_hash in planning.control.denied and not planning.request.force


def _rest(seen: Preview) -> dict[str, Any] | None:
    """What waits of a plan that was divided; it is computed anew, to the same hash, when a person approves it."""
    if seen.rest is None:
        return None
    return {
        "plan_hash": hash_of(seen.rest), "counts": {name: asdict(c) for name, c in seen.rest.counts.items()},
        "removals": {name: dict(reasons) for name, reasons in seen.rest.reasons.items() if reasons},
    }


def _approvers(planning: Planning, seen: Preview) -> int:
    """What needed two people at first needs them to its end: a rest is no smaller matter than the whole was."""
    if seen.rest is None or planning.request.held_run is None:
        return seen.verdict.approvers
    held = load_manifest(planning.world.objects, planning.lease.integration, planning.request.held_run)
    return max(seen.verdict.approvers, held.approvers)


def _rekey(seen: Preview) -> dict[str, Any] | None:
    """The plan that keeps every identity, where one is proposed: its hash is what a person approves."""
    if seen.rekeyed is None:
        return None
    plan, verdict = seen.rekeyed
    digest = PlanHash()
    operations = sum(part.operations for part in parts(plan, digest))
    return {
        "plan_hash": digest.hex(), "operations": operations, "twins": seen.plan.twins.counts(),
        "evidence": seen.plan.twins.evidence(), "approvers": verdict.approvers,
        "guards": [judged.as_json() for judged in verdict.tripped],
        "counts": {name: asdict(counts) for name, counts in plan.counts.items()},
    }


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
