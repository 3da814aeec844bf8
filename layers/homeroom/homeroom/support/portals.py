"""The addresses of the portals: compared with what a portal publishes, and taken over only by a person (threat T21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homeroom.errors import Refused
from homeroom.model.sign_in import PORTAL_NAMES, Portal, PortalName
from homeroom.model.sign_in_events import CheckPortal, CheckPortals
from homeroom.ports import World
from homeroom.sso.portals import PORTALS, compared, discovery_address, fit, offered
from homeroom.sso.stops import NoAnswer
from homeroom.sso.web import told
from homeroom.support.audit import audit
from homeroom.support.registering import PLACE

SAME = "The portal publishes what we use. Nothing changes."
CHANGED = "The accepted addresses count within a minute."
LEFT = "Nothing was changed: we go on using our own addresses."
READ = "Compare with the portal's own documentation. Is it so there too, take it with `accept`; else call the portal."
REFUSED = "What is not on the portal's own hosts, or of another issuer, can not be taken: call the portal."
_ADDRESSES = ("authorize", "token", "jwks", "userinfo", "api")


def check_portal(event: CheckPortal, world: World) -> dict[str, Any]:
    """What a portal publishes beside what we use; with `accept`, take what may be taken. Raises Refused."""
    portal = in_use(event.portal, world)
    document = _published(portal, world)
    differs = compared(portal, document, world.house.stage)
    takes = offered(portal, document, world.house.stage)
    answer = {"portal": portal.name, "words": portal.words, "differs": list(differs), "offered": dict(takes)}
    if event.accept and not takes:
        raise Refused("there is nothing that may be taken" + (f": {'; '.join(differs)}" if differs else ""),
                      remedy=REFUSED if differs else SAME)
    if not event.accept:
        advice = READ if takes else REFUSED if differs else ""
        return answer | _uses(portal) | {"effect": LEFT if differs else SAME, "advice": advice}
    if not (event.by and event.reason):
        raise Refused("who takes new addresses, and why, must be said", remedy="Name `by` and `reason`.")
    wanted = replace(portal, **takes)  # type: ignore[arg-type]
    wrong = fit(wanted, world.house.stage)
    if wrong:
        raise Refused("; ".join(wrong), remedy=REFUSED)
    audit(world, PLACE, "check_portal", event.by, event.reason, portal=portal.name,
          took={name: {"was": getattr(portal, name), "is": address} for name, address in takes.items()})
    world.sign_ins.accept_portal(wanted)
    return answer | _uses(wanted) | {"effect": CHANGED, "advice": ""}


def check_portals(_event: CheckPortals, world: World) -> dict[str, Any]:
    """The daily look: a portal that publishes something else is told to people. Nothing is taken by itself."""
    if not world.sign_ins.registrations():
        return {"checked": 0, "differs": [], "silent": []}
    found: dict[PortalName, str] = {}
    silent: list[PortalName] = []
    for name in PORTAL_NAMES:
        portal = in_use(name, world)
        try:
            differs = compared(portal, _published(portal, world), world.house.stage)
        except Refused:
            silent.append(name)
            continue
        if differs:
            found[name] = "; ".join(differs)
    if found:
        world.notices.publish(
            f"Homeroom: {' and '.join(PORTALS[name].words for name in found)} publish other sign-in addresses",
            " ".join(f"{PORTALS[name].words}: {words}." for name, words in found.items())
            + f" {LEFT} Next: `homeroom portal` shows it. {READ}")
    return {"checked": len(PORTAL_NAMES), "differs": sorted(found), "silent": silent}


def in_use(name: PortalName, world: World) -> Portal:
    """A portal with the addresses that count: the accepted ones, else the pinned."""
    return world.sign_ins.portal(name) or PORTALS[name]


def _published(portal: Portal, world: World) -> Mapping[str, Any]:
    """The portal's discovery document. Raises Refused where there is none to be read."""
    try:
        reply = world.web.get(discovery_address(portal), {})
        if reply.status != 200:
            raise NoAnswer(f"status {reply.status}")
        return told(reply)
    except NoAnswer as none:
        raise Refused(f"{portal.words} does not show its discovery document: {none.what}",
                      remedy=f"Look at {portal.status_page}, then ask again. Sign-in goes on as it is.") from None


def _uses(portal: Portal) -> dict[str, Any]:
    return {"issuer": portal.issuer, "uses": {name: getattr(portal, name) for name in _ADDRESSES}}
