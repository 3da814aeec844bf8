"""One slice of fetching a source: what the three polling functions share. Nothing here knows rows or the engine.

A slice reads on for as long as its call may take, keeps how far it came, and is called again by the state machine until
it is done. Blocks of rows are written as they come; `read/about.json` comes last and proves that the read is whole. A
source that can not be used is noted there as well, in words: planning ends the run as failed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from homeroom.errors import LeaseLost, NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.events import Polled
from homeroom.model.fetched import Fetched, Unusable
from homeroom.model.integration import Integration
from homeroom.model.run import Control, Lease, Request
from homeroom.ports import World
from homeroom.products import rules_of
from homeroom.products.receiving import Received, received_by
from homeroom.read.http import ANSWER_SECONDS, CONNECT_SECONDS

RESERVE = timedelta(seconds=CONNECT_SECONDS + ANSWER_SECONDS + 20)
"""Of each call's time: for a page that is on its way and never comes, and for keeping the progress."""
COMPRESSION = 1
MARGIN_SECONDS = 120
"""The lease outlasts each call: long enough for the state machine's pauses before it calls again."""


@dataclass(frozen=True)
class Poll:
    """What a reader needs to read one slice. `until` is the end of the call's time; stop at `stop_at`."""

    lease: Lease
    integration: Integration
    request: Request
    control: Control
    world: World
    until: datetime
    call: str = ""
    """Marks this call: a later call of the same run takes its place, and this one may write no more."""

    @property
    def stop_at(self) -> datetime:
        """No new page is asked for after this."""
        return self.until - RESERVE

    @cached_property
    def received(self) -> Received:
        """What the products of the integration may receive: readers keep nothing else."""
        return received_by(rules_of(self.integration))

    def out_of_time(self) -> bool:
        """Whether this slice should end."""
        return self.world.clock.now() >= self.stop_at

    def credentials(self) -> Mapping[str, str]:
        """The secrets of the source. Raises SourceUnusable where none are stored."""
        return credentials(self.integration, self.world)

    def progress(self) -> dict[str, Any]:
        """What the slice before left, `{}` in the first."""
        try:
            return dict(json.loads(self.world.objects.get(self._place(places.fetched_progress))))
        except NotFound:
            return {}

    def keep_progress(self, progress: Mapping[str, Any]) -> None:
        """Remember for the next slice: JSON of counts and ids of collections, no people. Raises LeaseLost."""
        self._refuse_a_late_call()
        self.world.objects.put(self._place(places.fetched_progress), json.dumps(progress).encode())

    def keep_block(self, stem: str, number: int, lines: bytes) -> None:
        """Keep JSON lines, each ending with a line feed. Thread-safe: it compresses outside Python's lock.

        Raises LeaseLost.
        """
        body = gzip.compress(lines, COMPRESSION, mtime=0)
        self._refuse_a_late_call()
        self.world.objects.put(places.fetched_block(self.lease.integration, self.lease.run, stem, number), body)

    def keep(self, fetched: Fetched) -> None:
        """The read is whole, or the source is unusable: the last thing that is written. Raises LeaseLost."""
        self._refuse_a_late_call()
        self.world.objects.put(self._place(places.fetched_about), fetched.model_dump_json().encode())

    def applied_about(self) -> dict[str, Any] | None:
        """`raw/about.json` of the run that was applied last: its `cursor` and `full_at`; None before the first."""
        if self.control.applied_run is None:
            return None
        try:
            kept = self.world.objects.get(places.raw_about(self.lease.integration, self.control.applied_run))
        except NotFound:
            return None
        return dict(json.loads(kept))

    def _refuse_a_late_call(self) -> None:
        """A call that was taken for dead and is not must not mix its blocks with those of the call that came after."""
        if self.call and self.world.objects.get(self._place(_call_mark)) != self.call.encode():
            raise LeaseLost("a later call of this run reads on")

    def _place(self, place: Callable[[str, int], str]) -> str:
        return place(self.lease.integration, self.lease.run)


class SliceOver(Exception):
    """To wait would take longer than this slice lasts: the next one goes on from the progress that is kept."""


def within(asked: Poll, sleep: Callable[[float], None]) -> Callable[[float], None]:
    """A wait that raises SliceOver when it would end after the slice."""
    def wait(seconds: float) -> None:
        if asked.world.clock.now().timestamp() + seconds >= asked.stop_at.timestamp():
            raise SliceOver
        sleep(seconds)
    return wait


Reader = Callable[[Poll], Polled]
"""Reads one slice; raises SourceUnusable with words when the source can not be used."""


def poll(lease: Lease, world: World, until: datetime, read: Reader) -> Polled:
    """Read one slice of a run that the door has started. Raises LeaseLost, NotFound and RetryableError."""
    world.runs.extend(lease, int(until.timestamp()) + MARGIN_SECONDS)
    request = Request.model_validate_json(world.objects.get(places.request(lease.integration, lease.run)))
    integration = world.integrations.get(lease.integration)
    asked = Poll(lease, integration, request, world.runs.control(lease.integration), world, until,
                 call=uuid4().hex)
    if request.held_run is not None or request.undo is not None or _is_whole(asked):
        return Polled(done=True)
    _note_reading(lease, world)
    world.objects.put(_call_mark(lease.integration, lease.run), asked.call.encode())
    try:
        return read(asked)
    except SourceUnusable as unusable:
        asked.keep(Fetched(source=integration.transport, shape="rows", failure=Unusable(
            code=unusable.issue_code, text=unusable.text, owner=unusable.issue_owner, remedy=unusable.issue_remedy,
        )))
        return Polled(done=True)


def _call_mark(integration: str, run: int) -> str:
    return places.fetched_part(integration, run, "call")


def _note_reading(lease: Lease, world: World) -> None:
    """In the ledger, once: whoever looks sees that the source is being read."""
    record = world.runs.run(lease.integration, lease.run)
    if record.state == "queued":
        world.runs.record(record.model_copy(update={"state": "reading"}))


def _is_whole(asked: Poll) -> bool:
    """A repeated call after the end reads nothing again, as an approval and an undo read nothing at all."""
    try:
        asked.world.objects.get(places.fetched_about(asked.lease.integration, asked.lease.run))
    except NotFound:
        return False
    return True


def credentials(integration: Integration, world: World) -> Mapping[str, str]:
    """The secrets of an integration's source. Raises SourceUnusable where none are stored."""
    missing = SourceUnusable("the credentials of the source are missing", code="SRC-10", owner="vendor",
                             remedy="Store them with the operation rotate_secret.")
    if integration.secret_name is None:
        raise missing
    try:
        return world.secrets.get(integration.secret_name)
    except NotFound:
        raise missing from None
