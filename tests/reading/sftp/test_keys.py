"""Credentials: each kind of private key in each form in which people store it, and what does not fit, in words."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from homeroom.errors import SourceUnusable
from homeroom.model.integration import Integration
from homeroom.read.sftp_pull.keys import private_key, sign_in
from tests.fakes.sftp_server import key_of

HOST_KEY = f"{key_of('host').get_name()} {key_of('host').get_base64()}"
INTEGRATION = Integration.model_validate({
    "id": "lab-usd", "transport": "csv_pulled", "secret_name": "lab",
    "source": {"transport": "csv_pulled", "host": "sftp.district.example", "user": "roster", "host_key": HOST_KEY},
})
KEYS = {
    "ssh-ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ssh-rsa": rsa.generate_private_key(65537, 1024),
    "ecdsa-sha2-nistp256": ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-sha2-nistp384": ec.generate_private_key(ec.SECP384R1()),
}
FORMS = {
    "OpenSSH": PrivateFormat.OpenSSH, "PKCS8": PrivateFormat.PKCS8, "traditional PEM": PrivateFormat.TraditionalOpenSSL,
}
WITHOUT_TRADITION = {("ssh-ed25519", "traditional PEM")}
CASES = [(kind, form) for kind in KEYS for form in FORMS if (kind, form) not in WITHOUT_TRADITION]


def text_of(kind: str, form: str = "OpenSSH", passphrase: str | None = None) -> str:
    seal: KeySerializationEncryption = NoEncryption()
    if passphrase and form == "OpenSSH":  # one round, because what takes long is not what is tested
        seal = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(passphrase.encode())
    elif passphrase:
        seal = BestAvailableEncryption(passphrase.encode())
    return KEYS[kind].private_bytes(Encoding.PEM, FORMS[form], seal).decode()


def unfit(**credentials: str) -> str:
    """Why credentials do not fit; none of them may be in the words."""
    with pytest.raises(SourceUnusable) as raised:
        sign_in(INTEGRATION, credentials)
    assert (raised.value.issue_code, raised.value.issue_owner) == ("SRC-10", "vendor")
    assert not [value for value in credentials.values() if value in str(raised.value)]
    return raised.value.text


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_a_private_key_is_read(kind: str, form: str) -> None:
    key = private_key(text_of(kind, form))
    assert key.get_name() == kind
    assert key.can_sign()


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_a_private_key_is_read_with_its_passphrase(kind: str, form: str) -> None:
    opened = private_key(text_of(kind, form, "open it"), "open it")
    assert opened.asbytes() == private_key(text_of(kind, form)).asbytes()


@pytest.mark.parametrize("bent", [
    lambda text: text.replace("\n", "\\n"), lambda text: text.replace("\n", "\r\n"), lambda text: text.strip(),
    lambda text: "\n".join("  " + line for line in text.splitlines()), lambda text: text.replace("\n", "\\r\\n"),
])
def test_a_private_key_is_read_as_forms_and_editors_bend_it(bent) -> None:  # type: ignore[no-untyped-def]
    assert private_key(bent(text_of("ssh-ed25519"))).get_name() == "ssh-ed25519"


def test_a_passphrase_too_many_does_no_harm() -> None:
    assert private_key(text_of("ssh-ed25519"), "not needed").can_sign()
    assert private_key(text_of("ssh-rsa", "PKCS8"), "not needed").can_sign()


def test_a_password_or_a_private_key_fits() -> None:
    assert sign_in(INTEGRATION, {"password": "sesame"}).password == "sesame"
    assert sign_in(INTEGRATION, {"private_key": text_of("ssh-ed25519")}).key is not None


@pytest.mark.parametrize("form", ["OpenSSH", "PKCS8"])
def test_a_wrong_passphrase_is_told(form: str) -> None:
    text = text_of("ssh-rsa", form, "open it")
    assert unfit(private_key=text, passphrase="guessed") == "the private key can not be opened with its passphrase"


@pytest.mark.parametrize("form", ["OpenSSH", "PKCS8"])
def test_a_missing_passphrase_is_told(form: str) -> None:
    text = text_of("ssh-rsa", form, "open it")
    assert unfit(private_key=text) == "the private key is protected, and its passphrase is missing"


def test_what_is_no_private_key_is_told() -> None:
    assert unfit(private_key="ssh-ed25519 AAAA the public one") == "the private key can not be opened"


def test_a_key_of_another_kind_is_told() -> None:
    old = dsa.generate_private_key(1024)
    text = old.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert unfit(private_key=text).startswith("the private key is of a kind that is not used here")


def test_credentials_of_another_transport_are_told() -> None:
    assert "needed: password, or private_key" in unfit(key="an application key", secret="an application secret")
