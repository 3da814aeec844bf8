"""What became of sign-ins: a story in words, lists and counts, whose turn it is; and the links of people."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from homeroom.apply.items import link_key, record_key
from homeroom.errors import NotFound, Refused
from homeroom.model.events import SupportOperation
from homeroom.model.integration import Match, PortalSignIn, SignIn
from homeroom.model.sign_in import SIGNED_IN, Attempt, Link
from homeroom.sso.codes import CODES
from homeroom.sso.values import reference
from homeroom.support.operations import act
from homeroom.support.stories import TURNS
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import LAB

OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)
SIGNING = LAB.model_copy(update={
    "district_name": "Lab USD", "aggregator": "clever", "product_line": "Sonday",
    "sign_in": SignIn(on=True, portals={"clever": PortalSignIn(
        tenants=("d-1",), match=Match(portal="sis_id", roster="identifier"))}),
})


def ago(minutes: float) -> str:
    return (START - timedelta(minutes=minutes)).isoformat()


def attempt(login: str, minutes: float = 5, **words: Any) -> Attempt:
    told: dict[str, Any] = {
        "portal": "clever", "app": "sonday-1", "product": "sonday-1", "integration": LAB.id, "outcome": SIGNED_IN,
        "tenant": "d-1"}
    return Attempt(login, ago(minutes), **told | words)


def world_with(*attempts: Attempt) -> MemoryWorld:
    world = memory_world(SIGNING)
    for one in attempts:
        world.sign_ins.attempts.record(one)
    return world


def ask(world: MemoryWorld, operation: str, **words: Any) -> dict[str, Any]:
    return act(OPERATION.validate_python({"operation": operation, **words}), world)


def test_a_refused_sign_in_is_told_from_its_start_to_the_page() -> None:
    world = world_with(attempt("login-000001", outcome="SSO-205", step="person", reason="archived", person="p-9",
                               rule="sis_id", hops=2, unsolicited=True))
    told = ask(world, "sign_in", login="login-000001")
    assert told["story"] == [
        "2026-09-07 05:55:00 UTC: sonday-1 from Clever.",
        "It began at the portal: its first code was dropped, and we asked the portal ourselves.",
        "It started anew 1 time on the way.",
        "It came so far: the district was found, and the person looked for in its roster.",
        "The district is Lab USD (integration lab-usd), at the portal d-1.",
        "The person is p-9, found by the SIS id that Clever tells.",
        f"It ended on the page SSO-205, “{CODES['SSO-205'].title}” because of this: archived.",
    ]
    assert (told["turn"], told["next"]) == (TURNS["district"], CODES["SSO-205"].support)
    assert told["shown"]["title"] == CODES["SSO-205"].title


def test_a_good_one_says_when_the_product_fetched_who_it_is() -> None:
    world = world_with(attempt("login-000001", person="p-9", rule="link", role="teacher", redeemed_at=ago(4.9)))
    told = ask(world, "sign_in", login="login-000001")
    assert told["story"][-1] == "It went well, and the product fetched who it is at 2026-09-07 05:55:06 UTC."
    assert told["story"][-2] == "The person is p-9, found by the link of an earlier sign-in, as teacher."
    assert told["turn"].startswith("nobody")


@pytest.mark.parametrize(("minutes", "turn"), [(5, "the product's team"), (0.5, TURNS["nobody"])])
def test_one_that_the_product_never_fetched_is_the_products_after_a_minute(minutes: float, turn: str) -> None:
    told = ask(world_with(attempt("login-000001", minutes)), "sign_in", login="login-000001")
    assert told["turn"] == turn


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_page_has_words_for_support_and_somebody_who_acts(code: str) -> None:
    told = ask(world_with(attempt("login-000001", outcome=code, integration="")), "sign_in", login="login-000001")
    assert told["turn"] == TURNS[CODES[code].fault]
    assert told["next"]
    assert "{" not in json.dumps(told["shown"]).replace('{"title', "")


def test_an_unknown_tenant_shows_its_number_and_the_list_of_those_without_an_integration() -> None:
    world = world_with(attempt("login-000001", integration="", outcome="SSO-201", step="district", tenant="d-77"),
                       attempt("login-000002"))
    assert "The portal named the district d-77; it led to no integration." in ask(
        world, "sign_in", login="login-000001")["story"]
    told = ask(world, "sign_ins")
    assert [(one["login"], one["tenant"]) for one in told["sign_ins"]] == [("login-000001", "d-77")]


def test_a_reference_that_nobody_has_is_refused_with_where_to_find_one() -> None:
    with pytest.raises(NotFound, match="no sign-in has this reference"):
        ask(world_with(), "sign_in", login="login-000001")


def test_the_newest_come_first_and_all_are_counted() -> None:
    world = world_with(
        attempt("login-000001", 50, outcome="SSO-203"), attempt("login-000002", 40), attempt("login-000003", 30),
        attempt("login-000004", 20, outcome="SSO-203"), attempt("login-000005", 10, outcome="SSO-103"),
        attempt("login-000006", 60 * 25, outcome="SSO-501"), attempt("login-000007", 1, integration="other"))
    told = ask(world, "sign_ins", integration=LAB.id, newest=2)
    assert [one["login"] for one in told["sign_ins"]] == ["login-000005", "login-000004"]
    assert (told["counted"], told["signed_in"], told["all"]) == (5, 2, True)
    assert [(one["outcome"], one["count"], one["fault"]) for one in told["refused"]] == [
        ("SSO-203", 2, "district"), ("SSO-103", 1, "portal")]


@pytest.mark.parametrize(("words", "logins"), [
    ({"outcome": "SSO-203"}, ["login-000001"]),
    ({"outcome": SIGNED_IN}, ["login-000002"]),
    ({"person": "p-9"}, ["login-000002"]),
    ({"hours": 1}, ["login-000002"]),
])
def test_a_list_can_be_narrowed(words: dict[str, Any], logins: list[str]) -> None:
    world = world_with(attempt("login-000001", 90, outcome="SSO-203"), attempt("login-000002", 5, person="p-9"))
    told = ask(world, "sign_ins", integration=LAB.id, **words)
    assert [one["login"] for one in told["sign_ins"]] == logins


def test_an_id_that_the_school_tells_finds_attempts_and_is_kept_nowhere() -> None:
    subject = "58da8c63d7dc0ca068canary"
    told_by = reference(b"reference key of a test", "clever", "d-1", subject)
    world = world_with(attempt("login-000001", outcome="SSO-203", subject_ref=told_by), attempt("login-000002"))
    told = ask(world, "sign_ins", integration=LAB.id, subject=subject)
    assert [one["login"] for one in told["sign_ins"]] == ["login-000001"]
    kept = json.dumps([told, world.runs.audits, list(map(str, world.sign_ins.attempts.attempts.values()))], default=str)
    assert subject not in kept
    assert ask(world, "sign_ins", integration=LAB.id, subject="another")["sign_ins"] == []


def test_an_id_means_nothing_without_a_tenant() -> None:
    with pytest.raises(Refused, match="none is known here"):
        ask(world_with(), "sign_ins", subject="58da8c63")
    told = ask(world_with(), "sign_ins", subject="58da8c63", portal="clever", tenant="d-9")
    assert told["sign_ins"] == []


def test_no_answer_holds_a_name_an_address_or_an_id_of_the_portal() -> None:
    world = world_with(attempt("login-000001", outcome="SSO-203", subject_ref="0011223344556677"))
    told = ask(world, "sign_in", login="login-000001"), ask(world, "sign_ins", integration=LAB.id)
    assert "0011223344556677" not in json.dumps(told)


def _person(world: MemoryWorld, **fields: Any) -> None:
    owner, member = record_key(LAB.roster, "people", "p-9")
    world.roster.write([{"owner": owner, "member": member, "entity": "people", "id": "p-9", "source_id": "s-9",
                         "status": "active", "role": "teacher", "run": 1, **fields}], [])


def _linked(world: MemoryWorld, tenant: str = "d-1") -> Link:
    link = Link(LAB.id, "clever", tenant, f"canary-subject-{tenant}", "p-9", "sis_id", "login-000001", ago(60))
    assert world.sign_ins.links.add(link)
    return link


def test_a_person_shows_by_what_sign_in_finds_them_and_their_links() -> None:
    world = world_with()
    _person(world, identifier="4711")
    owner, member = link_key(LAB.roster, "identifier#4711")
    world.roster.write([{"owner": owner, "member": member, "person": "p-9"}], [])
    _linked(world)
    (told,) = ask(world, "person", integration=LAB.id, identity="p-9")["people"]
    assert told["sign_in"]["by"] == [{
        "portal": "clever", "by": "identifier", "found": True,
        "text": "by what Clever tells as sis_id, if it equals the identifier here"}]
    assert [(one["rule"], one["login"]) for one in told["sign_in"]["links"]] == [("sis_id", "login-000001")]
    assert "canary-subject" not in json.dumps(told)


@pytest.mark.parametrize(("fields", "sign_in", "said"), [
    ({}, None, "the person has no identifier"),
    ({"identifier": "4711"}, None, "somebody else has the same identifier"),
    ({}, SignIn(portals={"clever": PortalSignIn()}), "sign-in is off"),
    ({}, SignIn(on=True, portals={"clever": PortalSignIn()}), "nobody said which value of Clever"),
])
def test_a_person_whom_sign_in_would_not_find_says_why(
    fields: dict[str, Any], sign_in: SignIn | None, said: str
) -> None:
    world = world_with()
    if sign_in is not None:
        world.integrations.put(SIGNING.model_copy(update={"sign_in": sign_in}))
    _person(world, **fields)
    (told,) = ask(world, "person", integration=LAB.id, identity="p-9")["people"]
    assert [(one["found"], said in one["text"]) for one in told["sign_in"]["by"]] == [(False, True)]


def test_unlinking_removes_the_link_and_keeps_who_did_it_and_why() -> None:
    world = world_with()
    _person(world)
    _linked(world)
    told = ask(world, "unlink", integration=LAB.id, person="p-9", portal="clever", by="tse-3", reason="merged account")
    assert world.sign_ins.linked(LAB.id, "clever", "d-1", "p-9") is None
    place, entry, _ = world.runs.audits[-1]
    assert (place, entry["operation"], entry["person"], entry["reason"]) == (
        LAB.id, "unlink", "p-9", "merged account")
    assert "canary-subject" not in json.dumps([told, entry])
    assert "matched anew" in told["effect"]


def test_a_person_without_a_link_can_not_be_unlinked() -> None:
    world = world_with()
    _person(world)
    with pytest.raises(NotFound, match="no stored link at this portal"):
        ask(world, "unlink", integration=LAB.id, person="p-9", portal="clever", by="tse-3", reason="x")
    assert world.runs.audits == []


def test_a_link_at_a_tenant_that_the_district_gave_up_is_named_with_it() -> None:
    world = world_with()
    _person(world)
    _linked(world, "d-old")
    asked = {"integration": LAB.id, "person": "p-9", "portal": "clever", "by": "tse-3", "reason": "moved"}
    with pytest.raises(NotFound):
        ask(world, "unlink", **asked)
    assert ask(world, "unlink", **asked, tenant="d-old")["unlinked"]["tenant"] == "d-old"


def test_the_explanation_of_a_person_has_the_sign_ins_that_failed() -> None:
    world = world_with(attempt("login-000001", 60, outcome="SSO-205", person="p-9"),
                       attempt("login-000002", 30, person="p-9"), attempt("login-000003", 20, person="p-8"))
    world.engine.answer = lambda _: {"id": "p-9", "here": True}
    told = ask(world, "explain", integration=LAB.id, record="s-9")
    assert [(one["login"], one["outcome"], one["fault"]) for one in told["sign_ins"]["failed"]] == [
        ("login-000001", "SSO-205", "district")]
    assert datetime.fromisoformat(told["sign_ins"]["since"]) == START - timedelta(days=14)


def test_the_explanation_of_a_class_has_none() -> None:
    world = world_with()
    world.engine.answer = lambda _: {"id": "c-1", "here": True}
    assert "sign_ins" not in ask(world, "explain", integration=LAB.id, record="c-1", entity="classes")
