"""The keys that a portal publishes, kept for an hour; old ones for a day while it does not answer (sso.md 3.7).

Somebody who sends tokens with made-up key ids can not make us hammer the portal: at most one read a minute is caused by
an id that we do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from homeroom.model.sign_in import Portal
from homeroom.sso.ports import Clock, Noting, Outside, Web
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.strict import Unreadable, base64url_bytes
from homeroom.sso.web import told

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

FRESH_SECONDS, STALE_SECONDS, FORCED_SECONDS = 3600, 24 * 3600, 60
LEAST_BITS, MOST_BITS = 2048, 8192
"""Shorter keys are weak; longer ones cost time that a forger could make us spend."""


@dataclass(frozen=True)
class _Key:
    kid: str | None
    n: int
    e: int

    def public(self) -> RSAPublicKey:
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.RSAPublicNumbers(self.e, self.n).public_key()


@dataclass
class _Kept:
    """The keys of one portal. Times are epoch seconds; `tried_at` is of the last read, `forced_at` of the last one that
    an unknown key id caused."""

    keys: tuple[_Key, ...] = ()
    read_at: float = 0.0
    tried_at: float = 0.0
    forced_at: float = 0.0


@dataclass
class Keys:
    """Keys of the portals, for as long as the process lives."""

    web: Web
    clock: Clock
    noting: Noting
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)

    def of(self, portal: Portal, kid: str | None) -> RSAPublicKey:
        """The portal's key of this id; without an id its only key.

        Raises Stop: SSO-109 where there is no such key, SSO-103 where the keys can not be read.
        """
        kept = self._kept.setdefault((portal.issuer, portal.jwks), _Kept())
        now = self.clock.now().timestamp()
        if now - kept.read_at >= FRESH_SECONDS:
            self._refresh(kept, portal, now)
        found = _chosen(kept.keys, kid)
        if found is None and kid is not None and self._may_force(kept, now):
            self._read(kept, portal, now)
            found = _chosen(kept.keys, kid)
        if found is None:
            raise Stop("SSO-109", "no key id among several keys" if kid is None else "unknown key")
        return found.public()

    def anew(self, portal: Portal, kid: str | None) -> RSAPublicKey | None:
        """Another key than `of` gave, read again because a signature did not fit: a portal may change a key and not its
        id, or have no ids. None where that changes nothing, or was tried less than a minute ago."""
        kept = self._kept.setdefault((portal.issuer, portal.jwks), _Kept())
        before, now = _chosen(kept.keys, kid), self.clock.now().timestamp()
        if self._may_force(kept, now):
            try:
                self._read(kept, portal, now)
            except Stop:
                self.noting.count("stale keys", portal=portal.name)
        found = _chosen(kept.keys, kid)
        return found.public() if found is not None and found != before else None

    def _may_force(self, kept: _Kept, now: float) -> bool:
        """Whether a token may cause a read now: once a minute, for all reasons together (T17)."""
        if now - kept.forced_at < FORCED_SECONDS:
            return False
        kept.forced_at = now
        return True

    def _refresh(self, kept: _Kept, portal: Portal, now: float) -> None:
        """Read the keys again; go on with those of up to a day ago if that fails, and try again in a minute."""
        usable = kept.keys and now - kept.read_at < STALE_SECONDS
        if usable and now - kept.tried_at < FORCED_SECONDS:
            return
        try:
            self._read(kept, portal, now)
        except Stop:
            if not usable:
                raise
            self.noting.count("stale keys", portal=portal.name)

    def _read(self, kept: _Kept, portal: Portal, now: float) -> None:
        """Raises Stop SSO-103, and leaves the keys as they were."""
        kept.tried_at = now
        if not portal.jwks:
            raise Stop("SSO-103", "keys: nobody has accepted an address yet")
        try:
            reply = self.web.get(portal.jwks, {})
            if reply.status != 200:
                raise Stop("SSO-103", f"keys: status {reply.status}")
            keys = published(told(reply))
        except NoAnswer as none:
            raise Stop("SSO-103", f"keys: {none.what}") from None
        if not keys:
            raise Stop("SSO-103", "keys: none that may be used")
        kept.keys, kept.read_at = keys, now


def keys_of(outside: Outside) -> Keys:
    """The keys that this process keeps."""
    kept = outside.kept.setdefault("keys", Keys(outside.web, outside.clock, outside.noting))
    assert isinstance(kept, Keys)
    return kept


def published(document: Mapping[str, Any]) -> tuple[_Key, ...]:
    """The RSA keys for RS256 signatures in a JWKS document; everything else in it is passed over."""
    listed = document.get("keys")
    read = [_key(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return tuple(key for key in read if key is not None)


def _key(said: Mapping[str, Any]) -> _Key | None:
    """None for a key that is not RSA, not for signatures, not for RS256, or of a length that we do not take."""
    operations = said.get("key_ops", ["verify"])
    if said.get("kty") != "RSA" or said.get("use", "sig") != "sig" or said.get("alg", "RS256") != "RS256" \
            or not isinstance(operations, list) or "verify" not in operations:
        return None
    kid, n, e = said.get("kid"), _number(said.get("n")), _number(said.get("e"))
    fit = LEAST_BITS <= n.bit_length() <= MOST_BITS and n % 2 and e % 2 and 3 <= e < 2**32
    return _Key(kid, n, e) if fit and (kid is None or isinstance(kid, str)) else None


def _number(value: object) -> int:
    """The number of a JWK's field; 0 where it is none."""
    try:
        return int.from_bytes(base64url_bytes(value), "big") if isinstance(value, str) else 0
    except Unreadable:
        return 0


def _chosen(keys: tuple[_Key, ...], kid: str | None) -> _Key | None:
    """The one key of this id, or the only one there is. Two that could be meant are none."""
    fitting = [key for key in keys if kid is None or key.kid == kid]
    return fitting[0] if len(fitting) == 1 else None
