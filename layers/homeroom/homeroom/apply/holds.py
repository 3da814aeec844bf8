"""A held run that is no longer held: approved, discarded or lapsed because a newer plan did not trip.

Held is a plan of which nothing was applied, or the rest of one of which a part was (`RunRecord.waits`).
"""

from __future__ import annotations

from datetime import datetime

from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.run import Control, Outcome, RunRecord
from homeroom.ports import Objects, World

SINCE_THEN = "; since then "
"""In the words of a run that was applied but for a part: behind it stands what became of that part."""


def lapse(world: World, control: Control, text: str) -> None:
    """The held run, if there is one, lapses: said in the ledger, its raw rows expire, and only then it is forgotten.

    What waited of a run that was applied in part must be asked for again, although the source says the same.
    """
    record = held_record(world, control)
    if record is not None:
        world.runs.record(settled(record, "lapsed", text, world.clock.now()))
        expire_held(world.objects, control)
        world.runs.clear_hold(record.integration, record.run, replan=record.waits is not None)


def held_record(world: World, control: Control) -> RunRecord | None:
    """Ledger entry of the run that is held now, or that was applied while a part of its plan waits."""
    if control.held_run is None:
        return None
    try:
        return world.runs.run(control.integration, control.held_run)
    except NotFound:
        return None


def settled(record: RunRecord, outcome: Outcome, text: str, now: datetime) -> RunRecord:
    """The ledger entry of a held run as it stands from now on.

    A run that was applied but for a part that waited stays applied; the words tell what became of the rest.
    """
    if record.waits is not None:
        told = text if outcome == "applied" else f"{outcome}: {text}"
        return record.model_copy(update={"waits": None, "owner": "nobody", "text": f"{record.text}{SINCE_THEN}{told}"})
    return record.model_copy(update={"state": "finished", "outcome": outcome, "text": text, "finished_at": now})


def expire_held(objects: Objects, control: Control) -> None:
    """What the held run kept is no longer needed, unless it is the run that was applied last: all starts from that."""
    if control.held_run is not None and control.held_run != control.applied_run:
        supersede(objects, control.integration, control.held_run)


def supersede(objects: Objects, integration: str, run: int) -> None:
    """Mark what a run kept of people and is no longer needed, raw rows, issues and state, for expiry."""
    objects.tag_superseded(places.run_folder(integration, run) + "raw/")
    objects.tag_superseded(places.fetched_folder(integration, run))
    objects.tag_superseded(places.issues(integration, run))
    objects.tag_superseded(places.state_folder(integration, run))
