"""The documentation says what is so: generated pages, links, and the names of everything that can be looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from homeroom.guard.guards import GUARDS
from homeroom.model.integration import Status
from homeroom.model.issues import CATALOGUE
from homeroom.model.run import Outcome, SkipReason
from local import pages
from local.cli import COMMANDS, main
from tests.conftest import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r'"((?:SRC|FIL|FLD|REF|DUP|IDN|MAN|PRD|UND|REQ|RUN|INT)-\d{2})"')
CALL = re.compile(r"(?:^|`|\s)(?:\.venv/bin/)?homeroom ([a-z]+(?:-[a-z]+)*)([^`\n]*)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Headings as the addresses that GitHub makes of them."""
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Relative links of a page: as written, the file meant, and the heading."""
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            yield link, (page.parent / path).resolve() if path else page, anchor


def calls(page: Path) -> Iterator[tuple[str, str]]:
    """Calls of the command on a page: name and the rest of the line, lines ending in a backslash joined."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for name, rest in CALL.findall(text):
        if name in COMMANDS or rest.strip().startswith("-"):
            yield name, rest


def test_generated_pages_are_what_the_code_says() -> None:
    assert [name_of(page) for page in pages.outdated()] == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [link for link, target, _ in links(page) if not target.exists()]
    lost = [link for link, target, anchor in links(page)
            if anchor and target.suffix == ".md" and target.exists() and anchor not in anchors(target)]
    assert (missing, lost) == ([], [])


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = [target for _, target, _ in links(page)]
        inside = [found for target in targets for found in (target.glob("*.md") if target.is_dir() else [target])]
        waiting += [found for found in inside if found.suffix == ".md" and found not in reached]
    assert [name_of(page) for page in PAGES if page not in reached] == []


def test_every_issue_code_and_guard_is_documented() -> None:
    first = re.compile(r"^\| ([A-Z]+-?[A-Z0-9]*) \|", re.MULTILINE)
    assert {*CATALOGUE} <= set(first.findall(text_of("docs/issue-codes.md")))
    assert {guard.code for guard in GUARDS} <= set(first.findall(text_of("docs/guards.md")))


def test_every_code_that_the_package_gives_is_documented() -> None:
    package = sorted((ROOT / "layers/homeroom/homeroom").rglob("*.py"))
    given = {code for path in package for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert given
    page = text_of("docs/issue-codes.md")
    assert sorted(code for code in given if f"| {code} |" not in page) == []


def test_every_code_of_a_running_system_is_in_the_runbook() -> None:
    codes = set(re.findall(r"^\| ((?:RUN|INT)-\d{2}) \|", text_of("docs/issue-codes.md"), re.MULTILINE))
    runbook = text_of("docs/runbooks/failed-run.md")
    assert codes
    assert sorted(code for code in codes if f"| `{code}` |" not in runbook) == []


def test_every_guard_that_holds_is_in_the_runbook() -> None:
    runbook = text_of("docs/runbooks/held-run.md")
    assert [guard.code for guard in GUARDS if guard.code not in runbook] == []


@pytest.mark.parametrize("function", sorted(app.parent.name for app in ROOT.glob("functions/*/app.py")))
def test_every_function_and_its_events_are_documented(function: str) -> None:
    assert f"`{function}`" in text_of("docs/flow.md")
    page = text_of("docs/console-events.md")
    cases = sorted((ROOT / "events" / function).glob("*.json"))
    assert cases, "a function without an event to try"
    assert f"## {function}\n" in page
    assert [case.name for case in cases if f"(../events/{function}/{case.name})" not in page] == []


def test_every_alarm_leads_to_a_first_step() -> None:
    alarms = re.findall(r"AlarmName: !Sub \$\{AWS::StackName\}-([a-z-]+)", text_of("template.yaml"))
    assert alarms
    lost = [alarm for alarm in alarms if f"| `{alarm}` |" not in text_of(
        f"docs/runbooks/{'sign-in' if alarm.startswith('sign-in') else 'failed-run'}.md")]
    assert lost == []


def test_every_runbook_that_an_alarm_names_exists() -> None:
    named = set(re.findall(r"AlarmDescription: .*?(docs/\S+\.md)", text_of("template.yaml")))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_outcome_reason_and_status_is_explained() -> None:
    flow = text_of("docs/flow.md")
    words = [*get_args(Outcome), *(f"`{status}`" for status in get_args(Status)),
             *(f"`{reason}`" for reason in get_args(SkipReason))]
    assert [word for word in words if word not in flow] == []


def test_every_output_that_a_page_names_is_one_of_the_templates() -> None:
    outputs = set(re.findall(r"^  (\w+):$", text_of("template.yaml").partition("\nOutputs:\n")[2], re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(
        r"[`<]([A-Z][A-Za-z]+(?:Name|Arn|Url|Console|Endpoint|ServerId))[`>]", page.read_text(encoding="utf-8"))}
    assert named
    assert sorted(named - outputs) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", text_of("Makefile"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert sorted(named - targets) == []


def test_the_readme_names_the_two_commands() -> None:
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z-]+)", text_of("README.md"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_call_of_the_command_is_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for name, rest in calls(page):
        main([name, "--help"])
        options = re.findall(r"(--[a-z-]+)", capsys.readouterr().out)
        wrong += [f"{name} {option}" for option in re.findall(r"(?<![\w-])(--[a-z-]+)", rest) if option not in options]
        wrong += [] if name in COMMANDS else [name]
    assert wrong == []


def test_every_command_is_documented() -> None:
    page = text_of("docs/commands.md")
    assert {name for name, _ in calls(ROOT / "docs/commands.md")} >= set(COMMANDS)
    assert [name for name in COMMANDS if f"`homeroom {name}" not in page] == []


def test_decisions_are_numbered_without_a_gap_and_say_why() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    for number, page in enumerate(decisions, 1):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)[:3] == ["Decision", "Why", "What it costs"]


def test_the_folders_of_the_map_exist() -> None:
    tree = text_of("README.md").partition("## The map")[2].partition("```\n")[2].partition("```")[0]
    named = [word.rstrip(",/") for line in tree.splitlines() if line[:1].strip() for word in [line.split()[0]]]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
