"""Changes by hand to records that the SIS owns. They hold until the next run, which overrides them (requirement C2)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from homeroom.apply.items import ENROLLMENTS, record_key, stored
from homeroom.aws.edit_items import edits_owner
from homeroom.errors import NotFound, Refused
from homeroom.model.integration import Integration
from homeroom.ports import Edit, Item, Key, World
from homeroom.support.audit import audit
from homeroom.support.times import schedule_view

ONLY_SHARED = "Make lasting changes in the shared data, at the SIS: a run overrides what is done here by hand."
"""Told with every change by hand of a synced record (requirement C2)."""


def edit_synced(world: World, integration: Integration, item: Item, fields: Mapping[str, Any], by: str,
                reason: str) -> dict[str, Any]:
    """Lay new values over a record until the next run; earlier ones of the same record stay under them."""
    over = _overlay(world, item)
    if over is not None and over["action"] == "archive":
        raise Refused("the record is archived by hand", remedy="Take that back with `release` first.")
    together = {**(over.get("fields") or {} if over else {}), **fields}
    audit(world, integration.id, "edit", by, reason, entity=item["entity"], id=item["id"], fields=sorted(fields))
    _keep(world, integration.roster, item, "edit", by, reason, together)
    return _told(world, integration, item, "edited")


def archive_synced(world: World, integration: Integration, item: Item, by: str, reason: str) -> dict[str, Any]:
    """Archive a record until the next run. Raises Refused for one that is archived already."""
    over = _overlay(world, item)
    if over is not None and over["action"] == "archive":
        raise Refused("the record is archived by hand already")
    archive_by_hand(world, integration.id, item["entity"], item["id"], by, reason)
    return _told(world, integration, item, "archived")


def release_synced(world: World, integration: Integration, item: Item, by: str, reason: str) -> dict[str, Any]:
    """Drop every edit of the record at once: the SIS's version counts. Raises Refused where there is none."""
    key = (item["owner"], item["member"])
    mine = [edit for edit in world.roster.edits(integration.roster) if edit.record == key and edit.action != "made"]
    if not mine:
        raise Refused("nothing was changed by hand in this record")
    audit(world, integration.id, "release", by, reason, entity=item["entity"], id=item["id"])
    world.roster.consume(mine)
    return {"entity": item["entity"], "id": item["id"], "made_by_hand": False, "edits": len(mine),
            "effect": "The SIS's version counts again, at once."}


def archive_by_hand(world: World, integration: str, entity: str, id: str, by: str, reason: str) -> Edit:
    """Archive one record until the next run: overlay and edit entry in one transaction.

    `id` is the internal id. Raises NotFound for an unknown record, Refused for one that is archived already and for
    enrollments, which have no life of their own.
    """
    roster = world.integrations.get(integration).roster
    if entity == ENROLLMENTS:
        raise Refused("an enrollment of the SIS is not changed by hand", remedy="Change it in the SIS.")
    item = _record(world, record_key(roster, entity, id))
    audit(world, integration, "archive", by, reason, entity=entity, id=id)
    return _keep(world, roster, item, "archive", by, reason, None)


def _keep(world: World, roster: str, item: Item, action: str, by: str, reason: str,
          fields: Mapping[str, Any] | None) -> Edit:
    at = world.clock.now().isoformat(timespec="microseconds")
    edit = Edit(
        entity=item["entity"], id=item["id"], source_id=stored(item).source_id, action=action,
        item=(edits_owner(roster), f"{at}#{uuid.uuid4().hex}"), record=(item["owner"], item["member"]), by=by, at=at,
        fields=fields,
    )
    world.roster.edit(edit, reason)
    return edit


def _overlay(world: World, item: Item) -> Item | None:
    return next(iter(world.roster.overlays([(item["owner"], item["member"])])), None)


def _told(world: World, integration: Integration, item: Item, done: str) -> dict[str, Any]:
    """The answer: what was done, until when it holds, and where lasting changes belong."""
    following = schedule_view(integration, world.clock.now())
    until = following["next_local"]
    by_schedule = f"; by schedule that is {datetime.fromisoformat(until):%a %Y-%m-%d %H:%M}" if until else ""
    when = f"The next run overrides it{by_schedule}"
    return {
        "entity": item["entity"], "id": item["id"], "source_id": item["source_id"], "made_by_hand": False,
        "done": done, "until": following["next_run"], "schedule": following["schedule"],
        "effect": f"{when}, also when the source did not change; a file that lands starts one sooner.",
        "advice": ONLY_SHARED,
    }


def _record(world: World, key: Key) -> Item:
    found = world.roster.get([key])
    if not found:
        raise NotFound("there is no such record")
    if found[0]["status"] != "active":
        raise Refused("the record is archived already")
    return found[0]
