"""What staff do by hand: make records that the SIS does not have, and change or archive any record.

A record made by hand is whole and lasts: item, entry and identity links are one transaction. One of the SIS changes
until the next run only (`homeroom.support.edits`). The audit names fields, never values.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from homeroom.apply.items import ENROLLMENTS, link_key, made_item, record_key
from homeroom.aws.edit_items import edits_owner, entry_item
from homeroom.aws.hand_items import hand_item
from homeroom.errors import NotFound, Refused
from homeroom.model import events
from homeroom.model.byhand import HAND, HandRecord
from homeroom.model.entities import ENTITIES
from homeroom.model.identities import links_of
from homeroom.model.ids import mint
from homeroom.model.integration import Integration
from homeroom.ports import Edit, Item, Key, World
from homeroom.products import rules_of
from homeroom.support.audit import audit
from homeroom.support.edits import archive_synced, edit_synced, release_synced
from homeroom.support.hand_fields import DEFAULTS, given_fields, whole_fields
from homeroom.support.hand_references import find_record, pointed
from homeroom.support.rules import leased

AT_ONCE = 30
"""Records that one operation changes together, at most: three items each, and a transaction has room for a hundred."""
_FIXED: Mapping[str, tuple[str, ...]] = {
    "enrollments": ("class", "person", "role"), "contacts": ("student", "guardian"),
}
"""What makes these records what they are: it does not change."""
_HANGS_ON: Mapping[str, tuple[tuple[str, str], ...]] = {
    "people": (("enrollments", "person"), ("contacts", "student"), ("contacts", "guardian")),
    "classes": (("enrollments", "class"),),
}


def create(event: events.CreateRecord, world: World) -> dict[str, Any]:
    """Make a record that the SIS does not have. Raises Refused where it, or one of its identities, is there already."""
    integration = world.integrations.get(event.integration)
    _refuse_running(integration, world)
    roster, entity = integration.roster, event.entity
    told = whole_fields(entity, {**DEFAULTS.get(entity, {}), **_given(integration, entity, event.fields)}
                        | ({"school": "of its class"} if entity == ENROLLMENTS else {}))
    where = pointed(world, roster, entity, told)
    source_id = event.source_id or f"{HAND}{uuid.uuid4().hex}"
    record = HandRecord(
        entity=entity, id=_minted(roster, entity, source_id), source_id=source_id, status="active", by=event.by,
        at=_now(world), reason=event.reason, fields=whole_fields(entity, where.fields), refs=where.refs,
    )
    if find_record(world, roster, entity, source_id) is not None:
        raise Refused("a record with this source id is there already", remedy="Edit it, or choose another source id.")
    audit(world, integration.id, "create", event.by, event.reason, entity=entity, id=record.id,
          fields=sorted(record.fields))
    links = [_link(roster, record, link) for link in _links(record)]
    _refuse_held(world, links)
    world.roster.make([made_item(roster, record), hand_item(roster, record)], new=True, links=links,
                      wakes=[_wake(roster, record)])
    return _told(record, "created", "It is in the roster at once, and no run changes it unless the SIS gets it too.")


def edit(event: events.EditRecord, world: World) -> dict[str, Any]:
    """Change fields: of a record made by hand for good, of one of the SIS until the next run."""
    integration = world.integrations.get(event.integration)
    given = _given(integration, event.entity, event.fields)
    record = _made(world, integration, event.entity, event.record)
    if record is None:
        item = _synced(world, integration, event.entity, event.record)
        needed = [f.name for f in ENTITIES[event.entity].fields if f.required and given.get(f.name, "") is None]
        if needed:
            raise Refused(f"{', '.join(needed)} can not be empty")
        return edit_synced(world, integration, item, given, event.by, event.reason)
    _refuse_running(integration, world)
    _refuse_archived(record)
    fixed = [name for name in _FIXED.get(record.entity, ()) if name in given]
    if fixed:
        raise Refused(f"{', '.join(fixed)} can not change", remedy="Archive the record and create another one.")
    told = {**record.fields, **record.refs, **given}
    where = pointed(world, integration.roster, record.entity, whole_fields(record.entity, told))
    after = replace(record, fields=whole_fields(record.entity, where.fields), refs=where.refs, by=event.by,
                    at=_now(world), reason=event.reason)
    audit(world, integration.id, "edit", event.by, event.reason, entity=record.entity, id=record.id,
          fields=sorted(given))
    _write(world, integration.roster, [(record, after)])
    return _told(after, "edited", "It was made by hand: the change lasts.")


def archive(event: events.ArchiveRecord, world: World) -> dict[str, Any]:
    """Archive a record: made by hand for good, with what hangs on it; of the SIS until the next run."""
    integration = world.integrations.get(event.integration)
    record = _made(world, integration, event.entity, event.record)
    if record is None:
        item = _synced(world, integration, event.entity, event.record)
        return archive_synced(world, integration, item, event.by, event.reason)
    _refuse_running(integration, world)
    _refuse_archived(record)
    leave = [record, *_hanging(record, world.roster.by_hand(integration.roster))]
    if len(leave) > AT_ONCE:
        raise Refused(f"{len(leave) - 1} records made by hand hang on it", remedy="Archive those first.")
    audit(world, integration.id, "archive", event.by, event.reason, entity=record.entity, id=record.id,
          records=len(leave))
    at = _now(world)
    _write(world, integration.roster, [
        (one, replace(one, status="archived", by=event.by, at=at, reason=event.reason)) for one in leave])
    return _told(replace(record, status="archived"), "archived",
                 "It was made by hand: it stays archived until `release` brings it back.") | {"with_it": len(leave) - 1}


def release(event: events.ReleaseRecord, world: World) -> dict[str, Any]:
    """Take back what was done by hand: an edit or archive of the SIS's record at once; a record made by hand is handed
    over to the SIS when it has it too, or, if archived, brought back."""
    integration = world.integrations.get(event.integration)
    record = _made(world, integration, event.entity, event.record)
    if record is None:
        item = _synced(world, integration, event.entity, event.record)
        return release_synced(world, integration, item, event.by, event.reason)
    _refuse_running(integration, world)
    audit(world, integration.id, "release", event.by, event.reason, entity=record.entity, id=record.id)
    if record.status == "archived":
        pointed(world, integration.roster, record.entity, {**record.fields, **record.refs})
        after = replace(record, status="active", by=event.by, at=_now(world), reason=event.reason)
        _write(world, integration.roster, [(record, after)])
        return _told(after, "restored", "It is active again.")
    after = replace(record, released=True, at=_now(world))
    _write(world, integration.roster, [(record, after)])
    return _told(after, "released", "The next run hands it over if the SIS has the same identity; until then it stays.")


def by_hand(event: events.ListByHand, world: World) -> dict[str, Any]:
    """Everything that was done by hand: records made, and edits that wait for the next run."""
    integration = world.integrations.get(event.integration)
    made = _listed(world, integration)
    edits = [edit for edit in world.roster.edits(integration.roster) if edit.action != "made"]
    return {
        "integration": integration.id,
        "records": [
            {"entity": r.entity, "id": r.id, "source_id": r.source_id, "status": r.status, "released": r.released,
             "by": r.by, "at": r.at, "reason": r.reason} for r in made],
        "edits": [
            {"entity": e.entity, "id": e.id, "source_id": e.source_id, "action": e.action, "by": e.by, "at": e.at,
             "fields": sorted(e.fields or ())} for e in edits],
        "advice": "Records made by hand last as long as the policy of the product line says; the next run overrides "
                  "every edit of a record of the SIS.",
    }


def _minted(roster: str, entity: str, source_id: str) -> str:
    """The internal id. Enrollments can not be looked up, so theirs are none that an enrollment of the SIS can have."""
    return mint(roster, entity, f"{HAND}{source_id}" if entity == ENROLLMENTS else source_id)


# ---------------------------------------------------------------- finding

def _refuse_running(integration: Integration, world: World) -> None:
    """A run and a hand must not write the same record. Edits of the SIS's records stand beside them, and may come."""
    control = world.runs.control(integration.id)
    if leased(control, world.clock.now()):
        raise Refused(f"run {control.lease_run} is on", remedy="Ask again when it has ended.")


def _given(integration: Integration, entity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return given_fields(entity, fields, rules_of(integration).fields.get(entity))


def _listed(world: World, integration: Integration) -> list[HandRecord]:
    """Records made by hand that are not the SIS's by now: an interrupted undo may leave an entry too many."""
    made = world.roster.by_hand(integration.roster)
    items = {(i["owner"], i["member"]) for i in world.roster.get(_key(integration.roster, r) for r in made)
             if i.get("by_hand")}
    return [record for record in made if _key(integration.roster, record) in items]


def _made(world: World, integration: Integration, entity: str, word: str) -> HandRecord | None:
    """The record made by hand of this internal id or source id."""
    return next((r for r in _listed(world, integration) if r.entity == entity and word in (r.id, r.source_id)), None)


def _synced(world: World, integration: Integration, entity: str, word: str) -> Item:
    if entity == ENROLLMENTS:
        raise Refused("an enrollment of the SIS is not changed by hand", remedy="Change it in the SIS.")
    item = find_record(world, integration.roster, entity, word)
    if item is None:
        raise NotFound("there is no such record", remedy="Take its internal id or source id; `person` finds people.")
    if item["status"] != "active":
        raise Refused("the record is archived already", remedy="It comes back when the SIS has it again.")
    return item


def _refuse_archived(record: HandRecord) -> None:
    if record.status == "archived":
        raise Refused("the record is archived", remedy="Bring it back with `release` first.")


def _hanging(record: HandRecord, made: Iterable[HandRecord]) -> list[HandRecord]:
    """Active records made by hand that can not be without this one."""
    hung = _HANGS_ON.get(record.entity, ())
    return [r for r in made if r.status == "active"
            and any(r.entity == entity and r.refs.get(name) == record.id for entity, name in hung)]


# ---------------------------------------------------------------- writing

def _write(world: World, roster: str, changes: list[tuple[HandRecord, HandRecord]]) -> None:
    """Write records anew with their entries; identity links follow their people. A link that a person should have and
    has not is somebody else's as well: nobody has it, and only a plan may give it back."""
    puts = [item for _, after in changes for item in (made_item(roster, after), hand_item(roster, after))]
    wanted = [_link(roster, after, link) for _, after in changes for link in _links(after)]
    held = {(i["owner"], i["member"]): i["person"] for i in world.roster.get(
        _link_key(roster, link) for before, after in changes for link in {*_links(before), *_links(after)})}
    had = {_link_key(roster, link) for before, _ in changes for link in _links(before)}
    new = [link for link in wanted if (key := (link["owner"], link["member"])) not in held and key not in had]
    _refuse_held(world, wanted)
    stay = {(link["owner"], link["member"]) for link in wanted}
    left = {link: one for before, _ in changes for link in _links(before)
            if ((one := _link(roster, before, link))["owner"], one["member"]) not in stay}
    gone = [one for one in left.values() if held.get((one["owner"], one["member"])) == one["person"]]
    world.roster.make(puts, new=False, links=new, gone=gone, wakes=[_wake(roster, changes[0][1], tuple(left))])


def _links(record: HandRecord) -> list[str]:
    """Identity links of a person made by hand: only while active."""
    if record.entity != "people" or record.status != "active":
        return []
    return list(dict.fromkeys(links_of(record.source_id, record.fields)))


def _link(roster: str, record: HandRecord, link: str) -> Item:
    owner, member = _link_key(roster, link)
    return {"owner": owner, "member": member, "kind": link.partition("#")[0], "person": record.id, "run": 0}


def _link_key(roster: str, link: str) -> Key:
    return link_key(roster, link)


def _refuse_held(world: World, links: list[Item]) -> None:
    """Nobody gets an identity that somebody else has. Kinds are told, never values."""
    wanted = {(link["owner"], link["member"]): link for link in links}
    taken = sorted({item["kind"] for item in world.roster.get(wanted)
                    if item["person"] != wanted[item["owner"], item["member"]]["person"]})
    if taken:
        raise Refused(f"somebody else has this {' and this '.join(taken)}",
                      remedy="Look for that person with `person`; edit that record, or choose another value.")


def _wake(roster: str, record: HandRecord, left: tuple[str, ...] = ()) -> Item:
    """An entry that lets the next run plan although its source did not change; `left` are identities given up."""
    edit = Edit(
        entity=record.entity, id=record.id, source_id=record.source_id, action="made",
        item=(edits_owner(roster), f"{record.at}#{uuid.uuid4().hex}"), record=_key(roster, record), by=record.by,
        at=record.at, left=left,
    )
    return entry_item(edit, record.reason)


def _key(roster: str, record: HandRecord) -> Key:
    if record.entity != ENROLLMENTS:
        return record_key(roster, record.entity, record.id)
    item = made_item(roster, record)
    return item["owner"], item["member"]


def _now(world: World) -> str:
    return world.clock.now().isoformat(timespec="microseconds")


def _told(record: HandRecord, done: str, effect: str) -> dict[str, Any]:
    return {"entity": record.entity, "id": record.id, "source_id": record.source_id, "status": record.status,
            "made_by_hand": True, "released": record.released, "done": done, "effect": effect}
