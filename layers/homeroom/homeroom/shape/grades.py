"""Grades in the words of the product line (C10); students without a grade are reported, and kept.

A grade that the source spells in a way nobody knows is `Other` since `check`, which reported it (FLD-03).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from homeroom.check.findings import Findings, Where
from homeroom.products.rules import Rules
from homeroom.shape.standing import Standing

NO_GRADE = "PRD-08"


def graded(standing: Standing, rules: Rules) -> Standing:
    """What stands, with `grade_levels` of people where the products have words of their own."""
    people = standing.frames["people"]
    if rules.needs_grades:
        standing = standing.noting(_without_grade(people))
    if not rules.grade_words:
        return standing
    lists = people["grades"].drop_nulls().unique().to_list()
    words = [_words(text, rules.grade_words) for text in lists]
    levels = people["grades"].replace_strict(lists, words, default=None, return_dtype=pl.String)
    return standing.changed(people=people.with_columns(levels.alias("grade_levels")))


def _words(grades: str, words: Mapping[str, str]) -> str | None:
    """A list of grades in other words, each once; none where no grade has a word."""
    return ",".join(dict.fromkeys(words[grade] for grade in grades.split(",") if grade in words)) or None


def _without_grade(people: pl.DataFrame) -> pl.DataFrame:
    findings = Findings()
    missing = pl.col("grades").is_null() & (pl.col("role") == "student")
    findings.add(NO_GRADE, people.filter(missing), Where("people", "users", "grades"))
    return findings.frame()
