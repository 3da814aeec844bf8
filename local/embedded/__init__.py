"""The embedded AWS: the real stack on this machine, without an account, Docker or the internet.

For a test or a demo, gone when the block ends::

    with embedded() as aws:
        stack = deploy(aws.clients)
        aws.clients("s3").put_object(Bucket=stack["LandingBucketName"], ...)

For a person, until it is told to stop: `up()` and `down()`; `running()` finds it again from another process.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from local.embedded.clients import Clients
from local.embedded.process import EmbeddedError, Emulator, is_ours, start, stop
from local.embedded.stack import ROOT, Stack, deploy

HOME = ROOT / ".homeroom"
STATE = "embedded.json"
STRICT = {"AUTH": "true", "USE_SSL": "1"}

__all__ = ["Clients", "Embedded", "EmbeddedError", "Stack", "deploy", "down", "embedded", "running", "up"]


@dataclass(frozen=True)
class Embedded:
    """A running embedded AWS and, after `up()`, the stack in it."""

    emulator: Emulator
    clients: Clients
    stack: Stack | None = None

    @property
    def endpoint(self) -> str:
        return self.clients.endpoint

    @property
    def front_door(self) -> str:
        """The address of sign-in, as browsers see it."""
        return self.emulator.front_door


@contextlib.contextmanager
def embedded(
    home: Path = HOME, *, strict: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[Embedded]:
    """An empty embedded AWS of its own port and folder, for the length of the block; it ends even if we are killed.

    `strict` enforces policies: IAM's, and with TLS those that refuse anything else. `settings` are further
    environment variables of ministack.
    """
    chosen = {**(STRICT if strict else {}), **(settings or {})}
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="embedded-", dir=home, ignore_cleanup_errors=True) as folder:
        emulator, process = start(Path(folder), follow=True, settings=chosen)
        with process:
            try:
                trusted = str(emulator.certificate) if strict else True
                yield Embedded(emulator, Clients(emulator.endpoint, trusted, emulator.front_door))
            finally:
                stop(emulator.pid)


def up(home: Path = HOME, root: Path = ROOT) -> Embedded:
    """Start the embedded AWS if none runs, deploy the tree as it is now, and note both in `.homeroom/embedded.json`.

    Called again it deploys what changed and keeps all data.
    """
    found = running(home)
    if found:
        emulator, clients = found.emulator, found.clients
    else:
        emulator, _ = start(home / "embedded", follow=False)
        clients = Clients(emulator.endpoint, front_door=emulator.front_door)
    try:
        stack = deploy(clients, root=root)
    except Exception:
        if not found:
            stop(emulator.pid)
        raise
    _remember(home, emulator, stack)
    return Embedded(emulator, clients, stack)


def down(home: Path = HOME) -> bool:
    """Stop what `up` started; its data is gone. False when nothing ran."""
    found = running(home)
    if found:
        stop(found.emulator.pid)
        shutil.rmtree(home / "embedded", ignore_errors=True)
    (home / STATE).unlink(missing_ok=True)
    return found is not None


def running(home: Path = HOME) -> Embedded | None:
    """The embedded AWS that `up` started, or None; a note about a process that is gone counts as none."""
    try:
        note = json.loads((home / STATE).read_text())
    except FileNotFoundError:
        return None
    emulator = Emulator(note["pid"], note["port"], Path(note["log"]), door=note.get("door", 0))
    if not is_ours(emulator.pid):
        return None
    return Embedded(emulator, Clients(emulator.endpoint, front_door=emulator.front_door), Stack(**note["stack"]))


def _remember(home: Path, emulator: Emulator, stack: Stack) -> None:
    note = {"pid": emulator.pid, "port": emulator.port, "door": emulator.door, "log": str(emulator.log),
            "stack": asdict(stack)}
    scratch = home / f"{STATE}.new"
    scratch.write_text(json.dumps({**note, "endpoint": emulator.endpoint}, indent=2, default=str))
    scratch.replace(home / STATE)
