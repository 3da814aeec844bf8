"""Operations of `support` in a world in memory, as events that came as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from homeroom.model.connect_events import REVEALED
from homeroom.model.events import Connect, SupportOperation
from homeroom.model.integration import Integration
from homeroom.support.operations import act
from tests.builders.connections import APP, KEY_AND_SECRET
from tests.fakes.memory import MemoryWorld, memory_world

OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)
BY = {"by": "tse@vendor.example", "reason": "kick-off call"}


def do(world: MemoryWorld, operation: str, **words: Any) -> dict[str, Any]:
    return act(OPERATION.validate_python({"operation": operation, **words}), world)


def connect(world: MemoryWorld, wanted: Integration, **words: Any) -> dict[str, Any]:
    asked = Connect.model_validate({"operation": "connect", "integration": wanted, "by": "tse", **words})
    return act(OPERATION.validate_json(asked.model_dump_json(context=REVEALED)), world)


def stored(*integrations: Integration) -> MemoryWorld:
    """A world whose integrations have their credentials under the name `lab`."""
    world = memory_world(*(i.model_copy(update={"secret_name": "lab"}) for i in integrations))
    world.secrets.put("lab", APP if integrations[0].transport == "clever_api" else KEY_AND_SECRET)
    return world


def audited(world: MemoryWorld) -> list[dict[str, Any]]:
    return [dict(entry) for _, entry, _ in world.runs.audits]
