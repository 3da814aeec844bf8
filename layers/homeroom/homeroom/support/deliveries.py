"""The newest whole set below an integration's landing folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from homeroom.errors import SourceUnusable
from homeroom.model import places
from homeroom.model.integration import Integration
from homeroom.model.run import Delivery, LandedFile
from homeroom.ports import Landed, World
from homeroom.read.archive import Limits
from homeroom.read.content import hash_of
from homeroom.read.delivery import Waiting, Whole, manifest_of, newest_set, settle
from homeroom.support.expected import Late, late


def newest_delivery(integration: Integration, known: Delivery | None, world: World) -> Delivery | None:
    """The newest set that is whole, also one whose event never came; else the newest that is known."""
    found = look(integration, world)
    if not isinstance(found, Whole):
        return known
    files = tuple(landed.file for landed in found.files)
    if known is not None and known.identity() == Delivery(files=files).identity():
        return known
    return Delivery(files=files, content_hash=content_hash(files, world))


def look(integration: Integration, world: World) -> Whole | Waiting | None:
    """Whether the newest set is whole; None when nothing landed."""
    files = newest_set(roster_files(integration, world))
    if not files:
        return None
    manifest = manifest_of(files)
    content = _content(manifest, world) if manifest is not None else None
    return settle(files, content, now=world.clock.now(), quiet_seconds=integration.quiet_seconds)


def content_hash(files: Sequence[LandedFile], world: World) -> str | None:
    """Hash of what the set says, or None for a set that can not be opened: its run then fails in words."""
    if sum(file.size for file in files) > Limits().total_bytes:
        return None
    with TemporaryDirectory() as folder:
        try:
            return hash_of([world.landing.fetch(file, Path(folder)) for file in files])
        except SourceUnusable:
            return None


def roster_files(integration: Integration, world: World) -> list[Landed]:
    """What landed but lists of accounts, which are no part of a roster."""
    accounts = places.uploaded_directory(integration.id, "")
    return [landed for landed in world.landing.listing(integration.id) if not landed.file.key.startswith(accounts)]


def _content(landed: Landed, world: World) -> bytes:
    with TemporaryDirectory() as folder:
        return world.landing.fetch(landed.file, Path(folder)).read_bytes()


def late_file(integration: Integration, world: World) -> Late | None:
    """The file that should have landed by now and did not, if there is one."""
    if integration.transport != "csv_pushed" or integration.schedule.mode == "off":
        return None
    newest = max((landed.modified for landed in roster_files(integration, world)), default=None)
    return late(integration, newest, world.clock.now())
