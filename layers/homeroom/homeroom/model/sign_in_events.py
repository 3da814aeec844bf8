"""Operations about sign-in: products that let people sign in through us, the portals, and what became of sign-ins.

An app's client secret comes in here and leaves for Secrets Manager alone, as credentials of sources do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from homeroom.model.connect_events import IntegrationId, Value
from homeroom.model.frozen import Frozen
from homeroom.model.sign_in import PortalName

SLUG = r"^[a-z0-9][a-z0-9-]{1,39}$"
"""How a product is called in addresses, and by itself towards us: its client id."""
LOGIN = r"^[A-Za-z0-9_-]{6,64}$"
"""A login id, as a failure page shows it."""
MOST_APPS = 20
Slug = Annotated[str, Field(pattern=SLUG)]
Address = Annotated[str, Field(min_length=1, max_length=2048)]


class AppGiven(Frozen):
    """A product's own registration at a portal. `client_secret` is given when it is new or was replaced there.

    `oidc` and `pkce` stay as they are where they are left out, and are true of a new app.
    """

    portal: PortalName
    key: Slug = Field(description="last part of its redirect address at us")
    client_id: str = Field(pattern=r"^[\x21-\x7e]{1,255}$")
    client_secret: Value | None = None
    oidc: bool | None = Field(default=None, description="false: Clever's plain OAuth, before Clever switches OIDC on")
    pkce: bool | None = Field(default=None, description="false only where the portal refuses a challenge")


class AppNamed(Frozen):
    """An app that is given up."""

    portal: PortalName
    key: Slug


class RegisterProduct(Frozen):
    """Register a product for sign-in, or change that. Of one that is there, what is left out stays.

    `apps` are added, or replace the app of the same name. `rotate` makes a further client secret for the product: it is
    shown once, in the answer, and the older of two goes.
    """

    operation: Literal["register_product"]
    slug: Slug
    product: str | None = Field(default=None, description="name in the catalogue; fixed once it is registered")
    redirect_uris: Annotated[tuple[Address, ...], Field(min_length=1, max_length=10)] | None = None
    initiate_uri: Address | None = None
    home_url: Address | None = None
    support_url: Address | None = None
    targets: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], Address] | None = None
    apps: Annotated[tuple[AppGiven, ...], Field(max_length=MOST_APPS)] = ()
    remove_apps: Annotated[tuple[AppNamed, ...], Field(max_length=MOST_APPS)] = ()
    enabled: bool | None = None
    rotate: bool = False
    by: str
    reason: str = Field(min_length=1)


class ListRegistrations(Frozen):
    """Products that let people sign in through us, with everything that has to be entered elsewhere."""

    operation: Literal["registrations"]


class CheckPortal(Frozen):
    """Compare what a portal publishes about itself with the addresses that we use. `accept` takes what differs, as far
    as it is on the portal's own hosts; without it nothing changes."""

    operation: Literal["check_portal"]
    portal: PortalName
    accept: bool = False
    by: str = ""
    reason: str = ""


class CheckPortals(Frozen):
    """Look whether a portal publishes other addresses than we use; daily, by schedule. Changes nothing."""

    operation: Literal["check_portals"]


class ShowSignIn(Frozen):
    """The whole story of one sign-in, by the reference that the page showed."""

    operation: Literal["sign_in"]
    login: str = Field(pattern=LOGIN)


class ListSignIns(Frozen):
    """The newest sign-ins of an integration, and how many ended how. Without one: those that led to none.

    `subject` is the person's id at the portal, as the school tells it; it is not kept, and finds attempts by a
    reference made of it. `tenant` narrows that to one of the district's ids there.
    """

    operation: Literal["sign_ins"]
    integration: IntegrationId | None = None
    hours: int = Field(default=24, ge=1, le=90 * 24)
    newest: int = Field(default=20, ge=1, le=200)
    outcome: str = Field(default="", pattern=r"^(SSO-\d{3}|signed in|)$")
    person: str = Field(default="", max_length=64)
    portal: PortalName | None = None
    subject: str = Field(default="", max_length=255)
    tenant: str = Field(default="", max_length=64)


class Unlink(Frozen):
    """Forget who somebody was at their first sign-in: the next one is matched anew (page SSO-204)."""

    operation: Literal["unlink"]
    integration: IntegrationId
    person: str = Field(min_length=1, max_length=255, description="internal id, or any identity of the person")
    portal: PortalName
    tenant: str = ""
    by: str
    reason: str = Field(min_length=1)


__all__ = [
    "AppGiven", "AppNamed", "CheckPortal", "CheckPortals", "ListRegistrations", "ListSignIns", "RegisterProduct",
    "ShowSignIn", "Unlink",
]
