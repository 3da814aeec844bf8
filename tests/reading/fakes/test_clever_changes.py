"""The fake Clever remembers changes: what is shared, what hangs on it, and the events that tell about it."""

from __future__ import annotations

import pytest

from tests.builders.oneroster import district
from tests.fakes.clever_district import District
from tests.fakes.clever_rows import Json, clever_id
from tests.reading.fakes.clever_asker import Asker, Clock, user


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
    assert ask.changes() == ["districts.updated"]


def test_the_next_export_keeps_ids_and_tells_the_differences(shared_district: District, ask: Asker) -> None:
    shared_district.become(district().with_student("s-99", classes=["c-1"]).without("users", "s-10").files)
    assert sorted(ask.changes()) == ["sections.updated", "sections.updated", "users.created", "users.deleted"]


def test_an_unshared_school_takes_along_its_sections_and_people(shared_district: District, ask: Asker) -> None:
    school = clever_id("schools", "school-2")
    shared_district.unshare("schools", school)
    assert set(ask.ids("/v3.0/sections")) == {clever_id("sections", "c-1"), clever_id("sections", "c-2")}
    assert user("t-3") not in ask.ids("/v3.0/users")
    assert set(ask.ids("/v3.0/users?role=student")) == {user(f"s-{n}") for n in (1, 2, 5, 6, 9, 10)}
    assert ask.ids("/v3.0/courses") == sorted(clever_id("courses", f"course-{n}") for n in (1, 2))
    assert ask.get(f"/v3.0/schools/{school}").status_code == 404
    assert {kind.split(".")[1] for kind in ask.changes()} == {"deleted"}


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
    assert ask.changes()[:2] == ["terms.created", "terms.deleted"]


def test_a_changed_sis_id_gives_a_new_id_everywhere(shared_district: District, ask: Asker) -> None:
    new = shared_district.renew("users", user("s-1"), "s-1-migrated")
    section = ask.get(f"/v3.0/sections/{clever_id('sections', 'c-1')}").json()["data"]
    assert new in section["students"]
    assert user("s-1") not in section["students"]
    assert ask.ids(f"/v3.0/users/{new}/mycontacts") == [user("g-1")]


def test_the_last_role_takes_the_user_along(shared_district: District, ask: Asker) -> None:
    shared_district.update_role(user("t-1"), "district_admin", title="Chief")
    shared_district.drop_role(user("t-1"), "teacher")
    assert ask.changes() == ["users.updated", "users.updated"]
    shared_district.drop_role(user("t-1"), "district_admin")
    assert "users.deleted" in ask.changes()


def test_with_events_off_changes_leave_no_trace(shared_district: District, ask: Asker) -> None:
    shared_district.events_on = False
    shared_district.unshare("schools", clever_id("schools", "school-2"))
    assert ask.changes() == []


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


def _undated(found: dict[str, dict[str, Json]]) -> dict[str, dict[str, Json]]:
    return {kind: {key: {**one, "last_modified": None} for key, one in of.items()} for kind, of in found.items()}
