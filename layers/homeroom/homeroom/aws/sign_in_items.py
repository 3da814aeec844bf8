"""Items of the sign-ins table, and back. Without pydantic: they are read in the time of a click.

    owner                                              item   holds
    product#<slug>                                     @      a product's registration
    app#<portal>#<key>                                 @      slug of the product whose app it is
    client#<portal>#<client id>                        @      slug of the product that has this client id there
    tenant#<portal>#<id>                               @      the one district that has it
    portal#<name>                                      @      addresses of a portal that staff accepted
    link#<integration>#<portal>#<tenant>#<subject>     @      a person who signed in by what the roster does not hold
    linked#<integration>#<portal>#<tenant>#<person>    @      that this person has such a link, and its subject
    attempt#<login id>                                 @      one sign-in; 90 days

`list` and `order` are the keys of the index `listed`: products, tenants, and by integration its links and attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from homeroom.aws.values import Wire, wired_item
from homeroom.model.sign_in import App, Attempt, Link, Portal, Registration, Tenant

ALONE = "@"
ATTEMPT_KEPT = timedelta(days=90)
PRODUCTS, TENANTS = "products", "tenants"
"""Values of `list`."""
NOBODY = "-"
"""Stands for the integration of attempts that did not come as far as one."""
_OF_ATTEMPT = frozenset(field.name for field in fields(Attempt))
_OF_LINK = frozenset(field.name for field in fields(Link))
_OF_PORTAL = frozenset(field.name for field in fields(Portal))
_OF_TENANT = frozenset(field.name for field in fields(Tenant))


def key(owner: str) -> dict[str, Wire]:
    """The key of an item, in wire format."""
    return wired_item({"owner": owner, "item": ALONE})


def product_owner(slug: str) -> str:
    return f"product#{slug}"


def app_owner(portal: str, app: str) -> str:
    return f"app#{portal}#{app}"


def client_owner(portal: str, client_id: str) -> str:
    return f"client#{portal}#{client_id}"


def tenant_owner(portal: str, tenant: str) -> str:
    return f"tenant#{portal}#{tenant}"


def portal_owner(name: str) -> str:
    return f"portal#{name}"


def link_owner(integration: str, portal: str, tenant: str, subject: str) -> str:
    return f"link#{integration}#{portal}#{tenant}#{subject}"


def linked_owner(link: Link) -> str:
    return person_owner(link.integration, link.portal, link.tenant, link.person)


def person_owner(integration: str, portal: str, tenant: str, person: str) -> str:
    return f"linked#{integration}#{portal}#{tenant}#{person}"


def attempt_owner(login_id: str) -> str:
    return f"attempt#{login_id}"


def attempts_list(integration: str) -> str:
    """The list of an integration's attempts; of those without one for an empty name."""
    return f"attempts#{integration or NOBODY}"


def links_list(integration: str) -> str:
    """The list of an integration's links."""
    return f"links#{integration}"


def registration_item(registration: Registration) -> dict[str, Any]:
    return {**_alone(product_owner(registration.slug)), "list": PRODUCTS, "order": registration.slug,
            **asdict(registration)}


def registration_of(item: Mapping[str, Any]) -> Registration:
    return Registration(
        slug=item["slug"], product=item["product"], line=item["line"], redirect_uris=tuple(item["redirect_uris"]),
        initiate_uri=item["initiate_uri"], home_url=item["home_url"], support_url=item["support_url"],
        secrets=tuple(item["secrets"]), apps=tuple(App(**app) for app in item["apps"]), targets=item["targets"],
        enabled=item["enabled"],
    )


def app_item(portal: str, app: str, slug: str) -> dict[str, Any]:
    return {**_alone(app_owner(portal, app)), "slug": slug}


def claims(registration: Registration) -> dict[str, dict[str, Any]]:
    """The items that say whose an app and a client id are, by owner: what no other product may have."""
    owners = [owner for app in registration.apps
              for owner in (app_owner(app.portal, app.key), client_owner(app.portal, app.client_id))]
    return {owner: {**_alone(owner), "slug": registration.slug} for owner in owners}


def tenant_item(tenant: Tenant) -> dict[str, Any]:
    return {**_alone(tenant_owner(tenant.portal, tenant.id)), "list": TENANTS, "order": f"{tenant.portal}#{tenant.id}",
            **asdict(tenant)}


def tenant_of(item: Mapping[str, Any]) -> Tenant:
    known = _known(item, _OF_TENANT)
    return Tenant(**known | {"off": tuple(known.get("off", ()))})


def portal_item(portal: Portal) -> dict[str, Any]:
    return {**_alone(portal_owner(portal.name)), **asdict(portal)}


def portal_of(item: Mapping[str, Any]) -> Portal:
    return Portal(**_known(item, _OF_PORTAL))


def link_item(link: Link) -> dict[str, Any]:
    owner = link_owner(link.integration, link.portal, link.tenant, link.subject)
    return {**_alone(owner), "list": links_list(link.integration), "order": link.at, **asdict(link)}


def linked_item(link: Link) -> dict[str, Any]:
    return {**_alone(linked_owner(link)), "subject": link.subject}


def link_of(item: Mapping[str, Any]) -> Link:
    return Link(**_known(item, _OF_LINK))


def attempt_item(attempt: Attempt) -> dict[str, Any]:
    """Only what is told: most attempts lack half of the words."""
    told = {name: value for name, value in asdict(attempt).items() if value}
    return {**_alone(attempt_owner(attempt.login_id)), "list": attempts_list(attempt.integration), "order": attempt.at,
            "expires_at": int((datetime.fromisoformat(attempt.at) + ATTEMPT_KEPT).timestamp()), **told}


def attempt_of(item: Mapping[str, Any]) -> Attempt:
    told = _known(item, _OF_ATTEMPT)
    return Attempt(**{**told, "schools": tuple(told.get("schools", ()))})


def _alone(owner: str) -> dict[str, Any]:
    return {"owner": owner, "item": ALONE}


def _known(item: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in names}
