"""Records that people made by hand beside the SIS (requirements C2, C3), and changes by hand to records of the SIS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HAND = "hand:"
"""Source ids of records made by hand begin so, where nobody gave them an id of the SIS."""


@dataclass(frozen=True)
class HandRecord:
    """A record made by hand, whole. References are source ids, as in any record: of the SIS or of other hand records.

    `id` is its internal id, which it keeps if the SIS turns out to have it too. `status` is active or archived.
    `released`: it may be adopted by a record of the SIS even where the products leave such records alone.
    `at` is an ISO time in UTC; `fields` are canonical fields without nulls (lists as lists, dates `YYYY-MM-DD`).
    `refs` are the internal ids of what the references meant when they were made, by field name: those count. A source
    id may change, when the SIS takes over a record made by hand or comes under new ids; an internal id never does.
    """

    entity: str
    id: str
    source_id: str
    status: str
    by: str
    at: str
    reason: str = ""
    released: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    refs: Mapping[str, Any] = field(default_factory=dict)

    def making(self) -> dict[str, Any]:
        """How it was made, as operations carry it beside its fields."""
        return {"by": self.by, "at": self.at, "reason": self.reason, "released": self.released,
                "refs": dict(self.refs)}
