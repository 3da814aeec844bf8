"""A portal's id_token: RS256 and nothing else, checked in the order of reference/sso.md 3.8.

This verifies one kind of token of two issuers, so it is written out instead of taken from a general library, which
costs most of a cold start (ADR 0033). Laws in the tests hold it against PyJWT: what PyJWT refuses, this refuses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from homeroom.model.sign_in import App, Portal
from homeroom.sso.stops import Stop
from homeroom.sso.strict import LONGEST_TEXT, Unreadable, base64url_bytes, json_object
from homeroom.sso.values import same

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LONGEST = 16 * 1024
"""Bytes of a token; a longer one is not even taken apart (T42)."""
SKEW_SECONDS = 60
ALGORITHM = "RS256"


class KeySource(Protocol):
    """Where keys come from: `homeroom.sso.keys.Keys`."""

    def of(self, portal: Portal, kid: str | None) -> RSAPublicKey: ...

    def anew(self, portal: Portal, kid: str | None) -> RSAPublicKey | None: ...


def claims(token: str, portal: Portal, app: App, nonce: str, keys: KeySource, now: float) -> Mapping[str, Any]:
    """What a portal says about a person in a token that it made just now, for this app and this sign-in.

    `now` is in epoch seconds. Raises Stop: SSO-109 with the check that failed, SSO-103 where keys can not be read.
    """
    signed, header, payload, signature = _parts(token)
    kid = _checked_header(header)
    if not _signed_by(keys.of(portal, kid), signed, signature) \
            and not _signed_by(keys.anew(portal, kid), signed, signature):
        raise Stop("SSO-109", "signature", security="signature refused")
    said = _object(payload)
    _of_issuer(said, portal)
    _for_app(said, app)
    _in_time(said, portal, now)
    _of_this_sign_in(said, nonce)
    _about_somebody(said)
    return said


def _parts(token: str) -> tuple[bytes, bytes, bytes, bytes]:
    """What was signed, then header, payload and signature as bytes."""
    if len(token) > LONGEST or not token.isascii():
        raise Stop("SSO-109", "too long" if len(token) > LONGEST else "malformed")
    parts = token.split(".")
    if len(parts) != 3:
        raise Stop("SSO-109", "malformed")
    try:
        # A token that says it needs no signature has none: that is refused by its header, which is told to staff (T13).
        header, payload, signature = (base64url_bytes(part) if part or place < 2 else b""
                                      for place, part in enumerate(parts))
    except Unreadable:
        raise Stop("SSO-109", "malformed") from None
    return token.rpartition(".")[0].encode(), header, payload, signature


def _checked_header(raw: bytes) -> str | None:
    """The key id. What a header says about where to find a key (jwk, jku, x5u, x5c) is never looked at (T15)."""
    header = _object(raw)
    if header.get("alg") != ALGORITHM:
        raise Stop("SSO-109", "algorithm", security="algorithm refused")
    if "crit" in header or "b64" in header:
        raise Stop("SSO-109", "critical header")
    kind, kid = header.get("typ", "JWT"), header.get("kid")
    if not isinstance(kind, str) or kind.casefold() != "jwt":  # a media type: case does not count (RFC 7515 4.1.9)
        raise Stop("SSO-109", "another type of token")
    if "kid" in header and (not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_TEXT):
        raise Stop("SSO-109", "malformed")
    return kid


def _signed_by(key: RSAPublicKey | None, signed: bytes, signature: bytes) -> bool:
    if key is None:
        return False
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _of_issuer(said: Mapping[str, Any], portal: Portal) -> None:
    if said.get("iss") != portal.issuer:
        raise Stop("SSO-109", "issuer", security="issuer mismatch")


def _for_app(said: Mapping[str, Any], app: App) -> None:
    """For this product's app and nobody else: a list of several is refused, even with us among them."""
    audience = said.get("aud")
    if audience not in (app.client_id, [app.client_id]):
        raise Stop("SSO-109", "audience", security="audience mismatch")
    if "azp" in said and said["azp"] != app.client_id:
        raise Stop("SSO-109", "authorized party", security="audience mismatch")


def _in_time(said: Mapping[str, Any], portal: Portal, now: float) -> None:
    """`exp` may be a day away, so how old the token is counts too (quirk C3). `nbf` may be missing (quirk C2)."""
    if _seconds(said, "exp") <= now - SKEW_SECONDS:
        raise Stop("SSO-109", "expired")
    made = _seconds(said, "iat")
    if made > now + SKEW_SECONDS:
        raise Stop("SSO-109", "made in the future")
    if made < now - portal.iat_seconds:
        raise Stop("SSO-109", "too old")
    if "nbf" in said and _seconds(said, "nbf") > now + SKEW_SECONDS:
        raise Stop("SSO-109", "not valid yet")


def _seconds(said: Mapping[str, Any], name: str) -> int:
    """A time of the token, whole seconds. True is no number, neither is text, neither is Infinity."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise Stop("SSO-109", f"{name} missing" if value is None else "malformed")
    return math.floor(value)


def _of_this_sign_in(said: Mapping[str, Any], nonce: str) -> None:
    told = said.get("nonce")
    if not nonce or not isinstance(told, str) or not told.isascii() or not same(told, nonce):
        raise Stop("SSO-109", "nonce", security="nonce mismatch")


def _about_somebody(said: Mapping[str, Any]) -> None:
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_TEXT or not subject.isprintable() \
            or not subject.strip():
        raise Stop("SSO-109", "no subject")
    if "jti" in said and not isinstance(said["jti"], str):
        raise Stop("SSO-109", "malformed")


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        return json_object(raw)
    except Unreadable:
        raise Stop("SSO-109", "malformed") from None
