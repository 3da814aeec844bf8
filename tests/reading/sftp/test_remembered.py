"""What a run was made of: not fetched a second time once it is applied, and removed only then, if asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from homeroom.model import places
from homeroom.model.run import Request
from homeroom.read.http import Patience
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.sftp_pull.keys import SignIn
from homeroom.read.sftp_pull.listing import Folder, Remote
from homeroom.read.sftp_pull.remembered import remove
from tests.builders.oneroster import small_district, zip_bytes
from tests.builders.pulls import NAME, Pulls
from tests.fakes.memory import START
from tests.fakes.sftp_server import PASSWORD, SftpServer
from tests.reading.sftp.conftest import YESTERDAY, Uploads

TODAY = START - timedelta(hours=1)


@pytest.fixture
def removing(pulls: Pulls) -> Pulls:
    """The district wants its export removed once it was read."""
    pulls.source = pulls.source.model_copy(update={"remove_after": True})
    return pulls


@pytest.fixture
def applied(pulls: Pulls, uploads: Uploads, loose: dict[str, bytes]) -> Pulls:
    """One run was applied; nothing was asked for since."""
    uploads.put(loose)
    pulls.pull()
    pulls.apply()
    return pulls


def test_t47_the_set_that_was_applied_is_handed_over_again_without_a_download(
    applied: Pulls, server: SftpServer
) -> None:
    first, reads = applied.fetched(), len(server.reads)
    second = applied.pull()
    assert second.delivery == first.delivery
    assert len(server.reads) == reads
    assert applied.lease.run == 2


def test_so_it_goes_on_from_run_to_run(applied: Pulls, server: SftpServer) -> None:
    first, reads = applied.fetched(), len(server.reads)
    for _ in range(3):
        assert applied.pull().delivery == first.delivery
        applied.apply()
    assert len(server.reads) == reads


def test_a_set_that_was_pulled_and_not_applied_is_fetched_again(
    pulls: Pulls, uploads: Uploads, loose: dict[str, bytes], server: SftpServer
) -> None:
    uploads.put(loose)
    pulls.pull()
    assert pulls.landed(pulls.pull().delivery) == loose
    assert server.reads.count(("users.csv", 0)) == 2


def a_delta() -> bytes:
    return zip_bytes(small_district(), modes=dict.fromkeys(small_district(), "delta"))


def test_a_delta_that_follows_the_applied_set_is_handed_over(applied: Pulls, uploads: Uploads) -> None:
    delta = a_delta()
    uploads.put({"delta.zip": delta}, at=TODAY)
    assert applied.landed(applied.pull().delivery) == {"delta.zip": delta}


def test_a_delta_that_passed_over_another_export_is_refused(applied: Pulls, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"delta-1.zip": a_delta()}, at=TODAY - timedelta(minutes=5))
    uploads.put({"delta-2.zip": a_delta()}, at=TODAY)
    told = applied.pull().failure
    assert told is not None
    assert told.code == "FIL-07"
    uploads.put({"bulk.zip": archive}, at=TODAY + timedelta(minutes=5))
    assert set(applied.landed(applied.pull().delivery)) == {"bulk.zip"}


@pytest.mark.parametrize("change", ["time", "size", "name"])
def test_a_set_that_differs_in_anything_is_fetched(
    applied: Pulls, uploads: Uploads, loose: dict[str, bytes], archive: bytes, change: str
) -> None:
    changes = {
        "time": {"users.csv": loose["users.csv"]}, "size": {"users.csv": loose["users.csv"] + b" "},
        "name": {"set.zip": archive},
    }
    uploads.put(changes[change], at=YESTERDAY if change == "size" else TODAY)
    delivery = applied.pull().delivery
    assert delivery is not None
    assert {file.key.split("/")[2] for file in delivery.files} == {"00000002"}


def test_a_full_run_fetches_anew(applied: Pulls, server: SftpServer, loose: dict[str, bytes]) -> None:
    assert applied.landed(applied.pull(full=True).delivery) == loose
    assert server.reads.count(("users.csv", 0)) == 2


def test_originals_that_have_expired_are_fetched_again(
    applied: Pulls, server: SftpServer, loose: dict[str, bytes]
) -> None:
    applied.expire(applied.fetched().delivery)
    assert applied.landed(applied.pull().delivery) == loose
    assert server.reads.count(("users.csv", 0)) == 2


def test_the_same_names_in_another_folder_are_another_set(
    applied: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    (uploads.root / "other").mkdir()
    Uploads(uploads.root / "other").put(loose)
    applied.source = applied.source.model_copy(update={"folder": "other"})
    applied.pull()
    assert server.reads.count(("users.csv", 0)) == 2


def test_after_an_approval_the_held_runs_files_count(applied: Pulls, server: SftpServer) -> None:
    """The approval's run reads nothing: it applies what run 1 fetched."""
    reads = len(server.reads)
    applied.begin()
    asked = Request.model_validate_json(applied.world.objects.get(places.request(NAME, 2)))
    held = asked.model_copy(update={"held_run": 1, "trigger": "approval"})
    applied.world.objects.put(places.request(NAME, 2), held.model_dump_json().encode())
    assert applied.slice().done
    applied.apply()
    assert applied.pull().delivery is not None
    assert len(server.reads) == reads


def test_nothing_is_removed_before_the_run_is_applied(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes], server: SftpServer
) -> None:
    uploads.put(loose)
    removing.pull()
    removing.pull()
    assert uploads.names() == set(loose)
    assert server.removed == []


def test_the_next_pull_removes_the_set_that_was_applied_and_nothing_else(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes], archive: bytes
) -> None:
    uploads.put({"older.zip": archive}, at=YESTERDAY - timedelta(days=1))
    uploads.put({**loose, "notes.txt": b"x"})
    removing.pull()
    removing.apply()
    uploads.put({"new.zip": archive}, at=TODAY)
    assert set(removing.landed(removing.pull().delivery)) == {"new.zip"}
    assert uploads.names() == {"older.zip", "notes.txt", "new.zip"}


def test_files_of_the_set_that_are_not_read_are_removed_with_it(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put({**loose, "demographics.csv": b"sourcedId\r\n"})
    removing.pull()
    removing.apply()
    removing.pull()
    assert uploads.names() == set()


def test_an_empty_folder_after_our_own_removal_says_nothing_new(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    first = removing.pull()
    removing.apply()
    for _ in range(2):
        assert removing.pull().delivery == first.delivery
        removing.apply()
    assert uploads.names() == set()


def test_an_empty_folder_is_told_once_the_originals_have_expired(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    for _ in range(2):
        kept = removing.pull()
        removing.apply()
    assert uploads.names() == set()
    removing.expire(kept.delivery)
    told = removing.pull().failure
    assert told is not None
    assert told.code == "SRC-06"


def test_originals_that_have_expired_keep_the_remote_set_from_being_removed(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    first = removing.pull()
    removing.apply()
    removing.expire(first.delivery)
    assert removing.landed(removing.pull().delivery) == loose
    assert uploads.names() == set(loose)


def test_a_file_that_was_written_anew_is_not_removed(
    removing: Pulls, uploads: Uploads, archive: bytes
) -> None:
    uploads.put({"set.zip": archive})
    removing.pull()
    removing.apply()
    uploads.put({"set.zip": archive}, at=TODAY)
    removing.pull()
    assert uploads.names() == {"set.zip"}


def test_a_file_that_was_written_anew_after_the_listing_is_not_removed(
    server: SftpServer, uploads: Uploads, archive: bytes
) -> None:
    uploads.put({"set.zip": archive, "other.zip": archive})
    seen = int(YESTERDAY.timestamp())
    listed = [Remote(name="set.zip", size=len(archive), mtime=seen - 1),
              Remote(name="other.zip", size=len(archive) + 1, mtime=seen),
              Remote(name="gone.zip", size=len(archive), mtime=seen)]
    with Server(server.source(), SignIn(password=PASSWORD), Patience()) as opened:
        assert remove(Folder(opened, ".", lambda: START, 0), listed) == 0
    assert uploads.names() == {"set.zip", "other.zip"}


def test_a_newer_set_that_still_stands_on_applied_files_keeps_them(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    """Only users.csv came anew; without its fellows it would never be a whole set."""
    uploads.put(loose)
    removing.pull()
    removing.apply()
    newer = {**loose, "users.csv": loose["users.csv"] + b"\r\n"}
    uploads.put({"users.csv": newer["users.csv"]}, at=TODAY)
    assert removing.landed(removing.pull().delivery) == newer
    assert uploads.names() == set(loose)


def test_a_removal_that_broke_off_half_way_is_ended_by_the_next_pull(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    first = removing.pull()
    removing.apply()
    (uploads.root / "users.csv").unlink()
    assert removing.pull().delivery == first.delivery
    assert uploads.names() == set()


def test_files_that_may_not_be_removed_are_told_and_the_run_goes_on(
    removing: Pulls, uploads: Uploads, loose: dict[str, bytes], server: SftpServer
) -> None:
    uploads.put(loose)
    first = removing.pull()
    removing.apply()
    server.denied = {"users.csv", "orgs.csv"}
    second = removing.pull()
    assert (second.failure, second.delivery) == (None, first.delivery)
    assert [(issue.code, issue.text) for issue in second.issues] == [
        ("SRC-17", "2 files of the export that was applied could not be removed from the server")]
    assert uploads.names() == {"users.csv", "orgs.csv"}


def test_nothing_is_removed_where_nobody_asked_for_it(applied: Pulls, uploads: Uploads, server: SftpServer) -> None:
    before = uploads.names()
    applied.pull()
    assert uploads.names() == before
    assert server.removed == []
