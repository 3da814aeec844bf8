"""Each trap of the fake Clever springs where and as often as it was set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.builders.oneroster import small_district
from tests.fakes.clever_rows import clever_id
from tests.fakes.clever_server import Clever
from tests.reading.fakes.clever_asker import Asker, Clock, user


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
