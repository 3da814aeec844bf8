"""A second world with the same content, so that many tests can start from one that took long to make.

    world = copied(first)                          a copy of a world that somebody keeps
    world, record = once(key, lambda: (…, …))      made once in a process for each key: a copy for each who asks
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.twins import twin_of

R = TypeVar("R")
MOST = 24
"""Worlds that `once` keeps; that which was asked for longest ago goes first."""
_MADE: OrderedDict[Hashable, tuple[MemoryWorld, Any]] = OrderedDict()


def copied(world: MemoryWorld) -> MemoryWorld:
    """An independent copy of what the stores hold; faults and steps begin anew."""
    twin = memory_world(at=world.clock.at)
    for name in ("objects", "landing", "integrations", "runs", "roster", "executions", "notices", "waking", "secrets",
                 "timers"):
        there, here = vars(getattr(world, name)), vars(getattr(twin, name))
        here.update({field: twin_of(value) for field, value in there.items() if isinstance(value, dict | list | set)})
    twin.roster.writes = world.roster.writes
    return twin


def once(key: Hashable, make: Callable[[], tuple[MemoryWorld, R]]) -> tuple[MemoryWorld, R]:
    """A copy of a world, and what was told about it. The key must name all that the making depends on."""
    if key not in _MADE:
        _MADE[key] = make()
        if len(_MADE) > MOST:
            _MADE.popitem(last=False)
    _MADE.move_to_end(key)
    world, told = _MADE[key]
    return copied(world), copy.deepcopy(told)
