"""How much of what could be tried is tried: a choice that meets everything, or all of it with HOMEROOM_LAWS=full.

    few = settings(max_examples=examples(5, full=12))
    CASES = pairs([(stem, page, kind), …])          every two values that can meet do meet in a case
    CASES = in_turns(STEPS, AFTERWARDS)             every step once, with the other values in turns

`make test` takes the choice, `make laws` takes all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import combinations, cycle, product
from typing import Any, TypeVar

T = TypeVar("T")
FULL = os.environ.get("HOMEROOM_LAWS") == "full"


def examples(few: int, *, full: int) -> int:
    """Examples of a law."""
    return full if FULL else few


def in_turns(first: Iterable[T], other: Iterable[Any]) -> list[tuple[T, Any]]:
    """Each of the first once, with the others in turns."""
    return list(product(first, other)) if FULL else list(zip(first, cycle(other), strict=False))


def pairs(cases: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """As many of these cases as it takes until every two values that meet in one of them meet in a chosen one."""
    if FULL:
        return list(cases)
    met: set[tuple[tuple[int, Any], ...]] = set()
    left, chosen = {number: _pairs_of(case) for number, case in enumerate(cases)}, []
    while left:
        best = max(left, key=lambda number: (len(left[number] - met), -number))
        if left[best] <= met:
            break
        met |= left.pop(best)
        chosen.append(best)
    return [cases[number] for number in sorted(chosen)]


def _pairs_of(case: tuple[Any, ...]) -> set[tuple[tuple[int, Any], ...]]:
    return set(combinations(enumerate(case), 2))
