"""What a question looks at: the rows that were read last and the roster as applied, without a lease and a write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.apply.manifest import load_manifest
from homeroom.errors import NotFound, Refused
from homeroom.model import places
from homeroom.model.integration import Integration
from homeroom.model.run import Control, Lease, Request, RunRecord
from homeroom.model.snapshot import Snapshot
from homeroom.planning.opening import Planning
from homeroom.ports import World
from homeroom.read import raw

LOOKED_BACK = 20
"""Applied runs that are looked at for rows: a run that took another one back read none."""


@dataclass(frozen=True)
class Rows:
    """Where the newest rows are: with the run that is held, or else with the one that was applied last.

    `read_by` is the run that read them at the source: after an approval, the one that was held.
    """

    run: int
    held: bool
    read_by: int
    read_at: datetime

    @property
    def text(self) -> str:
        """For people: which rows an answer is about."""
        return f"rows that {'held ' if self.held else ''}run {self.read_by} read at {self.read_at:%Y-%m-%d %H:%M} UTC"

    def as_json(self) -> dict[str, Any]:
        """For answers. The source is never asked by a question."""
        return {"run": self.read_by, "read_at": self.read_at.isoformat(), "held": self.held, "text": self.text}


def newest_rows(control: Control, world: World) -> Rows | None:
    """The rows read last of which a roster was or may be made; None where no run kept any."""
    for run in _candidates(control, world):
        if _kept(control.integration, run, world):
            request = request_of(control.integration, run, world)
            read_by = request.read_by if request else run
            record = run_of(control.integration, read_by, world) or world.runs.run(control.integration, run)
            return Rows(run, run == control.held_run, read_by, record.started_at)
    return None


def applied_runs(control: Control, world: World) -> Iterator[int]:
    """Runs that were applied, newest first, from the pointer back."""
    run = control.applied_run
    while run is not None:
        yield run
        try:
            run = load_manifest(world.objects, control.integration, run).base_run
        except NotFound:
            return


def _candidates(control: Control, world: World) -> Iterator[int]:
    if control.held_run is not None:
        yield control.held_run
    yield from islice(applied_runs(control, world), LOOKED_BACK)


def _kept(integration: str, run: int, world: World) -> bool:
    try:
        world.objects.get(places.raw_about(integration, run))
    except NotFound:
        return False
    return True


def load(rows: Rows, integration: str, world: World) -> Snapshot:
    """The rows themselves. Raises Refused when they expired."""
    try:
        return raw.load(world.objects, integration, rows.run)
    except NotFound:
        raise Refused(f"the rows of run {rows.run} are gone", remedy="Start a run: it reads the source anew.") from None


def kept_without(rows: Rows, integration: str, world: World) -> tuple[str, ...]:
    """Columns that were dropped before these rows were kept, because no product could receive them."""
    return tuple(json.loads(world.objects.get(places.raw_about(integration, rows.run))).get("without", ()))


def as_planning(rows: Rows, integration: Integration, control: Control, world: World, as_of: str | None) -> Planning:
    """A planning of these rows that belongs to no run: its lease is nobody's, and nothing may be kept with it."""
    now = world.clock.now()
    day = as_of or now.astimezone(ZoneInfo(integration.timezone)).date().isoformat()
    lease = Lease(integration=integration.id, run=rows.run, fence=control.fence)
    request = Request(
        integration=integration.id, run=rows.run, fence=control.fence, trigger="hand", as_of=day,
        held_run=rows.run, started_at=now,
    )
    edits = tuple(world.roster.edits(integration.roster))
    return Planning(lease, world, request, integration, control, edits)


def with_choices(planning: Planning, integration: Integration) -> Planning:
    """The same planning of an integration with other choices."""
    return replace(planning, integration=integration)


def request_of(integration: str, run: int, world: World) -> Request | None:
    """What the door wrote down for a run; None where it is gone."""
    try:
        return Request.model_validate_json(world.objects.get(places.request(integration, run)))
    except NotFound:
        return None


def run_of(integration: str, run: int, world: World) -> RunRecord | None:
    """The ledger's entry; None where there is none."""
    try:
        return world.runs.run(integration, run)
    except NotFound:
        return None
