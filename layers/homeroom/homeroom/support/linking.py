"""Who somebody was at their first sign-in, where the roster does not hold the portal's id: shown, and forgotten."""

from __future__ import annotations

from typing import Any

from homeroom.apply.items import link_key, record_key
from homeroom.errors import NotFound, Refused
from homeroom.model.identities import candidates
from homeroom.model.integration import Integration
from homeroom.model.sign_in import Link
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.model.sign_in_events import Unlink
from homeroom.ports import World
from homeroom.support.audit import audit
from homeroom.support.stories import portal_words

EFFECT = "the next sign-in at this portal is matched anew, by the roster alone"


def unlink(event: Unlink, world: World) -> dict[str, Any]:
    """Remove the stored link of a person at a portal. Raises Refused and NotFound.

    The portal's id of the person is in no answer: it is the key to the account there.
    """
    integration = world.integrations.get(event.integration)
    person = _person(event.person, integration, world)
    there = [link for link in _links(person, integration, world, (event.portal, event.tenant))
             if link.portal == event.portal and event.tenant in ("", link.tenant)]
    if not there:
        raise NotFound("this person has no stored link at this portal",
                       remedy="`person` shows the links. Without one, each sign-in is matched by the roster already.")
    if len(there) > 1:
        raise Refused("the person has links at several tenants",
                      remedy=f"Name the tenant too: {', '.join(sorted(link.tenant for link in there))}.")
    link = there[0]
    audit(world, integration.id, "unlink", event.by, event.reason, person=link.person, portal=link.portal,
          tenant=link.tenant, rule=link.rule, linked_at=link.at)
    if not world.sign_ins.unlink(link):
        raise Refused("the link was changed meanwhile", remedy="Look with `person`, then ask again.")
    return {"integration": integration.id, "unlinked": _view(link), "effect": EFFECT}


def links_view(person: str, integration: Integration, world: World) -> list[dict[str, Any]]:
    """The stored links of a person, at the tenants that the district has now."""
    return [_view(link) for link in _links(person, integration, world)]


def would_be_found(identities: list[dict[str, Any]], integration: Integration) -> list[dict[str, Any]]:
    """By portal: whether sign-in would find this person, by which identity. Who may sign in is another question:
    `try_sign_in` answers it."""
    view = sign_in_view(integration.model_dump(mode="json"))
    told = []
    for name, portal in view.portals.items():
        words = portal_words(name)
        held = [one for one in identities if one["kind"] == portal.roster]
        good = any(one["leads_here"] for one in held)
        if not view.on:
            text = "sign-in is off for this integration"
        elif not portal.roster:
            text = f"nobody said which value of {words} equals which identity of the roster"
        elif good:
            text = f"by what {words} tells as {portal.told}, if it equals the {portal.roster} here"
        else:
            text = f"the person has no {portal.roster}" if not held else \
                f"somebody else has the same {portal.roster}: it leads to nobody"
        told.append({"portal": name, "by": portal.roster, "found": view.on and good, "text": text})
    return told


def _links(person: str, integration: Integration, world: World, at: tuple[str, str] = ("", "")) -> list[Link]:
    """Links at the district's tenants, and at the one named beside: it may have been the district's before."""
    view = sign_in_view(integration.model_dump(mode="json"))
    places = {(name, tenant) for name, portal in view.portals.items() for tenant in portal.tenants}
    places |= {at} if all(at) else set()
    found = [world.sign_ins.linked(integration.id, portal, tenant, person) for portal, tenant in sorted(places)]
    return [link for link in found if link is not None]


def _view(link: Link) -> dict[str, Any]:
    return {"person": link.person, "portal": link.portal, "tenant": link.tenant, "rule": link.rule, "at": link.at,
            "login": link.login_id}


def _person(identity: str, integration: Integration, world: World) -> str:
    """The internal id that an identity means. An archived or erased person is named by the internal id itself."""
    links = world.roster.get(link_key(integration.roster, link) for link in candidates(identity))
    people = sorted({str(link["person"]) for link in links})
    if len(people) > 1:
        raise Refused("this identity means several people", remedy="Give the internal id; `person` shows both.")
    if people and not world.roster.get([record_key(integration.roster, "people", identity)]):
        return people[0]
    return identity
