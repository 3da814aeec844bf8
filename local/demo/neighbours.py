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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.embedded import HOME
from local.reasons import Stopped

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "neighbours"
NOTE = "running.json"
END_SECONDS = 5.0
PORTAL, PRODUCT = "tests.fakes.portal_server", "local.sample_product"


@dataclass
class Neighbours:
    """Programs of ours, with their files in a folder that only we read."""

    home: Path = HOME
    started: list[tuple[int, str]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Secrets and names are in it for as long as the programs run."""
        made = self.home / FOLDER
        made.mkdir(parents=True, exist_ok=True, mode=0o700)
        return made

    def write(self, name: str, content: str) -> Path:
        """A file for a program."""
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(content)
        return file

    def start(self, module: str, *arguments: str) -> Mapping[str, Any]:
        """Start a program that says in one line of JSON where it is. Raises Stopped where it says nothing."""
        command = [sys.executable, "-m", module, *arguments]
        log = (self.folder / f"{module}.log").open("wb")
        with log:
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                       text=True, start_new_session=True)
        self.started.append((process.pid, module))
        self._note()
        assert process.stdout is not None
        with process.stdout:
            told = process.stdout.readline()
        if not told:
            raise Stopped(f"{module} did not start", f"Its log is {log.name}.")
        said: dict[str, Any] = json.loads(told)
        return said

    def _note(self) -> None:
        self.write(NOTE, json.dumps(self.started))


def end_neighbours(home: Path = HOME) -> int:
    """End those that run, by their process ids, and remove their files. How many there were."""
    folder = home / FOLDER
    try:
        known: Sequence[Sequence[Any]] = json.loads((folder / NOTE).read_text())
    except FileNotFoundError:
        return 0
    ended = [pid for pid, module in known if _end(pid, module)]
    shutil.rmtree(folder, ignore_errors=True)
    return len(ended)


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
