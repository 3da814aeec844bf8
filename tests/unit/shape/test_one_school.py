"""One school a student, for products that allow no more (C11): who is reported, which home is chosen, what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from homeroom.model.sharing import Sharing
from homeroom.model.snapshot import Snapshot
from homeroom.products.rules import Rules
from tests.builders.oneroster import enrollment, klass, org, student
from tests.builders.snapshots import operations, plan_of
from tests.unit.shape.shaping import ids, left_out, one, shaped, state_of, told, two_schools, values

ONE, OTHER = "Product of one school", "Other product"
REPORT = Rules(products=(ONE,), one_school=(ONE,))
CHOOSE = replace(REPORT, choose_home=True)
MIXED = replace(CHOOSE, products=(ONE, OTHER))
BOTH = "school-1,school-2"
HERE, THERE = "e-x-c-1", "e-x-c-2"


def in_both(*also: Any, **cells: str) -> Snapshot:
    """The student x, in both schools with an enrollment in each; nothing says which is the home."""
    return two_schools(students=[student("x", orgSourcedIds=BOTH, **cells)], classes=[klass("c-3")],
                       also=[enrollment("x", "c-1"), enrollment("x", "c-2", school="school-2"), *also])


MORE_HERE = enrollment("x", "c-3")


# ---------------------------------------------------------------- nothing chosen

def test_every_student_of_several_schools_is_reported_and_nothing_is_kept_back() -> None:
    desired = shaped(in_both(), REPORT)
    assert told(desired, "PRD-09") == [("x", BOTH, None)]
    assert {HERE, THERE} <= ids(desired, "enrollments")
    assert values(desired, "people", "home_school") == values(desired, "enrollments", "not_for") == {}


def test_a_student_of_one_school_is_not_reported() -> None:
    desired = shaped(two_schools(), REPORT)
    assert told(desired, "PRD-09") == []


@pytest.mark.parametrize(("cells", "also"), [
    ({"orgSourcedIds": BOTH}, []),
    ({}, [enrollment("x", "c-2")]),
    ({"orgSourcedIds": "school-2"}, [enrollment("x", "c-1")]),
])
def test_schools_are_those_of_the_classes_and_those_of_the_student(cells: dict[str, str], also: list[Any]) -> None:
    source = two_schools(students=[student("x", **cells)], also=also)
    assert [issue[:2] for issue in told(shaped(source, REPORT), "PRD-09")] == [("x", BOTH)]


def test_the_district_is_no_school_and_what_stands_below_a_school_is_that_school() -> None:
    orgs = [org("d-1", type="district", parentSourcedId=""), org("school-1"), org("school-2"),
            org("wing", type="department", parentSourcedId="school-1")]
    source = two_schools(orgs=orgs, students=[student("x", orgSourcedIds="d-1,wing,school-1")])
    assert told(shaped(source, REPORT), "PRD-09") == []


def test_the_roles_say_where_somebody_is_a_student() -> None:
    """Who teaches in another school is a student of one; a teacher in two schools is none."""
    person = student("x", orgSourcedIds=BOTH, roles="student:school-1,aide:school-2")
    source = two_schools(students=[person], staff=[student("y", role="teacher", orgSourcedIds=BOTH)])
    assert told(shaped(source, REPORT), "PRD-09") == []


# ---------------------------------------------------------------- the home school

def homes(source: Snapshot, rules: Rules = CHOOSE, state: Any = None) -> tuple[str | None, str | None]:
    """The home school of x, and which rule decided."""
    desired = shaped(source, rules, state)
    decided = [cause for id, _, cause in told(desired, "PRD-01") if id == "x"]
    return one(desired, "people", "x")["home_school"], decided[0] if decided else None


HOMEROOM = klass("room", classType="homeroom", schoolSourcedId="school-2")


def test_the_first_rule_that_gives_one_answer_decides() -> None:
    room = two_schools(
        classes=[HOMEROOM, klass("c-3")],
        students=[student("x", orgSourcedIds=BOTH)],
        also=[enrollment("x", "c-1"), enrollment("x", "c-3"), enrollment("x", "room", school="school-2")])
    own_word = replace(CHOOSE, home_schools={"x": "school-2"})
    assert homes(in_both(MORE_HERE), own_word) == ("school-2", "the district's own list")
    assert homes(in_both(primaryOrgSourcedId="school-2")) == ("school-2", "the primary school in the source")
    lead = enrollment("x", "c-3") | {"primary": "true"}
    assert homes(in_both(lead)) == ("school-1", "the primary enrollment")
    assert homes(room) == ("school-2", "the school of the homeroom")
    assert homes(in_both(MORE_HERE)) == ("school-1", "most enrollments")
    assert homes(in_both()) == (None, None)


def test_a_school_that_is_not_the_students_is_no_answer() -> None:
    orgs = [org("d-1", type="district", parentSourcedId=""), org("school-1"), org("school-2"), org("school-3")]
    source = two_schools(orgs=orgs, classes=[klass("c-3")], students=[student("x", orgSourcedIds=BOTH)],
                         also=[enrollment("x", "c-1"), enrollment("x", "c-3"),
                               enrollment("x", "c-2", school="school-2")])
    assert homes(source, replace(CHOOSE, home_schools={"x": "school-3"})) == ("school-1", "most enrollments")


def test_a_student_of_one_school_has_it_as_home_and_nobody_else_has_one() -> None:
    desired = shaped(two_schools(), CHOOSE)
    assert values(desired, "people", "home_school") == {"s-1": "school-1", "s-2": "school-2"}


def test_the_home_of_before_stays_while_it_is_one_of_the_schools() -> None:
    """A timetable that gives the other school more classes moves nobody."""
    state = state_of(in_both(MORE_HERE), CHOOSE)
    more_there = two_schools(
        students=[student("x", orgSourcedIds=BOTH)], classes=[klass("c-4", schoolSourcedId="school-2")],
        also=[enrollment("x", "c-1"), enrollment("x", "c-2", school="school-2"),
              enrollment("x", "c-4", school="school-2")])
    assert homes(more_there, state=state) == ("school-1", "the home school of before")
    assert homes(more_there) == ("school-2", "most enrollments")


def test_a_second_school_does_not_move_a_student_who_had_one() -> None:
    alone = two_schools(students=[student("x")], also=[enrollment("x", "c-1")])
    assert homes(in_both(), state=state_of(alone, CHOOSE)) == ("school-1", "the home school of before")


def test_a_student_who_left_the_home_of_before_gets_the_new_one() -> None:
    state = state_of(in_both(MORE_HERE), CHOOSE)
    moved = two_schools(students=[student("x", orgSourcedIds="school-2")],
                        also=[enrollment("x", "c-2", school="school-2")])
    plan = plan_of(moved, state, rules=CHOOSE)
    (update,) = operations(plan, "people", "update")
    assert update["after"]["home_school"] == "school-2"
    assert {o["source_id"]: o["op"] for o in operations(plan, "enrollments")} == {
        HERE: "archive", "e-x-c-3": "archive", THERE: "create"}


# ---------------------------------------------------------------- what is kept from the products

def test_where_all_products_have_the_rule_other_enrollments_are_left_out() -> None:
    desired = shaped(in_both(MORE_HERE), CHOOSE)
    assert left_out(desired, "enrollments") == {THERE: "other school"}
    assert told(desired, "PRD-01") == [("x", BOTH, "most enrollments")]


def test_where_other_products_have_no_such_rule_the_enrollment_says_for_whom_it_is_not() -> None:
    desired = shaped(in_both(MORE_HERE), MIXED)
    assert left_out(desired, "enrollments") == {}
    assert values(desired, "enrollments", "not_for") == {THERE: ONE}


def test_several_products_with_the_rule_are_named_in_order() -> None:
    rules = replace(MIXED, products=("B", "A", OTHER), one_school=("B", "A"))
    assert values(shaped(in_both(MORE_HERE), rules), "enrollments", "not_for") == {THERE: "A,B"}


def test_teachers_keep_their_classes_in_every_school() -> None:
    source = in_both(MORE_HERE, enrollment("t-1", "c-2", role="teacher", school="school-2"))
    assert "e-t-1-c-2" in ids(shaped(source, CHOOSE), "enrollments")


def test_an_enrollment_is_in_the_school_of_its_class() -> None:
    odd = enrollment("x", "c-2", school="school-1", sourcedId="e-odd")
    source = in_both(odd, primaryOrgSourcedId="school-1")
    assert set(left_out(shaped(source, CHOOSE), "enrollments")) == {THERE, "e-odd"}


def test_what_leaves_for_another_school_leaves_by_a_rule_of_products() -> None:
    state = state_of(in_both(MORE_HERE), Rules())
    plan = plan_of(in_both(MORE_HERE), state, rules=CHOOSE)
    assert [(o["source_id"], o["reason"]) for o in operations(plan, "enrollments", "archive")] == [
        (THERE, "product rule")]
    assert plan.left_out == {"enrollments": {"other school": 1}}
    assert operations(plan_of(in_both(MORE_HERE), plan.next_state, rules=CHOOSE)) == []


# ---------------------------------------------------------------- undecided

def test_a_new_student_without_a_clear_home_gets_no_enrollment_of_these_products() -> None:
    desired = shaped(in_both(), CHOOSE)
    assert told(desired, "PRD-02") == [("x", BOTH, "no rule gives one school")]
    assert set(left_out(desired, "enrollments")) == {HERE, THERE}
    assert one(desired, "people", "x")["home_school"] is None
    assert values(shaped(in_both(), MIXED), "enrollments", "not_for") == {HERE: ONE, THERE: ONE}


@pytest.mark.parametrize("rules", [CHOOSE, MIXED])
def test_what_an_undecided_student_had_stays_as_it_was(rules: Rules) -> None:
    state = state_of(in_both(), Rules())
    tied = two_schools(
        students=[student("x", orgSourcedIds=BOTH)], classes=[klass("c-3"), klass("c-4", schoolSourcedId="school-2")],
        also=[enrollment("x", "c-1"), enrollment("x", "c-2", school="school-2"), MORE_HERE,
              enrollment("x", "c-4", school="school-2")])
    plan = plan_of(tied, state, rules=rules)
    held = {row["source_id"]: row["not_for"] for row in plan.next_state["enrollments"].to_dicts()
            if row["person"] == "x" and row["status"] == "active"}
    assert {id for id, not_for in held.items() if not_for is None} == {HERE, THERE}
    assert operations(plan_of(tied, plan.next_state, rules=rules)) == []


# ---------------------------------------------------------------- with sharing rules, and with rows in error

def test_a_school_that_is_not_shared_is_not_counted() -> None:
    desired = shaped(in_both(), CHOOSE, sharing=Sharing(schools=("school-1",)))
    assert (told(desired, "PRD-01"), told(desired, "PRD-02")) == ([], [])
    assert one(desired, "people", "x")["home_school"] == "school-1"


def test_a_student_in_error_keeps_home_and_enrollments() -> None:
    state = state_of(in_both(MORE_HERE), CHOOSE)
    assert operations(plan_of(in_both(MORE_HERE, givenName=""), state, rules=CHOOSE)) == []


def test_when_the_option_is_switched_off_everything_comes_back() -> None:
    state = state_of(in_both(MORE_HERE), Rules())
    chosen = state_of(in_both(MORE_HERE), CHOOSE, state)
    back = plan_of(in_both(MORE_HERE), chosen, rules=REPORT)
    assert [o["source_id"] for o in operations(back, "enrollments", "restore")] == [THERE]
    assert back.next_state["people"]["home_school"].null_count() == back.next_state["people"].height
