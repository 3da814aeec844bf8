"""An SFTP server in this process, on loopback, over a real folder, with one hook through which everything can go wrong.

    with serving(tmp_path, password="sesame") as server:
        server.on_read = drop_once("set.zip", 100_000)
        ...  # server.source() and server.credentials() fit an integration

Real SSH: keys, sign-in and packets are those of paramiko's server side.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import paramiko

from homeroom.model.source import SftpPull

USER, PASSWORD = "roster", "sesame"


class DropConnection(Exception):
    """Raised by a hook: the connection breaks before this piece is sent."""


Hook = Callable[[str, int], None]
"""Called with file name and offset before each piece is sent."""


def drop_at(name: str, offset: int, *, times: int = 1) -> Hook:
    """Break the connection so many times where that offset of a file is asked for, or a later one."""
    left = [times]

    def hook(asked: str, at: int) -> None:
        if asked == name and at >= offset and left[0]:
            left[0] -= 1
            raise DropConnection

    return hook


def write_while_read(path: Path, content: Callable[[int], bytes], *, times: int = 1) -> Hook:
    """Write a file anew as soon as it is read, so many times; `content` is asked with the number of the time."""
    done: list[int] = []

    def hook(asked: str, at: int) -> None:
        if asked == path.name and len(done) < times and at == 0:
            done.append(at)
            path.write_bytes(content(len(done)))

    return hook


@cache
def key_of(name: str) -> paramiko.PKey:
    """A key pair by name, the same in one process; P-256, because it is made in no time."""
    return paramiko.ECDSAKey.generate()


@dataclass
class SftpServer:
    """What the server is and does; all of it may be changed while it runs."""

    root: Path
    password: str = PASSWORD
    host_key: paramiko.PKey = field(default_factory=lambda: key_of("host"))
    client_key: paramiko.PKey | None = None
    ways: str = "password,publickey"
    offers_sftp: bool = True
    longest_answer: int = 1 << 20
    """Bytes of one piece, whatever the client asks for."""
    denied: set[str] = field(default_factory=set)
    """Names that may neither be opened nor removed; `.` is the folder itself."""
    on_read: Hook = lambda name, offset: None
    offered: Callable[[str], None] = lambda way: None
    """Told of each credential that arrives: `password` or `publickey`."""
    port: int = 0
    connections: int = 0
    reads: list[tuple[str, int]] = field(default_factory=list)
    """Every piece that was asked for: file and offset."""
    removed: list[str] = field(default_factory=list)

    def source(self, **changes: Any) -> SftpPull:
        """Where an integration finds this server."""
        return SftpPull(**{"host": "127.0.0.1", "port": self.port, "user": USER, "folder": ".",
                           "host_key": f"{self.host_key.get_name()} {self.host_key.get_base64()}", **changes})

    def credentials(self) -> Mapping[str, str]:
        """What signs in."""
        return {"password": self.password}


class _Doorkeeper(paramiko.ServerInterface):
    def __init__(self, server: SftpServer):
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return self._server.ways

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.offered("password")
        fits = "password" in self._server.ways and (username, password) == (USER, self._server.password)
        return paramiko.AUTH_SUCCESSFUL if fits else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._server.offered("publickey")
        fits = username == USER and key == self._server.client_key
        return paramiko.AUTH_SUCCESSFUL if fits else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        return self._server.offers_sftp and super().check_channel_subsystem_request(channel, name)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, server: SftpServer, transport: paramiko.Transport, path: Path):
        super().__init__(0)
        self._server, self._transport, self._path = server, transport, path

    def read(self, offset: int, length: int) -> bytes | int:
        if not self._transport.is_active():
            return paramiko.SFTP_CONNECTION_LOST  # asked before the drop, read after it
        self._server.reads.append((self._path.name, offset))
        try:
            self._server.on_read(self._path.name, offset)
        except DropConnection:
            self._transport.close()
            return paramiko.SFTP_CONNECTION_LOST
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(min(length, self._server.longest_answer))

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(self._path.stat())


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, door: paramiko.ServerInterface, server: SftpServer, transport: paramiko.Transport):
        super().__init__(door)
        self._server, self._transport = server, transport

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        folder = self._path(path)
        if "." in self._server.denied:
            return paramiko.SFTP_PERMISSION_DENIED
        if not folder.is_dir():
            return paramiko.SFTP_NO_SUCH_FILE
        return [paramiko.SFTPAttributes.from_stat(p.lstat(), p.name) for p in sorted(folder.iterdir())]

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).lstat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    stat = lstat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if self._path(path).name in self._server.denied or flags & (os.O_WRONLY | os.O_RDWR):
            return paramiko.SFTP_PERMISSION_DENIED
        if not self._path(path).is_file():
            return paramiko.SFTP_NO_SUCH_FILE
        return _Handle(self._server, self._transport, self._path(path))

    def remove(self, path: str) -> int:
        if self._path(path).name in self._server.denied:
            return paramiko.SFTP_PERMISSION_DENIED
        self._server.removed.append(self._path(path).name)
        self._path(path).unlink()
        return paramiko.SFTP_OK

    def _path(self, path: str) -> Path:
        return self._server.root / os.path.normpath("/" + path).lstrip("/")


@contextmanager
def serving(root: Path, **settings: Any) -> Iterator[SftpServer]:
    """Serve a folder until the block ends; `settings` are fields of SftpServer."""
    server = SftpServer(root, **settings)
    transports: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, server, transports), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for transport in transports:
                transport.close()


def _accept(listener: socket.socket, server: SftpServer, transports: list[paramiko.Transport]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the listener was closed: the block has ended
        server.connections += 1
        transport = paramiko.Transport(connection)
        transports.append(transport)
        transport.add_server_key(server.host_key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, server, transport)
        # An event lets the handshake go on by itself; who hangs up in the middle of it disturbs nobody.
        transport.start_server(event=threading.Event(), server=_Doorkeeper(server))
