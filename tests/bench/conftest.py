"""Large districts, made once by the generator that stands beside some checkouts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RUNNER = """
import runpy, sys, zipfile
class ZipInfo(zipfile.ZipInfo):
    'The generator sets an attribute that zipfile knows from Python 3.13 on.'
zipfile.ZipInfo = ZipInfo
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.fixture(scope="session")
def district_of_size(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A zip of a district of that size on that day."""
    folder = tmp_path_factory.mktemp("districts")

    def make(size: str, *, day: int) -> Path:
        path = folder / f"{size}{day}.zip"
        tool = str(shared / "tools" / "make_district.py")
        subprocess.run(
            [sys.executable, "-c", RUNNER, tool, "--size", size, "--day", str(day), "--out", str(path)],
            check=True, stdout=subprocess.DEVNULL,
        )
        return path

    return make
