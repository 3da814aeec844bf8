"""Situations of what support does for sign-in, for their sample events: products, portals, who signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from homeroom.apply.items import link_key, record_key
from homeroom.model.events import RegisterProduct
from homeroom.model.integration import Integration, PortalSignIn, SignIn
from homeroom.model.sign_in import SIGNED_IN, Attempt, Link
from homeroom.sso.portals import PORTALS
from homeroom.support.operations import act
from homeroom.support.options import AT_ONCE
from tests.builders.connections import APP, clever, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import LAB
from tests.fakes.portal_documents import MOVED, Documents, published
from tests.unit.functions.conftest import event_of


def rostered_by_clever() -> MemoryWorld:
    """Clever is the portal, and somebody of the district logged in before anything was synced."""
    world = memory_world(clever(product_line="Galileo", district_id="d-1", secret_name="clever-galileo",
                                sign_in={"on": True}))
    world.secrets.put("clever-galileo", APP)
    world.sign_ins.attempts.record(Attempt("01K4J5N8E0TESTLOGIN0000001", START.isoformat(), portal="clever",
                                           tenant="d-1", outcome="SSO-203", schools=("school-1",)))
    owner, member = record_key(LAB.roster, "people", "p-1")
    link, _ = link_key(LAB.roster, "sourced_id#clever-user-1")
    world.roster.write([{"owner": owner, "member": member, "id": "p-1", "status": "active", "role": "teacher"},
                        {"owner": link, "member": member, "kind": "sourced_id", "person": "p-1"}], [])
    return world


def for_classlink() -> MemoryWorld:
    return memory_world(rest(product_line="Sonday", district_id="d-1"))


def files_of_clever() -> MemoryWorld:
    """Clever is the portal, the roster comes by files: which value equals which identity must be named."""
    files = {"id": LAB.id, "aggregator": "clever", "transport": "csv_pushed", "district_id": "d-1",
             "product_line": "Sonday"}
    world = memory_world(Integration.model_validate(files))
    owner, member = record_key(LAB.id, "people", "p-1")
    link, _ = link_key(LAB.id, "identifier#4711")
    world.roster.write([{"owner": owner, "member": member, "id": "p-1", "status": "active", "role": "teacher"},
                        {"owner": link, "member": member, "kind": "identifier", "person": "p-1"}], [])
    return world


def registered() -> MemoryWorld:
    """A product of which the registration stands, without an app yet."""
    world = memory_world()
    act(RegisterProduct.model_validate(event_of("support/register_product")), world)
    return world


def portal_moved() -> MemoryWorld:
    """Clever publishes another address of its keys than we use; ClassLink what we use."""
    shown = {portal.issuer: published(portal, **({"jwks_uri": MOVED} if portal.name == "clever" else {}))
             for portal in PORTALS.values()}
    web = Documents({f"{issuer}/.well-known/openid-configuration": told for issuer, told in shown.items()})
    return replace(registered(), web=web)


def signed_in() -> MemoryWorld:
    """Three sign-ins: one well, one of somebody who is not in the roster, one of an unknown district; and a link."""
    signing = SignIn(on=True, portals={"classlink": PortalSignIn(tenants=("2284",))})
    world, at = memory_world(LAB.model_copy(update={"sign_in": signing})), START.isoformat()
    told: dict[str, Any] = {"portal": "classlink", "app": "sonday-1", "product": "Sonday System 1", "tenant": "2284"}
    for number, words in enumerate((
        {"integration": LAB.id, "outcome": "SSO-203", "step": "person", "reason": "no run was applied yet"},
        {"integration": LAB.id, "outcome": SIGNED_IN, "person": "p-9", "role": "teacher", "redeemed_at": at},
        {"outcome": "SSO-201", "step": "district", "tenant": "9999"},
    ), 1):
        world.sign_ins.attempts.record(Attempt(f"01KB6S0M3N{number:016}", at, **told | words))
    world.sign_ins.links.add(Link(LAB.id, "classlink", "2284", "u-1", "p-9", "login", "01KB6S0M3N1", at))
    return world


CASES: dict[str, tuple[Callable[[], MemoryWorld], dict[str, Any]]] = {
    "support/register_product": (memory_world, {"slug": "sonday-1", "line": "Sonday", "client_secrets": 1}),
    "support/register_product_turn_secret": (registered, {"slug": "sonday-1", "client_secrets": 2}),
    "support/register_product_off": (registered, {"slug": "sonday-1", "enabled": False}),
    "support/registrations": (registered, {"issuer": "https://sso.vendor.example"}),
    "support/check_portal": (portal_moved, {"portal": "clever", "offered": {"jwks": MOVED}}),
    "support/check_portal_accept": (portal_moved, {"effect": "The accepted addresses count within a minute."}),
    "support/check_portals": (portal_moved, {"checked": 2, "differs": ["clever"], "silent": []}),
    "support/sign_in": (signed_in, {"outcome": "SSO-203", "turn": "the district", "person": ""}),
    "support/sign_ins": (signed_in, {"counted": 2, "signed_in": 1, "all": True}),
    "support/sign_ins_refused": (signed_in, {"counted": 1, "signed_in": 0}),
    "support/sign_ins_without_a_district": (signed_in, {"integration": None, "counted": 1}),
    "support/unlink": (signed_in, {"integration": LAB.id}),
    "support/options_classlink_sign_in": (for_classlink, {"effect": AT_ONCE}),
    "support/options_clever_portal_sign_in": (files_of_clever, {"effect": AT_ONCE}),
    "support/options_sign_in_off": (rostered_by_clever, {"effect": AT_ONCE}),
    "support/try_sign_in_with_a_match": (files_of_clever, {"person": "p-1", "rule": "sis_id", "page": None}),
    "support/try_sign_in": (rostered_by_clever, {"person": "p-1", "role": "teacher", "page": None}),
    "support/try_sign_in_with_an_older_id": (rostered_by_clever, {"person": None, "page": "SSO-203"}),
    "support/end_rostering": (rostered_by_clever, {"status": "paused"}),
    "support/signed_in_school": (rostered_by_clever, {"chosen": False, "all": False}),
    "support/signed_in_school_confirmed": (rostered_by_clever, {"chosen": True}),
}
"""Sample event → the situation it is meant for, and what it is answered with."""
