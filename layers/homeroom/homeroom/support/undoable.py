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
    try:
        manifest = load_manifest(world.objects, event.integration, event.undo)
    except NotFound:
        manifest = None
    kept = set(world.objects.list(places.plan_folder(event.integration, event.undo)))
    if manifest is None or not kept.issuperset(
            places.part(event.integration, event.undo, number) for number in range(len(manifest.parts))):
        raise Refused(f"the journal of run {event.undo} is gone", remedy="Correct the source; the next run follows it.")
    if not manifest.parts:
        raise Refused(f"run {event.undo} changed nothing", remedy="Undo a run that was applied; `runs` lists them.")
