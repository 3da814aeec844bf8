"""Large districts, made once by the generator that stands beside some checkouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.generated import generate


@pytest.fixture(scope="session")
def district_of_size(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A zip of a district of that size on that day."""
    folder = tmp_path_factory.mktemp("districts")
    return lambda size, *, day: generate(shared, folder / f"{size}{day}.zip", "--size", size, "--day", str(day)).path
