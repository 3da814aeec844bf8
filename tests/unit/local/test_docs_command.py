"""`homeroom docs`: generated pages, written or only compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import pages
from tests.unit.local.conftest import Homeroom


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one function, one event and up-to-date pages."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "functions" / "ring_bell").mkdir(parents=True)
    (tmp_path / "functions" / "ring_bell" / "app.py").write_text('"""ring_bell: rings. Once."""\n')
    (tmp_path / "events" / "ring_bell").mkdir(parents=True)
    event = {"operation": "ring", "loud": True, "reason": "left out", "nested": {"a": 1}}
    (tmp_path / "events" / "ring_bell" / "loud.json").write_text(json.dumps(event))
    pages.write(tmp_path)
    return tmp_path


def test_written_pages_are_up_to_date(project: Path) -> None:
    assert pages.outdated(project) == []
    assert pages.write(project) == []


def test_a_page_that_was_changed_by_hand_is_found_and_mended(project: Path) -> None:
    page = project / "docs" / "fields.md"
    before = page.read_text()
    page.write_text(before + "more\n")
    assert pages.outdated(project) == [page]
    assert pages.write(project) == [page]
    assert page.read_text() == before


def test_a_new_event_makes_the_page_of_events_old(project: Path) -> None:
    (project / "events" / "ring_bell" / "soft.json").write_text('{"operation": "ring"}')
    assert [page.name for page in pages.outdated(project)] == ["console-events.md"]


def test_an_event_is_told_in_short(project: Path) -> None:
    page = (project / "docs" / "console-events.md").read_text()
    assert "## ring_bell\n\nRings. Once." in page
    assert "| [`loud.json`](../events/ring_bell/loud.json) | operation `ring`, loud `true` |" in page


def test_docs_check_fails_when_a_page_is_old(homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch) -> None:
    old = pages.ROOT / "docs" / "fields.md"
    monkeypatch.setattr("local.pages.outdated", lambda: [old])
    ran = homeroom("docs", "--check")
    assert ran.code == 1
    assert "not up to date: docs/fields.md" in ran.err
    assert "make docs" in ran.err


def test_docs_check_says_nothing_when_all_is_well(homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.pages.outdated", list)
    assert homeroom("docs", "--check").code == 0
    assert homeroom("docs", "--check", "--json").json == {"changed": []}
