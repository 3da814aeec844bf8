"""What products read of us: addresses, abilities, keys."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

from homeroom.sso.discovery import configuration, jwks
from homeroom.sso.http import headers_of
from homeroom.sso.token import CLAIMS, id_token
from tests.fakes.memory_sso import BASE, LocalSigner, memory_outside
from tests.sso.proves import proves
from tests.unit.sso.test_token import HANDOFF

SIGNER = LocalSigner()


def read(body: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document


def test_the_discovery_document_says_what_is_so_and_no_more() -> None:
    document = read(configuration(memory_outside(signer=SIGNER)).body)
    assert document == {
        "issuer": BASE, "authorization_endpoint": f"{BASE}/authorize", "token_endpoint": f"{BASE}/token",
        "jwks_uri": f"{BASE}/jwks.json", "response_types_supported": ["code"], "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"], "subject_types_supported": ["public"],
        "scopes_supported": ["openid"], "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False, "request_uri_parameter_supported": False,
        "claims_supported": list(CLAIMS),
    }


def test_every_address_follows_the_base_address() -> None:
    outside = replace(memory_outside(signer=SIGNER), base_url="http://127.0.0.1:9/_aws/x")
    document = read(configuration(outside).body)
    addresses = [document[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    assert document["issuer"] == "http://127.0.0.1:9/_aws/x"
    assert all(address.startswith("http://127.0.0.1:9/_aws/x/") for address in addresses)


def test_both_documents_may_be_kept_for_an_hour_with_every_other_header_of_ours() -> None:
    for answer in (configuration(memory_outside(signer=SIGNER)), jwks(memory_outside(signer=SIGNER))):
        headers = headers_of(answer)
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert headers["cache-control"] == "public, max-age=3600"
        assert headers["x-content-type-options"] == "nosniff"


@proves("C44")
def test_both_keys_are_published_and_the_key_of_a_token_is_among_them() -> None:
    outside = memory_outside(signer=SIGNER)
    published = read(jwks(outside).body)["keys"]
    head = id_token(HANDOFF, outside).split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    assert [set(key) for key in published] == [{"kty", "n", "e", "kid", "use", "alg"}] * 2
    assert len({key["n"] for key in published}) == 2
    assert kid == published[0]["kid"]


@proves("C44")
def test_a_keys_name_is_its_thumbprint_and_nothing_private_is_published() -> None:
    for key in read(jwks(memory_outside(signer=SIGNER)).body)["keys"]:
        members = json.dumps({"e": key["e"], "kty": "RSA", "n": key["n"]}, separators=(",", ":")).encode()
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members).digest()).rstrip(b"=").decode()
        assert key["kid"] == thumbprint
        assert set(key) & {"d", "p", "q", "dp", "dq", "qi"} == set()
