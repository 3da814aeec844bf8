"""Two products registered with a provider in memory, and the sample product as a running server."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from secrets import token_bytes
from typing import Any
from urllib.parse import urlencode, urljoin

import requests

from homeroom.model.sign_in import App, Registration, Tenant
from homeroom.model.sign_in_choices import PortalView, SignInView
from homeroom.sso.ports import Outside
from homeroom.sso.web import UrllibWeb
from local.sample_product.__main__ import serve
from local.sample_product.people import People, Person
from local.sample_product.product import Settings
from tests.fakes.memory_sso import LocalSigner, MemoryRegistry, MemoryRosters, MemorySecrets, memory_outside
from tests.fakes.portal_server import PortalApp, PortalDouble, PortalPerson
from tests.fakes.portal_server import serving as portal_serving
from tests.sso.serving import Served, WallClock, serving

SECRET = "a-secret-of-43-characters-made-for-this-test"
ROSTER: Mapping[tuple[str, str], Person] = {
    ("lab-usd", "p-teacher-1"): Person("Testa Teacher", "teacher"),
    ("lab-usd", "p-student-1"): Person("Probe Pupil", "student"),
    ("other-usd", "p-teacher-1"): Person("Somebody Else", "teacher"),
}


def known(district: str, person: str) -> Person | None:
    """The sample product's own copy of the roster."""
    return ROSTER.get((district, person))


def registration(slug: str, base_url: str, secret: str = SECRET) -> Registration:
    """A product as staff register it."""
    return Registration(
        slug=slug, product="Galileo K-12", line="Galileo", redirect_uris=(f"{base_url}/sso/callback",),
        initiate_uri=f"{base_url}/sso/initiate", home_url=base_url, support_url=f"{base_url}/help", apps=(APP,),
        secrets=(hashlib.sha256(secret.encode()).hexdigest(),),
    )


@cache
def _keys() -> LocalSigner:
    return LocalSigner()


def provider(base_url: str, signer: Any = None) -> Outside:
    """A provider whose products register as they start."""
    return memory_outside(
        base_url=base_url, clock=WallClock(), registry=MemoryRegistry(), signer=signer or _keys())


APP = App("clever", "galileo", "our-client-at-the-portal", "sso/clever/galileo")
TENANT, TEACHER = "5f00000000000000000000d1", "5f00000000000000000000a1"


@contextmanager
def provider_with_portal() -> Iterator[tuple[Served, PortalDouble]]:
    """Our provider whole, a portal beside it, and a district with one teacher, who is `p-teacher-1` in its roster."""
    portal = PortalDouble("clever", [PortalPerson(TEACHER, TENANT, name="At Portal")])

    def outside(url: str) -> Outside:
        rosters = MemoryRosters(
            {("lab-usd", "sourced_id", TEACHER): "p-teacher-1"},
            {("lab-usd", "p-teacher-1"): {"status": "active", "enabled": True, "role": "teacher",
                                          "roles": ["teacher:school-1"], "orgs": ["school-1"]}})
        view = SignInView(
            integration="lab-usd", district_name="Lab USD", product_line="Galileo", products=("Galileo K-12",),
            aggregator="clever", transport="clever_api", on=True, students=True,
            portals={"clever": PortalView((TENANT,), "id", "sourced_id")})
        registry = MemoryRegistry(
            tenants={("clever", TENANT): Tenant("clever", TENANT, "Lab USD", {"Galileo": "lab-usd"})},
            portals={"clever": portal.portal()}, views={"lab-usd": view})
        return memory_outside(
            base_url=url, clock=WallClock(), random=token_bytes, registry=registry, rosters=rosters, signer=_keys(),
            web=UrllibWeb(stage="local"), secrets=MemorySecrets({APP.secret_name: {"client_secret": "portal-secret"}}))

    with portal_serving(portal), serving(outside) as served:
        portal.apps["galileo"] = PortalApp(
            "galileo", APP.client_id, "portal-secret", f"{served.url}/cb/clever/galileo")
        yield served, portal


@contextmanager
def sample_product(
    outside: Outside, slug: str = "galileo", people: People = known, **settings: Any,
) -> Iterator[Settings]:
    """The sample product, running and registered."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server, placed = serve(Settings(
        issuer=outside.base_url, client_id=slug, client_secret=SECRET, base_url="", people=people, **settings))
    outside.registry.registrations[slug] = registration(slug, placed.base_url)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield placed
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Browser:
    """Follows redirects and keeps cookies of the loopback address. Like a browser it trusts that with Secure ones,
    which `requests` would not. `visited` are all addresses, in order."""

    cookies: dict[str, str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    follows: bool = True

    def get(self, url: str, params: Mapping[str, str] | None = None) -> requests.Response:
        return self._ask("GET", f"{url}?{urlencode(params)}" if params else url, None)

    def post(self, url: str, form: Mapping[str, str]) -> requests.Response:
        return self._ask("POST", url, form)

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None) -> requests.Response:
        self.visited.append(url)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = requests.request(
            method, url, data=form, headers={"cookie": cookie} if cookie else {}, allow_redirects=False, timeout=10)
        for line in answer.raw.headers.getlist("set-cookie"):
            self._keep(line)
        if self.follows and answer.is_redirect:
            assert len(self.visited) < 60
            return self._ask("GET", urljoin(url, answer.headers["location"]), None)
        return answer

    def _keep(self, line: str) -> None:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        assert not name.startswith("__Host-") or {"Secure", "Path=/"} <= set(attributes)
        self.cookies.pop(name, None)
        if value and "Max-Age=0" not in attributes:
            self.cookies[name] = value

    def form(self, page: requests.Response, **fields: str) -> dict[str, str]:
        """The fields of a page's form, with what somebody typed into it."""
        return {"csrf": re.findall(r'name="csrf" value="([^"]+)"', page.text)[0], **fields}
