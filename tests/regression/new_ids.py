"""People who look at a re-key and approve it."""

from __future__ import annotations

from homeroom.apply.manifest import load_manifest
from homeroom.model.events import Approve, Started
from homeroom.model.run import RunRecord
from homeroom.support.operations import act
from tests.builders.api_runs import LAB, go_on, lease_of
from tests.fakes.memory import MemoryWorld


def approve_rekey(world: MemoryWorld, held: RunRecord) -> RunRecord:
    """As many people as are needed look at the cross-walk that a held run proposes, and approve it."""
    proposed = load_manifest(world.objects, LAB, held.run).rekey
    assert proposed is not None
    told = {"operation": "approve", "integration": LAB, "run": held.run, "plan_hash": proposed["plan_hash"],
            "rekey": True, "reason": "the same people"}
    answer: dict[str, object] = {}
    for who in ("csm-1", "tse-2")[: proposed["approvers"]]:
        world.clock.tick(60)
        answer = act(Approve.model_validate({**told, "by": who}), world)
    return go_on(world, lease_of(world, Started.model_validate(answer)))
