"""Where a record and its values come from: looked up in the journal, run by run, the newest first."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from homeroom.apply.manifest import load_manifest
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


def trace(control: Control, entity: str, id: str, names: tuple[str, ...], world: World) -> Trace:
    """Search the journal until every field is found, or the record's beginning."""
    came: Step | None = None
    fields: dict[str, int] = {}
    for run in islice(applied_runs(control, world), LOOKED_BACK):
        for operation in operations(control.integration, run, entity, id, world):
            if came is None and operation["op"] in _LIVES:
                came = step_of(control.integration, run, operation, world)
            begins = operation["op"] in ("create", "adopt")
            for name in names if begins else operation["changed"]:
                fields.setdefault(name, run)
            if begins:
                return Trace(came, fields, whole=True)
    return Trace(came, fields)


def step_of(integration: str, run: int, operation: Operation, world: World, guards: tuple[str, ...] = ()) -> Step:
    """One operation of a run, with when it was."""
    record = run_of(integration, run, world)
    at = (record.finished_at or record.started_at).isoformat() if record else ""
    return Step(run, operation["op"], operation["reason"], tuple(operation["changed"]), at, guards)


def operations(integration: str, run: int, entity: str, id: str, world: World) -> Iterator[Operation]:
    """What the plan of a run does to one record; its internal id stands also in lines that refer to it."""
    try:
        manifest = load_manifest(world.objects, integration, run)
    except NotFound:
        return
    needle = id.encode()
    for number, (wave, _, _) in enumerate(manifest.parts):
        if wave != entity:
            continue
        body = gzip.decompress(world.objects.get(places.part(integration, run, number)))
        if needle in body:
            yield from (told for told in _naming(body, needle) if told["id"] == id)


def _naming(body: bytes, needle: bytes) -> Iterator[Any]:
    return (json.loads(line) for line in body.splitlines() if needle in line)
