"""Which schools a student is in: those of the classes with a student enrollment, and those the student belongs to.

An enrollment is in the school of its class; where that has none, in the one that the enrollment names. Organisations
below a school count as the school; the district is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.shape.desired import SOURCE_ID
from homeroom.shape.places import schools
from homeroom.shape.standing import Frames

PERSON, SCHOOL, AT = "person", "school", "_at"
HOMEROOM = "homeroom"

_STUDENT = "student"
_BY = ("role", "roles", "orgs")
_OWN, _LOW, _HIGH = "_own", "_low", "_high"


@dataclass(frozen=True)
class Students:
    """`one`: students of exactly one school (PERSON, SCHOOL). `several`: the others, a row for each of their schools.
    `rows`: the student enrollments of these others: AT (its row number), PERSON, SCHOOL (null for none), `source_id`,
    `primary`, HOMEROOM (whether the class is one)."""

    one: pl.DataFrame
    several: pl.DataFrame
    rows: pl.DataFrame


def students(frames: Frames) -> Students:
    """The students by how many schools they are in. Who is in none is left out.

    Schools are numbers here, and of each student the lowest and the highest are compared: few have two.
    """
    of_org = schools(frames["orgs"])
    names = sorted(set(of_org.values()))
    number = {name: n for n, name in enumerate(names)}
    numbers = {org: number[school] for org, school in of_org.items()}
    enrolled = _enrolled(frames, numbers)
    ends = enrolled.group_by(PERSON).agg(pl.col(SCHOOL).min().alias("low"), pl.col(SCHOOL).max().alias("high"))
    found = _own(frames["people"], numbers).join(ends, on=PERSON, how="left", maintain_order="left").with_columns(
        pl.min_horizontal("low", _LOW).alias("low"), pl.max_horizontal("high", _HIGH).alias("high"))
    others = found.filter(pl.col("low") != pl.col("high"))
    theirs = enrolled.join(others.select(PERSON), on=PERSON, how="semi", maintain_order="left")
    own = others.select(PERSON, pl.col(_OWN).alias(SCHOOL)).explode(SCHOOL)
    several = pl.concat([theirs.select(PERSON, SCHOOL), own]).drop_nulls().unique()
    one = found.filter(pl.col("low") == pl.col("high")).select(PERSON, pl.col("low").alias(SCHOOL))
    return Students(_named(one, names), _named(several, names), _named(_whole(theirs, frames), names))


def _enrolled(frames: Frames, numbers: Mapping[str, int]) -> pl.DataFrame:
    """Student enrollments: AT, PERSON, and the number of the school."""
    classes = frames["classes"].select(pl.col(SOURCE_ID).alias("class"), _numbered(SCHOOL, numbers).alias("_number"))
    rows = frames["enrollments"].select(PERSON, "class", SCHOOL, (pl.col("role") == _STUDENT).alias(_STUDENT))
    rows = rows.with_row_index(AT).filter(pl.col(_STUDENT))
    found = rows.join(classes, on="class", how="left", maintain_order="left")
    if found["_number"].null_count():
        found = found.with_columns(pl.coalesce("_number", _numbered(SCHOOL, numbers)).alias("_number"))
    return found.select(AT, PERSON, pl.col("_number").alias(SCHOOL))


def _numbered(column: str, numbers: Mapping[str, int]) -> pl.Expr:
    return pl.col(column).replace_strict(list(numbers), list(numbers.values()), default=None, return_dtype=pl.UInt32)


def _own(people: pl.DataFrame, numbers: Mapping[str, int]) -> pl.DataFrame:
    """The students with the schools that they belong to themselves. People differ in few ways, each is judged once."""
    ways = people.select(_BY).unique()
    lists = [_schools(role, roles, orgs, numbers) for role, roles, orgs in ways.iter_rows()]
    table = ways.with_columns(
        pl.Series(_OWN, lists, dtype=pl.List(pl.UInt32)),
        pl.Series(_LOW, [min(one) if one else None for one in lists], dtype=pl.UInt32),
        pl.Series(_HIGH, [max(one) if one else None for one in lists], dtype=pl.UInt32),
    ).filter(pl.col(_OWN).is_not_null())
    found = people.select(SOURCE_ID, *_BY).join(table, on=_BY, how="inner", nulls_equal=True, maintain_order="left")
    return found.select(pl.col(SOURCE_ID).alias(PERSON), _OWN, _LOW, _HIGH)


def _schools(role: str, roles: str | None, orgs: str | None, numbers: Mapping[str, int]) -> list[int] | None:
    """Where somebody is a student; None for who is no student."""
    pairs = [item.partition(":") for item in (roles or "").split(",") if item]
    if role != _STUDENT and all(word != _STUDENT for word, _, _ in pairs):
        return None
    there = [org for word, _, org in pairs if word == _STUDENT] if pairs else (orgs or "").split(",")
    return sorted({numbers[org] for org in there if org in numbers})


def _whole(rows: pl.DataFrame, frames: Frames) -> pl.DataFrame:
    """The enrollments with what a choice of the home school looks at."""
    at = rows[AT]
    whole = frames["enrollments"].select(SOURCE_ID, "class", "primary")[at]
    types = frames["classes"].select(pl.col(SOURCE_ID).alias("class"), (pl.col("type") == HOMEROOM).alias(HOMEROOM))
    more = whole.join(types, on="class", how="left", maintain_order="left").drop("class")
    return rows.hstack(more)


def _named(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """The rows with schools by their ids."""
    school = pl.Series(SCHOOL, names, dtype=pl.String).gather(rows[SCHOOL])
    return rows.with_columns(school.alias(SCHOOL))
