"""The fake Clever shows a district as reference/clever.md says of the real one, page by page."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import requests

from tests.builders.oneroster import as_12, district, small_district
from tests.fakes.clever_district import SSO_SCOPES, District
from tests.fakes.clever_rows import clever_id
from tests.fakes.clever_server import Clever
from tests.reading.fakes.clever_asker import Asker, links, user

# ---- what a district looks like


def test_all_rows_become_clevers_objects(ask: Asker) -> None:
    counts = {kind: len(found) for kind, found in ask.everything().items()}
    assert counts == {"schools": 2, "terms": 1, "courses": 3, "sections": 4, "users": 14}


def test_a_section_holds_its_students_and_teachers_and_the_primary_teacher(clever: Clever, ask: Asker) -> None:
    clever.district.become(district().with_enrollment("t-2", "c-1", role="teacher").files)
    section = ask.get(f"/v3.0/sections/{clever_id('sections', 'c-1')}").json()["data"]
    assert section["students"] == sorted(map(user, ("s-1", "s-2", "s-5", "s-9")))
    assert (section["teacher"], section["teachers"]) == (user("t-1"), [user("t-1"), user("t-2")])
    assert (section["term_id"], section["grade"]) == (clever_id("terms", "sem-1"), "5")


def test_a_contact_has_its_full_name_in_last_and_knows_its_student(ask: Asker) -> None:
    contact = ask.get(f"/v3.0/users/{user('g-1')}").json()["data"]
    assert contact["name"] == {"last": "Test Guardian g-1"}
    assert [told["student"] for told in contact["roles"]["contact"]["student_relationships"]] == [user("s-1")]


@pytest.mark.parametrize(("row_role", "org", "clever_role"), [
    ("aide", "school-1", "staff"), ("administrator", "school-1", "staff"), ("administrator", "d-1", "district_admin"),
    ("relative", "school-1", "contact"),
])
def test_each_role_of_a_row_has_its_place(clever: Clever, ask: Asker, row_role: str, org: str,
                                          clever_role: str) -> None:
    clever.district.become(district().with_teacher("x-1", role=row_role, orgSourcedIds=org).files)
    assert list(ask.get(f"/v3.0/users/{user('x-1')}").json()["data"]["roles"]) == [clever_role]
    assert user("x-1") in ask.ids(f"/v3.0/users?role={clever_role}")


def test_staff_who_teach_a_class_are_teachers_too(clever: Clever, ask: Asker) -> None:
    clever.district.become(district().with_teacher("x-1", classes=["c-1"], role="administrator").files)
    roles = ask.get(f"/v3.0/users/{user('x-1')}").json()["data"]["roles"]
    assert list(roles) == ["staff", "teacher"]
    assert roles["staff"]["legacy_id"] != roles["teacher"]["legacy_id"]


def test_rows_of_oneroster_1_2_give_the_same_people() -> None:
    old, new = Clever(small_district()).district, Clever(as_12(small_district())).district
    assert {one: list(said["roles"]) for one, said in old.shared["users"].items()} == {
        one: list(said["roles"]) for one, said in new.shared["users"].items()}


def test_a_role_that_clever_has_no_place_for_is_refused() -> None:
    with pytest.raises(ValueError, match="astronaut"):
        Clever(district().with_teacher("x-1", role="astronaut").files)


def test_birth_dates_are_written_without_padding(clever: Clever, ask: Asker) -> None:
    rows = [{"sourcedId": "s-1", "birthDate": "2011-02-07", "sex": "female"}]
    clever.district.become({**small_district(), "demographics": rows})
    student = ask.get(f"/v3.0/users/{user('s-1')}").json()["data"]["roles"]["student"]
    assert (student["dob"], student["gender"]) == ("2/7/2011", "F")


def test_only_v3_1_shows_its_own_fields(ask: Asker) -> None:
    assert "lms_status" not in ask.objects("/v3.0/sections")[0]
    assert "lms_status" in ask.objects("/v3.1/sections")[0]
    assert "preferred_name" not in ask.objects("/v3.0/users?role=student")[0]["roles"]["student"]
    assert "preferred_name" in ask.objects("/v3.1/users?role=student")[0]["roles"]["student"]


# ---- asking


def test_pages_follow_each_other_by_id_until_there_is_no_next(ask: Asker) -> None:
    whole = ask.ids("/v3.0/users")
    assert whole == sorted(whole)
    assert ask.ids("/v3.0/users?limit=3") == whole
    last = ask.get(f"/v3.0/users?limit=3&starting_after={whole[11]}").json()
    assert [one["data"]["id"] for one in last["data"]] == whole[12:]
    assert list(links(last)) == ["self", "prev"]


def test_a_page_can_be_asked_for_backwards(ask: Asker) -> None:
    whole = ask.ids("/v3.0/users")
    assert ask.ids("/v3.0/users?limit=3&ending_before=last") == whole[-3:]
    page = ask.get(f"/v3.0/users?limit=3&ending_before={whole[5]}").json()
    assert [one["data"]["id"] for one in page["data"]] == whole[2:5]


def test_a_record_that_comes_while_pages_are_read_is_seen_only_with_a_larger_id(clever: Clever, ask: Asker) -> None:
    source = clever.district
    read = sorted(source.add("terms", f"early-{n}", name="Early") for n in range(9))[4]
    already = ask.ids(f"/v3.0/terms?starting_after={read}")
    came = [source.add("terms", f"late-{n}", name="Late") for n in range(9)]
    seen = set(ask.ids(f"/v3.0/terms?limit=3&starting_after={read}")) - set(already)
    assert seen == {one for one in came if one > read}
    assert 0 < len(seen) < len(came)


@pytest.mark.parametrize(("uri", "status"), [
    ("/v3.0/users?limit=10000", 200), ("/v3.0/users?limit=10001", 413), ("/v3.0/users?limit=none", 400),
    ("/v3.0/users?starting_after=x", 400), ("/v3.0/users/58da8c63d7dc0ca068000478", 404), ("/v3.0/dogs", 404),
    ("/v2.1/students", 404), ("/v3.0/resources", 200),
])
def test_odd_questions_get_their_status(ask: Asker, uri: str, status: int) -> None:
    assert ask.get(uri).status_code == status


def test_an_unknown_object_is_refused_in_json_and_an_unknown_path_in_html(ask: Asker) -> None:
    unknown = ask.get("/v3.0/users/58da8c63d7dc0ca068000478")
    assert unknown.headers["content-type"].startswith("application/json")
    assert list(unknown.json()) == ["message"]
    nowhere = ask.get("/v3.0/dogs")
    assert nowhere.headers["content-type"].startswith("text/html")
    assert "Cannot GET /v3.0/dogs" in nowhere.text


def test_what_belongs_to_an_object_is_found(ask: Asker) -> None:
    school, section = clever_id("schools", "school-1"), clever_id("sections", "c-1")
    assert set(ask.ids(f"/v3.0/schools/{school}/sections")) == {section, clever_id("sections", "c-2")}
    assert ask.ids(f"/v3.0/sections/{section}/users?role=teacher") == [user("t-1")]
    assert ask.ids(f"/v3.0/users/{user('s-1')}/mycontacts") == [user("g-1")]
    assert ask.ids(f"/v3.0/users/{user('g-1')}/mystudents") == [user("s-1")]
    assert set(ask.ids(f"/v3.0/users/{user('s-1')}/myTeachers")) == {user("t-1"), user("t-2")}
    assert ask.ids(f"/v3.0/courses/{clever_id('courses', 'course-3')}/schools") == [clever_id("schools", "school-2")]
    assert ask.ids(f"/v3.0/users/{user('t-3')}/schools?primary=true") == [clever_id("schools", "school-2")]
    assert ask.get(f"/v3.0/sections/{section}/term").json()["data"]["name"] == "Semester 1"


# ---- connections


def test_tokens_list_every_connected_district_for_the_right_secret_only(clever: Clever, ask: Asker) -> None:
    second = clever.add_district(small_district())
    listed = ask.basic("/oauth/tokens?owner_type=district").json()["data"]
    assert [one["owner"]["id"] for one in listed] == [clever.district.id, second.id]
    assert [one["access_token"] for one in listed] == [clever.district.token, second.token]
    assert ask.basic("/oauth/tokens?owner_type=district", secret="wrong").status_code == 401
    one = ask.basic(f"/oauth/tokens?owner_type=district&district={second.id}").json()["data"]
    assert [token["owner"]["id"] for token in one] == [second.id]


def test_a_token_reads_its_own_district_only(clever: Clever, ask: Asker) -> None:
    second = clever.add_district(small_district())
    assert ask.get("/v3.0/districts", second.token).json()["data"][0]["data"]["id"] == second.id
    assert ask.get(f"/v3.0/districts/{clever.district.id}", second.token).status_code == 404
    assert not set(ask.ids("/v3.0/users")) & {
        one["data"]["id"] for one in ask.get("/v3.0/users", second.token).json()["data"]}


def test_a_rotated_token_works_and_the_old_one_does_not(shared_district: District, ask: Asker) -> None:
    old, new = shared_district.token, shared_district.rotate_token()
    assert [ask.get("/v3.0/schools", token).status_code for token in (old, new)] == [401, 200]


def test_a_revoked_district_is_refused_and_gone_from_the_list(shared_district: District, ask: Asker) -> None:
    shared_district.revoke()
    assert ask.get("/v3.0/schools").status_code == 401
    assert ask.basic("/oauth/tokens?owner_type=district").json()["data"] == []
    shared_district.reconnect()
    assert ask.get("/v3.0/schools").status_code == 200


def test_a_connection_for_sign_in_only_reads_nothing_but_its_district(shared_district: District, ask: Asker) -> None:
    shared_district.sso_only()
    assert [ask.get(uri).status_code for uri in ("/v3.0/districts", "/v3.0/users", "/v3.0/events")] == [200, 404, 404]
    assert ask.get("/oauth/tokeninfo").json()["scopes"] == list(SSO_SCOPES)


@pytest.mark.parametrize("state", ["pending", "error", "paused", "success", ""])
def test_the_state_of_the_sync_is_shown(shared_district: District, ask: Asker, state: str) -> None:
    shared_district.state = state
    assert ask.get(f"/v3.0/districts/{shared_district.id}").json()["data"]["state"] == state


def test_a_paused_district_says_until_when_and_keeps_its_data(shared_district: District, ask: Asker) -> None:
    shared_district.pause(until="2027-01-01T00:00:00.000Z")
    about = ask.get("/v3.0/districts").json()["data"][0]["data"]
    assert (about["state"], about["pause_end"]) == ("paused", "2027-01-01T00:00:00.000Z")
    assert len(ask.ids("/v3.0/users")) == 14


def test_before_the_first_sync_there_is_nothing_and_after_it_everything(shared_district: District, ask: Asker) -> None:
    shared_district.no_data()
    about = ask.get("/v3.0/districts").json()["data"][0]["data"]
    assert (about["state"], "last_sync" in about, ask.ids("/v3.0/users")) == ("pending", False, [])
    shared_district.sync()
    assert len(ask.ids("/v3.0/users")) == 14
    assert ask.changes().count("users.created") == 14


# ---- as a process


def test_as_a_process_it_says_where_it_is_and_serves_the_demo_district() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.fakes.clever_server", "--port", "0"], text=True,
                          stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            tokens = requests.get(f"{told['url']}/oauth/tokens?owner_type=district", timeout=10,
                                  auth=(told["client_id"], told["client_secret"])).json()["data"]
            assert [one["owner"]["id"] for one in tokens] == [told["district_id"]]
            users = requests.get(f"{told['url']}/v3.0/users?limit=10000&role=student", timeout=10,
                                 headers={"Authorization": f"Bearer {tokens[0]['access_token']}"}).json()["data"]
            assert len(users) == 200
        finally:
            process.kill()
