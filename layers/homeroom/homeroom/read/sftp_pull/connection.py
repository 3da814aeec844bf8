"""One signed-in SFTP session with a server whose key is pinned, opened again when it drops.

The key is compared before a credential is sent. What fails is told in words: address, host key, sign-in, SFTP itself.
Only what may pass by itself, an unanswered or dropped connection, is tried again; a refused sign-in never is, because
servers lock accounts after a few.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

import paramiko

from homeroom.errors import SourceUnusable
from homeroom.model.source import SftpPull
from homeroom.read.http import Patience
from homeroom.read.sftp_pull.keys import SignIn, pinned, preferred

CONNECT_SECONDS, ANSWER_SECONDS = 15, 60
PAUSES = (1.0, 4.0, 16.0)
"""Seconds before each further try."""

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what goes wrong is told in our words, not by its tracebacks

T = TypeVar("T")


class Dropped(Exception):
    """The session broke, or the server answered with a fault that may pass."""


class _Unreachable(SourceUnusable):
    """No session came about; another try may help."""

    code = "SRC-02"
    remedy = "Retried in the next window; is the server up, and does its firewall let us in?"


class Server:
    """The server of one integration. Use it in a `with` statement; the first use connects."""

    def __init__(self, source: SftpPull, sign_in: SignIn, patience: Patience):
        self.patience = patience
        self._source, self._sign_in, self._pinned = source, sign_in, pinned(source.host_key)
        self._transport: paramiko.Transport | None = None
        self._session: paramiko.SFTPClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.drop()

    def drop(self) -> None:
        """Let go of the connection, also in the middle of an answer. The next use connects again."""
        if self._transport is not None:
            self._transport.close()
        self._transport = self._session = None

    def session(self) -> paramiko.SFTPClient:
        """The open session, or a new one. Raises SourceUnusable (SRC-01, 02, 11, 15)."""
        if self._session is not None:
            return self._session
        for pause in PAUSES:
            try:
                return self._connected()
            except _Unreachable:
                self.drop()
                if not self.patience.spend(pause):
                    raise
        return self._connected()

    def ask(self, question: Callable[[paramiko.SFTPClient], T]) -> T:
        """The answer to what may be asked again after a drop. Raises SourceUnusable, FileNotFoundError and
        PermissionError: the last two are the server's word on a path."""
        for pause in (*PAUSES, None):
            try:
                with drops():
                    return question(self.session())
            except Dropped:
                self.drop()
                if pause is None or not self.patience.spend(pause):
                    break
        raise broke_off()

    def reach(self) -> None:
        """Step 1: a connection that speaks SSH. Raises SourceUnusable (SRC-02)."""
        transport = paramiko.Transport(self._dialled())
        self._transport = transport
        options = transport.get_security_options()
        options.key_types = preferred(self._pinned, tuple(options.key_types))
        transport.banner_timeout = transport.auth_timeout = CONNECT_SECONDS
        try:
            transport.start_client(timeout=ANSWER_SECONDS)
            transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer:
            raise SourceUnusable(
                "the server offers no key or cipher that is safe enough", code="SRC-02", owner="district",
                remedy="The server must offer a current SSH: a host key of type ed25519, ecdsa or rsa with SHA-2.",
            ) from None
        except (paramiko.SSHException, EOFError, OSError):
            raise _Unreachable("what answers at the address does not speak SSH, or hung up") from None

    def verify(self) -> None:
        """Step 2: the key that the server shows is the pinned one. Raises SourceUnusable (SRC-15)."""
        shown = self._reached().get_remote_server_key()
        if (shown.get_name(), shown.asbytes()) != (self._pinned.get_name(), self._pinned.asbytes()):
            raise SourceUnusable(
                f"the server's host key is not the pinned key: it shows {_named(shown)}, pinned is "
                f"{_named(self._pinned)}", code="SRC-15", owner="vendor",
                remedy="Ask the district whether its server changed. Pin the new key only if it says so.",
            )

    def enter(self) -> None:
        """Step 3: sign in. Raises SourceUnusable (SRC-01, or SRC-02 where the server hangs up)."""
        transport, user = self._reached(), self._source.user
        try:
            if self._sign_in.key is not None:
                further = transport.auth_publickey(user, self._sign_in.key)
            else:
                further = transport.auth_password(user, self._sign_in.password or "")
        except paramiko.BadAuthenticationType as refused:
            accepted = " or ".join(sorted(refused.allowed_types)) or "nothing"
            raise _refused(f"the server does not take our kind of sign-in; it takes {accepted}") from None
        except (paramiko.SSHException, EOFError, OSError):
            if not transport.is_active():
                raise _Unreachable("the server hung up while we signed in") from None
            way = "private key" if self._sign_in.key is not None else "password"
            raise _refused(f"the server refused the sign-in: unknown user, or not its {way}") from None
        if further:
            raise _refused(f"the server asks for a second step ({' or '.join(further)}), which nobody can answer here")

    def open(self) -> paramiko.SFTPClient:
        """Step 4: SFTP itself. Raises SourceUnusable (SRC-11)."""
        try:
            session = paramiko.SFTPClient.from_transport(self._reached())
            if session is not None and (channel := session.get_channel()) is not None:
                channel.settimeout(ANSWER_SECONDS)
                self._session = session
                return session
        except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError):
            if not self._reached().is_active():
                raise _Unreachable("the server hung up after the sign-in") from None
        raise SourceUnusable("signed in, but the server offers no SFTP to this user", code="SRC-11", owner="district",
                             remedy="Allow SFTP for the user.")

    def _connected(self) -> paramiko.SFTPClient:
        self.reach()
        self.verify()
        self.enter()
        return self.open()

    def _reached(self) -> paramiko.Transport:
        assert self._transport is not None, "the steps come in their order"
        return self._transport

    def _dialled(self) -> socket.socket:
        host, port = self._source.host, self._source.port
        try:
            return socket.create_connection((host, port), CONNECT_SECONDS)
        except socket.gaierror as unknown:
            if unknown.errno == socket.EAI_AGAIN:
                raise _Unreachable(f"the name {host} could not be looked up just now (DNS)") from None
            raise SourceUnusable(
                f"{host} is no known host name (DNS)", code="SRC-02", owner="vendor",
                remedy="Check the host in the source: the name does not exist.",
            ) from None
        except ConnectionRefusedError:
            raise _Unreachable(f"{host} refused the connection at port {port}") from None
        except TimeoutError:
            raise _Unreachable(f"{host} did not answer at port {port} in time") from None
        except OSError:
            raise _Unreachable(f"there is no way to {host} through the network") from None


@contextmanager
def drops() -> Iterator[None]:
    """Makes every fault of a session a `Dropped`, but what the server says about a path."""
    try:
        yield
    except (FileNotFoundError, PermissionError):
        raise
    except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError) as fault:
        raise Dropped from fault


def broke_off() -> SourceUnusable:
    """The server answers, but never to the end."""
    return SourceUnusable("the server broke off its answer again and again", code="SRC-04", owner="district",
                          remedy="Retried in the next window; the server's own log tells why.")


def _named(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


def _refused(text: str) -> SourceUnusable:
    return SourceUnusable(text, code="SRC-01", owner="district",
                          remedy="Check user and credentials with the district; store new ones with rotate_secret.")
