"""Nothing happens when nothing lands: so once a day somebody asks which rosters are old, what is late, what waits."""

from __future__ import annotations

from typing import Any

from homeroom.model.integration import Integration
from homeroom.ports import World
from homeroom.support.deliveries import late_file
from homeroom.support.door import start_waiting
from homeroom.support.expected import LATE
from homeroom.support.status import is_stale
from homeroom.support.views import seen


def check_stale(world: World) -> dict[str, Any]:
    """Tell people which rosters are stale and which files are late, and start deliveries that wait since a pause or
    blackout ended."""
    integrations = world.integrations.list()
    old = sorted(integration.id for integration in integrations if is_stale(seen(integration, world)))
    missing = sorted(integration.id for integration in integrations if late_file(integration, world) is not None)
    started = [integration.id for integration in integrations if _starts(integration, world)]
    if old:
        world.notices.publish(
            f"Homeroom: {len(old)} stale rosters",
            "No run was applied, nor an unchanged export seen, for longer than these integrations allow: "
            + ", ".join(old) + ". Next: look at the status of each.",
        )
    if missing:
        world.notices.publish(
            f"Homeroom: {len(missing)} late files",
            f"{LATE}: by their schedules, files of these integrations should have come and did not: "
            + ", ".join(missing) + ". Next: ask the districts to check their exports' schedules.",
        )
    return {"checked": len(integrations), "stale": old, "late": missing, "started": started}


def _starts(integration: Integration, world: World) -> bool:
    started = start_waiting(integration.id, world)
    return started is not None and started.state == "queued"
