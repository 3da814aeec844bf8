"""Hand edits as items of the roster table: an overlay beside the record and an entry that the next plan reads.

    owner               member                 item
    the record's        <member>|overlay       overlay: staff's, never written by apply
    <roster>#EDITS      <iso time>#<edit id>   entry: waits for the next plan

Both carry the same words; the overlay names its entry (`edit`), so that only its own edit may remove it.
"""

from __future__ import annotations

from homeroom.ports import Edit, Item, Key

OVERLAY = "|overlay"


def edits_owner(roster: str) -> str:
    """Partition of all hand edits of a roster that wait."""
    return f"{roster}#EDITS"


def overlay_key(record: Key) -> Key:
    """Key of the overlay beside a record."""
    return record[0], record[1] + OVERLAY


def overlay_item(edit: Edit, reason: str) -> Item:
    """What readers of the record see over it until the next run."""
    owner, member = overlay_key(edit.record)
    return {"owner": owner, "member": member, "edit": edit.item[1], **_words(edit, reason)}


def entry_item(edit: Edit, reason: str) -> Item:
    """What the next plan takes in."""
    owner, member = edit.item
    record_owner, record_member = edit.record
    place = {"record_owner": record_owner, "record_member": record_member}
    left = {"left": list(edit.left)} if edit.left else {}
    return {"owner": owner, "member": member, **place, **left, **_words(edit, reason)}


def edit_of(entry: Item) -> Edit:
    """The edit of an entry."""
    return Edit(
        entity=entry["entity"], id=entry["id"], source_id=entry["source_id"], action=entry["action"],
        item=(entry["owner"], entry["member"]), record=(entry["record_owner"], entry["record_member"]),
        by=entry["by"], at=entry["at"], fields=entry.get("fields"), left=tuple(entry.get("left", ())),
    )


def _words(edit: Edit, reason: str) -> Item:
    words: Item = {
        "entity": edit.entity, "id": edit.id, "source_id": edit.source_id, "action": edit.action,
        "by": edit.by, "at": edit.at, "reason": reason,
    }
    return words if edit.fields is None else words | {"fields": dict(edit.fields)}
