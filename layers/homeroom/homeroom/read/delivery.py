"""Do the objects that landed make a whole set? Pure: the listing, the manifest's text and the time are inputs.

A zip is a whole delivery at once. Loose files count when nothing changed for `quiet_seconds` and every file that the
manifest announces is there; without a manifest the six files of a roster must be there (design 3, trap T46).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeroom.ports import Landed
from homeroom.read.layout import CORE, MANIFEST, READ, stem_of
from homeroom.read.manifest import parse_manifest

ONE_UPLOAD = timedelta(hours=1)
"""Loose files that landed further apart than this are of two uploads."""
MIXED_REST = timedelta(minutes=10)
"""Rest of such a set: a pause in an upload must not make a run of half new and half old files."""


@dataclass(frozen=True)
class Whole:
    """A set that can be read: one zip, or loose files in the order of their keys."""

    files: tuple[Landed, ...]


@dataclass(frozen=True)
class Waiting:
    """Not whole yet: names of the missing files, and from when on it is worth another look if only time is missing."""

    missing: tuple[str, ...] = ()
    until: datetime | None = None


def newest_set(listing: Iterable[Landed]) -> tuple[Landed, ...]:
    """The objects of the newest set below an integration's landing folder, in the order of their keys.

    Each zip is a set; loose OneRoster files of one folder are a set. The newest is the one with the newest object, so
    an older set whose notice comes late is never chosen over a newer one (conformance 25). Other files are no part.
    """
    sets: dict[str, list[Landed]] = defaultdict(list)
    for landed in listing:
        folder, _, base = landed.file.key.rpartition("/")
        if _is_zip(landed):
            sets[landed.file.key] = [landed]
        elif stem_of(base):
            sets[folder + "/"].append(landed)
    if not sets:
        return ()
    newest = max(sets.values(), key=lambda files: max((landed.modified, landed.file.key) for landed in files))
    return tuple(sorted(newest, key=lambda landed: landed.file.key))


def manifest_of(files: Iterable[Landed]) -> Landed | None:
    """The manifest among loose files, if it is there and not empty."""
    return next((landed for landed in files if _stem(landed) == MANIFEST and landed.file.size), None)


def settle(files: Sequence[Landed], manifest: bytes | None, *, now: datetime, quiet_seconds: int) -> Whole | Waiting:
    """Whether one set is whole, given the content of its manifest. Objects without a byte count as missing.

    A manifest that can not be understood lets the set pass: the read then says what is wrong with it.
    """
    missing = _missing(files, manifest)
    if missing:
        return Waiting(missing)
    if not any(_is_zip(landed) for landed in files):
        until = max(landed.modified for landed in files) + _rest(files, quiet_seconds)
        if now < until:
            return Waiting(until=until)
    return Whole(tuple(files))


def _rest(files: Sequence[Landed], quiet_seconds: int) -> timedelta:
    """How long nothing may change. Where some files are of an earlier upload, the others may still be on their way."""
    times = [landed.modified for landed in files]
    mixed = max(times) - min(times) > ONE_UPLOAD
    return max(timedelta(seconds=quiet_seconds), MIXED_REST if mixed else timedelta())


def _missing(files: Sequence[Landed], manifest: bytes | None) -> tuple[str, ...]:
    zips = [landed for landed in files if _is_zip(landed)]
    if zips:
        return tuple(landed.file.key.rpartition("/")[2] for landed in zips if not landed.file.size)
    there = {_stem(landed) for landed in files if landed.file.size}
    expected = _announced(manifest) if manifest is not None else CORE
    empty = {_stem(landed) for landed in files} & {*READ, MANIFEST} - there
    return tuple(f"{stem}.csv" for stem in (MANIFEST, *READ) if stem in {*expected, *empty} - there)


def _announced(content: bytes) -> tuple[str, ...]:
    modes = parse_manifest(content).modes
    return tuple(stem for stem in READ if modes.get(stem, "absent") != "absent")


def _stem(landed: Landed) -> str | None:
    return stem_of(landed.file.key.rpartition("/")[2])


def _is_zip(landed: Landed) -> bool:
    return landed.file.key.lower().endswith(".zip")
