"""The raw snapshot as it is kept beside a run: one Parquet file for each OneRoster file, and what it is about.

Previews of changed options, approvals, explanations and deltas start from it, without reading the source again.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.issues import Issue
from homeroom.model.snapshot import Snapshot

if TYPE_CHECKING:
    from homeroom.ports import Objects


def keep(objects: Objects, integration: str, run: int, snapshot: Snapshot) -> None:
    """Store the snapshot; `about.json` comes last, so that a half-written snapshot is never read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "raw.parquet"
        for stem in snapshot.frames:
            snapshot.frames[stem].write_parquet(path, compression="zstd", compression_level=1)
            objects.put_file(places.raw(integration, run, stem), path)
    about = {
        "source": snapshot.source, "content_hash": snapshot.content_hash, "modes": dict(snapshot.modes),
        "origins": dict(snapshot.origins), "frames": sorted(snapshot.frames),
        "issues": [vars(issue) for issue in snapshot.issues],
        "may_lack": {stem: list(columns) for stem, columns in snapshot.may_lack.items()},
        "cursor": snapshot.cursor, "full_at": snapshot.full_at, "without": list(snapshot.without),
    }
    objects.put(places.raw_about(integration, run), json.dumps(about).encode())


def copy(objects: Objects, integration: str, run: int, to: int) -> None:
    """Keep a run's snapshot with another run too, where there is one; `about.json` comes last."""
    try:
        about = objects.get(places.raw_about(integration, run))
    except NotFound:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "raw.parquet"
        for stem in json.loads(about)["frames"]:
            objects.get_file(places.raw(integration, run, stem), path)
            objects.put_file(places.raw(integration, to, stem), path)
    objects.put(places.raw_about(integration, to), about)


def load(objects: Objects, integration: str, run: int) -> Snapshot:
    """The snapshot of an earlier run. Raises NotFound when it expired."""
    about = json.loads(objects.get(places.raw_about(integration, run)))
    frames = {}
    with TemporaryDirectory() as folder:
        for stem in about["frames"]:
            path = Path(folder) / f"{stem}.parquet"
            objects.get_file(places.raw(integration, run, stem), path)
            frames[stem] = pl.read_parquet(path)
    issues = tuple(Issue(**issue) for issue in about["issues"])
    return Snapshot(
        about["source"], frames, about["modes"], about["content_hash"], issues, about["origins"],
        {stem: tuple(columns) for stem, columns in about.get("may_lack", {}).items()},
        about.get("cursor"), about.get("full_at"), tuple(about.get("without", ())),
    )
