"""Who somebody is: what is read of a token, when a portal is asked once more, and what must agree."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.sso.exchange import Tokens
from homeroom.sso.portals import PORTALS
from homeroom.sso.stops import Stop
from homeroom.sso.subject import Subject, further, hint_of, subject
from tests.builders.portals import ScriptedWeb, app, outside_with
from tests.sso.proves import proves

CLEVER, CLASSLINK = PORTALS["clever"], PORTALS["classlink"]
TOKENS = Tokens("il-token", "a.b.c")
USERINFO, ME, USER = CLEVER.userinfo, f"{CLEVER.api}/v3.1/me", f"{CLEVER.api}/v3.1/users/person-one"
INFO = f"{CLASSLINK.api}/v2/my/info"
OF_CLEVER = {"sub": "person-one", "multi_role_user_id": "person-one", "user_id": "legacy-one", "user_type": "teacher",
             "district": "d-1", "email": "one@sample.example"}
OF_CLASSLINK = {"sub": "1001", "classLink_tenant_id": 2001, "classLink_sourcedId": "sourced-one",
                "classLink_role": "Teacher"}
THIN = {"sub": "1001"}
MY_INFO = {"UserId": 1001, "TenantId": 2001, "SourcedId": "sourced-one", "LoginId": "login.one",
           "Email": "one@sample.example", "Role": "Student"}
SAID_BY_ME = {"type": "user", "data": {"id": "person-one", "district": "d-1", "type": "user",
                                       "authorized_by": "district"}, "links": []}


def clever(claims: dict[str, Any] | None, answers: dict[str, Any] | None = None) -> tuple[Subject, ScriptedWeb]:
    web = ScriptedWeb(answers or {})
    return subject(TOKENS, claims, CLEVER, app(oidc=claims is not None), outside_with(web)), web


def classlink(claims: dict[str, Any], info: Any = None) -> tuple[Subject, ScriptedWeb]:
    web = ScriptedWeb({INFO: info})
    return subject(TOKENS, claims, CLASSLINK, app("classlink"), outside_with(web)), web


def why(call: Any) -> tuple[str, str, str]:
    with pytest.raises(Stop) as stop:
        call()
    return stop.value.code, stop.value.reason, stop.value.security


@proves("K52")
def test_clevers_token_says_all_and_nothing_more_is_asked() -> None:
    found, web = clever(OF_CLEVER)
    assert found == Subject("clever", "d-1", "person-one", {
        "id": "person-one", "legacy_id": "legacy-one", "email": "one@sample.example"}, "teacher")
    assert web.calls == []


@proves("K60")
def test_a_missing_email_and_name_block_nobody() -> None:
    found, _ = clever({"sub": "person-one", "district": "d-1"})
    assert (found.told, found.hint) == ({"id": "person-one"}, "")
    there, _ = classlink({**OF_CLASSLINK, "email": None})
    assert there.told == {"id": "1001", "sourced_id": "sourced-one"}


def test_clevers_userinfo_is_asked_where_the_token_has_no_district() -> None:
    found, web = clever({"sub": "person-one"}, {USERINFO: {**OF_CLEVER, "district_id": "d-1"}})
    assert (found.tenant, found.id, found.hint) == ("d-1", "person-one", "teacher")
    assert [call[1] for call in web.calls] == [USERINFO]
    assert web.calls[0][2]["authorization"] == "Bearer il-token"


@proves("T22", "C31")
@pytest.mark.parametrize("other", ["person-two", "", None, "PERSON-ONE"])
def test_userinfo_of_somebody_else_is_refused(other: object) -> None:
    answers = {USERINFO: {**OF_CLEVER, "sub": other}}
    assert why(lambda: clever({"sub": "person-one"}, answers)) == ("SSO-109", "another subject", "subject mismatch")


@proves("T24", "C31")
def test_two_districts_in_one_answer_are_refused() -> None:
    answers = {USERINFO: {**OF_CLEVER, "district_id": "d-2"}}
    assert why(lambda: clever({"sub": "person-one"}, answers)) == ("SSO-109", "another tenant", "tenant mismatch")
    assert why(lambda: clever({**OF_CLEVER, "district_id": "d-2"}))[0] == "SSO-109"


@pytest.mark.parametrize("tenant", [None, "", " ", "d/1", "d" * 65, ["d-1"], True])
def test_nobody_is_of_a_district_that_is_no_id(tenant: object) -> None:
    assert why(lambda: clever({**OF_CLEVER, "district": tenant}))[:2] == ("SSO-109", "no tenant")


@pytest.mark.parametrize("by", ["teacher", "library", 7, True, ["district"]])
def test_what_a_teacher_allowed_for_herself_opens_nothing(by: object) -> None:
    assert why(lambda: clever({**OF_CLEVER, "authorized_by": by}))[:2] == ("SSO-109", "not granted by the district")
    assert clever({**OF_CLEVER, "authorized_by": "district"})[0].id == "person-one"


@proves("K52")
def test_without_oidc_userinfo_and_me_say_who_it_is() -> None:
    found, web = clever(None, {USERINFO: OF_CLEVER, ME: SAID_BY_ME})
    assert (found.tenant, found.id, found.hint) == ("d-1", "person-one", "teacher")
    assert [call[1] for call in web.calls] == [USERINFO, ME]


@proves("K52")
@pytest.mark.parametrize("me", [
    {"data": {"id": "legacy-one", "district": "d-1"}},
    {"data": {"id": "x", "district": "d-1"}, "links": [{"rel": "canonical", "uri": "/v3.0/users/person-one"}]}])
def test_me_may_name_a_person_by_the_id_of_a_role(me: dict[str, Any]) -> None:
    assert clever(None, {USERINFO: OF_CLEVER, ME: me})[0].id == "person-one"


@proves("T22", "T24", "C31")
@pytest.mark.parametrize(("me", "reason"), [
    ({"data": {"id": "person-two", "district": "d-1"}}, "another subject"),
    ({"data": {"id": "person-one", "district": "d-2"}}, "another tenant"),
    ({"data": {"id": "person-one"}}, "another tenant"), ({"data": {"district": "d-1"}}, "another subject"),
    ({"data": []}, "an answer without data"), ({}, "an answer without data"),
    ({"data": {"id": "x", "district": "d-1"}, "links": [{"rel": "self", "uri": "/v3.0/users/person-one"}, 7]},
     "another subject"),
    ({"data": {"id": "person-one", "district": "d-1", "authorized_by": "teacher"}}, "not granted by the district")])
def test_userinfo_and_me_must_say_the_same(me: dict[str, Any], reason: str) -> None:
    assert why(lambda: clever(None, {USERINFO: OF_CLEVER, ME: me}))[:2] == ("SSO-109", reason)


@pytest.mark.parametrize(("name", "reason"), [
    ("sub", "userinfo says too little"), ("user_type", "userinfo says too little"), ("district", "no tenant")])
def test_without_oidc_userinfo_must_say_enough(name: str, reason: str) -> None:
    said = {key: value for key, value in OF_CLEVER.items() if key != name}
    assert why(lambda: clever(None, {USERINFO: said, ME: SAID_BY_ME}))[:2] == ("SSO-109", reason)


@proves("C23")
def test_only_an_app_without_oidc_goes_without_an_id_token() -> None:
    web = outside_with(ScriptedWeb())
    assert why(lambda: subject(TOKENS, None, CLEVER, app(), web))[1] == "no id_token"
    assert why(lambda: subject(TOKENS, None, CLASSLINK, app("classlink", oidc=False), web))[1] == "no id_token"


def test_classlinks_token_says_all_and_nothing_more_is_asked() -> None:
    found, web = classlink(OF_CLASSLINK)
    assert found == Subject("classlink", "2001", "1001", {"id": "1001", "sourced_id": "sourced-one"}, "teacher")
    assert web.calls == []


def test_classlinks_info_is_asked_where_the_token_is_thin() -> None:
    found, web = classlink(THIN, MY_INFO)
    assert found == Subject("classlink", "2001", "1001", {
        "id": "1001", "sourced_id": "sourced-one", "login": "login.one", "email": "one@sample.example"}, "student")
    assert [call[1] for call in web.calls] == [INFO]


def test_names_of_classlinks_info_come_in_any_case_and_values_as_text_or_number() -> None:
    other = {"userId": "1001", "tenantid": " 2001 ", "SOURCEDID": 77, "role": ["Student"]}
    found, _ = classlink(THIN, other)
    assert (found.tenant, found.told, found.hint) == ("2001", {"id": "1001", "sourced_id": "77"}, "student")
    assert why(lambda: classlink(THIN, {**MY_INFO, "tenantId": 7}))[1] == "my/info says something twice"


def test_without_a_sourced_id_there_is_none_and_matching_says_so() -> None:
    found, _ = classlink(THIN, {**MY_INFO, "SourcedId": ""})
    assert "sourced_id" not in found.told


@proves("T24", "C31")
@pytest.mark.parametrize("tenant", [2002, "", None, "02001"])
def test_another_tenant_in_classlinks_info_is_refused(tenant: object) -> None:
    claims = {**THIN, "classLink_tenant_id": 2001}
    assert why(lambda: classlink(claims, {**MY_INFO, "TenantId": tenant})) == (
        "SSO-109", "another tenant", "tenant mismatch")


@proves("T24")
def test_two_tenants_in_one_token_are_refused() -> None:
    assert why(lambda: classlink({**OF_CLASSLINK, "classLink_tenant_id_string": "2002"}))[1] == "another tenant"
    assert classlink({**OF_CLASSLINK, "classLink_tenant_id_string": "2001"})[0].tenant == "2001"


@proves("T22", "C31")
def test_classlinks_info_of_another_number_is_refused() -> None:
    assert why(lambda: classlink(THIN, {**MY_INFO, "UserId": 1002}))[1] == "another subject"
    assert classlink({"sub": "a-name"}, MY_INFO)[0].id == "a-name"


@pytest.mark.parametrize(("answer", "reason"), [
    ("timeout", "my/info: timeout"), ((500, b""), "my/info: status 500"), ((401, b"{}"), "my/info: status 401"),
    ((200, b"<html>"), "my/info: no JSON")])
def test_a_portal_that_does_not_tell_is_named_as_such(answer: Any, reason: str) -> None:
    assert why(lambda: classlink(THIN, answer)) == ("SSO-103", reason, "")


@pytest.mark.parametrize(("words", "hint"), [
    ("student", "student"), ("Student", "student"), ("teacher", "teacher"), ("staff", "staff"),
    ("district admin", "administrator"), ("district_admin", "administrator"), ("Tenant Administrator", "administrator"),
    ("Parent", ""), ("contact", ""), ("", ""), (None, ""), (7, ""), ({}, ""), ("Wizard, Teacher", "teacher"),
    (["Teacher", "Tenant Administrator"], "teacher"), ("Student,Teacher", ""), (["Student", "Parent"], "student"),
    (["Student", 7, None, ["Teacher"]], "student")])
def test_roles_are_mapped_by_a_table_and_the_rest_tells_nothing(words: object, hint: str) -> None:
    assert hint_of(words) == hint


FOUND = Subject("clever", "d-1", "person-one", {"id": "person-one"}, "teacher")


def more(roles: Any, found: Subject = FOUND, **data: Any) -> dict[str, str]:
    web = ScriptedWeb({USER: {"data": {"id": "person-one", "district": "d-1", "roles": roles, **data}}})
    return dict(further(found, TOKENS, CLEVER, outside_with(web)).told)


@pytest.mark.parametrize(("roles", "told"), [
    ({"teacher": {"sis_id": "s1", "teacher_number": "n1"}}, {"sis_id": "s1", "number": "n1"}),
    ({"student": {"sis_id": 17, "student_number": 18}}, {"sis_id": "17", "number": "18"}),
    ({"staff": {"staff_id": "s3"}}, {"sis_id": "s3"}),
    ({"teacher": {"sis_id": "s1"}, "staff": {"staff_id": "s3"}}, {"sis_id": "s1"}),
    ({"teacher": {}, "staff": {"staff_id": "s3"}}, {}),
    ({"district_admin": {"legacy_id": "x"}}, {}), ({"contact": {"sis_id": "c1"}}, {}), ({}, {}), (None, {}),
    ({"teacher": None}, {}), ([], {})])
def test_what_the_sis_calls_somebody_is_read_of_the_role_of_this_sign_in(roles: Any, told: dict[str, str]) -> None:
    assert more(roles) == {"id": "person-one", **told}


def test_of_two_numbers_none_is_chosen_where_the_role_is_not_known() -> None:
    unknown = Subject("clever", "d-1", "person-one", {"id": "person-one"}, "")
    assert more({"teacher": {"sis_id": "s1"}, "staff": {"staff_id": "s3"}}, unknown) == {"id": "person-one"}
    assert more({"teacher": {"sis_id": "s1"}, "staff": {"staff_id": "s1"}}, unknown)["sis_id"] == "s1"


@proves("T22", "T24", "C31")
def test_the_user_that_is_read_must_be_the_one_who_signed_in() -> None:
    assert why(lambda: more({}, id="person-two"))[1] == "another subject"
    assert why(lambda: more({}, district="d-2"))[1] == "another tenant"


def test_an_id_can_not_lead_to_another_address() -> None:
    web = ScriptedWeb({f"{CLEVER.api}/v3.1/users/..%2Fme%3Fa": (404, b"")})
    odd = Subject("clever", "d-1", "../me?a", {}, "")
    assert why(lambda: further(odd, TOKENS, CLEVER, outside_with(web)))[1] == "user: status 404"


def test_classlinks_login_is_read_where_a_district_matches_by_it() -> None:
    found, _ = classlink(OF_CLASSLINK)
    web = ScriptedWeb({INFO: MY_INFO})
    told = further(found, TOKENS, CLASSLINK, outside_with(web)).told
    assert (told["login"], told["email"], told["sourced_id"]) == ("login.one", "one@sample.example", "sourced-one")
    web.answers[INFO] = {**MY_INFO, "TenantId": 2002}
    assert why(lambda: further(found, TOKENS, CLASSLINK, outside_with(web)))[1] == "another tenant"


def test_a_subject_shows_no_id_when_it_is_printed() -> None:
    assert "person-one" not in repr(clever(OF_CLEVER)[0])
