"""Why is a record absent? Explained removals (by a sharing rule or a rule of products, said by the source, term ended,
left by an interrupted run) and the rest.

Only unexplained removals trip the guards against mass removal. Ended terms never remove a record that is in the source;
they only explain the absence of one that is not (design 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from homeroom.diff.applied import SOURCE_ID, State
from homeroom.model.reasons import PRODUCT_RULED, PRODUCT_WORDS
from homeroom.shape import Desired
from homeroom.shape.desired import RULE
from homeroom.shape.marks import within

REASON = "reason"
ABSENT = "absent"
"""The reason of an unexplained removal."""
RULED = "sharing rule"
"""The reason of a record that the source still has and that the sharing rules leave out; for the rules of products it
is `homeroom.model.reasons.PRODUCT_RULED`."""

Gone = Mapping[str, pl.Series]


def explain(entity: str, absent: pl.DataFrame, applied: State, desired: Desired, as_of: str,
            interrupted: frozenset[str]) -> pl.DataFrame:
    """Removed rows with their `reason`: `sharing rule`, `product rule`, `removed by the source`, `term ended`,
    `interrupted run` or `absent`."""
    if absent.is_empty():
        return absent.with_columns(pl.lit(ABSENT).alias(REASON))
    today = pl.lit(as_of).str.to_date()
    said = within(absent[SOURCE_ID], desired.entities[entity].gone)
    for field, target in OWNERS.get(entity, ()):
        said = said | within(absent[field], desired.entities[target].gone)
    ended = _ENDED[entity](absent, applied, today) if entity in _ENDED else _never(absent)
    left = within(absent[SOURCE_ID], pl.Series(sorted(interrupted), dtype=pl.String))
    ruled = _ruled(entity, absent, desired)
    reason = (
        pl.when(ruled.is_not_null()).then(ruled)
        .when(said).then(pl.lit("removed by the source")).when(ended).then(pl.lit("term ended"))
        .when(left).then(pl.lit("interrupted run")).otherwise(pl.lit(ABSENT))
    )
    return absent.with_columns(reason.alias(REASON))


OWNERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "enrollments": (("person", "people"), ("class", "classes")),
    "contacts": (("student", "people"), ("guardian", "people")),
}
"""What goes with its owner: a removed student's enrollments are explained by the student's removal."""


def _ruled(entity: str, absent: pl.DataFrame, desired: Desired) -> pl.Series:
    """Which kind of rule leaves it out, null for none: then the source has the record, so nothing else can explain why
    it leaves."""
    left_out = desired.left_out.get(entity)
    if left_out is None or left_out.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, absent.height)
    kind = pl.when(pl.col(RULE).is_in(sorted(PRODUCT_WORDS))).then(pl.lit(PRODUCT_RULED)).otherwise(pl.lit(RULED))
    kinds = left_out.select(SOURCE_ID, kind.alias(REASON)).unique(SOURCE_ID)
    return absent.select(SOURCE_ID).join(kinds, on=SOURCE_ID, how="left", maintain_order="left")[REASON]


def _never(absent: pl.DataFrame) -> pl.Series:
    return pl.zeros(absent.height, pl.Boolean, eager=True)


def _ended_terms(applied: State, today: pl.Expr) -> pl.Series:
    return applied["terms"].filter(pl.col("end_date") < today)[SOURCE_ID]


def _ended_itself(absent: pl.DataFrame, _: State, today: pl.Expr) -> pl.Series:
    return absent.select((pl.col("end_date") < today).fill_null(False)).to_series()


def _ended_courses(absent: pl.DataFrame, applied: State, today: pl.Expr) -> pl.Series:
    return within(absent["school_year"], _ended_terms(applied, today))


def _ended_classes(absent: pl.DataFrame, applied: State, today: pl.Expr) -> pl.Series:
    """A class has ended when it has terms and all of them have."""
    ended = set(_ended_terms(applied, today))
    lists = absent["terms"].unique().drop_nulls().to_list()
    over = [text for text in lists if ended.issuperset(text.split(","))]
    return absent["terms"].is_in(over).fill_null(False)


def _ended_enrollments(absent: pl.DataFrame, applied: State, today: pl.Expr) -> pl.Series:
    classes = applied["classes"]
    over = classes.filter(_ended_classes(classes, applied, today))[SOURCE_ID]
    return _ended_itself(absent, applied, today) | within(absent["class"], over)


_ENDED: Mapping[str, Callable[[pl.DataFrame, State, pl.Expr], pl.Series]] = {
    "terms": _ended_itself,
    "courses": _ended_courses,
    "classes": _ended_classes,
    "enrollments": _ended_enrollments,
}
