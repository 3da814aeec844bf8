"""What the complaints of Clever's users share: the two ways of a read, and a question to support."""

from __future__ import annotations

from typing import Any

from tests.builders.questions import with_engine
from tests.conformance.lab import CleverLab
from tests.unit.support.asking import do

HOW = [{"full": True}, {}]
"""By a full read, and by events."""


def asked(lab: CleverLab, operation: str, **words: Any) -> dict[str, Any]:
    """The answer of support about the small district."""
    return do(with_engine(lab.world), operation, integration="clever", **words)
