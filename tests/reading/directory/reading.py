"""Reading a directory in a test: without waiting, and why it could not be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from homeroom.errors import SourceUnusable
from homeroom.model.directory import Account, Directory
from homeroom.read.directory import Access, accounts
from homeroom.read.http import Patience


@dataclass
class Waited:
    """Counts the seconds instead of sleeping."""

    seconds: list[float] = field(default_factory=list)

    def patience(self, budget: float = 300.0) -> Patience:
        return Patience(seconds=budget, wait=self.seconds.append)


def read(directory: Directory, credentials: dict[str, str], waited: Waited | None = None,
         uploaded: Callable[[], bytes] = lambda: b"") -> tuple[Account, ...]:
    """The accounts, without sleeping."""
    return accounts(directory, Access(credentials, (waited or Waited()).patience(), uploaded))


def told(directory: Directory, credentials: dict[str, str], **more: object) -> SourceUnusable:
    """Why there is no list. No credential gets into the words."""
    with pytest.raises(SourceUnusable) as raised:
        read(directory, credentials, **more)  # type: ignore[arg-type]
    said = f"{raised.value}{raised.value.issue_remedy}{raised.value!r}"
    assert not [value for value in credentials.values() if value in said]
    return raised.value
