"""Which remote files a run was made of, in a small JSON beside the run: `…/<run>/read/part/remote.json`.

It counts once that run is applied. Then the same files need not be fetched again; and where the district asked for it
(`remove_after`), exactly these files, and only while name, size and time are the same, are removed by the next pull.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import paramiko

from homeroom.errors import NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.frozen import Frozen
from homeroom.model.run import Delivery, Request
from homeroom.model.source import SftpPull
from homeroom.ports import World
from homeroom.read.polling import Poll
from homeroom.read.sftp_pull.listing import Folder, Remote

NAME = "remote.json"


class Remembered(Frozen):
    """Where the files lay, which they were, and what was handed over for them."""

    place: str
    files: tuple[Remote, ...]
    delivery: Delivery

    @property
    def can_be_known_again(self) -> bool:
        """Whether another file in the place of one would be noticed: not where the server tells no times (0)."""
        return all(remote.mtime for remote in self.files)


def place_of(source: SftpPull) -> str:
    """Server, user and folder: the same name elsewhere is another file."""
    return f"{source.user}@{source.host}:{source.port}/{source.folder}"


def remember(asked: Poll, remembered: Remembered) -> None:
    """Keep it with this run, before the run says that its read is whole."""
    key = places.fetched_part(asked.lease.integration, asked.lease.run, NAME)
    asked.world.objects.put(key, remembered.model_dump_json().encode())


def applied(asked: Poll, source: SftpPull) -> Remembered | None:
    """What the run that was applied last was made of; after an approval or an undo, the run that read it.

    None before the first, after another kind of source, or when that has expired.
    """
    run, name, objects = asked.control.applied_run, asked.lease.integration, asked.world.objects
    if run is None:
        return None
    try:
        request = Request.model_validate_json(objects.get(places.request(name, run)))
        kept = Remembered.model_validate_json(objects.get(places.fetched_part(name, request.read_by, NAME)))
    except NotFound:
        return None
    return kept if kept.place == place_of(source) else None


def is_still_there(delivery: Delivery, world: World) -> bool:
    """Whether what was handed over then can be read again: landed originals expire."""
    for file in delivery.files:
        with TemporaryDirectory() as folder:
            try:
                world.landing.fetch(file, Path(folder))
            except SourceUnusable:
                return False
    return True


def to_remove(listing: Sequence[Remote], newest: Sequence[Remote], known: Remembered) -> tuple[Remote, ...]:
    """The files of the applied set that may go: none while a newer set still stands on some of them."""
    left = {remote for remote in listing if remote in known.files}
    mixed = bool(left & set(newest)) and not set(newest) <= left
    return () if mixed else tuple(sorted(left, key=lambda remote: remote.name))


def remove(folder: Folder, files: Sequence[Remote]) -> int:
    """Remove them, each looked at once more right before. Returns how many the server would not let go."""
    return sum(not folder.server.ask(partial(_removed, folder, remote)) for remote in files)


def _removed(folder: Folder, remote: Remote, session: paramiko.SFTPClient) -> bool:
    """False where we may not. A file that is gone, or is another one by now, is no more ours to remove."""
    place = folder.place(remote.name)
    try:
        seen = session.lstat(place)
        if (seen.st_size, seen.st_mtime) == (remote.size, remote.mtime):
            session.remove(place)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    return True
