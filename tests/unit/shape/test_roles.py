"""Roles that products take, and parents: who is left out, and what follows."""

from __future__ import annotations

from homeroom.model.snapshot import Snapshot
from homeroom.products.rules import Rules
from tests.builders.oneroster import Row, enrollment, guardian, student, teacher
from tests.builders.snapshots import applied, operations, plan_of
from tests.unit.shape.shaping import ids, left_out, one, shaped, two_schools

SCHOOL = frozenset({"administrator", "teacher", "student"})
NOT_TAKEN, PARENTS = "role not taken by the product", "parents are not synced"
FOLLOWS = "its person is not taken by the product"


def aide(sourced_id: str) -> Row:
    return teacher(sourced_id, role="aide")


def test_people_whose_role_is_not_taken_are_left_out_with_their_enrollments() -> None:
    source = two_schools(staff=[aide("x")], also=[enrollment("x", "c-1", role="aide")])
    desired = shaped(source, Rules(roles=SCHOOL))
    assert left_out(desired, "people") == {"x": NOT_TAKEN}
    assert set(left_out(desired, "enrollments")) == {"e-x-c-1"}
    assert left_out(desired, "enrollments")["e-x-c-1"] in (NOT_TAKEN, FOLLOWS)


def test_an_enrollment_in_a_taken_role_follows_a_person_who_is_not_taken() -> None:
    source = two_schools(staff=[aide("x")], also=[enrollment("x", "c-1", role="teacher")])
    assert left_out(shaped(source, Rules(roles=SCHOOL)), "enrollments") == {"e-x-c-1": FOLLOWS}


def test_other_roles_of_a_person_who_stays_are_cut() -> None:
    source = two_schools(staff=[teacher("x", role="aide", roles="aide:school-1,teacher:school-2",
                                        orgSourcedIds="school-1,school-2")])
    found = one(shaped(source, Rules(roles=SCHOOL)), "people", "x")
    assert (found["role"], found["roles"], found["orgs"]) == ("teacher", "teacher:school-2", "school-2")


def test_roles_that_everybody_has_change_nothing() -> None:
    plain, narrow = shaped(two_schools(), Rules()), shaped(two_schools(), Rules(roles=SCHOOL))
    assert left_out(narrow, "people") == {}
    assert ids(narrow, "people") == ids(plain, "people")


def test_where_no_role_is_taken_nobody_is() -> None:
    desired = shaped(two_schools(), Rules(roles=frozenset()))
    assert (ids(desired, "people"), ids(desired, "enrollments")) == (set(), set())


PARENT_AND_TEACHER = guardian("x", role="parent", roles="parent:school-1,teacher:school-1")


def family() -> Snapshot:
    return two_schools(
        guardians=[guardian("g-1", agentSourcedIds="s-1")],
        staff=[PARENT_AND_TEACHER],
        students=[student("s-3", agentSourcedIds="x")],
    )


def test_without_parent_data_there_is_no_parent_and_no_link() -> None:
    desired = shaped(family(), Rules(parents=False))
    assert left_out(desired, "people") == {"g-1": PARENTS}
    assert set(left_out(desired, "contacts")) >= {"s-1|g-1", "s-3|x"}
    assert set(left_out(desired, "contacts").values()) == {PARENTS}
    assert ids(desired, "contacts") == set()


def test_a_teacher_who_is_a_parent_stays_as_a_teacher() -> None:
    found = one(shaped(family(), Rules(parents=False)), "people", "x")
    assert (found["role"], found["roles"]) == ("teacher", "teacher:school-1")


def test_parent_data_that_is_switched_off_leaves_by_a_rule_of_products_and_comes_back() -> None:
    before = applied(family())
    off = plan_of(family(), before, rules=Rules(parents=False))
    archived = {(o["source_id"], o["reason"], o["explained"]) for o in operations(off) if o["op"] == "archive"}
    assert archived >= {("g-1", "product rule", True), ("s-1|g-1", "product rule", True)}
    assert off.facts.entities["people"].ruled == 1
    on = plan_of(family(), off.next_state, rules=Rules(parents=True))
    assert on.counts["people"].restore == 1
    assert on.counts["people"].create == on.counts["contacts"].create == 0


def test_a_link_leaves_though_the_row_of_its_student_is_in_error() -> None:
    """Contacts of people in error are kept where nothing is known of them; here a rule knows."""
    broken = two_schools(staff=[PARENT_AND_TEACHER],
                         students=[student("s-3", givenName="", agentSourcedIds="x")])
    plan = plan_of(broken, applied(family()), rules=Rules(parents=False))
    gone = {o["source_id"]: o["reason"] for o in operations(plan, "contacts", "archive")}
    assert gone["s-3|x"] == "product rule"
