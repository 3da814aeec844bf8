"""One school a student, for the products that allow no more (C11, ADR 0022).

Every student of several schools is reported. Where the district wants a home school to be chosen, it is chosen
(`homeroom.shape.homes`), and student enrollments in other schools are not given to these products. Nobody else's
enrollments are looked at.
"""

from __future__ import annotations

import polars as pl

from homeroom.check.findings import Findings, Where
from homeroom.model.reasons import OTHER_SCHOOL
from homeroom.products.rules import Rules
from homeroom.shape.belonging import AT, PERSON, SCHOOL, students
from homeroom.shape.desired import RULE, SOURCE_ID
from homeroom.shape.homes import HOME, WHY, Asked, homes
from homeroom.shape.marks import within
from homeroom.shape.standing import Frames, Standing

CHOSEN, UNDECIDED, SEVERAL = "PRD-01", "PRD-02", "PRD-09"

_ALL = "schools"
_NONE = "no rule gives one school"


def in_one_school(standing: Standing, rules: Rules, applied: Frames) -> Standing:
    """What stands, with a home school for each student if one is to be chosen; else only with what is wrong.

    `value` of an issue are the student's schools, `cause` the rule that decided.
    """
    people, found = standing.frames["people"], students(standing.frames)
    lists = found.several.group_by(PERSON).agg(pl.col(SCHOOL).sort().str.join(",").alias(_ALL))
    wrong = people.join(lists, left_on=SOURCE_ID, right_on=PERSON, how="inner", maintain_order="left")
    if not rules.choose_home:
        return standing.noting(_told(wrong, SEVERAL, pl.lit(None, pl.String)))
    chosen = homes(Asked(found, people, applied.get("people"), rules.home_schools))
    every = pl.concat([found.one, chosen.select(PERSON, pl.col(HOME).alias(SCHOOL))])
    home = people.select(SOURCE_ID).join(every, left_on=SOURCE_ID, right_on=PERSON, how="left", maintain_order="left")
    wrong = wrong.join(chosen, left_on=SOURCE_ID, right_on=PERSON, how="left", maintain_order="left")
    standing = standing.changed(people=people.with_columns(home[SCHOOL].alias("home_school")))
    standing = standing.noting(_told(wrong.filter(pl.col(WHY).is_not_null()), CHOSEN, pl.col(WHY)))
    standing = standing.noting(_told(wrong.filter(pl.col(WHY).is_null()), UNDECIDED, pl.lit(_NONE)))
    return _kept_from(standing, _elsewhere(found.rows, chosen, applied), rules)


def _told(people: pl.DataFrame, code: str, cause: pl.Expr) -> pl.DataFrame:
    findings = Findings()
    findings.add(code, people, Where("people", "users", "orgs"), value=pl.col(_ALL), cause=cause)
    return findings.frame()


def _elsewhere(rows: pl.DataFrame, chosen: pl.DataFrame, applied: Frames) -> pl.Series:
    """Row numbers of the enrollments outside the home school. Of a student whose home is not decided, those that these
    products do not have yet: what was applied stays as it is."""
    rows = rows.join(chosen, on=PERSON, how="left", maintain_order="left")
    given = pl.lit(_given(rows, applied))
    outside = pl.when(pl.col(WHY).is_null()).then(~given).otherwise(pl.col(SCHOOL) != pl.col(HOME))
    return rows.filter(outside.fill_null(False))[AT]


def _given(rows: pl.DataFrame, applied: Frames) -> pl.Series:
    """For each enrollment of an undecided student whether these products have it."""
    open_ = rows.filter(pl.col(WHY).is_null()).select(SOURCE_ID)
    if "enrollments" not in applied or open_.is_empty():
        return pl.zeros(rows.height, pl.Boolean, eager=True)
    had = applied["enrollments"].select(SOURCE_ID, "not_for").filter(pl.col("not_for").is_null())
    return within(rows[SOURCE_ID], had.join(open_, on=SOURCE_ID, how="semi")[SOURCE_ID])


def _kept_from(standing: Standing, at: pl.Series, rules: Rules) -> Standing:
    """These enrollments are not for the products with the rule; where all of the products have it, they are out."""
    if at.is_empty():
        return standing
    enrollments = standing.frames["enrollments"]
    marked = pl.lit(pl.zeros(enrollments.height, pl.Boolean, eager=True).scatter(at, True))
    if set(rules.products) <= set(rules.one_school):
        out = pl.when(marked).then(pl.lit(OTHER_SCHOOL)).alias(RULE)
        return standing.without({"enrollments": enrollments.with_columns(out)})
    products = pl.when(marked).then(pl.lit(",".join(sorted(rules.one_school)))).alias("not_for")
    return standing.changed(enrollments=enrollments.with_columns(products))
