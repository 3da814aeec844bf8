"""The registry and the history of sign-in in memory, as support sees them (`homeroom.ports.SignIns`).

They are the very parts that `memory_outside` takes, so a test can set up a district as staff do and then sign in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from homeroom.errors import Refused
from homeroom.model.sign_in import Attempt, Link, Portal, Registration, Tenant
from tests.fakes.memory_sso import MemoryAttempts, MemoryLinks, MemoryRegistry


@dataclass
class MemorySignIns:
    """`registry`, `links` and `attempts` are those of the sign-in itself."""

    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    links: MemoryLinks = field(default_factory=MemoryLinks)
    attempts: MemoryAttempts = field(default_factory=MemoryAttempts)

    def tenant(self, portal: str, tenant: str) -> Tenant | None:
        return self.registry.tenants.get((portal, tenant))

    def tenants_of(self, integration: str) -> list[Tenant]:
        return [tenant for _, tenant in sorted(self.registry.tenants.items())
                if integration in tenant.integrations.values()]

    def put_tenant(self, tenant: Tenant) -> bool:
        key = tenant.portal, tenant.id
        now = self.registry.tenants.get(key)
        if tenant.version != (now.version if now else 0):
            return False
        if tenant.integrations:
            self.registry.tenants[key] = replace(tenant, version=tenant.version + 1)
        else:
            self.registry.tenants.pop(key, None)
        return True

    def link(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        return self.links.find(integration, portal, tenant, subject)

    def attempt(self, login_id: str) -> Attempt | None:
        return self.attempts.attempts.get(login_id)

    def attempts_of(self, integration: str, *, since: str, outcome: str = "", person: str = "",
                    subject_ref: str = "") -> Iterator[Attempt]:
        wanted = {"integration": integration} | {name: value for name, value in (
            ("outcome", outcome), ("person", person), ("subject_ref", subject_ref)) if value}
        newest = sorted(self.attempts.attempts.values(), key=lambda attempt: attempt.at, reverse=True)
        return (attempt for attempt in newest if attempt.at >= since
                and all(getattr(attempt, name) == value for name, value in wanted.items()))

    def linked(self, integration: str, portal: str, tenant: str, person: str) -> Link | None:
        return next((link for link in self.links.links if (link.integration, link.portal, link.tenant, link.person)
                     == (integration, portal, tenant, person)), None)

    def unlink(self, link: Link) -> bool:
        there = link in self.links.links
        if there:
            self.links.links.remove(link)
        return there

    def reference_key(self) -> bytes:
        return b"reference key of a test"

    def registrations(self) -> list[Registration]:
        return [registration for _, registration in sorted(self.registry.registrations.items())]

    def registration(self, slug: str) -> Registration | None:
        return self.registry.registrations.get(slug)

    def register(self, wanted: Registration, was: Registration | None) -> None:
        others = {name for other in self.registrations() if other.slug != wanted.slug for name in _claimed(other)}
        if self.registration(wanted.slug) != was or others & _claimed(wanted):
            raise Refused("the product was changed meanwhile, or an app is another product's")
        self.registry.registrations[wanted.slug] = wanted

    def portal(self, name: str) -> Portal | None:
        return self.registry.portals.get(name)

    def accept_portal(self, portal: Portal) -> None:
        self.registry.portals[portal.name] = portal


def _claimed(registration: Registration) -> set[tuple[str, str, str]]:
    """What no other product may have."""
    return {("app", app.portal, app.key) for app in registration.apps} | {
        ("client", app.portal, app.client_id) for app in registration.apps}
