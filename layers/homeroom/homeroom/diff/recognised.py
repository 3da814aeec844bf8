"""A few people under new ids: a student who was registered anew, or who came back after a year under another id.

Where a number that the SIS gave and the whole name agree, each once among who left and once among who is new, and
nobody who is there has both too, it is the same person and keeps identity, account and history. IDN-03 tells of each.
Many at once are not taken so (GRD-10): then a person decides. A username or an email is no such number (ADR 29).
"""

from __future__ import annotations

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.diff.rekey import NOW, WAS, Proposal, twins_by_number, walking
from homeroom.model.plan import MANY_TWINS, TWINS_PERCENT, Around
from homeroom.model.season import Limit
from homeroom.shape import Desired, DesiredEntity

KEPT = "number and name: the identity was kept"


def recognised(around: Around, desired: Desired, applied: State | None,
               limit: Limit | None = None) -> tuple[Around, pl.DataFrame]:
    """The surroundings with the new ids of people who are known, and the issues that tell of them.

    Nothing where a re-key is approved, a change of aggregator waits, or so many come anew that a person must decide:
    `limit` is the integration's own for GRD-10.
    """
    if applied is None or around.moving or around.rekey or "people" not in desired.delivered:
        return around, no_issues()
    floor, percent = (limit.floor, limit.percent) if limit else (None, None)
    many = (MANY_TWINS if floor is None else floor, TWINS_PERCENT if percent is None else percent)
    pairs = _known(desired.entities["people"], applied["people"], around, many)
    if pairs.is_empty():
        return around, no_issues()
    return walking(around, Proposal({"people": pairs})), _told(pairs)


def _known(said: DesiredEntity, people: pl.DataFrame, around: Around, many: tuple[int, float]) -> pl.DataFrame:
    """(`was`, `now`) of people who are known under another id: of those who leave first, then of those who left."""
    if "people" in around.walk:
        people = people.join(around.walk["people"], left_on=SOURCE_ID, right_on=WAS, how="anti")
    created = said.records.join(people, on=SOURCE_ID, how="anti")
    if "people" in around.walk:
        created = created.join(around.walk["people"], left_on=SOURCE_ID, right_on=NOW, how="anti")
    if created.is_empty():
        return _none()
    present = said.records.join(people, on=SOURCE_ID, how="semi")
    unsaid = people.join(said.records, on=SOURCE_ID, how="anti")
    unsaid = unsaid.join(said.unusable.alias(SOURCE_ID).to_frame(), on=SOURCE_ID, how="anti")
    leaving = unsaid.filter(pl.col(STATUS) == ACTIVE)
    found = twins_by_number(leaving, created, present)
    floor, percent = many
    if found.height >= floor and 100 * found.height >= percent * leaving.height and found.height:
        return _none()
    left = created.join(found, left_on=SOURCE_ID, right_on=NOW, how="anti")
    stays = pl.concat([present, leaving], how="diagonal")
    return pl.concat([found, twins_by_number(unsaid.filter(pl.col(STATUS) != ACTIVE), left, stays)])


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={WAS: pl.String, NOW: pl.String})


def _told(pairs: pl.DataFrame) -> pl.DataFrame:
    told = {"code": pl.lit("IDN-03"), "entity": pl.lit("people"), SOURCE_ID: pl.col(NOW), "value": pl.col(WAS),
            "cause": pl.lit(KEPT)}
    return pairs.sort(NOW).select(told.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items())
