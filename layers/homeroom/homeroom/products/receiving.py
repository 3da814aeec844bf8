"""What may be kept of a source for the products of an integration, in the columns of OneRoster (requirement C14, C9).

A column that no product may receive is dropped before anything of it is stored; of parents, where none are stored,
nothing personal stays. What a record needs to be one is always kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.model.entities import BY_FILE, PEOPLE
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES, plain
from homeroom.products.rules import Rules

AGENTS = "agentSourcedIds"
METADATA = "metadata."
PARENTS = "parents"
"""Stands among the columns where parents are received."""


USERS = "users"
NOBODY = "-"
"""Stands where a record must have a name, and the name may not be kept."""
STAYS = frozenset({"sourcedId", "status", "dateLastModified", "enabledUser", "role", "roles", "orgSourcedIds"})
"""What is not personal of a user: that there is one, what they are, and where."""
NEEDED = frozenset(field.column for field in PEOPLE.carried if field.required) - STAYS


def means_parent(word: str) -> bool:
    """Whether a role, however it is spelt, is that of a parent or guardian."""
    return ROLES.spellings().get(plain(word.strip())) in GUARDIAN_ROLES


def only_parent(role: str | None, roles: str | None) -> bool:
    """Whether somebody is a parent and nothing else; `roles` are `role:org` items in one cell."""
    items = [item.rpartition(":")[0] for item in (roles or "").split(",") if item]
    return role is not None and means_parent(role) and all(map(means_parent, items))


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

    def row(self, stem: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """One row of a file without what is not kept; of a parent whose data is not kept, without what is personal."""
        if self.everything:
            return dict(row)
        kept = {column: value for column, value in row.items() if not self.drops(stem, column)}
        if self.parents or stem != USERS or not only_parent(kept.get("role"), kept.get("roles")):
            return kept
        return {column: value if column in STAYS else NOBODY if column in NEEDED else None
                for column, value in kept.items()}

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
        dropped[USERS] = dropped.get(USERS, frozenset()) | {AGENTS}
    return Received({stem: columns for stem, columns in dropped.items() if columns}, rules.parents)


def lacks(kept_without: Collection[str], now: Received) -> bool:
    """Whether rows that were kept without some words lack something that may be received now."""
    return bool(set(kept_without) - set(now.words()))


def _dropped(stem: str, wanted: Collection[str]) -> frozenset[str]:
    """Columns of a file whose field nobody may receive, and that no record needs."""
    fields = [field for field in BY_FILE[stem].carried if field.name not in wanted and not field.required]
    return frozenset(METADATA if field.kind == "extras" else field.column for field in fields)
