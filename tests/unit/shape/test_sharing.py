"""Sharing rules narrow what a district shares: what leaves, what stays, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from homeroom.check import check
from homeroom.diff.applied import State, standing
from homeroom.model.plan import NO_REPAIRS
from homeroom.model.sharing import Sharing
from homeroom.model.snapshot import Snapshot
from homeroom.shape import Desired, shape
from tests.builders.oneroster import Row, course, enrollment, guardian, klass, org, student, teacher
from tests.builders.snapshots import applied, snapshot
from tests.unit.shape.shaping import ids, left_out, one

ONE = Sharing(schools=("school-1",))
FIFTH = Sharing(grades=("05",))


def shared(source: Snapshot, sharing: Sharing, state: State | None = None) -> Desired:
    checked = check(source)
    return shape(checked, sharing, standing(state, NO_REPAIRS, checked.delivered))


def administrator(sourced_id: str, **cells: str) -> Row:
    return teacher(sourced_id, role="administrator", **cells)


def two_schools(**more: Any) -> Snapshot:
    """A class, a teacher and a student in each of two schools; more rows where a test names them."""
    also = more.pop("also", [])
    return snapshot(
        courses=more.pop("courses", None), orgs=more.pop("orgs", None),
        classes=[klass("c-1"), klass("c-2", schoolSourcedId="school-2"), *more.pop("classes", [])],
        teachers=[teacher("t-1"), teacher("t-2", orgSourcedIds="school-2"), *more.pop("staff", [])],
        students=[student("s-1"), student("s-2", orgSourcedIds="school-2"), *more.pop("students", [])],
        guardians=more.pop("guardians", []),
        enrollments=[enrollment("t-1", "c-1", role="teacher"), enrollment("s-1", "c-1"),
                     enrollment("t-2", "c-2", role="teacher", school="school-2"),
                     enrollment("s-2", "c-2", school="school-2"), *also],
    )


# ---------------------------------------------------------------- nothing narrowed

def test_without_a_rule_nothing_is_looked_at() -> None:
    checked = check(two_schools())
    desired = shape(checked, Sharing())
    assert desired.left_out == {}
    for name, entity in desired.entities.items():
        assert entity.records is checked.entities[name].records


def test_rules_that_everything_meets_change_nothing() -> None:
    everything = Sharing(schools=("school-1", "school-2"), grades=("05",), classes=("c-1", "c-2"),
                         roles=("student", "teacher"))
    checked = check(two_schools())
    desired = shape(checked, everything)
    assert {name: rows.height for name, rows in desired.left_out.items()} == dict.fromkeys(checked.entities, 0)
    for name, entity in checked.entities.items():
        assert desired.entities[name].records.equals(entity.records.drop("_line"))


# ---------------------------------------------------------------- schools

def test_another_school_leaves_with_its_classes_people_and_enrollments() -> None:
    desired = shared(two_schools(), ONE)
    assert left_out(desired, "orgs") == {"school-2": "school not shared"}
    assert left_out(desired, "classes") == {"c-2": "school not shared"}
    assert left_out(desired, "people") == {"t-2": "school not shared", "s-2": "school not shared"}
    assert set(left_out(desired, "enrollments").values()) == {"follows its class"}
    assert ids(desired, "orgs") == {"d-1", "school-1"}
    assert ids(desired, "people") == {"t-1", "s-1"}
    assert ids(desired, "enrollments") == {"e-t-1-c-1", "e-s-1-c-1"}


def test_what_stands_below_another_school_leaves_and_what_stands_above_stays() -> None:
    orgs = [org("state", type="state", parentSourcedId=""), org("d-1", type="district", parentSourcedId="state"),
            org("school-1"), org("school-2"), org("annex", type="department", parentSourcedId="school-2"),
            org("office", type="department", parentSourcedId="d-1"),
            org("own", type="department", parentSourcedId="school-1")]
    assert left_out(shared(two_schools(orgs=orgs), ONE), "orgs") == dict.fromkeys(
        ("school-2", "annex"), "school not shared")


def test_organisations_that_are_each_others_parents_end_the_search() -> None:
    orgs = [org("d-1", type="district", parentSourcedId=""), org("school-1"), org("school-2"),
            org("x", type="department", parentSourcedId="y"), org("y", type="department", parentSourcedId="x")]
    assert {"x", "y"} <= ids(shared(two_schools(orgs=orgs), ONE), "orgs")


def test_a_student_of_another_school_stays_for_a_class_that_stays_and_tells_no_other_school() -> None:
    desired = shared(two_schools(also=[enrollment("s-2", "c-1", school="school-2")]), ONE)
    assert (one(desired, "people", "s-2")["orgs"], one(desired, "people", "s-2")["roles"]) == (None, None)
    assert one(desired, "enrollments", "e-s-2-c-1")["school"] is None
    assert left_out(desired, "enrollments") == dict.fromkeys(("e-t-2-c-2", "e-s-2-c-2"), "follows its class")


def test_a_person_of_two_schools_tells_only_the_shared_one() -> None:
    both = student("s-3", orgSourcedIds="school-2,school-1")
    found = one(shared(two_schools(students=[both]), ONE), "people", "s-3")
    assert (found["orgs"], found["roles"]) == ("school-1", "student:school-1")


@pytest.mark.parametrize(
    ("person", "stays"),
    [
        (administrator("x", orgSourcedIds="d-1"), True), (teacher("x", orgSourcedIds="d-1"), True),
        (administrator("x", orgSourcedIds="d-1,school-2"), True),
        (teacher("x", orgSourcedIds="d-1,school-2"), False), (administrator("x", orgSourcedIds="school-2"), False),
        (student("x", orgSourcedIds="d-1"), False), (student("x", orgSourcedIds="d-1,school-2"), False),
    ],
)
def test_staff_of_the_district_stay_and_students_need_a_school(person: Row, stays: bool) -> None:
    assert ("x" in ids(shared(two_schools(staff=[person]), ONE), "people")) is stays


def test_a_role_in_another_school_is_no_role_here() -> None:
    """Administrator there, teacher here: the product must not take her for an administrator."""
    source = two_schools(staff=[teacher("x", role="administrator", orgSourcedIds="school-2,school-1",
                                        roles="administrator:school-2,teacher:school-1")])
    found = one(shared(source, ONE), "people", "x")
    assert (found["role"], found["roles"], found["orgs"]) == ("teacher", "teacher:school-1", "school-1")


def test_a_course_of_another_school_stays_only_for_a_class_that_uses_it() -> None:
    courses = [course("course-1"), course("lent", orgSourcedId="school-2"), course("other", orgSourcedId="school-2")]
    desired = shared(two_schools(courses=courses, classes=[klass("c-3", courseSourcedId="lent")]), ONE)
    assert left_out(desired, "courses") == {"other": "school not shared"}
    assert one(desired, "courses", "lent")["org"] is None
    assert one(desired, "classes", "c-3")["course"] == "lent"


def test_terms_have_no_school_and_stay() -> None:
    assert ids(shared(two_schools(), ONE), "terms") == {"y-27", "sem-1", "sem-2"}


def test_a_school_that_nobody_knows_shares_no_school_at_all() -> None:
    desired = shared(two_schools(staff=[administrator("a-1", orgSourcedIds="d-1")]), Sharing(schools=("ghost",)))
    assert (ids(desired, "orgs"), ids(desired, "people"), ids(desired, "classes")) == ({"d-1"}, {"a-1"}, set())


# ---------------------------------------------------------------- grades

def test_students_of_other_grades_leave_with_their_enrollments_and_classes_stay() -> None:
    desired = shared(two_schools(students=[student("s-3", grades="06"), student("s-4", grades="04,05")],
                                 also=[enrollment("s-3", "c-1"), enrollment("s-4", "c-1")]), FIFTH)
    assert left_out(desired, "people") == {"s-3": "grade not shared"}
    assert left_out(desired, "enrollments") == {"e-s-3-c-1": "follows its person"}
    assert ids(desired, "classes") == {"c-1", "c-2"}


def test_a_student_without_a_grade_leaves_and_is_counted_as_such() -> None:
    assert left_out(shared(two_schools(students=[student("s-3", grades="")]), FIFTH), "people") == {
        "s-3": "no grade given"}


def test_staff_have_no_grade_to_meet() -> None:
    assert {"t-1", "t-2"} <= ids(shared(two_schools(), Sharing(grades=("12",))), "people")


def test_who_is_also_a_student_stays_as_what_else_she_is() -> None:
    both = teacher("x", grades="06", roles="student:school-1,teacher:school-1", role="student")
    desired = shared(two_schools(staff=[both], also=[enrollment("x", "c-1"), enrollment("x", "c-2", role="teacher")]),
                     FIFTH)
    assert (one(desired, "people", "x")["role"], one(desired, "people", "x")["roles"]) == (
        "teacher", "teacher:school-1")
    assert left_out(desired, "enrollments") == {"e-x-c-1": "grade not shared"}


# ---------------------------------------------------------------- roles

def test_people_of_other_roles_leave() -> None:
    desired = shared(two_schools(staff=[administrator("a-1")]), Sharing(roles=("student", "teacher")))
    assert left_out(desired, "people") == {"a-1": "role not shared"}


def test_a_person_of_several_roles_keeps_the_listed_ones_and_where_she_has_them() -> None:
    both = teacher("x", role="administrator", orgSourcedIds="school-2,school-1",
                   roles="administrator:school-2,teacher:school-1")
    found = one(shared(two_schools(staff=[both]), Sharing(roles=("teacher",))), "people", "x")
    assert (found["role"], found["roles"], found["orgs"]) == ("teacher", "teacher:school-1", "school-1")


def test_an_enrollment_in_another_role_leaves_and_its_person_stays() -> None:
    desired = shared(two_schools(also=[enrollment("t-1", "c-2", role="aide")]), Sharing(roles=("student", "teacher")))
    assert left_out(desired, "enrollments") == {"e-t-1-c-2": "role not shared"}
    assert "t-1" in ids(desired, "people")


def test_without_guardians_their_contacts_leave_too() -> None:
    desired = shared(two_schools(guardians=[guardian("g-1", agentSourcedIds="s-1")]),
                     Sharing(roles=("student", "teacher")))
    assert left_out(desired, "people") == {"g-1": "role not shared"}
    assert left_out(desired, "contacts") == {"s-1|g-1": "follows its person"}


# ---------------------------------------------------------------- classes

def test_only_the_classes_and_who_is_in_them_stay_and_administrators() -> None:
    desired = shared(two_schools(staff=[administrator("a-1"), teacher("t-3")]), Sharing(classes=("c-1",)))
    assert left_out(desired, "classes") == {"c-2": "class not shared"}
    assert left_out(desired, "people") == dict.fromkeys(("t-2", "s-2", "t-3"), "class not shared")
    assert ids(desired, "people") == {"t-1", "s-1", "a-1"}
    assert ids(desired, "orgs") == {"d-1", "school-1", "school-2"}


def test_an_enrollment_that_a_rule_takes_keeps_nobody() -> None:
    desired = shared(two_schools(staff=[teacher("x", role="aide")], also=[enrollment("x", "c-1", role="aide")]),
                     Sharing(classes=("c-1",), roles=("student", "teacher")))
    assert left_out(desired, "people")["x"] == "role not shared"


# ---------------------------------------------------------------- families

@pytest.mark.parametrize("rules", [ONE, Sharing(classes=("c-1",)), Sharing(grades=("05",))])
def test_a_guardian_stays_for_a_student_who_stays_whatever_her_own_school(rules: Sharing) -> None:
    source = two_schools(students=[student("s-3", orgSourcedIds="school-2", grades="06")], guardians=[
        guardian("g-1", agentSourcedIds="s-1,s-3", orgSourcedIds="school-2"),
        guardian("g-3", agentSourcedIds="s-3")])
    desired = shared(source, rules)
    assert "g-1" in ids(desired, "people")
    assert left_out(desired, "people")["g-3"] == "follows its student"
    assert left_out(desired, "contacts") == dict.fromkeys(("s-3|g-1", "s-3|g-3"), "follows its student")


@pytest.mark.parametrize(
    ("rules", "why"),
    [(ONE, None), (Sharing(schools=("school-2",)), "school not shared"), (FIFTH, "follows its student"),
     (Sharing(classes=("c-1",)), "follows its student"), (Sharing(roles=("guardian", "student")), None)],
)
def test_a_guardian_whom_nothing_links_to_a_student_stays_by_her_school_alone(rules: Sharing, why: str | None) -> None:
    desired = shared(two_schools(guardians=[guardian("g-1")]), rules)
    assert left_out(desired, "people").get("g-1") == why


# ---------------------------------------------------------------- rows in error

def test_the_last_good_version_of_a_row_in_error_stays_when_the_rules_share_it() -> None:
    state = applied(two_schools())
    broken = two_schools(students=[student("s-3", givenName="")])
    desired = shared(broken, ONE, applied(two_schools(students=[student("s-3")])))
    assert desired.entities["people"].unusable.to_list() == ["s-3"]
    assert "s-3" not in left_out(desired, "people")
    assert shared(broken, ONE, state).entities["people"].unusable.to_list() == []


def test_a_row_in_error_leaves_when_the_rules_do_not_share_its_last_good_version() -> None:
    old = two_schools(students=[student("s-3", orgSourcedIds="school-2")])
    broken = two_schools(students=[student("s-3", givenName="", orgSourcedIds="school-1")])
    desired = shared(broken, ONE, applied(old))
    assert left_out(desired, "people")["s-3"] == "school not shared"
    assert desired.entities["people"].unusable.to_list() == []


def test_of_a_row_in_error_only_what_is_shared_of_its_last_good_version_stays() -> None:
    old = two_schools(students=[student("s-3", orgSourcedIds="school-1,school-2")])
    broken = two_schools(students=[student("s-3", givenName="", orgSourcedIds="school-1,school-2")])
    assert one(shared(broken, ONE, applied(old)), "people", "s-3")["orgs"] == "school-1"


def test_a_guardian_stays_for_a_student_whose_row_is_in_error_today() -> None:
    old = two_schools(students=[student("s-3", agentSourcedIds="g-1")], guardians=[guardian("g-1")],
                      also=[enrollment("s-3", "c-1")])
    today = two_schools(students=[student("s-3", givenName="", agentSourcedIds="")], guardians=[guardian("g-1")],
                        also=[enrollment("s-3", "c-1")])
    for rules in (FIFTH, ONE, Sharing(classes=("c-1",))):
        desired = shared(today, rules, applied(old))
        assert "g-1" in ids(desired, "people")
        assert "s-3|g-1" in desired.entities["contacts"].unusable.to_list()


# ---------------------------------------------------------------- files that did not come

def test_what_was_not_delivered_is_narrowed_as_it_was_applied() -> None:
    whole = two_schools(courses=[course("course-1"), course("other", orgSourcedId="school-2")])
    frames = {stem: rows for stem, rows in whole.frames.items() if stem not in ("orgs", "courses")}
    today = replace(whole, frames=frames, modes={**whole.modes, "orgs": "absent", "courses": "absent"})
    desired = shared(today, ONE, applied(whole))
    assert left_out(desired, "orgs") == {"school-2": "school not shared"}
    assert left_out(desired, "courses") == {"other": "school not shared"}
    assert ids(desired, "people") == {"t-1", "s-1"}
    assert desired.delivered == set(desired.entities)


def test_a_removed_record_is_not_said_to_be_left_out() -> None:
    desired = shared(two_schools(students=[student("s-3", orgSourcedIds="school-2", status="tobedeleted")]), ONE)
    assert "s-3" not in left_out(desired, "people")
    assert desired.entities["people"].gone.to_list() == ["s-3"]


def test_what_stays_keeps_its_order() -> None:
    students = [student(f"s-{n}", grades="05" if n % 2 else "06") for n in range(40)]
    kept = shared(snapshot(students=students), FIFTH).entities["people"].records["source_id"].to_list()
    assert kept == ["t-1", *(f"s-{n}" for n in range(40) if n % 2)]
