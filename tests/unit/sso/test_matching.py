"""Which district and which person: exact, within one roster, and never by a guess (reference/sso.md 5.1, 5.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from homeroom.model.sign_in_choices import SharedView
from homeroom.sso.matching import RELINK, asks_further, left_out, look, remember
from homeroom.sso.stops import Stop
from homeroom.sso.subject import Subject
from tests.sso.proves import proves
from tests.unit.sso.matching_world import (
    CLASSLINK_TENANT,
    CLEVER_DISTRICT,
    STUDENT,
    TEACHER,
    Lab,
    at_classlink,
    at_clever,
    classlink_view,
    clever_view,
    product,
)


def stops(lab: Lab, subject: Subject, **words: Any) -> Stop:
    with pytest.raises(Stop) as stopped:
        lab.signs_in(subject, **words)
    return stopped.value


@proves("C33", "K55")
def test_an_unknown_tenant_ends_before_any_roster_is_read() -> None:
    lab = Lab()
    assert stops(lab, at_clever()).code == "SSO-201"
    lab.known(clever_view())
    assert stops(lab, at_clever(tenant="another-district")).code == "SSO-201"
    assert lab.rosters.asked == []


@proves("C33")
def test_a_known_tenant_reads_only_keys_of_its_own_roster() -> None:
    lab = Lab()
    lab.known(clever_view())
    lab.holds("p-1", sourced_id="u-1")
    lab.holds("p-9", roster="other-usd", sourced_id="u-1")
    assert lab.signs_in(at_clever()).person == "p-1"
    assert set(lab.rosters.asked) == {"lab-usd"}


@proves("C34", "T23")
@pytest.mark.parametrize("choice", [{}, {"by_login": True, "staff_by_email": True}])
def test_a_rogue_district_with_the_ids_of_another_never_meets_its_people(choice: dict[str, bool]) -> None:
    """District X says of its own user what district Y's teacher is known by."""
    lab = Lab()
    lab.known(replace(classlink_view(**choice), integration="rogue-usd"))
    lab.known(replace(classlink_view(), integration="lab-usd"), classlink="777")
    lab.holds("p-1", roster="lab-usd", sourced_id="T-1", username="t.teacher", email="t@district.example")
    rogue = at_classlink(sourced_id="T-1", login="t.teacher", email="t@district.example")
    assert stops(lab, rogue).code == "SSO-203"
    assert set(lab.rosters.asked) == {"rogue-usd"}


@proves("C38", "T27")
def test_a_product_that_the_district_has_not_is_refused_at_every_launch() -> None:
    lab = Lab()
    lab.known(clever_view(products=["Galileo K-12"]))
    assert stops(lab, at_clever(), registration=product("School Manager", "School Manager")).code == "SSO-301"
    assert stops(lab, at_clever(), registration=product(name="Galileo Plus")).code == "SSO-301"
    lab.registry.views["lab-usd"] = replace(clever_view(), product_line="Sonday")
    assert stops(lab, at_clever()).code == "SSO-301"
    assert lab.rosters.asked == []


@proves("C38")
def test_what_ended_says_so_and_what_is_off_says_so() -> None:
    lab, ended = Lab(), {"on": False, "ended": {"reason": "rostering ended"}}
    lab.known(clever_view(sign_in=ended))
    assert stops(lab, at_clever()).code == "SSO-302"
    lab.known(clever_view())
    assert stops(lab, at_clever(), registration=product(enabled=False)).code == "SSO-302"
    lab.registry.views["lab-usd"] = clever_view(sign_in={"on": False})
    assert stops(lab, at_clever()).code == "SSO-202"
    assert lab.rosters.asked == []


def test_a_portal_or_tenant_that_the_integration_does_not_name_is_off() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.registry.tenants["clever", CLEVER_DISTRICT] = lab.registry.tenants["classlink", CLASSLINK_TENANT]
    lab.registry.tenants["classlink", "777"] = lab.registry.tenants["classlink", CLASSLINK_TENANT]
    told = [stops(lab, at_clever()), stops(lab, at_classlink(tenant="777"))]
    assert [(stop.code, "tenant" in stop.reason) for stop in told] == [("SSO-202", False), ("SSO-202", True)]


def test_without_a_match_nobody_is_looked_for() -> None:
    lab = Lab()
    unsaid = clever_view(transport="oneroster_rest", sign_in={"on": True, "portals": {"clever": {
        "tenants": [CLEVER_DISTRICT]}}})
    lab.known(unsaid)
    assert (stops(lab, at_clever()).code, lab.rosters.asked) == ("SSO-202", [])


@proves("K52")
def test_clevers_id_finds_first_and_its_older_id_where_the_roster_has_only_that() -> None:
    lab = Lab()
    lab.known(clever_view())
    lab.holds("p-1", sourced_id="u-1")
    lab.holds("p-2", legacy_id="old-2")
    lab.holds("p-3", legacy_id="old-1")
    first = lab.signs_in(at_clever("u-1", legacy_id="old-1"))
    second = lab.signs_in(at_clever("u-2", legacy_id="old-2"))
    assert (first.person, first.rule, second.person, second.rule) == ("p-1", "id", "p-2", "legacy_id")
    assert [(link.subject, link.person) for link in lab.links.links] == [("u-2", "p-2")]


@proves("K52")
def test_a_new_clever_id_of_the_same_person_goes_on_working() -> None:
    """The roster itself is the link: a re-key moves it, and no link of ours stands in the way (quirk K3)."""
    lab = Lab()
    lab.known(clever_view())
    lab.holds("p-1", sourced_id="u-1")
    before = lab.signs_in(at_clever("u-1"))
    del lab.rosters.links["lab-usd", "sourced_id", "u-1"]
    lab.holds("p-1", sourced_id="u-77")
    assert lab.signs_in(at_clever("u-77")).person == before.person
    assert lab.links.links == []


@proves("K60")
def test_nothing_but_the_id_is_needed() -> None:
    lab = Lab()
    lab.known(clever_view())
    lab.holds("p-1", {"status": "active", "role": "teacher"}, sourced_id="u-1")
    assert lab.signs_in(at_clever(hint="")).person == "p-1"


def test_clevers_portal_on_another_roster_matches_by_the_named_value_and_keeps_a_link() -> None:
    lab = Lab()
    match = {"portal": "sis_id", "roster": "identifier"}
    view = lab.known(clever_view(transport="oneroster_rest", sign_in={"on": True, "portals": {"clever": {
        "tenants": [CLEVER_DISTRICT], "match": match}}}))
    lab.holds("p-1", identifier="1007")
    assert asks_further(at_clever(), view)
    assert stops(lab, at_clever()).code == "SSO-206"
    told = at_clever(sis_id=" 1007 ")
    assert (asks_further(told, view), lab.signs_in(told).rule, lab.signs_in(told).rule) == (False, "sis_id", "link")
    assert lab.links.links[0].login_id


@proves("C35")
def test_logins_and_emails_find_nobody_unless_the_district_switched_them_on() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", username="t.teacher", email="t@district.example")
    told = at_classlink(sourced_id="T-9", login="t.teacher", email="t@district.example")
    assert stops(lab, told).code == "SSO-203"
    lab.known(classlink_view(by_login=True))
    assert lab.signs_in(replace(told, told={**told.told, "login": "T.Teacher"})).rule == "login"
    lab.links.links.clear()
    lab.known(classlink_view(staff_by_email=True))
    assert lab.signs_in(replace(told, told={**told.told, "email": "T@District.Example"})).rule == "email"


@proves("C35")
@pytest.mark.parametrize("record", [STUDENT, {**TEACHER, "roles": ["teacher:school-1", "student:school-2"]}, {}])
def test_an_email_never_finds_a_student(record: dict[str, Any]) -> None:
    """Even if a link of the roster said so."""
    lab = Lab()
    lab.known(classlink_view(staff_by_email=True))
    lab.holds("p-1", record, email="t@district.example")
    assert stops(lab, at_classlink(sourced_id="T-9", email="t@district.example")).code == "SSO-203"


@proves("C35")
def test_whom_the_portal_calls_a_student_is_not_looked_for_by_email() -> None:
    lab = Lab()
    lab.known(classlink_view(staff_by_email=True))
    lab.holds("p-1", email="t@district.example")
    told = at_classlink(hint="student", sourced_id="T-9", email="t@district.example")
    assert stops(lab, told).code == "SSO-203"
    assert ("lab-usd", "email", "t@district.example") in lab.rosters.links


def test_ids_are_compared_exactly() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", sourced_id="T-1")
    assert stops(lab, at_classlink(sourced_id="t-1")).code == "SSO-203"
    assert lab.signs_in(at_classlink(sourced_id=" T-1\t")).person == "p-1"


@proves("C36")
def test_no_usable_value_is_told_apart_from_nobody() -> None:
    lab = Lab()
    lab.known(classlink_view())
    assert stops(lab, at_classlink()).code == "SSO-206"
    assert stops(lab, at_classlink(sourced_id="  ")).code == "SSO-206"
    assert stops(lab, at_classlink(sourced_id="x" * 256)).code == "SSO-206"
    assert lab.runs.asked == []


@proves("C36", "K53")
def test_whoever_is_not_there_yet_asks_for_a_run_once_in_fifteen_minutes() -> None:
    lab = Lab()
    lab.known(clever_view())
    for seconds in (0, 60, 839):
        lab.clock.pass_seconds(seconds)
        assert stops(lab, at_clever()).code == "SSO-203"
    assert lab.runs.asked == ["lab-usd"]
    lab.clock.pass_seconds(2)
    stops(lab, at_clever())
    assert lab.runs.asked == ["lab-usd", "lab-usd"]


def test_a_first_list_that_is_held_says_that_it_is_being_checked() -> None:
    lab = Lab()
    lab.known(clever_view())
    lab.rosters.runs["lab-usd"] = (0, True)
    assert (stops(lab, at_clever()).code, lab.runs.asked) == ("SSO-207", [])
    lab.rosters.runs["lab-usd"] = (3, True)
    assert stops(lab, at_clever()).code == "SSO-203"
    lab.rosters.runs["lab-usd"] = (0, False)
    assert stops(lab, at_clever()).code == "SSO-203"


@proves("C36", "T26")
@pytest.mark.parametrize("off", [{"status": "archived"}, {"enabled": False}])
def test_whoever_is_archived_or_not_enabled_is_refused(off: dict[str, Any]) -> None:
    lab = Lab()
    lab.known(clever_view())
    lab.holds("p-1", TEACHER, sourced_id="u-1")
    assert lab.signs_in(at_clever()).person == "p-1"
    lab.holds("p-1", {**TEACHER, **off})
    assert stops(lab, at_clever()).code == "SSO-205"


def test_whom_the_sharing_leaves_out_is_told_so() -> None:
    lab = Lab()
    lab.known(clever_view(sharing={"schools": ["school-2"], "grades": [], "roles": []}))
    lab.holds("p-1", {**TEACHER, "status": "archived"}, sourced_id="u-1")
    assert stops(lab, at_clever()).code == "SSO-208"
    lab.holds("p-1", {**TEACHER, "status": "archived", "orgs": ["school-2"]})
    assert stops(lab, at_clever()).code == "SSO-205"


@pytest.mark.parametrize(("record", "sharing", "out"), [
    (STUDENT, SharedView(), False),
    ({}, SharedView(), False),
    (STUDENT, SharedView(grades=("05",)), False),
    (STUDENT, SharedView(grades=("06",)), True),
    ({**STUDENT, "grades": []}, SharedView(grades=("06",)), True),
    (TEACHER, SharedView(grades=("06",)), False),
    ({**STUDENT, "roles": ["aide:school-1"]}, SharedView(grades=("06",)), False),
    (STUDENT, SharedView(roles=("teacher",)), True),
    (TEACHER, SharedView(roles=("teacher",)), False),
    ({**STUDENT, "roles": ["aide:school-1"]}, SharedView(grades=("06",), roles=("student",)), True),
    (TEACHER, SharedView(schools=("school-1", "school-2")), False),
    (TEACHER, SharedView(schools=("school-2",)), True),
    ({**TEACHER, "orgs": []}, SharedView(schools=("school-2",)), False),
])
def test_what_a_record_and_the_sharing_tell(record: dict[str, Any], sharing: SharedView, out: bool) -> None:
    assert left_out(record, sharing) is out


@proves("T44", "C36")
def test_another_account_with_the_same_sourced_id_never_takes_over_a_linked_person() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", sourced_id="T-1")
    assert lab.signs_in(at_classlink("900", sourced_id="T-1")).to_link
    stop = stops(lab, at_classlink("901", sourced_id="T-1"))
    assert (stop.code, stop.security) == ("SSO-204", RELINK)
    assert [link.subject for link in lab.links.links] == ["900"]
    assert lab.signs_in(at_classlink("900", sourced_id="T-1")).rule == "link"


@proves("T44", "C36")
def test_a_link_and_a_roster_that_name_two_people_stop_the_sign_in() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", sourced_id="T-1")
    lab.holds("p-2", sourced_id="T-2")
    lab.linked(at_classlink(), "p-1")
    stop = stops(lab, at_classlink(sourced_id="T-2"))
    assert (stop.code, stop.security, lab.links.links[0].person) == ("SSO-204", RELINK, "p-1")


@proves("T44")
def test_a_person_found_by_email_who_is_linked_already_stays_with_the_first_account() -> None:
    lab = Lab()
    lab.known(classlink_view(staff_by_email=True))
    lab.holds("p-1", email="t@district.example")
    lab.linked(at_classlink("900"), "p-1")
    assert stops(lab, at_classlink("901", email="t@district.example")).code == "SSO-204"
    assert len(lab.links.links) == 1


def test_a_link_finds_a_person_whose_id_changed_or_is_told_no_more() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", sourced_id="T-77")
    lab.linked(at_classlink(), "p-1")
    assert [lab.signs_in(at_classlink(**told)).rule for told in ({"sourced_id": "T-1"}, {})] == ["link", "link"]


def test_a_link_to_somebody_who_is_gone_finds_nobody() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.linked(at_classlink(), "p-gone")
    assert stops(lab, at_classlink(sourced_id="T-1")).code == "SSO-203"


def test_the_same_first_sign_in_in_two_windows_makes_one_link() -> None:
    lab = Lab()
    lab.known(classlink_view())
    lab.holds("p-1", sourced_id="T-1")
    told = at_classlink(sourced_id="T-1")

    class Behind:
        """Links as the slower window read them."""

        def find(self, *_: object) -> None:
            return None

    late = look(told, classlink_view(), lab.rosters, Behind())  # type: ignore[arg-type]
    lab.signs_in(told)
    remember(late, told, classlink_view(), "the second login", lab.outside)
    assert [link.person for link in lab.links.links] == ["p-1"]


def test_a_value_that_two_people_have_leads_to_nobody() -> None:
    """The roster keeps no link for it (`homeroom.diff.identities`), so nobody is guessed (ADR 0034)."""
    lab = Lab()
    lab.known(classlink_view())
    lab.rosters.people |= {("lab-usd", "p-1"): TEACHER, ("lab-usd", "p-2"): TEACHER}
    assert stops(lab, at_classlink(sourced_id="T-1")).code == "SSO-203"
