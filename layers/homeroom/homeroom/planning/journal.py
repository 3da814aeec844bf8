"""The journal of applied runs: what they changed, from the parts of their plans, and in which order they were applied.

A run that repaired interrupted ones stands for them too: what those had written, it need not have written again.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl

from homeroom.apply.manifest import load_manifest
from homeroom.diff.applied import ID
from homeroom.diff.past import added_up, changes_of, read_lines
from homeroom.model import places
from homeroom.model.entities import ENTITIES
from homeroom.model.run import Control
from homeroom.planning.looking import applied_runs
from homeroom.ports import Objects, World

READERS = 8
Keep = Callable[[str, pl.DataFrame], pl.DataFrame]
"""Entity and operations (`diff.past.read_lines`) → those that are meant."""


def operations(objects: Objects, integration: str, run: int,
               entities: Iterable[str] = tuple(ENTITIES)) -> Iterator[tuple[str, pl.DataFrame]]:
    """The operations of a run, and of the interrupted runs that it repaired, in the order in which they were made.

    (Entity, operations of one part.) Raises NotFound where the journal is gone.
    """
    meant = frozenset(entities)
    for one in (*load_manifest(objects, integration, run).mends, run):
        parts = [(number, name) for number, (name, _, _) in enumerate(load_manifest(objects, integration, one).parts)
                 if name in meant]
        with ThreadPoolExecutor(READERS) as readers:
            read = partial(_lines, objects, integration, one)
            for (_, name), lines in zip(parts, readers.map(read, [number for number, _ in parts]), strict=True):
                yield name, read_lines(ENTITIES[name], lines)


def _lines(objects: Objects, integration: str, run: int, part: int) -> bytes:
    return gzip.decompress(objects.get(places.part(integration, run, part)))


def changes(objects: Objects, integration: str, run: int, entities: Iterable[str] = tuple(ENTITIES),
            keep: Keep = lambda _, rows: rows) -> dict[str, pl.DataFrame]:
    """What a run changed: one row for each record (`homeroom.diff.past.Changes`)."""
    meant = tuple(entities)
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in meant}
    for name, rows in operations(objects, integration, run, meant):
        parts[name].append(changes_of(ENTITIES[name], keep(name, rows)))
    return {name: added_up(ENTITIES[name], made) for name, made in parts.items()}


def touched_since(control: Control, world: World, run: int) -> dict[str, pl.Series] | None:
    """Entity → internal ids of the records that runs after this one changed; None if it is not among the applied."""
    found: dict[str, list[pl.Series]] = {name: [] for name in ENTITIES}
    for later in applied_runs(control, world):
        if later == run:
            return {name: pl.concat([pl.Series(ID, [], dtype=pl.String), *ids]) for name, ids in found.items()}
        for name, rows in operations(world.objects, control.integration, later):
            found[name].append(rows[ID])
    return None


def undone_by(objects: Objects, integration: str, runs: Iterable[int]) -> Mapping[str, frozenset[str]]:
    """Entity → source ids that these undo runs wrote: what they took back."""
    found: dict[str, set[str]] = {}
    for run in runs:
        for name, rows in operations(objects, integration, run):
            found.setdefault(name, set()).update(rows["source_id"])
    return {name: frozenset(ids) for name, ids in found.items()}
