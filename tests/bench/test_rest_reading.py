"""A million enrollments from a service that takes 200 ms for each page: sixteen connections against one.

The service is a process of its own, and so is each reading; all share the machine. The ratio is what is promised.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ENROLLMENTS = 1_000_000
MILLISECONDS_A_PAGE = 200
LEAST_TIMES_FASTER = 8.0
MOST_MEGABYTES = 300

pytestmark = pytest.mark.bench


@pytest.fixture
def service(root: Path) -> Iterator[dict[str, str]]:
    """A large district behind a slow service, in a child process."""
    command = [sys.executable, "-m", "tests.fakes.oneroster_server", "--enrollments", str(ENROLLMENTS),
               "--delay-ms", str(MILLISECONDS_A_PAGE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


def reading(root: Path, service: dict[str, str], connections: int) -> dict[str, Any]:
    """What one reading process took."""
    command = [sys.executable, "-m", "tests.bench.read_rest", service["url"], service["key"], service["secret"],
               str(connections)]
    told: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=root).stdout)
    assert (told["done"], told["enrollments"]) == (True, ENROLLMENTS)
    return told


def test_sixteen_connections_are_eight_times_as_fast_as_one(
        root: Path, service: dict[str, str], capsys: Any) -> None:
    """Same client, same service, same page size; the peak of the fast one is bounded."""
    fast, slow = reading(root, service, 16), reading(root, service, 1)
    ratio = slow["seconds"] / fast["seconds"]
    with capsys.disabled():
        for name, told in (("16", fast), (" 1", slow)):
            print(f"\n  {name} connections: {told['seconds']:.1f} s, cpu {told['cpu']:.1f} s, {told['requests']}"
                  f" requests, peak {told['megabytes']:.0f} MB, {told['blocks']} blocks", end="")
        print(f"\n  ratio {ratio:.1f}, at least {LEAST_TIMES_FASTER}")
    assert ratio >= LEAST_TIMES_FASTER
    assert max(fast["megabytes"], slow["megabytes"]) <= MOST_MEGABYTES
