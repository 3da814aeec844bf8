"""A whole sign-in in memory: two portals, two districts, two products, and doors to everything that happens.

    district `lab` comes by Clever, its roster too; `link` by ClassLink; both have `Imagine Language & Literacy`,
    registered as `literacy`. `galileo` (Galileo K-12) is registered and nobody has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from homeroom.model.sign_in import App, PortalName, Registration, Tenant
from homeroom.model.sign_in_choices import PortalView, SignInView
from homeroom.sso.ports import Outside
from tests.fakes import memory_sso as memory
from tests.fakes.portal_people import PortalApp, PortalPerson
from tests.fakes.portal_service import PortalDouble
from tests.sso.flows import Browser, MemoryWeb, Page, Portal, Product, Site, Sso

BASE = memory.BASE
HOST = BASE.removeprefix("https://")
LITERACY, LINE = "Imagine Language & Literacy", "Imagine Learning portal"
SECRET = "secret of a product, made for tests"
TENANTS: Mapping[PortalName, str] = {"clever": f"{0xd1:024x}", "classlink": "2001"}
DISTRICTS: Mapping[PortalName, str] = {"clever": "lab-portal", "classlink": "link-portal"}
ROLES = ("teacher", "student", "administrator")
PORTAL_URL = "https://{}.portal.example"


@cache
def signer() -> memory.LocalSigner:
    """One for all tests of a process: keys take long to make."""
    return memory.LocalSigner()


@dataclass
class Laboratory:
    """`portals` and `products` by name; `parts` are the ports of `outside` in memory."""

    outside: Outside
    sso: Sso
    clock: memory.StillClock
    portals: dict[str, PortalDouble]
    products: dict[str, Product]
    sites: dict[str, Site]
    launches: memory.MemoryLaunches
    registry: memory.MemoryRegistry
    rosters: memory.MemoryRosters
    attempts: memory.MemoryAttempts
    noting: memory.MemoryNoting
    runs: memory.Runs
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, **given: Any) -> Browser:
        self.browsers.append(Browser(self.sites, self.clock, **given))
        return self.browsers[-1]

    def tile(self, portal: str, who: str, app: str = "literacy") -> str:
        """The tile of a product at a portal, clicked by somebody who is signed in there."""
        return f"{self.portals[portal].url}/portal/tile?app={app}&who={person_at(portal, who)}"

    def at_portal(self, portal: str, who: str) -> Browser:
        """A browser in which somebody is signed in at a portal."""
        browser = self.browser()
        browser.ask(f"{self.portals[portal].url}/portal/sign-in?who={person_at(portal, who)}")
        return browser

    def stopped_before_callback(self, browser: Browser, portal: str = "clever", app: str = "literacy") -> str:
        """Begin at the product; gives the address with code and state to which the portal sends the browser."""
        begun = browser.open(f"{BASE}/start/{portal}/{app}", stop_at=f"{BASE}/cb/")
        return begun.url

    def redeemed_at(self, portal: str) -> int:
        """How often the portal's token endpoint was asked."""
        return len(self.portals[portal].asked_for("token"))

    def last_attempt(self) -> Any:
        return self.noting.ended[-1][0]

    def page(self, browser: Browser, portal: str, who: str) -> Page:
        return browser.open(self.tile(portal, who))


def person_at(portal: str, who: str) -> str:
    """A person's id at a portal."""
    place = ROLES.index(who)
    return str(1001 + place) if portal == "classlink" else f"{place + 1:024x}"


def laboratory(*, oidc: bool = True, pkce: bool = True, wrapped: Mapping[str, Any] | None = None) -> Laboratory:
    """All of it, made anew. `wrapped`: name of a port → what takes its double and gives what stands in its place."""
    clock = memory.StillClock()
    portals = {name: _portal(name, clock, oidc=oidc) for name in TENANTS}
    registry = _registry(portals, oidc=oidc, pkce=pkce)
    parts: dict[str, Any] = {
        "clock": clock, "launches": memory.MemoryLaunches(), "registry": registry, "rosters": _rosters(),
        "attempts": memory.MemoryAttempts(), "noting": memory.MemoryNoting(), "ask_for_a_run": memory.Runs(),
        "secrets": memory.MemorySecrets({f"{name}/{app.key}": {"client_secret": app.client_secret}
                                         for name, portal in portals.items() for app in portal.apps.values()}),
        "web": MemoryWeb({_host(portal.url): Portal(portal) for portal in portals.values()}), "signer": signer(),
        "links": memory.MemoryLinks(), "random": memory.Numbered(),
        "reference_key": lambda: b"reference key of a test",
    }
    given = {name: (wrapped or {}).get(name, lambda part: part)(part) for name, part in parts.items()}
    sso = Sso(memory.memory_outside(**given))
    products = {slug: Product(sso, slug, SECRET, f"https://{slug}.example") for slug in registry.registrations}
    sites: dict[str, Site] = {HOST: sso} | {_host(one.url): one for one in products.values()} \
        | {_host(one.url): Portal(one) for one in portals.values()}
    return Laboratory(sso.outside, sso, clock, dict(portals), products, sites, parts["launches"], registry,
                      parts["rosters"], parts["attempts"], parts["noting"], parts["ask_for_a_run"])


def _host(url: str) -> str:
    return url.removeprefix("https://")


def _portal(name: PortalName, clock: memory.StillClock, *, oidc: bool) -> PortalDouble:
    apps = [PortalApp(key, f"{name}-{key}", f"secret of {key} at {name}", f"{BASE}/cb/{name}/{key}",
                      oidc=oidc or name != "clever") for key in ("literacy", "galileo")]
    people = [PortalPerson(
        id=person_at(name, role), tenant=TENANTS[name], role=role, name=f"Sample {role.capitalize()}",
        legacy_id=f"legacy-{role}", sourced_id=f"sourced-{role}", login=f"login.{role}",
        email=f"{role}@sample.example", sis_id=f"sis-{role}", number=f"number-{role}") for role in ROLES]
    double = PortalDouble(name, people, apps, now=lambda: clock.now().timestamp())
    double.url = PORTAL_URL.format(name)
    return double


def _registry(portals: Mapping[PortalName, PortalDouble], *, oidc: bool, pkce: bool) -> memory.MemoryRegistry:
    def registration(slug: str, product: str, line: str) -> Registration:
        apps = tuple(App(name, slug, f"{name}-{slug}", f"{name}/{slug}", oidc=oidc or name != "clever", pkce=pkce)
                     for name in portals)
        url = f"https://{slug}.example"
        return Registration(
            slug=slug, product=product, line=line, redirect_uris=(f"{url}/sso/callback",),
            initiate_uri=f"{url}/sso/initiate", home_url=f"{url}/", support_url=f"{url}/help", apps=apps,
            secrets=(hashlib.sha256(SECRET.encode()).hexdigest(),), targets={"lesson": f"{url}/lessons/1"})

    return memory.MemoryRegistry(
        registrations={"literacy": registration("literacy", LITERACY, LINE),
                       "galileo": registration("galileo", "Galileo K-12", "Galileo")},
        tenants={(name, tenant): Tenant(name, tenant, f"District of {name}", {LINE: DISTRICTS[name]})
                 for name, tenant in TENANTS.items()},
        portals={name: double.portal() for name, double in portals.items()},
        views={DISTRICTS[name]: view(name) for name in portals})


def view(portal: PortalName) -> SignInView:
    """How a district signs in: by the portal that its roster comes from."""
    told = {"clever": "id", "classlink": "sourced_id"}[portal]
    return SignInView(
        integration=DISTRICTS[portal], district_name=f"District of {portal}", product_line=LINE, products=(LITERACY,),
        aggregator=portal, transport={"clever": "clever_api", "classlink": "oneroster_rest"}[portal], on=True,
        students=True, portals={portal: PortalView(tenants=(TENANTS[portal],), told=told, roster="sourced_id")})


def _rosters() -> memory.MemoryRosters:
    rosters = memory.MemoryRosters()
    for portal, integration in DISTRICTS.items():
        for role in ROLES:
            told = person_at(portal, role) if portal == "clever" else f"sourced-{role}"
            person = f"{portal}-{role}"
            rosters.links[integration, "sourced_id", told] = person
            rosters.people[integration, person] = {
                "status": "active", "enabled": True, "role": role, "roles": [role], "orgs": ["school-1"]}
        rosters.runs[integration] = (7, False)
    return rosters
