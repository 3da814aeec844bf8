"""docs/conformance.md: each statement of the two conformance lists, the tests that show it, and how they ended.

    python -m tests.conformance.page            runs the tests of this folder and writes the page
    python -m tests.conformance.page --check    fails if the page is not what these tests, all passing, would write

`--check` runs nothing, so it costs a second: that the tests pass, the suite itself shows.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.statements import LEFT_OUT, LISTS, REMARKS

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[1] / "docs" / "conformance.md"
PASSES, FAILS = "passes", "**fails**"
_NUMBERED = re.compile(r"test_(or|cl)_(\d\d)_\w+")
_MADE = "<!-- Made by `make conformance` from `tests/conformance/`. Change that, not this page. -->"
_INTRODUCTION = """\
Two lists say what a reader of OneRoster and of Clever must do, each in 60 statements. Here they stand in our own words,
with the tests that show them and how these ended. A test carries the number of its statement. It goes through the doors
that everybody uses: files that land or the real readers over HTTP against the fake services of `tests/fakes/`, and then
a whole run (read, check, shape, diff, guard, apply, report) on stores in memory.

`make conformance` runs the tests and writes this page; `make conformance-check` fails if the page and the tests differ.
The tests are part of `make test`, so a page that says `passes` is as true as the last run of the suite."""


@dataclass(frozen=True, order=True)
class Numbered:
    """A test of a statement: letters of the list, number, file and name."""

    list: str
    number: int
    file: str
    name: str


def numbered() -> list[Numbered]:
    """All tests of this folder, in the order of the lists. Raises ValueError for a test without a number."""
    return sorted(one for path in sorted(FOLDER.glob("test_*.py")) for one in _tests_of(path))


def _tests_of(path: Path) -> Iterator[Numbered]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = _NUMBERED.fullmatch(node.name)
            if said is None:
                raise ValueError(f"{path.name}: {node.name} carries no number of a statement")
            yield Numbered(said[1], int(said[2]), path.name, node.name)


class _Endings:
    """A plugin of pytest: how each test ended, all of its cases together."""

    def __init__(self) -> None:
        self.results: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2].partition("[")[0]
        if not report.passed:
            self.results[name] = FAILS
        elif report.when == "call":
            self.results.setdefault(name, PASSES)


def run() -> Mapping[str, str]:
    """Run the tests of this folder; the result of each by name."""
    endings = _Endings()
    pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "-n", "2", str(FOLDER)], plugins=[endings])
    return endings.results


def text(results: Mapping[str, str] | None = None) -> str:
    """The page; without results, as it is when all tests pass."""
    tests = numbered()
    parts = ["# Conformance", _MADE, _INTRODUCTION, _counts(tests)]
    for letters, (name, statements) in LISTS.items():
        of_list = [one for one in tests if one.list == letters]
        parts += [f"## {name}", _table(("no.", "statement", "tests", "result"), (
            _row(number, statement, [one for one in of_list if one.number == number], REMARKS[letters], results)
            for number, statement in statements.items() if number not in LEFT_OUT[letters]))]
        if LEFT_OUT[letters]:
            rows = ([f"{number}", statements[number], why] for number, why in sorted(LEFT_OUT[letters].items()))
            parts += [f"### {name}: left out", _table(("no.", "statement", "why"), rows)]
    return "\n\n".join(parts) + "\n"


def _counts(tests: Sequence[Numbered]) -> str:
    rows = []
    for letters, (name, statements) in LISTS.items():
        numbers = [one.number for one in tests if one.list == letters]
        rows.append([name, f"{len(statements)}", f"{len({*numbers})}", f"{len(numbers)}", f"{len(LEFT_OUT[letters])}"])
    return _table(("list", "statements", "tested", "tests", "left out"), rows)


def _row(number: int, statement: str, tests: Sequence[Numbered], remarks: Mapping[int, str],
         results: Mapping[str, str] | None) -> list[str]:
    remark = f"<br>*{remarks[number]}*" if number in remarks else ""
    named = [f"[`{one.name}`](../tests/conformance/{one.file})" for one in tests]
    ended = [PASSES if results is None else results.get(one.name, "not run") for one in tests]
    return [f"{number}", statement + remark, "<br>".join(named), "<br>".join(ended)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def is_up_to_date() -> bool:
    """Whether the page is what the tests, all passing, would write."""
    return PAGE.exists() and PAGE.read_text(encoding="utf-8") == text()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page; 1 where a test fails or the page is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.page")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    if parser.parse_args(arguments).check:
        if not is_up_to_date():
            print("docs/conformance.md is out of date: run `make conformance`", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text(run()), encoding="utf-8")
    return 0 if is_up_to_date() else 1


if __name__ == "__main__":
    sys.exit(main())
