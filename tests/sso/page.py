"""docs/sso-conformance.md: what a sign-in must do, row by row, and the tests that prove it.

    python -m tests.sso.page            writes the page
    python -m tests.sso.page --check    fails if the page is out of date, or a row has neither a test nor a reason

Neither runs a test: that they pass, the suite itself shows.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sso.statements import LEFT_OUT, LISTS, REMARKS, STATEMENTS

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "sso-conformance.md"
_MADE = "<!-- Made by `make sso-conformance` from `tests/`. Change the tests, not this page. -->"
_INTRODUCTION = """\
What single sign-on must do and what it must withstand, in our own words, and the tests that prove it. A test names its
rows in the decorator `@proves`. Most go through the doors that everybody uses: the three functions, a portal that
answers over HTTP, a product with a standard library, and for what people see a real browser.

`make sso-conformance` writes this page; `make sso-conformance-check` fails if a row has neither a test nor a reason, or
the page says something else. The tests are part of `make test`. [Sign-in](sign-in.md) tells how it works."""


@dataclass(frozen=True, order=True)
class Proof:
    """A test that names a row: file below tests/, and its name."""

    row: str
    file: str
    name: str


def proofs() -> list[Proof]:
    """All of them, in the order of files and names."""
    return sorted(proof for path in sorted(TESTS.rglob("test_*.py")) for proof in _proofs_of(path))


def _proofs_of(path: Path) -> Iterator[Proof]:
    source = path.read_text(encoding="utf-8")
    if "@proves" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for row in _rows(node.decorator_list):
                yield Proof(row, path.relative_to(TESTS).as_posix(), node.name)


def _rows(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for one in decorators:
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "proves":
            yield from (str(argument.value) for argument in one.args if isinstance(argument, ast.Constant))


def faults(found: Sequence[Proof], left_out: Mapping[str, str] = LEFT_OUT,
           statements: Mapping[str, str] = STATEMENTS) -> list[str]:
    """Where rows and tests differ, in words; empty where every row has a test or a reason."""
    named = {proof.row for proof in found}
    return [
        *(f"{row} has no test and no reason" for row in statements if row not in named and row not in left_out),
        *(f"{row} has a test, and says why it has none" for row in left_out if row in named),
        *(f"{proof.file}: {proof.name} names {proof.row}, which is no row"
          for proof in found if proof.row not in statements),
    ]


def text(found: Sequence[Proof]) -> str:
    """The page."""
    counted = _table(("list", "rows", "with tests", "tests", "without, with a reason"),
                     (_counts(letter, found) for letter in LISTS))
    parts = ["# Sign-in: what is proved", _MADE, _INTRODUCTION, counted]
    for letter, name in LISTS.items():
        rows = [row for row in STATEMENTS if row[0] == letter]
        parts += [f"## {name}", _table(("no.", "what", "tests"), (_row(row, found) for row in rows))]
    return "\n\n".join(parts) + "\n"


def _counts(letter: str, found: Sequence[Proof]) -> list[str]:
    rows = [row for row in STATEMENTS if row[0] == letter]
    mine = [proof for proof in found if proof.row in rows]
    return [LISTS[letter], f"{len(rows)}", f"{len({proof.row for proof in mine})}",
            f"{len({(proof.file, proof.name) for proof in mine})}", f"{sum(row in LEFT_OUT for row in rows)}"]


def _row(row: str, found: Sequence[Proof]) -> list[str]:
    aside = LEFT_OUT.get(row) or REMARKS.get(row)
    named = [f"[`{one.name}`](../tests/{one.file})" for one in found if one.row == row]
    return [row, STATEMENTS[row] + (f"<br>*{aside}*" if aside else ""), "<br>".join(named)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page; 1 where rows and tests differ, or the page is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tests.sso.page")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    found = proofs()
    if not parser.parse_args(arguments).check:
        PAGE.write_text(text(found), encoding="utf-8")
    wrong = faults(found)
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text(found):
        wrong.append("docs/sso-conformance.md is out of date: run `make sso-conformance`")
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
