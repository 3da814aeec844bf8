"""One suite for both signers: keys of a process, and KMS on the embedded AWS. Another library verifies their tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import pytest

from homeroom.aws.sign_in_signer import KmsSigner, key_arns, public_key
from homeroom.errors import HomeroomError
from homeroom.sso.discovery import jwks
from homeroom.sso.ports import Signer
from homeroom.sso.token import id_token
from tests.fakes.memory_sso import LocalSigner, memory_outside
from tests.sso.proves import proves
from tests.unit.sso.test_token import HANDOFF

Keyring = Callable[..., Signer]
"""Two keys, A and B: `keyring("B", "A")` signs with B and publishes both."""


def kms_key(client: Any) -> str:
    made = client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture(params=["local", pytest.param("kms", marks=pytest.mark.integration)])
def keyring(request: pytest.FixtureRequest) -> Keyring:
    if request.param == "local":
        privates = dict(zip("AB", LocalSigner().privates, strict=True))
        return lambda *names: LocalSigner([privates[name] for name in names])
    client = request.getfixturevalue("account").client("kms")
    arns = {name: kms_key(client) for name in "AB"}
    return lambda *names: KmsSigner(client, [arns[name] for name in names])


class Product:
    """A product that keeps our keys, and reads them again where a token names one that it does not know."""

    def __init__(self, signer: Signer):
        self.read = 0
        self.learn(signer)

    def learn(self, signer: Signer) -> None:
        self.known = jwt.PyJWKSet.from_dict(json.loads(jwks(memory_outside(signer=signer)).body))
        self.read += 1

    def verifies(self, token: str, now: Signer) -> bool:
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in [key.key_id for key in self.known.keys]:
            self.learn(now)
        claims = jwt.decode(
            token, self.known[kid], algorithms=["RS256"], audience=HANDOFF.client_id,
            options={"verify_exp": False, "verify_iat": False, "enforce_minimum_key_length": True},
        )
        return bool(claims["sub"] == HANDOFF.person)


def issued(signer: Signer) -> str:
    return id_token(HANDOFF, memory_outside(signer=signer))


@proves("C44")
def test_a_token_is_verified_with_the_published_keys(keyring: Keyring) -> None:
    signer = keyring("A", "B")
    assert Product(signer).verifies(issued(signer), signer)


def test_a_message_of_any_length_is_signed(keyring: Keyring) -> None:
    signer = keyring("A")
    assert {len(signer.sign(b"x" * size)) for size in (0, 1, 5000)} == {256}


@proves("C44")
def test_tokens_are_verified_before_during_and_after_a_rotation_without_reading_keys_early(keyring: Keyring) -> None:
    """A alone; A with B published; B signs with A published; B alone. A product reads keys once an hour at most."""
    alone, published, changed, dropped = keyring("A"), keyring("A", "B"), keyring("B", "A"), keyring("B")
    late = issued(published)
    product = Product(published)
    assert product.verifies(issued(alone), published)
    assert product.verifies(issued(changed), changed)
    assert product.verifies(late, changed)
    assert product.verifies(issued(dropped), dropped)
    assert product.read == 1


@proves("C44")
def test_in_an_emergency_products_learn_the_new_key_from_the_first_token(keyring: Keyring) -> None:
    leaked, fresh = keyring("A"), keyring("B")
    product = Product(leaked)
    assert product.verifies(issued(fresh), fresh)
    assert product.read == 2
    with pytest.raises(KeyError):
        product.verifies(issued(leaked), fresh)


class Counted:
    """A KMS that counts what it was asked, and answers with a key of this process."""

    def __init__(self, der: bytes):
        self.der, self.asked = der, []

    def get_public_key(self, KeyId: str) -> dict[str, bytes]:
        self.asked.append(f"public {KeyId}")
        return {"PublicKey": self.der}

    def sign(self, **given: Any) -> dict[str, bytes]:
        self.asked.append(f"sign {given['KeyId']}")
        return {"Signature": given["Message"]}


def der(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made


def test_public_keys_are_read_once_and_each_signature_costs_one_call() -> None:
    kms = Counted(der(LocalSigner().privates[0]))
    signer = KmsSigner(kms, ["a", "b"])
    assert [len(list(signer.keys())) for _ in range(3)] == [2, 2, 2]
    assert [len(signer.sign(b"x")), len(signer.sign(b"y"))] == [32, 32]
    assert kms.asked == ["public a", "public b", "sign a", "sign a"]


def test_both_signers_publish_a_key_alike() -> None:
    local = LocalSigner()
    assert [public_key(der(private)) for private in local.privates] == list(local.keys())


@pytest.mark.parametrize(("setting", "arns"), [
    ("", ()), ("a", ("a",)), ("a,b", ("a", "b")), (" b , a ,", ("b", "a")), ("a,a", ("a",)),
])
def test_the_setting_names_keys_in_their_order(setting: str, arns: Sequence[str]) -> None:
    assert key_arns(setting) == arns


def test_a_signer_without_a_key_or_with_a_short_or_other_key_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    with pytest.raises(HomeroomError, match="no signing key"):
        KmsSigner(Counted(b""), ())
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        with pytest.raises(HomeroomError, match="must be RSA"):
            public_key(der(key))
