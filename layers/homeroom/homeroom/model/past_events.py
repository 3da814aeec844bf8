"""Operations that look back: undo, as-of, explain; and what they ask of the engine (`plan_roster`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from homeroom.model.choice_events import Choices
from homeroom.model.frozen import Frozen
from homeroom.model.season import DAY, Limit
from homeroom.model.selection import EVERYTHING, EntityName, Selection


class Undo(Frozen):
    """Take a run back, or a part of it. Records that changed since are listed and left alone (UND-01)."""

    operation: Literal["undo"]
    integration: str
    run: int = Field(ge=1)
    only: Selection = EVERYTHING
    by: str
    reason: str


class TryUndo(Frozen):
    """What an undo would do. Changes nothing."""

    operation: Literal["try_undo"]
    integration: str
    run: int = Field(ge=1)
    only: Selection = EVERYTHING


class AsOf(Frozen):
    """A person, class or school as it was at a moment, from the journal."""

    operation: Literal["as_of"]
    integration: str
    entity: EntityName = "people"
    record: str = Field(min_length=1, max_length=255)
    at: AwareDatetime


class Explain(Frozen):
    """Why is this person or class (not) here, with these values?"""

    operation: Literal["explain"]
    integration: str
    entity: Literal["people", "classes"] = "people"
    record: str = Field(min_length=1, max_length=255, description="source id, username, number or internal id")


class AskTry(Frozen):
    """To the engine: plan with other choices, on the rows that were read last."""

    mode: Literal["try"]
    integration: str
    choices: Choices = Choices()
    as_of: str | None = Field(default=None, pattern=DAY)
    limits: dict[str, Limit] = Field(default_factory=dict)


class AskUndo(Frozen):
    """To the engine: the plan of an undo, without keeping it."""

    mode: Literal["try_undo"]
    integration: str
    run: int
    only: Selection = EVERYTHING


class AskAsOf(Frozen):
    """To the engine: a record and what belongs to it, as it was."""

    mode: Literal["as_of"]
    integration: str
    entity: EntityName
    record: str
    at: datetime


class AskExplain(Frozen):
    """To the engine: from the source's row through rules to guards."""

    mode: Literal["explain"]
    integration: str
    entity: Literal["people", "classes"]
    record: str


Question = Annotated[AskTry | AskUndo | AskAsOf | AskExplain, Field(discriminator="mode")]
