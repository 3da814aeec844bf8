"""docs/complaints.md: each complaint of the two lists, what Homeroom does, and the tests that prove it.

    python -m tests.complaints.page            writes the page
    python -m tests.complaints.page --check    fails if the page is out of date, or complaints and tests differ

Neither runs a test: that they pass, the suite itself shows.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.complaints.complaints import LISTS, Complaint
from tests.complaints.complaints_c import CLEVER
from tests.complaints.complaints_r import ROSTER_SYNC

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[1] / "docs" / "complaints.md"
COMPLAINTS: tuple[Complaint, ...] = (*ROSTER_SYNC, *CLEVER)
_NAMED = re.compile(r"test_([rc])(\d+)_\w+")
_MADE = "<!-- Made by `make complaints` from `tests/complaints/`. Change that, not this page. -->"
_INTRODUCTION = """\
What districts, teachers and engineers complained about in other roster syncs, in our own words. Each is answered by a
test that carries its number: `test_r17_…` for number 17 of roster sync, `test_c22_…` for number 22 of Clever. A test
goes through the doors that everybody uses, in the smallest whole run that shows the complaint. What stands in italics
is not Homeroom's.

`make complaints` writes this page; `make complaints-check` fails if a complaint has no test, a test has no complaint,
or this page says something else. The tests are part of `make test`."""


@dataclass(frozen=True, order=True)
class Answered:
    """A test of a complaint: letter of the list, number, file and name."""

    list: str
    number: int
    file: str
    name: str


def answered() -> list[Answered]:
    """All tests of this folder, in the order of the lists. Raises ValueError for a test that names no complaint."""
    return sorted(one for path in sorted(FOLDER.glob("test_*.py")) for one in _tests_of(path))


def _tests_of(path: Path) -> Iterator[Answered]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = _NAMED.fullmatch(node.name)
            if said is None:
                raise ValueError(f"{path.name}: {node.name} names no complaint")
            yield Answered(said[1].upper(), int(said[2]), path.name, node.name)


def faults(complaints: Sequence[Complaint] = COMPLAINTS, tests: Sequence[Answered] | None = None) -> list[str]:
    """Where complaints and tests differ, in words; empty where each answers the other."""
    tests = answered() if tests is None else tests
    named = {(one.list, one.number) for one in tests}
    known = {(one.list, one.number): one for one in complaints}
    names = [one.name for one in tests]
    return [
        *(f"{row} stands in the table twice" for row in _twice([f"{one.list}{one.number}" for one in complaints])),
        *(f"{name} is the name of two tests" for name in _twice(names)),
        *(f"{one.list}{one.number} has no test" for one in complaints
          if not one.why_not and (one.list, one.number) not in named),
        *(f"{one.list}{one.number} has a test, and says why it has none" for one in complaints
          if one.why_not and (one.list, one.number) in named),
        *(f"{one.file}: {one.name} names no complaint" for one in tests if (one.list, one.number) not in known),
    ]


def _twice(found: Sequence[Any]) -> list[Any]:
    return [one for n, one in enumerate(found) if one in found[:n]]


def text() -> str:
    """The page."""
    tests = answered()
    parts = ["# Complaints", _MADE, _INTRODUCTION, _counts(tests)]
    for letter, name in LISTS.items():
        rows = sorted((one for one in COMPLAINTS if one.list == letter), key=lambda one: one.number)
        if rows:
            parts += [f"## {name}", _table(("no.", "complaint", "what Homeroom does", "tests"), (
                _row(one, [test for test in tests if (test.list, test.number) == (letter, one.number)])
                for one in rows))]
    return "\n\n".join(parts) + "\n"


def _counts(tests: Sequence[Answered]) -> str:
    rows = []
    for letter, name in LISTS.items():
        of_list = [one for one in COMPLAINTS if one.list == letter]
        mine = [one for one in tests if one.list == letter]
        rows.append([name, f"{len(of_list)}", f"{len({one.number for one in mine})}", f"{len(mine)}",
                     f"{sum(1 for one in of_list if one.why_not)}"])
    return _table(("list", "complaints", "with tests", "tests", "not to be prevented here"), rows)


def _row(one: Complaint, tests: Sequence[Answered]) -> list[str]:
    aside = one.why_not or one.beyond
    told = [one.answer, *([f"*{aside}*"] if aside else [])]
    named = [f"[`{test.name}`](../tests/complaints/{test.file})" for test in tests]
    return [f"{one.list}{one.number}", one.complaint, "<br>".join(told), "<br>".join(named)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def is_up_to_date() -> bool:
    """Whether the page is what table and tests would write."""
    return PAGE.exists() and PAGE.read_text(encoding="utf-8") == text()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page; 1 where complaints and tests differ, or the page is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tests.complaints.page")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args(arguments).check
    if not check:
        PAGE.write_text(text(), encoding="utf-8")
    wrong = faults()
    if not is_up_to_date():
        wrong.append("docs/complaints.md is out of date: run `make complaints`")
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
