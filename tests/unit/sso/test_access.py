"""Roles come from the roster, the portal's word only chooses and warns (reference/sso.md 5.3)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.model.sign_in import Registration
from homeroom.products import PRODUCTS, sign_in_of
from homeroom.products.sign_in import sign_in_rules
from homeroom.sso.access import ROLE_CONFLICT, Admitted, admit, door
from homeroom.sso.stops import Stop
from tests.sso.proves import proves
from tests.unit.sso.matching_world import STUDENT, TEACHER, clever_view, product

GALILEO, SONDAY = product(), product("Sonday", "WinVocab")
PORTAL, MANAGER = product("Imagine Learning portal", "Imagine Purpose"), product("School Manager", "School Manager")


def having(*roles: str) -> dict[str, Any]:
    """A person of the roster: the first role is the one that stands for them."""
    return {"status": "active", "role": roles[0], "roles": [f"{role}:school-1" for role in roles]}


def admitted(record: dict[str, Any], hint: str = "", at: Registration = GALILEO, students: bool = False) -> Admitted:
    return admit(record, hint, clever_view(sign_in={"on": True, "students": students}), at)


def page(*roles: str, hint: str = "", at: Registration = GALILEO) -> str:
    with pytest.raises(Stop) as stopped:
        admitted(having(*roles), hint, at)
    return stopped.value.code


@proves("C37", "T25")
def test_a_student_whom_the_portal_calls_an_administrator_is_a_wrong_match() -> None:
    for hint in ("administrator", "teacher", "staff"):
        with pytest.raises(Stop) as stopped:
            admitted(STUDENT, hint, PORTAL)
        assert (stopped.value.code, stopped.value.security) == ("SSO-304", ROLE_CONFLICT)


@proves("C37", "T25")
def test_an_adult_whom_the_portal_calls_a_student_is_a_wrong_match() -> None:
    assert {page(role, hint="student") for role in ("teacher", "administrator", "aide", "parent")} == {"SSO-304"}


@proves("C37")
@pytest.mark.parametrize("hint", ["", "teacher", "administrator", "staff"])
def test_the_portals_word_never_adds_a_role(hint: str) -> None:
    assert admitted(TEACHER, hint) == Admitted("teacher", ("teacher",))


@proves("C37")
def test_the_portals_word_chooses_among_what_is_allowed() -> None:
    both = having("administrator", "teacher")
    assert admitted(both, "administrator") == Admitted("administrator", ("teacher", "administrator"))
    assert admitted(both, "teacher").role == "teacher"
    assert (admitted(both).role, admitted(both, "staff").role) == ("teacher", "teacher")


def test_aides_and_proctors_are_staff_once() -> None:
    assert admitted(having("aide", "proctor")) == Admitted("staff", ("staff",))


def test_whoever_is_student_and_staff_comes_as_the_portal_says() -> None:
    both = having("student", "aide")
    assert admitted(both, "student", students=True) == Admitted("student", ("staff", "student"))
    assert admitted(both, "staff", students=True).role == "staff"


@proves("C38")
def test_students_of_a_product_without_student_login_get_its_page() -> None:
    assert page("student", at=SONDAY) == "SSO-306"
    assert page("student", hint="student", at=SONDAY) == "SSO-306"


@proves("C38")
def test_students_sign_in_where_the_district_switched_that_on() -> None:
    assert page("student", hint="student") == "SSO-308"
    assert admitted(STUDENT, "student", students=True) == Admitted("student", ("student",))
    assert [admitted(STUDENT, "student", at).role for at in (PORTAL, MANAGER)] == ["student", "student"]


def test_administrators_of_sonday_are_sent_to_their_own_door() -> None:
    assert page("administrator", hint="administrator", at=SONDAY) == "SSO-307"
    told = door("SSO-307", SONDAY)
    assert told is not None
    assert told.address == "https://admin.imaginesonday.com"


def test_a_teacher_who_is_also_an_administrator_signs_in_as_a_teacher_at_sonday() -> None:
    both = having("administrator", "teacher")
    assert admitted(both, "administrator", SONDAY) == Admitted("teacher", ("teacher",))


@pytest.mark.parametrize("role", ["parent", "guardian", "relative"])
def test_parents_never_sign_in(role: str) -> None:
    assert {page(role, at=at) for at in (GALILEO, SONDAY, PORTAL, MANAGER)} == {"SSO-303"}


def test_no_role_at_all_is_no_access() -> None:
    with pytest.raises(Stop) as stopped:
        admitted({"status": "active"})
    assert stopped.value.code == "SSO-303"


def test_a_door_is_only_where_the_line_has_one() -> None:
    assert (door("SSO-303", SONDAY), door("SSO-307", GALILEO)) == (None, None)
    told = door("SSO-306", SONDAY)
    assert told is not None
    assert told.address is None


def test_sign_in_reads_the_rules_that_the_catalogue_has() -> None:
    assert {name: sign_in_rules(name, one.line) for name, one in PRODUCTS.items()} == {
        name: sign_in_of(one) for name, one in PRODUCTS.items()}
