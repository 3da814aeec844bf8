"""What people met who set sign-in up and answered for it: each test is a dead end or a wrong word of then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from homeroom.apply.items import link_key, record_key
from homeroom.errors import NotFound, Refused
from homeroom.model.choice_events import Choices
from homeroom.model.integration import Integration
from homeroom.model.sign_in import Attempt
from tests.builders.connections import Stub, clever, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.unit.support.asking import connect, do

LOGIN = "01M82VY6YXDM0TMJ47RHV8EM10"
AT_CLASSLINK = {"on": True, "portals": {"classlink": {"tenants": ["2284"]}}}
BOTH: dict[str, dict[str, Any]] = {
    "clever": {"tenants": ["d-1"], "match": {"portal": "sis_id", "roster": "identifier"}},
    "classlink": {"tenants": ["2284"], "launch_url": "https://launchpad.classlink.com/lab"},
}


def sonday(id: str = "lab-usd", district: str = "Lab USD", **words: Any) -> Integration:
    return rest(**({"id": id, "district_id": f"d-{id}", "district_name": district, "product_line": "Sonday"} | words))


def files_of_clever(**words: Any) -> Integration:
    """Clever is the portal, and the roster comes by files: nothing is certain by itself (design 7)."""
    return Integration.model_validate({
        "id": "lab-usd", "aggregator": "clever", "transport": "csv_pushed", "district_id": "d-1",
        "district_name": "Lab USD", "product_line": "Sonday", **words})


def choose(world: MemoryWorld, **sign_in: Any) -> dict[str, Any]:
    """As the command sends it: through JSON."""
    told = Choices.model_validate({"sign_in": sign_in}).model_dump_json(exclude_none=True)
    return do(world, "options", integration="lab-usd", choices=json.loads(told), by="tse")


def register(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    return do(world, "register_product", **({"slug": "sonday-1", "by": "tse", "reason": "kick-off"} | words))


def registered() -> MemoryWorld:
    world = memory_world()
    place = "https://sonday.vendor.example"
    register(world, product="Sonday System 1", redirect_uris=[f"{place}/sso/callback"],
             initiate_uri=f"{place}/sso/initiate", home_url=place, support_url=f"{place}/help")
    return world


def app(**words: Any) -> dict[str, Any]:
    return {"portal": "clever", "key": "sonday-1", "client_id": "cid-1", "client_secret": "made-at-clever"} | words


# ---------------------------------------------------------------- products and their apps


def test_a_new_secret_of_an_app_leaves_oidc_and_the_challenge_as_they_were() -> None:
    world = registered()
    register(world, apps=[app(oidc=False, pkce=False)])
    (told,) = register(world, apps=[app(client_secret="made-anew")])["apps"]
    assert (told["oidc"], told["pkce"]) == (False, False)
    (told,) = register(world, apps=[app(oidc=True)])["apps"]
    assert (told["oidc"], told["pkce"]) == (True, False)


def test_the_address_for_the_second_portal_is_still_shown_once_the_first_one_has_its_app() -> None:
    places = register(registered(), apps=[app()])["sign_in_addresses"]["at_the_portals"]
    assert [(place["portal"], place["redirect_uri"].partition("/cb/")[2]) for place in places] == [
        ("clever", "clever/sonday-1"), ("classlink", "classlink/sonday-1")]


def test_nobody_registers_a_product_without_saying_why() -> None:
    with pytest.raises(ValidationError, match="reason"):
        register(memory_world(), reason="")


# ---------------------------------------------------------------- options in part


def test_a_portal_named_in_part_keeps_the_rest_of_it_and_the_other_portal() -> None:
    world = memory_world(sonday(sign_in={"on": True, "portals": BOTH}))
    told = choose(world, portals={"classlink": {"by_login": True}})
    portals = world.integrations.get("lab-usd").sign_in.portals
    assert told["effect"] == "takes effect at once"
    assert (portals["classlink"].tenants, portals["classlink"].by_login) == (("2284",), True)
    assert portals["classlink"].launch_url == BOTH["classlink"]["launch_url"]
    assert portals["clever"].model_dump(mode="json", exclude_defaults=True) == BOTH["clever"]
    assert set(world.sign_ins.registry.tenants) == {("classlink", "2284"), ("clever", "d-1")}


def test_students_alone_change_nothing_else() -> None:
    galileo = clever(product_line="Galileo", district_id="d-1", district_name="Lab USD", sign_in={"on": True})
    world = memory_world(galileo)
    choose(world, students=True)
    assert world.integrations.get("lab-usd").sign_in == galileo.sign_in.model_copy(update={"students": True})


def test_a_portal_that_goes_is_told() -> None:
    match = {"portal": "sourced_id", "roster": "identifier"}
    world = memory_world(clever(product_line="Galileo", district_id="d-1", sign_in={"on": True}))
    told = choose(world, portals={"classlink": {"tenants": ["2284"], "match": match}})
    assert told["effect"] == "takes effect at once. Now nobody signs in through Clever any more"
    told = choose(world, portals={})
    assert told["effect"] == "takes effect at once. Now nobody signs in through ClassLink any more"
    assert set(world.sign_ins.registry.tenants) == {("clever", "d-1")}


def test_connecting_again_without_a_word_on_sign_in_keeps_it() -> None:
    world = memory_world()
    connect(world, sonday(sign_in=AT_CLASSLINK))
    connect(world, sonday())
    assert world.integrations.get("lab-usd").sign_in.portals["classlink"].tenants == ("2284",)
    assert set(world.sign_ins.registry.tenants) == {("classlink", "2284")}


# ---------------------------------------------------------------- what is shown


def test_options_and_status_show_tenants_match_and_what_goes_without_saying() -> None:
    world = memory_world(sonday(sign_in={"on": True, "portals": BOTH}))
    shown = do(world, "options", integration="lab-usd", choices={}, by="tse")["set"]["signs_in"]
    assert shown["text"] == "on"
    assert [portal["text"] for portal in shown["portals"]] == [
        "Clever: tenant d-1; its sis_id equals the identifier of the roster",
        "ClassLink: tenant 2284; its sourced_id equals the sourced_id of the roster; "
        "https://launchpad.classlink.com/lab"]
    assert do(world, "status", integration="lab-usd")["signs_in"] == shown


def test_status_says_since_when_and_why_sign_in_ended() -> None:
    world = memory_world(clever(product_line="Galileo", district_id="d-1", sign_in={"on": True}))
    do(world, "end_rostering", integration="lab-usd", by="csm", reason="the contract ended")
    assert do(world, "status", integration="lab-usd")["signs_in"]["text"] == (
        "ended on 2026-09-07, because rostering ended: people see SSO-302. Once a run was applied since, it can be "
        "switched on again")


# ---------------------------------------------------------------- tenants


def test_a_tenant_of_another_district_is_not_to_be_taken_from_it_by_switching_it_off_there() -> None:
    world = memory_world(sonday(), sonday("rogue-usd", "Rogue USD"))
    choose(world, **AT_CLASSLINK)
    with pytest.raises(Refused, match="belongs to Lab USD: a tenant is one district's") as refused:
        do(world, "options", integration="rogue-usd", choices={"sign_in": AT_CLASSLINK}, by="tse")
    assert "switch sign-in off there first" not in str(refused.value)


def test_a_district_with_two_lines_can_be_renamed_as_the_refusal_says() -> None:
    match = {"match": {"portal": "sourced_id", "roster": "identifier"}}
    both = {"on": True, "portals": {"classlink": {"tenants": ["2284"]} | match}}
    galileo = clever(id="lab-galileo", product_line="Galileo", district_id="d-1", district_name="Lab USD")
    world = memory_world(sonday(), galileo)
    choose(world, **AT_CLASSLINK)
    do(world, "options", integration="lab-galileo", choices={"sign_in": both}, by="tse")
    with pytest.raises(Refused, match="here as lab-galileo: to change it, switch sign-in off in all but one"):
        connect(world, sonday(district="Lab Unified"))
    choose(world, on=False)
    connect(world, galileo.model_copy(update={"district_name": "Lab Unified"}))
    connect(world, sonday(district="Lab Unified"))
    choose(world, on=True)
    tenant = world.sign_ins.tenant("classlink", "2284")
    assert tenant is not None
    assert (tenant.district_name, len(tenant.integrations)) == ("Lab Unified", 2)


# ---------------------------------------------------------------- a trial before the match is named


def with_a_teacher(world: MemoryWorld) -> MemoryWorld:
    owner, member = record_key("lab-usd", "people", "p-1")
    link, of = link_key("lab-usd", "identifier#4711")
    world.roster.write([
        {"owner": owner, "member": member, "id": "p-1", "status": "active", "role": "teacher"},
        {"owner": link, "member": of, "kind": "identifier", "person": "p-1"}], [])
    return world


def test_a_match_is_tried_before_it_is_named() -> None:
    world = with_a_teacher(memory_world(files_of_clever()))
    told = do(world, "try_sign_in", integration="lab-usd", value="4711", told="sis_id", roster="identifier",
              role="teacher")
    assert (told["person"], told["rule"], told["role"]) == ("p-1", "sis_id", "teacher")
    assert world.integrations.get("lab-usd").sign_in.portals == {}


def test_half_a_match_is_refused_with_the_other_half_named_and_not_answered_with_a_page() -> None:
    world = with_a_teacher(memory_world(files_of_clever()))
    with pytest.raises(Refused, match="as `roster` which identity it should equal"):
        do(world, "try_sign_in", integration="lab-usd", value="4711", told="sis_id")
    with pytest.raises(Refused, match=r"made of what Clever tells\nSay as `told` one of: id, sis_id, number"):
        do(world, "try_sign_in", integration="lab-usd", value="4711", told="email", roster="identifier")


# ---------------------------------------------------------------- on the telephone


def seen(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    told = {"portal": "classlink", "app": "sonday-1", "product": "Sonday System 1", "integration": "lab-usd"} | words
    world.sign_ins.attempts.record(Attempt(LOGIN, START.isoformat(), **told))
    return do(world, "sign_in", login=LOGIN)


@pytest.mark.parametrize("heard", [LOGIN.lower(), LOGIN.replace("0", "O"), LOGIN.replace("1", "l")])
def test_a_reference_is_found_as_it_is_read_out(heard: str, source: Stub) -> None:
    world = memory_world(clever(district_id="d-1", product_line="Galileo", secret_name="lab"))
    world.secrets.put("lab", {"client_id": "x", "client_secret": "y"})
    seen(world, portal="clever", tenant="d-1", outcome="SSO-203", schools=("school-1",))
    assert do(world, "sign_in", login=heard)["login"] == LOGIN
    assert do(world, "signed_in_school", integration="lab-usd", login=heard, by="it")["schools"]
    with pytest.raises(NotFound):
        do(world, "sign_in", login=heard[:-1] + "9")


def test_the_first_start_of_a_click_on_a_tile_is_no_restart() -> None:
    told = seen(memory_world(sonday()), outcome="SSO-203", step="person", hops=1, unsolicited=True)
    assert not any("started anew" in line for line in told["story"])
    told = seen(memory_world(sonday()), outcome="SSO-108", step="asked", hops=3, unsolicited=True)
    assert "It started anew 2 times on the way." in told["story"]


def test_support_can_read_out_where_administrators_log_in() -> None:
    told = seen(memory_world(sonday()), outcome="SSO-307", step="access")
    assert told["next"].endswith("Here: https://admin.imaginesonday.com.")


@pytest.mark.parametrize(("outcome", "reason", "next_step"), [
    ("SSO-203", "no run was applied yet", "`status` says whose turn it is"),
    ("SSO-203", "nobody in the roster has what the portal told", "Ask the school for the id in its own system"),
    ("SSO-302", "sign-in to the product is switched off", "`registrations` shows it"),
    ("SSO-302", "sign-in of the integration ended", "`status` of the integration says since when and why"),
])
def test_the_next_step_is_that_of_the_reason(outcome: str, reason: str, next_step: str) -> None:
    assert next_step in seen(memory_world(sonday()), outcome=outcome, reason=reason, step="person")["next"]


def test_pages_before_the_district_was_known_are_told_beside_its_counts() -> None:
    world = memory_world(sonday(sign_in=AT_CLASSLINK))
    told: dict[str, Any] = {"portal": "classlink", "product": "WinVocab", "outcome": "SSO-103"}
    others: list[dict[str, Any]] = [{}, {}, {"outcome": "SSO-104"}, {"portal": "clever"}, {"product": "Galileo K-12"}]
    for number, words in enumerate(others):
        world.sign_ins.attempts.record(Attempt(f"login-{number}", START.isoformat(), **(told | words)))
    answer = do(world, "sign_ins", integration="lab-usd")
    assert answer["counted"] == 0
    assert answer["before_a_district"] == [{"outcome": "SSO-103", "count": 2}, {"outcome": "SSO-104", "count": 1}]
    assert do(world, "sign_ins")["before_a_district"] == []


def test_a_refused_client_secret_is_ours_to_mend_and_not_the_portals() -> None:
    told = seen(memory_world(sonday()), outcome="SSO-103", step="exchange", reason="token: client refused")
    assert (told["turn"], "with `register`" in told["next"]) == ("Homeroom's support", True)


def test_who_got_a_page_at_the_last_step_did_not_go_to_the_product() -> None:
    told = seen(memory_world(sonday()), outcome="SSO-501", step="handoff")
    assert "what was left is to send the browser" in told["came"]
