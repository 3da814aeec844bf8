"""Pinned addresses, the hosts that we speak to, and what a discovery document may change: nothing by itself."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from homeroom.model.sign_in import PORTAL_NAMES
from homeroom.sso.portals import HOSTS, PORTALS, compared, discovery_address, fit, offered, why_not
from tests.builders.portals import double_of
from tests.sso.proves import proves

CLEVER, CLASSLINK = PORTALS["clever"], PORTALS["classlink"]
DOCUMENT = {
    "issuer": "https://clever.com", "authorization_endpoint": CLEVER.authorize, "token_endpoint": CLEVER.token,
    "jwks_uri": CLEVER.jwks, "userinfo_endpoint": CLEVER.userinfo, "id_token_signing_alg_values_supported": ["RS256"]}


@proves("C9")
@pytest.mark.parametrize("name", PORTAL_NAMES)
@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_the_pinned_addresses_are_fit(name: str, stage: str) -> None:
    assert fit(PORTALS[name], stage) == ()  # type: ignore[index]


def test_each_portal_is_asked_as_it_wants() -> None:
    assert [(one.sends_client, one.body, one.iat_seconds) for one in PORTALS.values()] == [
        ("basic", "json", 300), ("post", "form", 300)]
    assert discovery_address(CLASSLINK) == "https://launchpad.classlink.com/.well-known/openid-configuration"


@proves("T40", "T21")
@pytest.mark.parametrize("address", [
    "http://clever.com/oauth/tokens", "https://clever.com.attacker.example/", "https://attacker.example/clever.com",
    "https://api.clever.com@attacker.example/", "https://user@clever.com/", "https://clever.com:8443/",
    "https://evil.clever.com/", "https://clever.com./", "//clever.com/", "clever.com", "", None, 7, "ftp://clever.com/",
    "https://clever.com/?next=https://attacker.example", "https://clever.com/#x", "https://clever.com\\@attacker.example",
    "https://clever.com/\r\nHost: x", "https://clever.com:x/", "https://[::1", "https://127.0.0.1/", "https://cléver.com/",
    "https://launchpad.classlink.com/oauth2/v2/jwks", "http://127.0.0.1:9401/", "https://169.254.169.254/"])
def test_no_other_address_is_spoken_to(address: object) -> None:
    assert why_not(address, HOSTS["clever"], "prod")


def test_the_embedded_stage_may_also_speak_to_this_machine() -> None:
    for address in ("http://127.0.0.1:9401/oauth/tokens", "http://localhost:1/", "http://[::1]:1/"):
        assert why_not(address, HOSTS["clever"], "local") == ""
        assert why_not(address, HOSTS["clever"], "prod") == why_not(address, HOSTS["clever"], "dev") == "is not https"
    assert why_not("http://clever.com/", HOSTS["clever"], "local")
    assert why_not("http://127.0.0.1@attacker.example/", HOSTS["clever"], "local")


def test_the_double_is_fit_for_the_embedded_stage_alone() -> None:
    double = double_of("clever")
    double.url = "http://127.0.0.1:9401"
    assert fit(double.portal(), "local") == ()
    assert len(fit(double.portal(), "prod")) == 6


@proves("C9")
def test_an_issuer_is_never_another() -> None:
    assert fit(replace(CLEVER, issuer="https://clever.com/"), "prod") == (
        "the issuer of Clever is not https://clever.com",)


def test_a_document_that_says_the_same_differs_in_nothing() -> None:
    assert compared(CLEVER, DOCUMENT) == ()
    assert offered(CLEVER, DOCUMENT) == {}


@proves("T21")
@pytest.mark.parametrize(("more", "told"), [
    ({"token_endpoint": "https://attacker.example/token"},
     "token_endpoint is on a host that this portal does not have; we go on using https://clever.com/oauth/tokens"),
    ({"jwks_uri": "http://clever.com/oauth/certs"},
     "jwks_uri is not https; we go on using https://clever.com/oauth/certs"),
    ({"userinfo_endpoint": None}, "userinfo_endpoint is no address; we go on using https://api.clever.com/userinfo"),
    ({"jwks_uri": "https://clever.com/keys"}, "jwks_uri is https://clever.com/keys; we use https://clever.com/oauth/certs"),
    ({"id_token_signing_alg_values_supported": ["ES256"]},
     "id_tokens are no longer signed with RS256, the only algorithm that we take"),
    ({"token_endpoint_auth_methods_supported": ["client_secret_post"]},
     "the token endpoint no longer takes client_secret_basic, which is how we show our secret")])
def test_what_a_document_says_otherwise_is_told_and_not_taken(more: dict[str, object], told: str) -> None:
    before = asdict(CLEVER)
    assert compared(CLEVER, {**DOCUMENT, **more}) == (told,)
    assert asdict(CLEVER) == before


@proves("T21", "T20")
@pytest.mark.parametrize("issuer", ["https://clever.com/", "https://Clever.com", "https://attacker.example", None, 7])
def test_nothing_is_offered_of_a_document_of_another_issuer(issuer: object) -> None:
    document = {**DOCUMENT, "issuer": issuer, "jwks_uri": "https://clever.com/keys"}
    assert "nothing of this document may be believed" in compared(CLEVER, document)[0]
    assert offered(CLEVER, document) == {}


@proves("T21")
def test_only_addresses_on_the_portals_own_hosts_are_offered_to_a_person() -> None:
    document = {**DOCUMENT, "jwks_uri": "https://clever.com/keys", "token_endpoint": "https://attacker.example/token"}
    assert offered(CLEVER, document) == {"jwks": "https://clever.com/keys"}
