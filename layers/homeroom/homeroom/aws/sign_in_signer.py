"""The keys that sign id_tokens, in KMS: a private key never leaves it (reference/sso.md 4.4).

The first key signs, all are published, so that products know a key before it signs and while its last tokens live
(docs/runbooks/signing-keys.md). RS256: every OIDC library takes it, and what KMS returns is the signature of a JWS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from homeroom.errors import HomeroomError
from homeroom.sso.ports import PublicKey
from homeroom.sso.values import base64url

ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
LEAST_BITS = 2048
_GONE = ("DisabledException", "KMSInvalidStateException", "NotFoundException", "AccessDeniedException")
"""What KMS says of a key that is disabled, deleted, or no longer this function's (its role changes before it does)."""


class KmsSigner:
    """`homeroom.sso.ports.Signer` on KMS. Public keys are read once in the life of a signer: a key never changes."""

    def __init__(self, client: Any, key_arns: Sequence[str]):
        self._client = client
        self._arns = tuple(key_arns)
        if not self._arns:
            raise HomeroomError("the function is not set up: no signing key is named")
        self._published: dict[str, PublicKey] = {}

    def keys(self) -> Sequence[PublicKey]:
        others = (self._other(arn) for arn in self._arns[1:])
        return [self._key(self._arns[0]), *(key for key in others if key is not None)]

    def sign(self, message: bytes) -> bytes:
        # A digest, so that no size of message is too large for KMS.
        signed = self._client.sign(
            KeyId=self._arns[0], Message=hashlib.sha256(message).digest(), MessageType="DIGEST",
            SigningAlgorithm=ALGORITHM,
        )
        return bytes(signed["Signature"])

    def _other(self, arn: str) -> PublicKey | None:
        """A key that does not sign; None if it was taken away, which must stop no sign-in. Any other fault rises:
        products keep for an hour what they read, and would lose a good key."""
        from botocore.exceptions import ClientError

        try:
            return self._key(arn)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _GONE:
                raise
        return None

    def _key(self, arn: str) -> PublicKey:
        if arn not in self._published:
            self._published[arn] = public_key(self._client.get_public_key(KeyId=arn)["PublicKey"])
        return self._published[arn]


def key_arns(setting: str) -> tuple[str, ...]:
    """The keys of the setting SIGNING_KEYS, parted by commas: the first signs."""
    return tuple(dict.fromkeys(arn.strip() for arn in setting.split(",") if arn.strip()))


def public_key(der: bytes) -> PublicKey:
    """A key as KMS gives it (DER, SubjectPublicKeyInfo), as we publish it. Raises HomeroomError: not RSA, too short."""
    # Imported here: publishing and signing need it, a page that says no does not.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(der)
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise HomeroomError(f"a signing key must be RSA with {LEAST_BITS} bits or more")
    numbers = key.public_numbers()
    e, n = _number(numbers.e), _number(numbers.n)
    return PublicKey(_thumbprint(n, e), n, e)


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _thumbprint(n: str, e: str) -> str:
    """RFC 7638: SHA-256 of the members that make the key, in their order."""
    members = json.dumps({"e": e, "kty": "RSA", "n": n}, separators=(",", ":"))
    return base64url(hashlib.sha256(members.encode()).digest())
