"""Sign-in begins at the product: a launch sends the browser to its initiate address (reference/sso.md 0, 2.5, 4.3).

    GET /                          what stands at our own address
    GET /portals/{product}         which portal, for people who came without one
    GET /start/{portal}/{app}      a bookmark, and the button `Try again` of every page
    callback without our state     the same, counted: a browser that comes back again and again is stopped

The product answers with a request of its own, with its state, nonce and challenge, so whoever placed the link, the
sign-in is of the person who sits there (threat T1).
"""

from __future__ import annotations

from urllib.parse import urlencode

from homeroom.model.sign_in import PORTAL_NAMES, App, Registration
from homeroom.sso import cookies
from homeroom.sso.http import Answer, Request, by_a_person, flaw, is_read, nothing, see_other
from homeroom.sso.pages import Choice, chooser, front, links_of, page
from homeroom.sso.ports import Outside
from homeroom.sso.recording import Recording
from homeroom.sso.stops import Stop
from homeroom.sso.values import hashed


def hint_of(registration: Registration, app: App) -> str:
    """The `login_hint` that names an app of a product: the portal alone for the one whose key is the product's slug."""
    return app.portal if app.key == registration.slug else f"{app.portal}.{app.key}"


def mark(portal: str, app: str) -> str:
    """Under which restarts of an app are counted: eight characters."""
    return hashed(f"{portal}/{app}")[:8]


def launch(registration: Registration, app: App, request: Request, outside: Outside) -> Answer:
    """To the product's initiate address, counted as a restart of this browser.

    Raises Stop: SSO-108 for the third within a minute, SSO-302 where sign-in to the product is switched off.
    """
    now, of = int(outside.clock.now().timestamp()), mark(app.portal, app.key)
    counted = cookies.one_more(cookies.hops(request.cookies, now, of), now)
    if counted.too_many:
        raise Stop("SSO-108", "began three times within a minute")
    return _to_product(registration, app, "", cookies.count(counted, of), outside)


def start(request: Request, outside: Outside) -> Answer:
    """Pages and bookmarks of ours that begin a sign-in. Somebody asked for it, so restarts are counted anew."""
    if not is_read(request):
        return unrecorded("SSO-405", outside)
    if not by_a_person(request):
        return nothing()
    parts = request.path.split("/")[1:]
    if parts == [""]:
        return front(_homes(outside))
    if len(parts) == 2 and parts[0] == "portals":
        return _portals_of(parts[1], outside)
    if len(parts) == 3 and parts[0] == "start":
        return _begun(parts[1], parts[2], request, outside)
    return not_found(outside)


def not_found(outside: Outside) -> Answer:
    """404, which leads nowhere but to our own first page (conformance 4)."""
    return unrecorded("SSO-404", outside)


def unrecorded(code: str, outside: Outside, registration: Registration | None = None, app: App | None = None) -> Answer:
    """The page of a code for a request that was no sign-in: counted and in the log, not in the history."""
    recording = Recording(outside)
    outside.noting.count("page", code=code, login_id=recording.login_id)
    portal = outside.registry.portal(app.portal) if app else None
    shown = links_of(outside.base_url, registration=registration, portal=portal, app=app.key if app else "")
    return page(code, login_id=recording.login_id, product=registration.product if registration else "",
                portal=portal.words if portal else "", links=shown, at=recording.at)


def _begun(portal: str, key: str, request: Request, outside: Outside) -> Answer:
    registration = outside.registry.app_owner(portal, key)
    app = registration.app(portal, key) if registration else None
    if registration is None or app is None:
        return not_found(outside)
    if not registration.enabled:
        return unrecorded("SSO-302", outside, registration, app)
    if flaw(request, once=("target",)):
        return unrecorded("SSO-106", outside, registration, app)
    now, of = int(outside.clock.now().timestamp()), mark(portal, key)
    outside.noting.count("start", portal=portal, app=key)
    anew = cookies.count(cookies.Hops(0, now, now), of)
    return _to_product(registration, app, registration.targets.get(request.one("target"), ""), anew, outside)


def _to_product(registration: Registration, app: App, target: str, cookie: str, outside: Outside) -> Answer:
    """Every part of the address is of configuration. A target that nobody registered is left out, so the product's own
    first page comes."""
    if not registration.enabled:
        raise Stop("SSO-302", "sign-in to the product is switched off")
    told = {"iss": outside.base_url, "login_hint": hint_of(registration, app)}
    return see_other(with_query(registration.initiate_uri, told | ({"target_link_uri": target} if target else {})),
                     (cookie,))


def with_query(address: str, told: dict[str, str]) -> str:
    """The address with these parameters behind those that it has."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"


def _portals_of(slug: str, outside: Outside) -> Answer:
    registration = outside.registry.registration(slug)
    if registration is None:
        return not_found(outside)
    if not registration.enabled:
        return unrecorded("SSO-302", outside, registration)
    address = {app: f"{outside.base_url}/start/{app.portal}/{app.key}" for app in registration.apps}
    return choose(registration, address, outside)


def choose(registration: Registration, address: dict[App, str], outside: Outside) -> Answer:
    """The page that asks which portal. Apps of one portal are told apart by their keys."""
    several = [app.portal for app in address]
    named = {name: outside.registry.portal(name) for name in set(several)}
    choices = []
    for app, leads_to in address.items():
        portal = named[app.portal]
        if portal is not None:
            words = portal.words if several.count(app.portal) == 1 else f"{portal.words} ({app.key})"
            choices.append(Choice(words, leads_to))
    return chooser(registration.product, choices, start=f"{outside.base_url}/")


def _homes(outside: Outside) -> list[Choice]:
    known = [outside.registry.portal(name) for name in PORTAL_NAMES]
    return [Choice(portal.words, portal.home) for portal in known if portal]
