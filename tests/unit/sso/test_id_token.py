"""Each check of reference/sso.md 3.8, one broken token at a time; the honest one is taken."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from homeroom.sso.id_token import LONGEST, claims
from homeroom.sso.portals import PORTALS
from homeroom.sso.stops import Stop
from tests.builders.portals import NONCE, SECONDS, StillKeys, app, claims_of, token_of
from tests.fakes.portal_tokens import (
    HOSTILE,
    PortalKeys,
    Switches,
    as_json,
    encoded,
    key,
    put_together,
    signed,
    signed_by_public_key,
)
from tests.sso.proves import proves

CLEVER, CLASSLINK = PORTALS["clever"], PORTALS["classlink"]
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "first"}


def read(token: str, *, now: float = SECONDS, keys: StillKeys | None = None, nonce: str = NONCE) -> Any:
    return claims(token, CLEVER, app(), nonce, keys or StillKeys(), now)


def refused(token: str, **how: Any) -> Stop:
    with pytest.raises(Stop) as stop:
        read(token, **how)
    assert stop.value.code == "SSO-109"
    return stop.value


def with_claims(**more: Any) -> str:
    return token_of(claims_of(CLEVER, **more))


@proves("K56")
def test_an_honest_token_is_read_whole() -> None:
    said = read(with_claims(district="d-1", email="one@sample.example"))
    assert (said["sub"], said["district"], said["email"]) == ("person-one", "d-1", "one@sample.example")


@proves("C25", "C26", "C28", "C29", "C30", "T13", "T14", "T15", "T16", "T42")
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_hostile_token_of_the_double_is_taken(kind: str) -> None:
    token = PortalKeys().mint(claims_of(CLEVER), Switches(**HOSTILE[kind]))
    assert refused(token).reason


@proves("T13", "C25")
def test_a_token_without_a_signature_is_refused_whatever_case_none_has() -> None:
    for alg in ("none", "None", "NONE", "", None):
        header = as_json({"alg": alg, "typ": "JWT"})
        for signature in (b"", b"x"):
            stop = refused(put_together(header, as_json(claims_of(CLEVER)), signature))
            assert (stop.reason, stop.security) == ("algorithm", "algorithm refused")


@proves("C26")
def test_a_token_whose_signature_was_taken_away_is_refused() -> None:
    header, payload, _ = token_of(claims_of(CLEVER)).split(".")
    stop = refused(f"{header}.{payload}.")
    assert (stop.reason, stop.security) == ("signature", "signature refused")


@proves("T14", "C25")
def test_the_published_key_is_no_shared_secret() -> None:
    stop = refused(signed_by_public_key(HEADER, claims_of(CLEVER), key("first").public_key()))
    assert (stop.reason, stop.security) == ("algorithm", "algorithm refused")


@proves("C25")
@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", ["RS256"], 256])
def test_no_other_algorithm_is_taken_even_with_a_good_signature(alg: object) -> None:
    assert refused(token_of(claims_of(CLEVER), alg=alg)).reason == "algorithm"


@proves("T15")
def test_a_key_inside_the_token_is_never_looked_at() -> None:
    keys = StillKeys()
    token = PortalKeys().mint(claims_of(CLEVER), Switches(embedded_key=True))
    assert refused(token, keys=keys).reason == "signature"
    assert keys.asked == ["first"]


def test_a_key_beside_a_good_signature_changes_nothing() -> None:
    token = token_of(claims_of(CLEVER), jku="https://attacker.example", x5u="https://attacker.example", x5c=[], jwk={})
    assert read(token)["sub"] == "person-one"


@proves("T16")
@pytest.mark.parametrize("crit", [["exp"], [], None, "exp", ["b64"]])
def test_any_critical_header_is_refused(crit: object) -> None:
    header = as_json({**HEADER, "crit": crit})
    assert refused(signed(header, as_json(claims_of(CLEVER)), key("first"))).reason == "critical header"


@pytest.mark.parametrize(("typ", "taken"), [
    (None, True), ("JWT", True), ("jwt", True), ("at+jwt", False), ("logout+jwt", False), ("", False), (7, False)])
def test_another_type_of_token_is_refused(typ: object, taken: bool) -> None:
    token = token_of(claims_of(CLEVER), typ=typ)
    assert read(token)["sub"] == "person-one" if taken else refused(token).reason == "another type of token"


@proves("T20", "C28")
@pytest.mark.parametrize("issuer", [
    "https://clever.com/", "https://Clever.com", "HTTPS://clever.com", "http://clever.com", "https://www.clever.com",
    "https://clever.com.attacker.example", "https://clever.com#", " https://clever.com", "https://clever.com:443",
    CLASSLINK.issuer, "", None, 7, ["https://clever.com"], True])
def test_an_issuer_that_only_looks_alike_is_refused(issuer: object) -> None:
    stop = refused(with_claims(iss=issuer))
    assert (stop.reason, stop.security) == ("issuer", "issuer mismatch")


@proves("T12", "C28")
@pytest.mark.parametrize("audience", [
    "client-two", "client-on", "CLIENT-ONE", "", [], ["client-two"], ["client-one", "client-two"],
    ["client-one", "client-one"], [["client-one"]], {"client-one": 1}, None, 0, True])
def test_a_token_for_another_app_is_refused(audience: object) -> None:
    assert refused(with_claims(aud=audience)).reason == "audience"


def test_an_audience_of_exactly_us_may_be_a_list() -> None:
    assert read(with_claims(aud=["client-one"]))["sub"] == "person-one"


@proves("T12")
def test_the_authorized_party_must_be_us_where_it_is_named() -> None:
    assert read(with_claims(azp="client-one"))["azp"] == "client-one"
    assert refused(with_claims(azp="client-two")).reason == "authorized party"
    assert refused(with_claims(azp=["client-one"])).reason == "authorized party"


@proves("T18", "C29")
@pytest.mark.parametrize(("age", "taken"), [(0, True), (299, True), (300, True), (301, False), (86_000, False)])
def test_a_token_is_taken_for_five_minutes_though_it_lives_for_a_day(age: int, taken: bool) -> None:
    token = with_claims(iat=SECONDS - age, exp=SECONDS + 86_400)
    assert read(token)["sub"] == "person-one" if taken else refused(token).reason == "too old"


def test_how_old_a_token_may_be_is_data_of_the_portal() -> None:
    patient = replace(CLEVER, iat_seconds=86_400)
    token = with_claims(iat=SECONDS - 80_000, exp=SECONDS + 60)
    assert claims(token, patient, app(), NONCE, StillKeys(), SECONDS)["sub"] == "person-one"


@proves("T19", "C29")
@pytest.mark.parametrize(("name", "away", "taken"), [
    ("iat", 59, True), ("iat", 60, True), ("iat", 61, False), ("nbf", 59, True), ("nbf", 61, False),
    ("exp", -59, True), ("exp", -60, False), ("exp", -61, False)])
def test_clocks_may_differ_by_a_minute_and_no_more(name: str, away: int, taken: bool) -> None:
    token = with_claims(**{name: SECONDS + away})
    if taken:
        assert read(token)["sub"] == "person-one"
    else:
        assert refused(token).reason in ("made in the future", "not valid yet", "expired")


@proves("C29")
def test_nbf_is_not_needed_and_exp_and_iat_are() -> None:
    assert "nbf" not in read(with_claims())
    assert [refused(with_claims(**{name: None})).reason for name in ("exp", "iat")] == ["exp missing", "iat missing"]


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [True, False, "1795359600", [], {}, 1e300, -1e300, 10**400])
def test_a_time_is_a_number_and_nothing_else(name: str, value: object) -> None:
    assert refused(with_claims(**{name: value})).reason == "malformed"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_time_is_infinite(literal: str) -> None:
    payload = json.dumps(claims_of(CLEVER, exp="TIME")).replace('"TIME"', literal).encode()
    assert refused(signed(as_json(HEADER), payload, key("first"))).reason == "malformed"


@proves("C30", "T5")
@pytest.mark.parametrize("nonce", [None, "", "nonce-of-this-sign-iN", "nonce-of-this-sign-in ", "nönce", 7, [NONCE]])
def test_a_nonce_of_another_sign_in_or_none_is_refused(nonce: object) -> None:
    stop = refused(with_claims(nonce=nonce))
    assert (stop.reason, stop.security) == ("nonce", "nonce mismatch")


def test_an_empty_nonce_of_ours_fits_nothing() -> None:
    assert refused(with_claims(nonce=""), nonce="").reason == "nonce"


@pytest.mark.parametrize("subject", [None, "", " ", 7, ["one"], "x" * 256, "a\x00b", "a\ud800"])
def test_a_token_about_nobody_is_refused(subject: object) -> None:
    assert refused(with_claims(sub=subject)).reason == "no subject"


@proves("T42")
def test_a_token_of_a_megabyte_is_refused_before_it_is_taken_apart() -> None:
    keys, began = StillKeys(), time.perf_counter()
    assert refused("." * (1 << 20), keys=keys).reason == "too long"
    assert refused(with_claims(more="x" * LONGEST), keys=keys).reason == "too long"
    assert keys.asked == []
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("token", [
    "", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e", "é.e30.e30", "e30.e30.e30 ", "e30=.e30.e30", "e31.e30.e30"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token).reason in ("malformed", "algorithm")


def test_depth_does_not_upset_us() -> None:
    deep = encoded(b"[" * 5000 + b"]" * 5000)
    assert refused(f"{deep}.e30.e30").reason == "malformed"


@pytest.mark.parametrize("payload", [
    b'{"sub":"one","sub":"two"}', b"[]", b'"text"', b"null", b"\xff\xfe", b"{", b'{"a":{"b":1,"b":2}}', b""])
def test_what_can_be_read_in_two_ways_is_refused(payload: bytes) -> None:
    assert refused(signed(as_json(HEADER), payload, key("first"))).reason == "malformed"


def test_a_header_that_names_the_algorithm_twice_is_refused() -> None:
    header = b'{"alg":"none","alg":"RS256","kid":"first"}'
    assert refused(signed(header, as_json(claims_of(CLEVER)), key("first"))).reason == "malformed"


@pytest.mark.parametrize("kid", [7, ["first"], "", "x" * 256, {}])
def test_a_key_id_is_a_short_text(kid: object) -> None:
    assert refused(token_of(claims_of(CLEVER), kid=kid)).reason == "malformed"


@proves("C26")
def test_one_changed_character_breaks_the_signature() -> None:
    token = with_claims()
    header, payload, signature = token.split(".")
    other = json.loads(as_json(claims_of(CLEVER, sub="person-two")))
    assert refused(f"{header}.{encoded(as_json(other))}.{signature}").reason == "signature"
    assert refused(f"{header}.{payload}.{encoded(b'x' * 256)}").reason == "signature"
    assert refused(f"{header}.{payload}.{encoded(b'x')}").reason == "signature"


def test_a_refusal_holds_nothing_of_the_token() -> None:
    stop = refused(with_claims(iss="https://secret.attacker.example", sub="canary"))
    assert "attacker" not in f"{stop!r} {stop.reason} {stop.security} {stop.__cause__!r}"
