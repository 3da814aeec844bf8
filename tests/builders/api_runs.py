"""Whole runs of an integration that a fake service feeds: through the door and `flow.sync`, in a world in memory.

    world = fed_by(rest(service))
    record = run(world)                       # the door, poll, plan, apply, finish
    record = run(world, requests=5)           # the same in slices of five requests

Nothing waits: the readers get a patience that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from homeroom import flow
from homeroom.model.events import Started, StartRun
from homeroom.model.integration import Integration
from homeroom.model.run import Lease, RunRecord
from homeroom.model.source import CleverApi, OneRosterRest
from homeroom.read.clever.reader import read as read_clever
from homeroom.read.http import Patience
from homeroom.read.oneroster_rest.patience import RunPatience
from homeroom.read.oneroster_rest.reader import read as read_rest
from homeroom.read.polling import Poll, Polled, Reader
from homeroom.support.door import start
from tests.fakes.clever_rows import district_row
from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, Clever
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.oneroster_service import Service

LAB, SECRET = "lab", "lab/source"
Fake = Service | Clever


@dataclass
class Hours:
    """A clock that only waiting moves."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Sliced(Poll):
    """A slice that is over as soon as `is_over` says so."""

    is_over: Callable[[], bool] = lambda: False

    def out_of_time(self) -> bool:
        return self.is_over()


def rest(service: Service, **source: Any) -> Integration:
    """A district by OneRoster REST that is being served. `source` overrides settings of the source."""
    oauth2 = {"token_url": service.token_url} if service.sign_in == "oauth2" else {}
    settings = {"url": service.url, "version": service.version, "sign_in": service.sign_in, **oauth2, **source}
    return Integration(
        id=LAB, district_id=district_row(service.rows)["sourcedId"], transport="oneroster_rest", product_line="Sample",
        hold_first_load=False, secret_name=SECRET, source=OneRosterRest(**settings))


def clever(fake: Clever, **source: Any) -> Integration:
    """A district by Clever that is being served."""
    settings = {"url": fake.url, "sign_in_url": fake.url, **source}
    return Integration(
        id=LAB, district_id=fake.district.id, aggregator="clever", transport="clever_api", product_line="Sample",
        hold_first_load=False, secret_name=SECRET, source=CleverApi(**settings))


def fed_by(integration: Integration, credentials: Mapping[str, str] | None = None) -> MemoryWorld:
    """A world with this one integration and the right credentials."""
    world = memory_world(integration)
    world.secrets.put(SECRET, credentials or credentials_of(integration))
    return world


def credentials_of(integration: Integration) -> Mapping[str, str]:
    """What the fakes take when nobody told them otherwise."""
    if integration.transport == "clever_api":
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    known = Service()
    signed = getattr(integration.source, "sign_in", "")
    return {"token": known.token} if signed == "bearer" else {"key": known.key, "secret": known.secret}


def begin(world: MemoryWorld, **asked: Any) -> Lease:
    """The door starts a run by hand; its lease. `asked` are further words of the event (`full`, `force`)."""
    return lease_of(world, start(StartRun(trigger="hand", integration=LAB, by="test", **asked), world))


def lease_of(world: MemoryWorld, started: Started) -> Lease:
    """The lease that the door took for a run."""
    assert started.state == "queued", started
    request = world.executions.started[f"{LAB}-{started.run}"]
    return Lease(integration=LAB, run=request.run, fence=request.fence)


def run(world: MemoryWorld, *, fake: Fake | None = None, requests: int | None = None, **asked: Any) -> RunRecord:
    """One whole run a day later. With `requests`, slices end after that many requests to the fake."""
    world.clock.tick(60)
    return go_on(world, begin(world, **asked), fake=fake, requests=requests)


def go_on(world: MemoryWorld, lease: Lease, *, fake: Fake | None = None, requests: int | None = None) -> RunRecord:
    """A run that the door has started, from where it stands to its end."""
    with patiently(fake, requests):
        return flow.sync(lease, world).record


@contextmanager
def patiently(fake: Fake | None = None, requests: int | None = None) -> Iterator[None]:
    """Inside, the flow's readers wait without waiting, in slices of `requests`."""
    assert requests is None or fake is not None

    def read(asked: Poll) -> Polled:
        stop = len(fake.log) + requests if fake is not None and requests is not None else None
        told = {one.name: getattr(asked, one.name) for one in fields(Poll)}
        return _READERS[asked.integration.transport](Sliced(
            **told, is_over=lambda: stop is not None and fake is not None and len(fake.log) >= stop))

    def reader_of(transport: str) -> Reader | None:
        return read if transport in _READERS else None

    with patch.object(flow, "reader_of", reader_of):
        yield


def _rest(asked: Poll) -> Polled:
    hours = Hours()
    return read_rest(asked, RunPatience(seconds=1800.0, wait=hours.wait, now=hours.now))


def _clever(asked: Poll) -> Polled:
    return read_clever(asked, Patience(seconds=300.0, wait=lambda seconds: None, now=asked.world.clock.now))


_READERS: Mapping[str, Reader] = {"oneroster_rest": _rest, "clever_api": _clever}
