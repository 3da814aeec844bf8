"""What planning reads from the world: the run's request, its rows, and what was applied before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from homeroom.apply import kept_state
from homeroom.apply.dirty import Dirty, dirty_images
from homeroom.errors import NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.byhand import HandRecord
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.plan import Repairs
from homeroom.model.run import Control, Delivery, Lease, Request, State
from homeroom.model.snapshot import Snapshot
from homeroom.planning.hand import edited_by_hand, links_by_hand, standing_by_hand
from homeroom.ports import Edit, World
from homeroom.products import rules_of
from homeroom.products.receiving import Received, received_by
from homeroom.read import fetched, raw
from homeroom.read.minimal import minimal, refuse_narrow
from homeroom.read.oneroster_csv import read_set

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
            return fetched.load(self.world.objects, self.lease.integration, self.lease.run, self._base, self._received)
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
            base = self._base()
            refuse_narrow(base.without if base else (), self._received)
        issues = (*snapshot.issues, *pulled.issues) if pulled else snapshot.issues
        received = self._received
        return replace(snapshot, issues=issues, frames=minimal(snapshot.frames, received), without=received.words())

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
            if not seen and record.undoes is None and record.content_hash not in known:
                raise SourceUnusable(
                    f"a delta follows the delivery of run {run}, which was not applied", code="FIL-07",
                    remedy="Send one bulk export.",
                )

    def _base_read_by(self) -> int:
        """The run that read the delivery which was applied last: after an approval, the one that was held; after an
        undo, the one that was applied before it."""
        applied = self.control.applied_run or 0
        try:
            request = self.world.objects.get(places.request(self.lease.integration, applied))
        except NotFound:
            return applied
        return Request.model_validate_json(request).read_by

    def _base(self) -> Snapshot | None:
        """What a delta file starts from: the raw snapshot of the run that was applied last."""
        if self.control.applied_run is None:
            return None
        return raw.load(self.world.objects, self.lease.integration, self.control.applied_run)

    @property
    def _received(self) -> Received:
        """What the products of the integration may receive; the rest is dropped before rows are kept."""
        return received_by(rules_of(self.integration))

    def applied(self) -> dict[str, pl.DataFrame] | None:
        """The kept state, None before the first load. Raises StateLost."""
        if self.control.applied_run is None:
            return None
        return kept_state.load(self.world.objects, self.lease.integration, self.control.applied_run)

    def repairs(self) -> Repairs:
        """What must be taken in whatever the diff says: keys of interrupted runs, and hand edits."""
        dirty = self.dirty
        links = {image.link: image for image in (*dirty.links, *links_by_hand(self))}
        edited, altered = edited_by_hand(self.edits)
        return Repairs(dirty.images, tuple(links.values()), edited, altered,
                       frozenset((record.entity, record.id) for record in dirty.by_hand))

    @cached_property
    def dirty(self) -> Dirty:
        """What interrupted runs may have left."""
        return dirty_images(self.world, self.integration, self.control)

    @cached_property
    def hand(self) -> tuple[HandRecord, ...]:
        """The active records made by hand; of those that an interrupted run may have written, as they were before."""
        return standing_by_hand(self.world.roster.by_hand(self.integration.roster), self.dirty.by_hand)

    def expected_districts(self) -> tuple[str, ...]:
        """The district confirmed at connect."""
        return (self.integration.district_id,) if self.integration.district_id else ()


def progress(lease: Lease, world: World, state: State) -> None:
    """Note in the ledger how far the run is."""
    record = world.runs.run(lease.integration, lease.run)
    world.runs.record(record.model_copy(update={"state": state}))
