"""Exports that nobody here made: each can be read, and said to be right or wrong in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.cli import main

EXITS = {"edfi-1.1": 0, "school-small": 0, "district-small": 0, "edfi-1.0": 2}


@pytest.mark.parametrize(("name", "code"), EXITS.items())
def test_each_set_ends_with_its_exit_code(shared: Path, name: str, code: int) -> None:
    assert main(["check", str(shared / "data" / "oneroster" / name)]) == code


@pytest.mark.parametrize("name", ["edfi-1.1", "school-small", "district-small"])
def test_usable_sets_have_no_errors(shared: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    main(["check", str(shared / "data" / "oneroster" / name), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["complete"] is True
    assert {entity: counts["errors"] for entity, counts in report["entities"].items() if counts["errors"]} == {}


def test_a_student_enrolled_once_per_term_keeps_every_enrollment(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(shared / "data" / "oneroster" / "edfi-1.1")
    main(["plan", folder, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["entities"]["enrollments"]["create"] == 24
    assert report["entities"]["people"]["create"] == 10


def test_an_export_of_oneroster_1_0_is_refused_by_its_name(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(shared / "data" / "oneroster" / "edfi-1.0"), "--json"])
    reason = json.loads(capsys.readouterr().out)["reason"]
    assert "OneRoster 1.0" in reason["text"]
    assert "manifest" in reason["text"]
    assert reason["owner"] == "district"
