"""The kept state: the roster as applied, one Parquet file an entity, archived records included.

It is written before anything is applied and counts only once the pointer names it. A state that the pointer names and
that is missing is `StateLost`, never a first load.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from homeroom.errors import NotFound, StateLost
from homeroom.model import places
from homeroom.model.entities import ENTITIES

if TYPE_CHECKING:
    from homeroom.ports import Objects


def save(objects: Objects, integration: str, run: int, state: Mapping[str, pl.DataFrame]) -> None:
    """Store the state that a run would leave."""
    with TemporaryDirectory() as folder:
        write_folder(Path(folder), state)
        for name in ENTITIES:
            objects.put_file(places.state(integration, run, name), Path(folder) / f"{name}.parquet")


def load(objects: Objects, integration: str, run: int) -> dict[str, pl.DataFrame]:
    """The state that a run left. Raises StateLost."""
    with TemporaryDirectory() as folder:
        for name in ENTITIES:
            try:
                objects.get_file(places.state(integration, run, name), Path(folder) / f"{name}.parquet")
            except NotFound as missing:
                raise StateLost(f"the kept state of run {run} has no {name}") from missing
        return read_folder(Path(folder))


def write_folder(folder: Path, state: Mapping[str, pl.DataFrame]) -> None:
    """Write a state as files, as `homeroom plan --keep` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ENTITIES:
        state[name].write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1)


def read_folder(folder: Path) -> dict[str, pl.DataFrame]:
    """Read a state from files. Raises StateLost when one is missing."""
    missing = [name for name in ENTITIES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise StateLost(f"the folder holds no kept state: {', '.join(missing)} missing")
    return {name: pl.read_parquet(folder / f"{name}.parquet", memory_map=False) for name in ENTITIES}
