"""One tenant of a portal is one district's, and one integration's of each product line."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused, RetryableError
from homeroom.model.integration import Integration
from homeroom.model.sign_in import Tenant
from homeroom.support import tenants
from tests.builders.connections import Stub, clever, rest
from tests.fakes.memory import MemoryWorld, memory_world
from tests.unit.support.asking import connect, do, stored

TENANT = {"tenants": ["2084"]}
AT_CLASSLINK = {"on": True, "portals": {"classlink": TENANT}}


def sonday(id: str = "lab-usd", district: str = "Sample District", **words: Any) -> Integration:
    return rest(id=id, district_id="d-1", district_name=district, product_line="Sonday", **words)


def galileo(id: str = "lab-galileo", **words: Any) -> Integration:
    told = {"district_id": "d-1", "district_name": "Sample District", "product_line": "Galileo"} | words
    return clever(id=id, **told)


def switch(world: MemoryWorld, name: str, **sign_in: Any) -> dict[str, Any]:
    return do(world, "options", integration=name, choices={"sign_in": sign_in}, by="tse")


def held(world: MemoryWorld) -> dict[tuple[str, str], dict[str, str]]:
    return {key: dict(tenant.integrations) for key, tenant in world.sign_ins.registry.tenants.items()}


def off(world: MemoryWorld) -> dict[str, tuple[str, ...]]:
    return {tenant: kept.off for (_, tenant), kept in world.sign_ins.registry.tenants.items()}


def test_switching_sign_in_on_claims_each_tenant_and_switching_off_keeps_it_as_off() -> None:
    world = memory_world(sonday())
    switch(world, "lab-usd", on=True, portals={"classlink": {"tenants": ["2084", "2085"]}})
    assert held(world) == {("classlink", "2084"): {"Sonday": "lab-usd"}, ("classlink", "2085"): {"Sonday": "lab-usd"}}
    switch(world, "lab-usd", portals={"classlink": {"tenants": ["2085"]}})
    assert list(held(world)) == [("classlink", "2085")]
    switch(world, "lab-usd", on=False)
    assert (held(world), off(world)) == ({("classlink", "2085"): {"Sonday": "lab-usd"}}, {"2085": ("lab-usd",)})
    switch(world, "lab-usd", on=True)
    assert off(world) == {"2085": ()}


def test_a_tenant_of_a_sign_in_that_is_off_may_be_claimed_by_another_integration() -> None:
    world = memory_world(sonday(), sonday("second-usd"), galileo("rogue-usd", district_name="Another District"))
    switch(world, "lab-usd", **AT_CLASSLINK)
    switch(world, "lab-usd", on=False)
    switch(world, "second-usd", **AT_CLASSLINK)
    assert (held(world), off(world)) == ({("classlink", "2084"): {"Sonday": "second-usd"}}, {"2084": ()})
    with pytest.raises(Refused, match="is that of second-usd already"):
        switch(world, "lab-usd", on=True)
    switch(world, "second-usd", on=False)
    match = {"portal": "sourced_id", "roster": "identifier"}
    switch(world, "rogue-usd", on=True, portals={"classlink": TENANT | {"match": match}})
    tenant = world.sign_ins.tenant("classlink", "2084")
    assert tenant is not None
    assert (tenant.district_name, dict(tenant.integrations)) == ("Another District", {"Galileo": "rogue-usd"})


def test_the_tenant_of_clevers_own_roster_is_the_district_id_once_it_is_accepted(source: Stub) -> None:
    world = stored(galileo(district_id=None, sign_in={"on": True}))
    assert held(world) == {}
    do(world, "accept", integration="lab-galileo", district_id="d-1", by="tse", reason="compared")
    assert held(world) == {("clever", "d-1"): {"Galileo": "lab-galileo"}}
    do(world, "accept", integration="lab-galileo", district_id="d-2", by="tse", reason="a mistake")
    assert held(world) == {("clever", "d-2"): {"Galileo": "lab-galileo"}}


def test_connecting_claims_too_and_a_repeat_writes_nothing() -> None:
    world = memory_world()
    for _ in range(2):
        connect(world, galileo(sign_in={"on": True}))
    assert world.sign_ins.tenant("clever", "d-1") == Tenant(
        "clever", "d-1", "Sample District", {"Galileo": "lab-galileo"}, 1)


def test_another_integration_of_the_same_line_is_refused_and_nothing_changes() -> None:
    world = memory_world(sonday(), sonday("second-usd"))
    switch(world, "lab-usd", **AT_CLASSLINK)
    with pytest.raises(Refused, match="is that of lab-usd already, which serves Sonday too"):
        switch(world, "second-usd", **AT_CLASSLINK)
    assert held(world) == {("classlink", "2084"): {"Sonday": "lab-usd"}}
    assert (world.integrations.get("second-usd").sign_in.on, len(world.runs.audits)) == (False, 1)


def test_another_line_of_the_same_district_shares_the_tenant_and_of_another_district_does_not() -> None:
    match = {"portal": "sourced_id", "roster": "identifier"}
    both = {"on": True, "portals": {"classlink": TENANT | {"match": match}}}
    world = memory_world(sonday(), galileo(), galileo("rogue-usd", district_name="Rogue District"))
    switch(world, "lab-usd", **AT_CLASSLINK)
    switch(world, "lab-galileo", **both)
    assert held(world)["classlink", "2084"] == {"Sonday": "lab-usd", "Galileo": "lab-galileo"}
    switch(world, "lab-galileo", on=False)
    with pytest.raises(Refused, match="the tenant 2084 of ClassLink belongs to Sample District: a tenant is one"):
        switch(world, "rogue-usd", **both)
    assert held(world)["classlink", "2084"] == {"Sonday": "lab-usd", "Galileo": "lab-galileo"}
    assert off(world) == {"2084": ("lab-galileo",)}


def test_two_integrations_without_a_districts_name_are_not_taken_for_one_district() -> None:
    match = {"portal": "sourced_id", "roster": "identifier"}
    world = memory_world(sonday(district=""), galileo(district_name=""))
    switch(world, "lab-usd", **AT_CLASSLINK)
    with pytest.raises(Refused, match="belongs to lab-usd"):
        switch(world, "lab-galileo", on=True, portals={"classlink": TENANT | {"match": match}})


def test_who_alone_holds_a_tenant_may_change_the_districts_name() -> None:
    world = memory_world()
    connect(world, galileo(sign_in={"on": True}))
    connect(world, galileo(district_name="Sample Unified", sign_in={"on": True}))
    tenant = world.sign_ins.tenant("clever", "d-1")
    assert tenant is not None
    assert tenant.district_name == "Sample Unified"


def test_of_two_claims_at_once_the_second_one_is_refused_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = memory_world(sonday(), sonday("second-usd"))
    monkeypatch.setattr(tenants, "refuse_anothers_tenant", lambda *_: None)
    put = world.sign_ins.put_tenant

    def after_somebody_else(tenant: Tenant) -> bool:
        monkeypatch.setattr(world.sign_ins, "put_tenant", put)
        tenants.claim_tenants(sonday("second-usd", sign_in=AT_CLASSLINK), world)
        return put(tenant)

    monkeypatch.setattr(world.sign_ins, "put_tenant", after_somebody_else)
    with pytest.raises(Refused, match="is that of second-usd already"):
        switch(world, "lab-usd", **AT_CLASSLINK)
    assert held(world) == {("classlink", "2084"): {"Sonday": "second-usd"}}
    assert not world.integrations.get("lab-usd").sign_in.on


def test_a_tenant_that_others_change_all_the_time_is_asked_for_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    world = memory_world(sonday())
    monkeypatch.setattr(world.sign_ins, "put_tenant", lambda _: False)
    with pytest.raises(RetryableError, match="others change the same tenant"):
        switch(world, "lab-usd", **AT_CLASSLINK)
    assert not world.integrations.get("lab-usd").sign_in.on


def test_a_claim_that_a_crash_left_is_taken_back_by_the_next_change() -> None:
    world = memory_world(sonday())
    tenants.claim_tenants(sonday(sign_in=AT_CLASSLINK), world)
    assert held(world) == {("classlink", "2084"): {"Sonday": "lab-usd"}}
    do(world, "options", integration="lab-usd", choices={"options": {"strict": True}}, by="tse")
    assert held(world) == {}
