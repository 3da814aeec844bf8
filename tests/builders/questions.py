"""Questions to the engine in one process, as `support` asks them: both ways through JSON, and watched.

    asked = questions_of(world)
    told = asked("try", choices={"options": {"class_names": "on"}})

A question that writes anything, or looks into the landing folder, fails the test that asks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from pydantic import TypeAdapter

from homeroom.model.events import SupportOperation
from homeroom.model.past_events import Question
from homeroom.planning.answering import answer
from homeroom.support.operations import act
from tests.fakes.memory import MemoryLanding, MemoryWorld

_QUESTION: TypeAdapter[Any] = TypeAdapter(Question)
_OPERATION: TypeAdapter[Any] = TypeAdapter(SupportOperation)


def with_engine(world: MemoryWorld) -> MemoryWorld:
    """The world, whose engine answers."""

    def engine(question: Any) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(json.dumps(
            answer(_QUESTION.validate_json(question.model_dump_json()), world)))
        return told

    world.engine.answer = engine
    return world


def questions_of(world: MemoryWorld, integration: str = "lab-usd") -> Callable[..., dict[str, Any]]:
    """Asks one operation of `support` that must change nothing and ask no source."""
    with_engine(world)

    def asked(operation: str, **words: Any) -> dict[str, Any]:
        before = state_of(world)
        event = _OPERATION.validate_python({"operation": operation, "integration": integration, **words})
        with patch.object(MemoryLanding, "fetch", side_effect=AssertionError("the landing folder was read")):
            told: dict[str, Any] = json.loads(json.dumps(act(event, world)))
        assert state_of(world) == before
        return told

    return asked


def state_of(world: MemoryWorld) -> tuple[Any, ...]:
    """Everything that a question must leave alone: objects, roster, ledger, and how often anything was written."""
    return (
        len(world.faults.steps), sorted(world.objects.bodies), sorted(world.objects.superseded),
        dict(world.roster.items), len(world.executions.started), len(world.notices.sent), dict(world.secrets.kept),
    )
