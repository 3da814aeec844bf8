"""Our narrow verification held against a general library: what PyJWT refuses, ours refuses too."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import jwt
import jwt.api_jwt
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from homeroom.sso.id_token import claims
from homeroom.sso.portals import PORTALS
from homeroom.sso.stops import Stop
from tests.builders.portals import NONCE, SECONDS, StillKeys, app, claims_of, token_of
from tests.fakes.memory_sso import NOW
from tests.fakes.portal_tokens import as_json, encoded, key, put_together, signed

CLEVER = PORTALS["clever"]
PUBLIC = key("first").public_key()
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=True, width=32), st.text(max_size=8),
    st.sampled_from(["RS256", "none", "HS256", "JWT", "first", NONCE, "client-one", CLEVER.issuer]))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
    st.text(max_size=4), inner, max_size=2), max_leaves=4)
TIMES = st.integers(SECONDS - 500, SECONDS + 500) | st.floats(SECONDS - 500, SECONDS + 500)
CLAIMS = st.sampled_from(["iss", "aud", "azp", "sub", "nonce", "jti", "extra"])
CHANGES = st.dictionaries(CLAIMS, VALUES, max_size=2)
WHEN = st.dictionaries(st.sampled_from(["iat", "exp", "nbf"]), TIMES | VALUES, max_size=2)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "jku", "x5c", "cty", "extra"]), VALUES, max_size=2)


class StillDate(datetime):
    """The library's own clock, stopped at ours."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return NOW


@pytest.fixture(autouse=True)
def _same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt.api_jwt, "datetime", StillDate)


def of_ours(token: str) -> dict[str, Any] | None:
    try:
        return dict(claims(token, CLEVER, app(), NONCE, StillKeys(), SECONDS))
    except Stop:
        return None


def of_pyjwt(token: str) -> dict[str, Any] | None:
    """PyJWT at its strictest, where that is not stricter than the standard: a list of exactly us is an audience."""
    options: Any = {"require": ["iss", "aud", "exp", "iat", "sub", "nonce"], "enforce_minimum_key_length": True}
    try:
        read: dict[str, Any] = jwt.decode(token, PUBLIC, algorithms=["RS256"], audience="client-one",
                                          issuer=CLEVER.issuer, leeway=60, options=options)
        return read
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError):
        return None


def hold(token: str) -> None:
    ours, theirs = of_ours(token), of_pyjwt(token)
    event(f"ours {'takes' if ours else 'refuses'}, PyJWT {'takes' if theirs else 'refuses'}")
    assert ours is None or ours == theirs


def test_both_take_the_honest_token() -> None:
    token = token_of(claims_of(CLEVER))
    assert of_ours(token) == of_pyjwt(token) == claims_of(CLEVER)


@settings(max_examples=120)
@given(CHANGES, WHEN)
def test_of_what_a_portal_signs_ours_takes_only_what_pyjwt_takes(changed: dict[str, Any], when: dict[str, Any]) -> None:
    hold(signed(b'{"alg":"RS256","kid":"first"}', as_json({**claims_of(CLEVER), **changed, **when}), key("first")))


@settings(max_examples=120)
@given(HEADERS)
def test_whatever_a_header_says_ours_takes_only_what_pyjwt_takes(header: dict[str, Any]) -> None:
    whole = {"alg": "RS256", "kid": "first", **header}
    hold(signed(as_json(whole), as_json(claims_of(CLEVER)), key("first")))


@settings(max_examples=120)
@given(st.integers(0, 10**4), st.characters(min_codepoint=33, max_codepoint=126), st.booleans())
def test_a_token_with_one_character_changed_is_taken_by_neither(place: int, char: str, added: bool) -> None:
    token = token_of(claims_of(CLEVER))
    place %= len(token)
    changed = token[:place] + char + token[place + (not added):]
    assume(changed != token)
    assert of_ours(changed) is None
    hold(changed)


@settings(max_examples=60)
@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_noise_is_taken_by_nobody(header: bytes, payload: bytes, signature: bytes) -> None:
    for token in (put_together(header, payload, signature), signed(header, payload, key("first")),
                  signed(as_json({"alg": "RS256"}), payload, key("first")), encoded(header)):
        assert of_ours(token) is None
