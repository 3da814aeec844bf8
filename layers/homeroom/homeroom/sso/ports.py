"""What sign-in needs of the outside world. `homeroom.aws` implements it; the tests have the same in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from homeroom.model.sign_in import Attempt, Handoff, Link, Portal, Registration, Tenant, Transaction
from homeroom.model.sign_in_choices import SignInView


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime: ...


class Launches(Protocol):
    """Transactions and one-time codes: short-lived, each used once, by one conditional write."""

    def begin(self, transaction: Transaction) -> None:
        """Keep a transaction. Its key is new."""

    def use(self, key: str, *, bind: str, portal: str, app: str, now: int) -> Transaction | None:
        """Remove and return the transaction, if it is bound to this cookie, of this portal and app, and not expired.

        One conditional delete: of twenty calls at once one gets it. None otherwise, and then it stands untouched.
        """

    def waiting(self, key: str) -> Transaction | None:
        """The transaction as it stands, whoever's and however old: only to tell why it could not be used."""

    def keep(self, handoff: Handoff) -> None:
        """Keep a one-time code."""

    def redeem(self, key: str, *, client_id: str, now: int) -> Handoff | None:
        """Mark the code used and return it, if it is this client's, was never used and is not expired; else None."""

    def spent(self, key: str, *, client_id: str) -> Handoff | None:
        """The code if it was used before by this client: somebody tries it again."""

    def kept(self, key: str) -> Handoff | None:
        """The code as it was kept, whoever's it is, used and expired or not: only to tell what a refused one was."""

    def tally(self, name: str, *, until: int) -> int:
        """How often this name was given, this time included; one write. It may be forgotten after `until` (epoch
        seconds), so a name says which time it counts."""

    def once(self, name: str, *, until: int, now: int) -> bool:
        """True for the first who asks under this name before `until` (epoch seconds)."""


class Registry(Protocol):
    """What staff set up: products and their apps, tenants, how integrations sign in."""

    def registration(self, slug: str) -> Registration | None: ...

    def app_owner(self, portal: str, key: str) -> Registration | None:
        """The product whose app this is."""

    def tenant(self, portal: str, tenant: str) -> Tenant | None: ...

    def portal(self, name: str) -> Portal | None:
        """A portal with the addresses that staff accepted from its discovery; None for an unknown name."""

    def sign_in(self, integration: str) -> SignInView | None:
        """How people of an integration sign in, read consistently."""


class Rosters(Protocol):
    """The roster of an integration, by key alone: nothing else can be asked, so no other district can be met."""

    def holder(self, roster: str, kind: str, value: str) -> str | None:
        """Internal id of the one person with this identity (`homeroom.model.identities`), read consistently."""

    def person(self, roster: str, person: str) -> Mapping[str, Any] | None:
        """The person's record as the table holds it: `status`, `enabled`, `role`, `roles`, `orgs` and more; with what
        staff laid over it until the next run (`homeroom.sso.matching.as_edited`)."""

    def applied_at(self, integration: str) -> str:
        """When a run was applied last (ISO); empty for none."""

    def waits(self, integration: str) -> tuple[int, bool]:
        """The number of the run that was applied last (0: none), and whether a run is held."""


class KnownLinks(Protocol):
    """Who a subject of a portal was at its first sign-in, where the roster does not hold the subject itself."""

    def find(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None: ...


class Links(KnownLinks, Protocol):
    """The same, for those who may add to them."""

    def add(self, link: Link) -> bool:
        """Keep it if neither the subject nor the person (for this portal and tenant) has one; False otherwise."""


class Attempts(Protocol):
    """The history of sign-ins, one item a login id."""

    def record(self, attempt: Attempt) -> None:
        """Keep it whole; the same login id again replaces it."""

    def redeemed(self, login_id: str, at: str) -> None:
        """Note that the product fetched who it is."""


@dataclass(frozen=True)
class Reply:
    """What a portal answered. `body` is at most `homeroom.sso.web.MOST_BYTES`."""

    status: int
    body: bytes


class Web(Protocol):
    """Calls to portals: our own User-Agent, no redirects, short times, bounded answers; never a second try.

    Raises `homeroom.sso.stops.NoAnswer` where none came.
    """

    def get(self, url: str, headers: Mapping[str, str]) -> Reply: ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply: ...


@dataclass(frozen=True)
class PublicKey:
    """A published key of ours: `kid` is its RFC 7638 thumbprint, `n` and `e` as a JWK has them."""

    kid: str
    n: str
    e: str


class Signer(Protocol):
    """The key that signs our id_tokens: in KMS, it never leaves it."""

    def keys(self) -> Sequence[PublicKey]:
        """All that are published; the first is the one that signs."""

    def sign(self, message: bytes) -> bytes:
        """RS256 (RSASSA-PKCS1-v1_5 with SHA-256) of the message, by the first key."""


class Secrets(Protocol):
    """Client secrets of apps, by name."""

    def get(self, name: str) -> Mapping[str, str]:
        """Raises NotFound."""


class Noting(Protocol):
    """Log line, metrics and security events: allow-listed words only, nothing of a person."""

    def signed(self, attempt: Attempt, milliseconds: Mapping[str, float]) -> None:
        """One line and one count for a sign-in that ended, well or on a page."""

    def alarm(self, event: str, **words: str | int) -> None:
        """A security event: a code used twice, a wrong binding, an issuer that is not the portal's …"""

    def count(self, name: str, **words: str | int) -> None:
        """One more of something that is not a sign-in: a launch, a page without one, keys that could not be read."""


@dataclass(frozen=True)
class Outside:
    """Everything outside, wired once for a process. `random` gives that many bytes of the system's randomness.

    `base_url` is our issuer, without a slash at its end. `reference_key` makes `subject_ref`. `ask_for_a_run` tells the
    one door that somebody signed in who is not in the roster yet.
    """

    base_url: str
    clock: Clock
    random: Callable[[int], bytes]
    launches: Launches
    registry: Registry
    rosters: Rosters
    links: Links
    attempts: Attempts
    secrets: Secrets
    web: Web
    signer: Signer
    noting: Noting
    reference_key: Callable[[], bytes]
    ask_for_a_run: Callable[[str], None]
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What a process remembers from one sign-in to the next: keys of portals, secrets of apps. Another outside (even
    one made by `replace`) begins with nothing."""
