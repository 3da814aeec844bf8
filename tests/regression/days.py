"""A lab's days in one process: an export lands, its event comes, its run goes to its end."""

from __future__ import annotations

import json
from typing import Any

from homeroom.flow import sync
from homeroom.model.events import Approve, Started
from homeroom.model.integration import Integration
from homeroom.model.run import Lease, RunRecord
from homeroom.support.intake import settle
from homeroom.support.operations import act
from tests.builders.oneroster import District, Files, district, zip_bytes
from tests.fakes.copies import once
from tests.fakes.memory import MemoryWorld, memory_world

LAB = Integration(id="lab", hold_first_load=False, product_line="Sample")
A_MINUTE = 60


def lab(first: Files, integration: Integration = LAB) -> MemoryWorld:
    """A world after one export, which is read once for all tests that begin with it."""
    world = memory_world(integration)
    return once(("first.zip", integration.model_dump_json(), json.dumps(first)),
                lambda: (world, lands(world, "first.zip", first)))[0]


def many_students() -> District:
    """Enough students for shares to count."""
    grown = district()
    for n in range(100, 140):
        grown = grown.with_student(f"s-{n}", classes=["c-1"])
    return grown


def put(world: MemoryWorld, name: str, files: Files, **quirks: Any) -> Started:
    """An export lands a minute later and its event comes; no run goes on yet."""
    world.clock.tick(A_MINUTE)
    world.landing.put(f"landing/lab/{name}", zip_bytes(files, **quirks))
    started = settle("lab", world).started
    assert started is not None
    return started


def lands(world: MemoryWorld, name: str, files: Files, **quirks: Any) -> RunRecord:
    """An export lands and what becomes of it is waited for."""
    return ended(world, put(world, name, files, **quirks))


def changes(world: MemoryWorld, name: str, *people: dict[str, str]) -> RunRecord:
    """A delta of these people lands and what becomes of it is waited for."""
    return lands(world, name, {"users": list(people)}, modes={"users": "delta"})


def approve(world: MemoryWorld, held: RunRecord, **words: Any) -> RunRecord:
    """What waits of the run is approved, by as many people as it needs, and applied."""
    answer: dict[str, Any] = {}
    for by in ("support", "second person"):
        answer = says_yes(world, held, by, **words)
        if answer["state"] != "waiting":
            break
    return ended(world, Started.model_validate(answer))


def says_yes(world: MemoryWorld, held: RunRecord, by: str = "support", **words: Any) -> dict[str, Any]:
    """One person approves what waits of the run, or a part of it."""
    asked = {"operation": "approve", "integration": "lab", "run": held.run, "by": by, "reason": "it is right",
             "plan_hash": held.waits or held.plan_hash, **words}
    return act(Approve.model_validate(asked), world)


def ended(world: MemoryWorld, started: Started) -> RunRecord:
    """The run to its end, or the ledger's word why there is none."""
    assert started.run is not None
    if started.state != "queued":
        return world.runs.run("lab", started.run)
    return sync(lease_of(world, started), world).record


def lease_of(world: MemoryWorld, started: Started) -> Lease:
    """The lease that the door took for the run."""
    request = world.executions.started[f"lab-{started.run}"]
    return Lease(integration="lab", run=request.run, fence=request.fence)


def active(world: MemoryWorld, entity: str) -> set[str]:
    """Source ids of the active records in the table."""
    items = world.roster.items.values()
    return {i["source_id"] for i in items if i.get("entity") == entity and "shard" in i and i["status"] == "active"}
