"""An approval holds for one plan only: bound to its hash, and lapsed as soon as anything moved under it."""

from __future__ import annotations

from homeroom.apply.holds import lapse
from homeroom.apply.manifest import load_manifest
from homeroom.errors import Lapsed, Refused
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration
from homeroom.model.plan import RULES_VERSION, PlanManifest
from homeroom.model.run import Control
from homeroom.ports import Edit, World


def check_approval(event: StartRun, world: World, integration: Integration, control: Control) -> str:
    """The day that the held plan reckons with, if it may be applied as it is.

    Raises Refused for another plan's hash, and Lapsed when the run is not held any more or when the applied roster,
    options, rules or hand edits moved since; the hold then ends.
    """
    if event.held_run is None or control.held_run != event.held_run:
        raise Lapsed(f"run {event.held_run} is not held any more")
    if world.runs.run(integration.id, event.held_run).outcome != "held":
        raise Lapsed(f"run {event.held_run} is not held any more")
    manifest = load_manifest(world.objects, integration.id, event.held_run)
    if event.plan_hash != manifest.plan_hash:
        raise Refused(f"the hash is not that of the plan of run {event.held_run}")
    moved = what_moved(manifest, event.held_run, integration, control, world.roster.edits(integration.roster))
    if moved is not None:
        lapse(world, control, moved)
        raise Lapsed(moved)
    return manifest.as_of


def what_moved(
    manifest: PlanManifest, held_run: int, integration: Integration, control: Control, edits: list[Edit]
) -> str | None:
    """In words, what is no longer as it was when the plan was held; None if nothing moved. Pure."""
    waiting = {edit.item for edit in edits}
    planned = {(owner, member) for owner, member, *_ in manifest.edits}
    moved = {
        "the applied roster changed since": manifest.base_run != control.applied_run,
        "a later run began to write": any(run > held_run for run in control.dirty_runs),
        "the options changed since": manifest.options_hash != integration.options_hash(),
        "the rules changed since": manifest.rules_version != RULES_VERSION,
        "hand edits were made since": waiting != planned,
    }
    return next((text for text, true in moved.items() if true), None)
