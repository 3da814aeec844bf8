"""Who did what and why."""

from __future__ import annotations

from typing import Any

from homeroom.ports import World


def audit(world: World, integration: str, operation: str, by: str, reason: str, **about: Any) -> None:
    """Keep an entry before the operation acts: an attempt too many is better than an act that nobody can trace.

    Lambda does not tell who calls it, so `by` is what the caller declared, and marked as such.
    """
    entry = {"operation": operation, "by": by, "by_is": "declared", "reason": reason, **about}
    world.runs.audit(integration, entry, world.clock.now())
