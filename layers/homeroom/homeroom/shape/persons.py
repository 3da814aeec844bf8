"""What the sharing rules leave of one person: roles and organisations, and what is needed to stay.

People differ in few ways: each distinct combination of role, organisations and grade is judged once.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import polars as pl

from homeroom.model.sharing import Sharing
from homeroom.model.vocabulary import GUARDIAN_ROLES, STAFF_ROLES, STRONGEST_FIRST
from homeroom.shape.desired import RULE
from homeroom.shape.places import Places

SCHOOL, CLASS = "school not shared", "class not shared"
GRADE, NO_GRADE = "grade not shared", "no grade given"
ROLE = "role not shared"
FOLLOWS_STUDENT = "follows its student"

UNLESS, FAMILY, CUT = "_unless", "_family", "_cut"
"""Columns of a judged person: why the person leaves unless a class or a student is a reason to stay; whether the person
is here for a student only; whether a rule took the role of student."""
NARROWED = ("role", "roles", "orgs", "primary_org")

_STUDENT, _ADMINISTRATOR = "student", "administrator"
_GRADED = "_graded"


@dataclass(frozen=True)
class Person:
    """One combination of what the rules look at; lists are comma-joined. `graded` is why the grade is not shared."""

    role: str
    roles: str | None
    orgs: str | None
    primary_org: str | None
    graded: str | None


@dataclass(frozen=True)
class Left:
    """What is left of it. `rule`: why the person leaves in any case; `unless`: why, unless a class or student keeps."""

    rule: str | None
    unless: str | None
    family: bool
    cut: bool
    role: str
    roles: str | None
    orgs: str | None
    primary_org: str | None


_SCHEMA = {RULE: pl.String, UNLESS: pl.String, FAMILY: pl.Boolean, CUT: pl.Boolean,
           **{f"{name} left": pl.String for name in NARROWED}}


def judged(people: pl.DataFrame, rules: Sharing, places: Places) -> pl.DataFrame:
    """The people in their order, with narrowed values and the columns `rule`, UNLESS, FAMILY and CUT."""
    people = people.with_columns(_graded(people["grades"], rules.grades).alias(_GRADED))
    ways = people.select(*NARROWED, _GRADED).unique()
    told = [astuple(_left(Person(*way), rules, places)) for way in ways.iter_rows()]
    table = pl.DataFrame(told, schema=_SCHEMA, orient="row")
    by = [*NARROWED, _GRADED]
    found = people.join(ways.hstack(table), on=by, how="left", nulls_equal=True, maintain_order="left")
    left = [f"{name} left" for name in NARROWED]
    return found.with_columns(pl.col(f"{name} left").alias(name) for name in NARROWED).drop(_GRADED, *left)


def _graded(grades: pl.Series, chosen: tuple[str, ...]) -> pl.Series:
    """Why a student's grade is not shared, null where it is."""
    lists = grades.unique().drop_nulls().to_list() if chosen else []
    if not chosen:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(grades))
    words = [None if set(text.split(",")) & set(chosen) else GRADE for text in lists]
    known = grades.to_frame("v").join(
        pl.DataFrame({"v": lists, "word": words}, schema={"v": pl.String, "word": pl.String}),
        on="v", how="left", maintain_order="left")
    return known.select(pl.when(pl.col("v").is_null()).then(pl.lit(NO_GRADE)).otherwise("word")).to_series()


def _left(person: Person, rules: Sharing, places: Places) -> Left:
    pairs = _pairs(person)
    words = {person.role, *(role for role, _ in pairs)}
    allowed = words & set(rules.roles) if rules.roles else words
    rule = None if allowed else ROLE
    if person.graded and allowed:
        allowed = allowed - {_STUDENT}
        rule = None if allowed else person.graded
    left = [(role, org) for role, org in pairs if role in allowed and places.shares(org)]
    here = _here(allowed, pairs, left)
    orgs = [org for org in (person.orgs or "").split(",") if org and _stays(org, pairs, left, places)]
    home = person.primary_org
    family = bool(here) and here <= GUARDIAN_ROLES
    return Left(
        rule=rule, unless=_unless(left, pairs, here, family, rules, places), family=family,
        cut=_STUDENT in words - allowed,
        role=person.role if person.role in here or not here else min(here, key=STRONGEST_FIRST.index),
        roles=",".join(f"{role}:{org}" for role, org in left) or None if person.roles else None,
        orgs=",".join(orgs) or None,
        primary_org=home if home and _stays(home, pairs, left, places) else None,
    )


def _pairs(person: Person) -> list[tuple[str, str]]:
    """(role, organisation) as the source says them; where it says no roles, the role in each organisation."""
    if person.roles:
        items = [item.partition(":") for item in person.roles.split(",")]
        return [(role, org) for role, _, org in items]
    return [(person.role, org) for org in person.orgs.split(",")] if person.orgs else []


def _here(allowed: set[str], pairs: list[tuple[str, str]], left: list[tuple[str, str]]) -> set[str]:
    """The roles that count: those in organisations that stay, and one that the source puts nowhere. Without any of
    them a person is kept by classes alone, and there every shared role may count."""
    nowhere = allowed - {role for role, _ in pairs}
    return nowhere | {role for role, _ in left} or allowed


def _stays(org: str, pairs: list[tuple[str, str]], left: list[tuple[str, str]], places: Places) -> bool:
    """An organisation goes when it is not shared, and when every role there does."""
    had = any(there == org for _, there in pairs)
    return places.shares(org) and (not had or any(there == org for _, there in left))


def _unless(left: list[tuple[str, str]], pairs: list[tuple[str, str]], here: set[str], family: bool, rules: Sharing,
            places: Places) -> str | None:
    """Why a person leaves unless a class or a student is a reason to stay; none where the person needs no reason."""
    if rules.schools and not _placed(left, pairs, places):
        return SCHOOL
    if family:
        return FOLLOWS_STUDENT if rules.grades or rules.classes else None
    return CLASS if rules.classes and _ADMINISTRATOR not in here else None


def _placed(left: list[tuple[str, str]], pairs: list[tuple[str, str]], places: Places) -> bool:
    """Whether a person belongs to a chosen school; or to the district, as an administrator or as staff of no school."""
    if any(org in places.schools for _, org in left):
        return True
    if any(role == _ADMINISTRATOR and org in places.above for role, org in left):
        return True
    staff = any(role in STAFF_ROLES for role, _ in left)
    return staff and all(org in places.above for _, org in pairs)
