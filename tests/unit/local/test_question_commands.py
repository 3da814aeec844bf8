"""`homeroom explain` and `homeroom try`: what a person of support sees, on the sample district."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.demo import sample
from tests.builders.questions import with_engine
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws


@pytest.fixture
def asked(aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> Homeroom:
    """lab-usd with two applied days and a third that is held, and an engine that answers."""
    def three_days() -> None:
        homeroom("connect", "lab-usd", "--district-id", sample.DISTRICT_ID, "--no-hold-first-load")
        for name, export in (("1", sample.first_day()), ("2", sample.next_day()), ("3", sample.half_gone())):
            (tmp_path / f"{name}.zip").write_bytes(export.zip_bytes())
            aws.world.clock.tick(60)
            homeroom("upload", "lab-usd", tmp_path / f"{name}.zip")

    aws.begin("three days", three_days)
    with_engine(aws.world)
    return homeroom


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_student_of_a_held_plan_is_explained_from_the_sentence_down(asked: Homeroom) -> None:
    ran = asked("explain", "lab-usd", "student-0001")
    assert ran.code == 0
    told = words(ran.out)
    assert "Here still: run 3 would archive it (the source did not have it any more) and waits for approval" in told
    assert "Next: Homeroom's support. Look at the held plan with `homeroom show`" in told
    assert "its row is gone: waits for approval of run 3" in told


def test_a_teacher_and_a_class_are_explained_with_lines_and_members(asked: Homeroom) -> None:
    assert "Here since run 1" in words(asked("explain", "lab-usd", "teacher-01").out)
    klass = words(asked("explain", "lab-usd", "class-north-1-1", "--class").out)
    assert "SIS, run 2, classes.csv line 2" in klass
    assert "leaving 16 its row is gone: waits for approval of run 3" in klass


def test_an_unknown_record_is_refused_with_what_was_searched(asked: Homeroom) -> None:
    ran = asked("explain", "lab-usd", "nobody-1")
    assert ran.code == 1
    assert "REQ-03: there is no such person in the rows that run 3 read" in ran.err
    assert "names are not searched" in ran.err


def test_choices_are_tried_from_options_and_a_file(asked: Homeroom, aws: MemoryAws, tmp_path: Path) -> None:
    file = tmp_path / "choices.json"
    file.write_text(json.dumps({"sharing": {"grades": ["04"]}}))
    ran = asked("try", "lab-usd", "--school", "school-north", "--weekly", "--file", file, "--limit", "GRD-12=off")
    assert ran.code == 0, ran.err
    told = words(ran.out)
    assert "Because of the choice: orgs 1 leave" in told
    assert "Runs would start" in told
    assert "Nothing was changed." in told
    assert aws.asked[-1]["choices"] == {
        "options": None, "sharing": {"schools": ["school-north"], "grades": ["04"]},
        "schedule": {"mode": "weekly", "days": [], "at": None}, "sign_in": None, "products": None}


def test_both_answer_one_document_with_json(asked: Homeroom) -> None:
    assert asked("explain", "lab-usd", "student-0001", "--json").json["code"] == "waits"
    assert asked("try", "lab-usd", "--json").json["difference"] == {}
