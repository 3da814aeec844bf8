"""A part of a plan: what a person approves, undoes or looks at. Every list that is not empty must be met."""

from __future__ import annotations

from typing import Literal

from homeroom.model.frozen import Frozen

EntityName = Literal["orgs", "terms", "courses", "people", "contacts", "classes", "enrollments"]
ChangeName = Literal["create", "update", "archive", "restore", "adopt"]


class Selection(Frozen):
    """Changes of a plan, by kind of record, kind of change, school, class or record; empty: all of them.

    `schools` and `classes` are source ids; a record belongs to them if it is one, is in one, or hangs on one.
    `records` are internal ids or source ids; what hangs on a chosen record (enrollments, contacts) belongs to it.
    """

    entities: tuple[EntityName, ...] = ()
    changes: tuple[ChangeName, ...] = ()
    schools: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    records: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.entities or self.changes or self.schools or self.classes or self.records)


EVERYTHING = Selection()
