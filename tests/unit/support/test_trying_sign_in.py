"""What a sign-in would do, told to staff by the same code that signs people in; nothing is written and nothing kept."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from homeroom.apply.items import link_key, record_key
from homeroom.errors import Refused
from homeroom.model.integration import Integration
from homeroom.model.sign_in import Link
from tests.builders.connections import clever, rest
from tests.fakes.memory import MemoryWorld, memory_world
from tests.unit.support.asking import do

CLASSLINK = {"classlink": {"tenants": ["2084"]}}


def roster(integration: Integration, **identities: str) -> MemoryWorld:
    """A world with a teacher `p-1` of these identities."""
    return holding(memory_world(integration), {"role": "teacher"}, **identities)


def holding(world: MemoryWorld, record: dict[str, Any], **identities: str) -> MemoryWorld:
    owner, member = record_key("lab-usd", "people", "p-1")
    items: list[dict[str, Any]] = [{"owner": owner, "member": member, "id": "p-1", "status": "active", **record}]
    for kind, value in identities.items():
        owner, member = link_key("lab-usd", f"{kind}#{value}")
        items.append({"owner": owner, "member": member, "kind": kind, "person": "p-1"})
    world.roster.write(items, [])
    return world


def galileo(**words: Any) -> Integration:
    return clever(**({"district_id": "d-1", "product_line": "Galileo", "sign_in": {"on": True}} | words))


def sonday(**words: Any) -> Integration:
    told = {"district_id": "d-1", "product_line": "Sonday", "sign_in": {"on": True, "portals": CLASSLINK}}
    return rest(**(told | words))


def tried(world: MemoryWorld, value: str, **words: Any) -> dict[str, Any]:
    return do(world, "try_sign_in", integration="lab-usd", value=value, **words)


def test_whoever_would_sign_in_is_told_with_rule_and_role_and_without_the_value() -> None:
    told = tried(roster(galileo(), sourced_id="u-1"), "u-1", role="teacher")
    assert told == {
        "integration": "lab-usd", "portal": "clever", "product": "Galileo K-12", "told": "id", "on": True, "page": None,
        "reason": "", "rule": "id", "person": "p-1", "role": "teacher", "roles": ["teacher"], "advice": "would sign in",
    }


def test_nothing_is_written_kept_or_asked_for() -> None:
    world = roster(sonday(), sourced_id="T-1")
    before = copy.deepcopy((world.roster.items, world.sign_ins, world.executions.started))
    assert (tried(world, "T-1")["role"], tried(world, "nobody-9")["page"]) == ("teacher", "SSO-203")
    assert (world.roster.items, world.sign_ins, world.executions.started, world.runs.audits) == (*before, [])


def test_nobody_is_told_as_the_page_with_what_to_do() -> None:
    told = tried(roster(galileo()), "u-9")
    assert (told["page"], told["reason"], told["person"]) == ("SSO-203", "no run was applied yet", None)
    assert told["advice"] == "The roster is empty, no run was applied yet: `status` says whose turn it is."


def test_the_value_is_what_the_integration_matches_by_unless_staff_say_otherwise() -> None:
    match = {"portal": "sis_id", "roster": "identifier"}
    by_number = galileo(product_line="Sonday", transport="oneroster_rest",
                        source=sonday().source, sign_in={"on": True, "portals": {
                            "clever": {"tenants": ["d-1"], "match": match}}})
    world = roster(by_number, identifier="1007", sourced_id="u-1")
    assert (tried(world, "1007")["rule"], tried(world, "1007", told="id")["page"]) == ("sis_id", "SSO-206")
    world = roster(galileo(), sourced_id="u-1", legacy_id="old-1")
    assert tried(world, "old-1", told="legacy_id")["rule"] == "legacy_id"


def test_a_link_of_an_earlier_sign_in_is_found_by_the_portals_own_id() -> None:
    world = roster(sonday())
    world.sign_ins.links.add(Link("lab-usd", "classlink", "2084", "900", "p-1", "sourced_id", "login", ""))
    assert tried(world, "900", told="id")["rule"] == "link"


@pytest.mark.parametrize(("record", "page"), [
    ({"role": "student"}, "SSO-306"), ({"role": "administrator"}, "SSO-307"), ({"role": "parent"}, "SSO-303"),
    ({"role": "teacher", "status": "archived"}, "SSO-205"), ({"role": "teacher", "enabled": False}, "SSO-205"),
])
def test_the_page_is_that_of_a_sign_in(record: dict[str, Any], page: str) -> None:
    told = tried(holding(roster(sonday(), sourced_id="T-1"), record), "T-1")
    assert (told["page"], told["role"]) == (page, None)


def test_it_may_be_tried_before_sign_in_is_switched_on() -> None:
    told = tried(roster(galileo(sign_in={"on": False}), sourced_id="u-1"), "u-1")
    assert (told["on"], told["advice"]) == (False, "would sign in, once sign-in is switched on")


def test_without_a_match_staff_say_what_the_value_is() -> None:
    unsaid = galileo(product_line="Sonday", transport="oneroster_rest", source=sonday().source)
    with pytest.raises(Refused, match="nothing says which value of Clever equals"):
        tried(roster(unsaid), "1007")


def test_portal_and_product_are_those_of_the_integration() -> None:
    both = sonday(sign_in={"on": True, "portals": CLASSLINK | {"clever": {"tenants": ["d-1"]}}})
    with pytest.raises(Refused, match="sign in at Clever and ClassLink"):
        tried(roster(both), "x")
    with pytest.raises(Refused, match="sign in at Clever"):
        tried(roster(galileo()), "x", portal="classlink")
    with pytest.raises(Refused, match="does not serve that product"):
        tried(roster(galileo()), "x", product="WinVocab")
    with pytest.raises(Refused, match="no product line is named"):
        tried(roster(galileo(product_line="")), "x")
    assert tried(roster(sonday(), sourced_id="T-1"), "T-1", product="WinVocab")["product"] == "WinVocab"
