"""The fake Clever does what reference/clever.md says of the real one, remembers changes, and springs its traps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.builders.oneroster import as_12, district, small_district
from tests.fakes.clever_district import SSO_SCOPES, District
from tests.fakes.clever_rows import Json, clever_id
from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Clever, serving

KINDS = ("schools", "terms", "courses", "sections", "users")


class Asker:
    """A client without any cleverness: asks once, as the first district's app unless told otherwise."""

    def __init__(self, clever: Clever):
        self.clever = clever
        self.session = requests.Session()

    def get(self, uri: str, token: str | None = None) -> requests.Response:
        bearer = self.clever.district.token if token is None else token
        return self.session.get(self.clever.url + uri, headers={"Authorization": f"Bearer {bearer}"},
                                allow_redirects=False, timeout=10)

    def basic(self, uri: str, secret: str = CLIENT_SECRET) -> requests.Response:
        return self.session.get(self.clever.url + uri, auth=(CLIENT_ID, secret), timeout=10)

    def objects(self, uri: str) -> list[Json]:
        """All objects of a list, page after page."""
        found: list[Json] = []
        following: str | None = uri
        while following:
            page = self.get(following).json()
            found += [one["data"] for one in page["data"]]
            following = links(page).get("next")
        return found

    def ids(self, uri: str) -> list[str]:
        return [one["id"] for one in self.objects(uri)]

    def everything(self) -> dict[str, dict[str, Json]]:
        return {kind: {one["id"]: one for one in self.objects(f"/v3.0/{kind}")} for kind in KINDS}


def links(page: Json) -> dict[str, str]:
    return {link["rel"]: link["uri"] for link in page["links"]}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 1, 3, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clever(clock: Clock) -> Iterator[Clever]:
    made = Clever(small_district(), now=clock)
    with serving(made):
        yield made


@pytest.fixture
def ask(clever: Clever) -> Asker:
    return Asker(clever)


@pytest.fixture
def shared_district(clever: Clever) -> District:
    return clever.district


def user(source_id: str) -> str:
    return clever_id("users", source_id)


def changes(ask: Asker) -> list[str]:
    return [event["type"] for event in ask.objects("/v3.0/events")]


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
    read = ask.ids("/v3.0/terms")[-1]
    came = [clever.district.add("terms", f"late-{n}", name="Late") for n in range(8)]
    seen = ask.ids(f"/v3.0/terms?limit=3&starting_after={read}")
    assert seen == sorted(one for one in came if one > read)
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
    assert changes(ask).count("users.created") == 14


# ---- changes and their events


def test_an_update_tells_the_whole_object_and_the_old_values(shared_district: District, ask: Asker,
                                                             clock: Clock) -> None:
    clock.forward(hours=1)
    shared_district.update_role(user("s-1"), "student", grade="6")
    event = ask.objects("/v3.0/events")[0]
    now = ask.get(f"/v3.0/users/{user('s-1')}").json()["data"]
    assert event["data"] == {"object": now, "previous_attributes": {"roles": {"student": {"grade": "5"}}}}
    assert now["last_modified"] == "2026-09-01T04:00:00.250Z"


def test_an_event_can_be_asked_for_by_id_until_it_is_dropped(shared_district: District, ask: Asker) -> None:
    for grade in ("6", "7", "8"):
        shared_district.update_role(user("s-1"), "student", grade=grade)
    first, *rest = ask.ids("/v3.0/events")
    assert ask.get(f"/v3.0/events/{first}").status_code == 200
    shared_district.drop_events(1)
    assert ask.get(f"/v3.0/events/{first}").status_code == 404
    assert ask.ids("/v3.0/events") == ask.ids(f"/v3.0/events?starting_after={first}") == rest
    assert ask.ids("/v3.0/events?ending_before=last&limit=1") == rest[-1:]


def test_one_sync_is_one_burst_that_begins_with_the_district(shared_district: District, ask: Asker,
                                                             clock: Clock) -> None:
    before = shared_district.last_sync
    clock.forward(days=1)
    with shared_district.one_sync():
        shared_district.update("users", user("s-1"), email="new@sample.example")
        shared_district.update("schools", clever_id("schools", "school-1"), name="Renamed")
        assert ask.get(f"/v3.0/users/{user('s-1')}").json()["data"]["email"] == "s-1@sample.example"
    events = ask.objects("/v3.0/events")
    assert [e["type"] for e in events] == ["districts.updated", "schools.updated", "users.updated"]
    assert events[0]["data"]["previous_attributes"] == {"last_sync": before}
    assert {e["created"] for e in events} == {"2026-09-02T03:00:00.000Z"}


def test_a_sync_moves_last_sync_even_when_the_clock_stands_still(shared_district: District, ask: Asker) -> None:
    before = shared_district.last_sync
    shared_district.sync()
    assert ask.get("/v3.0/districts").json()["data"][0]["data"]["last_sync"] > str(before)
    assert changes(ask) == ["districts.updated"]


def test_the_next_export_keeps_ids_and_tells_the_differences(shared_district: District, ask: Asker) -> None:
    shared_district.become(district().with_student("s-99", classes=["c-1"]).without("users", "s-10").files)
    assert sorted(changes(ask)) == ["sections.updated", "sections.updated", "users.created", "users.deleted"]


def test_an_unshared_school_takes_along_its_sections_and_people(shared_district: District, ask: Asker) -> None:
    school = clever_id("schools", "school-2")
    shared_district.unshare("schools", school)
    assert set(ask.ids("/v3.0/sections")) == {clever_id("sections", "c-1"), clever_id("sections", "c-2")}
    assert user("t-3") not in ask.ids("/v3.0/users")
    assert set(ask.ids("/v3.0/users?role=student")) == {user(f"s-{n}") for n in (1, 2, 5, 6, 9, 10)}
    assert ask.ids("/v3.0/courses") == sorted(clever_id("courses", f"course-{n}") for n in (1, 2))
    assert ask.get(f"/v3.0/schools/{school}").status_code == 404
    assert {kind.split(".")[1] for kind in changes(ask)} == {"deleted"}


def test_a_person_of_two_schools_stays_at_the_one_that_is_shared(shared_district: District, ask: Asker) -> None:
    shared_district.become(district().with_teacher("t-9", orgSourcedIds="school-2,school-1").files)
    shared_district.unshare("schools", clever_id("schools", "school-2"))
    teacher = ask.get(f"/v3.0/users/{user('t-9')}").json()["data"]["roles"]["teacher"]
    assert teacher["schools"] == [teacher["school"]] == [clever_id("schools", "school-1")]


@pytest.mark.parametrize(("kind", "source_id"), [
    ("schools", "school-2"), ("sections", "c-1"), ("users", "s-1"), ("users", "t-1"), ("terms", "sem-1"),
])
def test_what_is_shared_again_is_as_it_was_with_the_same_ids(shared_district: District, ask: Asker, kind: str,
                                                             source_id: str) -> None:
    before = ask.everything()
    shared_district.unshare(kind, clever_id(kind, source_id))
    assert clever_id(kind, source_id) not in ask.everything()[kind]
    shared_district.reshare(kind, clever_id(kind, source_id))
    assert _undated(ask.everything()) == _undated(before)
    last_of_it = [e["type"] for e in ask.objects("/v3.0/events")
                  if e["data"]["object"]["id"] == clever_id(kind, source_id)]
    assert last_of_it == [f"{kind}.deleted", f"{kind}.created"]


def test_a_student_whose_last_section_went_goes_with_their_contact(shared_district: District, ask: Asker) -> None:
    for class_id in ("c-1", "c-2"):
        shared_district.unshare("sections", clever_id("sections", class_id))
    left = ask.ids("/v3.0/users")
    assert user("s-1") not in left
    assert user("g-1") not in left
    assert user("t-1") in left


def test_nobody_points_to_what_is_gone(shared_district: District, ask: Asker) -> None:
    shared_district.remove("users", user("t-1"))
    shared_district.unshare("schools", clever_id("schools", "school-2"))
    shared = ask.everything()
    for section in shared["sections"].values():
        assert {*section["students"], *section["teachers"]} <= shared["users"].keys()
        assert section["teacher"] in {*section["teachers"], None}
        assert {section["school"]} <= shared["schools"].keys()
        assert section["term_id"] in shared["terms"]


def test_a_renamed_term_has_a_new_id_and_its_sections_follow(shared_district: District, ask: Asker) -> None:
    old = clever_id("terms", "sem-1")
    new = shared_district.rename_term(old, "Fall")
    assert ask.ids("/v3.0/terms") == [new]
    assert {section["term_id"] for section in ask.objects("/v3.0/sections")} == {new}
    assert changes(ask)[:2] == ["terms.created", "terms.deleted"]


def test_a_changed_sis_id_gives_a_new_id_everywhere(shared_district: District, ask: Asker) -> None:
    new = shared_district.renew("users", user("s-1"), "s-1-migrated")
    section = ask.get(f"/v3.0/sections/{clever_id('sections', 'c-1')}").json()["data"]
    assert new in section["students"]
    assert user("s-1") not in section["students"]
    assert ask.ids(f"/v3.0/users/{new}/mycontacts") == [user("g-1")]


def test_the_last_role_takes_the_user_along(shared_district: District, ask: Asker) -> None:
    shared_district.update_role(user("t-1"), "district_admin", title="Chief")
    shared_district.drop_role(user("t-1"), "teacher")
    assert changes(ask) == ["users.updated", "users.updated"]
    shared_district.drop_role(user("t-1"), "district_admin")
    assert "users.deleted" in changes(ask)


def test_with_events_off_changes_leave_no_trace(shared_district: District, ask: Asker) -> None:
    shared_district.events_on = False
    shared_district.unshare("schools", clever_id("schools", "school-2"))
    assert changes(ask) == []


def test_events_can_be_asked_for_by_kind_and_school(shared_district: District, ask: Asker) -> None:
    shared_district.update("users", user("s-1"), email="a@sample.example")
    shared_district.update("users", user("s-3"), email="b@sample.example")
    shared_district.update("sections", clever_id("sections", "c-1"), period="2")
    assert len(ask.ids("/v3.0/events?record_type=users")) == 2
    assert len(ask.ids("/v3.0/events?record_type=users&record_type=sections")) == 3
    assert len(ask.ids(f"/v3.0/events?school={clever_id('schools', 'school-2')}")) == 1


def test_events_replayed_on_the_earlier_state_give_the_later_one(shared_district: District, ask: Asker) -> None:
    state = ask.everything()
    shared_district.unshare("schools", clever_id("schools", "school-2"))
    with shared_district.one_sync():
        shared_district.become(district().with_student("s-99", classes=["c-1", "c-3"]).without("users", "t-1").files)
    shared_district.rename_term(clever_id("terms", "sem-1"), "Fall")
    shared_district.reshare("schools", clever_id("schools", "school-2"))
    shared_district.drop_role(user("s-2"), "student")
    for event in ask.objects("/v3.0/events?limit=4"):
        kind, verb = event["type"].split(".")
        one = event["data"]["object"]
        if kind in state and verb == "deleted":
            del state[kind][one["id"]]
        elif kind in state:
            state[kind][one["id"]] = one
    assert state == ask.everything()


# ---- traps


def test_a_fault_strikes_its_page_as_often_as_it_was_told(clever: Clever, ask: Asker) -> None:
    clever.traps.fail("users", page=2, effect=503, times=2)
    whole = sorted(clever.district.shared["users"])
    second = f"/v3.0/users?limit=5&starting_after={whole[4]}"
    assert ask.get("/v3.0/users?limit=5").status_code == 200
    assert [ask.get(second).status_code for _ in range(3)] == [503, 503, 200]
    assert ask.get("/v3.0/schools").status_code == 200


def test_a_fault_for_ever_stays_until_it_is_taken_off(clever: Clever, ask: Asker) -> None:
    clever.traps.fail("terms", effect=500, times=None, html=True)
    answers = [ask.get("/v3.0/terms") for _ in range(3)]
    assert {(one.status_code, one.headers["content-type"]) for one in answers} == {(500, "text/html; charset=utf-8")}
    clever.traps.off()
    assert ask.get("/v3.0/terms").status_code == 200


@pytest.mark.parametrize("effect", ["drop", "torn"])
def test_a_connection_can_end_before_the_answer_does(clever: Clever, ask: Asker, effect: Any) -> None:
    clever.traps.fail("users", effect=effect)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask.get("/v3.0/users")
    assert len(ask.get("/v3.0/users").json()["data"]) == 14


def test_a_page_can_be_cut_html_empty_or_without_links(clever: Clever, ask: Asker) -> None:
    for effect in ("cut", "html", "empty", "no_links"):
        clever.traps.fail("users", effect=effect)
    cut, html, empty, no_links = (ask.get("/v3.0/users") for _ in range(4))
    with pytest.raises(ValueError, match="line 1"):
        cut.json()
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert empty.json() == {"data": [], "links": [{"rel": "self", "uri": "/v3.0/users"}]}
    assert list(no_links.json()) == ["data"]
    assert {one.status_code for one in (cut, html, empty, no_links)} == {200}


def test_an_empty_page_can_lead_to_the_records_it_left_out(clever: Clever, ask: Asker) -> None:
    whole = ask.ids("/v3.0/users")
    clever.traps.fail("users", page=2, effect="empty_next")
    assert ask.ids("/v3.0/users?limit=5") == whole
    assert len(clever.asked_for("users")) == 1 + 4


def test_a_full_last_page_can_lead_to_an_empty_one(clever: Clever, ask: Asker) -> None:
    clever.traps.next_after_full_last_page = True
    assert len(ask.ids("/v3.0/users?limit=7")) == 14
    assert len(clever.asked_for("users")) == 3


@pytest.mark.parametrize(("told_by", "said"), [("Retry-After", "7"), ("x-ratelimit-reset", "1788231607")])
def test_429_says_in_either_header_how_long(clever: Clever, ask: Asker, told_by: Any, said: str) -> None:
    clever.traps.busy(2, wait=7, told_by=told_by)
    answers = [ask.get("/v3.0/users") for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 200]
    assert answers[0].headers[told_by] == said


def test_the_rate_limit_counts_each_token_and_begins_anew_each_minute(clever: Clever, ask: Asker,
                                                                     clock: Clock) -> None:
    clever.traps.rate_limit, clever.traps.enforce_rate_limit = 2, True
    other = clever.add_district(small_district())
    answers = [ask.get("/v3.0/schools") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
    assert ask.get("/v3.0/schools", other.token).status_code == 200
    clock.moment = datetime.fromtimestamp(int(answers[2].headers["x-ratelimit-reset"]), tz=UTC)
    assert ask.get("/v3.0/schools").status_code == 200


def test_the_district_can_sync_in_the_middle_of_a_read(clever: Clever, ask: Asker) -> None:
    before = clever.district.last_sync
    clever.traps.after(2, clever.district.sync)
    ask.get("/v3.0/schools")
    assert clever.district.last_sync == before
    ask.get("/v3.0/terms")
    assert clever.district.last_sync != before


def test_its_clock_can_run_ahead(clever: Clever, ask: Asker) -> None:
    clever.traps.clock_skew = 3600
    assert ask.get("/v3.0/schools").headers["Date"] == "Tue, 01 Sep 2026 04:00:00 GMT"


@pytest.mark.parametrize("how", ["absent", "null", "blank"])
def test_every_field_that_is_not_guaranteed_can_be_missing(clever: Clever, ask: Asker, how: Any) -> None:
    clever.traps.missing = how
    student = ask.get(f"/v3.0/users/{user('s-1')}").json()["data"]
    missing = {"absent": "?", "null": None, "blank": ""}[how]
    assert student.get("email", "?") == student["roles"]["student"].get("grade", "?") == missing
    assert student["roles"]["student"]["school"] == clever_id("schools", "school-1")
    assert student["name"]["last"] == "Student s-1"
    section = ask.get(f"/v3.0/sections/{clever_id('sections', 'c-1')}").json()["data"]
    assert section.get("term_id", "?") == section.get("teacher", "?") == missing
    assert len(section["students"]) == 4
    assert "last_sync" in ask.get("/v3.0/districts").json()["data"][0]["data"]


def test_unknown_fields_and_values_can_be_sent(clever: Clever, ask: Asker) -> None:
    clever.traps.unknown = True
    student = ask.get(f"/v3.0/users/{user('s-1')}").json()["data"]
    assert (student["favorite_color"], student["roles"]["student"]["grade"]) == ("blue", "Grade Fourteen")
    assert ask.objects("/v3.0/sections")[0]["subject"] == "underwater basketry"


def test_an_event_can_carry_its_old_values_beside_the_object(clever: Clever, ask: Asker) -> None:
    clever.traps.previous_attributes = "beside"
    clever.district.update("users", user("s-1"), email="a@sample.example")
    event = ask.objects("/v3.0/events")[0]
    assert list(event["data"]) == ["object"]
    assert event["previous_attributes"] == {"email": "s-1@sample.example"}


def test_a_test_can_step_in_before_an_answer(clever: Clever, ask: Asker) -> None:
    seen: list[str] = []
    clever.before_answer = lambda asked: seen.append(asked.uri)
    ask.get("/v3.0/terms?limit=2")
    assert seen == ["/v3.0/terms?limit=2"]


def test_the_log_says_what_was_asked_and_how_it_ended(clever: Clever, ask: Asker) -> None:
    clever.traps.fail("users", effect=500)
    ask.get("/v3.0/users?limit=2&role=student")
    ask.get("/v3.0/users?limit=2&role=student", token="wrong")
    logged = [(one.method, one.path, one.query, one.status) for one in clever.asked_for("users")]
    query = {"limit": "2", "role": "student"}
    assert logged == [("GET", "/v3.0/users", query, 500), ("GET", "/v3.0/users", query, 401)]


# ---- sign-in


def _exchange(clever: Clever, code: str, secret: str = CLIENT_SECRET, form: bool = False) -> requests.Response:
    body = {"code": code, "grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    return requests.post(f"{clever.url}/oauth/tokens", auth=(CLIENT_ID, secret), timeout=10,
                         data=body if form else None, json=None if form else body)


def _came_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    where, _, query = answer.headers["Location"].partition("?")
    assert where == REDIRECT_URI
    return dict(pair.split("=") for pair in query.split("&"))


def test_a_click_in_the_portal_comes_with_a_code_and_without_state(clever: Clever, ask: Asker) -> None:
    assert list(_came_back(ask.get(f"/portal/{user('s-1')}"))) == ["code"]
    authorize = f"/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&state=ours"
    assert _came_back(ask.get(authorize))["state"] == "ours"


def test_authorize_refuses_an_address_that_is_not_registered(clever: Clever, ask: Asker) -> None:
    clever.sign_in.browser = user("s-1")
    uri = f"/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri=https://evil.example"
    assert ask.get(uri).status_code == 400


def test_a_code_works_once_and_for_one_minute(clever: Clever, ask: Asker, clock: Clock) -> None:
    code = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    assert [_exchange(clever, code).status_code for _ in range(2)] == [200, 400]
    late = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    clock.forward(seconds=60)
    assert _exchange(clever, late).json() == {"message": "invalid grant: invalid code"}


def test_a_code_is_exchanged_for_json_with_the_right_secret_only(clever: Clever, ask: Asker) -> None:
    code = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    assert _exchange(clever, code, secret="wrong").status_code == 401
    assert _exchange(clever, code, form=True).status_code == 400
    assert _exchange(clever, code).status_code == 200


def test_a_user_token_reads_its_user_and_nobody_else(clever: Clever, ask: Asker) -> None:
    code = _came_back(ask.get(f"/portal/{user('t-1')}"))["code"]
    token = _exchange(clever, code).json()["access_token"]
    me = ask.get("/v3.0/me", token).json()
    assert me["data"] == {"id": user("t-1"), "district": clever.district.id, "type": "teacher",
                          "authorized_by": "district"}
    assert links(me)["canonical"] == f"/v3.0/users/{user('t-1')}"
    assert ask.get(links(me)["canonical"], token).json()["data"]["email"] == "t-1@sample.example"
    assert [ask.get(uri, token).status_code for uri in ("/v3.0/users", f"/v3.0/users/{user('s-1')}")] == [404, 404]


def test_somebody_who_is_not_shared_stays_at_clever(clever: Clever, ask: Asker) -> None:
    clever.district.unshare("users", user("s-1"))
    answer = ask.get(f"/portal/{user('s-1')}")
    assert (answer.status_code, "not shared" in answer.text) == (200, True)


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


def _undated(found: dict[str, dict[str, Json]]) -> dict[str, dict[str, Json]]:
    return {kind: {key: {**one, "last_modified": None} for key, one in of.items()} for kind, of in found.items()}
