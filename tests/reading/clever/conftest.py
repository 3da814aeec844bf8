"""A district at a fake Clever, as each test of the reader begins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders.oneroster import small_district
from tests.fakes.clever_server import serving
from tests.reading.clever.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The small district, three records a page."""
    lab = Lab(small_district())
    with serving(lab.clever):
        yield lab
