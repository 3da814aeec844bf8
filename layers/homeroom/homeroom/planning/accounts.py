"""The accounts of the district's directory that a plan is made with: read once for a run, and kept beside its rows.

An approval, a question or a repeated step takes what was kept, so the same rows give the same plan.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass
from typing import Any

from homeroom.errors import NotFound, SourceUnusable
from homeroom.model import places
from homeroom.model.directory import Account
from homeroom.model.integration import Integration
from homeroom.model.issues import Issue
from homeroom.planning.opening import Planning
from homeroom.ports import Objects, World
from homeroom.products import rules_of
from homeroom.read.directory import accounts_in

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


def _read(integration: Integration, world: World) -> Seen:
    directory = integration.options.directory
    if directory is None:
        return Seen(failure="no directory is named in the options of the integration")
    try:
        return Seen(accounts_in(directory, integration, world))
    except SourceUnusable as unusable:
        return Seen(failure=f"{unusable.text}. {unusable.issue_remedy}")


def _keep(objects: Objects, integration: str, run: int, seen: Seen) -> None:
    """The first line tells whether the directory was read; then one account a line, in the order of the ids."""
    lines: list[dict[str, Any]] = [{"failure": seen.failure}, *map(asdict, seen.accounts or ())]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    objects.put(places.accounts(integration, run), gzip.compress(body, 6, mtime=0))


def _kept(objects: Objects, integration: str, run: int) -> Seen | None:
    """What that run saw; None where it kept nothing."""
    try:
        lines = gzip.decompress(objects.get(places.accounts(integration, run))).decode().splitlines()
    except NotFound:
        return None
    failure = json.loads(lines[0])["failure"]
    return Seen(None if failure else tuple(Account(**json.loads(line)) for line in lines[1:]), failure)
