"""Rules about our own source that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers/homeroom/homeroom"
PURE = ("model", "products", "check", "shape", "diff", "guard", "report")
SETTINGS = (PACKAGE / "aws" / "settings.py", PACKAGE / "aws" / "sign_in_settings.py")

PACKAGE_FILES = sorted(PACKAGE.rglob("*.py"))
HANDLERS = sorted(ROOT.glob("functions/*/app.py"))
DEPLOYED = [*PACKAGE_FILES, *HANDLERS]
OURS = [
    *DEPLOYED,
    ROOT / "layers/build.py",
    *(p for folder in ("local", "tests", ".ci") for p in sorted((ROOT / folder).rglob("*.py"))),
]
Rule = Callable[[ast.AST], bool]
CLOCK = {"now", "today", "utcnow", "fromtimestamp", "time", "monotonic", "perf_counter"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(), filename=str(path))))


@pytest.fixture(autouse=True, scope="module")
def _forgotten() -> Iterator[None]:
    """The trees of all files are much to keep for the tests that come after."""
    yield
    nodes.cache_clear()


def offenders(paths: list[Path], is_offence: Rule) -> list[str]:
    """`file:line` of each node that offends."""
    found = ((path, node) for path in paths for node in nodes(path) if is_offence(node))
    return [f"{name_of(path)}:{getattr(node, 'lineno', 0)}" for path, node in found]


def calls_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def reads_the_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and bool({"environ", "getenv"} & {alias.name for alias in node.names})
    return isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}


def swallows(node: ast.AST) -> bool:
    """An `except` that does nothing at all, or that hides every fault alike."""
    if isinstance(node, ast.ExceptHandler):
        return all(isinstance(s, ast.Pass) or is_ellipsis(s) for s in node.body)
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        hidden = {arg.id for arg in node.args if isinstance(arg, ast.Name)}
        return called == "suppress" and bool(hidden & {"Exception", "BaseException"})
    return False


def is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def asks_the_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_the_rules_look_at_our_files() -> None:
    assert PACKAGE / "errors.py" in DEPLOYED
    assert Path(__file__).resolve() in OURS


def test_nothing_deployed_prints() -> None:
    assert offenders(DEPLOYED, calls_print) == []


def test_only_the_settings_read_the_environment() -> None:
    assert offenders([p for p in DEPLOYED if p not in SETTINGS], reads_the_environment) == []


def test_no_exception_is_swallowed() -> None:
    assert offenders(OURS, swallows) == []


def test_the_pure_stages_never_ask_the_clock() -> None:
    pure = [p for p in PACKAGE_FILES if p.relative_to(PACKAGE).parts[0] in PURE]
    assert pure
    assert offenders(pure, asks_the_clock) == []


def test_no_file_is_longer_than_400_lines() -> None:
    assert {name_of(p): n for p in OURS if (n := p.read_text().count("\n")) > 400} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    functions = [(p, n) for p in OURS for n in nodes(p) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert {f"{name_of(p)}:{n.name}": lines_of(n) for p, n in functions if lines_of(n) > 60} == {}


@pytest.mark.parametrize("app", HANDLERS, ids=lambda app: app.parent.name)
def test_a_handler_is_thin(app: Path) -> None:
    """Parse the event, call one stage, return keys and counts."""
    functions = [n for n in nodes(app) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert "handler" in {n.name for n in functions}
    assert {n.name: lines_of(n) for n in functions if lines_of(n) >= 40} == {}
    assert app.read_text().count("\n") < 80


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("print('x')", calls_print),
        ("import os\nos.environ['A']", reads_the_environment),
        ("from os import getenv", reads_the_environment),
        ("try:\n    f()\nexcept ValueError:\n    pass", swallows),
        ("with contextlib.suppress(Exception):\n    f()", swallows),
        ("date.today()", asks_the_clock),
    ],
)
def test_each_rule_finds_what_it_forbids(source: str, rule: Rule) -> None:
    assert any(rule(node) for node in ast.walk(ast.parse(source)))
