"""The outside of sign-in in memory: launches, registry, rosters, links, attempts, secrets, a signer. No network.

`memory_outside()` makes one. Portals are reached through `web`, which a test gives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from homeroom.errors import NotFound
from homeroom.model.sign_in import Attempt, Handoff, Link, Portal, Registration, Tenant, Transaction
from homeroom.model.sign_in_choices import SignInView
from homeroom.sso.matching import as_edited
from homeroom.sso.ports import Outside, PublicKey, Reply
from homeroom.sso.values import base64url

BASE = "https://sso.vendor.example"
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """A clock that moves when a test says so."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Numbered:
    """Randomness that repeats itself from run to run, and never within one."""

    count: int = 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"random {self.count}".encode()).digest(size)


@dataclass
class MemoryLaunches:
    transactions: dict[str, Transaction] = field(default_factory=dict)
    handoffs: dict[str, Handoff] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    names: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, int] = field(default_factory=dict)

    def begin(self, transaction: Transaction) -> None:
        self.transactions[transaction.key] = transaction

    def use(self, key: str, *, bind: str, portal: str, app: str, now: int) -> Transaction | None:
        found = self.transactions.get(key)
        if found is None or (found.bind, found.portal, found.app) != (bind, portal, app) or found.expires_at <= now:
            return None
        return self.transactions.pop(key, None)

    def waiting(self, key: str) -> Transaction | None:
        return self.transactions.get(key)

    def keep(self, handoff: Handoff) -> None:
        self.handoffs[handoff.key] = handoff

    def redeem(self, key: str, *, client_id: str, now: int) -> Handoff | None:
        found = self.handoffs.get(key)
        if found is None or key in self.used or found.client_id != client_id or found.expires_at <= now:
            return None
        self.used.add(key)
        return found

    def spent(self, key: str, *, client_id: str) -> Handoff | None:
        found = self.handoffs.get(key)
        return found if found is not None and key in self.used and found.client_id == client_id else None

    def kept(self, key: str) -> Handoff | None:
        return self.handoffs.get(key)

    def tally(self, name: str, *, until: int) -> int:
        self.tallies[name] = self.tallies.get(name, 0) + 1
        return self.tallies[name]

    def once(self, name: str, *, until: int, now: int) -> bool:
        if self.names.get(name, 0) > now:
            return False
        self.names[name] = until
        return True


@dataclass
class MemoryRegistry:
    registrations: dict[str, Registration] = field(default_factory=dict)
    tenants: dict[tuple[str, str], Tenant] = field(default_factory=dict)
    portals: dict[str, Portal] = field(default_factory=dict)
    views: dict[str, SignInView] = field(default_factory=dict)

    def registration(self, slug: str) -> Registration | None:
        return self.registrations.get(slug)

    def app_owner(self, portal: str, key: str) -> Registration | None:
        return next((one for one in self.registrations.values() if one.app(portal, key)), None)

    def tenant(self, portal: str, tenant: str) -> Tenant | None:
        return self.tenants.get((portal, tenant))

    def portal(self, name: str) -> Portal | None:
        return self.portals.get(name)

    def sign_in(self, integration: str) -> SignInView | None:
        return self.views.get(integration)


@dataclass
class MemoryRosters:
    """`links`: (roster, kind, value) → person; `people`: (roster, person) → record; `overlays`: what staff laid over
    it; `runs`: see `Rosters.waits`; `applied`: when (ISO).

    `asked` are the rosters that anything was asked of, in order."""

    links: dict[tuple[str, str, str], str] = field(default_factory=dict)
    people: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    runs: dict[str, tuple[int, bool]] = field(default_factory=dict)
    overlays: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    applied: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def holder(self, roster: str, kind: str, value: str) -> str | None:
        self.asked.append(roster)
        return self.links.get((roster, kind, value))

    def person(self, roster: str, person: str) -> Mapping[str, Any] | None:
        self.asked.append(roster)
        record = self.people.get((roster, person))
        return None if record is None else as_edited(record, self.overlays.get((roster, person)))

    def applied_at(self, integration: str) -> str:
        return self.applied.get(integration, "")

    def waits(self, integration: str) -> tuple[int, bool]:
        return self.runs.get(integration, (1, False))


@dataclass
class MemoryLinks:
    links: list[Link] = field(default_factory=list)

    def find(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        return next((link for link in self.links if (link.integration, link.portal, link.tenant, link.subject)
                     == (integration, portal, tenant, subject)), None)

    def add(self, link: Link) -> bool:
        place = link.integration, link.portal, link.tenant
        taken = [one for one in self.links if (one.integration, one.portal, one.tenant) == place
                 and (one.subject == link.subject or one.person == link.person)]
        if not taken:
            self.links.append(link)
        return not taken


@dataclass
class MemoryAttempts:
    attempts: dict[str, Attempt] = field(default_factory=dict)

    def record(self, attempt: Attempt) -> None:
        self.attempts[attempt.login_id] = attempt

    def redeemed(self, login_id: str, at: str) -> None:
        self.attempts[login_id] = replace(self.attempts[login_id], redeemed_at=at)


@dataclass
class MemorySecrets:
    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def get(self, name: str) -> Mapping[str, str]:
        if name not in self.secrets:
            raise NotFound(f"there is no secret {name}")
        return self.secrets[name]


@dataclass
class NoWeb:
    """A portal that must not be asked: every call is kept, and fails the test."""

    calls: list[str] = field(default_factory=list)

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        self.calls.append(url)
        raise AssertionError(f"nothing may be asked of a portal here: GET {url}")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.calls.append(url)
        raise AssertionError(f"nothing may be asked of a portal here: POST {url}")


@dataclass
class LocalSigner:
    """Keys of this process; the first signs."""

    privates: list[rsa.RSAPrivateKey] = field(
        default_factory=lambda: [rsa.generate_private_key(65537, 2048) for _ in range(2)])

    def keys(self) -> Sequence[PublicKey]:
        return [_published(private) for private in self.privates]

    def sign(self, message: bytes) -> bytes:
        return self.privates[0].sign(message, padding.PKCS1v15(), hashes.SHA256())


def _published(private: rsa.RSAPrivateKey) -> PublicKey:
    numbers = private.public_key().public_numbers()
    e, n = (base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.e, numbers.n))
    thumbprint = hashlib.sha256(json.dumps({"e": e, "kty": "RSA", "n": n}, separators=(",", ":")).encode()).digest()
    return PublicKey(base64url(thumbprint), n, e)


@dataclass
class MemoryNoting:
    ended: list[tuple[Attempt, Mapping[str, float]]] = field(default_factory=list)
    alarms: list[tuple[str, Mapping[str, str | int]]] = field(default_factory=list)
    counted: list[tuple[str, Mapping[str, str | int]]] = field(default_factory=list)

    def signed(self, attempt: Attempt, milliseconds: Mapping[str, float]) -> None:
        self.ended.append((attempt, milliseconds))

    def alarm(self, event: str, **words: str | int) -> None:
        self.alarms.append((event, words))

    def count(self, name: str, **words: str | int) -> None:
        self.counted.append((name, words))


@dataclass
class Runs:
    asked: list[str] = field(default_factory=list)

    def __call__(self, integration: str) -> None:
        self.asked.append(integration)


def memory_outside(**parts: Any) -> Outside:
    """An outside in memory; a test gives the parts that it wants to hold in its hands."""
    made: dict[str, Any] = {
        "base_url": BASE, "clock": StillClock(), "random": Numbered(), "launches": MemoryLaunches(),
        "registry": MemoryRegistry(), "rosters": MemoryRosters(), "links": MemoryLinks(),
        "attempts": MemoryAttempts(), "secrets": MemorySecrets(), "web": NoWeb(), "noting": MemoryNoting(),
        "reference_key": lambda: b"reference key of a test", "ask_for_a_run": Runs(),
    }
    made |= parts
    if "signer" not in made:
        made["signer"] = LocalSigner()
    return Outside(**made)
