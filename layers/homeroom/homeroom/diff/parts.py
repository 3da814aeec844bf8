"""A plan as immutable parts: gzipped JSON lines of at most `PART_SIZE` operations, and one hash over all of them."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

from homeroom.diff import Plan
from homeroom.model.plan import PART_SIZE, WAVES


@dataclass(frozen=True)
class Part:
    """One part: its number in the plan, its wave, how many operations, and its bytes."""

    number: int
    entity: str
    archives: bool
    operations: int
    body: bytes


class PlanHash:
    """Hash of a plan: of the operations' text in writing order, so that it does not depend on run, day or machine."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, lines: bytes) -> None:
        self._hash.update(lines)

    def hex(self) -> str:
        return self._hash.hexdigest()


def parts(plan: Plan, digest: PlanHash, size: int = PART_SIZE) -> Iterator[Part]:
    """The parts in writing order; `digest` has seen all of them when the last one is taken."""
    number = 0
    for entity, is_archive, rows in plan.operations:
        for rows_of_part in rows.iter_slices(size):
            text = io.BytesIO()
            rows_of_part.write_ndjson(text)
            lines = text.getvalue()
            digest.add(lines)
            yield Part(number, entity, is_archive, rows_of_part.height, gzip.compress(lines, compresslevel=1, mtime=0))
            number += 1


def waves_of(made: list[tuple[str, bool, int]]) -> list[list[int]]:
    """Part numbers by wave, for the state machine: parts of one wave may be written side by side."""
    wave_of = {entity: n for n, wave in enumerate(WAVES) for entity in wave}
    grouped: dict[tuple[bool, int], list[int]] = {}
    for number, (entity, is_archive, _) in enumerate(made):
        key = (is_archive, -wave_of[entity] if is_archive else wave_of[entity])
        grouped.setdefault(key, []).append(number)
    return [grouped[key] for key in sorted(grouped)]
