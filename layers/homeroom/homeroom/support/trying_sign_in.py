"""What a sign-in would do for somebody, told in a minute: the very code of sign-in, asked with a value that staff type.

The value is neither kept nor told again, and nothing is written: no link, no attempt, no run is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeroom.apply.items import link_key, record_key
from homeroom.errors import Refused
from homeroom.model.integration import Integration
from homeroom.model.sign_in import Link, PortalName, Registration
from homeroom.model.sign_in_choices import SignInView, sign_in_view
from homeroom.model.sign_in_setup_events import TrySignIn
from homeroom.ports import World
from homeroom.products import products_of
from homeroom.products.refusals import PORTALS, TOLD_BY
from homeroom.sso.access import admit
from homeroom.sso.matching import as_edited, look
from homeroom.sso.stops import Stop
from homeroom.sso.subject import Subject
from homeroom.support.stories import next_step


def try_sign_in(event: TrySignIn, world: World) -> dict[str, Any]:
    """Who would be found, by which rule, in which role; or the page that would be shown. Raises Refused."""
    integration = world.integrations.get(event.integration)
    view = sign_in_view(integration.model_dump(mode="json"))
    portal = _portal(event, view)
    product = _product(event, integration)
    told = event.told or view.portals[portal].told
    view = _with_match(view, portal, told, event.roster)
    if not (told and view.portals[portal].roster):
        raise Refused(f"nothing says which value of {PORTALS[portal]} equals which identity of the roster",
                      remedy="Say as `told` what the value is and as `roster` which identity it should equal; or name "
                             "the match in the options.")
    answer: dict[str, Any] = {
        "integration": integration.id, "portal": portal, "product": product.product, "told": told, "on": view.on,
        "page": None, "reason": "", "rule": "", "person": None, "role": None, "roles": [],
    }
    subject = Subject(portal, "", event.value if told == "id" else "", {told: event.value}, event.role)
    links = _Links(world, view.portals[portal].tenants)
    try:
        found = look(subject, view, _Roster(world), links)
        answer |= {"rule": found.rule, "person": found.person}
        admitted = admit(found.record, event.role, view, product)
    except Stop as stop:
        return answer | {"page": stop.code, "reason": stop.reason, "advice": next_step(stop.code, stop.reason)}
    advice = "would sign in" if view.on else "would sign in, once sign-in is switched on"
    return answer | {"role": admitted.role, "roles": list(admitted.roles), "advice": advice}


def _with_match(view: SignInView, portal: PortalName, told: str, roster: str | None) -> SignInView:
    """The view with the match that is tried, where staff name one. Raises Refused for what the portal does not tell."""
    if roster is None:
        return view
    if told not in TOLD_BY[portal]:
        raise Refused(f"a match is made of what {PORTALS[portal]} tells",
                      remedy=f"Say as `told` one of: {', '.join(TOLD_BY[portal])}.")
    tried = replace(view.portals[portal], told=told, roster=roster)
    return replace(view, portals={**view.portals, portal: tried})


def _portal(event: TrySignIn, view: SignInView) -> PortalName:
    """The portal that was named, or the only one."""
    known: list[PortalName] = [name for name in ("clever", "classlink") if name in view.portals]
    if event.portal in known:
        return event.portal
    if event.portal is None and len(known) == 1:
        return known[0]
    raise Refused("people of this integration sign in at " + (" and ".join(PORTALS[name] for name in known) or "none"),
                  remedy="Name one of these portals; the options name a further one.")


def _product(event: TrySignIn, integration: Integration) -> Registration:
    """The product as far as access depends on it, by its name in the catalogue; the first one if none was named."""
    names = [product.name for product in products_of(integration.product_line, integration.products)] \
        if integration.product_line else []
    if not names:
        raise Refused("no product line is named, so nobody signs in", remedy="Name the product line with `connect`.")
    if event.product is not None and event.product not in names:
        raise Refused("the integration does not serve that product", remedy=f"Take one of: {', '.join(names)}.")
    return Registration(slug="", product=event.product or names[0], line=integration.product_line, redirect_uris=(),
                        initiate_uri="", home_url="", support_url="", secrets=(), apps=())


@dataclass(frozen=True)
class _Roster:
    """`homeroom.sso.ports.Rosters` of a world."""

    world: World

    def holder(self, roster: str, kind: str, value: str) -> str | None:
        found = self.world.roster.get([link_key(roster, f"{kind}#{value}")])
        return str(found[0]["person"]) if found else None

    def person(self, roster: str, person: str) -> Mapping[str, Any] | None:
        key = record_key(roster, "people", person)
        record = next(iter(self.world.roster.get([key])), None)
        return None if record is None else as_edited(record, next(iter(self.world.roster.overlays([key])), None))

    def applied_at(self, integration: str) -> str:
        at = self.world.runs.control(integration).applied_at
        return at.isoformat() if at else ""

    def waits(self, integration: str) -> tuple[int, bool]:
        control = self.world.runs.control(integration)
        return control.applied_run or 0, control.held_run is not None


@dataclass(frozen=True)
class _Links:
    """`homeroom.sso.ports.KnownLinks` of a world, at whichever of the district's tenants the subject is known."""

    world: World
    tenants: tuple[str, ...]

    def find(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        del tenant
        found = (self.world.sign_ins.link(integration, portal, one, subject) for one in self.tenants if subject)
        return next((link for link in found if link is not None), None)
