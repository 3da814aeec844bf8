"""A district that signs in: two portals that are not ours, two products, and our provider between them.

    with memory_scene() as scene:                       # our side in memory, all of it over real HTTP
        scene.browser("4701").open(scene.sonday.tile)   # teacher-01 clicks the tile of Sonday in ClassLink

`tests/integration` makes the same scene on the embedded AWS, with rosters that a real run has synced.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from homeroom.model.sign_in import App, Attempt, PortalName, Registration, Tenant
from homeroom.model.sign_in_choices import PortalView, SignInView
from homeroom.sso.ports import Outside
from homeroom.sso.web import UrllibWeb
from local.demo.browser import Browser
from local.sample_product.__main__ import serve
from local.sample_product.people import People
from local.sample_product.people import Person as Known
from local.sample_product.product import Settings
from tests.browser.portals import Client, IndependentPortal, Person, independent_portal
from tests.fakes.clever_rows import clever_id
from tests.fakes.memory_sso import (
    MemoryAttempts,
    MemoryRegistry,
    MemoryRosters,
    MemorySecrets,
    memory_outside,
)
from tests.sso.serving import PROVIDER, WallClock, serving

SECRET = "a-client-secret-of-a-product-made-for-tests-only"
TENANT: Mapping[PortalName, str] = {"clever": clever_id("districts", "d-1"), "classlink": "2001"}
"""The district at each portal: at Clever that of the fake Clever of `tests/fakes`."""

TEACHER, COLLEAGUE, STUDENT, ADMINISTRATOR, STRANGER = "4701", "4702", "4801", "4901", "4799"
"""People of ClassLink, by their ids there."""
CLASSLINK: Mapping[str, Person] = {
    who: Person(role, TENANT["classlink"], given_name="At ClassLink", family_name=who, sourced_id=sourced)
    for who, role, sourced in (
        (TEACHER, "Teacher", "teacher-01"), (COLLEAGUE, "Teacher", "teacher-02"), (STUDENT, "Student", "student-0001"),
        (ADMINISTRATOR, "Tenant Administrator", "administrator-01"), (STRANGER, "Teacher", "teacher-99"))
}
CLEVER_TEACHER, CLEVER_STUDENT = clever_id("users", "t-1"), clever_id("users", "s-1")
CLEVER: Mapping[str, Person] = {
    CLEVER_TEACHER: Person("teacher", TENANT["clever"], legacy_id=clever_id("legacy teacher", "t-1")),
    CLEVER_STUDENT: Person("student", TENANT["clever"]),
}
NAMES: Mapping[str, Known] = {
    "teacher-01": Known("Teacher 01 Sample", "teacher"), "teacher-02": Known("Teacher 02 Sample", "teacher"),
    "student-0001": Known("Student 0001 Sample", "student"),
    "administrator-01": Known("Administrator 01 Sample", "administrator"),
    CLEVER_TEACHER: Known("Teacher 01 of Clever", "teacher"), CLEVER_STUDENT: Known("Student 01 of Clever", "student"),
}
"""Source id → what the product's copy of the roster says."""


@dataclass(frozen=True)
class Offer:
    """A product with its app at one portal."""

    slug: str
    product: str
    line: str
    portal: PortalName
    settings: Settings
    tile: str

    @property
    def client(self) -> Client:
        """Its app at the portal; `redirect_uris` are not part of it here."""
        return app_of(self.slug, self.portal)


@dataclass(frozen=True)
class Scene:
    """`ours` is our base address; `attempts` the history of sign-ins as it is now."""

    ours: str
    classlink: IndependentPortal
    clever: IndependentPortal
    sonday: Offer
    galileo: Offer
    attempts: Callable[[], Sequence[Attempt]]

    def portal_of(self, who: str) -> IndependentPortal:
        """Where somebody has an account."""
        return self.classlink if who in CLASSLINK else self.clever

    def portal_of_offer(self, offer: Offer) -> IndependentPortal:
        """Where its app is."""
        return self.classlink if offer.portal == "classlink" else self.clever

    def browser(self, who: str, **options: str) -> Browser:
        """A new browser in which this person is signed in to the portal."""
        made = Browser(**options)
        self.enter(made, who)
        return made

    def enter(self, browser: Browser, who: str) -> None:
        """This person signs in to the portal, in a browser in which somebody else may be signed in."""
        browser.open(self.portal_of(who).sign_in(who))

    def answered(self, browser: Browser, offer: Offer) -> str:
        """Begin a sign-in at the tile; the address at which the portal's answer to it arrives, not opened yet."""
        callback = self.callback(offer)
        tile = browser.open(offer.tile, until=callback).url
        assert "state=" not in tile, "a tile's code comes without a state"
        at_portal = browser.open(tile, until=f"{self.portal_of_offer(offer).url}/").url
        answer = browser.open(at_portal, until=callback).url
        assert "state=" in answer
        return answer

    def callback(self, offer: Offer) -> str:
        """Our callback of a product's app."""
        return f"{self.ours}/cb/{offer.portal}/{offer.slug}"


OFFERS: Sequence[tuple[str, str, str, PortalName]] = (
    ("sonday-system-1", "Sonday System 1", "Sonday", "classlink"),
    ("galileo", "Galileo K-12", "Galileo", "clever"),
)


def app_of(slug: str, portal: PortalName, ours: str = "") -> Client:
    """The app of a product at a portal."""
    return Client(f"{slug}-at-{portal}", f"secret-of-{slug}-at-{portal}", (f"{ours}/cb/{portal}/{slug}",))


@contextmanager
def around(ours: str, people: People, secret_of: Callable[[Settings], str]) -> Iterator[dict[str, Any]]:
    """The portals and the products around us. `secret_of` registers a product and gives its client secret, where it is
    not `SECRET`; portals are on by then."""
    clients = {portal: [app_of(slug, portal, ours) for slug, _, _, at in OFFERS if at == portal] for portal in TENANT}
    with ExitStack() as started:
        portals = {
            name: started.enter_context(independent_portal(name, known, clients[name]))
            for name, known in (("classlink", CLASSLINK), ("clever", CLEVER))}
        offers = {}
        for slug, product, line, portal in OFFERS:
            settings = started.enter_context(running_product(ours, slug, product, people, secret_of))
            tile = portals[portal].tile(app_of(slug, portal).id)
            offers[line.lower()] = Offer(slug, product, line, portal, settings, tile)
        yield {"ours": ours, **portals, **offers}


@contextmanager
def running_product(
    ours: str, slug: str, name: str, people: People, secret_of: Callable[[Settings], str],
) -> Iterator[Settings]:
    """The sample product as a server of this process; it is registered before it serves."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    given = Settings(issuer=ours, client_id=slug, client_secret=SECRET, base_url="", name=name, people=people)
    server, placed = serve(given)
    secret = secret_of(placed)
    if secret != SECRET:
        from local.sample_product.product import product

        placed = replace(placed, client_secret=secret)
        server.app = product(placed)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield placed
    finally:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------- our side in memory

INTEGRATIONS = {"Sonday": "sonday-1", "Galileo": "galileo-1"}
_ROLE_OF = {"Teacher": "teacher", "Student": "student", "Tenant Administrator": "administrator"}


@contextmanager
def memory_scene() -> Iterator[Scene]:
    """Our provider in memory, with the rosters of two integrations."""
    registry, attempts = MemoryRegistry(), MemoryAttempts()

    def outside(url: str) -> Outside:
        return memory_outside(
            base_url=url, clock=WallClock(), random=os.urandom, registry=registry, attempts=attempts,
            web=UrllibWeb(stage="local"), rosters=_rosters(), secrets=_secrets())

    with serving(outside, _routes()) as served:
        def register(settings: Settings) -> str:
            registry.registrations[settings.client_id] = _registration(settings)
            return SECRET

        with around(served.url, _known, register) as parts:
            _fill(registry, parts)
            yield Scene(**parts, attempts=lambda: list(attempts.attempts.values()))


def _routes() -> tuple[Any, ...]:
    from homeroom.aws.web import Route
    from homeroom.sso.authorize import authorize
    from homeroom.sso.callback import callback
    from homeroom.sso.launch import start

    return (
        *PROVIDER, Route("/authorize", authorize), Route("/cb/{portal}/{app}", callback), Route("/", start),
        Route("/portals/{product}", start), Route("/start/{portal}/{app}", start))


def _secrets() -> MemorySecrets:
    return MemorySecrets({f"sso/{portal}/{slug}": {"client_secret": app_of(slug, portal).secret}
                          for slug, _, _, portal in OFFERS})


def _registration(settings: Settings) -> Registration:
    slug, product, line, portal = next(offer for offer in OFFERS if offer[0] == settings.client_id)
    return Registration(
        slug=slug, product=product, line=line, redirect_uris=(settings.redirect_uri,),
        initiate_uri=settings.initiate_uri, home_url=settings.base_url, support_url=f"{settings.base_url}/help",
        secrets=(hashlib.sha256(SECRET.encode()).hexdigest(),),
        apps=(App(portal, slug, app_of(slug, portal).id, f"sso/{portal}/{slug}"),))


def _fill(registry: MemoryRegistry, parts: Mapping[str, Any]) -> None:
    for name in TENANT:
        registry.portals[name] = parts[name].portal()
    for (_, product, line, portal), told in zip(OFFERS, ("sourced_id", "id"), strict=True):
        integration = INTEGRATIONS[line]
        tenant = Tenant(portal, TENANT[portal], "Sample District", {line: integration})
        registry.tenants[portal, tenant.id] = tenant
        registry.views[integration] = SignInView(
            integration=integration, district_name="Sample District", product_line=line, products=(product,),
            aggregator=portal, transport="clever_api" if portal == "clever" else "oneroster_rest", on=True,
            students=True, portals={portal: PortalView((TENANT[portal],), told, "sourced_id")})


def _rosters() -> MemoryRosters:
    """Internal ids are the source ids with a letter before them."""
    made = MemoryRosters()
    listed = [("sonday-1", one.sourced_id, _ROLE_OF[one.role]) for who, one in CLASSLINK.items() if who != STRANGER]
    listed += [("galileo-1", who, one.role) for who, one in CLEVER.items()]
    for roster, source_id, role in listed:
        made.links[roster, "sourced_id", source_id] = f"p-{source_id}"
        made.people[roster, f"p-{source_id}"] = {
            "status": "active", "enabled": True, "role": role, "roles": [f"{role}:school-north"],
            "orgs": ["school-north"], "source_id": source_id}
    return made


def _known(district: str, person: str) -> Known | None:
    return NAMES.get(person.removeprefix("p-")) if district in INTEGRATIONS.values() else None
