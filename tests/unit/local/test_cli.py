"""The command line itself: help, exit codes, errors of ours, and what is shown where."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import cli, screen
from tests.builders.oneroster import district
from tests.unit.local.conftest import Homeroom

DESIGNED = {"check", "plan", "up", "down", "demo", "connect", "run", "runs", "show", "approve", "discard"}


def test_every_designed_command_is_there(homeroom: Homeroom) -> None:
    ran = homeroom("--help")
    assert ran.code == 0
    listed = {line.split()[0] for line in ran.out.splitlines() if line.startswith("  ") and line.split()}
    assert listed >= DESIGNED
    assert "docs" not in listed


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_explains_itself_and_takes_json(homeroom: Homeroom, command: str) -> None:
    ran = homeroom(command, "--help")
    assert ran.code == 0
    assert "--json" in ran.out or command == "docs"
    assert ran.out.splitlines()[2].strip()[:1].isupper()


@pytest.mark.parametrize("words", [
    ("chek",), ("check",), ("check", "no-such-file.zip"), ("check", "--colour"), ("plan",), ("--colour",),
    ("show",), ("approve", "lab-usd", "one", "--plan", "x", "--reason", "y"), ("runs", "lab-usd", "--newest", "0"),
])
def test_what_is_not_understood_ends_with_64_and_says_so_on_stderr(homeroom: Homeroom, words: tuple[str, ...]) -> None:
    ran = homeroom(*words)
    assert (ran.code, ran.out) == (64, "")
    assert "Error: " in ran.err


def test_no_words_at_all_shows_the_help_and_ends_with_64(homeroom: Homeroom) -> None:
    ran = homeroom()
    assert ran.code == 64
    assert "check" in ran.out + ran.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An export; reading it meets an error of ours whose message holds a name."""
    def read(*_: object, **__: object) -> None:
        raise KeyError("Marked Person")

    monkeypatch.setattr("local.commands.check.read_set", read)
    return district().write_zip(tmp_path / "set.zip")


def test_an_error_of_ours_ends_with_70_and_shows_no_data(homeroom: Homeroom, broken: Path) -> None:
    ran = homeroom("check", broken)
    assert (ran.code, ran.out) == (70, "")
    assert "KeyError in test_cli.py" in ran.err
    assert "HOMEROOM_DEBUG=1" in ran.err
    assert "Marked" not in ran.err


def test_debug_shows_all_of_it(homeroom: Homeroom, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEROOM_DEBUG", "1")
    ran = homeroom("check", broken)
    assert ran.code == 70
    assert "Marked Person" in ran.err
    assert "Traceback" in ran.err


def test_an_error_of_ours_is_one_document_with_json(homeroom: Homeroom, broken: Path) -> None:
    ran = homeroom("check", broken, "--json")
    assert ran.code == 70
    assert ran.json["error"]["code"] == "INT-01"
    assert "Marked" not in ran.out


def test_a_stop_by_the_keyboard_ends_with_130(
    homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.commands.check.read_set", stop)
    assert homeroom("check", district().write_zip(tmp_path / "set.zip")).code == 130


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stdout", terminal)
    return terminal


def test_a_terminal_gets_colours_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = on_a_terminal(monkeypatch)
    screen.show("[red]text[/red]")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = on_a_terminal(monkeypatch)
    screen.show("[red]text[/red]")
    assert "\x1b[31m" in coloured.getvalue()
    assert "\x1b[31m" not in plain.getvalue()


def test_text_from_outside_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen.show(screen.escape("[red]a[/red] [/]"))
    assert capsys.readouterr().out == "[red]a[/red] [/]\n"


def test_a_result_can_be_read_by_a_program_that_closes_early(tmp_path: Path, root: Path) -> None:
    path = district().write_zip(tmp_path / "set.zip")
    called = subprocess.Popen(
        [sys.executable, "-m", "local.cli", "check", path, "--json"], cwd=root, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{root}:{root / 'layers/homeroom'}"})
    assert called.stdout
    assert called.stderr
    called.stdout.close()
    told = called.stderr.read().decode()
    called.wait(timeout=60)
    assert "Traceback" not in told


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_plain_terminal_shows_what_it_can(tmp_path: Path, root: Path, encoding: str) -> None:
    path = district().write_zip(tmp_path / "set.zip")
    called = subprocess.run(
        [sys.executable, "-m", "local.cli", "check", path], cwd=root, capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": f"{root}:{root / 'layers/homeroom'}"})
    assert called.returncode == 0, called.stderr
    assert b"Every row can be used." in called.stdout


@pytest.mark.parametrize("command", ["check", "plan"])
def test_rich_and_boto3_are_left_alone_by_what_must_be_fast(tmp_path: Path, root: Path, command: str) -> None:
    path = district().write_zip(tmp_path / "set.zip")
    program = (f"import sys; from local.cli import main; main([{command!r}, {str(path)!r}, '--json']); "
               "print(sorted({'rich', 'boto3', 'botocore'} & set(sys.modules)), file=sys.stderr)")
    called = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": f"{root}:{root / 'layers/homeroom'}"})
    assert called.stderr.strip() == "[]"
