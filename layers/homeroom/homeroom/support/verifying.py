"""Ask the source itself: does the connection work, which districts wait, which district is it, which schools has it."""

from __future__ import annotations

from typing import Any

from homeroom.errors import Refused, SourceUnusable
from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, OrgSeen, Probe, SetUp
from homeroom.model.source import CleverApi
from homeroom.ports import World
from homeroom.read import probing
from homeroom.read.polling import credentials
from homeroom.support.audit import audit
from homeroom.support.deliveries import roster_files
from homeroom.support.directory import directory_findings
from homeroom.support.tenants import claim_tenants, free_tenants
from homeroom.support.views import integration_view, seen, steps_view


def try_connection(event: events.TryConnection, world: World) -> dict[str, Any]:
    """Test the connection and keep what was found. A district that was named and is seen there counts as verified.

    A directory is tested too and told with it, but not kept: without it the roster goes on, and each run says so.
    """
    integration = world.integrations.get(event.integration)
    audit(world, integration.id, "test_connection", event.by, event.reason)
    probe = _compared(probed(integration, world), integration.district_id)
    update: dict[str, Any] = {"tested_at": world.clock.now(), "findings": probe.findings}
    if integration.setup.verified_at is None and _among(integration.district_id, probe.districts):
        update["verified_at"] = world.clock.now()
    kept = keep(integration.id, world, **update)
    probe = probe.model_copy(update={"findings": (*probe.findings, *directory_findings(integration, world))})
    return {
        "ok": probe.ok,
        "findings": [finding.model_dump(mode="json") for finding in probe.findings],
        "districts": [district.model_dump(mode="json") for district in probe.districts],
        "schools": len(probe.schools),
    } | _told(kept, world)


def pending_requests(event: events.PendingRequests, world: World) -> dict[str, Any]:
    """Districts that authorised the app at Clever, and that no integration with this secret serves yet."""
    given = {"url": event.url, "sign_in_url": event.sign_in_url}
    source = CleverApi.model_validate({name: value for name, value in given.items() if value is not None})
    served = {i.district_id for i in world.integrations.list()
              if i.transport == "clever_api" and i.secret_name == event.secret_name}
    waiting = [district for district in _authorised(source, event.secret_name, world) if district.id not in served]
    return {"secret_name": event.secret_name, "districts": [district.model_dump(mode="json") for district in waiting]}


def accept(event: events.Accept, world: World) -> dict[str, Any]:
    """Accept a pending request: the District ID must be among those that authorised the app (requirement A6)."""
    integration = world.integrations.get(event.integration)
    if not isinstance(integration.source, CleverApi):
        raise Refused("only Clever has requests to accept", remedy="Use verify_district.")
    refuse_another_of_the_district(integration, event.district_id, world)
    audit(world, integration.id, "accept", event.by, event.reason, district_id=event.district_id)
    if integration.secret_name is None:
        raise Refused("the app's credentials are missing", code="SRC-10", remedy="Store them with rotate_secret.")
    listed = _authorised(integration.source, integration.secret_name, world)
    if not any(district.id == event.district_id for district in listed):
        raise Refused("Clever lists no such district: it has not authorised the app, or the District ID is another one",
                      remedy="Look at pending_requests; else the district authorises the app in its Clever Dashboard.")
    now = world.clock.now()
    return _told(_of_district(integration, event.district_id, world, accepted_at=now, verified_at=now), world)


def verify_district(event: events.VerifyDistrict, world: World) -> dict[str, Any]:
    """Confirm whose roster it is. Files that are pushed tell it only when they are read: there the guard compares."""
    integration = world.integrations.get(event.integration)
    if integration.transport == "clever_api":
        raise Refused("a district of Clever is verified by accepting its request", remedy="Use accept.")
    refuse_another_of_the_district(integration, event.district_id, world)
    audit(world, integration.id, "verify_district", event.by, event.reason, district_id=event.district_id)
    if integration.transport != "csv_pushed":
        probe = probed(integration, world)
        if not probe.districts:
            refuse_unless_ok(probe)
        if not _among(event.district_id, probe.districts):
            raise Refused("the source shows no district with that id or identifier",
                          remedy="Take an id that test_connection shows, or ask the district what it shares.")
    return _told(_of_district(integration, event.district_id, world, verified_at=world.clock.now()), world)


def probed(integration: Integration, world: World) -> Probe:
    """What a connection test of the integration sees now. Missing credentials are a finding like any other."""
    if integration.transport == "csv_pushed":
        return probing.landed(roster_files(integration, world))
    try:
        return probing.probe(integration, credentials(integration, world))
    except SourceUnusable as unusable:
        return probing.told(unusable, "credentials")


def _compared(probe: Probe, named: str | None) -> Probe:
    """The test, with a failure more where the source is of another district than the one that was named."""
    if not (probe.ok and named and probe.districts) or _among(named, probe.districts):
        return probe
    other = Finding(step="verify", ok=False, owner="vendor", remedy="Correct the district's id, or the source.",
                    text=f"the source shows {len(probe.districts)} district(s), none with the id or identifier {named}")
    return probe.model_copy(update={"findings": (*probe.findings, other)})


def refuse_unless_ok(probe: Probe) -> None:
    """Refuse in the words of the first step that failed."""
    failed = next((finding for finding in probe.findings if not finding.ok), None)
    if failed is not None:
        raise Refused(failed.text, code=failed.code, owner=failed.owner, remedy=failed.remedy or None)


def keep(name: str, world: World, **update: Any) -> Integration:
    """Note steps of the set-up on the integration as it is now: while a test takes seconds, others change things."""
    now = world.integrations.get(name)
    kept = now.model_copy(update={"setup": now.setup.model_copy(update=update)})
    world.integrations.put(kept)
    return kept


def for_another_district(setup: SetUp) -> SetUp:
    """What is still true when the district is another one: a test that failed may have failed for the old one."""
    return untested(setup).model_copy(update={"accepted_at": None, "verified_at": None})


def untested(setup: SetUp) -> SetUp:
    """Without a test that failed, because what it failed for was changed since: the next step is to test again."""
    if all(finding.ok for finding in setup.findings):
        return setup
    return setup.model_copy(update={"tested_at": None, "findings": ()})


def _of_district(integration: Integration, district_id: str, world: World, **update: Any) -> Integration:
    now = world.integrations.get(integration.id)
    setup = for_another_district(now.setup).model_copy(update=update)
    kept = now.model_copy(update={"district_id": district_id, "setup": setup})
    claim_tenants(kept, world)  # where the District ID is the tenant of the district's sign-in
    world.integrations.put(kept)
    free_tenants(kept, world)
    return kept


def _authorised(source: CleverApi, secret_name: str, world: World) -> tuple[OrgSeen, ...]:
    """Raises Refused in the source's own words when it can not be asked, and NotFound without a secret."""
    try:
        return probing.pending(source, world.secrets.get(secret_name))
    except SourceUnusable as unusable:
        raise Refused(unusable.text, code=unusable.issue_code, owner=unusable.issue_owner,
                      remedy=unusable.issue_remedy) from None


def _among(district_id: str | None, districts: tuple[OrgSeen, ...]) -> bool:
    return bool(district_id) and any(district_id in (district.id, district.identifier) for district in districts)


def refuse_another_of_the_district(integration: Integration, district_id: str, world: World) -> None:
    """Two integrations that feed one product line from one district would make every person twice."""
    same = (integration.aggregator, integration.product_line, district_id)
    for other in world.integrations.list():
        if other.id != integration.id and (other.aggregator, other.product_line, other.district_id) == same:
            raise Refused(f"{other.id} is already the integration of that district",
                          remedy="Change that integration, or correct the District ID.")


def _told(integration: Integration, world: World) -> dict[str, Any]:
    looked = seen(integration, world)
    return integration_view(looked) | {"district_id": integration.district_id} | steps_view(looked)
