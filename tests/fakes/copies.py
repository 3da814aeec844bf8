"""A second world with the same content, so that many tests can start from one that took long to make."""

from __future__ import annotations

import copy

from tests.fakes.memory import MemoryWorld, memory_world


def copied(world: MemoryWorld) -> MemoryWorld:
    """An independent copy of what the stores hold; faults and steps begin anew."""
    twin = memory_world(at=world.clock.at)
    for name in ("objects", "landing", "integrations", "runs", "roster", "executions", "notices", "waking", "secrets",
                 "timers"):
        there, here = vars(getattr(world, name)), vars(getattr(twin, name))
        held = {field: value for field, value in there.items() if isinstance(value, dict | list | set)}
        here.update(copy.deepcopy(held))
    twin.roster.writes = world.roster.writes
    return twin
