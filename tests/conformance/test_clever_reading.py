"""Clever's conformance list, talking to its Data API over real HTTP. Numbers are those of `statements.CLEVER`."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest

from tests.builders.oneroster import small_district
from tests.conformance.lab import APP, CleverLab, clever, codes, counts

WHOLE = {"orgs": 3, "terms": 1, "courses": 3, "classes": 4, "people": 14, "enrollments": 16, "contacts": 1}
"""What Clever carries of the small district: a term is there once a class has it as its first."""


def taken(lab: CleverLab, **asked: Any) -> dict[str, int]:
    """Active records after a run that was applied."""
    record = lab.run(**asked)
    assert record.outcome in ("applied", "applied with issues"), record.text
    return {entity: len(lab.active(entity)) for entity in WHOLE}


def assert_failed(lab: CleverLab, code: str) -> str:
    """A run fails with that code and the roster is as it was; its words."""
    before = lab.table
    record = lab.full()
    assert (record.outcome, record.code) == ("failed", code)
    assert lab.table == before
    return record.text


def test_cl_01_every_request_is_signed_with_the_token_and_the_token_is_kept_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG), clever() as lab:
        assert taken(lab) == WHOLE
    api = [one for one in lab.clever.log if one.path.startswith("/v3.0/")]
    assert {one.headers["authorization"] for one in api} == {f"Bearer {lab.district.token}"}
    kept = lab.everything_kept()
    assert "Student s-1" in kept
    for secret in (lab.district.token, APP["client_secret"]):
        assert secret not in kept + caplog.text


def test_cl_02_the_token_is_looked_up_with_the_apps_own_key() -> None:
    with clever() as lab:
        lab.clever.add_district(small_district())
        assert taken(lab) == WHOLE
    basic = base64.b64encode(f"{APP['client_id']}:{APP['client_secret']}".encode()).decode()
    for one in lab.clever.asked_for("oauth/tokens"):
        assert (one.query["owner_type"], one.headers["authorization"]) == ("district", f"Basic {basic}")
    assert lab.clever.districts[1].token not in {one.headers["authorization"][7:] for one in lab.clever.log}


def test_cl_03_a_rotated_token_is_picked_up_between_runs_and_within_one() -> None:
    with clever() as lab:
        taken(lab)
        lab.district.rotate_token()
        assert lab.full().outcome == "nothing to change"
        lab.clever.traps.after(6, lab.district.rotate_token)
        assert lab.full().outcome == "nothing to change"


def test_cl_04_a_district_that_disconnects_is_shown_as_such_and_keeps_its_roster() -> None:
    with clever() as lab:
        taken(lab)
        asked = len(lab.clever.asked_for("oauth/tokens"))
        lab.clever.traps.after(6, lab.district.revoke)
        assert "disconnected" in assert_failed(lab, "SRC-01")
    assert len(lab.clever.asked_for("oauth/tokens")) - asked == 2
    assert lab.status == "disconnected"
    assert not lab.archived("people")


def test_cl_05_next_links_are_followed_until_there_is_none() -> None:
    with clever() as lab:
        taken(lab)
    ids = sorted(lab.district.shared["users"])
    pages = [one.query for one in lab.clever.asked_for("users") if "ending_before" not in one.query]
    assert pages == [{"limit": "3"}, *({"limit": "3", "starting_after": ids[n]} for n in (2, 5, 8, 11))]


def test_cl_05_a_link_to_another_host_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fakes.clever_api._moved", lambda asked, cursor, one: f"http://127.0.0.2:1{asked.path}")
    with clever() as lab:
        assert "another host" in assert_failed(lab, "SRC-04")


@pytest.mark.parametrize("full_last_page", [True, False])
def test_cl_06_an_empty_page_and_a_page_without_links_are_accepted(full_last_page: bool) -> None:
    with clever() as lab:
        lab.clever.traps.next_after_full_last_page = full_last_page
        lab.clever.traps.fail("courses", page=1, effect="no_links", times=None)
        lab.clever.traps.fail("users", page=2, effect="empty_next", times=2)
        assert taken(lab) == WHOLE


def test_cl_07_pages_are_never_too_large_and_made_smaller_when_clever_says_so() -> None:
    with clever(page_size=10_000) as lab:
        lab.clever.traps.fail("users", page=1, effect=413, times=2)
        assert taken(lab) == WHOLE
    limits = [int(one.query["limit"]) for one in lab.clever.log if "limit" in one.query]
    assert max(limits) == 10_000
    of_users = [int(one.query["limit"]) for one in lab.clever.asked_for("users") if "ending_before" not in one.query]
    assert of_users == sorted(of_users, reverse=True)
    assert len(set(of_users)) == 3


def test_cl_08_a_busy_clever_is_waited_for_until_it_said_and_the_same_page_comes_next() -> None:
    with clever() as lab:
        lab.clever.traps.busy(1, wait=17, place="sections", told_by="x-ratelimit-reset")
        assert taken(lab) == WHOLE
    assert lab.waits.seconds == [17.0]
    first, second, *_ = lab.clever.asked_for("sections")
    assert (first.status, second.status, first.query) == (429, 200, second.query)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_cl_09_a_failing_clever_is_asked_again_after_growing_pauses_that_differ(status: int) -> None:
    waits = []
    for _ in range(2):
        with clever() as lab:
            lab.clever.traps.fail("terms", effect=status, times=3)
            assert taken(lab) == WHOLE
        waits.append(lab.waits.seconds)
        assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(lab.waits.seconds))
        assert len(lab.waits.seconds) == 3
    assert waits[0] != waits[1]


@pytest.mark.parametrize("status", [400, 404, 501])
def test_cl_09_what_will_not_get_better_is_asked_once(status: int) -> None:
    with clever() as lab:
        lab.clever.traps.fail("terms", effect=status, times=None)
        assert_failed(lab, "SRC-04")
    assert len(lab.clever.asked_for("terms")) == 1
    assert lab.waits.seconds == []


def test_cl_09_a_refused_token_is_asked_with_again_only_after_it_was_looked_up() -> None:
    with clever() as lab:
        lab.clever.traps.fail("terms", effect=401, times=None)
        assert_failed(lab, "SRC-01")
    assert len(lab.clever.asked_for("terms")) <= 2
    assert lab.waits.seconds == []


@pytest.mark.parametrize("status", [404, 500])
def test_cl_10_an_error_page_in_html_is_survived(status: int) -> None:
    with clever() as lab:
        taken(lab)
        lab.clever.traps.fail("users", effect=status, times=None, html=True)
        before = lab.table
        record = lab.full()
    assert (record.outcome, record.code) == ("failed", {404: "SRC-04", 500: "SRC-02"}[status])
    assert lab.table == before
    assert "<" not in record.text


def test_cl_10_a_page_of_a_proxy_with_200_is_no_empty_page() -> None:
    with clever() as lab:
        taken(lab)
        lab.clever.traps.fail("users", page=2, effect="html", times=None)
        assert_failed(lab, "SRC-04")


def test_cl_11_unknown_fields_are_ignored_and_unknown_words_are_kept() -> None:
    with clever() as lab:
        lab.clever.traps.unknown = True
        assert taken(lab) == WHOLE
        told = lab.issues(lab.world.runs.history("clever", 1)[0])
    assert {one["value"] for one in told if one["code"] == "FLD-03"} >= {"Grade Fourteen"}
    kept = lab.everything_kept()
    assert "underwater basketry" in str(lab.items("classes"))
    assert "favorite_color" not in kept
    assert "Grade Fourteen" in kept


@pytest.mark.parametrize("how", ["absent", "null", "blank"])
def test_cl_12_everything_that_is_not_guaranteed_may_be_missing(how: Any) -> None:
    with clever() as lab:
        lab.clever.traps.missing = how
        record = lab.run()
    assert record.outcome == "applied"
    assert {entity: len(lab.active(entity)) for entity in WHOLE} == WHOLE
    assert {entity: counts(record, entity)["errors"] for entity in WHOLE} == dict.fromkeys(WHOLE, 0)
    assert not {"FLD-01", "REF-03", "REF-08"} & {*codes(record)}
