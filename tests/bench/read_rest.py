"""One process that reads a OneRoster service to its end and prints what it took.

    python -m tests.bench.read_rest URL KEY SECRET CONNECTIONS

Blocks go to a folder that is thrown away, as they would go to a bucket.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.integration import Integration
from homeroom.model.run import Control, Lease, Request
from homeroom.model.source import OneRosterRest
from homeroom.read.oneroster_rest.reader import read
from homeroom.read.polling import Poll
from tests.fakes.memory import MemoryObjects, memory_world


class _Folder(MemoryObjects):
    """Objects on disk, so that the peak is the reader's own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def put(self, key: str, body: bytes) -> None:
        (self.folder / key.replace("/", "#")).write_bytes(body)

    def get(self, key: str) -> bytes:
        try:
            return (self.folder / key.replace("/", "#")).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"no object {key}") from None


def main(url: str, key: str, secret: str, connections: int) -> None:
    """Read it; one line of JSON with records, seconds, CPU seconds and peak megabytes."""
    source = OneRosterRest(url=url, connections=connections)
    integration = Integration(id="sample", transport="oneroster_rest", source=source, secret_name="sample/source")
    world = memory_world(integration)
    world.secrets.put("sample/source", {"key": key, "secret": secret})
    with tempfile.TemporaryDirectory() as folder:
        object.__setattr__(world, "objects", _Folder(Path(folder)))
        now = world.clock.now()
        request = Request(integration="sample", run=1, fence=1, trigger="hand", as_of="2026-09-07", started_at=now)
        lease = Lease(integration="sample", run=1, fence=1)
        asked = Poll(lease, integration, request, Control(integration="sample"), world, now + timedelta(hours=1))
        began = time.perf_counter()
        polled = read(asked)
        seconds = time.perf_counter() - began
        about = json.loads(world.objects.get(places.fetched_about("sample", 1)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "done": polled.done, "requests": polled.requests, "seconds": seconds, "cpu": used.ru_utime + used.ru_stime,
        "enrollments": about["collections"]["enrollments"]["records"], "megabytes": used.ru_maxrss / 1024,
        "blocks": about["collections"]["enrollments"]["blocks"],
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
