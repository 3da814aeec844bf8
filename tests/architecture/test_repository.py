"""The repository's own entrances: the Makefile and .ci/run."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULE = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)


def rules() -> dict[str, list[str]]:
    """Recipe lines of each target of the Makefile."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Makefile").read_text().splitlines():
        if match := RULE.match(line):
            found[match[1]] = []
        elif line.startswith("\t"):
            found[list(found)[-1]].append(line)
    return found


def test_every_target_is_a_one_liner() -> None:
    assert rules()
    assert {name: len(recipe) for name, recipe in rules().items() if len(recipe) > 1} == {}


def test_make_alone_lists_every_target() -> None:
    shown = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+)  ", shown, re.MULTILINE)) == set(rules())


def test_ci_runs_the_two_commands_that_people_run() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert {"make test", "make demo"} <= set(re.findall(r"make [a-z-]+", (ROOT / ".ci/run").read_text()))
