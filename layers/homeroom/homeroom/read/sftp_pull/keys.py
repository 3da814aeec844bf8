"""Keys: the pinned one of the server, and what signs us in. Nothing of the machine is used: no agent, no key files."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko.pkey import UnknownKeyType

from homeroom.errors import SourceUnusable
from homeroom.model.credentials import missing
from homeroom.model.integration import Integration

_Opened = Ed25519PrivateKey | RSAPrivateKey | EllipticCurvePrivateKey
_ALGORITHMS: Mapping[str, tuple[str, ...]] = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""Type of a key → how it may sign, where that differs. SHA-1 (plain `ssh-rsa`) is accepted nowhere."""
_STORE = "Store them with the operation rotate_secret."


@dataclass(frozen=True)
class SignIn:
    """A password or a private key; never shown."""

    password: str | None = field(default=None, repr=False)
    key: paramiko.PKey | None = field(default=None, repr=False)


def pinned(host_key: str) -> paramiko.PKey:
    """The key that the server must show. Raises SourceUnusable where the set-up holds none that can be used."""
    kind, body = host_key.split()[:2]
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(body, validate=True))
    except (paramiko.SSHException, UnknownKeyType, binascii.Error, ValueError, IndexError, UnsupportedAlgorithm):
        raise SourceUnusable(
            "the pinned host key can not be read", code="SRC-15", owner="vendor",
            remedy="Pin the key as ssh-keyscan prints it: type ed25519, ecdsa or rsa, and its body.",
        ) from None


def preferred(host_key: paramiko.PKey, offered: tuple[str, ...]) -> tuple[str, ...]:
    """The host key algorithms in the order in which we ask: those of the pinned type first, so that a server with
    several keys shows that one; then the others, so that we can tell which key it shows instead."""
    name = host_key.get_name()
    first = tuple(one for one in _ALGORITHMS.get(name, (name,)) if one in offered)
    return first + tuple(one for one in offered if one not in first)


def sign_in(integration: Integration, credentials: Mapping[str, str]) -> SignIn:
    """What signs us in. Raises SourceUnusable (SRC-10), in words that hold no secret."""
    lack = missing(integration, credentials.keys())
    if lack is not None:
        raise _unfit(f"the credentials do not fit; {lack}")
    if "private_key" in credentials:
        return SignIn(key=private_key(credentials["private_key"], credentials.get("passphrase") or None))
    return SignIn(password=credentials["password"])


def private_key(text: str, passphrase: str | None = None) -> paramiko.PKey:
    """An ed25519, ecdsa or rsa key as OpenSSH or PEM text. Raises SourceUnusable (SRC-10)."""
    opened = _opened(_straightened(text), passphrase)
    for kind, made in _CLASSES.items():
        if isinstance(opened, kind):
            plain = opened.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
            return made.from_private_key(io.StringIO(plain))
    raise _unfit("the private key is of a kind that is not used here; make one of type ed25519")


_CLASSES: Mapping[type[_Opened], type[paramiko.PKey]] = {
    Ed25519PrivateKey: paramiko.Ed25519Key, RSAPrivateKey: paramiko.RSAKey, EllipticCurvePrivateKey: paramiko.ECDSAKey,
}


def _straightened(text: str) -> bytes:
    r"""The key with real line ends: forms and JSON editors turn them into `\n`."""
    lines = text.replace("\\r", "").replace("\\n", "\n").strip().splitlines()
    return "".join(line.strip() + "\n" for line in lines).encode()


def _opened(key: bytes, passphrase: str | None) -> object:
    load = load_ssh_private_key if b"OPENSSH" in key[:64] else load_pem_private_key
    word = passphrase.encode() if passphrase else None
    try:
        try:
            return load(key, word)
        except TypeError:
            if word is None:
                raise _unfit("the private key is protected, and its passphrase is missing") from None
            return load(key, None)  # a passphrase too many does no harm
    except (ValueError, UnsupportedAlgorithm):
        with_it = " with its passphrase" if word else ""
        raise _unfit(f"the private key can not be opened{with_it}") from None


def _unfit(text: str) -> SourceUnusable:
    return SourceUnusable(text, code="SRC-10", owner="vendor", remedy=_STORE)
