"""What can be said of a set without reading its rows: whether it was seen before, and whether it is a delta."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from homeroom.errors import SourceUnusable
from homeroom.read.archive import DeliveredSet, open_set
from homeroom.read.layout import MANIFEST
from homeroom.read.manifest import parse_manifest


def hash_of(paths: Sequence[Path]) -> str | None:
    """Hash by which the door knows the content again, however it was named, zipped or brought: one zip, or loose files.

    None for a set that can not be opened: its run then fails in words.
    """
    try:
        with _opened(paths) as delivered:
            return delivered.content_hash()
    except SourceUnusable:
        return None


def is_delta(paths: Sequence[Path]) -> bool:
    """Whether the manifest calls any file a delta. A set that can not be opened is told by its run."""
    try:
        with _opened(paths) as delivered:
            return MANIFEST in delivered.stems and "delta" in parse_manifest(delivered.read(MANIFEST)).modes.values()
    except SourceUnusable:
        return False


def _opened(paths: Sequence[Path]) -> DeliveredSet:
    return open_set(paths[0] if paths[0].suffix.lower() == ".zip" else paths)
