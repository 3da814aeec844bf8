"""Pulling the newest set: what is handed over, what is waited for, and what is told when there is none."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from homeroom.model.fetched import Unusable
from homeroom.read.archive import open_set
from homeroom.read.sftp_pull import listing
from tests.builders.oneroster import file_bytes, manifest_text, small_district
from tests.builders.pulls import Pulls
from tests.fakes.memory import START
from tests.fakes.sftp_server import SftpServer, write_while_read
from tests.reading.sftp.conftest import YESTERDAY, Uploads

TODAY = START - timedelta(hours=1)
JUST_NOW = START - timedelta(seconds=20)


def failure(pulls: Pulls) -> Unusable:
    told = pulls.pull().failure
    assert told is not None
    return told


def test_loose_files_are_handed_over_byte_by_byte(pulls: Pulls, uploads: Uploads, loose: dict[str, bytes]) -> None:
    uploads.put(loose)
    fetched = pulls.pull()
    assert pulls.landed(fetched.delivery) == loose
    assert (fetched.shape, fetched.source, fetched.full_at) == ("files", "OneRoster CSV by SFTP", START)
    assert fetched.failure is None


def test_a_zip_is_handed_over_byte_by_byte(pulls: Pulls, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"Export 2026.ZIP": archive})
    assert pulls.landed(pulls.pull().delivery) == {"Export 2026.ZIP": archive}


def test_what_is_handed_over_is_pinned_to_its_version_below_the_run(
    pulls: Pulls, uploads: Uploads, archive: bytes
) -> None:
    uploads.put({"set.zip": archive})
    delivery = pulls.pull().delivery
    assert delivery is not None
    assert [(f.key, f.version, f.size) for f in delivery.files] == [
        ("pulled/lab-usd/00000001/set.zip", "v1", len(archive))]


def test_the_hash_of_the_content_is_that_of_the_same_set_when_it_lands(
    pulls: Pulls, uploads: Uploads, loose: dict[str, bytes], archive: bytes
) -> None:
    uploads.put(loose)
    delivery = pulls.pull().delivery
    (uploads.root / "set.zip").write_bytes(archive)
    with open_set(uploads.root / "set.zip") as opened:
        assert delivery is not None
        assert delivery.content_hash == opened.content_hash()


def test_a_zip_that_can_not_be_opened_is_handed_over_without_a_hash_for_planning_to_tell(
    pulls: Pulls, uploads: Uploads, archive: bytes
) -> None:
    uploads.put({"set.zip": archive[:-100]})
    delivery = pulls.pull().delivery
    assert delivery is not None
    assert delivery.content_hash is None


def test_files_that_no_product_may_receive_stay_on_the_server(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put({**loose, "demographics.csv": b"sourcedId\r\n", "notes.txt": b"x", "results.csv": b"sourcedId\r\n"})
    assert pulls.landed(pulls.pull().delivery) == loose
    assert not {"demographics.csv", "notes.txt", "results.csv"} & {name for name, _ in server.reads}


def test_the_newest_set_is_chosen(
    pulls: Pulls, uploads: Uploads, loose: dict[str, bytes], archive: bytes
) -> None:
    uploads.put(loose)
    uploads.put({"old.zip": archive}, at=YESTERDAY - timedelta(days=3))
    assert pulls.landed(pulls.pull().delivery) == loose
    uploads.put({"a-newer.zip": archive}, at=TODAY)
    assert set(pulls.landed(pulls.pull().delivery)) == {"a-newer.zip"}


def test_folders_links_and_names_that_are_paths_are_no_files(
    pulls: Pulls, uploads: Uploads, archive: bytes, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    (uploads.root / "folder.zip").mkdir()
    (uploads.root / "link.zip").symlink_to(uploads.root / "users.csv")
    (uploads.root / "back\\slash.zip").write_bytes(archive)
    (uploads.root / "line\nfeed.zip").write_bytes(archive)
    assert pulls.landed(pulls.pull().delivery) == loose


def test_nothing_there_is_told(pulls: Pulls, uploads: Uploads) -> None:
    uploads.put({"notes.txt": b"x"})
    told = failure(pulls)
    assert (told.code, told.owner) == ("SRC-06", "district")
    assert "no zip and no OneRoster file" in told.text


def test_missing_files_are_named(pulls: Pulls, uploads: Uploads, loose: dict[str, bytes]) -> None:
    del loose["users.csv"], loose["courses.csv"]
    uploads.put(loose)
    told = failure(pulls)
    assert (told.code, told.owner) == ("SRC-07", "district")
    assert "courses.csv, users.csv did not arrive" in told.text
    assert pulls.waited == []


def test_what_the_manifest_calls_absent_is_not_missing(pulls: Pulls, uploads: Uploads, loose: dict[str, bytes]) -> None:
    del loose["courses.csv"]
    loose["manifest.csv"] = manifest_text(small_district(), modes={"courses": "absent"}).encode()
    uploads.put(loose)
    assert pulls.landed(pulls.pull().delivery) == loose


def test_an_older_whole_set_is_never_taken_for_the_newest(
    pulls: Pulls, uploads: Uploads, loose: dict[str, bytes], archive: bytes
) -> None:
    uploads.put({"yesterday.zip": archive})
    uploads.put({"users.csv": loose["users.csv"]}, at=TODAY)
    assert failure(pulls).code == "SRC-07"


def test_t46_a_zip_that_came_just_now_must_rest_first(pulls: Pulls, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"set.zip": archive}, at=JUST_NOW)
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": archive}
    assert pulls.waited == [40.0]


def test_t46_an_upload_that_goes_on_is_waited_for(pulls: Pulls, uploads: Uploads, loose: dict[str, bytes]) -> None:
    users = loose.pop("users.csv")
    uploads.put(loose, at=JUST_NOW)
    pulls.while_waiting = lambda: None if "users.csv" in uploads.names() else uploads.put(
        {"users.csv": users}, at=pulls.world.clock.now())
    assert pulls.landed(pulls.pull().delivery) == {**loose, "users.csv": users}
    assert pulls.waited == [40.0, 60.0]


def test_t46_an_upload_that_never_rests_is_told(pulls: Pulls, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"set.zip": archive}, at=JUST_NOW)
    pulls.while_waiting = lambda: uploads.put({"set.zip": archive}, at=pulls.world.clock.now())
    told = failure(pulls)
    assert (told.code, told.text) == ("SRC-07", "the newest export on the server is still changing")


def test_a_set_that_does_not_rest_before_the_slice_ends_is_not_waited_for(
    pulls: Pulls, uploads: Uploads, archive: bytes
) -> None:
    pulls.quiet_seconds = 900
    uploads.put({"set.zip": archive}, at=JUST_NOW)
    assert failure(pulls).code == "SRC-07"
    assert pulls.waited == []


def test_a_server_whose_clock_is_ahead_is_judged_by_what_we_saw(pulls: Pulls, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"set.zip": archive}, at=START + timedelta(hours=9))
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": archive}
    assert pulls.waited == [60.0]


def test_a_file_that_changed_while_it_was_read_is_fetched_again(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    pulls.quiet_seconds = 0
    newer = file_bytes(small_district())["users.csv"] + b"more"
    server.on_read = write_while_read(uploads.root / "users.csv", lambda _: newer)
    assert pulls.landed(pulls.pull().delivery) == {**loose, "users.csv": newer}
    assert [name for name, _ in server.reads].count("orgs.csv") == 1


def test_a_file_that_changes_a_second_time_is_told(pulls: Pulls, server: SftpServer, uploads: Uploads,
                                                    loose: dict[str, bytes]) -> None:
    uploads.put(loose)
    pulls.quiet_seconds = 0
    server.on_read = write_while_read(uploads.root / "users.csv", lambda n: b"x" * n, times=2)
    told = failure(pulls)
    assert (told.code, told.text) == ("SRC-07", "the newest export on the server is still changing")


def test_a_file_that_went_while_it_was_read_leads_to_a_new_choice(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes], archive: bytes
) -> None:
    uploads.put({"old.zip": archive}, at=YESTERDAY - timedelta(days=1))
    uploads.put(loose)

    def hook(name: str, offset: int) -> None:
        for stem in loose:
            (uploads.root / stem).unlink(missing_ok=True)

    server.on_read = lambda name, offset: hook(name, offset) if name == "classes.csv" else None
    assert set(pulls.landed(pulls.pull().delivery)) == {"old.zip"}


def test_a_file_too_large_for_a_roster_is_refused_before_a_byte_is_fetched(
    pulls: Pulls, server: SftpServer, uploads: Uploads
) -> None:
    with (uploads.root / "set.zip").open("wb") as huge:
        huge.truncate((2 << 30) + 1)
    os.utime(uploads.root / "set.zip", (YESTERDAY.timestamp(), YESTERDAY.timestamp()))
    told = failure(pulls)
    assert (told.code, server.reads) == ("FIL-06", [])
    assert "2048 MiB" in told.text


def test_a_folder_that_is_not_there_is_told(pulls: Pulls) -> None:
    pulls.source = pulls.source.model_copy(update={"folder": "nowhere"})
    told = failure(pulls)
    assert (told.code, told.owner) == ("SRC-06", "vendor")


def test_a_folder_that_may_not_be_read_is_told(pulls: Pulls, server: SftpServer) -> None:
    server.denied = {"."}
    told = failure(pulls)
    assert (told.code, told.owner) == ("SRC-11", "district")


def test_a_file_that_may_not_be_read_is_told(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    server.denied = {"users.csv"}
    assert failure(pulls).code == "SRC-11"


def test_a_folder_with_too_many_entries_is_told(
    pulls: Pulls, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_ENTRIES", 3)
    uploads.put({f"{n}.txt": b"" for n in range(4)})
    assert "more than 3 entries" in failure(pulls).text


def test_the_remote_files_are_left_as_they_were(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in uploads.root.iterdir()}
    for _ in range(2):
        pulls.pull()
        pulls.apply()
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in uploads.root.iterdir()} == before
    assert server.removed == []


