"""Slices: wherever one ends, or dies, the next goes on, and the same is kept as in one go."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from homeroom.model import places
from homeroom.read.oneroster_rest import blocks as blocks_module
from homeroom.read.oneroster_rest.patience import RunPatience, patience_of
from homeroom.read.polling import SliceOver, within
from tests.builders.oneroster import student
from tests.fakes.faults import Crash
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service, inserted
from tests.reading.rest.reading import STEMS, Reading, ids_at, paged_district


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of about two pages, so that a small district has many."""
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 2000)


def ends_the_slice(_: float) -> None:
    raise SliceOver


def progress(reading: Reading) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(reading.world.objects.get(places.fetched_progress("sample", 1)))
    return kept


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("requests", "settings"), [
    (1, {}), (2, {}), (3, {}), (7, {}), (1, {"totals": "ignore"}), (3, {"totals": "ignore"}), (2, {"connections": 1}),
    (5, {"by_school": True}),
])
def test_c55_slices_of_any_length_keep_the_same_records_as_one_go(requests: int, settings: dict[str, Any]) -> None:
    service = Service(paged_district(), sign_in="bearer", links=False)
    with serving(service):
        whole = Reading(service, **settings).all().records
        sliced = Reading(service, **settings).all(requests)
    assert len(sliced.polled) > 3
    assert sliced.records == whole


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("requests", [1, 5])
def test_repeats_are_found_though_slices_end_between_them(requests: int) -> None:
    rows = paged_district()
    rows["enrollments"] += [dict(rows["enrollments"][0])]
    service = Service(rows)
    with serving(service):
        reading = Reading(service).all(requests)
    assert sorted(reading.ids("enrollments")) == ids_at(service)["enrollments"]
    assert "ids came twice" in reading.fetched.collections["enrollments"].how


@pytest.mark.parametrize("requests", [1, 4])
def test_a_source_that_moves_between_slices_is_read_again(requests: int) -> None:
    service = Service(paged_district(), links=False)
    service.after(2, inserted("users", student("a-new-one")), on="users")
    with serving(service):
        reading = Reading(service).all(requests)
    assert {stem: reading.ids(stem) for stem in STEMS} == ids_at(service)
    assert progress(reading)["restarts"] == 1


def test_three_restarts_are_counted_over_slices() -> None:
    service = Service(paged_district(), total="moving")
    with serving(service):
        reading = Reading(service)
        with pytest.raises(SourceUnusable) as caught:
            reading.all(1)
    assert caught.value.issue_code == "SRC-05"
    assert len([one for one in service.asked_for("orgs") if not one.offset]) == 4


def test_pages_that_are_on_their_way_when_time_is_over_are_taken() -> None:
    service = Service(paged_district())
    with serving(service):
        reading = Reading(service, connections=4)
        reading.slice(2)
        asked = len(service.log)
        assert not reading.is_kept
        reading.all()
    offsets = [(one.path, one.offset) for one in service.log]
    assert len(offsets) == len(set(offsets)) > asked


@pytest.mark.usefixtures("small_blocks")
def test_a_call_that_dies_at_any_write_costs_no_record() -> None:
    service = Service(paged_district(), sign_in="bearer", links=False)
    with serving(service):
        whole = Reading(service)
        before = len(whole.world.faults.steps)
        whole.all()
        writes = len(whole.world.faults.steps) - before
        assert writes > 40
        for write in range(1, writes + 1, 3):
            reading = Reading(service)
            reading.world.faults.arm(write)
            with pytest.raises(Crash):
                reading.all()
            assert not reading.is_kept
            assert reading.all().records == whole.records


def test_progress_holds_no_people_and_no_secrets() -> None:
    service = Service(paged_district(), sign_in="oauth2")
    with serving(service):
        reading = Reading(service)
        reading.slice(14)
    text = json.dumps(progress(reading))
    assert progress(reading)["current"]["stem"] == "users"
    assert not any(word in text for word in (service.secret, service.key, "s-1", "Student", *service.tokens))


def test_counts_go_on_over_slices() -> None:
    service = Service(paged_district())
    with serving(service):
        reading = Reading(service).all(5)
    assert reading.polled[-1].requests == len(service.log)
    assert reading.polled[-1].records == sum(map(len, ids_at(service).values()))
    assert [one.records for one in reading.polled] == sorted(one.records for one in reading.polled)


def test_a_wait_that_would_outlast_the_slice_ends_it_and_the_next_one_asks_again() -> None:
    service = Service(paged_district(), faults=[Fault("users", 429, page=2, times=2)])
    with serving(service):
        reading = Reading(service, connections=1)
        polled = reading.slice(patience=RunPatience(wait=ends_the_slice))
        assert not polled.done
        reading.all()
    assert {stem: reading.ids(stem) for stem in STEMS} == ids_at(service)


def test_what_one_slice_waited_is_missing_to_the_next() -> None:
    service = Service(paged_district())
    service.refuse_next(2, 429, retry_after=30)
    with serving(service):
        reading = Reading(service, connections=1)
        reading.slice(3)
    assert progress(reading)["waited"] == pytest.approx(60)


def test_a_wait_within_the_slice_is_a_wait() -> None:
    service = Service(paged_district())
    with serving(service):
        reading = Reading(service)
        slept: list[float] = []
        asked = reading.asked()
        wait = within(asked, slept.append)
        wait(3.0)
        assert slept == [3.0]
        reading.world.clock.at = asked.stop_at - timedelta(seconds=2)
        with pytest.raises(SliceOver):
            wait(3.0)
    assert slept == [3.0]
    assert patience_of(asked, used=1790).seconds == 10


@pytest.mark.usefixtures("small_blocks")
def test_no_more_than_a_few_pages_are_held_before_they_are_kept() -> None:
    service = Service(paged_district())
    with serving(service):
        reading = Reading(service).all()
    kept = reading.fetched.collections["users"]
    sizes = [len(reading.block("users", number)) for number in range(kept.blocks)]
    assert len(sizes) > 2
    assert max(sizes) < 2000 + 4 * 500
