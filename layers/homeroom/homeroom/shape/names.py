"""Class names that are unique (C8, ADR 0030): `Classroom1` with id 12345 becomes `Classroom1 - 12345`.

`on`: every class. `where they clash`: all classes of a school whose titles look the same, so that no order decides who
keeps the plain one. Records made by hand take part and are never renamed. A name that was given stays as long as the
SIS says the same title, though the clash has ended.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import polars as pl

from homeroom.check.findings import Findings, Where
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import CLASSES
from homeroom.products.rules import Rules
from homeroom.shape.desired import SOURCE_ID
from homeroom.shape.marks import within
from homeroom.shape.standing import Frames, Standing

RENAMED = "PRD-03"
LONGEST = CLASSES.field("title").longest
BETWEEN = " - "

_KEY, _NAME = "_key", "_name"
_EVERY, _CLASH = "every class name carries its id", "another class of the school has this name"


def uniquely_named(standing: Standing, rules: Rules, applied: Frames, hand: Sequence[HandRecord] = ()) -> Standing:
    """What stands, with class names that the rule makes; `source_title` keeps what the SIS says. New names are told."""
    classes = standing.frames["classes"]
    every = rules.class_names == "on"
    made = pl.repeat(True, classes.height, eager=True) if every else _clashing(classes, applied, hand)
    if not made.any():
        return standing
    named = classes.with_columns(
        pl.when(pl.lit(made)).then(with_id()).otherwise("title").alias("title"),
        pl.when(pl.lit(made)).then("title").alias("source_title"),
    )
    told = _told(named.filter(made), applied, _EVERY if every else _CLASH)
    return standing.changed(classes=named).noting(told)


def with_id() -> pl.Expr:
    """The title with the id behind it, at most LONGEST characters: the title is cut, the id never."""
    room = LONGEST - len(BETWEEN) - pl.col(SOURCE_ID).str.len_chars().cast(pl.Int64)
    cut = pl.col("title").str.slice(0, pl.max_horizontal(room, 0)).str.strip_chars_end()
    return pl.when(cut.str.len_chars() > 0).then(cut + BETWEEN + pl.col(SOURCE_ID)).otherwise(SOURCE_ID)


def key_of(title: str) -> str:
    """The form in which names are compared: NFKC, without case, spaces collapsed and trimmed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(folded.split())


def _clashing(classes: pl.DataFrame, applied: Frames, hand: Sequence[HandRecord]) -> pl.Series:
    """Which classes are renamed: those whose titles clash, those renamed before, and those that meet a new name."""
    taken = _by_hand(classes, hand)
    made = _alike(classes.with_columns(pl.col("title").alias(_NAME)), taken) | _renamed_before(classes, applied)
    while True:
        names = classes.with_columns(pl.when(pl.lit(made)).then(with_id()).otherwise("title").alias(_NAME))
        more = _alike(names, taken) & ~made
        if not more.any():
            return made
        made = made | more


def _alike(classes: pl.DataFrame, taken: pl.DataFrame) -> pl.Series:
    """For each class whether another one of its school, or one made by hand, has a name that looks the same."""
    distinct = classes[_NAME].unique()
    keys = distinct.to_list()
    key = pl.col(_NAME).replace_strict(keys, [key_of(title) for title in keys], return_dtype=pl.String)
    rows = classes.select("school", key.alias(_KEY))
    both = pl.concat([rows, taken])
    return both.select(pl.len().over("school", _KEY) > 1)["len"].head(rows.height)


def _by_hand(classes: pl.DataFrame, hand: Sequence[HandRecord]) -> pl.DataFrame:
    """Names of classes made by hand, by school; one that the SIS has too is the same class."""
    made = [record for record in hand if record.entity == "classes" and "title" in record.fields]
    known = set(within(pl.Series([r.source_id for r in made], dtype=pl.String), classes[SOURCE_ID]).arg_true())
    rows = [(r.fields.get("school"), key_of(r.fields["title"])) for n, r in enumerate(made) if n not in known]
    return pl.DataFrame(rows, schema={"school": pl.String, _KEY: pl.String}, orient="row")


def _renamed_before(classes: pl.DataFrame, applied: Frames) -> pl.Series:
    """Which classes were renamed, and have the same title in the SIS still."""
    if "classes" not in applied:
        return pl.zeros(classes.height, pl.Boolean, eager=True)
    before = applied["classes"].select(SOURCE_ID, pl.col("source_title").alias("_before"))
    found = classes.select(SOURCE_ID, "title").join(before, on=SOURCE_ID, how="left", maintain_order="left")
    return found.select((pl.col("title") == pl.col("_before")).fill_null(False)).to_series()


def _told(named: pl.DataFrame, applied: Frames, why: str) -> pl.DataFrame:
    """One issue for each class with a name that it did not have before; `value` is the new one."""
    new = named
    if "classes" in applied:
        new = named.join(applied["classes"].select(SOURCE_ID, "title"), on=[SOURCE_ID, "title"], how="anti",
                         maintain_order="left")
    findings = Findings()
    findings.add(RENAMED, new, Where("classes", "classes", "title"), value=pl.col("title"), cause=pl.lit(why))
    return findings.frame()
