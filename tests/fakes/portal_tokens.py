"""Tokens of the portal double: honest ones by PyJWT, and every broken kind that a portal or a forger could send.

Independent of what it tests: no line of `homeroom.sso` is used to make or sign a token here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm

Json = dict[str, Any]


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A private key, made once for a process and name: making one takes a noticeable time."""
    return rsa.generate_private_key(65537, bits)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def as_json(said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def jwk(kid: str | None, private: rsa.RSAPrivateKey, **more: Any) -> Json:
    """A public key as a portal publishes it."""
    said: Json = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    said = {"kty": "RSA", "n": said["n"], "e": said["e"], "use": "sig", "alg": "RS256", **more}
    return said if kid is None else {**said, "kid": kid}


def put_together(header: bytes, payload: bytes, signature: bytes) -> str:
    return f"{encoded(header)}.{encoded(payload)}.{encoded(signature)}"


def signed(header: bytes, payload: bytes, private: rsa.RSAPrivateKey) -> str:
    """Whatever bytes, with a signature that is right."""
    message = f"{encoded(header)}.{encoded(payload)}".encode()
    return put_together(header, payload, private.sign(message, padding.PKCS1v15(), hashes.SHA256()))


def signed_by_public_key(header: Json, payload: Json, public: rsa.RSAPublicKey) -> str:
    """HS256 with the published key as the secret: the confusion of algorithms (T14)."""
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    first, second = as_json({**header, "alg": "HS256"}), as_json(payload)
    message = f"{encoded(first)}.{encoded(second)}".encode()
    return put_together(first, second, hmac.new(pem, message, hashlib.sha256).digest())


@dataclass
class Switches:
    """How the double misbehaves. All off: an honest portal.

    `claims` and `header` overlay a token's own (None takes one away), `shift` moves its times by seconds. `userinfo`,
    `me`, `user`, `info` overlay those answers. `slow`: place → seconds before the answer. `broken`: place → `500`,
    `html`, `redirect`, `huge`, `empty` or `drop`. Places: discovery, authorize, token, jwks, userinfo, me, user, info.
    """

    alg: str = "RS256"
    claims: Json = field(default_factory=dict)
    header: Json = field(default_factory=dict)
    shift: int = 0
    foreign_key: bool = False
    no_kid: bool = False
    embedded_key: bool = False
    pad: int = 0
    no_id_token: bool = False
    thin: bool = False
    userinfo: Json = field(default_factory=dict)
    me: Json = field(default_factory=dict)
    user: Json = field(default_factory=dict)
    info: Json = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    drop_state: bool = False
    iss: str = ""
    error: str = ""


HOSTILE: Mapping[str, Json] = {
    "alg none": {"alg": "none"}, "HS256 with the public key": {"alg": "HS256"}, "RS512": {"alg": "RS512"},
    "wrong aud": {"claims": {"aud": "another-app"}}, "aud of two": {"claims": {"aud": ["client-one", "another-app"]}},
    "wrong iss": {"claims": {"iss": "https://clever.com.attacker.example"}},
    "wrong nonce": {"claims": {"nonce": "of-another-sign-in"}}, "no nonce": {"claims": {"nonce": None}},
    "expired": {"shift": -100_000}, "too old": {"shift": -302}, "from the future": {"shift": 90},
    "no exp": {"claims": {"exp": None}}, "no iat": {"claims": {"iat": None}}, "no sub": {"claims": {"sub": None}},
    "not valid yet": {"claims": {"nbf": 10**10}}, "foreign key": {"foreign_key": True},
    "unknown kid": {"header": {"kid": "nobody-knows"}}, "key in the header": {"embedded_key": True},
    "crit": {"header": {"crit": ["exp"]}}, "type of another token": {"header": {"typ": "at+jwt"}},
    "huge": {"pad": 1 << 20},
}
"""Tokens that must open nothing: what it is → switches."""


@dataclass
class PortalKeys:
    """The keys that a portal publishes; the last one signs."""

    names: list[str] = field(default_factory=lambda: ["first"])
    with_kid: bool = True

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on."""
        self.names = [*(self.names if keep_old else ()), f"{self.names[-1]}+"]

    def jwks(self) -> Json:
        return {"keys": [jwk(name if self.with_kid else None, key(name)) for name in self.names]}

    def mint(self, claims: Json, switches: Switches) -> str:
        """A token with these claims, broken as the switches say."""
        name = self.names[-1]
        private = key("of a forger") if switches.foreign_key or switches.embedded_key else key(name)
        header: Json = {"typ": "JWT"}
        if self.with_kid and not switches.no_kid:
            header["kid"] = name
        if switches.embedded_key:
            header |= {"jwk": jwk(name, private), "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/cert",
                       "x5c": ["AA=="]}
        said = {**claims, **{time: claims[time] + switches.shift for time in ("iat", "exp")}, **switches.claims}
        said = {claim: value for claim, value in said.items() if value is not None}
        if switches.pad:
            said["padding"] = "x" * switches.pad
        if switches.alg == "HS256":
            return signed_by_public_key(header, said, key(name).public_key())
        if switches.header or switches.claims:
            whole = {"alg": switches.alg, **header, **switches.header}
            return signed(as_json({name: value for name, value in whole.items() if value is not None}), as_json(said),
                          private)
        return jwt.encode(said, None if switches.alg == "none" else private, switches.alg, headers=header)
