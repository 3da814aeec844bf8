"""The small district at Clever, for the complaints of Clever's users."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.lab import CleverLab, clever


@pytest.fixture
def lab() -> Iterator[CleverLab]:
    """Read and applied once."""
    with clever() as made:
        assert made.run().outcome == "applied"
        yield made
