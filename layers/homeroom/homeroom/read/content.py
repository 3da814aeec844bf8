"""The content of a set by its hash, so that the door knows it again, however it was named, zipped or brought."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from homeroom.errors import SourceUnusable
from homeroom.read.archive import open_set


def hash_of(paths: Sequence[Path]) -> str | None:
    """Hash of what a set says (one zip, or loose files); None where it can not be opened: its run then fails."""
    try:
        with open_set(paths[0] if paths[0].suffix.lower() == ".zip" else paths) as delivered:
            return delivered.content_hash()
    except SourceUnusable:
        return None
