"""What products' libraries read of us: our addresses and abilities, and our public keys (reference/sso.md 4.3, 4.4).

Both may be kept for an hour, so a new key is published a day before it signs (docs/runbooks/signing-keys.md).
"""

from __future__ import annotations

from homeroom.sso.http import Answer, in_json
from homeroom.sso.ports import Outside
from homeroom.sso.token import CLAIMS

CONFIGURATION = "/.well-known/openid-configuration"
JWKS = "/jwks.json"
_KEPT = {"cache-control": "public, max-age=3600"}


def configuration(outside: Outside) -> Answer:
    """The discovery document (OpenID Connect Discovery 1.0, section 4)."""
    return in_json(200, {
        "issuer": outside.base_url,
        "authorization_endpoint": f"{outside.base_url}/authorize",
        "token_endpoint": f"{outside.base_url}/token",
        "jwks_uri": f"{outside.base_url}{JWKS}",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_supported": list(CLAIMS),
    }, _KEPT)


def jwks(outside: Outside) -> Answer:
    """Every key that signs, signed or will sign soon (conformance 44)."""
    return in_json(200, {"keys": [
        {"kty": "RSA", "n": key.n, "e": key.e, "kid": key.kid, "use": "sig", "alg": "RS256"}
        for key in outside.signer.keys()  # noqa: SIM118 (not a mapping)
    ]}, _KEPT)
