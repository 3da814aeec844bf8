"""Two standard OIDC libraries of two languages complete the flow against our provider, by configuration alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from homeroom.model.sign_in import SIGNED_IN
from tests.conftest import ROOT
from tests.fakes.memory_sso import LocalSigner
from tests.sso.products import (
    SECRET,
    TEACHER,
    Browser,
    provider,
    provider_with_portal,
    registration,
    sample_product,
)
from tests.sso.proves import proves
from tests.sso.serving import KnownVisitor, Served, serving

BROWSER = ROOT / "tests" / "browser"
CALLBACK = "https://galileo.vendor.example/sso/callback"
pytestmark = pytest.mark.integration


@pytest.fixture
def visitor() -> KnownVisitor:
    return KnownVisitor()


@pytest.fixture
def served(visitor: KnownVisitor) -> Iterator[Served]:
    with serving(provider, visitor.routes) as running:
        running.outside.registry.registrations["node"] = registration(  # type: ignore[attr-defined]
            "node", "https://galileo.vendor.example")
        yield running


def openid_client(served: Served, **changes: str) -> dict[str, Any]:
    """What openid-client says in the end."""
    if shutil.which("node") is None or not (BROWSER / "node_modules" / "openid-client").exists():
        pytest.skip("needs Node and the packages of tests/browser (npm ci)")
    asked = {"issuer": served.url, "client_id": "node", "client_secret": SECRET, "redirect_uri": CALLBACK} | changes
    done = subprocess.run(
        ["node", "openid_client.mjs", json.dumps(asked)], cwd=BROWSER, capture_output=True, text=True, timeout=60)
    told: dict[str, Any] = json.loads(done.stdout or json.dumps({"error": done.stderr}))
    return told


@proves("C45")
def test_openid_client_of_node_completes_the_flow(served: Served, visitor: KnownVisitor) -> None:
    told = openid_client(served, login_hint="clever")
    assert "claims" in told, told
    claims = told["claims"]
    assert (claims["sub"], claims["did"], claims["role"], claims["aud"]) == (
        visitor.person, visitor.district, "teacher", "node")
    assert claims["exp"] - claims["iat"] == 120
    assert set(visitor.sent[0]) == {
        "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method", "login_hint"}
    assert served.asked == ["GET /.well-known/openid-configuration", "GET /authorize", "POST /token", "GET /jwks.json"]


@proves("C45", "C46")
def test_authlib_of_python_completes_the_flow(served: Served, visitor: KnownVisitor) -> None:
    tab = Browser()
    with sample_product(served.outside) as placed:
        page = tab.get(placed.initiate_uri, {"iss": served.url, "login_hint": "clever"})
        assert "Testa Teacher" in page.text
        assert tab.get(f"{placed.base_url}/me").json() == {
            "id": visitor.person, "district": visitor.district, "role": "teacher"}
    sent = visitor.sent[0]
    assert (sent["login_hint"], sent["code_challenge_method"], sent["scope"]) == ("clever", "S256", "openid")
    assert min(len(sent["state"]), len(sent["nonce"])) >= 16
    assert len(sent["code_challenge"]) == 43


@proves("C45", "C2")
def test_both_libraries_complete_the_whole_flow_by_way_of_a_portal() -> None:
    with provider_with_portal() as (served, portal), sample_product(served.outside) as placed:
        tab = Browser()
        tab.get(f"{portal.url}/portal/sign-in?who={TEACHER}")
        page = tab.get(f"{served.url}/start/clever/galileo")
        assert "Testa Teacher" in page.text
        told = openid_client(
            served, client_id="galileo", redirect_uri=placed.redirect_uri, login_hint="clever",
            first=f"{portal.url}/portal/sign-in?who={TEACHER}")
        assert "claims" in told, told
        claims = told["claims"]
        assert (claims["sub"], claims["did"], claims["idp"]) == ("p-teacher-1", "lab-usd", "clever")
        kept = served.outside.attempts.attempts[claims["lid"]]  # type: ignore[attr-defined]
        assert (kept.outcome, bool(kept.redeemed_at)) == (SIGNED_IN, True)


@pytest.mark.parametrize(("spoil", "error"), [
    (lambda told: {**told, "state": "other" * 9}, "OAUTH_INVALID_RESPONSE"),
    (lambda told: {**told, "iss": "https://elsewhere.example"}, "OAUTH_INVALID_RESPONSE"),
    (lambda told: {name: told[name] for name in ("code", "state")}, "OAUTH_INVALID_RESPONSE"),
    (lambda told: {**told, "code": "x" * 43}, "OAUTH_RESPONSE_BODY_ERROR"),
], ids=["state", "iss", "no iss", "code"])
@proves("T4")
def test_openid_client_refuses_an_answer_that_is_not_its_own(
    served: Served, visitor: KnownVisitor, spoil: Any, error: str,
) -> None:
    visitor.spoil = spoil
    assert openid_client(served)["error"] == error


@proves("C42", "T41")
def test_a_library_with_a_wrong_secret_gets_nothing(served: Served) -> None:
    told = openid_client(served, client_secret="wrong")
    assert "claims" not in told
    assert served.outside.noting.counted == [  # type: ignore[attr-defined]
        ("client refused", {"client_id": "node"})]


@proves("C44")
def test_a_product_that_knows_our_keys_learns_a_new_one_without_a_restart(visitor: KnownVisitor) -> None:
    old, new = LocalSigner().privates
    signer = LocalSigner([old])
    with serving(lambda url: provider(url, signer), visitor.routes) as served:
        with sample_product(served.outside) as placed:
            for keys in ([old], [old, new], [new, old], [new]):
                signer.privates = keys
                page = Browser().get(placed.initiate_uri, {"iss": served.url})
                assert "Testa Teacher" in page.text
        assert served.asked.count("GET /jwks.json") == 2


def test_a_browser_sees_nothing_but_addresses_codes_and_states(served: Served, visitor: KnownVisitor) -> None:
    """No name, role or id of a person passes through it: the token goes from server to server."""
    tab = Browser()
    with sample_product(served.outside) as placed:
        page = tab.get(placed.initiate_uri, {"iss": served.url})
    assert "Testa Teacher" in page.text
    passed = [urlsplit(address) for address in tab.visited]
    names = {name for address in passed for name in parse_qs(address.query)}
    assert names == {"iss", "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
                     "code_challenge_method", "code"}
    assert visitor.person not in "".join(address.geturl() for address in passed)
