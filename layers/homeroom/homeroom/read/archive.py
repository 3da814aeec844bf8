"""Opens a delivered set: a zip, a folder or loose files. Nothing is unpacked before its directory was judged.

Names, counts, sizes and ratios come from the archive's own directory and are limits, not beliefs: a member that
inflates past its declared size stops the read. Files are streamed; one file's content is in memory at a time.
Source of the rules: OneRoster reference 1.14 and conformance 22 and 23.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from homeroom.read.layout import MANIFEST, READ, stem_of
from homeroom.read.members import inflated, judge, refuse_sealed, verify
from homeroom.read.unusable import SetUnusable, unusable

_CHUNK = 1 << 20
_JUNK = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Limits:
    """What a set may weigh, in bytes and counts.

    The largest district of the country (11 million rows) delivers 108 MB zipped and 1.1 GB inflated, with long ids
    about twice that. Its CSV packs 10 to 20 times, sparse files 30 times; `ratio` counts from `ratio_from` bytes on.
    """

    archive_bytes: int = 2 << 30
    members: int = 256
    member_bytes: int = 3 << 30
    total_bytes: int = 4 << 30
    ratio: int = 150
    ratio_from: int = 64 << 20


class DeliveredSet(ABC):
    """The files of one set by OneRoster stem. Close it, or use it in a `with` statement."""

    def __init__(self, origins: Mapping[str, str], ignored: Sequence[str]):
        self.origins = dict(origins)
        """Stem → name as delivered, with its folder inside the set."""
        self.ignored = tuple(ignored)
        """Names of files that are no OneRoster files."""
        self._digests: dict[str, str] = {}

    @property
    def stems(self) -> tuple[str, ...]:
        """OneRoster files of the set, sorted."""
        return tuple(sorted(self.origins))

    def read(self, stem: str) -> bytes:
        """Content of one file. Raises SourceUnusable if it is damaged (FIL-15), lies about its size (FIL-06) or was
        changed since the set was opened (SRC-07); KeyError if it is not in the set."""
        buffer = io.BytesIO()
        for chunk in self._hashed(stem):
            buffer.write(chunk)
        return buffer.getvalue()

    def content_hash(self) -> str:
        """SHA-256 over the sorted (stem, SHA-256 of the content) of the files that are ever read, as hexadecimal.

        The same content zipped again, in another order or under other spellings of the names, hashes the same. Files
        that were not read yet are streamed through. Raises as `read` does.
        """
        stems = _read_stems(self.origins)
        for stem in stems:
            if stem not in self._digests:
                for _ in self._hashed(stem):
                    pass
        lines = "".join(f"{stem} {self._digests[stem]}\n" for stem in stems)
        return hashlib.sha256(lines.encode()).hexdigest()

    @abstractmethod
    def assert_unchanged(self) -> None:
        """Raise SourceUnusable (SRC-07) if a file was replaced since the set was opened."""

    @abstractmethod
    def close(self) -> None:
        """Let go of open files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @abstractmethod
    def _chunks(self, stem: str) -> Iterator[bytes]:
        """Content of one file in pieces."""

    @abstractmethod
    def _verify(self, stem: str, seen: _Seen) -> None:
        """Raise SourceUnusable if the content is not what the set declares, or was changed meanwhile."""

    def _hashed(self, stem: str) -> Iterator[bytes]:
        """The pieces of a file; hash and checksum are reckoned beside, on another core."""
        seen = _Seen()
        behind: Future[None] | None = None
        with ThreadPoolExecutor(1) as worker:
            for chunk in self._chunks(stem):
                if behind:
                    behind.result()
                behind = worker.submit(seen.take, chunk)
                yield chunk
        self._verify(stem, seen)
        self._digests[stem] = seen.digest.hexdigest()


class _Seen:
    """Size, CRC-32 and SHA-256 of the pieces that went by."""

    def __init__(self) -> None:
        self.size = self.checksum = 0
        self.digest = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.checksum = zlib.crc32(chunk, self.checksum)
        self.digest.update(chunk)


class _Zip(DeliveredSet):
    """A zip, kept open: a file that takes its name later is not seen, one that is written over is noticed."""

    def __init__(self, path: Path, limits: Limits):
        self._file = path.open("rb")
        try:
            self._mark = _mark(self._file.fileno())
            members = judge(self._file, limits)
            origins, ignored = choose(members)
            self._members = {stem: members[name] for stem, name in origins.items()}
            for stem in _read_stems(origins):
                refuse_sealed(self._members[stem])
        except BaseException:
            self._file.close()
            raise
        super().__init__(origins, ignored)

    def assert_unchanged(self) -> None:
        if _mark(self._file.fileno()) != self._mark:
            raise _replaced()

    def close(self) -> None:
        self._file.close()

    def _chunks(self, stem: str) -> Iterator[bytes]:
        try:
            yield from inflated(self._file, self._members[stem])
        except SetUnusable:
            self.assert_unchanged()
            raise

    def _verify(self, stem: str, seen: _Seen) -> None:
        self.assert_unchanged()
        verify(self._members[stem], seen.size, seen.checksum)


class _Loose(DeliveredSet):
    """Loose files, each opened when it is read."""

    def __init__(self, paths: Mapping[str, Path], limits: Limits):
        origins, ignored = choose(paths)
        self._marks = {stem: (paths[name], _mark(paths[name])) for stem, name in origins.items()}
        sizes = [mark[0] for _, mark in self._marks.values()]
        if sum(sizes) > limits.total_bytes or max(sizes, default=0) > limits.member_bytes:
            raise unusable("FIL-06", f"The files have more than {limits.total_bytes >> 20} MiB")
        super().__init__(origins, ignored)

    def assert_unchanged(self) -> None:
        if any(not path.exists() or _mark(path) != mark for path, mark in self._marks.values()):
            raise _replaced()

    def close(self) -> None:
        """Nothing stays open between two reads."""

    def _chunks(self, stem: str) -> Iterator[bytes]:
        try:
            with self._marks[stem][0].open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise _replaced() from error

    def _verify(self, stem: str, seen: _Seen) -> None:
        path, mark = self._marks[stem]
        if not path.exists() or _mark(path) != mark or seen.size != mark[0]:
            raise _replaced()


def open_set(source: Path | Sequence[Path], limits: Limits | None = None) -> DeliveredSet:
    """Open a zip, a folder (files at its root or in its only folder) or a list of loose files.

    Raises SourceUnusable: SRC-06 nothing there; SRC-07 upload cut off; FIL-15 not a readable zip, or one that needs a
    password or another method than deflate; FIL-06 too large, too many members, too deep, or unsafe or double names.
    """
    limits = limits or Limits()
    if not isinstance(source, Path):
        paths = {path.name: path for path in source}
        if len(paths) < len(source):
            raise unusable("FIL-06", "Two files have the same name")
        return _Loose(paths, limits)
    if source.is_dir():
        return _Loose(_folder(source), limits)
    if not source.exists():
        raise unusable("SRC-06", "There is no file or folder of that name")
    return _Zip(source, limits)


def choose(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Stem → name of the OneRoster files among relative names, and the other names but known junk.

    One common folder is accepted. Raises SourceUnusable (FIL-06) if files lie deeper, in several folders or twice.
    """
    chosen: dict[str, str] = {}
    ignored, folders = [], set()
    for name in names:
        *folder, base = name.split("/")
        if not base or _is_junk([*folder, base]):
            continue
        stem = stem_of(base)
        if stem is None:
            ignored.append(name)
        elif stem in chosen:
            raise unusable("FIL-06", f"{stem}.csv is in the set twice", file=f"{stem}.csv")
        else:
            chosen[stem] = name
            folders.add(tuple(folder))
    if any(len(folder) > 1 for folder in folders):
        raise unusable("FIL-06", "The files lie more than one folder deep")
    if len(folders) > 1:
        raise unusable("FIL-06", "The files lie in different folders")
    return chosen, ignored


def _is_junk(parts: Sequence[str]) -> bool:
    """What computers add by themselves, and a readme."""
    words = [part.lower() for part in parts]
    return any(word in _JUNK or word.startswith(".") for word in words) or words[-1].startswith("readme")


def _folder(root: Path) -> dict[str, Path]:
    """Relative name → path of the files at the root, or of its only folder if the root has no OneRoster file."""
    entries = sorted(root.iterdir())
    files = {entry.name: entry for entry in entries if entry.is_file()}
    folders = [entry for entry in entries if entry.is_dir() and not _is_junk([entry.name])]
    if any(stem_of(name) for name in files) or len(folders) != 1:
        return files
    return files | {f"{folders[0].name}/{p.name}": p for p in sorted(folders[0].iterdir()) if p.is_file()}


def _read_stems(stems: Iterable[str]) -> list[str]:
    """Those of the files that are ever read, sorted."""
    return sorted(stem for stem in stems if stem in READ or stem == MANIFEST)


def _mark(file: Path | int) -> tuple[int, int, int]:
    """Size, time and identity of a file: they differ once it is written over or replaced."""
    seen = os.stat(file)
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def _replaced() -> SetUnusable:
    return unusable("SRC-07", "A file was replaced while it was read")
