"""One file, appended to what is there of it: after a drop, or in the next slice, it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
from paramiko.sftp import CMD_DATA, CMD_READ, int64

from homeroom.errors import SourceUnusable
from homeroom.read.sftp_pull.connection import PAUSES, Dropped, Server, broke_off, drops
from homeroom.read.sftp_pull.listing import Remote

PIECE = 32 << 10
"""Bytes of one answer: what every server sends at once."""
AHEAD = 64
"""Pieces that are on their way at once, so that a far server is not waited for piece by piece."""


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
    with drops():
        session = server.session()
        file = session.open(place, "rb")
        seen = file.stat()
    if (seen.st_size, seen.st_mtime) != (remote.size, remote.mtime):
        raise Changed
    with path.open("ab") as target:
        for piece in _Ahead(session, file).pieces(target.tell(), remote.size):
            target.write(piece)
            if target.tell() < remote.size and out_of_time():
                return False
    with drops():
        file.close()
    return True


class _Ahead:
    """Reads on in this thread with several requests on their way.

    What paramiko has for this (`prefetch`, `readv`) asks in a thread that ends with a traceback when the connection
    drops, and keeps in memory what it asked for twice. The calls it is made of are used here instead.
    """

    def __init__(self, session: Any, file: Any):
        self._session, self._file = session, file
        self._asked: dict[int, int] = {}
        """Number of a request → its offset."""
        self._lengths: dict[int, int] = {}
        """Offset → bytes that were asked for and not taken yet."""
        self._arrived: dict[int, bytes] = {}

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end` in their order. Raises Dropped, and Changed where the file ends before."""
        following = start
        while start < end:
            with drops():
                while following < end and len(self._lengths) < AHEAD:
                    following += self._ask(following, min(PIECE, end - following))
                while start not in self._arrived:
                    self._session._read_response()
                length = self._lengths.pop(start)
                piece = self._arrived.pop(start)[:length]
                if piece and len(piece) < length:  # a server may answer in smaller pieces
                    self._ask(start + len(piece), length - len(piece))
            if not piece:
                raise Changed
            yield piece
            start += len(piece)

    def _ask(self, offset: int, length: int) -> int:
        number = self._session._async_request(self, CMD_READ, self._file.handle, int64(offset), length)
        self._asked[number], self._lengths[offset] = offset, length
        return length

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        """Called by `_read_response` with the answer to a request of ours. An end of the file is a piece without bytes.
        """
        offset = self._asked.pop(number)
        if kind == CMD_DATA:
            self._arrived[offset] = message.get_string()
            return
        try:
            self._session._convert_status(message)
        except EOFError:
            self._arrived[offset] = b""


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
