"""Questions that need the engine: `support` passes them on to `plan_roster` and waits. Nothing is changed by them."""

from __future__ import annotations

from typing import Any

from homeroom.model import events
from homeroom.model.choices import merged
from homeroom.ports import World
from homeroom.support.sign_ins import failed_of
from homeroom.support.times import schedule_view


def try_choices(event: events.TryChoices, world: World) -> dict[str, Any]:
    """What a run would do with other choices, on the rows that were read last. Raises Refused and NotFound."""
    integration = world.integrations.get(event.integration)
    wished = merged(integration, event.choices)
    asked = events.AskTry(
        mode="try", integration=integration.id, choices=event.choices, as_of=event.as_of, limits=dict(event.limits))
    told = {} if event.choices.schedule is None else {"timing": schedule_view(wished, world.clock.now())}
    return world.engine.ask(asked) | told


def explain(event: events.Explain, world: World) -> dict[str, Any]:
    """Why a person or class is here or not, with these values; of a person also the last sign-ins that failed. Raises
    Refused and NotFound."""
    integration = world.integrations.get(event.integration)
    told = world.engine.ask(events.AskExplain(
        mode="explain", integration=integration.id, entity=event.entity, record=event.record))
    if event.entity != "people" or not told.get("id") or not integration.sign_in.on:
        return told
    return told | {"sign_ins": failed_of(told["id"], integration, world)}
