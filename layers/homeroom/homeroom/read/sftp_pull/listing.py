"""Which remote files make the newest set, by the same rules as for landed ones, and whether it is whole and rests.

Two things differ from S3. A zip is seen while it is still written, so it must rest as loose files do (trap T46). And
times are those of another clock: what nothing changed in while we looked rests as well, whatever its time says.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import paramiko
from pydantic import Field

from homeroom.errors import SourceUnusable
from homeroom.model.frozen import Frozen
from homeroom.model.run import LandedFile
from homeroom.ports import Landed
from homeroom.read.archive import Limits
from homeroom.read.delivery import Waiting, manifest_of, newest_set, settle
from homeroom.read.layout import MANIFEST, READ, stem_of
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.unusable import unusable

MOST_ENTRIES = 10_000
LARGEST_MANIFEST = 1 << 20
LOOKS = 4
"""How often a set that does not rest is looked at before it counts as still changing."""
LONGEST_NAME = 200
"""Bytes: it becomes a key and a file name of ours."""
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]+")


class Remote(Frozen):
    """A regular file in the remote folder: base name, bytes, seconds since 1970 by the server's clock."""

    name: str = Field(min_length=1)
    size: int
    mtime: int

    @property
    def is_zip(self) -> bool:
        return self.name.lower().endswith(".zip")

    @property
    def is_read(self) -> bool:
        """Whether it is fetched at all: what no product may receive stays where it is."""
        return self.is_zip or stem_of(self.name) in (MANIFEST, *READ)


@dataclass
class Folder:
    """The remote folder. `now` is our clock; `first_seen` is when we saw each file so for the first time."""

    server: Server
    path: str
    now: Callable[[], datetime]
    quiet_seconds: int
    first_seen: dict[Remote, datetime] = field(default_factory=dict)

    def place(self, name: str) -> str:
        """The remote path of a file."""
        return self.path.rstrip("/") + "/" + name

    def listing(self) -> list[Remote]:
        """Regular files of one level, by name. Raises SourceUnusable (SRC-06, SRC-11)."""
        try:
            entries = self.server.ask(self._entries)
        except FileNotFoundError:
            raise SourceUnusable("the folder is not on the server", code="SRC-06", owner="vendor",
                                 remedy="Check the folder in the source with the district.") from None
        except PermissionError:
            raise SourceUnusable("signed in, but the folder may not be read", code="SRC-11", owner="district",
                                 remedy="Let the user list and read the folder.") from None
        except UnicodeDecodeError:
            raise SourceUnusable("a name in the folder is not UTF-8", code="SRC-06", owner="district",
                                 remedy="Give the export a folder of its own.") from None
        found = sorted(regular(entries), key=lambda remote: remote.name)
        now = self.now()
        self.first_seen = {remote: self.first_seen.get(remote, now) for remote in found}
        return found

    def whole_set(self, wait: Callable[[float], bool]) -> tuple[Remote, ...]:
        """The newest set, whole and at rest. `wait` sleeps so many seconds if there is time, and tells whether.

        Raises SourceUnusable: SRC-06 nothing there; SRC-07 files are missing, or it changes on and on.
        """
        state = None
        for _ in range(LOOKS):
            found = newest(self.listing())
            state = self.judge(found)
            if state is None:
                return found
            rests_at = state.until or self._rests_at(found)
            left = (rests_at - self.now()).total_seconds()
            if left <= 0 or not wait(left):
                break
        raise not_whole(state or Waiting())

    def judge(self, found: Sequence[Remote]) -> Waiting | None:
        """What a set waits for; None when it is whole and rests. Raises SourceUnusable (SRC-06) for an empty one."""
        if not found:
            raise nothing_there()
        files = [self._landed(remote) for remote in found]
        manifest = manifest_of(files)
        content = self._manifest(manifest.file.key) if manifest is not None else None
        state = settle(files, content, now=self.now(), quiet_seconds=self.quiet_seconds)
        if isinstance(state, Waiting):
            return state
        rests_at = self._rests_at(found)
        return Waiting(until=rests_at) if self.now() < rests_at else None

    def is_as_it_was(self, chosen: Sequence[Remote]) -> bool:
        """Whether the files of a set, and no other of its kind, are still there with size and time as before."""
        listing = self.listing()
        if any(remote.is_zip for remote in chosen):
            return set(chosen) <= set(listing)
        return set(chosen) == {remote for remote in listing if stem_of(remote.name)}

    def _entries(self, session: paramiko.SFTPClient) -> list[paramiko.SFTPAttributes]:
        found = []
        for entry in session.listdir_iter(self.path):
            found.append(entry)
            if len(found) > MOST_ENTRIES:
                raise SourceUnusable(f"the folder has more than {MOST_ENTRIES:,} entries", code="SRC-06",
                                     owner="district", remedy="Give the export a folder of its own.")
        return found

    def _landed(self, remote: Remote) -> Landed:
        """As the rules for landed files see it: changed at its own time, but never later than we saw it so."""
        return _landed(remote, min(_time(remote), self.first_seen.get(remote, self.now())))

    def _rests_at(self, found: Sequence[Remote]) -> datetime:
        changed = max(self._landed(remote).modified for remote in found)
        return changed + timedelta(seconds=self.quiet_seconds)

    def _manifest(self, name: str) -> bytes:
        def fetch(session: paramiko.SFTPClient) -> bytes:
            with session.open(self.place(name), "rb") as file:
                return file.read(LARGEST_MANIFEST + 1)

        try:
            content = self.server.ask(fetch)
        except FileNotFoundError:
            return b""  # replaced just now: the next look sees the new one
        except PermissionError:
            raise SourceUnusable("the manifest may not be read", code="SRC-11", owner="district",
                                 remedy="Let the user read the files of the folder.") from None
        if len(content) > LARGEST_MANIFEST:
            raise unusable("FIL-06", f"{MANIFEST}.csv is larger than {LARGEST_MANIFEST >> 20} MiB")
        return content


def regular(entries: Iterable[paramiko.SFTPAttributes]) -> list[Remote]:
    """The regular files among the entries of a folder. Links, folders and names that are paths are no part."""
    return [
        Remote(name=entry.filename, size=entry.st_size or 0, mtime=entry.st_mtime or 0)
        for entry in entries
        if _is_regular(entry) and _is_base_name(entry.filename)
    ]


def newest(listing: Iterable[Remote]) -> tuple[Remote, ...]:
    """The files of the newest set, by name; the same rule as for landed files."""
    by_name: Mapping[str, Remote] = {remote.name: remote for remote in listing}
    chosen = newest_set(_landed(remote, _time(remote)) for remote in by_name.values())
    return tuple(by_name[landed.file.key] for landed in chosen)


def within_limits(chosen: Iterable[Remote], limits: Limits) -> None:
    """Raise SourceUnusable (FIL-06) before a byte is fetched of what is too large to be a roster."""
    for remote in chosen:
        most = limits.archive_bytes if remote.is_zip else limits.member_bytes
        if remote.size > most:
            raise unusable("FIL-06", f"A file on the server has more than {most >> 20} MiB")
    if sum(remote.size for remote in chosen if not remote.is_zip) > limits.total_bytes:
        raise unusable("FIL-06", f"The files on the server have more than {limits.total_bytes >> 20} MiB")


def nothing_there() -> SourceUnusable:
    """The folder holds no set."""
    return SourceUnusable("there is no zip and no OneRoster file in the folder", code="SRC-06", owner="district",
                          remedy="Check the export's schedule and its folder.")


def not_whole(state: Waiting) -> SourceUnusable:
    """What a set waits for, in words."""
    if state.missing:
        names = ["the zip's content" if name.lower().endswith(".zip") else name for name in state.missing]
        text = f"the newest export on the server is not complete: {', '.join(names)} did not arrive"
    else:
        text = "the newest export on the server is still changing"
    return SourceUnusable(text, code="SRC-07", owner="district",
                          remedy="Let the upload end; the next run looks again.")


def _is_regular(entry: paramiko.SFTPAttributes) -> bool:
    """By the mode; servers that send none write it into the long name, as `ls -l` does."""
    if entry.st_mode is not None:
        return stat.S_ISREG(entry.st_mode)
    return str(getattr(entry, "longname", "")).startswith("-")


def _is_base_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in (".", "..") and len(name.encode()) <= LONGEST_NAME


def _landed(remote: Remote, modified: datetime) -> Landed:
    return Landed(LandedFile(bucket="", key=remote.name, size=remote.size), modified)


def _time(remote: Remote) -> datetime:
    return datetime.fromtimestamp(remote.mtime, UTC)
