"""From landed objects to a run: an event is only a wake-up; what counts is the newest set in the landing folder.

A zip is whole at once. Loose files wait in the settle queue until nothing changed for `quiet_seconds` and the set is
whole; what is missing stands as a note on the integration. A delivery is taken once, so an event too many does no harm.
"""

from __future__ import annotations

import re
from datetime import timedelta
from math import ceil
from typing import Literal

from pydantic import BaseModel, Field

from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.events import Started, StartRun
from homeroom.model.integration import INTEGRATION_ID, Integration
from homeroom.model.run import Delivery, Note
from homeroom.ports import World
from homeroom.read.delivery import Waiting, Whole
from homeroom.support.deliveries import content_hash, look
from homeroom.support.door import start, start_waiting
from homeroom.support.overtaken import note_overtaken
from homeroom.support.rules import leased

LONGEST_WAIT = 900
"""Seconds that a queue message can be delayed."""


class _Bucket(BaseModel):
    name: str


class _Object(BaseModel):
    key: str
    size: int = 0
    version: str | None = Field(default=None, alias="version-id")


class _Detail(BaseModel):
    bucket: _Bucket
    object: _Object


class ObjectCreated(BaseModel):
    """The event `Object Created` of S3 as EventBridge sends it; fields that we do not need are let go."""

    id: str = ""
    detail: _Detail

    @property
    def integration(self) -> str | None:
        """The integration whose folder the object is in, for the log; None where the name can not be one."""
        folder, _, rest = self.detail.object.key.partition("/")
        name = rest.partition("/")[0]
        return name if folder == "landing" and re.fullmatch(INTEGRATION_ID, name) else None

    def identity(self) -> list[str]:
        """What tells one version of an object from another; in a bucket without versions, the event's own id."""
        landed = self.detail.object
        return [self.detail.bucket.name, landed.key, landed.version or self.id]


class Settle(BaseModel):
    """Body of a message of the settle queue."""

    integration: str


class Taken(BaseModel):
    """What became of an event: the door answered, the set waits, a run took it before, or it is nothing to us."""

    state: Literal["started", "waiting", "nothing new", "ignored", "unknown integration"]
    integration: str | None = None
    started: Started | None = None


def landed(event: ObjectCreated, world: World) -> Taken:
    """An object landed below `landing/<integration>/`."""
    key = event.detail.object.key
    folder, _, rest = key.partition("/")
    name, _, base = rest.partition("/")
    suffix = base.lower().rpartition(".")[2]
    if folder != "landing" or suffix not in ("zip", "csv") or base.startswith(f"{places.DIRECTORY}/"):
        return Taken(state="ignored")
    try:
        integration = world.integrations.get(name)
    except NotFound:
        return _unknown(world)
    if integration.transport != "csv_pushed":
        return Taken(state="ignored", integration=name)  # its roster comes another way; the file stays where it is
    if suffix == "zip":
        return settle(integration.id, world)
    world.waking.wake(integration.id, integration.quiet_seconds)
    return Taken(state="waiting", integration=integration.id)


def settle(name: str, world: World) -> Taken:
    """Look at the integration again: start what waits, or the newest set if it is whole by now."""
    try:
        integration = world.integrations.get(name)
    except NotFound:
        return _unknown(world)
    found = look(integration, world) if integration.transport == "csv_pushed" else None
    started = None
    if isinstance(found, Whole):
        started = _deliver(integration, found, world)
    elif found is not None:
        _wait(integration, found, world)
    started = started or start_waiting(name, world)
    if started is None:
        _wake_again(name, world)
    waits = "waiting" if isinstance(found, Waiting) else "nothing new"
    return Taken.model_validate({"state": "started" if started else waits, "integration": name, "started": started})


def _deliver(integration: Integration, whole: Whole, world: World) -> Started | None:
    """Hand a whole set to the door; None if a run took it before."""
    files = tuple(landed.file for landed in whole.files)
    if world.runs.taken_by(integration.id, Delivery(files=files)) is not None:
        return None
    world.runs.set_note(integration.id, None)
    note_overtaken(integration, whole, world)
    hashed = content_hash(files, world)
    return start(StartRun(trigger="file", integration=integration.id, files=files, content_hash=hashed), world)


def _wait(integration: Integration, waiting: Waiting, world: World) -> None:
    """Come back when the files had their rest; or say in words which are missing."""
    now = world.clock.now()
    if waiting.missing:
        names = ["the zip's content" if name.lower().endswith(".zip") else name for name in waiting.missing]
        text = f"the upload is not complete: {', '.join(names)} did not arrive"
        world.runs.set_note(integration.id, Note(code="SRC-07", text=text, owner="district", at=now))
    elif waiting.until is not None:
        world.waking.wake(integration.id, min(LONGEST_WAIT, ceil((waiting.until - now) / timedelta(seconds=1))))


def _wake_again(name: str, world: World) -> None:
    """Come back for what waits behind a lease, once that has lapsed: its run may have died, and then nobody calls."""
    control = world.runs.control(name)
    now = world.clock.now()
    if control.pending is not None and leased(control, now):
        world.waking.wake(name, min(LONGEST_WAIT, control.lease_until - int(now.timestamp()) + 1))


def _unknown(world: World) -> Taken:
    """The object stays where it is; people are told, without the key, which anybody may have written."""
    world.notices.publish(
        "Homeroom: an upload for nobody",
        "A file landed below a folder of the landing bucket that belongs to no integration. Nothing is lost: connect "
        "the integration under the name of that folder, then run it by hand.",
    )
    return Taken(state="unknown integration")
