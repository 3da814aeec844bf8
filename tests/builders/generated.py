"""Districts made by the generator that stands beside some checkouts, with its truth file: what is in them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUNNER = """
import runpy, sys, zipfile
class ZipInfo(zipfile.ZipInfo):
    'The generator sets an attribute that zipfile knows from Python 3.13 on.'
zipfile.ZipInfo = ZipInfo
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@dataclass(frozen=True)
class Generated:
    """One export, and what the generator says of it."""

    path: Path
    truth: dict[str, Any]

    def errors(self, kind: str) -> int:
        """Rows broken in one way (`required`, `enum`, `fk`, `date`, `dup`), over all files."""
        return sum(count for name, count in self.truth["errors"].items() if name.endswith(f".{kind}"))

    def changes(self, stem: str) -> tuple[int, int, int]:
        """Rows of a file that came, changed and went since the day before."""
        counted = self.truth["counts"][stem]
        return counted["add"], counted["upd"], counted["rem"]


def generate(shared: Path, path: Path, *options: str) -> Generated:
    """Run the generator with these options."""
    tool = str(shared / "tools" / "make_district.py")
    command = [sys.executable, "-c", _RUNNER, tool, "--out", str(path), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Generated(path, json.loads(Path(f"{path}.truth.json").read_text()))
