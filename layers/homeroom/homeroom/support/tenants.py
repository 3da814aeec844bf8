"""Tenants of portals: switching sign-in on claims them for the integration, and one tenant is one district's.

A claim is written before the integration is kept, what it no longer names is freed after that: a process that dies in
between leaves a claim of this integration too many, which the next change of its set-up takes back. Sign-in that is
switched off keeps its tenants, so that people read that it is off, until an integration that signs in claims them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

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
    """Give up every claim that the integration does not make any more; where its sign-in is off, keep it as such. Call
    it after the integration was kept."""
    claimed, named = set(_claims(kept)), set(_named(kept))
    for tenant in world.sign_ins.tenants_of(kept.id):
        if (tenant.portal, tenant.id) not in claimed:
            _free(kept, tenant, world, switched_off=(tenant.portal, tenant.id) in named)


def _claims(integration: Integration) -> Iterator[tuple[PortalName, str]]:
    """Portal and tenant of an integration that signs in. One whose sign-in ended keeps its tenants: the page that tells
    so is found by them."""
    if integration.sign_in.on or integration.sign_in.ended:
        yield from _named(integration)


def _named(integration: Integration) -> Iterator[tuple[PortalName, str]]:
    """Portal and tenant, whether or not anybody signs in."""
    if integration.product_line:
        view = sign_in_view(integration.model_dump(mode="json"))
        for portal in PORTAL_NAMES:
            if portal in view.portals:
                yield from ((portal, tenant) for tenant in view.portals[portal].tenants)


def _claim(integration: Integration, portal: PortalName, tenant: str, world: World) -> None:
    for _ in range(_TRIES):
        now = world.sign_ins.tenant(portal, tenant)
        _refuse_anothers(now, integration)
        district, others = _district(integration), _others(now, integration)
        if now is not None and now.district_name != district:
            others = {}  # whatever is left there is off, and of a district that had the tenant before
        held = {**others, integration.product_line: integration.id}
        wanted = Tenant(portal, tenant, district, held, now.version if now else 0, _off(now, held, without=integration))
        if wanted == now or world.sign_ins.put_tenant(wanted):
            return
    raise RetryableError("others change the same tenant; ask again")


def _free(integration: Integration, tenant: Tenant, world: World, *, switched_off: bool) -> None:
    now: Tenant | None = tenant
    for _ in range(_TRIES):
        if now is None or integration.id not in now.integrations.values():
            return
        held = now.integrations if switched_off else _others(now, integration)
        off = _off(now, held, without=integration) + ((integration.id,) if switched_off else ())
        left = replace(now, integrations=held, off=tuple(sorted(off)))
        if left == now or world.sign_ins.put_tenant(left):
            return
        now = world.sign_ins.tenant(tenant.portal, tenant.id)
    raise RetryableError("others change the same tenant; ask again")


def _refuse_anothers(tenant: Tenant | None, integration: Integration) -> None:
    if tenant is None:
        return
    where = f"the tenant {tenant.id} of {PORTALS[tenant.portal]}"
    others = sorted(set(_others(tenant, integration).values()) - set(tenant.off))
    if others and tenant.district_name != _district(integration):
        raise Refused(f"{where} belongs to {tenant.district_name}: a tenant is one district's",
                      remedy="Correct the tenant. If it is the same district, all its integrations bear the same "
                             f"district_name, here as {', '.join(others)}: to change it, switch sign-in off in all but "
                             "one, rename each, and switch it on again.")
    holder = tenant.integrations.get(integration.product_line)
    if holder in others:
        raise Refused(f"{where} is that of {holder} already, which serves {integration.product_line} too",
                      remedy="Correct the tenant, or switch sign-in off there first.")


def _off(tenant: Tenant | None, held: Mapping[str, str], *, without: Integration) -> tuple[str, ...]:
    """Those of `held` that were off before, but for this one."""
    before = tenant.off if tenant else ()
    return tuple(name for name in before if name in held.values() and name != without.id)


def _others(tenant: Tenant | None, integration: Integration) -> dict[str, str]:
    held = tenant.integrations if tenant else {}
    return {line: name for line, name in held.items() if name != integration.id}


def _district(integration: Integration) -> str:
    """Without a name nobody can tell that two integrations are of one district, so each is one of its own."""
    return integration.district_name or integration.id
