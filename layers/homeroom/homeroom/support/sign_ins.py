"""What became of sign-ins: one attempt as a story, the newest of a district, and how many ended how."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import Any

from homeroom.errors import NotFound, Refused
from homeroom.model.integration import Integration
from homeroom.model.sign_in import SIGNED_IN, Attempt
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.model.sign_in_events import ListSignIns, ShowSignIn
from homeroom.ports import World
from homeroom.products import products_of
from homeroom.sso.values import reference
from homeroom.support.stories import came, cause, in_short, story, turn

MOST_COUNTED = 20_000
"""Attempts that are counted in one answer; of more, the newest."""
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""Letters that no reference has, and the digits that they are taken for."""
KEPT = "History is kept for 90 days. The reference stands on every failure page, and as `lid` in the product's token."


def sign_in(event: ShowSignIn, world: World) -> dict[str, Any]:
    """The whole story of one sign-in, in words. Raises NotFound."""
    attempt = heard(event.login, world)
    if attempt is None:
        raise NotFound("no sign-in has this reference", remedy=KEPT)
    district = _district(attempt.integration, world)
    return {
        "login": attempt.login_id, "at": attempt.at, "outcome": attempt.outcome, "product": attempt.product,
        "portal": attempt.portal, "app": attempt.app, "integration": attempt.integration, "district": district,
        "tenant": attempt.tenant, "came": came(attempt), "reason": attempt.reason, "rule": attempt.rule,
        "role": attempt.role, "person": attempt.person, "hops": attempt.hops, "unsolicited": attempt.unsolicited,
        "redeemed_at": attempt.redeemed_at, "schools": list(attempt.schools), "story": story(attempt, district),
    } | cause(attempt) | turn(attempt, world.clock.now())


def heard(login: str, world: World) -> Attempt | None:
    """The attempt of a reference as somebody read it out: small letters, the letters O, I and L for digits."""
    return world.sign_ins.attempt(login) or world.sign_ins.attempt(login.upper().translate(_MISREAD))


def sign_ins(event: ListSignIns, world: World) -> dict[str, Any]:
    """The newest sign-ins, and how many ended how since then. Raises NotFound and Refused."""
    integration = world.integrations.get(event.integration) if event.integration else None
    since = (world.clock.now() - timedelta(hours=event.hours)).isoformat()
    found = _found(event, integration, since, world)
    rows = [in_short(attempt) for attempt in found[: event.newest]]
    counts = Counter(attempt.outcome for attempt in found)
    return {
        "integration": event.integration, "since": since, "counted": len(found),
        "all": len(found) < MOST_COUNTED, "signed_in": counts.pop(SIGNED_IN, 0),
        "refused": [{"outcome": outcome, "count": count, **cause(Attempt("", "", outcome=outcome))}
                    for outcome, count in counts.most_common()],
        "sign_ins": rows, "before_a_district": _before_a_district(integration, since, world) if integration else [],
    }


def _before_a_district(integration: Integration, since: str, world: World) -> list[dict[str, Any]]:
    """Pages on which sign-ins ended before anybody knew the district, at this integration's portals and products: they
    can be of its people, and of any other district's."""
    view = sign_in_view(integration.model_dump(mode="json"))
    products = {product.name for product in products_of(view.product_line, integration.products)} \
        if view.product_line else set()
    found = islice(world.sign_ins.attempts_of("", since=since), MOST_COUNTED)
    counts = Counter(attempt.outcome for attempt in found
                     if attempt.product in products and attempt.portal in view.portals)
    return [{"outcome": outcome, "count": count} for outcome, count in counts.most_common()]


def failed_of(person: str, integration: Integration, world: World, *, days: int = 14, most: int = 5) -> dict[str, Any]:
    """The last sign-ins of a person that ended on a page. What led to nobody is found by the reference, see `sign_ins`.
    """
    since = (world.clock.now() - timedelta(days=days)).isoformat()
    attempts = islice(world.sign_ins.attempts_of(integration.id, since=since, person=person), MOST_COUNTED)
    failed = islice((attempt for attempt in attempts if attempt.outcome != SIGNED_IN), most)
    return {"since": since, "failed": [in_short(attempt) | cause(attempt) for attempt in failed]}


def _found(event: ListSignIns, integration: Integration | None, since: str, world: World) -> list[Attempt]:
    """Attempts as asked for. By a portal's id of a person: under each tenant that the district has there."""
    about: dict[str, str] = {"since": since, "outcome": event.outcome, "person": event.person}
    if not event.subject:
        return list(islice(world.sign_ins.attempts_of(event.integration or "", **about), MOST_COUNTED))
    key = world.sign_ins.reference_key()
    found: list[Attempt] = []
    for portal, tenant in _places(event, integration):
        told = reference(key, portal, tenant, event.subject)
        found += islice(world.sign_ins.attempts_of(event.integration or "", subject_ref=told, **about), MOST_COUNTED)
    return sorted(found, key=lambda attempt: attempt.at, reverse=True)


def _places(event: ListSignIns, integration: Integration | None) -> list[tuple[str, str]]:
    """Portals and tenants in which this id of a person may have a meaning. Raises Refused where none is known."""
    known: list[tuple[str, str]] = []
    if integration is not None:
        view = sign_in_view(integration.model_dump(mode="json"))
        known = [(name, tenant) for name, portal in view.portals.items() for tenant in portal.tenants]
    if event.portal and event.tenant:
        known = [(event.portal, event.tenant)]
    wanted = [(portal, tenant) for portal, tenant in known
              if event.portal in (None, portal) and event.tenant in ("", tenant)]
    if not wanted:
        raise Refused("an id of a portal means something only at one of the district's tenants, and none is known here",
                      remedy="Name portal and tenant too.")
    return wanted


def _district(integration: str, world: World) -> str:
    """Name of the district; empty where the integration is gone, or there was none."""
    try:
        return world.integrations.get(integration).district_name if integration else ""
    except NotFound:
        return ""


