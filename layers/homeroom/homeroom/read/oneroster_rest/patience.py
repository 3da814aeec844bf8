"""How long a read may wait in all, and what ends one slice of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from homeroom.read.http import Patience
from homeroom.read.polling import Poll, within

RUN_SECONDS = 1800.0
"""What the slices of one run may wait together."""


@dataclass
class RunPatience(Patience):
    """What is left of a run's waiting. Threads that wait side by side spend the time once.

    `used` counts what this slice spent; `over` lets nobody wait any more.
    """

    used: float = 0.0
    over: bool = False
    _waits_until: float = 0.0

    def spend(self, seconds: float) -> bool:
        with self._lock:
            now = self.now().timestamp()
            ends = max(self._waits_until, now + seconds)
            cost = ends - max(self._waits_until, now)
            if self.over or cost > self.seconds:
                return False
            self.seconds -= cost
            self.used += cost
            self._waits_until = ends
        self.wait(seconds)
        return True


def patience_of(asked: Poll, used: float) -> RunPatience:
    """What a slice may wait: what the slices before left of the run's budget, and not beyond its own end."""
    return RunPatience(seconds=max(0.0, RUN_SECONDS - used), wait=within(asked, time.sleep))
