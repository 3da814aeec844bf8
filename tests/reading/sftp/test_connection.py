"""Signing in to a server whose key is pinned: what is refused, in words, and what is never sent or shown."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from homeroom.errors import SourceUnusable
from homeroom.read.http import Patience
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.sftp_pull.keys import SignIn, pinned, preferred
from tests.fakes.sftp_server import PASSWORD, SftpServer, key_of, serving


def told(server: SftpServer, sign_in: SignIn | None = None, **changes: object) -> SourceUnusable:
    """Why no session comes about."""
    waited = Patience(seconds=60, wait=lambda seconds: None)
    with pytest.raises(SourceUnusable) as raised, Server(
        server.source(**changes), sign_in or SignIn(password=PASSWORD), waited
    ) as opened:
        opened.session()
    assert PASSWORD not in str(raised.value)
    return raised.value


def test_a_password_signs_in(server: SftpServer) -> None:
    with Server(server.source(), SignIn(password=PASSWORD), Patience()) as opened:
        assert opened.session().listdir(".") == []


def test_a_private_key_signs_in(server: SftpServer) -> None:
    server.client_key = key_of("client")
    with Server(server.source(), SignIn(key=key_of("client")), Patience()) as opened:
        assert opened.session().listdir(".") == []


def test_a_host_key_that_is_not_the_pinned_one_is_refused_with_both_fingerprints(server: SftpServer) -> None:
    other = key_of("another host")
    error = told(server, host_key=f"{other.get_name()} {other.get_base64()}")
    assert (error.issue_code, error.issue_owner) == ("SRC-15", "vendor")
    assert "not the pinned key" in error.text
    assert server.host_key.fingerprint in error.text
    assert other.fingerprint in error.text
    assert error.text.count("SHA256:") == 2
    assert server.connections == 1  # not tried again


def test_no_credential_is_sent_to_a_server_with_another_key(server: SftpServer) -> None:
    asked: list[str] = []
    server.offered = asked.append
    other = key_of("another host")
    told(server, host_key=f"{other.get_name()} {other.get_base64()}")
    assert asked == []
    with Server(server.source(), SignIn(password=PASSWORD), Patience()) as opened:
        opened.session()
    assert asked == ["password"]


def test_a_host_key_of_another_type_is_refused(tmp_path: Path, server: SftpServer) -> None:
    with serving(tmp_path, host_key=paramiko.RSAKey.generate(2048)) as other:
        error = told(other, host_key=server.source().host_key)
    assert error.issue_code == "SRC-15"
    assert f"it shows ssh-rsa {other.host_key.fingerprint}" in error.text


def test_an_rsa_key_is_asked_for_by_its_algorithms_of_today() -> None:
    offered = ("ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp256", "rsa-sha2-256")
    key = paramiko.RSAKey.generate(1024)
    assert preferred(key, offered) == ("rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256")


@pytest.mark.parametrize("line", [
    "ssh-ed25519 AAAA", "ssh-ed25519 %%%", "ssh-dss AAAAB3NzaC1kc3M=", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAA", "ssh-unheard-of AAAA",
])
def test_a_pinned_key_that_is_none_is_told(line: str) -> None:
    with pytest.raises(SourceUnusable, match="SRC-15: the pinned host key can not be read"):
        pinned(line)


def test_a_wrong_password_is_refused_once(server: SftpServer) -> None:
    error = told(server, SignIn(password="wrong"))
    assert (error.issue_code, error.issue_owner) == ("SRC-01", "district")
    assert "not its password" in error.text
    assert server.connections == 1


def test_another_private_key_is_refused(server: SftpServer) -> None:
    server.client_key = key_of("client")
    error = told(server, SignIn(key=key_of("stranger")))
    assert error.issue_code == "SRC-01"
    assert "not its private key" in error.text


def test_an_unknown_user_is_refused(server: SftpServer) -> None:
    assert told(server, user="nobody").issue_code == "SRC-01"


def test_a_server_that_takes_no_passwords_says_what_it_takes(server: SftpServer) -> None:
    server.ways = "publickey"
    error = told(server)
    assert error.issue_code == "SRC-01"
    assert error.text == "the server does not take our kind of sign-in; it takes publickey"


def test_a_server_without_sftp_is_told(server: SftpServer) -> None:
    server.offers_sftp = False
    error = told(server)
    assert (error.issue_code, error.text) == ("SRC-11", "signed in, but the server offers no SFTP to this user")


def test_a_port_where_nobody_listens_is_told_after_four_tries(server: SftpServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = told(server, port=closed.getsockname()[1])
    assert error.issue_code == "SRC-02"
    assert "refused the connection" in error.text


def test_a_name_that_nobody_knows_is_told(server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = told(server, host="sftp.district.example")
    assert (error.issue_code, error.issue_owner) == ("SRC-02", "vendor")
    assert error.text == "sftp.district.example is no known host name (DNS)"


def test_a_network_without_a_way_is_told(server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: object, **kwargs: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    assert "did not answer at port" in told(server).text


def test_what_is_no_ssh_server_is_told(server: SftpServer) -> None:
    with answering(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as (port, _):
        error = told(server, port=port)
    assert error.issue_code == "SRC-02"
    assert "does not speak SSH, or hung up" in error.text


def test_a_server_that_hangs_up_is_tried_four_times(server: SftpServer) -> None:
    with answering(lambda connection: None) as (port, seen):
        assert told(server, port=port).issue_code == "SRC-02"
    assert len(seen) == 4


def test_what_paramiko_knows_of_a_failure_stays_out_of_the_log(
    server: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told(server, SignIn(password="wrong"))
    assert [record for record in caplog.records if record.name.startswith("paramiko")] == []


def test_what_signs_in_is_never_shown() -> None:
    assert repr(SignIn(password="hush", key=key_of("client"))) == "SignIn()"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """Somebody who answers each connection in his own way and hangs up; yields the port, and who called."""
    seen: list[int] = []

    def serve() -> None:
        while True:
            try:
                connection, caller = listener.accept()
            except OSError:
                return
            seen.append(caller[1])
            with connection:
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
