"""The home school of a student who is in several schools: the first rule that gives one answer (C11, ADR 0022).

An answer counts only if it is one of the student's schools. The school chosen before stands ahead of the number of
classes, so that a home never moves to and fro with a timetable: only the district, the source's own word, a homeroom,
or the student's leaving the school can move it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.shape.belonging import HOMEROOM, PERSON, SCHOOL, Students
from homeroom.shape.desired import SOURCE_ID

HOME, WHY = "home", "why"


@dataclass(frozen=True)
class Asked:
    """What the rules look at: the students, all people as the source says them, those applied before (None before a
    first load), and the district's own word, student → school."""

    students: Students
    people: pl.DataFrame
    before: pl.DataFrame | None
    overrides: Mapping[str, str]


def homes(asked: Asked) -> pl.DataFrame:
    """PERSON, HOME and WHY of each student in several schools: the words of the rule that decided.

    Where none did, WHY is null and HOME is the one of before, if there was any.
    """
    several = asked.students.several
    found = several.select(PERSON).unique(maintain_order=True)
    told = []
    for word, rule in _RULES.items():
        answers = rule(asked).join(several, on=[PERSON, SCHOOL], how="semi").unique()
        single = answers.filter(pl.len().over(PERSON) == 1).rename({SCHOOL: word})
        found = found.join(single, on=PERSON, how="left", maintain_order="left")
        told.append(pl.when(pl.col(word).is_not_null()).then(pl.lit(word)))
    kept = _before(asked).rename({SCHOOL: "_kept"})
    found = found.join(kept, on=PERSON, how="left", maintain_order="left")
    return found.select(PERSON, pl.coalesce(*_RULES, "_kept").alias(HOME), pl.coalesce(told).alias(WHY))


def _override(asked: Asked) -> pl.DataFrame:
    schema = {PERSON: pl.String, SCHOOL: pl.String}
    return pl.DataFrame(list(asked.overrides.items()), schema=schema, orient="row")


def _primary(asked: Asked) -> pl.DataFrame:
    return asked.people.select(pl.col(SOURCE_ID).alias(PERSON), pl.col("primary_org").alias(SCHOOL)).drop_nulls()


def _primary_enrollment(asked: Asked) -> pl.DataFrame:
    return asked.students.rows.filter(pl.col("primary")).select(PERSON, SCHOOL)


def _homeroom(asked: Asked) -> pl.DataFrame:
    return asked.students.rows.filter(pl.col(HOMEROOM)).select(PERSON, SCHOOL)


def _before(asked: Asked) -> pl.DataFrame:
    if asked.before is None:
        return _override(asked).clear()
    homes_ = asked.before.select(pl.col(SOURCE_ID).alias(PERSON), pl.col("home_school").alias(SCHOOL))
    return homes_.drop_nulls()


def _most(asked: Asked) -> pl.DataFrame:
    counted = asked.students.rows.drop_nulls(SCHOOL).group_by(PERSON, SCHOOL).len()
    return counted.filter(pl.col("len") == pl.col("len").max().over(PERSON)).select(PERSON, SCHOOL)


_RULES: Mapping[str, Callable[[Asked], pl.DataFrame]] = {
    "the district's own list": _override,
    "the primary school in the source": _primary,
    "the primary enrollment": _primary_enrollment,
    "the school of the homeroom": _homeroom,
    "the home school of before": _before,
    "most enrollments": _most,
}
"""Words of a rule → its answers, PERSON and SCHOOL; a student with several of them has none. The first one decides."""
