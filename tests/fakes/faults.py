"""A process that dies: every write of the memory world is a step, and a crash can be armed before any of them."""

from __future__ import annotations

from dataclasses import dataclass, field


class Crash(BaseException):
    """The process was killed here. Not an Exception: no clean-up of the code under test may run."""


@dataclass
class Faults:
    """Counts write steps; raises before step number `at` (1 = the first), so that exactly `at - 1` steps happened."""

    at: int | None = None
    error: BaseException | None = None
    """What is raised; a Crash when left out."""
    steps: list[str] = field(default_factory=list)
    fired: bool = False

    def step(self, name: str) -> None:
        """Called by the stores right before each single write."""
        if self.at is not None and not self.fired and len(self.steps) + 1 == self.at:
            self.fired = True
            raise self.error if self.error is not None else Crash(f"before {name}")
        self.steps.append(name)

    def arm(self, at: int, error: BaseException | None = None) -> None:
        """Crash before the `at`-th step from now on."""
        self.at, self.error, self.fired = len(self.steps) + at, error, False
