"""What the tests of the fake Clever share: a small district behind it, a client, a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders.oneroster import small_district
from tests.fakes.clever_district import District
from tests.fakes.clever_server import Clever, serving
from tests.reading.fakes.clever_asker import Asker, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clever(clock: Clock) -> Iterator[Clever]:
    made = Clever(small_district(), now=clock)
    with serving(made):
        yield made


@pytest.fixture
def ask(clever: Clever) -> Asker:
    return Asker(clever)


@pytest.fixture
def shared_district(clever: Clever) -> District:
    return clever.district
