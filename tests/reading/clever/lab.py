"""A Clever district, a world in memory, and the runs between them: poll, look at the frames, commit.

    lab = Lab(small_district()); with serving(lab.clever): ...   (the fixture `lab` does that)
    lab.read()                    # one run's poll, slice by slice; the frames of what it kept
    lab.commit()                  # that run is applied: its raw snapshot is the base of the next
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from homeroom.model import places
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.run import Lease, Request, RunRecord
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.model.source import CleverApi
from homeroom.read import fetched, raw
from homeroom.read.clever.reader import read
from homeroom.read.http import Patience
from homeroom.read.polling import poll
from tests.fakes.clever_district import Files
from tests.fakes.clever_server import Clever
from tests.fakes.memory import FixedClock, memory_world

CREDENTIALS = {"client_id": "sample-client-id", "client_secret": "sample-client-secret"}
SLICE = timedelta(minutes=15)
Rows = dict[str, frozenset[tuple[tuple[str, str], ...]]]


class Restless(FixedClock):
    """Moves on by the same step each time it is asked."""

    def __init__(self, step: float):
        super().__init__()
        self.step = step

    def now(self) -> datetime:
        self.tick(self.step)
        return self.at


class Lab:
    """One integration with a Clever district. `source` are settings of `CleverApi`, small pages by default."""

    def __init__(self, files: Files, **source: Any):
        self.world = memory_world()
        self.clever = Clever(files, now=lambda: self.world.clock.at)
        self.settings = {"page_size": 3, "follow_events": True, **source}
        self.waits: list[float] = []
        self.slices = self.run = 0

    @property
    def district(self) -> Any:
        return self.clever.district

    @property
    def integration(self) -> Integration:
        source = CleverApi(url=self.clever.url, sign_in_url=self.clever.url, **self.settings)
        return Integration(id="sample", district_id=self.district.id, aggregator="clever", transport="clever_api",
                           source=source, secret_name="sample")

    def poll(self, *, restless: float = 0.0, slices: int = 200, seconds: float = 300.0, **request: Any) -> Fetched:
        """One run's poll to its end, in as many slices as it takes; what it kept."""
        self.begin(**request)
        return self.go_on(restless=restless, slices=slices, seconds=seconds)

    def begin(self, **request: Any) -> None:
        """The door opens a run."""
        self.world.integrations.put(self.integration)
        self.world.secrets.put("sample", CREDENTIALS)
        now = self.world.clock.at
        self.run, lease = self.world.runs.open("sample", now=now, lease_seconds=10**9, take_lease=True)
        assert lease is not None, "the run before was neither committed nor dropped"
        self.lease: Lease = lease
        asked = Request(integration="sample", run=self.run, fence=lease.fence, trigger="hand", as_of="2026-09-15",
                        started_at=now, **request)
        self.world.objects.put(places.request("sample", self.run), asked.model_dump_json().encode())
        self.world.runs.record(RunRecord(integration="sample", run=self.run, trigger="hand", started_at=now))

    def go_on(self, *, restless: float = 0.0, slices: int = 200, seconds: float = 300.0) -> Fetched:
        """Slices until the poll is done; a restless clock makes them short."""
        world = replace(self.world, clock=Restless(restless)) if restless else self.world
        for number in range(1, slices + 1):
            patience = Patience(seconds, wait=self.waits.append, now=self.world.clock.now)
            answer = poll(self.lease, world, world.clock.at + SLICE, partial(read, patience=patience))
            self.slices = number
            if answer.done:
                return self.about()
        raise AssertionError(f"not done after {slices} slices")

    def about(self) -> Fetched:
        """What this run's poll kept."""
        return Fetched.model_validate_json(self.world.objects.get(places.fetched_about("sample", self.run)))

    def snapshot(self) -> Snapshot:
        """As planning loads it. Raises SourceUnusable for what the poll said."""
        applied = self.world.runs.control("sample").applied_run
        return fetched.load(self.world.objects, "sample", self.run, lambda: self.applied() if applied else None)

    def applied(self) -> Snapshot:
        """The raw snapshot of the run that was applied last."""
        applied = self.world.runs.control("sample").applied_run
        assert applied is not None
        return raw.load(self.world.objects, "sample", applied)

    def read(self, **request: Any) -> Snapshot:
        """Poll and load."""
        self.poll(**request)
        return self.snapshot()

    def commit(self) -> Snapshot:
        """Planning keeps the raw snapshot, and the run is applied."""
        snapshot = self.snapshot()
        raw.keep(self.world.objects, "sample", self.run, snapshot)
        self.world.runs.commit(self.lease, applied_run=self.run, content=snapshot.content_hash, signature="",
                               at=self.world.clock.at)
        return snapshot

    def drop(self) -> None:
        """The run ends without being applied."""
        self.world.runs.release(self.lease)

    def applied_full(self, **request: Any) -> Snapshot:
        """A full read, applied."""
        self.poll(full=True, **request)
        return self.commit()


def rows(snapshot: Snapshot) -> Rows:
    """File stem → its rows as sets of filled cells, without the number of the line."""
    return {stem: frozenset(filled(row) for row in frame.drop(LINE).iter_rows(named=True))
            for stem, frame in snapshot.frames.items()}


def filled(row: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((column, cell) for column, cell in row.items() if cell is not None))


def by_id(snapshot: Snapshot, stem: str) -> dict[str, dict[str, str]]:
    """The rows of a file by id, without empty cells."""
    return {row["sourcedId"]: {c: v for c, v in row.items() if v is not None and c != LINE}
            for row in snapshot.frames[stem].iter_rows(named=True)}
