"""Tenants of portals: switching sign-in on claims them for the integration, and one tenant is one district's.

A claim is written before the integration is kept, what it no longer wants is freed after that: a process that dies in
between leaves a claim of this integration too many, which the next change of its set-up takes back.
"""

from __future__ import annotations

from collections.abc import Iterator

from homeroom.errors import Refused, RetryableError
from homeroom.model.integration import Integration
from homeroom.model.sign_in import PORTAL_NAMES, PortalName, Tenant
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.ports import World
from homeroom.products.refusals import PORTALS

_TRIES = 5
"""How often a claim is tried against others that are written at the same time."""


def refuse_anothers_tenant(wanted: Integration, world: World) -> None:
    """Raises Refused where another district, or another integration of the same product line, has a tenant."""
    for portal, tenant in _claims(wanted):
        _refuse_anothers(world.sign_ins.tenant(portal, tenant), wanted)


def claim_tenants(wanted: Integration, world: World) -> None:
    """Let sign-in find the integration by each of its tenants. Call it before the integration is kept.

    Raises Refused as `refuse_anothers_tenant`, and RetryableError where others change a tenant all the time.
    """
    for portal, tenant in _claims(wanted):
        _claim(wanted, portal, tenant, world)


def free_tenants(kept: Integration, world: World) -> None:
    """Give up every claim that the integration does not make any more. Call it after the integration was kept."""
    wanted = set(_claims(kept))
    for tenant in world.sign_ins.tenants_of(kept.id):
        if (tenant.portal, tenant.id) not in wanted:
            _free(kept, tenant, world)


def _claims(integration: Integration) -> Iterator[tuple[PortalName, str]]:
    """Portal and tenant. A sign-in that ended keeps its tenants: the page that tells so is found by them."""
    chosen = integration.sign_in
    if integration.product_line and (chosen.on or chosen.ended):
        view = sign_in_view(integration.model_dump(mode="json"))
        for portal in PORTAL_NAMES:
            if portal in view.portals:
                yield from ((portal, tenant) for tenant in view.portals[portal].tenants)


def _claim(integration: Integration, portal: PortalName, tenant: str, world: World) -> None:
    for _ in range(_TRIES):
        now = world.sign_ins.tenant(portal, tenant)
        _refuse_anothers(now, integration)
        wanted = Tenant(portal, tenant, _district(integration),
                        {**_others(now, integration), integration.product_line: integration.id},
                        now.version if now else 0)
        if wanted == now or world.sign_ins.put_tenant(wanted):
            return
    raise RetryableError("others change the same tenant; ask again")


def _free(integration: Integration, tenant: Tenant, world: World) -> None:
    now: Tenant | None = tenant
    for _ in range(_TRIES):
        if now is None or integration.id not in now.integrations.values():
            return
        left = Tenant(now.portal, now.id, now.district_name, _others(now, integration), now.version)
        if world.sign_ins.put_tenant(left):
            return
        now = world.sign_ins.tenant(tenant.portal, tenant.id)
    raise RetryableError("others change the same tenant; ask again")


def _refuse_anothers(tenant: Tenant | None, integration: Integration) -> None:
    if tenant is None:
        return
    where = f"the tenant {tenant.id} of {PORTALS[tenant.portal]}"
    others = sorted(_others(tenant, integration).values())
    if others and tenant.district_name != _district(integration):
        raise Refused(f"{where} belongs to {tenant.district_name}: a tenant is one district's",
                      remedy="Correct the tenant. If it is the same district, all its integrations bear the same "
                             f"district_name, here as {', '.join(others)}: to change it, switch sign-in off in all but "
                             "one, rename each, and switch it on again.")
    holder = tenant.integrations.get(integration.product_line)
    if holder not in (None, integration.id):
        raise Refused(f"{where} is that of {holder} already, which serves {integration.product_line} too",
                      remedy="Correct the tenant, or switch sign-in off there first.")


def _others(tenant: Tenant | None, integration: Integration) -> dict[str, str]:
    held = tenant.integrations if tenant else {}
    return {line: name for line, name in held.items() if name != integration.id}


def _district(integration: Integration) -> str:
    """Without a name nobody can tell that two integrations are of one district, so each is one of its own."""
    return integration.district_name or integration.id
