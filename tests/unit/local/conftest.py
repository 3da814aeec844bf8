"""The command as people call it: words in, exit code and both outputs out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.cli import main
from tests.unit.local.memory_stack import MemoryAws


@dataclass(frozen=True)
class Ran:
    """What a call of the command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; fails when there is anything else."""
        return json.loads(self.out)


Homeroom = Callable[..., Ran]


@pytest.fixture
def homeroom(capsys: pytest.CaptureFixture[str]) -> Homeroom:
    """Run `homeroom` with these words."""

    def run(*words: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> MemoryAws:
    """The stack that every command of a test talks to."""
    aws = MemoryAws()
    monkeypatch.setattr("local.commands.asking.open_stack", lambda name, profile: aws.stack)
    monkeypatch.setattr("local.commands.asking.getpass.getuser", lambda: "csm-7")
    return aws
