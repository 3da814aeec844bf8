"""Debian's own slapd on loopback with a CA made for the occasion: the directory that the reader must understand.

    with serving_ldap(tmp_path, people(1_200)) as slapd:
        slapd.directory("ldaps"), slapd.credentials     # fit `options.directory`

Runs on free ports as whoever runs the tests, with settings of its own; ended by its own pid.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from homeroom.model.directory import Ldap
from tests.integration.waiting import eventually

SLAPD, SLAPADD, SCHEMA, MODULES = "/usr/sbin/slapd", "/usr/sbin/slapadd", "/etc/ldap/schema", "/usr/lib/ldap"
BASE, READER, PASSWORD = "dc=sample,dc=example", "cn=reader,dc=sample,dc=example", "password-Never-Shown-31"
SMALL = "cn=small,dc=sample,dc=example"
"""A user who gets at most ten entries of a search."""
BLIND = "cn=blind,dc=sample,dc=example"
"""A user who may sign in and see no accounts."""

_CONFIG = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath {modules}
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128
sizelimit 1000
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
directory {folder}/db
limits dn.exact="{reader}" size.soft=1000 size.hard=1000 size.prtotal=unlimited size.pr=500
limits dn.exact="{small}" size.soft=10 size.hard=10 size.prtotal=10
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by dn.exact="{small}" read by anonymous auth by * none
"""


@dataclass(frozen=True)
class Slapd:
    """A running server."""

    ldaps_port: int
    starttls_port: int
    ca: str
    other_ca: str
    log: Path

    @property
    def credentials(self) -> dict[str, str]:
        """Of the user who may read all."""
        return {"user": READER, "password": PASSWORD}

    def directory(self, encryption: Literal["ldaps", "starttls"], **words: Any) -> Ldap:
        """The server as a district's directory."""
        port = self.ldaps_port if encryption == "ldaps" else self.starttls_port
        return Ldap.model_validate({
            "kind": "ldap", "host": "127.0.0.1", "port": port, "encryption": encryption, "base": BASE, "ca": self.ca,
            "filter": "(objectClass=inetOrgPerson)", **words})


def need_slapd() -> None:
    """Skip the test, and say so, where there is no slapd."""
    if not Path(SLAPD).exists() or not Path(SCHEMA).exists():
        pytest.skip(f"needs {SLAPD}: apt-get install --no-install-recommends slapd")


def person(name: str, **attributes: str) -> str:
    """An entry in LDIF, with an entryUUID of the server's own."""
    lines = {"objectClass": "inetOrgPerson", "cn": name, "uid": name, "sn": "Sample", **attributes}
    return f"dn: uid={name},{BASE}\n" + "".join(f"{key}: {value}\n" for key, value in lines.items())


def people(count: int) -> list[str]:
    """Synthetic people with a name of their own each."""
    return [person(f"p-{n}", givenName=f"Given{n}", sn=f"Family{n}") for n in range(count)]


@contextmanager
def serving_ldap(folder: Path, entries: Iterable[str]) -> Iterator[Slapd]:
    """Serve the entries until the block ends."""
    need_slapd()
    (folder / "db").mkdir(parents=True)
    ca, other = _certify(folder), _certificate_of_another()
    settings, log = folder / "slapd.conf", folder / "log"
    settings.write_text(_CONFIG.format(schema=SCHEMA, modules=MODULES, folder=folder, base=BASE, reader=READER,
                                       small=SMALL))
    ldif = folder / "entries.ldif"
    ldif.write_text("\n".join([_top(), *(_user(dn) for dn in (READER, SMALL, BLIND)), *entries]))
    subprocess.run([SLAPADD, "-q", "-f", settings, "-l", ldif], check=True, capture_output=True)
    ldaps, starttls = _free_port(), _free_port()
    with log.open("wb") as said:
        process = subprocess.Popen(
            [SLAPD, "-d", "0", "-f", settings, "-h", f"ldaps://127.0.0.1:{ldaps} ldap://127.0.0.1:{starttls}"],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            eventually(lambda: process.poll() is not None or _answers(ldaps), what="the start of slapd")
            assert process.poll() is None, f"slapd ended at once: {log.read_text()}"
            yield Slapd(ldaps, starttls, ca, other, log)
        finally:
            process.terminate()
            process.wait(10)


def _top() -> str:
    return f"dn: {BASE}\nobjectClass: organization\nobjectClass: dcObject\ndc: sample\no: Sample District\n"


def _user(dn: str) -> str:
    name = dn.partition(",")[0].removeprefix("cn=")
    return f"dn: {dn}\nobjectClass: person\ncn: {name}\nsn: Reader\nuserPassword: {PASSWORD}\n"


def _certify(folder: Path) -> str:
    """A CA, and a certificate of it for 127.0.0.1; the CA in PEM."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _signed("Sample CA", ca_key, "Sample CA", ca_key, ca=True)
    server = _signed("Sample server", key, "Sample CA", ca_key, names=[x509.IPAddress(ip_address("127.0.0.1"))])
    pem = ca.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return pem.decode()


def _certificate_of_another() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed("Other CA", key, "Other CA", key, ca=True).public_bytes(serialization.Encoding.PEM).decode()


def _signed(name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *,
            ca: bool = False, names: Iterable[x509.GeneralName] = ()) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2)).add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if ca:
        signs = {"key_cert_sign": True, "crl_sign": True, "digital_signature": True}
        usage: Mapping[str, bool] = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"), False) | signs
        made = made.add_extension(x509.KeyUsage(**usage), critical=True)
    if listed := list(names):
        made = made.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
