"""A full read of a district over real HTTP. Numbers are those of the conformance list of the Clever reference (8)."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest

from homeroom.check import check
from homeroom.errors import SourceUnusable
from homeroom.model import places
from tests.builders.oneroster import district, small_district
from tests.fakes.clever_server import serving
from tests.reading.clever.lab import CREDENTIALS, Lab, by_id, rows


def failure(lab: Lab, **request: Any) -> tuple[str, str, str]:
    """Code, words and owner of what made a read end."""
    told = lab.poll(**request).failure
    assert told is not None
    with pytest.raises(SourceUnusable):
        lab.snapshot()
    return told.code, told.text, told.owner


def counts(lab: Lab) -> dict[str, int]:
    return {stem: frame.height for stem, frame in lab.read().frames.items()}


WHOLE = {"orgs": 3, "academicSessions": 1, "courses": 3, "classes": 4, "users": 14, "enrollments": 16}


def test_the_whole_district_is_read_in_pages(lab: Lab) -> None:
    assert counts(lab) == WHOLE
    assert {c.how for c in lab.about().collections.values()} == {"pages by id", "of the sections"}
    assert not set(check(lab.snapshot()).issues["code"]) & {"REF-01", "REF-02", "REF-08", "FLD-01"}


def test_clever_01_every_request_is_signed_and_the_token_is_kept_nowhere(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        lab.read(restless=60)
    api = [one for one in lab.clever.log if one.path.startswith("/v3.0/")]
    assert {one.headers["authorization"] for one in api} == {f"Bearer {lab.district.token}"}
    kept = b"".join(lab.world.objects.bodies.values()).decode(errors="replace")
    for secret in (lab.district.token, CREDENTIALS["client_secret"]):
        assert secret not in caplog.text
        assert secret not in kept
    assert lab.district.token not in repr(lab.about())


def test_clever_02_the_token_is_looked_up_by_district_with_the_apps_own_key(lab: Lab) -> None:
    lab.clever.add_district(small_district())
    assert counts(lab) == WHOLE
    asked = lab.clever.asked_for("oauth/tokens")
    basic = base64.b64encode(":".join(CREDENTIALS.values()).encode()).decode()
    assert [(one.query, one.headers["authorization"]) for one in asked] == [
        ({"owner_type": "district", "district": lab.district.id}, f"Basic {basic}")]


def test_clever_03_a_token_that_is_rotated_while_we_read_is_picked_up(lab: Lab) -> None:
    lab.clever.traps.after(6, lab.district.rotate_token)
    assert counts(lab) == WHOLE
    assert 1 < len(lab.clever.asked_for("oauth/tokens")) <= 2


def test_clever_04_a_district_that_disconnects_ends_the_read_in_words(lab: Lab) -> None:
    lab.clever.traps.after(6, lab.district.revoke)
    assert failure(lab) == ("SRC-01", "the district disconnected the app in Clever", "district")


def test_a_district_that_never_connected_is_said_to_be_so(lab: Lab) -> None:
    lab.district.revoke()
    assert failure(lab) == ("SRC-01", "the district is not connected to the app in Clever", "district")


def test_a_token_that_stays_refused_is_no_reason_to_go_round_in_circles(lab: Lab) -> None:
    lab.clever.traps.fail("users", effect=401, times=None)
    assert failure(lab)[:2] == ("SRC-01", "Clever refuses the district's token, though the district is connected")
    assert len(lab.clever.asked_for("oauth/tokens")) <= 3


def test_a_wrong_client_secret_is_said_in_words(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CREDENTIALS, "client_secret", "wrong")
    code, text, owner = failure(lab)
    assert (code, owner) == ("SRC-01", "vendor")
    assert "client secret" in text
    assert "wrong" not in text


def test_clever_05_a_link_to_another_host_is_not_followed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def astray(asked: Any, cursor: str, one: str) -> str:
        return f"http://127.0.0.2:1{asked.path}?starting_after={one}"

    monkeypatch.setattr("tests.fakes.clever_api._moved", astray)
    code, text, _ = failure(lab)
    assert (code, text) == ("SRC-04", "a link of Clever leads to another host; it was not followed")


def test_clever_05_the_links_are_followed_as_they_are(lab: Lab) -> None:
    lab.read()
    users = [one.query for one in lab.clever.asked_for("users")]
    ids = sorted(lab.district.shared["users"])
    assert users == [{"limit": "3"}, *({"limit": "3", "starting_after": ids[n]} for n in (2, 5, 8, 11)),
                     {"limit": "1", "ending_before": "last"}]


@pytest.mark.parametrize("full_last_page", [True, False])
def test_clever_06_empty_pages_and_pages_without_links_are_accepted(lab: Lab, full_last_page: bool) -> None:
    lab.clever.traps.next_after_full_last_page = full_last_page
    lab.clever.traps.fail("courses", page=1, effect="no_links", times=None)
    lab.clever.traps.fail("users", page=2, effect="empty_next", times=2)
    assert counts(lab) == WHOLE


def test_an_empty_page_that_leads_to_itself_ends_the_read(lab: Lab) -> None:
    lab.clever.traps.fail("users", page=2, effect="empty_next", times=None)
    assert failure(lab)[:2] == ("SRC-04", "a page of users leads back to where it was, however often it was asked for")


def test_clever_07_a_page_that_is_too_large_is_asked_for_in_halves() -> None:
    lab = Lab(small_district(), page_size=10_000)
    with serving(lab.clever):
        lab.clever.traps.fail("users", page=1, effect=413, times=10)
        assert counts(lab) == WHOLE
    limits = [int(one.query["limit"]) for one in lab.clever.asked_for("users") if "limit" in one.query]
    assert max(limits) <= 10_000
    assert limits[:11] == [10_000 // 2**n for n in range(11)]


@pytest.mark.parametrize("told_by", ["x-ratelimit-reset", "Retry-After"])
def test_clever_08_a_busy_clever_is_waited_for_and_the_same_page_comes_next(lab: Lab, told_by: Any) -> None:
    lab.clever.traps.busy(1, wait=17, place="sections", told_by=told_by)
    assert counts(lab) == WHOLE
    assert lab.waits == [17.0]
    first, second, *_ = lab.clever.asked_for("sections")
    assert (first.status, second.status, first.query) == (429, 200, second.query)


def test_a_clever_that_is_busy_for_longer_than_a_run_may_wait_ends_it(lab: Lab) -> None:
    lab.clever.traps.busy(None, wait=50, place="users")
    assert failure(lab, seconds=120.0)[0] == "SRC-03"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_clever_09_a_failing_clever_is_asked_again_with_growing_pauses(lab: Lab, status: int) -> None:
    lab.clever.traps.fail("terms", effect=status, times=3, html=True)
    assert counts(lab) == WHOLE
    assert len(lab.waits) == 3
    assert lab.waits[0] <= 1 <= lab.waits[1] <= 2 <= lab.waits[2] <= 4


@pytest.mark.parametrize("status", [400, 404, 501])
def test_clever_09_and_10_what_will_not_get_better_is_asked_once(lab: Lab, status: int) -> None:
    lab.clever.traps.fail("terms", effect=status, times=None, html=True)
    assert failure(lab)[:2] == ("SRC-04", f"Clever answered {status} for terms")
    assert len(lab.clever.asked_for("terms")) == 1
    assert lab.waits == []


def test_clever_10_a_page_of_a_proxy_is_told_in_words(lab: Lab) -> None:
    lab.clever.traps.fail("users", page=2, effect="html", times=None)
    code, text, _ = failure(lab)
    assert (code, text) == ("SRC-04", "a page of users came as a page that is no JSON, however often it was asked for")


def test_a_connection_for_sign_in_only_is_told_apart(lab: Lab) -> None:
    lab.district.sso_only()
    code, text, owner = failure(lab)
    assert (code, owner) == ("SRC-11", "vendor")
    assert "sign-in only" in text


def test_clever_11_nothing_that_nobody_announced_does_harm(lab: Lab) -> None:
    lab.clever.traps.unknown = True
    assert counts(lab) == WHOLE
    assert by_id(lab.snapshot(), "users")[lab.district.id_of("users", "s-1")]["grades"] == "Grade Fourteen"
    codes = set(check(lab.snapshot()).issues["code"])
    assert "FLD-03" in codes
    assert not any(entity.read.errors for entity in check(lab.snapshot()).entities.values())


@pytest.mark.parametrize("how", ["absent", "null", "blank"])
def test_clever_12_and_30_whatever_is_not_guaranteed_may_be_missing(lab: Lab, how: Any) -> None:
    lab.clever.traps.missing = how
    assert counts(lab) == WHOLE
    assert {n: e.read.errors for n, e in check(lab.snapshot()).entities.items() if e.read.errors} == {}


def test_clever_16_and_19_two_people_with_one_email_stay_two(lab: Lab) -> None:
    teacher, guardian = lab.district.id_of("users", "t-1"), lab.district.id_of("users", "g-1")
    for one in (teacher, guardian, lab.district.id_of("users", "s-1")):
        lab.district.update("users", one, email="same@sample.example")
    found = by_id(lab.read(), "users")
    assert {found[teacher]["role"], found[guardian]["role"]} == {"teacher", "guardian"}
    assert not any(entity.read.errors for entity in check(lab.snapshot()).entities.values())


def test_clever_17_a_person_is_known_by_the_id_and_every_legacy_id_is_kept(lab: Lab) -> None:
    teacher = lab.district.id_of("users", "t-1")
    lab.district.update_role(teacher, "staff", legacy_id="66a0000f" + "1" * 16, staff_id="9", schools=[])
    ids = by_id(lab.read(), "users")[teacher]["userIds"]
    assert ids.count("{legacyId:") == 2


def test_clever_24_a_student_of_another_school_may_be_in_a_section(lab: Lab) -> None:
    section, stranger = lab.district.id_of("sections", "c-3"), lab.district.id_of("users", "s-1")
    told = lab.district.shared["sections"][section]["students"]
    lab.district.update("sections", section, students=sorted([*told, stranger]))
    enrolled = by_id(lab.read(), "enrollments")[f"{section}:{stranger}:student"]
    assert enrolled["schoolSourcedId"] == lab.district.id_of("schools", "school-2")
    assert check(lab.snapshot()).entities["enrollments"].read.errors == 0


def test_clever_26_a_teacher_without_a_section_is_there(lab: Lab) -> None:
    one = lab.district.add("users", "t-9", name={"first": "Test", "last": "Nine"},
                           roles={"teacher": {"school": lab.district.id_of("schools", "school-1"), "sis_id": "9"}})
    assert by_id(lab.read(), "users")[one]["role"] == "teacher"


def test_clever_27_two_sections_of_one_name_stay_two(lab: Lab) -> None:
    for section in list(lab.district.shared["sections"])[:2]:
        lab.district.update("sections", section, name="Maths")
    assert [row["title"] for row in by_id(lab.read(), "classes").values()].count("Maths") == 2


def test_clever_28_a_term_with_a_new_id_keeps_its_sections(lab: Lab) -> None:
    before = by_id(lab.applied_full(), "classes")
    new = lab.district.rename_term(lab.district.id_of("terms", "sem-1"), "Fall")
    after = by_id(lab.read(), "classes")
    assert after.keys() == before.keys()
    assert {row["termSourcedIds"] for row in after.values()} == {new}


def test_clever_30_what_comes_back_has_the_same_ids(lab: Lab) -> None:
    before = rows(lab.applied_full())
    lab.district.unshare("schools", lab.district.id_of("schools", "school-2"))
    assert len(rows(lab.applied_full())["classes"]) == 2
    lab.district.reshare("schools", lab.district.id_of("schools", "school-2"))
    assert rows(lab.applied_full()) == before


def test_clever_31_the_same_state_read_twice_has_the_same_content(lab: Lab) -> None:
    assert lab.applied_full().content_hash == lab.applied_full().content_hash


def test_clever_33_a_district_without_people_is_unusable_and_not_empty(lab: Lab) -> None:
    for user in list(lab.district.shared["users"]):
        lab.district.unshare("users", user)
    assert failure(lab)[:2] == ("SRC-04", "the list of users came empty")


def test_clever_35_a_paused_district_is_read_as_it_stands(lab: Lab) -> None:
    lab.district.pause(until="2027-08-01T00:00:00.000Z")
    assert counts(lab) == WHOLE
    assert [(issue.code, issue.text) for issue in lab.about().issues] == [
        ("SRC-18", "the district's sync in Clever is paused since 2026-09-07 until 2027-08-01; "
                   "its data stands as it was then")]


@pytest.mark.parametrize(("state", "owner", "words"), [
    ("pending", "district", "pending"), ("error", "aggregator", "error"),
])
def test_a_sync_that_is_not_operational_blocks_the_run(lab: Lab, state: str, owner: str, words: str) -> None:
    lab.district.state = state
    code, text, who = failure(lab)
    assert (code, who) == ("SRC-12", owner)
    assert words in text
    assert lab.clever.asked_for("users") == []


@pytest.mark.parametrize("state", ["running", "paused", "success", ""])
def test_a_district_without_data_blocks_the_run(lab: Lab, state: str) -> None:
    lab.district.no_data()
    lab.district.state = state
    code, text, _ = failure(lab)
    assert code == "SRC-12"
    assert "not brought any data yet" in text


@pytest.mark.parametrize("state", ["success", "", "hibernating"])
def test_other_states_do_not_matter(lab: Lab, state: str) -> None:
    lab.district.state = state
    assert counts(lab) == WHOLE


def test_another_district_than_the_confirmed_one_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lab.district.about, "id", "66a00001" + "f" * 16)
    assert failure(lab)[:2] == (
        "SRC-11", "Clever's token stands for another district than the one that was confirmed")


def test_data_that_moves_once_is_read_again(lab: Lab) -> None:
    lab.clever.traps.after(9, lab.district.sync)
    assert counts(lab) == WHOLE
    assert [one.query for one in lab.clever.asked_for("users")].count({"limit": "3"}) == 2


def test_data_that_never_stands_still_ends_the_read(lab: Lab) -> None:
    lab.clever.before_answer = lambda asked: lab.district.sync() if asked.path == "/v3.0/terms" else None
    code, text, owner = failure(lab)
    assert (code, owner) == ("SRC-05", "aggregator")
    assert text == "Clever took up new data while the roster was read, 4 times"


def test_contacts_for_emergencies_are_counted_in_one_issue() -> None:
    lab = Lab(district().with_guardian("g-2", of="s-2").files)
    with serving(lab.clever):
        one = lab.district.id_of("users", "g-2")
        told = lab.district.shared["users"][one]["roles"]["contact"]["student_relationships"]
        lab.district.update_role(one, "contact", student_relationships=[{**r, "type": "Emergency"} for r in told])
        assert one not in by_id(lab.read(), "users")
        assert [(i.code, i.text) for i in lab.about().issues] == [("SRC-19", "1 contacts are for emergencies only")]


def test_the_cursor_is_the_newest_event_from_before_the_read(lab: Lab) -> None:
    lab.district.sync()
    newest = lab.district.events[-1]["id"]
    school = lab.district.id_of("schools", "school-1")
    lab.clever.traps.after(4, lambda: lab.district.update("schools", school, name="X"))
    assert (lab.poll().cursor or "").split("/")[0] == newest
    order = [one.place for one in lab.clever.log]
    assert order.index("events") < order.index("districts") < order.index("users")


@pytest.mark.parametrize("status", [403, 404, 501])
def test_a_district_without_events_is_read_all_the_same(lab: Lab, status: int) -> None:
    lab.clever.traps.fail("events", effect=status, times=None)
    assert counts(lab) == WHOLE
    assert lab.about().cursor is None


def test_a_read_goes_on_in_many_slices_and_asks_for_no_page_twice(lab: Lab) -> None:
    whole = rows(lab.read())
    lab.drop()
    before = len(lab.clever.log)
    assert rows(lab.read(restless=250)) == whole
    assert lab.slices > 3
    pages = [(one.path, *one.query.values()) for one in lab.clever.log[before:]
             if one.place in ("users", "sections", "schools", "terms", "courses")]
    assert len(pages) == len(set(pages))


def test_a_slice_that_was_lost_is_read_again(lab: Lab) -> None:
    whole = rows(lab.read())
    lab.drop()
    lab.begin()
    with pytest.raises(AssertionError, match="not done"):
        lab.go_on(restless=250, slices=2)
    kept = dict(lab.world.objects.bodies)
    with pytest.raises(AssertionError, match="not done"):
        lab.go_on(restless=250, slices=1)
    progress = places.fetched_progress("sample", lab.run)
    lab.world.objects.bodies[progress] = kept[progress]  # the process died before it kept how far it came
    lab.go_on(restless=250)
    assert rows(lab.snapshot()) == whole


def test_progress_names_no_people(lab: Lab) -> None:
    lab.begin()
    with pytest.raises(AssertionError, match="not done"):
        lab.go_on(restless=250, slices=3)
    kept = lab.world.objects.get(places.fetched_progress("sample", lab.run)).decode()
    for told in ("Test", "Student", "sample.example", "user.s-", lab.district.token):
        assert told not in kept
