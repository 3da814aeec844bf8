"""Every code of the catalogue is raised by something, or says why it is not."""

from __future__ import annotations

from pathlib import Path

import homeroom
from homeroom.model.issues import CATALOGUE, NOT_RAISED

PACKAGE = Path(next(iter(homeroom.__path__)))


def test_every_code_is_raised_or_says_why_it_is_not() -> None:
    sources = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix() != "model/issues.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert {code for code in CATALOGUE if f'"{code}"' not in text} == set(NOT_RAISED)
