"""What stands beside the embedded AWS while people sign in: a pretend portal and a sample product, each a process.

They end with the demo; `make demo KEEP=1` leaves them up, and `homeroom down` ends them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.embedded import HOME
from local.reasons import Stopped

ROOT = Path(__file__).resolve().parents[2]
KEPT = HOME / "neighbours"
"""The folder of those that are left up."""
NOTE = "running.json"
END_SECONDS = 5.0
PORTAL, PRODUCT = "tests.fakes.portal_server", "local.sample_product"


@dataclass
class Neighbours:
    """Programs of ours. `folder` is for us alone: secrets and names are in it for as long as they run.

    `before`: module → port that it had in an earlier demo; a portal comes back there, because sign-in remembers for a
    minute where a portal is.
    """

    folder: Path = KEPT
    before: Mapping[str, int] = field(default_factory=dict)
    started: list[tuple[int, str, int]] = field(default_factory=list)

    def write(self, name: str, content: str) -> Path:
        """A file for a program."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(content)
        return file

    def start(self, module: str, *arguments: str, port: int | None = None) -> Mapping[str, Any]:
        """Start a program that says in one line of JSON where it is. Raises Stopped where it says nothing."""
        chosen = self.before.get(module, 0) if port is None else port
        command = [sys.executable, "-m", module, *arguments, "--port", str(chosen)]
        log = self.write(f"{module}.log", "")
        with log.open("wb") as sink:
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=sink,
                                       text=True, start_new_session=True)
        self._note(process.pid, module, chosen)
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        if not line:
            raise Stopped(f"{module} did not start", f"Its log is {log}.")
        told: dict[str, Any] = json.loads(line)
        self.started.pop()
        self._note(process.pid, module, urlsplit(told["url"]).port or 0)
        return told

    def _note(self, pid: int, module: str, port: int) -> None:
        self.started.append((pid, module, port))
        self.write(NOTE, json.dumps(self.started))


def end_neighbours(folder: Path = KEPT) -> Mapping[str, int]:
    """End those of a folder that run, by their process ids, and remove it. The ports that they had."""
    try:
        known: list[tuple[int, str, int]] = json.loads((folder / NOTE).read_text())
    except FileNotFoundError:
        known = []
    ended = {module: port for pid, module, port in known if _end(pid, module)}
    shutil.rmtree(folder, ignore_errors=True)
    return ended


def free_port() -> int:
    """A port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(pid: int, module: str) -> bool:
    """False where that process is not ours any more: its number may be another's by now."""
    if not _is(pid, module):
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while _is(pid, module):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.02)
    return True


def _is(pid: int, module: str) -> bool:
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)  # a child of this process stays a zombie until it is asked
    except ChildProcessError:
        done = 0
    if done:
        return False
    seen = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return f"-m {module}" in seen.stdout
