"""Planning a large district against the state of the day before, compared with reading its files and nothing else.

Both run as whole processes, in turn, on the same machine: the ratio is what is promised, not the seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROUNDS = 5
MOST_TIMES_A_SCAN = 4.0
MOST_MEGABYTES = 1200

pytestmark = pytest.mark.bench


@dataclass(frozen=True)
class Cost:
    """One process: wall and CPU seconds, peak resident memory in megabytes."""

    wall: float
    cpu: float
    megabytes: float


def cost_of(command: list[str], *, exits: int) -> Cost:
    """Run a command to its end; what it used is what the operating system says of that one process."""
    began = os.times().elapsed
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == exits, f"{command} ended with {process.returncode}"
    return Cost(os.times().elapsed - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def test_planning_a_large_district_costs_at_most_four_scans(district_of_size, tmp_path: Path, capsys) -> None:
    """1.24 million rows, one percent changed since the day before."""
    before, after = district_of_size("M", day=0), district_of_size("M", day=1)
    homeroom = str(Path(sys.executable).with_name("homeroom"))
    kept = tmp_path / "kept"
    subprocess.run([homeroom, "plan", str(before), "--keep", str(kept), "--json"], stdout=subprocess.DEVNULL)
    plan = [homeroom, "plan", str(after), "--since", str(kept), "--json"]
    scan = [sys.executable, str(Path(__file__).with_name("scan.py")), str(after)]
    cost_of(scan, exits=0), cost_of(plan, exits=10)
    pairs = [(cost_of(plan, exits=10), cost_of(scan, exits=0)) for _ in range(ROUNDS)]
    ratio = statistics.median(p.wall / s.wall for p, s in pairs)
    peak = max(p.megabytes for p, _ in pairs)
    with capsys.disabled():
        print(f"\n  plan  wall {_spread([p.wall for p, _ in pairs])}  cpu {_spread([p.cpu for p, _ in pairs])}"
              f"  peak {peak:.0f} MB")
        print(f"  scan  wall {_spread([s.wall for _, s in pairs])}  cpu {_spread([s.cpu for _, s in pairs])}"
              f"  peak {max(s.megabytes for _, s in pairs):.0f} MB")
        print(f"  ratio of walls {_spread([p.wall / s.wall for p, s in pairs])}, at most {MOST_TIMES_A_SCAN}")
    assert ratio <= MOST_TIMES_A_SCAN
    assert peak <= MOST_MEGABYTES


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}..{max(values):.2f})"
