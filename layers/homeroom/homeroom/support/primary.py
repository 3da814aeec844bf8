"""Primary administrators (requirement C13): made by a person after the first load, and never changed by a sync.

Who they are stands with the integration and not in the roster, so a run has nothing to demote.
"""

from __future__ import annotations

from typing import Any

from homeroom.apply.items import link_key, record_key
from homeroom.errors import NotFound, Refused
from homeroom.model import events
from homeroom.model.identities import candidates
from homeroom.model.integration import Integration, Primary
from homeroom.ports import Item, World
from homeroom.products import needs_primary
from homeroom.support.audit import audit

_ADMINISTRATOR, _ACTIVE, _ARCHIVE = "administrator", "active", "archive"


def promote(event: events.Promote, world: World) -> dict[str, Any]:
    """Make an active administrator of the roster a primary one. May be repeated. Raises Refused and NotFound."""
    integration = world.integrations.get(event.integration)
    _refuse_without_need(integration)
    person = _administrator(event.person, integration, world)
    audit(world, integration.id, "promote", event.by, event.reason, person=person["id"])
    integration = world.integrations.get(integration.id)
    if any(one.person == person["id"] for one in integration.primary):
        return _told(integration, world, "is a primary administrator already")
    made = Primary(person=person["id"], by=event.by, at=world.clock.now(), reason=event.reason)
    integration = integration.model_copy(update={"primary": (*integration.primary, made)})
    world.integrations.put(integration)
    return _told(integration, world, "counts at once; no sync takes it back")


def demote(event: events.Demote, world: World) -> dict[str, Any]:
    """Take that back. By internal id also for somebody who left the roster. Raises Refused and NotFound."""
    integration = world.integrations.get(event.integration)
    known = {one.person for one in integration.primary}
    person = event.person if event.person in known else str(find_person(event.person, integration, world)["id"])
    if person not in known:
        raise Refused("this person is no primary administrator", remedy="`status` lists the primary administrators.")
    audit(world, integration.id, "demote", event.by, event.reason, person=person)
    integration = world.integrations.get(integration.id)
    left = tuple(one for one in integration.primary if one.person != person)
    integration = integration.model_copy(update={"primary": left})
    world.integrations.put(integration)
    return _told(integration, world, "counts at once" if left else "counts at once; now nobody is: promote another one")


def find_person(identity: str, integration: Integration, world: World) -> Item:
    """A person of the roster by internal id or by an identity of exactly one person.

    Raises NotFound, and Refused where the words are identities of several people.
    """
    links = world.roster.get(link_key(integration.roster, link) for link in candidates(identity))
    found = {str(link["person"]) for link in links}
    people = world.roster.get(record_key(integration.roster, "people", id) for id in sorted({identity, *found}))
    if not people:
        raise NotFound("nobody in this roster has that id, name or number",
                       remedy="Take the internal id, source id, username, number, or the email of staff.")
    if len(people) > 1:
        raise Refused(f"{len(people)} people could be meant", remedy="Take the internal id.")
    return people[0]


def _refuse_without_need(integration: Integration) -> None:
    if not needs_primary(integration):
        raise Refused("the products of this integration have no primary administrator",
                      remedy="Nothing to do: it is not needed here.")


def _administrator(identity: str, integration: Integration, world: World) -> Item:
    person = find_person(identity, integration, world)
    key = (person["owner"], person["member"])
    by_hand = any(overlay["action"] == _ARCHIVE for overlay in world.roster.overlays([key]))
    if person["status"] != _ACTIVE or by_hand:
        raise Refused("this person is archived in the roster",
                      remedy="Promote an active administrator, or share this one again at the source.")
    roles = {str(role).partition(":")[0] for role in person.get("roles") or ()}
    if person.get("role") != _ADMINISTRATOR and _ADMINISTRATOR not in roles:
        raise Refused(f"this person is no administrator in the roster but {person.get('role')}",
                      remedy="Promote an administrator, or give the role in the shared data and sync first.")
    return person


def _told(integration: Integration, world: World, effect: str) -> dict[str, Any]:
    return {"integration": integration.id, "primary": primary_view(integration, world), "effect": effect}


def primary_view(integration: Integration, world: World) -> list[dict[str, Any]]:
    """The primary administrators: internal id and source id (null of one who is in the roster no more), who promoted,
    when and why."""
    keys = {one.person: record_key(integration.roster, "people", one.person) for one in integration.primary}
    known = {str(item["id"]): item["source_id"] for item in (world.roster.get(keys.values()) if keys else ())}
    return [one.model_dump(mode="json") | {"source_id": known.get(one.person)} for one in integration.primary]
