"""A portal that publishes other addresses: told in words, taken by a person alone, and never off its own hosts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from homeroom.errors import Refused
from homeroom.model.events import SupportOperation
from homeroom.model.sign_in import Registration
from homeroom.ports import House
from homeroom.sso.portals import PORTALS
from homeroom.sso.ports import Reply
from homeroom.support.operations import act
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.memory_sso import BASE
from tests.fakes.portal_documents import MOVED, Documents, published
from tests.sso.proves import proves

OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)


def world_of(clever: Any = None, classlink: Any = None) -> MemoryWorld:
    """A deployed stack with a product, and portals that publish this; by default what we use."""
    told = {name: document if document is not None else published(PORTALS[name])
            for name, document in (("clever", clever), ("classlink", classlink))}  # type: ignore[index]
    web = Documents({f"{portal.issuer}/.well-known/openid-configuration": told[name]
                     for name, portal in PORTALS.items()})
    world = replace(memory_world(), web=web, house=House("prod", BASE))
    world.sign_ins.registry.registrations["sonday-1"] = Registration(
        "sonday-1", "Sonday System 1", "Sonday", ("https://sonday.example/cb",), "https://sonday.example/start",
        "https://sonday.example/", "https://sonday.example/help", (), ())
    return world


def check(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    return act(OPERATION.validate_python({"operation": "check_portal", "portal": "clever", **words}), world)


TAKE = {"accept": True, "by": "tse-3", "reason": "Clever announced it"}


def test_a_portal_that_publishes_what_we_use_changes_nothing() -> None:
    told = check(world_of())
    assert (told["differs"], told["offered"], told["advice"]) == ([], {}, "")
    assert told["effect"] == "The portal publishes what we use. Nothing changes."


@proves("T21")
def test_another_address_on_the_portals_own_host_is_told_and_not_taken() -> None:
    world = world_of(published(PORTALS["clever"], jwks_uri=MOVED))
    told = check(world)
    assert told["differs"] == [f"jwks_uri is {MOVED}; we use {PORTALS['clever'].jwks}"]
    assert (told["offered"], told["uses"]["jwks"]) == ({"jwks": MOVED}, PORTALS["clever"].jwks)
    assert world.sign_ins.portal("clever") is None


def test_a_person_may_take_it_and_who_and_why_is_kept() -> None:
    world = world_of(published(PORTALS["clever"], jwks_uri=MOVED))
    told = check(world, **TAKE)
    assert told["uses"]["jwks"] == MOVED
    assert world.sign_ins.portal("clever") == replace(PORTALS["clever"], jwks=MOVED)
    place, entry, _ = world.runs.audits[-1]
    assert (place, entry["by"], entry["took"]["jwks"]["is"]) == ("sign-in", "tse-3", MOVED)
    assert check(world)["differs"] == []


def test_nobody_takes_addresses_without_a_name_and_a_reason() -> None:
    world = world_of(published(PORTALS["clever"], jwks_uri=MOVED))
    with pytest.raises(Refused, match="must be said"):
        check(world, accept=True)
    assert world.sign_ins.portal("clever") is None


@proves("T21", "T40")
@pytest.mark.parametrize(("document", "said"), [
    ({"token_endpoint": "https://clever.com.evil.example/oauth/tokens"}, "on a host that this portal does not have"),
    ({"jwks_uri": "http://clever.com/oauth/certs"}, "is not https"),
    ({"jwks_uri": "https://169.254.169.254/latest/meta-data"}, "on a host that this portal does not have"),
    ({"authorization_endpoint": "https://launchpad.classlink.com/oauth2/v2/auth"}, "on a host"),
    ({"userinfo_endpoint": "https://api.clever.com@evil.example/userinfo"}, "has more than scheme, host and path"),
    ({"issuer": "https://clever.com/", "jwks_uri": MOVED}, "nothing of this document may be believed"),
    ({"issuer": "https://evil.example", "jwks_uri": MOVED}, "nothing of this document may be believed"),
])
def test_a_poisoned_document_is_refused_and_the_kept_addresses_stay(document: dict[str, Any], said: str) -> None:
    kept = replace(PORTALS["clever"], jwks="https://clever.com/oauth/kept")
    world = world_of(published(kept, **document))
    world.sign_ins.accept_portal(kept)
    told = check(world)
    assert any(said in words for words in told["differs"])
    with pytest.raises(Refused, match="nothing that may be taken"):
        check(world, **TAKE)
    assert world.sign_ins.portal("clever") == kept
    assert [entry for _, entry, _ in world.runs.audits if entry["operation"] == "check_portal"] == []


@proves("T21")
def test_of_a_document_that_is_partly_poisoned_only_the_portals_own_part_can_be_taken() -> None:
    evil = "https://evil.example/oauth/tokens"
    world = world_of(published(PORTALS["clever"], jwks_uri=MOVED, token_endpoint=evil))
    told = check(world, **TAKE)
    kept = world.sign_ins.portal("clever")
    assert kept == replace(PORTALS["clever"], jwks=MOVED)
    assert evil not in json.dumps(told["uses"])


@pytest.mark.parametrize("answer", [Reply(500, b"{}"), Reply(200, b"<html>"), Reply(302, b"")])
def test_a_portal_that_shows_no_document_is_left_alone(answer: Reply) -> None:
    world = world_of(clever=answer)
    with pytest.raises(Refused, match="does not show its discovery document"):
        check(world, **TAKE)
    assert world.sign_ins.portal("clever") is None


@proves("T21")
def test_the_daily_look_tells_people_and_takes_nothing() -> None:
    world = world_of(published(PORTALS["clever"], jwks_uri=MOVED))
    told = act(OPERATION.validate_python({"operation": "check_portals"}), world)
    assert told == {"checked": 2, "differs": ["clever"], "silent": []}
    (subject, text), = world.notices.sent
    assert subject == "Homeroom: Clever publish other sign-in addresses"
    assert MOVED in text
    assert "homeroom portal" in text
    assert world.sign_ins.portal("clever") is None


def test_a_day_on_which_nothing_differs_sends_nothing_and_a_silent_portal_is_no_alarm() -> None:
    world = world_of(classlink=Reply(503, b""))
    told = act(OPERATION.validate_python({"operation": "check_portals"}), world)
    assert (told, world.notices.sent) == ({"checked": 2, "differs": [], "silent": ["classlink"]}, [])


def test_a_stack_without_sign_in_asks_no_portal() -> None:
    told = act(OPERATION.validate_python({"operation": "check_portals"}), memory_world())
    assert told["checked"] == 0
