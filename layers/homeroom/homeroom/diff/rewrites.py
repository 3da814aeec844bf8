"""Records that are written though the source did not change them: torn by an interrupted run, or linkable at last.

Both are exact: a record that needs no write is not among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from homeroom.check.references import REQUIRED
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.model.entities import ENTITIES
from homeroom.model.plan import TableImage
from homeroom.shape import DesiredEntity


def rewrites(wanted: Mapping[str, DesiredEntity], base: State, before: State,
             images: Mapping[str, Sequence[TableImage]]) -> dict[str, frozenset[str]]:
    """Entity → source ids. `base` is the kept state, `before` the same corrected by the images of the table."""
    ids = {n: pl.concat([wanted[n].records.select(SOURCE_ID), before[n].select(SOURCE_ID)]) for n in ENTITIES}
    states = (base, before) if any(images.values()) else (base,)
    return {name: _torn(images[name]).union(*(_linkable(name, ids, s) for s in states)) for name in ENTITIES}


def interrupted(images: Iterable[TableImage], base: pl.DataFrame) -> frozenset[str]:
    """Records that only an interrupted run made or brought back: the kept state does not have them as active."""
    found = frozenset(image.source_id for image in images)
    return found - frozenset(base.filter(pl.col(STATUS) == ACTIVE)[SOURCE_ID]) if found else found


def _torn(images: Sequence[TableImage]) -> frozenset[str]:
    """Records whose move was cut off: they stand in two places, or in none."""
    places = Counter(image.source_id for image in images if image.fields is not None)
    return frozenset(image.source_id for image in images if places[image.source_id] != 1)


def _linkable(name: str, ids: Mapping[str, pl.DataFrame], state: State) -> frozenset[str]:
    """Records written while what they point to was in error and unknown, which is there now.

    Without what they can not be (`REQUIRED`) they would never have been written, so those references are not looked at.
    """
    found: set[str] = set()
    active = state[name].filter(pl.col(STATUS) == ACTIVE)
    for field in ENTITIES[name].fields if active.height else ():
        target = field.references
        if target is None or (name, field.name) in REQUIRED:
            continue
        new = ids[target].join(state[target], on=SOURCE_ID, how="anti")
        if new.is_empty():
            continue
        named = pl.col(field.name).str.split(",") if field.kind == "list" else pl.col(field.name)
        pairs = active.select(SOURCE_ID, named.alias("target"))
        pairs = pairs.explode("target") if field.kind == "list" else pairs
        found.update(pairs.join(new, left_on="target", right_on=SOURCE_ID, how="semi")[SOURCE_ID])
    return frozenset(found)
