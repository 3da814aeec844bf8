"""Products that let people sign in through us: what may be registered, and where its secrets are (and are not)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from homeroom.errors import Refused
from homeroom.model.events import SupportOperation
from homeroom.model.sign_in import Registration
from homeroom.ports import House
from homeroom.support.operations import act
from tests.conftest import ROOT
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.memory_sso import BASE
from tests.sso.proves import proves

OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)
CANARY = "canary-client-secret-of-an-app"
SONDAY: dict[str, Any] = {
    "operation": "register_product", "slug": "sonday-1", "product": "Sonday System 1",
    "redirect_uris": ["https://sonday.example/sso/callback"], "initiate_uri": "https://sonday.example/sso/initiate",
    "home_url": "https://sonday.example/", "support_url": "https://sonday.example/help",
    "targets": {"report": "https://sonday.example/reports?week=this"},
    "by": "tse-3", "reason": "kick-off call",
}
CLEVER = {"portal": "clever", "key": "sonday-1", "client_id": "4c63c1cf623dce82caac", "client_secret": CANARY}


def ask(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    return act(OPERATION.validate_python({**SONDAY, **words}), world)


def change(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    """A change names the product and what it changes, nothing else."""
    base = {name: SONDAY[name] for name in ("operation", "slug", "by", "reason")}
    return act(OPERATION.validate_python({**base, **words}), world)


def registered(world: MemoryWorld) -> Registration:
    found = world.sign_ins.registration("sonday-1")
    assert found is not None
    return found


def production() -> MemoryWorld:
    return replace(memory_world(), house=House("prod", BASE))


def test_a_product_gets_its_line_and_a_client_secret_once() -> None:
    world = production()
    told = ask(world, apps=[CLEVER])
    kept = registered(world)
    assert (kept.product, kept.line, kept.enabled) == ("Sonday System 1", "Sonday", True)
    assert len(told["client_secret"]) == 43
    assert kept.secrets == (hashlib.sha256(told["client_secret"].encode()).hexdigest(),)
    assert "shown this once" in told["advice"]
    assert change(world, enabled=True)["client_secret"] is None


def test_the_answer_says_what_to_enter_at_the_portals_and_what_the_product_needs() -> None:
    world = production()
    told = ask(world, apps=[CLEVER, {**CLEVER, "portal": "classlink", "key": "sonday-1-test", "client_id": "c-2"}])
    addresses = told["sign_in_addresses"]
    assert addresses["at_the_portals"] == [
        {"portal": "classlink", "key": "sonday-1-test", "redirect_uri": f"{BASE}/cb/classlink/sonday-1-test",
         "start": f"{BASE}/start/classlink/sonday-1-test"},
        {"portal": "clever", "key": "sonday-1", "redirect_uri": f"{BASE}/cb/clever/sonday-1",
         "start": f"{BASE}/start/clever/sonday-1"},
    ]
    assert (addresses["for_the_product"]["issuer"], addresses["for_the_product"]["client_id"]) == (BASE, "sonday-1")
    assert [app["login_hint"] for app in told["apps"]] == ["classlink.sonday-1-test", "clever"]


def test_before_there_is_an_app_the_addresses_to_enter_are_known_already() -> None:
    told = ask(production())
    entered = [one["redirect_uri"] for one in told["sign_in_addresses"]["at_the_portals"]]
    assert entered == [f"{BASE}/cb/clever/sonday-1", f"{BASE}/cb/classlink/sonday-1"]
    assert "then register the app" in told["advice"]


@proves("T37")
def test_no_secret_is_in_an_answer_the_audit_a_registration_or_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    world = production()
    made = ask(world, apps=[CLEVER])
    secret = made.pop("client_secret")
    told = [made, change(world, home_url="https://sonday.example/home"),
            act(OPERATION.validate_python({"operation": "registrations"}), world)]
    with pytest.raises(Refused) as refused:
        ask(world, slug="sonday-2", apps=[CLEVER])
    with pytest.raises(ValidationError) as wrong:
        ask(world, apps=[{**CLEVER, "client_secret": CANARY, "key": "Not A Key"}])
    everything = json.dumps([told, world.runs.audits, asdict(registered(world)), str(refused.value),
                             refused.value.issue_remedy], default=str)
    shown = capsys.readouterr()
    assert CANARY not in everything + str(wrong.value) + shown.out + shown.err
    assert secret not in everything
    assert registered(world).secrets[0] not in json.dumps(told)
    assert world.secrets.kept == {"sso/clever/sonday-1": {"client_secret": CANARY}}


@proves("T37")
def test_the_event_itself_prints_stars_and_is_written_out_for_the_function_alone() -> None:
    event = OPERATION.validate_python({**SONDAY, "apps": [CLEVER]})
    assert CANARY not in repr(event) + event.model_dump_json()
    assert CANARY in event.model_dump_json(context={"revealed": True})


def test_turning_the_secret_keeps_two_and_drops_the_oldest() -> None:
    world = production()
    first = ask(world)["client_secret"]
    second, third = (change(world, rotate=True)["client_secret"] for _ in range(2))
    hashes = tuple(hashlib.sha256(one.encode()).hexdigest() for one in (third, second))
    assert registered(world).secrets == hashes
    assert len({first, second, third}) == 3


def test_who_registers_and_why_is_kept_before_it_is_done() -> None:
    world = production()
    ask(world, apps=[CLEVER])
    place, entry, _ = world.runs.audits[0]
    assert (place, entry["operation"], entry["by"], entry["product"]) == (
        "sign-in", "register_product", "tse-3", "sonday-1")
    assert "app clever/sonday-1 with secret" in entry["changes"]


def test_what_is_left_out_of_a_change_stays() -> None:
    world = production()
    ask(world, apps=[CLEVER])
    before = registered(world)
    change(world, support_url="https://help.example/")
    assert registered(world) == replace(before, support_url="https://help.example/")


def test_an_app_may_be_changed_without_its_secret_and_removed_with_it() -> None:
    world = production()
    ask(world, apps=[CLEVER])
    plain = {name: value for name, value in CLEVER.items() if name != "client_secret"}
    change(world, apps=[{**plain, "oidc": False}])
    assert [app.oidc for app in registered(world).apps] == [False]
    assert world.secrets.kept["sso/clever/sonday-1"] == {"client_secret": CANARY}
    change(world, remove_apps=[{"portal": "clever", "key": "sonday-1"}])
    assert (registered(world).apps, world.secrets.kept) == ((), {})


@pytest.mark.parametrize(("words", "said"), [
    ({"apps": [{**CLEVER, "client_secret": None}]}, "client secret of sonday-1 is missing"),
    ({"apps": [{**CLEVER, "client_id": "another", "client_secret": None}]}, "is missing"),
    ({"apps": [CLEVER, {**CLEVER, "key": "sonday-1-test"}]}, "same client id"),
    ({"product": "Sonday System 9"}, "the catalogue has no product"),
    ({"product": None}, "a new product needs product"),
    ({"initiate_uri": None, "home_url": None}, "needs initiate_uri, home_url"),
])
def test_a_registration_that_can_not_be_is_refused(words: dict[str, Any], said: str) -> None:
    world = production()
    with pytest.raises(Refused, match=said):
        ask(world, **words)
    assert (world.sign_ins.registrations(), world.runs.audits, world.secrets.kept) == ([], [], {})


@proves("T12")
@pytest.mark.parametrize(("app", "said"), [
    ({**CLEVER, "client_id": "another"}, "the app sonday-1 at Clever is sonday-1's"),
    ({**CLEVER, "key": "winvocab"}, "this client id at Clever is sonday-1's"),
])
def test_an_app_and_a_client_id_belong_to_one_product(app: dict[str, Any], said: str) -> None:
    world = production()
    ask(world, apps=[CLEVER])
    with pytest.raises(Refused, match=said):
        ask(world, slug="winvocab", product="WinVocab", apps=[app])
    assert [one.slug for one in world.sign_ins.registrations()] == ["sonday-1"]


def test_the_same_key_at_the_other_portal_is_another_app() -> None:
    world = production()
    told = ask(world, apps=[CLEVER, {**CLEVER, "portal": "classlink"}])
    assert [(app["portal"], app["login_hint"]) for app in told["apps"]] == [
        ("classlink", "classlink"), ("clever", "clever")]


def test_a_name_stays_with_its_product() -> None:
    world = production()
    ask(world)
    with pytest.raises(Refused, match="stays with its product"):
        change(world, product="WinVocab")
    assert registered(world).product == "Sonday System 1"


@pytest.mark.parametrize(("address", "said"), [
    ("http://sonday.example/cb", "is not https"),
    ("http://127.0.0.1:8000/cb", "plain http is for one machine"),
    ("https://127.0.0.1/cb", "no whole host name"),
    ("https://localhost/cb", "no whole host name"),
    ("https://sonday.example/cb#part", "has a fragment"),
    ("https://sonday.example/cb#", "has a fragment"),
    ("https://sonday.example/cb?next=1", "has a query"),
    ("https://sonday.example/cb?", "has a query"),
    ("https://someone@sonday.example/cb", "names a user"),
    ("https://*.sonday.example/cb", "holds a blank, a wildcard"),
    ("https://sonday.example/a b", "holds a blank"),
    ("https://sonday.example\\@evil.example/cb", "holds a blank"),
    ("https://sonday.example/../cb", "leads upwards"),
    ("https://sonday.example:/cb", "colon without a port"),
    ("https://sonday.example:port/cb", "is no address"),
    ("https://sönday.example/cb", "holds a blank"),
    ("javascript:alert(1)", "is not https"),
    ("//sonday.example/cb", "is not https"),
    ("https:///cb", "no whole host name"),
])
@proves("T28")
def test_only_a_whole_https_address_may_be_registered(address: str, said: str) -> None:
    world = production()
    with pytest.raises(Refused, match=said):
        ask(world, redirect_uris=[address])
    with pytest.raises(Refused, match=said):
        ask(world, initiate_uri=address)
    assert world.sign_ins.registrations() == []


def test_plain_http_on_this_machine_is_for_the_stage_of_one_machine() -> None:
    world = memory_world()
    ask(world, redirect_uris=["http://127.0.0.1:8000/cb"], initiate_uri="http://localhost:8000/start", targets={})
    assert registered(world).redirect_uris == ("http://127.0.0.1:8000/cb",)


def test_a_deep_link_stays_at_the_product() -> None:
    world = production()
    with pytest.raises(Refused, match="target report is not on a host of the product"):
        ask(world, targets={"report": "https://elsewhere.example/"})
    assert world.sign_ins.registrations() == []


def test_two_who_change_at_once_do_not_overwrite_each_other() -> None:
    world = production()
    ask(world)
    stale = registered(world)
    change(world, enabled=False)
    with pytest.raises(Refused, match="changed meanwhile"):
        world.sign_ins.register(replace(stale, home_url="https://sonday.example/new"), stale)
    assert registered(world).enabled is False


@proves("T37")
def test_the_function_keeps_the_answer_with_a_secret_in_no_memory_of_events() -> None:
    source = (ROOT / "functions/support/app.py").read_text(encoding="utf-8")
    assert "unkept=(RegisterProduct,)" in source
