"""From the remote folder to the roster: planning takes a pulled set as one that landed."""

from __future__ import annotations

import json

from homeroom.apply.commit import Ending
from homeroom.flow import sync
from tests.builders.oneroster import file_bytes, small_district, zip_bytes
from tests.builders.pulls import NAME, Pulls
from tests.fakes.memory import START
from tests.reading.sftp.conftest import Uploads


def pulled_and_planned(pulls: Pulls) -> Ending:
    """A whole run: polled, planned, applied, finished."""
    pulls.pull()
    return sync(pulls.lease, pulls.world)


def test_a_pulled_set_is_applied(pulls: Pulls, uploads: Uploads) -> None:
    uploads.put(file_bytes(small_district()))
    ending = pulled_and_planned(pulls)
    assert ending.record.outcome == "applied"
    kept = pulls.fetched().delivery
    assert kept is not None
    assert ending.record.content_hash == kept.content_hash


def test_the_same_set_again_changes_nothing_and_its_files_stay(pulls: Pulls, uploads: Uploads) -> None:
    uploads.put(file_bytes(small_district()))
    pulled_and_planned(pulls)
    before = uploads.names()
    assert pulled_and_planned(pulls).record.outcome == "nothing to change"
    assert uploads.names() == before


def test_with_removal_the_set_goes_once_its_run_is_applied_and_the_roster_stays(
    pulls: Pulls, uploads: Uploads
) -> None:
    pulls.source = pulls.source.model_copy(update={"remove_after": True})
    uploads.put({"set.zip": zip_bytes(small_district())})
    assert pulled_and_planned(pulls).record.outcome == "applied"
    assert uploads.names() == {"set.zip"}
    for _ in range(2):
        assert pulled_and_planned(pulls).record.outcome == "nothing to change"
        assert uploads.names() == set()


def test_a_set_of_another_district_is_held_and_stays_on_the_server(pulls: Pulls, uploads: Uploads) -> None:
    pulls.source = pulls.source.model_copy(update={"remove_after": True})
    uploads.put({"set.zip": zip_bytes(small_district())})
    pulled_and_planned(pulls)
    others = json.loads(json.dumps(small_district()).replace('"d-1"', '"d-9"').replace('"D1"', '"D9"'))
    uploads.put({"other.zip": zip_bytes(others)}, at=START)
    pulls.quiet_seconds = 0
    assert pulled_and_planned(pulls).record.outcome == "held"
    pulls.pull()
    assert uploads.names() == {"other.zip"}


def test_a_set_cut_off_on_its_way_fails_in_words(pulls: Pulls, uploads: Uploads) -> None:
    uploads.put({"set.zip": zip_bytes(small_district())[:-50]})
    record = pulled_and_planned(pulls).record
    assert record.outcome == "failed"
    assert record.code in ("SRC-07", "FIL-15")
    assert pulls.world.runs.control(NAME).applied_run is None
