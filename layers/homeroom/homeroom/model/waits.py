"""Which changes of a plan wait for a person, where the rest may go on (option `on_hold`: removals wait)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Waits:
    """What the tripped guards of a verdict hold back. A change waits if any of these says so.

    `everything`: no change is applied at all, whatever the rest says. `removals`: archives of every kind of record.
    `creations`: creates of every kind of record. `schools` (source ids): archives of people, their contacts, classes
    and enrollments of these schools; a person of several schools waits with any of them. `classes` (source ids): every
    change of these classes and of the enrollments in them, so that such a class stays as it is.

    What would hang in the air follows: a person, class or school is not archived before what waits and points to it,
    and nothing is created or changed so that it points to what waits to be created.
    """

    everything: bool = False
    removals: bool = False
    creations: bool = False
    schools: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether the whole plan may be applied."""
        return not (self.everything or self.removals or self.creations or self.schools or self.classes)

    def __or__(self, other: Waits) -> Waits:
        """Both together."""
        return Waits(
            self.everything or other.everything, self.removals or other.removals, self.creations or other.creations,
            self.schools | other.schools, self.classes | other.classes,
        )


NO_WAITS = Waits()
ALL_WAITS = Waits(everything=True)
