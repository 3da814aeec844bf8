"""Waiting for something that another process does: looked at often, for a bounded time, and never for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 30.0, what: str = "it") -> T:
    """The first true answer of `look`; fails with the last answer when none came in time."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s; last seen: {answer!r}"
        time.sleep(0.05)
    return answer
