"""Checks that look at classes and their members together: no teacher, two roles, nobody's class."""

from __future__ import annotations

import polars as pl

from homeroom.check.findings import SOURCE_ID, Findings, Where
from homeroom.check.rows import GONE, Rows
from homeroom.model.snapshot import LINE


def check_membership(people: Rows, classes: Rows, enrollments: Rows, findings: Findings) -> None:
    """REF-05 class without teacher, REF-06 student or teacher in no class, DUP-04 two roles in one class."""
    stays = enrollments.frame.filter(~pl.col(GONE)) if enrollments.frame[GONE].any() else enrollments.frame
    present = stays.select(SOURCE_ID, LINE, "class", "person", "role")
    others = present.filter(pl.col("role") != "student")
    teachers = others.filter(pl.col("role") == "teacher").select("class")
    alone = classes.taken().join(teachers, left_on=SOURCE_ID, right_on="class", how="anti", maintain_order="left")
    findings.add("REF-05", alone, Where("classes", "classes"))
    in_class = people.taken().filter(pl.col("role").is_in(["student", "teacher"])).join(
        present.select("person"), left_on=SOURCE_ID, right_on="person", how="anti", maintain_order="left"
    )
    findings.add("REF-06", in_class, Where("people", "users"))
    _two_roles(present, others, findings)


def _two_roles(present: pl.DataFrame, others: pl.DataFrame, findings: Findings) -> None:
    """Only people who are more than a student somewhere can have two roles, so few rows are looked at."""
    known = present.join(others.select("person").unique(), on="person", how="semi")
    known = known.drop_nulls("role")
    suspects = known.join(others.select("class", "person").unique(), on=["class", "person"], how="semi")
    roles = suspects.group_by("class", "person").agg(pl.col("role").n_unique().alias("n")).filter(pl.col("n") > 1)
    twice = suspects.join(roles, on=["class", "person"], how="semi").sort(LINE)
    findings.add("DUP-04", twice, Where("enrollments", "enrollments", "role"), value=pl.col("role"))
