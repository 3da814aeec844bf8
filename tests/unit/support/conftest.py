"""What the tests of support share."""

from __future__ import annotations

import pytest

from homeroom.read import probing
from tests.builders.connections import Stub


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The source that every test of a connection meets."""
    stub = Stub()
    monkeypatch.setattr(probing, "_module", lambda transport: stub)
    return stub
