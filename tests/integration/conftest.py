"""One embedded AWS for the whole session, with the real stack in it; tests keep apart by their integrations' names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.embedded import Embedded, deploy, embedded
from tests.integration.hostile_lab import HostileLab, hostile_lab

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def aws() -> Iterator[Embedded]:
    """The embedded AWS with our functions deployed: `aws.clients("s3")`, `aws.stack["LandingBucketName"]`."""
    with embedded() as started:
        yield replace(started, stack=deploy(started.clients))


@pytest.fixture(scope="session")
def hostile() -> Iterator[HostileLab]:
    """A second stack, for tests that spoil portals, tables and keys: see `hostile_lab`."""
    with hostile_lab() as lab:
        yield lab
