"""A summary in words, for mail; and in numbers, for alarms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from homeroom.aws import sign_in_noting
from homeroom.model.run import Outcome, Trigger
from homeroom.report import metrics
from homeroom.report.words import number, paragraph, subject
from tests.unit.report.test_summary import MANIFEST, held_by, summary


def test_the_subject_says_which_run_and_how_it_ended() -> None:
    assert subject(summary("held", held_by("GRD-02"))) == "Homeroom: lab-usd run 7 is held for a look"


def test_an_applied_run_in_words() -> None:
    assert paragraph(summary()) == (
        "Run 7 of lab-usd, started by a landed file at 2026-09-01 02:00 (America/Denver), was applied. "
        "Changes: people: 15 created, 45 updated, 26 archived, 1 restored. Issues: FLD-01 2, FLD-02 9. "
        "Nothing to do. The next delivery, or the schedule, starts the next run. "
        "Details: runs/lab-usd/00000007/summary.json")


def test_a_held_run_in_words_says_what_the_guards_saw_and_that_nothing_was_written() -> None:
    told = paragraph(summary("held", held_by("GRD-02"), results=[]))
    assert "is held for a look; nothing was written." in told
    assert "The plan: people: 15 to create, 45 to update, 26 to archive, 1 to restore." in told
    saw = "GRD-02: unexplained removals of one entity (people): 50 %, limit 10 %."
    assert f"Next: Homeroom's support. {saw} Look at the plan" in told


def test_each_guard_that_holds_is_told_once() -> None:
    told = paragraph(summary("held", held_by("GRD-02", "GRD-06"), results=[]))
    assert (told.count("GRD-02"), told.count("Also held by GRD-06: updates of one entity")) == (1, 1)


def test_a_failed_run_in_words_gives_the_reason_once() -> None:
    told = paragraph(summary("failed", None, [], code="FIL-03", text="users.csv is missing.", owner="district"))
    assert "failed; nothing was written. FIL-03: users.csv is missing. Next:" in told


def test_who_asked_and_why_is_never_in_a_message() -> None:
    told = paragraph(summary("failed", None, [], trigger="hand", by="Marked Person", reason="for Marked Pupil"))
    assert "Marked" not in told
    assert "a request by hand" in told


@pytest.mark.parametrize("outcome", [*get_args(Outcome), None])
@pytest.mark.parametrize("trigger", get_args(Trigger))
def test_every_outcome_and_trigger_has_words(outcome: Outcome | None, trigger: str) -> None:
    told = summary(outcome, trigger=trigger)
    assert subject(told).startswith("Homeroom: lab-usd run 7 ")
    assert paragraph(told).count("Run 7 of lab-usd") == 1


@pytest.mark.parametrize(("value", "shown"), [
    (0, "0"), (2000.0, "2,000"), (12.345, "12.3"), (0.395, "0.4"), (0.012, "0.012"), (99.96, "100.0"),
])
def test_numbers_are_short(value: float, shown: str) -> None:
    assert number(value) == shown


def test_an_applied_run_counts_what_it_wrote() -> None:
    assert metrics.of_summary(summary()) == {
        "RunApplied": 1, "RecordsWritten": 87, "RecordsArchived": 26, "RowsInError": 2, "RunSeconds": 12.0}


@pytest.mark.parametrize(("outcome", "metric"), [
    ("held", "RunHeld"), ("failed", "RunFailed"), ("interrupted", "RunFailed"), ("applied with issues", "RunApplied"),
])
def test_an_outcome_counts_once_under_the_name_that_its_alarm_knows(outcome: Outcome, metric: str) -> None:
    told = metrics.of_summary(summary(outcome, held_by("GRD-02") if outcome == "held" else MANIFEST))
    assert {name for name in told if name.startswith("Run") and name != "RunSeconds"} == {metric}
    assert told[metric] == 1


def test_a_held_run_counts_no_records() -> None:
    told: dict[str, Any] = metrics.of_summary(summary("held", held_by("GRD-02"), []))
    assert "RecordsWritten" not in told


def test_the_alarms_of_the_template_use_our_names(root: Path) -> None:
    template = (root / "template.yaml").read_text()
    named = set(re.findall(r"Namespace: Homeroom\n\s+MetricName: (\w+)", template))
    of_sign_in = {*sign_in_noting.ALARMING.values(), sign_in_noting.SECURITY}
    assert named == {metrics.RUN_FAILED, metrics.RUN_HELD, metrics.ROSTER_STALE} | of_sign_in
