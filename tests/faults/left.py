"""How a roster stands after a second read: untouched, and by a run that says so."""

from __future__ import annotations

from homeroom.model.run import RunRecord
from tests.builders.api_runs import LAB
from tests.fakes.memory import MemoryWorld

OWNERS = ("district", "aggregator", "vendor")


def untouched(world: MemoryWorld, first: MemoryWorld) -> bool:
    """Whether not one item was written, changed or deleted since the first day."""
    return world.roster.items == first.roster.items and world.roster.writes == first.roster.writes


def pointer(world: MemoryWorld) -> tuple[int | None, str | None]:
    """The run that was applied last, and its content."""
    control = world.runs.control(LAB)
    return control.applied_run, control.applied_content


def failed_in_words(record: RunRecord, *codes: str) -> bool:
    """Whether the run failed with one of these codes and somebody knows what to do."""
    told = record.code in codes and len(record.text) > 10 and record.owner in OWNERS
    return record.outcome == "failed" and told and record.operations == 0


def found_the_same(record: RunRecord) -> bool:
    """Whether the read was whole, and equal to the first day's."""
    return record.outcome == "nothing to change" and record.operations == 0
