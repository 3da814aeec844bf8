"""Starts and stops the embedded AWS as a child process on a loopback address."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.embedded.clients import ACCESS_KEY, REGION, SECRET_KEY

PROGRAM = Path(__file__).with_name("emulator.py")
UP_SECONDS = 60.0
"""A first start compiles ministack; a warm one takes half a second."""
DOWN_SECONDS = 10.0
POLL_SECONDS = 0.02


class EmbeddedError(Exception):
    """The embedded AWS did not start, did not stop or refused the stack. The text says why, in words."""


@dataclass(frozen=True)
class Emulator:
    """A started emulator: `endpoint` is its address, `front_door` that of the stack's HTTP API for browsers, `pid` the
    process to stop, `log` what it writes."""

    pid: int
    port: int
    log: Path
    tls: bool = False
    door: int = 0

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def front_door(self) -> str:
        return f"http://127.0.0.1:{self.door}"

    @property
    def certificate(self) -> Path:
        """With TLS: the certificate that it made for itself."""
        return self.log.parent / "scratch/ministack-tls/server.crt"


def start(
    folder: Path, *, follow: bool, settings: Mapping[str, str] | None = None
) -> tuple[Emulator, subprocess.Popen[bytes]]:
    """Start it and wait until it answers. `folder` takes its log and scratch files; `follow` ends it with this process.

    Raises EmbeddedError with the end of its log when it dies or does not answer within a minute.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(3):  # the port was free a moment ago; somebody may take it before the child does
        emulator, process = _spawn(folder, _free_ports(2), follow, settings or {})
        if _answers(emulator, process):
            return emulator, process
        if process.poll() is None:
            stop(process.pid)
            raise EmbeddedError(
                f"the embedded AWS did not answer within {UP_SECONDS:.0f} seconds; its log is {emulator.log}"
            )
    raise EmbeddedError(f"the embedded AWS did not start:\n{_tail(folder / 'emulator.log')}")


def stop(pid: int) -> None:
    """End the emulator and its Lambda workers, which are one process group, at once: nothing of them is kept."""
    if is_ours(pid):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + DOWN_SECONDS
    while is_ours(pid):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"process {pid}, the embedded AWS, does not end")
        time.sleep(POLL_SECONDS)


def is_ours(pid: int) -> bool:
    """Whether that process is the emulator and runs: its number may be another's by now, or a zombie's."""
    with contextlib.suppress(ChildProcessError):  # a child of this process stays a zombie until it is asked
        os.waitpid(pid, os.WNOHANG)
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return False
    else:
        seen = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        command = seen.stdout
    return str(PROGRAM) in command


def _spawn(
    folder: Path, ports: list[int], follow: bool, settings: Mapping[str, str]
) -> tuple[Emulator, subprocess.Popen[bytes]]:
    port, door = ports
    log = folder / "emulator.log"
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    arguments = [sys.executable, "-I", str(PROGRAM), "--unpacked", str(folder.parent / "unpacked"),
                 "--door", str(door)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*arguments, *(["--follow"] if follow else [])],
            env={**_environment(folder, port), **settings},
            cwd=folder,
            stdin=subprocess.PIPE if follow else subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Emulator(process.pid, port, log, tls="USE_SSL" in settings, door=door), process


def _environment(folder: Path, port: int) -> dict[str, str]:
    """All that the emulator gets, and with it every function: nothing of the person's own environment.

    It adds AWS_ENDPOINT_URL for the functions itself, and with TLS its certificate.
    """
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": str(folder),
        "TMPDIR": str(folder / "scratch"),
        "LANG": "C.UTF-8",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _answers(emulator: Emulator, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + UP_SECONDS
    unverified = ssl._create_unverified_context()  # noqa: S323  # its certificate does not exist yet
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unverified)
    )
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(f"{emulator.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
    return False


def _free_ports(count: int) -> list[int]:
    """Different ones: all are held until the last is found."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
