"""Records made by hand as items: beside each record an entry that the next plan reads.

    owner            member            item
    <roster>#HAND    <entity>#<id>     the record whole, as it was made: who, when, why, and its fields
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.model.byhand import HandRecord
from homeroom.ports import Item, Key


def hand_owner(roster: str) -> str:
    """Partition of all records of a roster that were made by hand."""
    return f"{roster}#HAND"


def hand_key(roster: str, entity: str, id: str) -> Key:
    """Key of the entry of one record."""
    return hand_owner(roster), f"{entity}#{id}"


def hand_item(roster: str, record: HandRecord) -> Item:
    """The entry of a record."""
    owner, member = hand_key(roster, record.entity, record.id)
    return {
        "owner": owner, "member": member, "entity": record.entity, "id": record.id, "source_id": record.source_id,
        "status": record.status, "by": record.by, "at": record.at, "reason": record.reason,
        "released": record.released, "fields": dict(record.fields), "refs": dict(record.refs),
    }


def hand_of(item: Mapping[str, Any]) -> HandRecord:
    """The record of an entry."""
    return HandRecord(
        entity=item["entity"], id=item["id"], source_id=item["source_id"], status=item["status"], by=item["by"],
        at=item["at"], reason=item["reason"], released=item["released"], fields=item["fields"], refs=item["refs"],
    )
