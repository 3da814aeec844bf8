"""The accounts of the district's directory that a plan is made with: read once for a run, and kept beside its rows.

An approval, a question or a repeated step takes what was kept, so the same rows give the same plan.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from homeroom.errors import NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.directory import Account, Directory, UploadedList
from homeroom.model.integration import Integration
from homeroom.model.issues import Issue
from homeroom.planning.opening import Planning
from homeroom.ports import Objects, World
from homeroom.products import rules_of
from homeroom.read import directory as reading

UNREADABLE = "SRC-20"


@dataclass(frozen=True)
class Seen:
    """The directory as one run saw it: None where no match by name is asked for, or it could not be read.

    `failure` says why it could not; then the matches that were applied stay.
    """

    accounts: tuple[Account, ...] | None = None
    failure: str | None = None

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What staff must know of it."""
        return () if self.failure is None else (Issue(UNREADABLE, self.failure),)


def accounts_of(planning: Planning) -> Seen:
    """The directory for this plan; read now only for a fresh run. Raises RetryableError.

    A directory that can not be read fails no run: the roster goes on, and every match stays as it is.
    """
    if not rules_of(planning.integration).match_by_name:
        return Seen()
    lease, objects = planning.lease, planning.world.objects
    held = planning.request.held_run
    kept = _kept(objects, lease.integration, held or lease.run)
    if held is None and kept is None:
        kept = _read(planning.integration, planning.world)
    seen = kept or Seen(failure="the rows that were kept have no directory with them")
    if held != lease.run:  # a question belongs to no run, so it keeps nothing
        _keep(objects, lease.integration, lease.run, seen)
    return seen


def read_directory(integration: Integration, directory: Directory, world: World,
                   access: reading.Access | None = None) -> tuple[Account, ...]:
    """The accounts as they are now. Raises SourceUnusable."""
    access = replace(access or reading.Access(), credentials=_credentials(integration, directory, world),
                     uploaded=lambda: _uploaded(integration, directory, world))
    return reading.accounts(directory, access)


def _read(integration: Integration, world: World) -> Seen:
    directory = integration.options.directory
    if directory is None:
        return Seen(failure="no directory is named in the options of the integration")
    try:
        return Seen(read_directory(integration, directory, world))
    except SourceUnusable as unusable:
        return Seen(failure=f"{unusable.text}. {unusable.issue_remedy}")


def _credentials(integration: Integration, directory: Directory, world: World) -> Mapping[str, str]:
    if isinstance(directory, UploadedList):
        return {}
    name = integration.options.directory_secret
    try:
        return {} if name is None else world.secrets.get(name)
    except NotFound:
        return {}


def _uploaded(integration: Integration, directory: Directory, world: World) -> bytes:
    """The newest list that the district uploaded. Raises SourceUnusable where there is none."""
    assert isinstance(directory, UploadedList)
    newest = world.landing.newest(places.uploaded_directory(integration.id, directory.name))
    if newest is None:
        raise SourceUnusable(f"no list of accounts has landed as {places.DIRECTORY}/{directory.name}", code="SRC-06",
                             remedy="Upload the list into that folder.")
    with TemporaryDirectory() as folder:
        return world.landing.fetch(newest, Path(folder)).read_bytes()


def _keep(objects: Objects, integration: str, run: int, seen: Seen) -> None:
    """The first line tells whether the directory was read; then one account a line, in the order of the ids."""
    lines: list[dict[str, Any]] = [{"failure": seen.failure}, *map(asdict, seen.accounts or ())]
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    objects.put(places.accounts(integration, run), gzip.compress(body, 6, mtime=0))


def _kept(objects: Objects, integration: str, run: int) -> Seen | None:
    """What that run saw; None where it kept nothing."""
    try:
        lines = gzip.decompress(objects.get(places.accounts(integration, run))).decode().splitlines()
    except NotFound:
        return None
    failure = json.loads(lines[0])["failure"]
    return Seen(None if failure else tuple(Account(**json.loads(line)) for line in lines[1:]), failure)
