"""What may be kept of a source for the products of an integration, in the columns of OneRoster (requirement C14, C9).

A column that no product may receive is dropped before anything of it is stored; of parents, where none are stored,
nothing personal stays. What a record needs to be one is always kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from homeroom.model.entities import BY_FILE
from homeroom.products.rules import Rules

AGENTS = "agentSourcedIds"
METADATA = "metadata."
PARENTS = "parents"
"""Stands among the columns where parents are received."""


@dataclass(frozen=True)
class Received:
    """`dropped`: file stem → columns that are not kept, `metadata.` for all of these. `parents`: whether theirs are."""

    dropped: Mapping[str, frozenset[str]]
    parents: bool = True

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.parents and not any(self.dropped.values())

    def drops(self, stem: str, column: str) -> bool:
        """Whether a column of a file is not kept."""
        dropped = self.dropped.get(stem, frozenset())
        return column in dropped or (METADATA in dropped and column.startswith(METADATA))

    def words(self) -> tuple[str, ...]:
        """What is left out, as it is kept beside rows: `users.sms`, and `parents`."""
        columns = [f"{stem}.{column}" for stem, columns in self.dropped.items() for column in columns]
        return tuple(sorted([*columns, *([] if self.parents else [PARENTS])]))


EVERYTHING_RECEIVED = Received({})


def received_by(rules: Rules) -> Received:
    """What rows may be kept under these rules."""
    dropped = {stem: _dropped(stem, rules.fields[entity.name])
               for stem, entity in BY_FILE.items() if entity.name in rules.fields}
    if not rules.parents:
        dropped["users"] = dropped.get("users", frozenset()) | {AGENTS}
    return Received({stem: columns for stem, columns in dropped.items() if columns}, rules.parents)


def lacks(kept_without: Collection[str], now: Received) -> bool:
    """Whether rows that were kept without some words lack something that may be received now."""
    return bool(set(kept_without) - set(now.words()))


def _dropped(stem: str, wanted: Collection[str]) -> frozenset[str]:
    """Columns of a file whose field nobody may receive, and that no record needs."""
    fields = [field for field in BY_FILE[stem].carried if field.name not in wanted and not field.required]
    return frozenset(METADATA if field.kind == "extras" else field.column for field in fields)
