"""What support sees of an integration and its runs: JSON of counts, codes and words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from homeroom.model.integration import Integration
from homeroom.model.run import RunRecord
from homeroom.ports import World
from homeroom.support.rules import leased
from homeroom.support.status import Seen, standing
from homeroom.support.steps import Facts, steps
from homeroom.support.times import schedule_view

RECENT = 20
"""Runs that a status looks back to."""


def seen(integration: Integration, world: World, runs: int = RECENT) -> Seen:
    """What a status is judged by, as it is now."""
    control = world.runs.control(integration.id)
    return Seen(integration, control, world.runs.history(integration.id, max(runs, RECENT)), world.clock.now())


def integration_view(looked: Seen) -> dict[str, Any]:
    """One line of `list`: status, who acts next, and the numbers of the runs that matter."""
    told, control = standing(looked), looked.control
    return {
        "integration": looked.integration.id,
        "district": looked.integration.district_name or looked.integration.id,
        "status": told.status,
        "owner": told.owner,
        "text": told.text,
        "running_run": control.lease_run if leased(control, looked.now) else None,
        "held_run": control.held_run,
        "applied_run": control.applied_run,
        "applied_at": control.applied_at.isoformat() if control.applied_at else None,
        "pending": control.pending is not None,
    } | schedule_view(looked.integration, looked.now)


def steps_view(looked: Seen) -> dict[str, Any]:
    """The set-up step by step, in order; `done` is null where only a connection test can tell."""
    return {"steps": [asdict(step) for step in steps(Facts(looked.integration, looked.control))]}


def set_up_view(integration: Integration) -> dict[str, Any]:
    """The set-up as `connect` takes it again; credentials are not in it, only the name of their secret."""
    ours = {"created_at", "created_by", "paused", "setup", "primary", "moving"}
    return {"set_up": integration.model_dump(mode="json", exclude=ours)}


def run_view(record: RunRecord) -> dict[str, Any]:
    """One line of a history: everything but the summary."""
    return record.model_dump(mode="json", exclude={"summary"})
