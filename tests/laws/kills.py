"""A process that is killed: what it leaves is what the stores held right before its next write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.builders.amount import FULL
from tests.fakes.copies import copied
from tests.fakes.memory import MemoryWorld


class Moment(NamedTuple):
    """Right before a write."""

    write: str
    world: MemoryWorld


def moments(world: MemoryWorld, does: Callable[[MemoryWorld], object]) -> list[Moment]:
    """Right before each write of what is done, in order. The world itself stays as it is."""
    twin, found = copied(world), []
    counted = twin.faults.step

    def step(name: str) -> None:
        found.append(Moment(name, copied(twin)))
        counted(name)

    twin.faults.step = step  # type: ignore[method-assign]
    does(twin)
    return found


def telling(found: list[Moment]) -> list[int]:
    """Numbers of the writes, from 1; of a row of many objects only the ends, unless all are asked for."""
    writes = ["", *(one.write for one in found), ""]
    return [number for number, write in enumerate(writes) if write and (
        FULL or not write.startswith("objects.") or not writes[number - 1] == write == writes[number + 1])]


def held(world: MemoryWorld) -> dict[str, Any]:
    """All that the stores hold, to compare."""
    stores = ("objects", "landing", "integrations", "runs", "roster", "executions", "notices", "waking", "timers")
    return {name: {field: value for field, value in vars(getattr(world, name)).items()
                   if isinstance(value, dict | list | set)} for name in stores}
