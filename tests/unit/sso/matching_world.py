"""Two districts whose people share every identity, and what a portal tells of somebody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from homeroom.model.sign_in import Link, Registration, Tenant
from homeroom.model.sign_in_choices import SignInView, sign_in_view
from homeroom.sso.matching import Found, district, person, remember
from homeroom.sso.ports import Outside
from homeroom.sso.subject import Subject
from tests.fakes.memory_sso import (
    MemoryLinks,
    MemoryNoting,
    MemoryRegistry,
    MemoryRosters,
    Runs,
    StillClock,
    memory_outside,
)

CLEVER_DISTRICT, CLASSLINK_TENANT = "4fd43cc56d11340000000005", "2084"
LOGIN = "01JD9QK3W8LOGIN0000000001"
TEACHER: dict[str, Any] = {"status": "active", "enabled": True, "role": "teacher", "roles": ["teacher:school-1"],
                           "orgs": ["school-1"]}
STUDENT: dict[str, Any] = {"status": "active", "enabled": True, "role": "student", "orgs": ["school-1"],
                           "grades": ["05"]}


def product(line: str = "Galileo", name: str = "Galileo K-12", **words: Any) -> Registration:
    made = Registration(slug="galileo", product=name, line=line, redirect_uris=(), initiate_uri="", home_url="",
                        support_url="", secrets=(), apps=())
    return replace(made, **words)


def clever_view(**item: Any) -> SignInView:
    """An integration by Clever's API, whose portal and match are certain by themselves."""
    return sign_in_view({
        "id": "lab-usd", "district_name": "Sample District", "product_line": "Galileo", "aggregator": "clever",
        "transport": "clever_api", "district_id": CLEVER_DISTRICT, "sign_in": {"on": True}, **item})


def classlink_view(**portal: Any) -> SignInView:
    """A OneRoster roster of ClassLink."""
    told = {"tenants": [CLASSLINK_TENANT], **portal}
    return sign_in_view({
        "id": "lab-usd", "district_name": "Sample District", "product_line": "Galileo", "aggregator": "classlink",
        "transport": "oneroster_rest", "sign_in": {"on": True, "portals": {"classlink": told}}})


def at_clever(id: str = "u-1", tenant: str = CLEVER_DISTRICT, hint: str = "teacher", **told: str) -> Subject:
    return Subject("clever", tenant, id, {"id": id, **told}, hint)


def at_classlink(id: str = "900", tenant: str = CLASSLINK_TENANT, hint: str = "teacher", **told: str) -> Subject:
    return Subject("classlink", tenant, id, {"id": id, **told}, hint)


@dataclass
class Lab:
    """The outside with its parts in hand."""

    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    rosters: MemoryRosters = field(default_factory=MemoryRosters)
    links: MemoryLinks = field(default_factory=MemoryLinks)
    noting: MemoryNoting = field(default_factory=MemoryNoting)
    runs: Runs = field(default_factory=Runs)
    clock: StillClock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        self.outside: Outside = memory_outside(
            registry=self.registry, rosters=self.rosters, links=self.links, noting=self.noting, signer=None,
            ask_for_a_run=self.runs, clock=self.clock)

    def known(self, view: SignInView, **tenants: str) -> SignInView:
        """The integration, set up, with its tenants claimed; others by portal and tenant."""
        self.registry.views[view.integration] = view
        for name, portal in view.portals.items():
            for tenant in tenants.get(name, "").split() or portal.tenants:
                held = self.registry.tenants.get((name, tenant))
                lines = {**(held.integrations if held else {}), view.product_line: view.integration}
                self.registry.tenants[name, tenant] = Tenant(name, tenant, view.district_name, lines)  # type: ignore[arg-type]
        return view

    def holds(self, person: str, record: dict[str, Any] = TEACHER, roster: str = "lab-usd", **identities: str) -> None:
        """A person of a roster with these identities."""
        self.rosters.people[roster, person] = record
        for kind, value in identities.items():
            self.rosters.links[roster, kind, value] = person

    def linked(self, subject: Subject, person: str) -> None:
        """Who the subject was at a sign-in before."""
        place = "lab-usd", subject.portal, subject.tenant, subject.id
        self.links.links.append(Link(*place, person, "sourced_id", LOGIN, ""))

    def signs_in(self, subject: Subject, registration: Registration | None = None) -> Found:
        """District, person and link, as the callback asks them."""
        asked = registration or product()
        view = district(subject, asked, self.outside)
        found = person(subject, view, asked, self.outside)
        remember(found, subject, view, LOGIN, self.outside)
        return found
