"""Sharing rules: the vendor side narrows what a district shares (requirement A5). It only ever takes away.

A rule that is empty leaves everything. A record that stays keeps its identity and its values, but for values that name
what left: they are emptied, and lists are shortened. Why a record is left out stands beside its id.

    rule     leaves                                                       why
    schools  other schools, and organisations below them                  school not shared
             classes of other schools                                     school not shared
             courses of other schools that no class that stays uses       school not shared
             people of other schools (see below)                          school not shared
    grades   students in none of the grades; students without a grade     grade not shared, no grade given
    roles    people none of whose roles is listed; enrollments            role not shared
    classes  other classes                                                class not shared
             students, teachers, aides, proctors in none of the classes   class not shared
    any      enrollments of a class or person that left                   follows its class, its person
             guardians whose students all left, and their contacts        follows its student

With `schools`, a person stays who has a role in a chosen school, or is enrolled in a class that stays. Of the district
itself stay its administrators, and staff who are in no school. Their other roles and organisations are not told.
With `classes`, administrators stay. A guardian stays for a student who stays, whatever the guardian's own school; a
guardian without a link to any student stays by school, and leaves where grades or classes are chosen. Terms have no
school and stay.
"""

from __future__ import annotations

import polars as pl

from homeroom.model.sharing import Sharing
from homeroom.shape.desired import RULE, SOURCE_ID
from homeroom.shape.marks import within
from homeroom.shape.persons import CLASS, CUT, FAMILY, FOLLOWS_STUDENT, GRADE, ROLE, SCHOOL, UNLESS, judged
from homeroom.shape.places import Places, places
from homeroom.shape.standing import Frames, Standing

FOLLOWS_CLASS, FOLLOWS_PERSON = "follows its class", "follows its person"


def narrowed(standing: Standing, rules: Sharing) -> Standing:
    """What stands, without what the rules leave out."""
    return standing.without(ruled(standing.frames, rules))


def ruled(stand: Frames, rules: Sharing) -> dict[str, pl.DataFrame]:
    """Every record that stands, in its order, with `rule` (null where it stays) and its values narrowed."""
    shared = places(stand["orgs"], rules.schools)
    classes = _classes(stand["classes"], rules, shared)
    people = judged(stand["people"], rules, shared)
    enrollments = _enrollments(stand["enrollments"], classes, people, rules)
    enrolled = _enrolled(people, enrollments)
    contacts = _contacts(stand["contacts"], people, enrolled)
    people = _kept(people, enrolled, contacts)
    left = _out(people)
    enrollments = _marked(enrollments, within(enrollments["person"], left), FOLLOWS_PERSON)
    either = within(contacts["guardian"], left) | within(contacts["student"], left)
    return {
        "orgs": _emptied(_marked(stand["orgs"], ~shared.shared(stand["orgs"][SOURCE_ID]), SCHOOL), "parent", shared),
        "terms": _unruled(stand["terms"]),
        "courses": _emptied(_courses(stand["courses"], classes, shared), "org", shared),
        "classes": classes,
        "people": people,
        "enrollments": _emptied(enrollments, "school", shared),
        "contacts": _marked(contacts, either, FOLLOWS_PERSON),
    }


def _classes(classes: pl.DataFrame, rules: Sharing, shared: Places) -> pl.DataFrame:
    classes = _marked(classes, ~shared.shared(classes["school"]), SCHOOL)
    chosen = pl.Series(rules.classes, dtype=pl.String)
    return _marked(classes, ~within(classes[SOURCE_ID], chosen), CLASS) if rules.classes else classes


def _courses(courses: pl.DataFrame, classes: pl.DataFrame, shared: Places) -> pl.DataFrame:
    used = classes.filter(pl.col(RULE).is_null())["course"].drop_nulls()
    return _marked(courses, ~shared.shared(courses["org"]) & ~within(courses[SOURCE_ID], used), SCHOOL)


def _enrollments(rows: pl.DataFrame, classes: pl.DataFrame, people: pl.DataFrame, rules: Sharing) -> pl.DataFrame:
    """Enrollments as far as they can be judged without asking whether their person has any left."""
    rows = _marked(rows, within(rows["class"], _out(classes)), FOLLOWS_CLASS)
    if rules.roles:
        rows = _marked(rows, ~rows["role"].is_in(list(rules.roles)), ROLE)
    rows = _marked(rows, within(rows["person"], _out(people)), FOLLOWS_PERSON)
    no_student = within(rows["person"], people.filter(CUT)[SOURCE_ID])
    return _marked(rows, no_student & (rows["role"] == "student"), GRADE)


def _enrolled(people: pl.DataFrame, enrollments: pl.DataFrame) -> pl.Series:
    """For each person whether an enrollment is left; looked at only where that can be a reason to stay."""
    asked = people.filter(pl.col(UNLESS).is_not_null() | pl.col(FAMILY)).select(SOURCE_ID)
    if asked.is_empty():
        return pl.zeros(people.height, pl.Boolean, eager=True)
    left = enrollments.select("person", RULE).join(asked, left_on="person", right_on=SOURCE_ID, how="semi")
    return within(people[SOURCE_ID], left.filter(pl.col(RULE).is_null())["person"])


def _contacts(contacts: pl.DataFrame, people: pl.DataFrame, enrolled: pl.Series) -> pl.DataFrame:
    """Links whose student left, or is a student no longer; then those whose guardian no rule lets stay."""
    stays = pl.col(RULE).is_null() & (pl.col(UNLESS).is_null() | pl.lit(enrolled))
    gone = people.filter(~stays | pl.col(CUT))[SOURCE_ID]
    contacts = _marked(contacts, within(contacts["student"], gone), FOLLOWS_STUDENT)
    return _marked(contacts, within(contacts["guardian"], _out(people)), FOLLOWS_PERSON)


def _kept(people: pl.DataFrame, enrolled: pl.Series, contacts: pl.DataFrame) -> pl.DataFrame:
    """The people with their last word: kept by a class, kept by a student, or judged by themselves."""
    linked = within(people[SOURCE_ID], contacts["guardian"])
    needed = within(people[SOURCE_ID], contacts.filter(pl.col(RULE).is_null())["guardian"])
    orphan = pl.lit(linked) & pl.col(FAMILY)
    unless = pl.when(orphan).then(pl.lit(FOLLOWS_STUDENT)).otherwise(UNLESS)
    last = pl.when(pl.lit(~(enrolled | needed))).then(unless)
    return people.with_columns(pl.coalesce(RULE, last).alias(RULE)).drop(UNLESS, FAMILY, CUT)


def _unruled(rows: pl.DataFrame) -> pl.DataFrame:
    return rows if RULE in rows.columns else rows.with_columns(pl.lit(None, pl.String).alias(RULE))


def _marked(rows: pl.DataFrame, leaves: pl.Series, why: str) -> pl.DataFrame:
    """The rows with `rule`; the first reason stays."""
    return _unruled(rows).with_columns(pl.coalesce(RULE, pl.when(pl.lit(leaves)).then(pl.lit(why))).alias(RULE))


def _out(rows: pl.DataFrame) -> pl.Series:
    return rows.filter(pl.col(RULE).is_not_null())[SOURCE_ID]


def _emptied(rows: pl.DataFrame, column: str, shared: Places) -> pl.DataFrame:
    """The rows without the names of organisations that left."""
    return rows.with_columns(pl.when(pl.lit(shared.shared(rows[column]))).then(pl.col(column)).alias(column))
