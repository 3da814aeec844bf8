"""Keys of a portal: an hour, a day where it is silent, one forced read a minute (reference/sso.md 3.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from homeroom.sso.id_token import claims
from homeroom.sso.keys import Keys, keys_of, published
from homeroom.sso.portals import PORTALS
from homeroom.sso.stops import Stop
from tests.builders.portals import NONCE, SECONDS, ScriptedWeb, app, claims_of, outside_with, token_of
from tests.fakes.memory_sso import MemoryNoting, StillClock
from tests.fakes.portal_tokens import jwk, key
from tests.sso.proves import proves

CLEVER, CLASSLINK = PORTALS["clever"], PORTALS["classlink"]


def jwks(*names: str | None, **more: Any) -> dict[str, Any]:
    return {"keys": [jwk(name, key(name or "first"), **more) for name in names]}


class Reading:
    """Keys over a web that answers as the test says."""

    def __init__(self, answer: Any) -> None:
        self.web, self.clock, self.noting = ScriptedWeb({CLEVER.jwks: answer}), StillClock(), MemoryNoting()
        self.keys = Keys(self.web, self.clock, self.noting)

    def answer(self, answer: Any) -> None:
        self.web.answers[CLEVER.jwks] = answer

    def has(self, kid: str | None, name: str | None = None) -> bool:
        """Whether the key of this id is the one of this name."""
        found = self.keys.of(CLEVER, kid).public_numbers()
        return found == key(name or kid or "first").public_key().public_numbers()

    def stopped(self, kid: str | None) -> Stop:
        with pytest.raises(Stop) as stop:
            self.keys.of(CLEVER, kid)
        return stop.value

    @property
    def reads(self) -> int:
        return len(self.web.calls)


def test_keys_are_kept_for_an_hour() -> None:
    reading = Reading(jwks("first"))
    assert reading.has("first")
    reading.clock.pass_seconds(3599)
    assert reading.has("first")
    assert reading.reads == 1
    reading.clock.pass_seconds(1)
    assert reading.has("first")
    assert reading.reads == 2


@proves("C26")
def test_a_rotated_key_is_found_at_once() -> None:
    reading = Reading(jwks("first"))
    assert reading.has("first")
    reading.answer(jwks("second"))
    assert reading.has("second")
    assert reading.stopped("first").reason == "unknown key"


@proves("T17", "C26")
def test_a_hundred_made_up_key_ids_cause_one_more_read() -> None:
    reading = Reading(jwks("first"))
    stops = {reading.stopped(f"made-up-{count}").code for count in range(100)}
    assert (stops, reading.reads) == ({"SSO-109"}, 2)
    reading.clock.pass_seconds(60)
    assert reading.stopped("made-up").code == "SSO-109"
    assert reading.reads == 3


@proves("T17")
def test_a_hundred_forged_signatures_cause_one_more_read() -> None:
    reading = Reading(jwks("second"))
    token = token_of(claims_of(CLEVER), kid="second")
    for _ in range(100):
        with pytest.raises(Stop) as stop:
            claims(token, CLEVER, app(), NONCE, reading.keys, SECONDS)
        assert stop.value.reason == "signature"
    assert reading.reads == 2


@pytest.mark.parametrize("kid", ["first", None])
def test_a_key_that_changed_and_kept_its_id_or_has_none_is_read_again(kid: str | None) -> None:
    old, new = ({"keys": [jwk(kid, key(name))]} for name in ("second", "first"))
    reading = Reading(old)
    assert reading.has(kid, "second")
    reading.answer(new)
    said = claims(token_of(claims_of(CLEVER), kid=kid), CLEVER, app(), NONCE, reading.keys, SECONDS)
    assert said["sub"] == "person-one"


@proves("C27")
def test_without_a_key_id_there_must_be_exactly_one_key() -> None:
    assert Reading(jwks("first")).has(None)
    assert Reading(jwks(None)).has(None)
    assert Reading(jwks("first", "second")).stopped(None).reason == "no key id among several keys"
    others = {"keys": [jwk("first", key("first")), jwk("second", key("second"), use="enc"), {"kty": "EC", "kid": "x"}]}
    assert Reading(others).has(None)


@proves("C32")
def test_old_keys_serve_for_a_day_while_the_portal_is_silent() -> None:
    reading = Reading(jwks("first"))
    assert reading.has("first")
    reading.answer("timeout")
    reading.clock.pass_seconds(24 * 3600 - 1)
    assert reading.has("first")
    assert reading.noting.counted == [("stale keys", {"portal": "clever"})]
    reading.clock.pass_seconds(1)
    assert (reading.stopped("first").code, reading.stopped("first").reason) == ("SSO-103", "keys: timeout")


def test_a_silent_portal_is_asked_once_a_minute() -> None:
    reading = Reading(jwks("first"))
    assert reading.has("first")
    reading.answer("timeout")
    reading.clock.pass_seconds(3600)
    assert all(reading.has("first") for _ in range(5))
    assert reading.reads == 2
    reading.clock.pass_seconds(60)
    assert reading.has("first")
    assert reading.reads == 3


@proves("C32")
def test_old_keys_are_put_aside_when_the_portal_answers_again() -> None:
    reading = Reading(jwks("first"))
    assert reading.has("first")
    reading.answer([(500, b""), jwks("second")])
    reading.clock.pass_seconds(3600)
    assert reading.has("first")
    reading.clock.pass_seconds(60)
    assert reading.has("second")


@proves("C32")
@pytest.mark.parametrize(("answer", "reason"), [
    ("timeout", "keys: timeout"), ("redirect", "keys: redirect"), ((500, b"{}"), "keys: status 500"),
    ((200, b"<html>"), "keys: no JSON"), ({"keys": []}, "keys: none that may be used"),
    ({"keys": "first"}, "keys: none that may be used"), ({}, "keys: none that may be used")])
def test_without_any_keys_nobody_is_let_in(answer: Any, reason: str) -> None:
    stop = Reading(answer).stopped("first")
    assert (stop.code, stop.reason) == ("SSO-103", reason)


def test_a_portal_whose_keys_have_no_address_says_so() -> None:
    reading = Reading(jwks("first"))
    with pytest.raises(Stop) as stop:
        reading.keys.of(replace(CLEVER, jwks=""), "first")
    assert (stop.value.code, stop.value.reason, reading.reads) == (
        "SSO-103", "keys: nobody has accepted an address yet", 0)


@pytest.mark.parametrize("more", [
    {"kty": "EC"}, {"kty": "oct"}, {"use": "enc"}, {"alg": "RS512"}, {"alg": "HS256"}, {"alg": None},
    {"key_ops": ["encrypt"]}, {"key_ops": "verify"}, {"n": "AQAB"}, {"n": "x y"}, {"n": 5}, {"e": "AA"},
    {"e": "AQ"}, {"e": "Ag"}, {"e": None}, {"n": "_" * 2000}])
def test_a_key_that_is_not_for_this_is_passed_over(more: dict[str, Any]) -> None:
    assert published({"keys": [{**jwk("first", key("first")), **more}]}) == ()


def test_a_key_with_an_id_that_is_no_text_is_passed_over() -> None:
    assert published({"keys": [{**jwk("first", key("first")), "kid": 7}]}) == ()


def test_a_short_key_is_passed_over() -> None:
    assert published({"keys": [jwk("first", key("short", 1024))]}) == ()
    assert len(published({"keys": [None, "x", jwk("first", key("first"), key_ops=["verify"])]})) == 1


def test_two_keys_of_one_id_are_none() -> None:
    both = {"keys": [jwk("first", key("first")), jwk("first", key("second"))]}
    assert Reading(both).stopped("first").reason == "unknown key"


def test_each_portal_has_keys_of_its_own() -> None:
    reading = Reading(jwks("first"))
    reading.web.answers[CLASSLINK.jwks] = jwks("second")
    assert reading.has("first")
    assert reading.keys.of(CLASSLINK, "second").public_numbers() == key("second").public_key().public_numbers()
    with pytest.raises(Stop):
        reading.keys.of(CLASSLINK, "first")


def test_a_process_keeps_its_keys_and_another_outside_begins_anew() -> None:
    outside = outside_with(ScriptedWeb())
    assert keys_of(outside) is keys_of(outside)
    assert keys_of(replace(outside, base_url="https://other.example")) is not keys_of(outside)
