"""Marks on rows: which values are among some ids, and which links between people nothing was said about."""

from __future__ import annotations

import polars as pl

from homeroom.shape.desired import SOURCE_ID, DesiredEntity


def within(values: pl.Series, ids: pl.Series) -> pl.Series:
    """For each value whether it is among the ids; never null, in the order of the values."""
    if ids.is_empty():
        return pl.zeros(len(values), pl.Boolean, eager=True)
    marked = ids.unique().alias("v").to_frame().with_columns(pl.lit(True).alias("in"))
    return values.alias("v").to_frame().join(marked, on="v", how="left", maintain_order="left")["in"].fill_null(False)


def unsaid(people: DesiredEntity, contacts: pl.DataFrame) -> pl.Series:
    """Ids of applied contacts about which nothing is known: one of the two people is in error, and neither is gone.

    Contacts are made from rows of people, so the row in error may be the only one that named them.
    """
    if people.unusable.is_empty():
        return people.unusable
    broken = people.unusable.alias(SOURCE_ID).to_frame()
    present = pl.concat([people.records.select(SOURCE_ID), broken])
    for side in ("student", "guardian"):
        contacts = contacts.join(present, left_on=side, right_on=SOURCE_ID, how="semi")
    torn = [contacts.join(broken, left_on=side, right_on=SOURCE_ID, how="semi") for side in ("student", "guardian")]
    return pl.concat(torn)[SOURCE_ID]
