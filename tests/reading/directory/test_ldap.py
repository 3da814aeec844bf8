"""LDAP against Debian's own slapd: TLS or nothing, whole or nothing, and the server's refusals in words."""

from __future__ import annotations

import logging
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

from homeroom.model.directory import Account
from homeroom.read.directory.ldap import _account
from tests.builders.slapd import BLIND, PASSWORD, READER, SMALL, Slapd, people, person, serving_ldap
from tests.reading.directory.reading import Waited, read, told

COUNT = 1_203
Encryption = Literal["ldaps", "starttls"]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """One server for all tests: more people than its size limit and than two pages."""
    entries = [*people(COUNT), person("printer"), person("o-1", givenName="Zoé", sn="O’Sample", uid="o-1")]
    with serving_ldap(tmp_path_factory.mktemp("slapd"), entries) as started:
        yield started


@pytest.mark.parametrize("encryption", ["ldaps", "starttls"])
def test_all_pages_are_read_under_tls_with_ids_that_never_change(slapd: Slapd, encryption: Encryption) -> None:
    found = read(slapd.directory(encryption), slapd.credentials)
    assert len(found) == COUNT + 1  # the printer has no first name
    assert {(one.given_name, one.family_name) for one in found} >= {
        ("Given0", "Family0"), (f"Given{COUNT - 1}", f"Family{COUNT - 1}"), ("Zoé", "O’Sample")}
    assert {str(uuid.UUID(one.id)) for one in found} == {one.id for one in found}


def test_the_filter_and_the_names_of_attributes_are_the_districts(slapd: Slapd) -> None:
    directory = slapd.directory("ldaps", filter="(uid=p-7)", id="uid", family_name="cn")
    assert read(directory, slapd.credentials) == (Account("p-7", "Given7", "p-7"),)


@pytest.mark.parametrize("encryption", ["ldaps", "starttls"])
def test_a_certificate_of_another_ca_is_refused_before_the_password_is_sent(
    slapd: Slapd, encryption: Encryption
) -> None:
    error = told(slapd.directory(encryption, ca=slapd.other_ca), slapd.credentials)
    assert error.issue_code == "SRC-02"
    assert "certificate that is not trusted" in error.text


def test_without_a_ca_of_its_own_only_public_ones_are_trusted(slapd: Slapd) -> None:
    assert "not trusted" in told(slapd.directory("ldaps", ca=None), slapd.credentials).text


def test_a_certificate_of_another_host_is_refused(slapd: Slapd) -> None:
    error = told(slapd.directory("ldaps", host="localhost"), slapd.credentials)
    assert "certificate that is not trusted" in error.text
    assert "localhost" in error.text


def test_a_wrong_password_is_refused_in_words(slapd: Slapd) -> None:
    error = told(slapd.directory("ldaps"), {"user": READER, "password": "wrong-Never-Shown"})
    assert (error.issue_code, error.issue_owner) == ("SRC-01", "district")
    assert "refused user or password" in error.text


def test_a_size_limit_of_the_server_is_no_shorter_list(slapd: Slapd) -> None:
    error = told(slapd.directory("ldaps"), {"user": SMALL, "password": PASSWORD})
    assert error.issue_code == "SRC-04"
    assert "size limit cuts the list" in error.text
    assert "paged searches" in error.issue_remedy


def test_a_user_who_sees_nothing_does_not_empty_the_directory(slapd: Slapd) -> None:
    error = told(slapd.directory("ldaps"), {"user": BLIND, "password": PASSWORD})
    assert error.issue_code == "SRC-11"


@pytest.mark.parametrize(("words", "code", "said"), [
    ({"base": "ou=nowhere,dc=sample,dc=example"}, "SRC-11", "no such base"),
    ({"filter": "(objectClass=inetOrgPerson"}, "SRC-10", "no LDAP"),
    ({"id": "employeeNumber"}, "SRC-11", "no entry shows its employeeNumber"),
    ({"filter": "(uid=nobody)"}, "SRC-11", "no account"),
    ({"ca": "no certificate"}, "SRC-10", "no PEM"),
])
def test_a_set_up_that_does_not_fit_is_told(slapd: Slapd, words: dict[str, str], code: str, said: str) -> None:
    error = told(slapd.directory("ldaps", **words), slapd.credentials)
    assert error.issue_code == code
    assert said in error.text


def test_a_server_that_is_not_there_is_asked_again_and_then_told(slapd: Slapd) -> None:
    waited = Waited()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        error = told(slapd.directory("ldaps", port=port), slapd.credentials, waited=waited)
    assert error.issue_code == "SRC-02"
    assert "refused the connection" in error.text
    assert waited.seconds == [2.0, 8.0]


def test_no_password_goes_to_a_server_that_does_not_start_tls(slapd: Slapd) -> None:
    with _deaf() as (port, heard):
        error = told(slapd.directory("starttls", port=port), slapd.credentials)
    assert error.issue_code == "SRC-02"
    assert heard
    assert PASSWORD.encode() not in b"".join(heard)


def test_neither_password_nor_a_name_gets_into_the_log(slapd: Slapd, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert read(slapd.directory("ldaps", filter="(uid=p-7)"), slapd.credentials)
    assert not [word for word in (PASSWORD, "Given7", "Family7") if word in caplog.text]


def test_the_guid_of_active_directory_is_read_as_its_tools_show_it(slapd: Slapd) -> None:
    guid = uuid.UUID("3f2504e0-4f89-11d3-9a0c-0305e82c3301")
    entry = {"raw_attributes": {"objectGUID": [guid.bytes_le], "givenName": [b"Ada"], "sn": [b"Sample"]}}
    assert _account(slapd.directory("ldaps", id="objectGUID"), entry) == Account(str(guid), "Ada", "Sample")


@contextmanager
def _deaf() -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers StartTLS with `protocolError`, and whatever else comes with nothing."""
    refusal = bytes.fromhex("300c02010178070a010204000400")
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller:
                    heard.append(caller.recv(4096))
                    caller.sendall(refusal)
                    heard.append(caller.recv(4096))
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], heard
        listener.shutdown(socket.SHUT_RDWR)
