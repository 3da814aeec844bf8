"""Debian's own sshd on loopback, over a folder: the server that the pull must understand in the end.

    with serving_sftp(folder, tmp_path / "keys") as sshd:
        sshd.source, sshd.credentials     # fit an integration with transport csv_pulled

Runs as root and as an ordinary user, on a free port, with keys made for the occasion; ended by its own pid.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from homeroom.model.source import SftpPull
from tests.integration.waiting import eventually

SSHD, KEYGEN = "/usr/sbin/sshd", "ssh-keygen"
PRIVILEGE_FOLDER = Path("/run/sshd")

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
{host_keys}
PidFile none
AuthorizedKeysFile {authorized}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin prohibit-password
AllowUsers {user}
AllowTcpForwarding no
X11Forwarding no
PermitTTY no
Subsystem sftp internal-sftp -d {folder}
ForceCommand internal-sftp -d {folder}
LogLevel VERBOSE
"""


@dataclass(frozen=True)
class Sshd:
    """A running server: where it is, and what signs in. `host_keys` are its public keys by type."""

    root: Path
    source: SftpPull
    credentials: Mapping[str, str]
    host_keys: Mapping[str, str]
    log: Path
    authorized_keys: Path

    def let_in(self, key: Path) -> None:
        """One more key pair signs in."""
        with self.authorized_keys.open("a") as known:
            known.write(key.with_suffix(".pub").read_text())


def need_sshd() -> None:
    """Skip the test, and say so, where there is no sshd."""
    if not Path(SSHD).exists() or shutil.which(KEYGEN) is None:
        pytest.skip(f"needs {SSHD} and {KEYGEN}: apt-get install --no-install-recommends openssh-server")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair made by ssh-keygen: private at `path`, public beside it."""
    size = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run([KEYGEN, "-q", "-t", kind, *size, "-N", passphrase, "-C", "test", "-f", path], check=True,
                   stdin=subprocess.DEVNULL)
    return path


@contextmanager
def serving_sftp(folder: Path, keys: Path, host_key: str = "ed25519") -> Iterator[Sshd]:
    """Serve `folder` until the block ends. `keys` is a folder of its own for keys, settings and log.

    The pinned key is the one of type `host_key`; the server has an ed25519, an rsa and an ecdsa key to show.
    """
    need_sshd()
    keys.mkdir(parents=True, exist_ok=True)
    kinds = {kind: make_key(keys / f"host_{kind}", kind) for kind in ("ed25519", "rsa", "ecdsa")}
    client = make_key(keys / "client")
    authorized = Path(shutil.copy(client.with_suffix(".pub"), keys / "authorized_keys"))
    port, user = _free_port(), pwd.getpwuid(os.getuid()).pw_name
    settings, log = keys / "sshd_config", keys / "log"
    settings.write_text(_CONFIG.format(
        port=port, authorized=authorized, folder=folder, user=user,
        host_keys="\n".join(f"HostKey {path}" for path in kinds.values()),
    ))
    public = {kind: path.with_suffix(".pub").read_text() for kind, path in kinds.items()}
    source = SftpPull(host="127.0.0.1", port=port, user=user, folder=".", host_key=public[host_key])
    with _running(settings, log, port):
        yield Sshd(folder, source, {"private_key": client.read_text()}, public, log, authorized)


@contextmanager
def _running(settings: Path, log: Path, port: int) -> Iterator[None]:
    if os.getuid() == 0:
        PRIVILEGE_FOLDER.mkdir(mode=0o755, exist_ok=True)  # sshd wants it when it runs as root
    process = subprocess.Popen([SSHD, "-D", "-f", settings, "-E", log], stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or _answers(port), what="the start of sshd")
        assert process.poll() is None, f"sshd ended at once: {log.read_text() if log.exists() else 'no log'}"
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
