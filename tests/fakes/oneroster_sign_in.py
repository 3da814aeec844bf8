"""How the OneRoster fake lets people in: OAuth 1.0a, checked with oauthlib's code, OAuth 2 tokens, fixed bearers."""

from __future__ import annotations

import base64
import binascii
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from tests.fakes.oneroster_service import Service

SCOPE = {"1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/", "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/"}
CORE, ROSTER, DEMOGRAPHICS = "roster-core.readonly", "roster.readonly", "roster-demographics.readonly"
METHODS = {"oauth1_sha256": ("HMAC-SHA256",), "oauth1_sha1": ("HMAC-SHA1",), "oauth1": ("HMAC-SHA256", "HMAC-SHA1")}


def signed_in(service: Service, method: str, url: str, headers: Mapping[str, str]) -> bool:
    """Whether the credentials of a request are good; the reason of a refusal is noted in `service.reasons`."""
    if service.sign_in in METHODS:
        return _signature(service, method, url, headers)
    given = headers.get("Authorization", "").partition(" ")
    if given[0].lower() != "bearer":
        return _no(service, "no bearer token")
    if service.sign_in == "bearer":
        return given[2] == service.token or _no(service, "wrong bearer token")
    ends, _ = service.tokens.get(given[2], (0.0, frozenset()))
    return ends > time.time() or _no(service, "the token is unknown or has expired")


def may_read(service: Service, headers: Mapping[str, str], *, nested: bool, demographics: bool) -> bool:
    """Whether the scopes of an OAuth 2 token suffice; the other ways to sign in know no scopes."""
    if service.sign_in != "oauth2":
        return True
    _, scopes = service.tokens[headers["Authorization"].partition(" ")[2]]
    wanted = {DEMOGRAPHICS} if demographics else {ROSTER} if nested or service.version == "1.2" else {CORE}
    enough = wanted | {CORE} if service.version == "1.2" and not nested and not demographics else wanted
    return bool(enough & scopes)


def token_answer(service: Service, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, Any]]:
    """What the token endpoint answers to a form: status and JSON (RFC 6749, sections 4.4 and 5)."""
    form = {name: values[0] for name, values in parse_qs(body).items()}
    given = _basic(headers)
    if not service.basic_only and "client_id" in form:
        given.append((form["client_id"], form.get("client_secret", "")))
    if (service.key, service.secret) not in given:
        service.reasons.append("wrong client credentials")
        return 401, {"error": "invalid_client"}
    if form.get("grant_type") != "client_credentials":
        return 400, {"error": "unsupported_grant_type"}
    asked = [scope.removeprefix(SCOPE[service.version]) for scope in form.get("scope", "").split()]
    known = [scope for scope in asked if service.granted is None or scope in service.granted]
    if not asked:
        return 400, {"error": "invalid_scope"}
    token = secrets.token_urlsafe(24)
    with service.lock:
        service.tokens[token] = (time.time() + service.expires_in, frozenset(known))
    answer = {"access_token": token, "token_type": "bearer", "expires_in": int(service.expires_in)}
    told = {"scope": " ".join(SCOPE[service.version] + scope for scope in known)} if service.tells_scope else {}
    return 200, answer | told


def _basic(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Credentials of HTTP Basic; RFC 6749 has them form-encoded inside, most clients do not: both readings count."""
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        key, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [(key, secret), (unquote(key), unquote(secret))]


def _signature(service: Service, method: str, url: str, headers: Mapping[str, str]) -> bool:
    validator = _Validator(service)
    if not headers.get("Authorization", "").lower().startswith("oauth "):
        return _no(service, "no signature")
    good, request = SignatureOnlyEndpoint(validator).validate_request(url, method, None, dict(headers))
    if good:
        return True
    if request is None or "signature" not in request.validator_log:
        return _no(service, validator.reason or "malformed, or another signature method")
    return _no(service, "wrong signature" if request.validator_log["client"] else "unknown key")


def _no(service: Service, reason: str) -> bool:
    service.reasons.append(reason)
    return False


class _Validator(RequestValidator):
    """What oauthlib asks about our only client."""

    def __init__(self, service: Service):
        super().__init__()
        self.service, self.reason = service, ""

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return METHODS[self.service.sign_in]

    @property
    def enforce_ssl(self) -> bool:
        return False

    @property
    def timestamp_lifetime(self) -> int:
        return sys.maxsize  # judged below, by this server's own clock

    @property
    def dummy_client(self) -> str:
        return "nobody"

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) >= 8

    def validate_timestamp_and_nonce(self, client_key: str, timestamp: str, nonce: str, request: Any,
                                     request_token: Any = None, access_token: Any = None) -> bool:
        if abs(time.time() + self.service.skew - int(timestamp)) > self.service.window:
            self.reason = "timestamp outside of the window"
            return False
        with self.service.lock:
            again = (timestamp, nonce) in self.service.seen_nonces
            self.service.seen_nonces.add((timestamp, nonce))
        if again and self.service.nonces == "new":
            self.reason = "the nonce was used before"
            return False
        return True

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self.service.key

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.service.secret if client_key == self.service.key else "nothing"
