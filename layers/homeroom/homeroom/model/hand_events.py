"""Operations on records by hand, and on the primary administrators (requirements C2, C3, C13)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from homeroom.model.frozen import Frozen
from homeroom.model.selection import EntityName

RECORD = Field(min_length=1, max_length=255, description="internal id or source id of the record")


class _ByHand(Frozen):
    integration: str
    entity: EntityName
    record: str = RECORD
    by: str = Field(min_length=1)
    reason: str


class EditRecord(_ByHand):
    """Change fields of a record. Of the SIS: until the next run. Made by hand: for good."""

    operation: Literal["edit"]
    fields: dict[str, Any] = Field(min_length=1, description="canonical field → new value; null empties it")


class ArchiveRecord(_ByHand):
    """Archive a record. Of the SIS: until the next run, which brings it back. Made by hand: for good."""

    operation: Literal["archive"]


class ReleaseRecord(_ByHand):
    """Take back what was done by hand to a record: the SIS's version counts again at once."""

    operation: Literal["release"]


class CreateRecord(Frozen):
    """Make a record that the SIS does not have. `source_id`: the id it has in the SIS, if it will come from there."""

    operation: Literal["create"]
    integration: str
    entity: Literal["people", "classes", "enrollments", "contacts"]
    fields: dict[str, Any] = Field(min_length=1)
    source_id: str | None = Field(default=None, min_length=1, max_length=255)
    by: str = Field(min_length=1)
    reason: str


class ListByHand(Frozen):
    """Everything of an integration that was done by hand: records made, and edits that wait for the next run."""

    operation: Literal["by_hand"]
    integration: str


class FindPerson(Frozen):
    """A person by an identity: source id, username, number, email of staff, or internal id."""

    operation: Literal["person"]
    integration: str
    identity: str = Field(min_length=1, max_length=255)


class Promote(Frozen):
    """Make an administrator a primary administrator (requirement C13)."""

    operation: Literal["promote"]
    integration: str
    person: str = RECORD
    by: str = Field(min_length=1)
    reason: str = ""


class Demote(Frozen):
    """Take that back."""

    operation: Literal["demote"]
    integration: str
    person: str = RECORD
    by: str = Field(min_length=1)
    reason: str = ""
