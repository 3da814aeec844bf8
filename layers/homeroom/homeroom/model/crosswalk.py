"""A cross-walk: the same records under new ids of the source, so that nobody becomes a new person (GRD-10, IDN-03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CrossWalk:
    """Entity → source id before → source id now. Each id stands at most once on either side.

    `evidence` counts by entity and rule why records are the same, for people who approve.
    """

    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    evidence: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Records that keep their identity under a new id."""
        return sum(len(pairs) for pairs in self.ids.values())

    def inverted(self) -> CrossWalk:
        """The way back: for an undo."""
        return CrossWalk({name: {new: old for old, new in pairs.items()} for name, pairs in self.ids.items()})


NO_CROSSWALK = CrossWalk()
