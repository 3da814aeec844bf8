"""Uploads that a newer one overtook before anybody looked at them.

Of full exports only the newest counts. But a delta tells what changed since the one before it: so each upload that was
passed over stands in the ledger, and a delta after it is refused instead of leaving a gap.
"""

from __future__ import annotations

from homeroom.model.integration import Integration
from homeroom.model.run import Delivery, RunRecord
from homeroom.ports import Landed, World
from homeroom.read.delivery import Whole
from homeroom.support.deliveries import content_hash, roster_files


def note_overtaken(integration: Integration, newest: Whole, world: World) -> None:
    """Enter every zip that landed since the integration was set up, is not in the newest set and was never taken."""
    read = {landed.file.key for landed in newest.files}
    known = integration.created_at
    passed = [
        landed for landed in roster_files(integration, world)
        if landed.file.key.lower().endswith(".zip") and landed.file.key not in read
        and (known is None or landed.modified >= known)
    ]
    for landed in sorted(passed, key=lambda landed: landed.modified):
        if world.runs.taken_by(integration.id, Delivery(files=(landed.file,))) is None:
            _enter(integration, landed, world)


def _enter(integration: Integration, landed: Landed, world: World) -> None:
    now = world.clock.now()
    run, _ = world.runs.open(integration.id, now=now, lease_seconds=0, take_lease=False)
    world.runs.record(RunRecord(
        integration=integration.id, run=run, trigger="file", state="finished", outcome="skipped", code="overtaken",
        text="a newer upload came before this one was read", started_at=now, finished_at=now,
        content_hash=content_hash((landed.file,), world),
    ))
    world.runs.take_delivery(integration.id, Delivery(files=(landed.file,)), run)
