"""A download goes on where it stopped: after a dropped connection, and in the next slice."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from homeroom.model import places
from homeroom.read.http import Patience
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.sftp_pull.download import AHEAD, Changed, download
from homeroom.read.sftp_pull.keys import SignIn
from homeroom.read.sftp_pull.listing import Remote
from tests.builders.pulls import NAME, SLICE, Pulls
from tests.fakes.sftp_server import PASSWORD, DropConnection, SftpServer, drop_at
from tests.reading.sftp.conftest import YESTERDAY, Uploads

PIECE = 32 << 10
LARGE = random.Random(1).randbytes(200 * PIECE + 17)
"""A zip to nobody: what counts here is that each byte arrives, once, in its place."""


@pytest.fixture
def large(uploads: Uploads) -> bytes:
    uploads.put({"set.zip": LARGE})
    return LARGE


def asked_twice(server: SftpServer) -> int:
    """How many pieces were asked for more than once."""
    return len(server.reads) - len(set(server.reads))


def stop_at(pulls: Pulls, server: SftpServer, name: str, offset: int) -> None:
    """The call's time is over when that offset of a file is asked for."""
    left = [True]

    def hook(asked: str, at: int) -> None:
        if (asked, at) == (name, offset) and left:
            left.clear()
            pulls.world.clock.tick(SLICE.total_seconds())

    server.on_read = hook


def test_a_dropped_connection_is_opened_again_and_the_file_goes_on(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    server.on_read = drop_at("set.zip", 100 * PIECE)
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": large}
    assert server.connections == 2
    assert server.reads.count(("set.zip", 0)) == 1  # not from the start
    assert asked_twice(server) <= AHEAD


def test_every_piece_may_be_the_last_before_the_connection_drops(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    left = list(range(0, len(large), 40 * PIECE))
    dropped: set[int] = set()

    def hook(name: str, offset: int) -> None:
        if left and offset >= left[0] and server.connections not in dropped:
            dropped.add(server.connections)
            left.pop(0)
            raise DropConnection

    server.on_read = hook
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": large}
    assert (left, server.connections) == ([], 7)


def test_a_connection_that_drops_at_the_same_byte_on_and_on_is_told(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    server.on_read = drop_at("set.zip", 5 * PIECE, times=99)
    told = pulls.pull().failure
    assert told is not None
    assert (told.code, told.text) == ("SRC-04", "the server broke off its answer again and again")
    assert pulls.waited[-3:] == [1.0, 4.0, 16.0]


def test_a_server_that_answers_in_smaller_pieces_than_asked_for_is_understood(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    server.longest_answer = 20_000
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": large}


def test_a_listing_that_drops_is_asked_for_again(pulls: Pulls, server: SftpServer, large: bytes) -> None:
    pulls.begin()
    server.on_read = drop_at("set.zip", 0)  # the session that listed the folder is gone before the second look
    assert pulls.slice().done
    assert pulls.landed(pulls.fetched().delivery) == {"set.zip": large}


def test_a_file_goes_on_in_the_next_slice(pulls: Pulls, server: SftpServer, large: bytes) -> None:
    stop_at(pulls, server, "set.zip", 40 * PIECE)
    assert pulls.landed(pulls.pull(slices=2).delivery) == {"set.zip": large}
    assert server.connections == 2
    assert asked_twice(server) <= AHEAD


def test_between_slices_the_part_is_kept_and_gone_once_the_file_has_landed(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    stop_at(pulls, server, "set.zip", 40 * PIECE)
    pulls.begin()
    assert not pulls.slice().done
    kept = pulls.part()
    assert kept
    assert len(kept) < len(large)
    assert large.startswith(kept)
    assert pulls.slice().done
    assert pulls.part() == b""


def test_files_that_have_landed_are_not_fetched_in_the_next_slice(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    stop_at(pulls, server, "enrollments.csv", 0)
    assert pulls.landed(pulls.pull(slices=2).delivery) == loose
    assert [name for name, _ in server.reads].count("classes.csv") == 1


def test_the_hash_is_that_of_all_files_whichever_slice_fetched_them(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    whole = pulls.pull().delivery
    stop_at(pulls, server, "enrollments.csv", 0)
    sliced = pulls.pull(slices=2).delivery
    assert whole is not None
    assert sliced is not None
    assert whole.content_hash == sliced.content_hash


def test_a_file_that_is_not_the_listed_one_any_more_is_not_appended_to(
    server: SftpServer, large: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"earlier bytes")
    with Server(server.source(), SignIn(password=PASSWORD), Patience()) as opened, pytest.raises(Changed):
        download(opened, "set.zip", Remote(name="set.zip", size=len(large), mtime=1), path, lambda: False)
    assert path.read_bytes() == b"earlier bytes"
    assert server.reads == []


def test_a_file_that_changed_between_two_slices_is_fetched_from_its_start(
    pulls: Pulls, server: SftpServer, uploads: Uploads, large: bytes
) -> None:
    stop_at(pulls, server, "set.zip", 40 * PIECE)
    pulls.begin()
    assert not pulls.slice().done
    newer = bytes(reversed(large))
    uploads.put({"set.zip": newer}, at=YESTERDAY + timedelta(hours=1))
    assert pulls.slice().done
    assert pulls.landed(pulls.fetched().delivery) == {"set.zip": newer}
    assert pulls.part() == b""


def test_a_slice_without_time_fetches_nothing_and_loses_nothing(
    pulls: Pulls, server: SftpServer, large: bytes
) -> None:
    stop_at(pulls, server, "set.zip", 0)
    pulls.begin()
    assert not pulls.slice().done
    assert pulls.slice().done
    assert pulls.landed(pulls.fetched().delivery) == {"set.zip": large}


def test_what_is_kept_between_slices_holds_names_and_counts_only(
    pulls: Pulls, server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    stop_at(pulls, server, "users.csv", 0)
    pulls.begin()
    assert not pulls.slice().done
    progress = pulls.world.objects.get(places.fetched_progress(NAME, 1)).decode()
    assert "users.csv" in progress
    assert "Student" not in progress
    assert server.password not in progress


def test_a_call_that_is_repeated_after_the_end_reads_nothing(pulls: Pulls, server: SftpServer, large: bytes) -> None:
    pulls.pull()
    before = server.connections
    assert pulls.slice().done
    assert server.connections == before
