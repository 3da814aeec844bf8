"""Reads a fake service as the polling function does, slice by slice, and gives back what was kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from homeroom.model import places
from homeroom.model.events import Polled
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Integration
from homeroom.model.run import Control, Lease, Request
from homeroom.model.source import OneRosterRest
from homeroom.read.oneroster_rest.patience import RunPatience
from homeroom.read.oneroster_rest.reader import read
from homeroom.read.polling import Poll
from tests.builders.oneroster import Files, enrollment, klass, small_district, student
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.oneroster_json import record
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service

LEASE = Lease(integration="sample", run=1, fence=1)
STEMS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
Records = dict[str, list[dict[str, Any]]]


@dataclass
class Waits:
    """Waiting without waiting: the clock of a test moves instead."""

    seconds: list[float] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def patience(self, seconds: float = 1800.0) -> RunPatience:
        return RunPatience(seconds=seconds, wait=self._wait, now=lambda: self.at)

    def _wait(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Sliced(Poll):
    """A slice that is over after that many requests to the service; None: it has all the time."""

    service: Service | None = None
    stops_after: int | None = None

    def out_of_time(self) -> bool:
        return self.stops_after is not None and self.service is not None and len(self.service.log) >= self.stops_after


class Reading:
    """One read of a service by an integration of its own. `source` overrides settings of the source."""

    def __init__(self, service: Service, **source: Any):
        self.service, self.waits = service, Waits()
        signed = {"sign_in": service.sign_in, "token_url": service.token_url} if service.sign_in == "oauth2" else {
            "sign_in": service.sign_in}
        settings = {"url": service.url, "version": service.version, "page_size": 4, **signed, **source}
        self.integration = Integration(
            id="sample", district_id="d-1", transport="oneroster_rest", secret_name="sample/source",
            source=OneRosterRest(**settings))
        self.world: MemoryWorld = memory_world(self.integration)
        self.world.secrets.put("sample/source", secrets_of(service))
        self.control = Control(integration="sample")
        self.polled: list[Polled] = []

    def asked(self, requests: int | None = None) -> Poll:
        """What the polling function asks of the reader: a slice, over after that many more requests."""
        stops = None if requests is None else len(self.service.log) + requests
        now = self.world.clock.now()
        request = Request(integration="sample", run=1, fence=1, trigger="hand", as_of="2026-09-07", started_at=now)
        return Sliced(LEASE, self.integration, request, self.control, self.world, now + timedelta(minutes=14),
                      "", self.service, stops)

    def slice(self, requests: int | None = None, patience: RunPatience | None = None) -> Polled:
        """One slice."""
        self.polled.append(read(self.asked(requests), patience or self.waits.patience()))
        return self.polled[-1]

    def all(self, requests: int | None = None) -> Reading:
        """Slices until the read is done."""
        for _ in range(2000):
            if self.slice(requests).done:
                return self
        raise AssertionError("the read does not end")

    @property
    def fetched(self) -> Fetched:
        return Fetched.model_validate_json(self.world.objects.get(places.fetched_about("sample", 1)))

    @property
    def is_kept(self) -> bool:
        """Whether the read says of itself that it is whole."""
        return places.fetched_about("sample", 1) in self.world.objects.bodies

    @property
    def records(self) -> Records:
        """Records of all collections in the order of their blocks."""
        return {stem: [json.loads(line) for n in range(c.blocks) for line in self.block(stem, n).splitlines()]
                for stem, c in self.fetched.collections.items()}

    def block(self, stem: str, number: int) -> bytes:
        return gzip.decompress(self.world.objects.get(places.fetched_block("sample", 1, stem, number)))

    def ids(self, stem: str) -> list[str]:
        return [one["sourcedId"] for one in self.records[stem]]


def refused(service: Service, **source: Any) -> SourceUnusable:
    """The words of a read that fails and keeps no proof of being whole."""
    with serving(service):
        reading = Reading(service, **source)
        with pytest.raises(SourceUnusable) as caught:
            reading.all()
    assert not reading.is_kept
    return caught.value


def secrets_of(service: Service) -> Mapping[str, str]:
    """The right credentials."""
    return {"token": service.token} if service.sign_in == "bearer" else {"key": service.key, "secret": service.secret}


def ids_at(service: Service) -> dict[str, list[str]]:
    """All ids at the source, in the order in which they are asked for."""
    return {stem: sorted(row["sourcedId"] for row in service.rows[stem]) for stem in STEMS}


def served(service: Service, stem: str, sourced_id: str) -> dict[str, Any]:
    """One record as the service writes it."""
    return record(service, stem, next(row for row in service.rows[stem] if row["sourcedId"] == sourced_id))


def paged_district() -> Files:
    """A district of which each collection has at least three pages of four."""
    files = small_district()
    files["orgs"] += [{"sourcedId": f"school-{n}", "name": f"School {n}", "type": "school", "parentSourcedId": "d-1"}
                      for n in range(3, 10)]
    files["academicSessions"] += [
        {"sourcedId": f"term-{n}", "title": f"Term {n}", "type": "term", "startDate": "2026-08-15",
         "endDate": "2027-06-15", "parentSourcedId": "y-27", "schoolYear": "2027"} for n in range(7)]
    files["courses"] += [{"sourcedId": f"course-{n}", "title": f"Course {n}", "orgSourcedId": "d-1"}
                         for n in range(4, 11)]
    files["classes"] += [klass(f"c-{n}") for n in range(5, 12)]
    files["users"] += [student(f"s-{n}") for n in range(11, 14)]
    files["enrollments"] += [enrollment(f"s-{n}", "c-1") for n in range(11, 14)]
    return files
