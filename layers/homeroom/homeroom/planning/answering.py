"""Questions to the engine: modes of `plan_roster` beside the plan of a run, each a function that answers in JSON.

A question takes no lease, writes nothing and asks no source: it looks at what runs have kept. Raises Refused and
NotFound with words for whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from homeroom.planning.explaining import answer_explain
from homeroom.planning.past import answer_as_of
from homeroom.planning.trying import answer_try
from homeroom.planning.undoing import answer_undo
from homeroom.ports import World

_ANSWERS: Mapping[str, Callable[[Any, World], dict[str, Any]]] = {
    "try": answer_try, "explain": answer_explain, "try_undo": answer_undo, "as_of": answer_as_of,
}
"""Mode of a question → who answers it."""


def answer(question: Any, world: World) -> dict[str, Any]:
    """The answer to a question (`homeroom.model.past_events.Question`), in JSON."""
    return _ANSWERS[question.mode](question, world)
