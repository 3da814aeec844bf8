"""Changes by hand to records that the SIS owns. They hold until the next run, which overrides them (requirement C2)."""

from __future__ import annotations

import uuid

from homeroom.apply.items import ENROLLMENTS, record_key, stored
from homeroom.aws.edit_items import edits_owner
from homeroom.errors import NotFound, Refused
from homeroom.ports import Edit, Item, Key, World
from homeroom.support.audit import audit


def archive_by_hand(world: World, integration: str, entity: str, id: str, by: str, reason: str) -> Edit:
    """Archive one record until the next run: overlay and edit entry in one transaction.

    `id` is the internal id. Raises NotFound for an unknown record, Refused for one that is archived already and for
    enrollments, which have no life of their own.
    """
    roster = world.integrations.get(integration).roster
    if entity == ENROLLMENTS:
        raise Refused("an enrollment is not archived by hand", remedy="Change it in the SIS.")
    key = record_key(roster, entity, id)
    item = _record(world, key)
    at = world.clock.now().isoformat(timespec="microseconds")
    edit = Edit(
        entity=entity, id=id, source_id=stored(item).source_id, action="archive",
        item=(edits_owner(roster), f"{at}#{uuid.uuid4().hex}"), record=key, by=by, at=at,
    )
    audit(world, integration, "archive", by, reason, entity=entity, id=id)
    world.roster.edit(edit, reason)
    return edit


def _record(world: World, key: Key) -> Item:
    found = world.roster.get([key])
    if not found:
        raise NotFound("there is no such record")
    if found[0]["status"] != "active":
        raise Refused("the record is archived already")
    return found[0]
