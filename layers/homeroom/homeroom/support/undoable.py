"""Can a run be taken back? Asked before the door opens, and again under the lease."""

from __future__ import annotations

from homeroom.apply.manifest import load_manifest
from homeroom.errors import NotFound, Refused
from homeroom.model import places
from homeroom.model.events import StartRun
from homeroom.ports import World

_APPLIED = ("applied", "applied with issues")


def check_undo(event: StartRun, world: World) -> None:
    """Raises NotFound for no such run, and Refused for one that changed nothing or whose journal is gone."""
    if event.undo is None:
        raise Refused("an undo names the run that it takes back")
    record = world.runs.run(event.integration, event.undo)
    if record.plan_run is None or record.outcome not in (*_APPLIED, "nothing to change"):
        told = f": {record.text}" if record.outcome in _APPLIED else f", it is {record.outcome or record.state}"
        raise Refused(f"run {record.run} did not write the roster itself{told}",
                      remedy="Undo a run that was applied; `runs` lists them.")
    parts = _parts(event.integration, event.undo, world)
    if parts is None:
        raise Refused(f"the journal of run {event.undo} is gone", remedy="Correct the source; the next run follows it.")
    if not parts:
        raise Refused(f"run {event.undo} changed nothing", remedy="Undo a run that was applied; `runs` lists them.")


def _parts(integration: str, run: int, world: World) -> int | None:
    """How many parts of a journal are kept, those of the interrupted runs that the run repaired among them; None where
    one is missing."""
    try:
        mended = load_manifest(world.objects, integration, run).mends
        planned = {one: load_manifest(world.objects, integration, one).parts for one in (*mended, run)}
    except NotFound:
        return None
    keys = {places.part(integration, one, number) for one, parts in planned.items() for number in range(len(parts))}
    kept = {key for one in planned for key in world.objects.list(places.plan_folder(integration, one))}
    return len(keys) if keys <= kept else None
