"""A browser for a module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.harness import Browser, need


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a module; each opens contexts of its own."""
    need()
    with Browser() as running:
        yield running
