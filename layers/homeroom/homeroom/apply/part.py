"""Write one part of a plan: in batches, under the lease, the same absolute values however often it is called."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from io import BytesIO

from homeroom.apply.items import Change, change
from homeroom.errors import LeaseLost
from homeroom.model import places
from homeroom.model.events import Upserted
from homeroom.model.plan import IDENTITIES, Operation
from homeroom.model.run import Lease
from homeroom.ports import Objects, Roster, World

BATCH = 200
"""Items between two looks at the lease."""
SLICE = timedelta(minutes=10)
"""A call ends itself after this time and is called again with its offset (design 5)."""
MARGIN = timedelta(seconds=60)
"""Kept free before the end of the function's time, and added to the lease after it."""


@dataclass(frozen=True)
class PartResult:
    """What one part wrote: `results/part-<n>.json`.

    `writes` counts items: records, identity links, `moved`, the places that enrollments left, and `entries`, those of
    records made by hand.
    """

    part: int
    operations: int = 0
    records: int = 0
    links: int = 0
    moved: int = 0
    writes: int = 0
    entries: int = 0


@dataclass
class Batch:
    """Changes that are written between two looks at the lease, and the operations of the part that lie behind them."""

    start: int
    end: int
    changes: list[Change] = field(default_factory=list)
    writes: int = 0
    """Items that they write or delete."""

    def add(self, made: Change, writes: int) -> None:
        """The change of the next operation."""
        self.changes.append(made)
        self.end += 1
        self.writes += writes


def apply_part(lease: Lease, part: int, offset: int, world: World, deadline: datetime) -> Upserted:
    """Write a part of the run's own plan from an operation offset on; `deadline` is the end of the function's time.

    Returns done, or the offset to go on from when the time gets short. A repeated call rewrites the same values.
    Raises LeaseLost, without a further write, as soon as another run owns the roster.
    """
    world.runs.extend(lease, int((deadline + MARGIN).timestamp()))
    stop = min(world.clock.now() + SLICE, deadline - MARGIN)
    roster = world.integrations.get(lease.integration).roster
    operations = list(read_part(world.objects, lease.integration, lease.run, part))
    for batch in batches(roster, lease.run, operations, offset):
        if batch.start > offset and world.clock.now() >= stop:
            return Upserted(done=False, offset=batch.start)
        if not world.runs.holds(lease):
            raise LeaseLost(f"run {lease.run} is no longer the owner of the roster")
        _write(world.roster, batch)
    result = tally(roster, lease.run, part, operations)
    world.objects.put(places.result(lease.integration, lease.run, part), json.dumps(asdict(result)).encode())
    return Upserted(done=True, offset=len(operations))


def read_part(objects: Objects, integration: str, run: int, part: int) -> Iterator[Operation]:
    """The operations of one part, in writing order. Raises NotFound."""
    with gzip.open(BytesIO(objects.get(places.part(integration, run, part)))) as lines:
        for line in lines:
            yield json.loads(line)


def batches(roster: str, run: int, operations: list[Operation], offset: int = 0, size: int = BATCH) -> Iterator[Batch]:
    """Operations from the offset on, as batches of at most `size` written items (or of one operation that has more)."""
    batch = Batch(offset, offset)
    for operation in operations[offset:]:
        made = change(roster, operation, run)
        writes = made.writes
        if batch.changes and batch.writes + writes > size:
            yield batch
            batch = Batch(batch.end, batch.end)
        batch.add(made, writes)
    if batch.changes:
        yield batch


def _write(roster: Roster, batch: Batch) -> None:
    """Old places are emptied before new ones are filled: a crash in between leaves no enrollment twice."""
    closed = [change.closes for change in batch.changes if change.closes is not None]
    deletes = [*(key for change in batch.changes for key in change.deletes), *closed]
    if deletes:
        roster.write([], deletes)
    puts = [change.put for change in batch.changes if change.put is not None and change.previous is None]
    puts += [change.beside for change in batch.changes if change.beside is not None]
    if puts:
        roster.write(puts, [])
    for made in batch.changes:
        if made.put is not None and made.previous is not None:
            roster.move_link(made.put, made.previous)


def tally(roster: str, run: int, part: int, operations: Iterable[Operation]) -> PartResult:
    """What the whole part writes, whatever offset this call began at."""
    count = records = links = moved = entries = 0
    for operation in operations:
        count += 1
        made = change(roster, operation, run)
        if operation["entity"] == IDENTITIES:
            links += made.writes
        else:
            records += 1
            moved += len(made.deletes)
            entries += made.entries
    return PartResult(part, count, records, links, moved, records + links + moved + entries, entries)
