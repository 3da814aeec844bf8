"""Base of the JSON shapes at the edges."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable; unknown fields are refused, so that a typing error never passes in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
