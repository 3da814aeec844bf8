"""The demo's sample and story, in memory: three landings, each with the numbers that the sample makes us expect."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from homeroom.model import events
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration
from homeroom.read.oneroster_csv import read_set
from local.commands import demo
from local.demo import sample
from local.demo.story import Story, expect, words_done
from local.reasons import Stopped
from tests.unit.local.memory_stack import MemoryAws


def test_the_story_goes_as_expected() -> None:
    aws = MemoryAws()
    story, status = demo._tell(aws.stack, quiet=True)
    assert [summary["outcome"] for summary in story.summaries] == ["applied", "applied", "held"]
    assert status["runs"][0]["outcome"] == "discarded"
    assert status["status"] == "waiting for the district"


def test_the_held_landing_leaves_every_item_as_it_was() -> None:
    aws = MemoryAws()
    story = Story(aws.stack)
    story.connect()
    story.land("day-0.zip", sample.first_day())
    before, writes = story.table(), aws.world.roster.writes
    summary = story.land("day-2.zip", sample.half_gone())
    assert (summary["outcome"], story.table(), aws.world.roster.writes) == ("held", before, writes)
    assert summary["entities"]["people"]["archived"] == 101


def test_a_table_that_changed_has_another_fingerprint() -> None:
    aws = MemoryAws()
    story = Story(aws.stack)
    empty = story.table()
    story.connect()
    story.land("day-0.zip", sample.first_day())
    assert story.count() == len(aws.world.roster.items) > 1000
    assert story.table() != empty


def test_the_demo_takes_a_name_that_is_free() -> None:
    aws = MemoryAws()
    first, second = Story(aws.stack), Story(aws.stack)
    first.connect()
    second.connect()
    assert (first.integration, second.integration) == ("sample-1", "sample-2")


def test_a_second_demo_beside_a_kept_one_is_told_to_end_that_first() -> None:
    aws = MemoryAws()
    demo._refuse_a_second(aws.stack)
    before = Integration(id="classlink-1", district_id="d-1")
    aws.stack.ask(events.Connect(operation="connect", integration=before, by="the demo", reason="a demonstration"))
    with pytest.raises(Stopped, match="still up"):
        demo._refuse_a_second(aws.stack)


def test_a_landing_that_goes_otherwise_is_told() -> None:
    summary = {"run": 2, "outcome": "applied", "text": "", "entities": {
        name: {"created": 0} for name in ENTITIES}}
    with pytest.raises(Stopped, match="ended as applied instead of held"):
        expect(summary, "held")
    with pytest.raises(Stopped, match=r"created \{\} instead of \{'people': 3\}"):
        expect(summary, "applied", created={"people": 3})


def test_a_run_that_never_ends_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.demo.story.LANDING_SECONDS", 0.0)
    aws = MemoryAws()
    story = Story(aws.stack)
    story.connect()
    monkeypatch.setattr(aws, "put_object", lambda **_: None)
    with pytest.raises(Stopped, match="has not ended within 0 seconds"):
        story.land("day-0.zip", sample.first_day())


@pytest.mark.parametrize(("kept", "last"), [
    ([], None), (["request.json"], None), (["raw/users.parquet"], None), (["raw/about.json"], "read"),
    (["raw/about.json", "issues.jsonl.gz", "plan/part-00000.jsonl.gz"], "read"),
    (["raw/about.json", "plan/manifest.json"], "guard"),
    (["raw/about.json", "plan/manifest.json", "results/part-00000.json"], "apply"),
    (["raw/about.json", "plan/manifest.json", "summary.json"], "report"),
])
def test_what_a_run_has_kept_tells_how_far_it_is(kept: list[str], last: str | None) -> None:
    done = words_done(kept)
    assert (done[-1] if done else None) == last


@pytest.mark.parametrize(("export", "students"), [
    (sample.first_day(), 200), (sample.next_day(), 201), (sample.half_gone(), 102),
])
def test_the_sample_is_a_good_export(export: sample.Export, students: int, tmp_path: Path) -> None:
    (tmp_path / "sample.zip").write_bytes(export.zip_bytes())
    snapshot = read_set(tmp_path / "sample.zip")
    assert snapshot.issues == ()
    assert (snapshot.frames["users"]["role"] == "student").sum() == students
    assert sum(frame.height for frame in snapshot.frames.values()) == export.rows


def test_everybody_in_the_sample_is_obviously_synthetic() -> None:
    people = sample.next_day().files["users"]
    assert {person["familyName"] for person in people} == {"Sample"}
    assert {person["email"].rpartition("@")[2] for person in people if "email" in person} == {"sample.example"}


def test_the_same_day_gives_the_same_bytes() -> None:
    assert sample.first_day().zip_bytes() == sample.first_day().zip_bytes()
    with zipfile.ZipFile(io.BytesIO(sample.first_day().zip_bytes())) as archive:
        assert archive.namelist()[0] == "manifest.csv"


def test_the_next_day_leaves_the_first_as_it_was() -> None:
    before: Any = sample.first_day()
    sample.next_day()
    assert sample.first_day() == before
