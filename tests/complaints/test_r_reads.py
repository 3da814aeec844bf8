"""Complaints about reads that broke off, lost people or pages, or came too fast. Numbers are of `complaints_r`."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from tests.builders.api_runs import fed_by, run
from tests.builders.api_runs import rest as by_rest
from tests.builders.oneroster import District, district, small_district
from tests.conformance.lab import RestLab, codes, rest
from tests.fakes import oneroster_answers
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.regression.days import many_students

EVER = 1_000_000


def applied(lab: RestLab) -> dict[Any, Any]:
    """The first day, applied; the table after it."""
    assert lab.run().outcome == "applied"
    return lab.table


def crowded(many: int) -> District:
    """One class of more students than a page of four holds."""
    made = district()
    for n in range(100, 100 + many):
        made = made.with_student(f"s-{n}", classes=["c-1"])
    return made


@pytest.mark.parametrize(("what", "code"), [
    (500, "SRC-02"), ("empty", "SRC-04"), ("torn", "SRC-02"), ("error_body", "SRC-04"), ("not_json", "SRC-04")])
def test_r1_an_api_error_in_the_middle_suspends_nobody(what: str | int, code: str) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        before = applied(lab)
        service.faults.append(Fault("users", what, page=2, times=EVER))
        record = lab.run()
        assert (record.outcome, record.code, record.operations) == ("failed", code, 0)
        assert (lab.table, lab.archived("people")) == (before, set())


def test_r1_the_sync_after_the_error_goes_on_as_if_nothing_had_been() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        before = applied(lab)
        service.faults.append(Fault("users", 500, page=2, times=EVER))
        assert lab.run().outcome == "failed"
        service.faults.clear()
        assert lab.run().outcome == "nothing to change"
        assert (lab.table, lab.status) == (before, "up to date")


@pytest.mark.parametrize("total", ["right", "missing"])
def test_r3_a_service_that_cuts_its_pages_short_gives_everybody_all_the_same(total: Any) -> None:
    """It takes a limit of 100 and answers with three: who steps by the limit loses most of the people."""
    service = Service(small_district(), max_page=3, total=total, links=False)
    with rest(service, page_size=100) as lab:
        applied(lab)
        assert lab.active("people") == {row["sourcedId"] for row in small_district()["users"]}
        assert len(lab.active("enrollments")) == len(small_district()["enrollments"])


def test_r3_fewer_people_than_the_service_told_of_end_nobody() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        before = applied(lab)
        service.total = 5
        record = lab.run()
        assert (record.outcome, record.code, record.operations) == ("failed", "SRC-04", 0)
        assert (lab.table, lab.archived("people")) == (before, set())


@pytest.mark.parametrize(("stem", "outcome", "code"), [
    ("users", "failed", "SRC-04"), ("classes", "failed", "SRC-09"), ("enrollments", "held", "GRD-01")])
def test_r8_an_empty_list_ends_in_words_and_removes_nobody(stem: str, outcome: str, code: str) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        before = applied(lab)
        service.rows = small_district() | {stem: []}
        record = lab.run()
        assert (record.outcome, record.code) == (outcome, code)
        assert len(record.text) > 10
        assert lab.table == before


def test_r8_a_source_that_is_empty_from_the_first_day_on_ends_in_words() -> None:
    with rest(Service({stem: [] for stem in small_district()})) as lab:
        record = lab.run()
        assert (record.outcome, record.code, record.operations) == ("failed", "SRC-04", 0)
        assert lab.table == {}


def test_r14_a_token_that_ends_in_the_middle_of_a_read_is_renewed() -> None:
    service = Service(crowded(20).files, sign_in="oauth2")
    service.after(12, lambda service: service.tokens.clear())
    with rest(service) as lab:
        applied(lab)
        assert len(lab.active("people")) == 14 + 20
        assert service.asked_for("*")[-1].status == 200
        assert 401 in {asked.status for asked in service.log}


def test_r14_a_long_read_goes_on_where_its_slice_ended() -> None:
    service = Service(small_district())
    with serving(service):
        world = fed_by(by_rest(service, page_size=4))
        record = run(world, fake=service, requests=3)
        asked = [(one.path, one.offset) for one in service.log if one.status == 200]
        assert record.outcome == "applied"
        assert len(asked) == len(set(asked)) == 12


def test_r15_a_source_that_slows_us_down_is_waited_for_as_long_as_it_asks() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        service.refuse_next(2, 429, retry_after=7)
        applied(lab)
        assert sum(lab.waits.seconds) >= 7
        assert len(lab.active("people")) == 14


def test_r15_a_source_that_slows_us_down_for_too_long_is_told_apart_from_one_that_fails() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        before = applied(lab)
        service.refuse_next(10_000, 429, retry_after=600)
        record = lab.run()
        assert (record.outcome, record.code) == ("failed", "SRC-03")
        assert lab.table == before


def test_r41_a_link_to_a_wrong_next_page_leaves_no_large_class_empty() -> None:
    """The links say that the first page is the last one; the class has more students than a page holds."""
    def wrong(service: Service, _asked: Any, _page: Any) -> str:
        return f'<{service.url}/users?offset=9999>; rel="next"'

    service = Service(crowded(12).files, total="missing")
    with patch.object(oneroster_answers, "_links", wrong), rest(service) as lab:
        applied(lab)
        members = [item for item in lab.items("enrollments").values() if item["class"] == "c-1"]
        assert len([item for item in members if item["role"] == "student"]) == 12 + 4
        assert service.log
        assert all(asked.offset < 100 for asked in service.log)


def test_r43_thousands_of_effects_are_told_as_one_cause() -> None:
    """Without users, every enrollment is of nobody: the read is incomplete, and not thousands of errors."""
    service = Service(many_students().files)
    with rest(service, page_size=100) as lab:
        before = applied(lab)
        files = many_students().files
        service.rows = files | {"users": [row for row in files["users"] if row["role"] == "teacher"]}
        record = lab.run()
        assert (record.outcome, record.code, record.owner) == ("failed", "SRC-09", "district")
        assert "enrollments" in record.text
        assert lab.table == before


def test_r43_what_hangs_on_a_record_in_error_is_counted_under_it() -> None:
    service = Service(many_students().files)
    with rest(service, page_size=100) as lab:
        applied(lab)
        service.rows = many_students().with_cells("classes", "c-1", title="").files
        record = lab.run()  # 1 teacher and 4 + 40 students are enrolled in it
        causes = {issue["cause"] for issue in lab.issues(record) if issue["code"] == "REF-07"}
        assert codes(record)["FLD-01"] == 1
        assert codes(record)["REF-07"] == 45
        assert causes == {"classes c-1"}

