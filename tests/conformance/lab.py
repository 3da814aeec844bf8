"""One district behind one transport, a world in memory, and whole runs: door, read, check, diff, guard, apply, report.

    lab = CsvLab(); lab.lands(files)              an export lands, its event comes, its run goes to its end
    lab = RestLab(service); lab.run()             a run by hand, over real HTTP against the fake OneRoster service
    lab = CleverLab(); lab.run()                  the same against the fake Clever

Nobody waits: what a reader would sleep is counted in `waits.seconds`.
"""

from __future__ import annotations

import gzip
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl

from homeroom.flow import sync
from homeroom.model import places
from homeroom.model.events import Approve, Started, StartRun
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.run import Lease, RunRecord
from homeroom.model.source import CleverApi, OneRosterRest
from homeroom.ports import Item
from homeroom.read.clever import reader as clever_reader
from homeroom.read.http import Patience
from homeroom.read.oneroster_rest import reader as rest_reader
from homeroom.read.polling import Reader, poll
from homeroom.support.door import start
from homeroom.support.intake import settle
from homeroom.support.operations import act
from homeroom.support.views import integration_view, seen
from tests.builders.oneroster import Files, small_district, zip_bytes
from tests.fakes import clever_server, oneroster_server
from tests.fakes.clever_server import Clever
from tests.fakes.copies import once
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.fakes.oneroster_service import Service
from tests.reading.rest.reading import Waits, secrets_of

A_DAY = timedelta(days=1).total_seconds()
SLICE = timedelta(minutes=15)
APP = {"client_id": clever_server.CLIENT_ID, "client_secret": clever_server.CLIENT_SECRET}


class Lab:
    """What all transports share. `world` may be that of another lab: two districts of one vendor."""

    def __init__(self, integration: Integration, world: MemoryWorld | None = None):
        self.world = world or memory_world()
        self.world.integrations.put(integration)
        self.name = integration.id

    # ---- runs

    def begin(self, trigger: str = "hand", **asked: Any) -> Started:
        """Ask the door."""
        event = {"trigger": trigger, "integration": self.name, "by": "conformance", **asked}
        return start(StartRun.model_validate(event), self.world)

    def run(self, **asked: Any) -> RunRecord:
        """A run by hand, to its end."""
        return self.end(self.begin(**asked))

    def end(self, started: Started) -> RunRecord:
        """The run to its end, or the ledger's word why there is none."""
        assert started.run is not None, started.text
        if started.state != "queued":
            return self.world.runs.run(self.name, started.run)
        lease = self.lease(started)
        self.fetch(lease)
        return sync(lease, self.world).record

    def lease(self, started: Started) -> Lease:
        """The lease that the door took."""
        request = self.world.executions.started[f"{self.name}-{started.run}"]
        return Lease(integration=self.name, run=request.run, fence=request.fence)

    def fetch(self, lease: Lease) -> None:
        """Read the source to its end without waiting; `sync` then finds it read."""

    def approve(self, held: RunRecord) -> RunRecord:
        """The held plan is approved, by as many people as it needs, and applied."""
        answer: dict[str, Any] = {"state": "waiting"}
        for by in ("first person", "second person"):
            if answer["state"] == "waiting":
                answer = act(Approve(operation="approve", integration=self.name, run=held.run, by=by, reason="right",
                                     plan_hash=str(held.plan_hash)), self.world)
        return self.end(Started.model_validate(answer))

    # ---- what is in the roster

    @property
    def table(self) -> dict[Any, Item]:
        """The roster table without run numbers."""
        return tables(self.world)

    def items(self, entity: str, status: str = "active") -> dict[str, Item]:
        """Records of this integration by source id."""
        return {item["source_id"]: item for item in self.world.roster.items.values()
                if item.get("entity") == entity and item["status"] == status
                and item.get("shard", "").startswith(f"{self.name}#")}

    def active(self, entity: str) -> set[str]:
        """Source ids of active records."""
        return {*self.items(entity)}

    def archived(self, entity: str) -> set[str]:
        """Source ids of archived records."""
        return {*self.items(entity, "archived")}

    # ---- what is told

    @property
    def status(self) -> str:
        """The word of the status."""
        view = integration_view(seen(self.world.integrations.get(self.name), self.world))
        return str(view["status"])

    def issues(self, record: RunRecord) -> list[dict[str, Any]]:
        """Every issue of a run as it is kept."""
        kept = self.world.objects.get(places.issues(self.name, record.run))
        return [json.loads(line) for line in gzip.decompress(kept).splitlines()]

    def everything_kept(self) -> str:
        """All that the run's stores hold, packed objects unpacked: to look for what must not be there."""
        told = [_readable(body) for body in self.world.objects.bodies.values()]
        told += [repr(self.world.roster.items), repr(vars(self.world.runs)), repr(self.world.notices.sent)]
        return "\n".join(told)


class CsvLab(Lab):
    """Exports of a district that land."""

    def __init__(self, first: Files | None = None, *, world: MemoryWorld | None = None, **words: Any):
        integration = Integration.model_validate({"id": "lab", "hold_first_load": False, **words})
        super().__init__(integration, world)
        self._number = 0
        files = small_district() if first is None else first
        if world is not None:
            self.first = self.lands(files)
            return
        self.world, self.first = once(
            ("a first export", integration.model_dump_json(), json.dumps(files)),
            lambda: (self.world, self.lands(files)))
        self._number = 1

    def lands(self, files: Files, name: str | None = None, **quirks: Any) -> RunRecord:
        """A minute later an export lands as a zip; its event comes, and what becomes of it is waited for."""
        self.puts(files, name, **quirks)
        started = settle(self.name, self.world).started
        assert started is not None
        return self.end(started)

    def puts(self, files: Files, name: str | None = None, **quirks: Any) -> None:
        """An export lands; its event is not there yet."""
        self.world.clock.tick(60)
        self._number += 1
        key = f"landing/{self.name}/{name or f'{self._number}.zip'}"
        self.world.landing.put(key, zip_bytes(files, **quirks))

    def delta(self, **files: list[dict[str, str]]) -> RunRecord:
        """Changes of these files land."""
        return self.lands(dict(files), modes=dict.fromkeys(files, "delta"))


class ApiLab(Lab, ABC):
    """A source that is polled."""

    @abstractmethod
    def reader(self) -> Reader:
        """The real reader, with a patience that only counts."""

    def fetch(self, lease: Lease) -> None:
        for _ in range(500):
            if poll(lease, self.world, self.world.clock.now() + SLICE, self.reader()).done:
                return
        raise AssertionError("the read does not end")

    def fetched(self, record: RunRecord) -> Fetched:
        """What the poll of a run kept."""
        return Fetched.model_validate_json(self.world.objects.get(places.fetched_about(self.name, record.run)))


class RestLab(ApiLab):
    """A OneRoster REST service. `source` overrides settings of the source; pages of four by default."""

    def __init__(self, service: Service, *, world: MemoryWorld | None = None, name: str = "rest", **source: Any):
        self.service, self.waits, self.budget = service, Waits(), 1800.0
        signed = {"sign_in": service.sign_in, "token_url": service.token_url if service.sign_in == "oauth2" else None}
        settings = {"url": service.url, "version": service.version, "page_size": 4, **signed, **source}
        super().__init__(Integration(
            id=name, district_id="d-1", transport="oneroster_rest", secret_name=f"{name}/source",
            hold_first_load=False, source=OneRosterRest(**settings)), world)
        self.world.secrets.put(f"{name}/source", secrets_of(service))

    def reader(self) -> Reader:
        return partial(rest_reader.read, patience=self.waits.patience(self.budget))


class CleverLab(ApiLab):
    """A district at the fake Clever; pages of three and events by default. `source` are settings of `CleverApi`."""

    def __init__(self, clever: Clever, **source: Any):
        self.clever, self.waits, self.budget = clever, Waits(), 300.0
        settings = {"url": clever.url, "sign_in_url": clever.url, "page_size": 3, "follow_events": True, **source}
        super().__init__(Integration(
            id="clever", district_id=clever.district.id, aggregator="clever", transport="clever_api",
            secret_name="clever/app", hold_first_load=False, source=CleverApi(**settings)))
        self.world.secrets.put("clever/app", APP)
        clever.now = self.world.clock.now

    @property
    def district(self) -> Any:
        """The district at Clever."""
        return self.clever.district

    def id(self, kind: str, source_id: str) -> str:
        """Clever's id of what the builders call `s-1`, `c-1`, …"""
        return str(self.district.id_of(kind, source_id))

    def full(self) -> RunRecord:
        """A run that reads in full, whatever the events say."""
        return self.run(full=True)

    def reader(self) -> Reader:
        patience = Patience(self.budget, wait=self.waits.seconds.append, now=self.world.clock.now)
        return partial(clever_reader.read, patience=patience)


@contextmanager
def rest(service: Service, **source: Any) -> Iterator[RestLab]:
    """A lab whose service is served while the block runs."""
    with oneroster_server.serving(service):
        yield RestLab(service, **source)


@contextmanager
def clever(files: Files | None = None, **source: Any) -> Iterator[CleverLab]:
    """A lab whose Clever is served while the block runs; one sync of the SIS has told its event."""
    made = Clever(small_district() if files is None else files)
    with clever_server.serving(made):
        lab = CleverLab(made, **source)
        lab.district.sync()
        yield lab


def counts(record: RunRecord, entity: str) -> dict[str, int]:
    """A run's numbers of one entity."""
    assert record.summary is not None
    told: dict[str, int] = record.summary["entities"][entity]
    return told


def codes(record: RunRecord) -> dict[str, int]:
    """A run's issue codes with their counts."""
    assert record.summary is not None
    return {told["code"]: told["count"] for told in record.summary["issues"]["codes"]}


def tripped(record: RunRecord) -> list[str]:
    """The guards that hold a run."""
    assert record.summary is not None
    return [guard["code"] for guard in record.summary["guards"] if guard["tripped"]]


def writes(lab: Lab, does: Callable[[], object]) -> int:
    """How many items of the roster table something writes or deletes."""
    before = lab.world.roster.writes
    does()
    return lab.world.roster.writes - before


def _readable(body: bytes) -> str:
    if body[:4] == b"PAR1":
        frame = pl.read_parquet(io.BytesIO(body))
        return "\n".join([repr(frame.columns), *(repr(row) for row in frame.iter_rows())])
    unpacked = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return unpacked.decode(errors="replace")
