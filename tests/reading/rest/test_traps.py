"""Traps of real services (reference 5), each set on the fake: everything comes, or the run fails in words."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from tests.builders.oneroster import student
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service, inserted, removed, revised
from tests.reading.rest.reading import STEMS, Reading, ids_at, paged_district, refused


def reads_everything(service: Service, **source: Any) -> Reading:
    """Reads it whole; every id at the source came, and each once."""
    with serving(service):
        reading = Reading(service, **source).all()
    assert {stem: sorted(reading.ids(stem)) for stem in STEMS} == ids_at(service)
    return reading


def offsets(service: Service, path: str) -> list[int]:
    return [one.offset for one in service.asked_for(path)]


def test_records_are_kept_in_the_order_of_the_source_whatever_connection_was_first() -> None:
    service = Service(paged_district())
    reading = reads_everything(service, connections=16)
    assert {stem: reading.ids(stem) for stem in STEMS} == ids_at(service)


def test_pages_are_asked_for_side_by_side_and_never_more_than_allowed() -> None:
    service = Service(paged_district(), seconds_a_page=0.01)
    reads_everything(service, page_size=1, connections=3)
    assert service.most_at_once == 3


def test_one_connection_asks_for_one_page_at_a_time() -> None:
    service = Service(paged_district(), seconds_a_page=0.001)
    reads_everything(service, connections=1)
    assert service.most_at_once == 1


def test_c35_a_limit_that_is_cut_down_loses_nothing() -> None:
    service = Service(paged_district(), max_page=3)
    reads_everything(service, page_size=10)
    assert sorted(offsets(service, "users")) == [0, 3, 6, 9, 12, 15]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("max_page", [None, 3])
def test_c36_no_total_and_no_link_lose_nothing(links: bool, max_page: int | None) -> None:
    reads_everything(Service(paged_district(), total="missing", links=links, max_page=max_page), page_size=5)


@pytest.mark.parametrize("connections", [1, 16])
@pytest.mark.parametrize("page_size", [2, 17, 500])
@pytest.mark.parametrize("total", ["right", "missing"])
def test_c36_any_page_size_and_connections_give_the_same(connections: int, page_size: int, total: Any) -> None:
    reads_everything(Service(paged_district(), total=total, links=False), page_size=page_size, connections=connections)


@pytest.mark.parametrize("total", ["right", "missing"])
def test_c37_a_service_that_ignores_the_offset_is_told_in_words(total: Any) -> None:
    told = refused(Service(paged_district(), total=total, ignored={"offset"}))
    assert (told.issue_code, "offset" in told.issue_remedy) == ("SRC-04", True)


def test_a_service_that_knows_no_paging_is_whole_by_its_total() -> None:
    reads_everything(Service(paged_district(), ignored={"offset", "limit"}, links=False))


def test_pages_are_asked_for_in_the_order_of_the_id() -> None:
    service = Service(paged_district(), unstable=True)
    reads_everything(service)
    assert {(one.query["sort"], one.query["orderBy"]) for one in service.log} == {("sourcedId", "asc")}


def test_a_service_without_any_order_is_never_taken_for_whole() -> None:
    told = refused(Service(paged_district(), unstable=True, ignored={"sort"}))
    assert told.issue_code == "SRC-05"


@pytest.mark.parametrize("total", ["right", "missing"])
def test_records_that_stand_twice_at_the_source_come_twice(total: Any) -> None:
    rows = paged_district()
    rows["users"] += [dict(rows["users"][3]), dict(rows["users"][9])]
    reading = reads_everything(Service(rows, total=total))
    assert "ids came twice" in reading.fetched.collections["users"].how
    assert "twice" not in reading.fetched.collections["orgs"].how


def test_c38_a_total_that_grows_restarts_the_whole_read() -> None:
    service = Service(paged_district())
    service.after(2, inserted("users", student("a-new-one")), on="users")
    reads_everything(service, connections=1)
    assert len(service.asked_for("orgs")) == 2 * len({one.offset for one in service.asked_for("orgs")})


def test_c38_a_record_that_goes_away_while_pages_are_read_restarts_the_whole_read() -> None:
    service = Service(paged_district(), links=False)
    service.after(2, removed("enrollments", "e-s-1-c-1"), on="enrollments")
    reads_everything(service)
    assert offsets(service, "orgs").count(0) == 2


def test_c38_a_total_that_never_stands_still_fails_after_three_restarts() -> None:
    service = Service(paged_district(), total="moving")
    assert refused(service).issue_code == "SRC-05"
    assert offsets(service, "orgs").count(0) == 4


def test_a_revision_that_changes_between_collections_restarts_the_whole_read() -> None:
    service = Service(paged_district())
    service.after(1, revised("revision-2"), on="classes")
    reads_everything(service)
    assert offsets(service, "orgs").count(0) == 2


@pytest.mark.parametrize("added", [-3, -9, 1, 5])
def test_a_total_that_is_wrong_is_told_and_can_be_ignored(added: int) -> None:
    told = refused(Service(paged_district(), total=added))
    assert (told.issue_code, "`totals`" in told.issue_remedy) == ("SRC-04", True)
    reads_everything(Service(paged_district(), total=added), totals="ignore")


def test_c39_schools_may_come_under_either_key() -> None:
    for key in ("schools", "orgs"):
        service = Service(paged_district(), missing={"orgs": 404}, wrappers={"schools": key})
        with serving(service):
            reading = Reading(service).all()
        assert sorted(reading.ids("orgs")) == [one for one in ids_at(service)["orgs"] if one.startswith("school")]


@pytest.mark.parametrize("key", ["records", None])
def test_a_collection_is_found_under_a_strange_key_or_bare(key: str | None) -> None:
    reads_everything(Service(paged_district(), wrappers=dict.fromkeys(STEMS, key)))


@pytest.mark.parametrize("what", ["error_body", "no_collection", "not_json"])
def test_c40_an_error_with_status_200_is_no_empty_collection(what: str) -> None:
    told = refused(Service(paged_district(), faults=[Fault("classes", what)]))
    assert (told.issue_code, "classes" in told.text) == ("SRC-04", True)


def test_c40_a_status_beside_the_records_that_warns_is_no_error() -> None:
    status = {"statusInfoSet": [{"imsx_codeMajor": "success", "imsx_severity": "warning",
                                 "imsx_codeMinor": "invalid_sort_field"}]}
    reads_everything(Service(paged_district(), beside=status))


def test_c40_a_status_beside_no_records_that_fails_is_an_error() -> None:
    status = {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "error"}]}
    assert refused(Service(paged_district(), beside=status)).issue_code == "SRC-04"


def test_c41_nulls_are_taken() -> None:
    reads_everything(Service(paged_district(), nulls=True))


@pytest.mark.parametrize("stem", ["orgs", "users"])
def test_c42_organisations_and_people_can_not_be_empty(stem: str) -> None:
    told = refused(Service(paged_district() | {stem: []}))
    assert (told.issue_code, told.text) == ("SRC-04", f"{stem} came empty")


def test_c42_other_collections_may_be_empty_and_say_so() -> None:
    service = Service(paged_district() | {"enrollments": [], "classes": []})
    reading = reads_everything(service)
    assert [reading.fetched.collections[stem].mode for stem in ("enrollments", "classes")] == ["bulk", "bulk"]
    assert reading.fetched.collections["enrollments"].records == 0


def test_c45_being_slowed_down_is_waited_for_as_long_as_the_service_says() -> None:
    service = Service(paged_district())
    service.refuse_next(3, 429, retry_after=7)
    reading = reads_everything(service, connections=1)
    assert reading.waits.seconds == [7.0, 7.0, 7.0]


def test_c45_being_slowed_down_for_ever_ends_with_the_patience_of_the_run() -> None:
    service = Service(paged_district(), faults=[Fault("users", 429)])
    with serving(service):
        reading = Reading(service, connections=4)
        with pytest.raises(SourceUnusable) as caught:
            reading.slice(patience=reading.waits.patience(200))
    assert caught.value.issue_code == "SRC-03"
    assert not reading.is_kept


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_c46_a_service_that_stumbles_is_asked_again(status: int) -> None:
    reads_everything(Service(paged_district(), faults=[Fault("*", status, page=2, times=5)]))


def test_a_service_that_refuses_the_order_is_asked_without() -> None:
    service = Service(paged_district())
    service.refuse_next(1, 400)
    reading = reads_everything(service)
    assert "sort" not in service.log[1].query
    assert "sort" not in service.log[-1].query
    assert reading.polled[-1].requests == len(service.log)


def test_what_was_read_tells_its_source_and_time() -> None:
    reading = reads_everything(Service(paged_district(), version="1.2"))
    fetched = reading.fetched
    assert (fetched.source, fetched.shape, fetched.full_at) == (
        "OneRoster 1.2 REST", "oneroster_rest", reading.world.clock.now())
    assert {stem: one.records for stem, one in fetched.collections.items()} == {
        stem: len(ids) for stem, ids in ids_at(reading.service).items()}
