"""POST /token: a product redeems a one-time code, server to server, for an id_token (reference/sso.md 3.5, 4.3).

The code is used up by whoever presents it with the client's authentication, right verifier or not: of a stolen code
there is one try. All failures of a code look alike (conformance 42), and an unknown client takes as long as a wrong
secret. Sessions that began with a code which comes a second time end at the product when they end: telling products to
end them by an event is a later phase; the alarm names the login id.

Client authentication is client_secret_basic. private_key_jwt is not in yet (docs/adr/0035).
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from homeroom.model.sign_in import TOKEN_SECONDS, Handoff, Registration
from homeroom.sso.http import Answer, Request, in_json
from homeroom.sso.ports import Outside
from homeroom.sso.values import base64url, fresh, hashed, same

MOST_BODY = 8192
MOST_FIELDS = 20
MOST_CREDENTIALS = 2048
MOST_WRONG = 20
"""From so many wrong tries of a client within a minute of the clock on, each is a security event, because the alarm
rings at several (threat T41). Nobody is locked out: client ids are no secret, so a lock would let anybody switch a
product's sign-in off."""
CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "jti", "amr", "did", "role", "roles", "idp", "lid", "rv",
)
"""All that an id_token says: nothing of it is personal (conformance 43)."""
_FORM = "application/x-www-form-urlencoded"
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_FIELDS = ("code", "redirect_uri", "code_verifier")
_SECRETS = 2
_NOBODYS = "0" * 64
"""The digest of no secret: compared where a client has fewer than two, or there is no such client."""
_CHALLENGE = {"www-authenticate": 'Basic realm="token", charset="UTF-8"'}
_FRESH = {"cache-control": "no-store"}


class _Refused(Exception):
    """The request ends with this error of RFC 6749, section 5.2."""

    def __init__(self, error: str, status: int = 400, headers: Mapping[str, str] | None = None):
        super().__init__(error)
        self.error, self.status, self.headers = error, status, headers or {}


def token(request: Request, outside: Outside) -> Answer:
    """An id_token for a code; or what is wrong, in the one word that the protocol has for it. Never a page."""
    try:
        form = _form(request)
        client = _client(request, form, outside)
        handoff = _redeemed(form, client, outside)
    except _Refused as refused:
        return in_json(refused.status, {"error": refused.error}, {**_FRESH, **refused.headers})
    answer = {
        "token_type": "Bearer", "access_token": fresh(outside.random), "expires_in": 60, "scope": "openid",
        "id_token": id_token(handoff, outside),
    }
    outside.attempts.redeemed(handoff.login_id, outside.clock.now().isoformat())
    return in_json(200, answer, _FRESH)


def id_token(handoff: Handoff, outside: Outside) -> str:
    """Who signed in, signed by our key: exactly `CLAIMS`, valid for two minutes."""
    now = int(outside.clock.now().timestamp())
    header = {"alg": "RS256", "typ": "JWT", "kid": outside.signer.keys()[0].kid}
    claims = {
        "iss": outside.base_url, "sub": handoff.person, "aud": handoff.client_id, "exp": now + TOKEN_SECONDS,
        "iat": now, "auth_time": handoff.auth_time, "nonce": handoff.nonce, "jti": base64url(outside.random(16)),
        "amr": ["fed"], "did": handoff.district, "role": handoff.role, "roles": list(handoff.roles),
        "idp": handoff.portal, "lid": handoff.login_id, "rv": handoff.roster_version,
    }
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{base64url(outside.signer.sign(signed.encode()))}"


def _part(document: Mapping[str, Any]) -> str:
    return base64url(json.dumps(document, separators=(",", ":")).encode())


def _form(request: Request) -> Mapping[str, str]:
    """The fields that were sent. An empty one counts as not sent, one that comes twice is refused (RFC 6749 3.2)."""
    if request.method != "POST":
        raise _Refused("invalid_request", 405, {"allow": "POST"})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM or request.query or request.raw_query or len(request.body) > MOST_BODY:
        raise _Refused("invalid_request")
    try:
        sent = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _Refused("invalid_request") from None
    form = dict(sent)
    if len(form) < len(sent):
        raise _Refused("invalid_request")
    return {name: value for name, value in form.items() if value}


def _client(request: Request, form: Mapping[str, str], outside: Outside) -> Registration:
    """The product that proved who it is."""
    credentials = _basic(request.headers.get("authorization", ""))
    if credentials is None:
        raise _unproven()
    client_id, secret = credentials
    if "client_secret" in form or form.get("client_id", client_id) != client_id:
        raise _Refused("invalid_request")  # one way to authenticate and one client (RFC 6749 2.3)
    found = outside.registry.registration(client_id) if _CLIENT.fullmatch(client_id) else None
    proven = _proven(secret, found.secrets if found else ())
    if found and proven and found.enabled:
        return found
    _note_wrong(found, outside)
    raise _unproven()


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret: each was form-urlencoded before both were joined and encoded (RFC 6749 2.3.1)."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > MOST_CREDENTIALS:
        return None
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
        pair = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        return None
    return pair if colon and all(pair) else None


def _proven(secret: str, digests: tuple[str, ...]) -> bool:
    """Whether it is one of the secrets. Always compares with two at least, and with each: none tells by its time."""
    digest = hashlib.sha256(secret.encode()).hexdigest()
    known = (*digests, *[_NOBODYS] * (_SECRETS - len(digests)))
    return any([same(digest, one) for one in known])  # noqa: C419 (a list, so that none is left out)


def _unproven() -> _Refused:
    return _Refused("invalid_client", 401, _CHALLENGE)


def _note_wrong(found: Registration | None, outside: Outside) -> None:
    """One write for a wrong try, none for a right one. Tries under ids that are nobody's are counted together."""
    name, now = found.slug if found else "unknown", int(outside.clock.now().timestamp())
    outside.noting.count("client refused", client_id=name)
    tries = outside.launches.tally(f"client#{name}#{now // 60}", until=(now // 60 + 1) * 60)
    if tries >= MOST_WRONG:
        outside.noting.alarm("client refused often", client_id=name)


def _redeemed(form: Mapping[str, str], client: Registration, outside: Outside) -> Handoff:
    if "grant_type" not in form:
        raise _Refused("invalid_request")
    if form["grant_type"] != "authorization_code":
        raise _Refused("unsupported_grant_type")
    if any(name not in form for name in _FIELDS) or not _VERIFIER.fullmatch(form["code_verifier"]):
        raise _Refused("invalid_request")
    key = hashed(form["code"])
    handoff = outside.launches.redeem(key, client_id=client.slug, now=int(outside.clock.now().timestamp()))
    if handoff is None:
        _note_refused(key, client, outside)
        raise _Refused("invalid_grant")
    bound = same(handoff.redirect_uri, form["redirect_uri"]), same(handoff.challenge, hashed(form["code_verifier"]))
    if not all(bound):
        outside.noting.alarm("code not bound", client_id=client.slug, login_id=handoff.login_id)
        raise _Refused("invalid_grant")
    return handoff


def _note_refused(key: str, client: Registration, outside: Outside) -> None:
    """An alarm where somebody tries a code again, or another product's. Both are looked up each time, so that unknown,
    late, foreign and used codes take as long as each other."""
    spent, kept = outside.launches.spent(key, client_id=client.slug), outside.launches.kept(key)
    if spent is not None:
        outside.noting.alarm("code used again", client_id=client.slug, login_id=spent.login_id)
    elif kept is not None and kept.client_id != client.slug:
        outside.noting.alarm("code of another client", client_id=client.slug, login_id=kept.login_id)
