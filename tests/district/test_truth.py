"""What the generator says it did is exactly what `check` finds and `plan` would do, for any seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.cli import main
from tests.builders.generated import Generated, generate

SOME = ("--size", "S", "--students", "1500")
ENTITIES = {"orgs": "orgs", "terms": "academicSessions", "courses": "courses", "classes": "classes", "people": "users",
            "enrollments": "enrollments"}
KINDS = {
    "required": ("FLD-01",),
    "enum": ("FLD-02", "FLD-03", "FLD-07"),
    "date": ("FLD-06",),
    "fk": ("REF-01", "REF-02", "REF-08"),
    "dup": ("DUP-01", "DUP-02"),
}
VARIANTS = [
    ("--seed", "1"), ("--seed", "2"), ("--seed", "31", "--shuffle"), ("--seed", "4", "--ids", "uuid"),
    ("--seed", "77", "--ids", "uuid", "--shuffle"), ("--seed", "5", "--parents", "0"),
]

Make = Callable[..., Generated]


@pytest.fixture
def make(shared: Path, tmp_path: Path) -> Make:
    """Makes districts into a folder of the test's own."""
    return lambda name, *options: generate(shared, tmp_path / f"{name}.zip", *SOME, *options)


def homeroom(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The command with `--json`: exit code and document."""
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("options", VARIANTS, ids=" ".join)
def test_check_finds_every_broken_row_once(
    make: Make, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    made = make("broken", "--errors", "0.01", *options)
    code, report = homeroom(capsys, "check", str(made.path))
    found = report["issues"]["by_code"]
    assert code == 1
    for kind, codes in KINDS.items():
        assert sum(found.get(code, 0) for code in codes) == made.errors(kind), kind
        assert made.errors(kind) > 0, "a generator that breaks nothing proves nothing"
    assert set(found) <= {code for codes in KINDS.values() for code in codes} | {"REF-05", "REF-06", "REF-07"}


@pytest.mark.parametrize("options", VARIANTS, ids=" ".join)
def test_plan_counts_exactly_the_changes_of_the_next_day(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    before, after = make("day0", *options), make("day1", "--day", "1", "--delta", "0.02", *options)
    kept = str(tmp_path / "kept")
    homeroom(capsys, "plan", str(before.path), "--keep", kept)
    code, report = homeroom(capsys, "plan", str(after.path), "--since", kept)
    assert (code, report["verdict"]) == (10, "apply")
    for entity, stem in ENTITIES.items():
        counts = report["entities"][entity]
        assert (counts["create"], counts["update"], counts["archive"]) == after.changes(stem), entity
        assert (counts["restore"], counts["kept"]) == (0, 0)
    assert after.changes("enrollments") > (0, 0, 0)


def test_a_row_broken_for_a_day_keeps_what_was_applied(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors on the next day archive nobody: what is broken is kept, what is only a date is changed."""
    before, broken = make("day0", "--seed", "9"), make("broken", "--seed", "9", "--errors", "0.004")
    kept = str(tmp_path / "kept")
    homeroom(capsys, "plan", str(before.path), "--keep", kept)
    _, report = homeroom(capsys, "plan", str(broken.path), "--since", kept)
    people, enrollments = report["entities"]["people"], report["entities"]["enrollments"]
    assert (people["archive"], enrollments["archive"], people["create"], enrollments["create"]) == (0, 0, 0, 0)
    assert people["kept"] == report["read"]["people"]["errors"] > 0
    assert enrollments["update"] == broken.truth["errors"].get("enrollments.date", 0)
