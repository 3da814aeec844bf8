"""Kept plans for tests: operations with valid defaults, and a run whose plan lies there as planning leaves it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from homeroom.apply.commit import Ending, finish
from homeroom.apply.part import apply_part
from homeroom.apply.signature import signature
from homeroom.model import places
from homeroom.model.events import FinishRun, Started, StartRun
from homeroom.model.integration import Integration
from homeroom.model.plan import RULES_VERSION, Operation, PlanManifest
from homeroom.model.run import Delivery, LandedFile, Lease
from homeroom.ports import World
from homeroom.report.summary import summarize
from homeroom.support.door import start
from tests.fakes.memory import MemoryWorld

Operations = Sequence[Operation]

LAB = Integration(id="lab-usd", district_id="d-1", district_name="Sample District", hold_first_load=False)
PERSON = {"enabled": True, "role": "student", "orgs": ["school-1"], "username": "user.s-1", "given_name": "Test",
          "family_name": "Student s-1", "grades": ["05"]}
ENROLLMENT = {"class": "c-1", "school": "school-1", "person": "s-1", "role": "student", "begin_date": "2026-08-15"}


def operation(op: str, entity: str, source_id: str, **words: Any) -> Operation:
    """One operation; internal ids are `id-<source id>`."""
    made: dict[str, Any] = {
        "op": op, "entity": entity, "id": f"id-{source_id}", "source_id": source_id, "before": None, "after": None,
        "changed": [], "refs": None, "moved_from": [], "reason": "", "explained": True, "overlay": False,
    }
    return made | words  # type: ignore[return-value]


def person(op: str, source_id: str, **fields: Any) -> Operation:
    """A person: created, updated or restored with these fields, or archived as it was."""
    image = PERSON | {"username": f"user.{source_id}", "family_name": f"Student {source_id}"} | fields
    told = {"before": image} if op == "archive" else {"after": image}
    return operation(op, "people", source_id, refs={"orgs": ["id-school-1"]}, **told)


def enrollment(op: str, source_id: str, *, moved_from: Sequence[dict[str, str]] = (), **fields: Any) -> Operation:
    """An enrollment of `s-1` in `c-1` as student, or as the fields say."""
    image = ENROLLMENT | fields
    refs = {"class": f"id-{image['class']}", "person": f"id-{image['person']}", "school": "id-school-1"}
    told = {"before": image} if op == "archive" else {"after": image}
    return operation(op, "enrollments", source_id, refs=refs, moved_from=list(moved_from), **told)


def link(value: str, holder: str, *, before: str | None = None) -> Operation:
    """An identity `<kind>#<value>` that the person holds from now on."""
    was = {"person": before} if before else None
    return operation("link", "identities", value, before=was) | {"id": holder}  # type: ignore[return-value]


def unlink(value: str, holder: str) -> Operation:
    """An identity that nobody holds any more."""
    return operation("unlink", "identities", value, before={"person": holder}) | {"id": holder}  # type: ignore[return-value]


def keep_plan(world: World, lease: Lease, parts: Sequence[Operations], **words: Any) -> PlanManifest:
    """Lay a plan beside the run as `plan_roster` does; by default to be applied, each part a wave of its own."""
    for number, part in enumerate(parts):
        lines = b"".join(json.dumps(operation).encode() + b"\n" for operation in part)
        world.objects.put(places.part(lease.integration, lease.run, number), gzip.compress(lines, mtime=0))
    integration = world.integrations.get(lease.integration)
    content = words.pop("content_hash", f"content-{lease.run}")
    made = [(part[0]["entity"], part[0]["op"] == "archive", len(part)) for part in parts]
    manifest = PlanManifest(**{
        "plan_hash": hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
        "base_run": world.runs.control(lease.integration).applied_run, "content_hash": content,
        "signature": signature(content, integration.options_hash()), "options_hash": integration.options_hash(),
        "rules_version": RULES_VERSION, "as_of": "2026-09-07", "verdict": "apply", "counts": {}, "read": {},
        "issues": {}, "guards": [], "parts": made, "waves": [[number] for number in range(len(parts))],
        "edits": [[*e.item, *e.record] for e in world.roster.edits(integration.roster)], **words,
    })
    world.objects.put(places.manifest(lease.integration, lease.run), json.dumps(asdict(manifest)).encode())
    world.objects.put(places.raw(lease.integration, lease.run, "users"), b"raw rows")
    if manifest.verdict in ("apply", "nothing"):
        world.objects.put(places.state(lease.integration, lease.run, "people"), b"state")
    if manifest.verdict == "apply":
        world.runs.mark_dirty(lease, lease.run)
    return manifest


def landed(name: str, version: str = "v1") -> tuple[LandedFile, ...]:
    """A zip that lies in the landing bucket."""
    return (LandedFile(bucket="landing", key=f"landing/{LAB.id}/{name}", version=version, size=100),)


def delivery(name: str, content: str | None) -> Delivery:
    return Delivery(files=landed(name), content_hash=content)


def file_lands(world: World, name: str, content: str | None = None, **words: Any) -> Started:
    """The door's answer to a landed zip."""
    asked = StartRun(trigger="file", integration=LAB.id, files=landed(name), content_hash=content, **words)
    return start(asked, world)


def lease_of(world: MemoryWorld, started: Started) -> Lease:
    """The lease that the door gave to the execution."""
    request = world.executions.started[f"{started.integration}-{started.run}"]
    return Lease(integration=request.integration, run=request.run, fence=request.fence)


def write_parts(world: World, lease: Lease, parts: Sequence[Operations]) -> None:
    """Every part, one after the other."""
    for number in range(len(parts)):
        apply_part(lease, number, 0, world, world.clock.now() + timedelta(minutes=15))


def end(world: World, lease: Lease, **words: Any) -> Ending:
    """`finish_run` with a verdict or an error."""
    asked = FinishRun(integration=lease.integration, run=lease.run, fence=lease.fence, **words)
    return finish(asked, world, summarize)


def run_through(world: MemoryWorld, name: str, parts: Sequence[Operations], **words: Any) -> Lease:
    """A whole run: the file lands, the plan is kept, written and committed."""
    lease = lease_of(world, file_lands(world, name, words.get("content_hash")))
    manifest = keep_plan(world, lease, parts, **words)
    if manifest.verdict == "apply":
        write_parts(world, lease, parts)
    end(world, lease, verdict=manifest.verdict)
    return lease


GUARD = {"code": "GRD-02", "value": 50.0, "limit": 10.0, "unit": "percent", "tripped": True, "about": "people",
         "count": 5, "meaning": "Unexplained removals of an entity"}


def run_until_held(
    world: MemoryWorld, name: str, parts: Sequence[Operations], content: str
) -> tuple[Lease, PlanManifest]:
    """A run that a guard holds."""
    lease = lease_of(world, file_lands(world, name, content))
    manifest = keep_plan(world, lease, parts, verdict="hold", guards=[GUARD], content_hash=content)
    end(world, lease, verdict="hold")
    return lease, manifest
