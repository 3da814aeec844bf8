"""How far a read came: counts, offsets and marks that the next slice goes on from. No people, no secrets."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from homeroom.read.oneroster_rest.blocks import Kept
from homeroom.read.oneroster_rest.walk import Walk


class Current(Struct):
    """The collection that is being read: on which of its ways, at which of its endpoints, and how far.

    `refused` is the worst status with which better ways were refused; `habits` tells for people what was noticed.
    """

    stem: str
    walk: Walk
    way: int = 0
    endpoint: int = 0
    refused: int = 0
    kept: Kept = field(default_factory=Kept)
    habits: list[str] = field(default_factory=list)


class Done(Struct):
    """A collection that is whole, or that is not offered (`mode` absent); `lacks`: what its way can not show."""

    mode: str = "bulk"
    blocks: int = 0
    records: int = 0
    how: str = ""
    lacks: str = ""


class Progress(Struct):
    """The read so far. `waited` is in seconds, `revision` the source's own word for its state (x-perm-rev)."""

    restarts: int = 0
    requests: int = 0
    waited: float = 0.0
    ordered: bool = True
    revision: str | None = None
    done: dict[str, Done] = field(default_factory=dict)
    current: Current | None = None

    @property
    def records(self) -> int:
        """Records of all collections so far."""
        now = self.current.kept if self.current else Kept()
        return sum(one.records for one in self.done.values()) + now.records + now.own_records


def progress_of(kept: dict[str, Any]) -> Progress:
    """What the slice before left; a new one where it left nothing."""
    return msgspec.convert(kept, Progress)


def as_kept(progress: Progress) -> dict[str, Any]:
    """The progress as it is now, for JSON."""
    made: dict[str, Any] = msgspec.to_builtins(progress)
    return made
