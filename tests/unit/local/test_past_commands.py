"""The commands that look back: `undo` and `as-of`."""

from __future__ import annotations

import pytest

from local.demo import sample
from tests.builders.questions import with_engine
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws

SET_UP = ("--district-id", sample.DISTRICT_ID, "--no-hold-first-load")


@pytest.fixture
def damaged(aws: MemoryAws, homeroom: Homeroom, tmp_path) -> MemoryAws:
    """Run 2 of lab-usd is wrong."""
    def two_days() -> None:
        homeroom("connect", "lab-usd", *SET_UP)
        for name, export in {"first": sample.first_day(), "next": sample.next_day()}.items():
            (tmp_path / f"{name}.zip").write_bytes(export.zip_bytes())
            homeroom("upload", "lab-usd", tmp_path / f"{name}.zip")
        if aws.world.runs.control("lab-usd").held_run == 1:
            plan = homeroom("show", "lab-usd", "1", "--json").json["plan_hash"]
            homeroom("approve", "lab-usd", "1", "--plan", plan, "--reason", "x")
            homeroom("run", "lab-usd", "--reason", "x")

    aws.begin("two days", two_days)
    with_engine(aws.world)
    return aws


def newest(aws: MemoryAws) -> int:
    return aws.world.runs.control("lab-usd").applied_run or 0


def test_undo_shows_what_it_would_do_and_does_it(damaged: MemoryAws, homeroom: Homeroom) -> None:
    run = newest(damaged)
    shown = homeroom("undo", "lab-usd", str(run), "--preview")
    assert (shown.code, newest(damaged)) == (0, run)
    assert f"Undo of run {run}" in shown.out
    assert "Not undone: mails" in " ".join(shown.out.split())
    done = homeroom("undo", "lab-usd", str(run), "--reason", "wrong names")
    assert done.code == 0
    assert newest(damaged) == run + 1
    assert damaged.world.runs.run("lab-usd", run + 1).undoes == run


def test_undo_asks_for_a_reason_and_for_words_that_it_knows(damaged: MemoryAws, homeroom: Homeroom) -> None:
    assert "needs a reason" in homeroom("undo", "lab-usd", str(newest(damaged))).err
    assert "no kind of record pupils" in homeroom(
        "undo", "lab-usd", "2", "--entity", "pupils", "--preview").err
    refused = homeroom("undo", "lab-usd", "99", "--reason", "x")
    assert (refused.code, "no run 99" in refused.err) == (1, True)


def test_undo_of_a_part_as_one_document(damaged: MemoryAws, homeroom: Homeroom) -> None:
    told = homeroom("undo", "lab-usd", str(newest(damaged)), "--entity", "courses", "--preview", "--json").json
    assert told["verdict"] == "nothing"


def test_as_of_shows_a_person_of_that_day(damaged: MemoryAws, homeroom: Homeroom) -> None:
    at = damaged.world.clock.now().isoformat()
    person = next(i for i in damaged.world.roster.items.values() if i.get("entity") == "people")
    shown = homeroom("as-of", "lab-usd", person["source_id"], "--at", at)
    assert (shown.code, person["family_name"] in shown.out) == (0, True)
    assert "by hand" in " ".join(shown.out.split())
    day = homeroom("as-of", "lab-usd", person["source_id"], "--at", at[:10], "--json")
    asked = damaged.asked[-1]["at"]
    assert (day.code, asked[11:16], asked[-6:]) == (0, "23:59", "-04:00")
    assert "is no moment" in homeroom("as-of", "lab-usd", "x", "--at", "yesterday").err
