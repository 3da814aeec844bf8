"""One file, appended to what is there of it: after a drop, or in the next slice, it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko

from homeroom.errors import SourceUnusable
from homeroom.read.sftp_pull.connection import PAUSES, Dropped, Server, broke_off, drops
from homeroom.read.sftp_pull.listing import Remote

PIECE = 32 << 10
"""Bytes of one answer: what every server sends at once."""
WINDOW = 64
"""Pieces that are asked for ahead; time is looked at between two pieces."""


class Changed(Exception):
    """The remote file is not the one that was listed any more."""


def download(server: Server, place: str, remote: Remote, path: Path, out_of_time: Callable[[], bool]) -> bool:
    """Append to `path` until it has all bytes of the remote file (True), or time is out (False).

    Raises Changed, and SourceUnusable: SRC-11 not readable, SRC-04 no byte more after several drops.
    """
    pauses = iter(PAUSES)
    while True:
        before = _size(path)
        if before == remote.size:
            return True
        if out_of_time():
            return False
        try:
            if not _append(server, place, remote, path, out_of_time):
                server.drop()  # answers are still on their way; nobody waits for them
                return False
        except FileNotFoundError:
            raise Changed from None
        except PermissionError:
            raise SourceUnusable("a file of the newest export may not be read", code="SRC-11", owner="district",
                                 remedy="Let the user read the files of the folder.") from None
        except Dropped:
            server.drop()
            pauses = iter(PAUSES) if _size(path) > before else pauses
            pause = next(pauses, None)
            if pause is None or not server.patience.spend(pause):
                raise broke_off() from None


def _append(server: Server, place: str, remote: Remote, path: Path, out_of_time: Callable[[], bool]) -> bool:
    """Fetch the rest over one connection. False: time is out, answers are outstanding. Raises Changed, Dropped."""
    session = server.session()
    with path.open("ab") as target:
        for piece in _pieces(session, place, remote, target.tell()):
            target.write(piece)
            if target.tell() < remote.size and out_of_time():
                return False
        if target.tell() != remote.size:
            raise Changed
    return True


def _pieces(session: paramiko.SFTPClient, place: str, remote: Remote, start: int) -> Iterator[bytes]:
    """The content from an offset on, to the size that was listed or to where the file ends. Raises Changed, Dropped."""
    with drops():
        file = session.open(place, "rb")
        seen = file.stat()
    if (seen.st_size, seen.st_mtime) != (remote.size, remote.mtime):
        raise Changed
    for first in range(start, remote.size, PIECE * WINDOW):
        last = min(first + PIECE * WINDOW, remote.size)
        wanted = [(offset, min(PIECE, last - offset)) for offset in range(first, last, PIECE)]
        pieces = file.readv(wanted)
        for _, length in wanted:
            with drops():
                piece = next(pieces)
            yield piece
            if len(piece) < length:
                return
    with drops():
        file.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
