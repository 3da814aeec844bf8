"""Products that let people sign in through us: registering them, and what is entered elsewhere (design 7, D6)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from homeroom.errors import Refused
from homeroom.model.sign_in import App, Registration
from homeroom.model.sign_in_events import AppGiven, ListRegistrations, RegisterProduct
from homeroom.ports import World
from homeroom.products import PRODUCTS
from homeroom.sso.portals import PORTALS
from homeroom.sso.values import BYTES
from homeroom.support.addresses import refuse_unfit_addresses
from homeroom.support.audit import audit

PLACE = "sign-in"
"""Stands for an integration in the audit of what belongs to none."""
MOST_SECRETS = 2
_NEEDED = ("product", "redirect_uris", "initiate_uri", "home_url", "support_url")
_PLAIN = ("redirect_uris", "initiate_uri", "home_url", "support_url", "targets", "enabled")
EFFECT = "counts within a minute: sign-in remembers a product for so long"
ONCE = "The client secret is shown this once, and kept nowhere but as its SHA-256: hand it over now, by a safe way."
OFF = "The product is switched off: nobody signs in to it."
NO_APPS = "Enter the redirect address at the portal, then register the app that it gives with client id and secret."


def register_product(event: RegisterProduct, world: World) -> dict[str, Any]:
    """Register a product, or change its registration; answers with what goes to the portals and to the product's team.

    Raises Refused in words, without a secret in them.
    """
    was = world.sign_ins.registration(event.slug)
    wanted = _wanted(event, was)
    refuse_unfit_addresses(wanted, world.house.stage)
    _refuse_apps_of_others(wanted, world)
    _refuse_apps_without_a_secret(event, was)
    made = secrets.token_urlsafe(BYTES) if was is None or event.rotate else None
    if made is not None:
        wanted = replace(wanted, secrets=(hashlib.sha256(made.encode()).hexdigest(), *wanted.secrets)[:MOST_SECRETS])
    audit(world, PLACE, "register_product", event.by, event.reason, product=event.slug, changes=_changes(event),
          secret="made" if made else "as it was")
    world.sign_ins.register(wanted, was)
    for app in event.apps:
        if app.client_secret is not None:
            world.secrets.put(secret_name(app.portal, app.key), {"client_secret": app.client_secret.get_secret_value()})
    for gone in event.remove_apps:
        world.secrets.remove(secret_name(gone.portal, gone.key))
    return registration_view(wanted, world) | {"client_secret": made, "effect": EFFECT, "advice": _advice(wanted, made)}


def registrations(_event: ListRegistrations, world: World) -> dict[str, Any]:
    """All products that let people sign in through us. No secret, and no hash of one, is in the answer."""
    return {"issuer": world.house.base_url,
            "registrations": [registration_view(one, world) for one in world.sign_ins.registrations()]}


def secret_name(portal: str, key: str) -> str:
    """Where the client secret of an app is kept."""
    return f"sso/{portal}/{key}"


def registration_view(registration: Registration, world: World) -> dict[str, Any]:
    """A registration for people, with what to enter at the portals and what to give to the product's team."""
    base = world.house.base_url
    return {
        "slug": registration.slug, "product": registration.product, "line": registration.line,
        "enabled": registration.enabled, "redirect_uris": list(registration.redirect_uris),
        "initiate_uri": registration.initiate_uri, "home_url": registration.home_url,
        "support_url": registration.support_url, "targets": dict(registration.targets),
        "client_secrets": len(registration.secrets),
        "apps": [{"portal": app.portal, "key": app.key, "client_id": app.client_id, "oidc": app.oidc, "pkce": app.pkce,
                  "login_hint": login_hint(registration.slug, app.portal, app.key)} for app in registration.apps],
        "sign_in_addresses": {
            "at_the_portals": [_at_a_portal(base, portal, key) for portal, key in _apps_or_first(registration)],
            "for_the_product": {
                "issuer": base, "client_id": registration.slug,
                "discovery": f"{base}/.well-known/openid-configuration", "scope": "openid", "response_type": "code",
                "pkce": "S256", "client_authentication": "client_secret_basic"},
        },
    }


def login_hint(slug: str, portal: str, key: str) -> str:
    """What a launch tells the product, and the product repeats: the portal, and which app where there are several."""
    return portal if key == slug else f"{portal}.{key}"


def _apps_or_first(registration: Registration) -> list[tuple[str, str]]:
    """The apps; at a portal without one, that which it would have, so that its address can be entered there."""
    apps: list[tuple[str, str]] = [(app.portal, app.key) for app in registration.apps]
    known = {portal for portal, _ in apps}
    return apps + [(portal, registration.slug) for portal in PORTALS if portal not in known]


def _at_a_portal(base: str, portal: str, key: str) -> dict[str, str]:
    return {"portal": portal, "key": key, "redirect_uri": f"{base}/cb/{portal}/{key}",
            "start": f"{base}/start/{portal}/{key}"}


def _wanted(event: RegisterProduct, was: Registration | None) -> Registration:
    """The registration as asked for, over what is known."""
    given = {name: value for name in _PLAIN if (value := getattr(event, name)) is not None}
    if was is not None:
        if event.product not in (None, was.product):
            raise Refused("a registered name stays with its product: tokens made for it must never open another one",
                          remedy="Register the other product under a name of its own.")
        return replace(was, **given, apps=_apps(event, was.apps))
    missing = [name for name in _NEEDED if getattr(event, name) is None]
    if missing:
        raise Refused(f"a new product needs {', '.join(missing)}", remedy="Name them; `registrations` shows others.")
    product = PRODUCTS.get(event.product or "")
    if product is None:
        raise Refused(f"the catalogue has no product {event.product}",
                      remedy=f"One of: {', '.join(PRODUCTS)}.")
    return Registration(slug=event.slug, product=product.name, line=product.line, secrets=(),
                        apps=_apps(event, ()), **given)


def _apps(event: RegisterProduct, known: Iterable[App]) -> tuple[App, ...]:
    gone = {(app.portal, app.key) for app in event.remove_apps}
    apps = {(app.portal, app.key): app for app in known if (app.portal, app.key) not in gone}
    apps |= {(app.portal, app.key): _app(app, apps.get((app.portal, app.key))) for app in event.apps}
    return tuple(app for _, app in sorted(apps.items()))


def _app(given: AppGiven, was: App | None) -> App:
    """As given; what is left out stays: a new secret must not switch on what the portal does not do for this app."""
    oidc = given.oidc if given.oidc is not None else was is None or was.oidc
    pkce = given.pkce if given.pkce is not None else was is None or was.pkce
    return App(given.portal, given.key, given.client_id, secret_name(given.portal, given.key), oidc, pkce)


def _refuse_apps_of_others(wanted: Registration, world: World) -> None:
    """An app, and a client id, belong to one product: the audience of a portal's token says which one was meant."""
    seen: set[tuple[str, str]] = set()
    others = [(other, app) for other in world.sign_ins.registrations() if other.slug != wanted.slug
              for app in other.apps]
    for mine in wanted.apps:
        words = PORTALS[mine.portal].words
        for other, app in others:
            if (app.portal, app.key) == (mine.portal, mine.key):
                raise Refused(f"the app {mine.key} at {words} is {other.slug}'s", remedy="Choose another name for it.")
            if (app.portal, app.client_id) == (mine.portal, mine.client_id):
                raise Refused(f"this client id at {words} is {other.slug}'s: each product has its own app there",
                              remedy="Ask the portal for an app of its own for this product.")
        if (mine.portal, mine.client_id) in seen:
            raise Refused(f"two apps at {words} have the same client id", remedy="Name it once.")
        seen.add((mine.portal, mine.client_id))


def _refuse_apps_without_a_secret(event: RegisterProduct, was: Registration | None) -> None:
    """A new app, or one with another client id, comes with its secret: the kept one would be another app's."""
    known = {(app.portal, app.key): app.client_id for app in (was.apps if was else ())}
    bare = [app.key for app in event.apps if app.client_secret is None
            and known.get((app.portal, app.key)) != app.client_id]
    if bare:
        raise Refused(f"the client secret of {', '.join(bare)} is missing",
                      remedy="Give the secret that the portal shows beside the client id.")


def _changes(event: RegisterProduct) -> list[str]:
    """What an audit entry says: names of what was given, and of apps; no value of anything."""
    plain = [name for name in _PLAIN if getattr(event, name) is not None]
    apps = [f"app {app.portal}/{app.key}{' with secret' if app.client_secret else ''}" for app in event.apps]
    return sorted([*plain, *apps, *(f"without app {app.portal}/{app.key}" for app in event.remove_apps)])


def _advice(registration: Registration, made: str | None) -> str:
    told = [ONCE if made else "", "" if registration.apps else NO_APPS, "" if registration.enabled else OFF]
    return " ".join(sentence for sentence in told if sentence)
