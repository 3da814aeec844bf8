"""An integration whose files are pulled, in a world in memory: one pull after the other, applied or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.events import Polled
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.run import Delivery, Lease, Request, RunRecord
from homeroom.model.source import SftpPull
from homeroom.read.http import Patience
from homeroom.read.polling import poll
from homeroom.read.sftp_pull import read
from tests.fakes.memory import MemoryWorld, memory_world

NAME, SECRET = "lab-usd", "homeroom/lab-usd"
SLICE = timedelta(minutes=15)


@dataclass
class Pulls:
    """The runs of one integration. `waited` are the seconds of every pause; the clock moves by them."""

    source: SftpPull
    credentials: Mapping[str, str]
    quiet_seconds: int = 60
    world: MemoryWorld = field(default_factory=memory_world)
    waited: list[float] = field(default_factory=list)
    while_waiting: Callable[[], None] = lambda: None
    lease: Lease = field(default_factory=lambda: Lease(integration=NAME, run=0, fence=0))

    def pull(self, *, slices: int = 1, **request: Any) -> Fetched:
        """One run's read, to its end; it must take so many slices. Returns what planning would find."""
        self.begin(**request)
        polled = [self.slice() for _ in range(slices)]
        assert [one.done for one in polled] == [False] * (slices - 1) + [True]
        return self.fetched()

    def begin(self, **request: Any) -> None:
        """Allot the next run and write its request down, as the door does."""
        self.world.runs.release(self.lease)
        _, lease = self.world.runs.open(NAME, now=self.world.clock.now(), lease_seconds=900, take_lease=True)
        assert lease is not None
        self.lease = lease
        self.world.integrations.put(Integration(
            id=NAME, transport="csv_pulled", source=self.source, secret_name=SECRET, quiet_seconds=self.quiet_seconds,
            district_id="d-1", hold_first_load=False,
        ))
        self.world.secrets.put(SECRET, self.credentials)
        asked = Request(integration=NAME, run=lease.run, fence=lease.fence, trigger="hand", as_of="2026-09-07",
                        started_at=self.world.clock.now(), **request)
        self.world.objects.put(places.request(NAME, lease.run), asked.model_dump_json().encode())
        self.world.runs.record(RunRecord(
            integration=NAME, run=lease.run, trigger="hand", started_at=self.world.clock.now(),
        ))

    def slice(self) -> Polled:
        """One call of the polling function."""
        patience = Patience(seconds=SLICE.total_seconds(), wait=self._wait)
        until = self.world.clock.now() + SLICE
        return poll(self.lease, self.world, until, lambda asked: read(asked, patience))

    def fetched(self) -> Fetched:
        """What the run kept."""
        return Fetched.model_validate_json(self.world.objects.get(places.fetched_about(NAME, self.lease.run)))

    def apply(self) -> None:
        """The run that was pulled last is applied: the pointer moves to it."""
        now = self.world.clock.now()
        self.world.runs.commit(self.lease, applied_run=self.lease.run, content="c", signature="s", at=now)

    def landed(self, delivery: Delivery | None) -> dict[str, bytes]:
        """Content of a delivery by base name, read through its versions."""
        assert delivery is not None
        return {file.key.rpartition("/")[2]: self._content(file.key, file.version) for file in delivery.files}

    def expire(self, delivery: Delivery | None) -> None:
        """The landed originals are gone, as the lifecycle of the bucket has it."""
        assert delivery is not None
        for file in delivery.files:
            del self.world.landing.versions[file.key]

    def part(self) -> bytes | None:
        """What the run keeps of a file whose download goes on."""
        try:
            return self.world.objects.get(places.fetched_part(NAME, self.lease.run, "file.part"))
        except NotFound:
            return None

    def _content(self, key: str, version: str | None) -> bytes:
        return next(body for known, body, _ in self.world.landing.versions[key] if known == version)

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.world.clock.tick(seconds)
        self.while_waiting()


def write_set(folder: Path, files: Mapping[str, bytes], at: datetime) -> None:
    """Write files as an upload that ended at a time."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (at.timestamp(), at.timestamp()))
