"""What else a plan depends on, gathered before its pure part begins: hand-made records, directory, the days before."""

from __future__ import annotations

from homeroom.model.plan import Around
from homeroom.model.snapshot import Snapshot
from homeroom.planning.opening import Planning


def around(planning: Planning, snapshot: Snapshot) -> Around:
    """Read what stands beside source and applied roster. Raises SourceUnusable and RetryableError."""
    return Around()
