"""People: their organisations, roles, and names that two of them share."""

from __future__ import annotations

import pytest

from homeroom.check import by_code, check
from tests.builders.oneroster import guardian, org, student, teacher
from tests.builders.snapshots import found, record, snapshot


def test_a_person_in_an_unknown_organisation_is_an_error() -> None:
    checked = check(snapshot(students=[student("s-1", orgSourcedIds="nowhere")], enrollments=[]))
    assert found(checked, "REF-08") == [("users", 3, "orgSourcedIds", "nowhere")]
    assert checked.entities["people"].unusable.to_list() == ["s-1"]


def test_unknown_organisations_are_dropped_where_others_are_known() -> None:
    checked = check(snapshot(students=[student("s-1", orgSourcedIds="school-2,nowhere,school-1")]))
    assert found(checked, "FLD-02") == [("users", 3, "orgSourcedIds", "school-2,nowhere,school-1")]
    taken = record(checked, "people", "s-1")
    assert taken is not None
    assert taken["orgs"] == "school-2,school-1"
    assert taken["roles"] == "student:school-1,student:school-2"


def test_a_person_of_an_organisation_in_error_depends_on_it() -> None:
    checked = check(snapshot(orgs=[org("d-1", type="", parentSourcedId=""), org("school-1")],
                             students=[student("s-1", orgSourcedIds="d-1"),
                                       student("s-2", orgSourcedIds="school-1,d-1")]))
    folded = checked.issues.filter(checked.issues["code"] == "REF-07")
    assert folded.filter(folded["entity"] == "people")["cause"].to_list() == ["orgs d-1"]
    taken = record(checked, "people", "s-2")
    assert taken is not None
    assert taken["orgs"] == "school-1,d-1"


def test_a_person_keeps_all_organisations_in_the_order_of_the_source() -> None:
    """Trap T25: the first is not the main one, so the order is kept and nothing is made of it."""
    taken = record(check(snapshot(students=[student("s-1", orgSourcedIds="school-2, school-1")])), "people", "s-1")
    assert taken is not None
    assert (taken["orgs"], taken["primary_org"]) == ("school-2,school-1", None)


def test_role_and_organisations_of_11_give_the_roles_of_12() -> None:
    one = record(check(snapshot(students=[student("s-1", orgSourcedIds="school-2,school-1")])), "people", "s-1")
    said = student("s-1", orgSourcedIds="school-2,school-1", roles="student:school-2,Student:school-1")
    two = record(check(snapshot(students=[said])), "people", "s-1")
    assert one == two
    assert one is not None
    assert one["roles"] == "student:school-1,student:school-2"


def test_several_roles_of_12_are_all_kept() -> None:
    both = teacher("t-1", orgSourcedIds="school-1,school-2", roles="teacher:school-1,siteAdministrator:school-2")
    taken = record(check(snapshot(teachers=[both])), "people", "t-1")
    assert taken is not None
    assert taken["roles"] == "administrator:school-2,teacher:school-1"


def test_two_people_with_one_username_are_both_left_out() -> None:
    checked = check(snapshot(students=[student("s-1", username="Jo.Sample"), student("s-2", username="jo.sample"),
                                       student("s-3")]))
    assert found(checked, "DUP-03") == [("users", 3, "username", "Jo.Sample"), ("users", 4, "username", "jo.sample")]
    assert checked.entities["people"].records["source_id"].to_list() == ["t-1", "s-3"]
    assert by_code(checked.issues)["REF-07"] == 2


def test_guardians_may_share_a_username_with_anybody() -> None:
    parents = [guardian("g-1", username="family"), guardian("g-2", username="family", role="parent"),
               guardian("g-3", username="user.s-1", role="relative")]
    checked = check(snapshot(guardians=parents))
    assert "DUP-03" not in by_code(checked.issues)
    assert checked.entities["people"].read.valid == 6


def test_two_members_of_staff_with_one_address_are_both_left_out() -> None:
    staff = [teacher("t-1", email="Office@sample.example"),
             teacher("t-2", email="office@sample.example", role="administrator")]
    checked = check(snapshot(teachers=staff))
    assert found(checked, "DUP-03") == [("users", 2, "email", "Office@sample.example"),
                                        ("users", 3, "email", "office@sample.example")]


def test_students_may_share_an_address() -> None:
    """Trap T12: nobody is keyed by an address."""
    shared = [student("s-1", email="family@sample.example"), student("s-2", email="family@sample.example")]
    assert by_code(check(snapshot(students=shared)).issues) == {}


def test_people_of_one_name_are_two_people() -> None:
    """Trap T26: nobody is merged by name."""
    twins = [student("s-1", givenName="Test", familyName="Same"), student("s-2", givenName="Test", familyName="Same")]
    checked = check(snapshot(students=twins))
    assert checked.entities["people"].read.valid == 3
    assert by_code(checked.issues) == {}


@pytest.mark.parametrize("cells", [{"givenName": ""}, {"status": "tobedeleted"}])
def test_a_row_that_is_not_taken_shares_its_username_with_nobody(cells: dict[str, str]) -> None:
    checked = check(snapshot(students=[student("s-1", username="jo", **cells), student("s-2", username="jo")]))
    assert "DUP-03" not in by_code(checked.issues)
    assert record(checked, "people", "s-2") is not None


def test_a_disabled_person_keeps_the_place_in_class() -> None:
    """Trap T14: enabledUser=false denies the sign-in, not the roster."""
    checked = check(snapshot(students=[student("s-1", enabledUser="false")]))
    taken = record(checked, "people", "s-1")
    assert taken is not None
    assert taken["enabled"] is False
    assert record(checked, "enrollments", "e-s-1-c-1") is not None
