"""Random values, their hashes, and comparing them. Values are base64url without padding."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

BYTES = 32
"""Of state, nonce, verifier, binding value and one-time code: 256 bits each (conformance 8)."""


def base64url(value: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def fresh(random: Callable[[int], bytes]) -> str:
    """A new value of 256 random bits: 43 characters."""
    return base64url(random(BYTES))


def hashed(value: str) -> str:
    """SHA-256, base64url without padding: 43 characters. The S256 challenge of a verifier is the same."""
    return base64url(hashlib.sha256(value.encode()).digest())


def same(left: str, right: str) -> bool:
    """Whether two values are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def reference(key: bytes, *parts: str) -> str:
    """Sixteen hex digits by which support finds attempts of an id that a school gives them; not to be reversed."""
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()[:16]
