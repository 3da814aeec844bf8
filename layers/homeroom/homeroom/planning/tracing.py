"""Where a record and its values come from: looked up in the journal, run by run, the newest first."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from homeroom.apply.manifest import load_manifest
from homeroom.diff.applied import ARCHIVED
from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.plan import Operation
from homeroom.model.run import Control
from homeroom.planning.looking import applied_runs, run_of
from homeroom.ports import World
from homeroom.report.why import Step

LOOKED_BACK = 400
"""Applied runs that are searched: a year of nightly ones."""
_LIVES = ("create", "restore", "archive", "adopt", "give back")
"""Operations that decide whether a record is here."""


@dataclass(frozen=True)
class Trace:
    """What the journal says: the newest run that decided whether the record is here, and for each field the newest run
    that set it. `whole`: its beginning was found, so that a field without a run never had a value."""

    came: Step | None = None
    fields: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False


def trace(control: Control, entity: str, id: str, names: tuple[str, ...], world: World,
          status: str | None = None) -> Trace:
    """Search the journal until every field is found, or the record's beginning.

    `status` is that of now: what an interrupted run meant to do, and never did, is not how the record came to it.
    """
    came: Step | None = None
    fields: dict[str, int] = {}
    for run in islice(applied_runs(control, world), LOOKED_BACK):
        for operation in operations(control.integration, run, entity, id, world):
            if came is None and operation["op"] in _LIVES and _fits(operation["op"], status):
                came = step_of(control.integration, run, operation, world)
            begins = operation["op"] in ("create", "adopt")
            for name in names if begins else operation["changed"]:
                fields.setdefault(name, run)
            if begins:
                return Trace(came, fields, whole=True)
    return Trace(came, fields)


def _fits(op: str, status: str | None) -> bool:
    return status is None or (op == "archive") == (status == ARCHIVED)


def step_of(integration: str, run: int, operation: Operation, world: World, guards: tuple[str, ...] = ()) -> Step:
    """One operation of a run, with when it was."""
    record = run_of(integration, run, world)
    at = (record.finished_at or record.started_at).isoformat() if record else ""
    return Step(run, operation["op"], operation["reason"], tuple(operation["changed"]), at, guards)


def operations(integration: str, run: int, entity: str, id: str, world: World) -> Iterator[Operation]:
    """What a run did to one record, the newest first: its own plan, and those of interrupted runs that it mended.

    One record's lines are found by its internal id, which stands in lines that refer to it as well.
    """
    try:
        mended = load_manifest(world.objects, integration, run).mends
    except NotFound:
        return
    for one in (run, *reversed(mended)):
        yield from _of_plan(integration, one, entity, id, world)


def _of_plan(integration: str, run: int, entity: str, id: str, world: World) -> Iterator[Operation]:
    needle = id.encode()
    for number, (wave, _, _) in enumerate(load_manifest(world.objects, integration, run).parts):
        if wave != entity:
            continue
        body = gzip.decompress(world.objects.get(places.part(integration, run, number)))
        if needle in body:
            told: Iterator[Operation] = (json.loads(line) for line in body.splitlines() if needle in line)
            yield from (operation for operation in told if operation["id"] == id)
