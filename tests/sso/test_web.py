"""The one way out to the portals: whom it believes, how long it waits, how much it reads."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from homeroom.sso.ports import Reply
from homeroom.sso.stops import NoAnswer
from homeroom.sso.web import MOST_BYTES, UrllibWeb
from tests.fakes.memory_sso import NOW
from tests.fakes.portal_tokens import key
from tests.sso.proves import proves

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = HEAD + b"Content-Length: 2\r\n\r\n{}"


@contextmanager
def talking(talk: Callable[[socket.socket], None], trust: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on this machine that reads a request's head and then talks as it likes; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            try:
                plain = server.accept()[0]
                with trust.wrap_socket(plain, server_side=True) if trust else plain as at:
                    at.recv(65_536)
                    talk(at)
            except OSError as gone:
                logging.getLogger(__name__).debug("the caller went away: %s", gone)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def refused(talk: Callable[[socket.socket], None], **how: float) -> str:
    with talking(talk) as port, pytest.raises(NoAnswer) as none:
        UrllibWeb("local", **how).get(f"http://127.0.0.1:{port}/", {})  # type: ignore[arg-type]
    return none.value.what


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody vouches for, with its key, in one file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a portal for tests")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key("first").public_key())
        .serial_number(1).not_valid_before(NOW - timedelta(days=4000)).not_valid_after(NOW + timedelta(days=20_000))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key("first"), hashes.SHA256()))
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key("first").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


def over_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@proves("C21")
def test_a_portal_whose_certificate_nobody_vouches_for_is_not_spoken_to(certificate: Path) -> None:
    heard: list[bytes] = []
    with talking(lambda at: heard.append(at.recv(10)), over_tls(certificate)) as port, \
            pytest.raises(NoAnswer) as none:
        UrllibWeb("local").post(f"https://127.0.0.1:{port}/", {}, b"code=canary")
    assert (none.value.what, heard) == ("certificate", [])


@proves("C21")
def test_a_certificate_is_for_a_name(certificate: Path) -> None:
    with talking(lambda at: at.sendall(GOOD), over_tls(certificate)) as port:
        reply = UrllibWeb("local", str(certificate)).get(f"https://127.0.0.1:{port}/", {})
    with talking(lambda at: at.sendall(GOOD), over_tls(certificate)) as port, pytest.raises(NoAnswer) as none:
        UrllibWeb("local", str(certificate)).get(f"https://localhost:{port}/", {})
    assert (reply, none.value.what) == (Reply(200, b"{}"), "certificate")


def test_an_answer_that_drips_has_a_whole_time_too() -> None:
    def drip(at: socket.socket) -> None:
        at.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        for _ in range(60):
            at.sendall(b" ")
            threading.Event().wait(0.02)

    began = time.perf_counter()
    assert refused(drip, read_seconds=1.0, whole_seconds=0.2) == "timeout"
    assert time.perf_counter() - began < 1.5


def test_an_answer_that_breaks_off_is_none() -> None:
    assert refused(lambda at: at.sendall(HEAD + b"Content-Length: 10\r\n\r\n{}")) == "connection lost"
    assert refused(lambda at: None) == "connection lost"
    assert refused(lambda at: at.sendall(b"nothing that a portal says\r\n\r\n")) == "connection lost"


def test_an_answer_in_pieces_has_a_longest_length() -> None:
    pieces = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    assert len(pieces) > MOST_BYTES
    assert refused(lambda at: at.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + pieces)) == "answer too long"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@proves("T40")
def test_no_kind_of_redirect_is_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".encode()
    assert refused(lambda at: at.sendall(answer)) == "redirect"


def test_the_library_below_tells_no_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with talking(lambda at: at.sendall(GOOD)) as port:
        UrllibWeb("local").get(f"http://127.0.0.1:{port}/v3.1/users/canary", {"authorization": "Bearer canary"})
    assert "canary" not in caplog.text
