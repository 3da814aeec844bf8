"""Which record is meant by a word: a source id, an internal id, or an identity that people know it by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from homeroom.diff.applied import ID, SOURCE_ID, State
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES
from homeroom.model.snapshot import Snapshot

IDENTITIES: Mapping[str, tuple[str, ...]] = {
    "people": ("username", "identifier", "master_identifier", "email"), "classes": ("code",),
}
"""Fields by which people name a record, beside its ids. Compared without regard to case, as sign-in does."""
_RAW_ID = "sourcedId"


def meant(entity: str, word: str, snapshot: Snapshot | None, state: State, hand: Iterable[HandRecord]) -> list[str]:
    """The source ids that the word means: one, several where an identity is shared, none where nobody knows it.

    An id is exact and comes first; only a word that is no id is looked for among identities.
    """
    rows, kept = _rows(entity, snapshot), state[entity]
    made = [record for record in hand if record.entity == entity]
    if _has(rows, _RAW_ID, word) or _has(kept, SOURCE_ID, word) or any(r.source_id == word for r in made):
        return [word]
    of_id = kept.filter(pl.col(ID) == word)[SOURCE_ID].to_list()
    of_id += [record.source_id for record in made if record.id == word]
    if of_id:
        return of_id[:1]
    found = {record.source_id for record in made
             if any(_same(record.fields.get(field), word) for field in IDENTITIES[entity])}
    for field in IDENTITIES[entity]:
        found.update(_holders(rows, ENTITIES[entity].field(field).column, _RAW_ID, word))
        found.update(_holders(kept, field, SOURCE_ID, word))
    return sorted(found)


def shared(person: Mapping[str, object], state: State) -> tuple[str, ...]:
    """Sign-in names and numbers of an applied person that others have as well, archived ones included: then they mean
    nobody (`homeroom.diff.identities`). Two people of the staff with one email are an error of their rows (DUP-03)."""
    people = state["people"]
    told = []
    for field in ("username", "identifier"):
        value = person.get(field)
        if value is not None and len(set(_holders(people, field, ID, str(value), exact=field == "identifier"))) > 1:
            told.append(field)
    return tuple(told)


def _rows(entity: str, snapshot: Snapshot | None) -> pl.DataFrame | None:
    return None if snapshot is None else snapshot.frames.get(ENTITIES[entity].file)


def _has(rows: pl.DataFrame | None, column: str, word: str) -> bool:
    return rows is not None and column in rows.columns and bool((rows[column] == word).any())


def _holders(rows: pl.DataFrame | None, column: str, id: str, word: str, *, exact: bool = False) -> list[str]:
    if rows is None or column not in rows.columns or id not in rows.columns:
        return []
    values = pl.col(column) if exact else pl.col(column).str.to_lowercase()
    return rows.filter(values == (word if exact else word.lower()))[id].drop_nulls().to_list()


def _same(value: object, word: str) -> bool:
    return isinstance(value, str) and value.lower() == word.lower()
