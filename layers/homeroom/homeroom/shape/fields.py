"""A product receives only the fields that are relevant to it (C14). What makes a record one is always received."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from homeroom.model.entities import ENTITIES, Entity
from homeroom.shape.standing import Standing


def received(standing: Standing, fields: Mapping[str, frozenset[str]]) -> Standing:
    """What stands, with nothing in the fields that may not be received; an entity that is not named has all of its
    own. Fields that rules make are not looked at."""
    return standing.changed(**{
        name: _only(ENTITIES[name], rows, fields[name]) for name, rows in standing.frames.items() if name in fields
    })


def _only(entity: Entity, rows: pl.DataFrame, allowed: frozenset[str]) -> pl.DataFrame:
    dropped = [field.name for field in entity.carried if not field.required and field.name not in allowed]
    return rows.with_columns(pl.lit(None, rows.schema[name]).alias(name) for name in dropped)
