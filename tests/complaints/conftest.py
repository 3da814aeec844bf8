"""The small district at Clever, for the complaints of Clever's users."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.known import known_clever
from tests.conformance.lab import CleverLab


@pytest.fixture
def lab() -> Iterator[CleverLab]:
    """Read and applied once."""
    with known_clever() as made:
        yield made
