"""What sign-in knows: portals, products registered with it, transactions, one-time codes, links, attempts.

Plain frozen dataclasses and no pydantic: these are read in the time of a click (`docs/adr`, cold start). Staff write
them through typed operations that check every field first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PortalName = Literal["clever", "classlink"]
PORTAL_NAMES: tuple[PortalName, ...] = ("clever", "classlink")
TRANSACTION_SECONDS = 600
"""A sign-in that was begun and not ended by then is begun anew (reference/sso.md 3.3)."""
CODE_SECONDS = 60
TOKEN_SECONDS = 120


@dataclass(frozen=True)
class Portal:
    """A portal as we reach it: pinned addresses, never those of a request.

    `name` is its id; `words` what people call it. `sends_client` says how its token endpoint wants our secret. `api` is
    the base of its calls about the person. `iat_seconds`: how old an id_token may be. `scope` is asked for only of apps
    with OIDC. `body`: how its token endpoint reads a request (ADR 0033).
    """

    name: PortalName
    words: str
    issuer: str
    authorize: str
    token: str
    jwks: str
    userinfo: str
    api: str
    sends_client: Literal["basic", "post"]
    scope: str
    home: str
    status_page: str
    iat_seconds: int = 300
    body: Literal["form", "json"] = "form"


@dataclass(frozen=True)
class App:
    """A product's own registration at one portal (D6): `key` is the last part of its redirect address.

    `oidc` False: Clever's plain OAuth, by configuration and never by fallback. `pkce`: whether a challenge is sent.
    """

    portal: PortalName
    key: str
    client_id: str
    secret_name: str
    oidc: bool = True
    pkce: bool = True


@dataclass(frozen=True)
class Registration:
    """A product as a client of our provider. `slug` is its client id.

    `product` and `line` are the catalogue's names. `initiate_uri`: where a launch is sent. `home_url`: the product's
    own page. `secrets`: SHA-256 (hex) of the client secrets that count, at most two. `targets`: key of a deep link →
    address at the product.
    """

    slug: str
    product: str
    line: str
    redirect_uris: tuple[str, ...]
    initiate_uri: str
    home_url: str
    support_url: str
    secrets: tuple[str, ...]
    apps: tuple[App, ...]
    targets: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True

    def app(self, portal: str, key: str) -> App | None:
        """The app of this name at a portal."""
        return next((app for app in self.apps if (app.portal, app.key) == (portal, key)), None)


@dataclass(frozen=True)
class Asked:
    """What a product asked for: its half of a transaction, checked against its registration."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True)
class Transaction:
    """One sign-in on its way to a portal and back; chains the product's request and ours (reference/sso.md 3.3).

    `key` is SHA-256 of our state, `bind` of the cookie's value, both base64url without padding. Times: epoch seconds.
    """

    key: str
    bind: str
    portal: PortalName
    app: str
    nonce: str
    verifier: str
    asked: Asked
    login_id: str
    hops: int
    created_at: int
    expires_at: int


@dataclass(frozen=True)
class Handoff:
    """A one-time code for a product: `key` is SHA-256 of it. Who signed in, and what the code is bound to."""

    key: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    person: str
    district: str
    role: str
    roles: tuple[str, ...]
    portal: PortalName
    login_id: str
    auth_time: int
    roster_version: int
    expires_at: int


@dataclass(frozen=True)
class Tenant:
    """A tenant of a portal and the one district that has it: product line → integration. `version` counts writes.

    `off` are integrations whose sign-in is switched off: people read so, until one that signs in claims the tenant.
    """

    portal: PortalName
    id: str
    district_name: str
    integrations: Mapping[str, str]
    version: int = 0
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A person who signed in by an identity that the roster does not hold: subject of a portal → internal id."""

    integration: str
    portal: PortalName
    tenant: str
    subject: str
    person: str
    rule: str
    login_id: str
    at: str


@dataclass(frozen=True)
class Attempt:
    """One sign-in, as support sees it: no name, no address, no id of the portal or the SIS.

    `outcome` is `signed in` or the code of the page that was shown. `step` is how far it came, `reason` a word of ours
    that tells more than the code. `tenant` is the district's number at the portal; `subject_ref` lets support find
    attempts by an id that the school gives them, without storing it. `person` is an internal id, once matched.
    `schools` are kept of an administrator or teacher whose district has no roster yet: see `homeroom.sso.identifying`.
    """

    login_id: str
    at: str
    portal: str = ""
    app: str = ""
    product: str = ""
    integration: str = ""
    outcome: str = ""
    step: str = ""
    reason: str = ""
    rule: str = ""
    role: str = ""
    person: str = ""
    tenant: str = ""
    subject_ref: str = ""
    hops: int = 0
    unsolicited: bool = False
    redeemed_at: str = ""
    schools: tuple[str, ...] = ()


SIGNED_IN = "signed in"
