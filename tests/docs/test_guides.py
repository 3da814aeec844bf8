"""The guides tell what is so: the steps, words, events and set-ups of the code, and commands that can be typed."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from homeroom.errors import NotFound
from homeroom.model import events
from homeroom.model.integration import Integration, Transport
from homeroom.model.issues import CATALOGUE
from homeroom.model.run import Control
from homeroom.model.source import CleverApi, OneRosterRest, SftpPull, Source
from homeroom.products import CATALOGUE_LINES, refusal
from homeroom.support.steps import Facts, steps
from local.cli import main
from local.commands import choices, connecting, districts, sign_ins, support, timing
from local.reasons import Stopped
from tests.conftest import ROOT
from tests.docs.test_docs import PAGES, name_of, text_of

GUIDES = ("setup-clever", "setup-classlink", "setup-sftp")
SOURCES: dict[Transport, Any] = {
    "clever_api": CleverApi(), "oneroster_rest": OneRosterRest(url="https://lab.example/ims/oneroster/v1p1"),
    "csv_pulled": SftpPull(host="sftp.lab.example", user="homeroom", host_key="ssh-ed25519 AAAA"), "csv_pushed": None,
}
GUIDE_OF: dict[Transport, str] = {
    "clever_api": "setup-clever", "oneroster_rest": "setup-classlink", "csv_pulled": "setup-sftp",
    "csv_pushed": "setup-sftp",
}
STEP = re.compile(r"^\| `([a-z ]+)` \|", re.MULTILINE)
EVENTS = re.compile(r"\b[Ee]vents? ((?:`[a-z_]+`(?:, | and )?)+)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ASKING = {
    "connect", "test", "pending", "accept", "verify", "schools", "choose", "share", "rotate", "list", "status", "run",
    "runs", "show", "pause", "resume", "blackout", "schedules", "options", "promote", "demote",
    "register", "registrations", "portal", "sign-in", "sign-ins", "unlink",
}
"""Commands that ask `support` at once for what their line says."""
FILES = ("secret.txt", "token.txt", "lab-usd.key", "new.key", "sign-in.json")


class Asked(BaseException):
    """What a command was about to ask of `support`."""

    def __init__(self, event: Any):
        super().__init__(event)
        self.event = event


class NoStack:
    """Stands in for a stack: knows the set-ups that the page has made so far, and answers nothing else."""

    def __init__(self) -> None:
        self.known: dict[str, Integration] = {}

    def ask(self, event: Any) -> dict[str, Any]:
        if isinstance(event, events.ShowStatus) and event.runs == 1:  # asked on the way to something else
            if event.integration in self.known:
                return {"set_up": self.known[event.integration].model_dump(mode="json")}
            raise Stopped("no such integration", code=NotFound.code)
        if isinstance(event, events.Connect):
            made = event.integration
            self.known[made.id] = made.model_copy(update={"secret_name": made.secret_name or made.id})
        raise Asked(event)


def blocks(page: Path, language: str) -> Iterator[str]:
    for found, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield text


def shown(page: Path) -> list[list[str]]:
    """Calls of the command that could be typed as they stand in the page's blocks, as words."""
    lines = [line for text in blocks(page, "") for line in text.replace("\\\n", " ").splitlines()]
    calls = [shlex.split(line) for line in lines if line.startswith("homeroom ") and "[" not in line]
    return [call[1:] for call in calls if call[1] in ASKING]


@cache
def words_of_the_package() -> str:
    """Every text of the package, those in parts of an f-string too, one a line."""
    package = sorted((ROOT / "layers/homeroom/homeroom").rglob("*.py"))
    nodes = (node for path in package for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return "\n".join(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))


@pytest.mark.parametrize("transport", sorted(GUIDE_OF))
def test_a_guide_has_the_steps_of_the_set_up_in_their_order(transport: Transport) -> None:
    integration = Integration(id="lab-usd", transport=transport, source=SOURCES[transport])
    told = [step.name for step in steps(Facts(integration, Control(integration="lab-usd")))]
    listed = list(dict.fromkeys(STEP.findall(text_of(f"docs/{GUIDE_OF[transport]}.md"))))
    assert [name for name in told if name not in listed] == []
    if GUIDE_OF[transport] != "setup-sftp":  # which shows the steps of two ways side by side
        assert [name for name in listed if name in told] == told


def test_a_line_with_an_order_of_its_own_has_a_guide_with_these_steps() -> None:
    own = [line for line in CATALOGUE_LINES.values() if line.set_up]
    assert len(own) == 1
    for line in own:
        integration = Integration(id="lab-usd", aggregator="clever", transport="clever_api",
                                  source=SOURCES["clever_api"], product_line=line.name)
        told = [step.name for step in steps(Facts(integration, Control(integration="lab-usd")))]
        assert told == [stage.step for stage in line.set_up]
        guide = text_of(f"docs/setup-{line.name.lower().replace(' ', '-')}.md")
        assert list(dict.fromkeys(STEP.findall(guide))) == told


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_test_says_in_a_guide_are_words_of_the_code(guide: str) -> None:
    _, _, after = text_of(f"docs/{guide}.md").partition("| step | it says |")
    rows = [row.split("|")[2] for row in after.split("\n\n")[0].splitlines()[2:]]
    quoted = [words for row in rows for words in re.findall(r"`([^`]+)`", row)]
    assert len(quoted) > len(rows)
    assert [words for words in quoted if words not in words_of_the_package()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_call_that_a_page_shows_can_be_typed(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack, refused = NoStack(), []
    for module in (choices, connecting, districts, sign_ins, support, timing):
        monkeypatch.setattr(module, "opened", lambda *_: stack)
    for name in FILES:
        (tmp_path / name).write_text("{}" if name.endswith(".json") else "not a secret")
    monkeypatch.chdir(tmp_path)
    for call in shown(page):
        try:
            main(call)
        except Asked as asked:
            made = asked.event.integration if isinstance(asked.event, events.Connect) else Integration(id="lab-usd")
            wrong = refusal(made) if isinstance(asked.event, events.Connect) else None
            refused += [wrong.text] if wrong else []
        else:
            refused.append(f"{shlex.join(call)}: {capsys.readouterr().err}")
    assert refused == []


def test_the_guides_show_every_command_that_sets_up() -> None:
    told = {call[0] for guide in GUIDES for call in shown(ROOT / f"docs/{guide}.md")}
    assert {"connect", "test", "pending", "accept", "verify", "schools", "choose", "share", "rotate", "run"} <= told


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_event_that_a_page_names_is_there(page: Path) -> None:
    cases = {case.stem for case in (ROOT / "events").rglob("*.json")}
    named = {name for names in EVENTS.findall(page.read_text(encoding="utf-8")) for name in re.findall(r"\w+", names)}
    assert sorted(named - cases - {"and"}) == []


def test_the_guides_name_an_event_for_every_step_that_support_does() -> None:
    guides = "".join(text_of(f"docs/{guide}.md") for guide in GUIDES)
    named = {name for names in EVENTS.findall(guides) for name in re.findall(r"\w+", names)}
    assert named >= {"connect_clever", "connect_classlink", "connect_sftp_pull", "connect", "test_connection",
                     "pending_requests", "accept", "verify_district", "schools", "choose_schools", "share",
                     "rotate_secret", "run_full"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_set_up_that_a_page_shows_is_a_set_up(page: Path) -> None:
    for text in blocks(page, "json"):
        shown_json = json.loads(text)
        if "source" in shown_json:
            Integration.model_validate({"id": "lab-usd", **shown_json})
        elif "transport" in shown_json:
            source: Any = TypeAdapter(Source).validate_python(shown_json)
            assert set(shown_json) <= set(type(source).model_fields), "a setting that nobody reads"


def test_the_settings_of_a_service_are_all_explained_with_their_defaults() -> None:
    page = text_of("docs/setup-classlink.md").partition("### Settings of the source")[2]
    defaults = json.loads(BLOCK.findall(page)[0][1])
    assert OneRosterRest.model_validate(defaults).model_dump(mode="json") == {**defaults}
    assert OneRosterRest(url=defaults["url"]) == OneRosterRest.model_validate(defaults)
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
    assert explained >= set(OneRosterRest.model_fields) - {"transport", "url"}


def test_every_way_a_source_can_fail_is_in_the_runbook() -> None:
    runbook = text_of("docs/runbooks/failed-run.md")
    codes = [code for code, about in CATALOGUE.items() if code.startswith("SRC-") and code != "SRC-08"]
    assert [code for code in codes if f"| `{code}`" not in runbook and f", `{code}`" not in runbook] == []
