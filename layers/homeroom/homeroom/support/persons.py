"""A person as support sees one: record, identities, what lies over it by hand, classes, and where values are from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.apply.items import link_key, record_key, stored
from homeroom.errors import NotFound
from homeroom.model import events
from homeroom.model.identities import candidates, links_of
from homeroom.model.integration import Integration
from homeroom.ports import Item, World
from homeroom.support.linking import links_view, would_be_found

SIS, BY_HAND = "SIS", "by hand"
_LOOK = "An identity of several people leads to nobody; `explain` looks into the rows of the source too."


def person(event: events.FindPerson, world: World) -> dict[str, Any]:
    """Everybody whom this identity means: one person, or several where kinds of identity disagree. Raises NotFound."""
    integration = world.integrations.get(event.integration)
    roster = integration.roster
    links = world.roster.get(link_key(roster, link) for link in candidates(event.identity))
    ids = dict.fromkeys([event.identity, *sorted(str(link["person"]) for link in links)])
    people = world.roster.get(record_key(roster, "people", id) for id in ids)
    if not people:
        raise NotFound("nobody in this roster is known by that", remedy=_LOOK)
    return {"integration": integration.id, "people": [_view(world, integration, item) for item in people]}


def _view(world: World, integration: Integration, item: Item) -> dict[str, Any]:
    roster = integration.roster
    record, key = stored(item), (item["owner"], item["member"])
    over = next(iter(world.roster.overlays([key])), None)
    made = next((r for r in world.roster.by_hand(roster) if r.entity == "people" and r.id == record.id), None) \
        if item.get("by_hand") else None
    own = [BY_HAND, made.at, made.by] if made else [SIS]
    changed = (over.get("fields") or {}) if over else {}
    hand = [BY_HAND, over["at"], over["by"]] if over else []
    identities = _identities(world, roster, record.id, links_of(record.source_id, record.fields))
    return {
        "entity": record.entity, "id": record.id, "source_id": record.source_id, "status": record.status,
        "made_by_hand": made is not None, "run": item["run"],
        "fields": {name: {"value": changed.get(name, record.fields.get(name)),
                          "from": ", ".join(hand if name in changed else own)}
                   for name in dict.fromkeys([*record.fields, *changed])},
        "identities": identities,
        "sign_in": {"by": would_be_found(identities, integration), "links": links_view(record.id, integration, world)},
        "by_hand": {word: over[word] for word in ("action", "by", "at", "reason")} if over else None,
        "classes": _classes(world, key),
    }


def _identities(world: World, roster: str, id: str, links: list[str]) -> list[dict[str, Any]]:
    """Each identity, and whether it leads to this person: one that several have leads to nobody."""
    keys = {link_key(roster, link): link for link in links}
    holders = {(i["owner"], i["member"]): i["person"] for i in world.roster.get(keys)}
    told = []
    for key, link in keys.items():
        kind, _, value = link.partition("#")
        told.append({"kind": kind, "value": value, "leads_here": holders.get(key) == id})
    return told


def _classes(world: World, person: tuple[str, str]) -> list[dict[str, Any]]:
    found = world.roster.classes_of(person)
    keys = {item["owner"]: (item["owner"], "@") for item in found}
    titles: Mapping[str, Item] = {item["owner"]: item for item in world.roster.get(keys.values())}
    return [
        {"class": titles[item["owner"]]["source_id"] if item["owner"] in titles else None,
         "title": titles[item["owner"]].get("title") if item["owner"] in titles else None,
         **{word: item.get(word) for word in ("role", "status", "begin_date", "end_date")}}
        for item in found
    ]
