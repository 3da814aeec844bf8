"""What else a plan depends on, gathered before its pure part begins: hand-made records, directory, the days before."""

from __future__ import annotations

import polars as pl

from homeroom.apply.manifest import load_manifest
from homeroom.apply.part import read_part
from homeroom.diff.rekey import walk_of
from homeroom.model.plan import Around
from homeroom.planning.accounts import accounts_of
from homeroom.planning.drained import drained
from homeroom.planning.journal import undone_by
from homeroom.planning.opening import Planning


def around(planning: Planning) -> Around:
    """Read what stands beside source and applied roster. Raises SourceUnusable and RetryableError."""
    directory = accounts_of(planning)
    return Around(
        hand=planning.hand, accounts=directory.accounts, issues=directory.issues,
        walk=walk_begun(planning), rekey=planning.request.rekey, moving=_moving(planning),
        drained=drained(planning.world.runs, planning.lease.integration, planning.request.as_of),
        undone=undone_by(planning.world.objects, planning.lease.integration, planning.control.undone),
    )


def walk_begun(planning: Planning) -> dict[str, pl.DataFrame]:
    """New ids that runs which were interrupted may have written already."""
    lease, control, objects = planning.lease, planning.control, planning.world.objects
    return walk_of(
        operation for run in control.dirty_runs
        for part in range(len(load_manifest(objects, lease.integration, run).parts))
        for operation in read_part(objects, lease.integration, run, part)
    )


def _moving(planning: Planning) -> bool:
    """Whether nothing was applied since the roster comes by another aggregator."""
    moving, applied_at = planning.integration.moving, planning.control.applied_at
    return moving is not None and applied_at is not None and moving.at > applied_at
