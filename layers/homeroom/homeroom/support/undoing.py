"""Take a run back, see what that would do, and look at the roster as it was: modes of `plan_roster` (design 2)."""

from __future__ import annotations

from typing import Any

from homeroom.model import events
from homeroom.model.events import StartRun
from homeroom.ports import World
from homeroom.support.audit import audit
from homeroom.support.door import start
from homeroom.support.undoable import check_undo


def undo(event: events.Undo, world: World) -> dict[str, Any]:
    """Start a run that takes another one back, or a part of it.

    Raises NotFound for no such run, and Refused for one that changed nothing or whose journal is gone.
    """
    world.integrations.get(event.integration)
    asked = StartRun(
        trigger="undo", integration=event.integration, by=event.by, reason=event.reason, undo=event.run,
        only=event.only,
    )
    check_undo(asked, world)
    audit(world, event.integration, "undo", event.by, event.reason, run=event.run,
          only=event.only.model_dump(mode="json", exclude_defaults=True))
    return start(asked, world).model_dump(mode="json")


def try_undo(event: events.TryUndo, world: World) -> dict[str, Any]:
    """What an undo would do. Changes nothing. Raises as `undo` does."""
    world.integrations.get(event.integration)
    check_undo(StartRun(trigger="undo", integration=event.integration, undo=event.run), world)
    return world.engine.ask(events.AskUndo(
        mode="try_undo", integration=event.integration, run=event.run, only=event.only))


def as_of(event: events.AsOf, world: World) -> dict[str, Any]:
    """A person, class or school as it was at a moment. Raises NotFound, and Refused before the first load."""
    world.integrations.get(event.integration)
    return world.engine.ask(events.AskAsOf(
        mode="as_of", integration=event.integration, entity=event.entity, record=event.record, at=event.at))
