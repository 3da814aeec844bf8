"""Parts of the outside world that are made when they are first used, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


class SystemClock:
    """The time of the machine, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class _Late:
    def __init__(self, make: Callable[[], Any]):
        self._make = cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


def late(make: Callable[[], T]) -> T:
    """A part that is made at its first use: a function lacks the settings, imports and rights of parts it never uses.
    """
    return cast(T, _Late(make))
