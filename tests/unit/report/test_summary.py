"""The Sync Status summary: the same numbers as the plan's manifest and the parts' results, and who acts next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from homeroom.model.integration import Integration
from homeroom.model.plan import PlanManifest
from homeroom.model.run import Outcome, RunRecord, SkipReason
from homeroom.report.summary import summarize

STARTED = datetime(2026, 9, 1, 8, 0, 5, tzinfo=UTC)
ENDED = datetime(2026, 9, 1, 8, 0, 17, tzinfo=UTC)
LAB = Integration(id="lab-usd", district_name="Lab USD", timezone="America/Denver")

MANIFEST = PlanManifest(
    plan_hash="ab" * 32, base_run=6, content_hash="cd" * 32, signature="s", options_hash="o", rules_version=1,
    as_of="2026-09-01", verdict="apply",
    counts={"people": {"create": 15, "update": 45, "archive": 26, "restore": 1, "unchanged": 7786, "kept": 2}},
    read={"people": {"read": 7850, "valid": 7847, "errors": 2, "warnings": 9}},
    issues={"FLD-02": 9, "FLD-01": 2, "DUP-02": 30}, parts=[("people", False, 61), ("people", True, 26)],
    waves=[[0], [1]], edits=[], removals={"people": {"absent": 20, "removed by the source": 6}, "orgs": {}},
    guards=[
        {"code": "GRD-02", "value": 0.4, "limit": 10.0, "unit": "percent", "tripped": False, "about": "people",
         "count": 20, "meaning": "m"},
        {"code": "GRD-03", "value": 500.0, "limit": 2000.0, "unit": "records", "tripped": False, "about": "people",
         "count": 500, "meaning": "m"},
        {"code": "GRD-11", "value": 0.0, "limit": 5.0, "unit": "percent", "tripped": False, "about": "", "count": 0,
         "meaning": "m"},
    ],
    source="OneRoster 1.1 CSV",
)
RESULTS: list[dict[str, Any]] = [
    {"part": 0, "operations": 61, "records": 61, "links": 0, "moved": 3, "writes": 64},
    {"part": 1, "operations": 26, "records": 26, "links": 5, "moved": 0, "writes": 31},
]


def record(outcome: Outcome | None = "applied", **fields: Any) -> RunRecord:
    return RunRecord.model_validate({
        "integration": "lab-usd", "run": 7, "trigger": "file", "state": "finished", "outcome": outcome,
        "started_at": STARTED, "finished_at": ENDED, "operations": 87} | fields)


def summary(outcome: Outcome | None = "applied", manifest: PlanManifest | None = MANIFEST,
            results: list[dict[str, Any]] = RESULTS, **fields: Any) -> dict[str, Any]:
    return summarize(integration=LAB, record=record(outcome, **fields), manifest=manifest, results=results, now=ENDED)


def held_by(*codes: str) -> PlanManifest:
    guards = [{"code": code, "value": 50.0, "limit": 0.0 if code in ("DISTRICT", "FIRST-LOAD") else 10.0,
               "unit": "percent", "tripped": True, "about": "people", "count": 50, "meaning": "m"} for code in codes]
    return replace(MANIFEST, verdict="hold", guards=guards)


def test_the_counts_are_those_of_the_plan() -> None:
    assert summary()["entities"]["people"] == {
        "read": 7850, "valid": 7847, "errors": 2, "warnings": 9, "created": 15, "updated": 45, "archived": 26,
        "restored": 1, "unchanged": 7786, "kept": 2, "adopted": 0, "archived_explained": 6, "archived_unexplained": 20,
    }


def test_every_entity_is_told_even_where_nothing_was_read() -> None:
    entities = summary()["entities"]
    assert list(entities) == ["orgs", "terms", "courses", "classes", "people", "enrollments", "contacts"]
    assert set(entities["orgs"].values()) == {0}


def test_why_records_leave_is_told_where_any_leave() -> None:
    assert summary()["removals"] == {"people": {"absent": 20, "removed by the source": 6}}


def test_what_leaves_by_sharing_rules_is_a_section_of_its_own() -> None:
    ruled = replace(MANIFEST, removals={"people": {"absent": 20, "sharing rule": 6}, "orgs": {}},
                    left_out={"people": {"grade not shared": 40}})
    told = summary(manifest=ruled)
    assert told["sharing"] == {"leave": {"people": 6}, "left_out": {"people": {"grade not shared": 40}}}
    assert (told["entities"]["people"]["archived_explained"], told["entities"]["people"]["archived_unexplained"]) == (
        6, 20)
    assert summary()["sharing"] == summary("failed", None)["sharing"] == {"leave": {}, "left_out": {}}


def test_what_leaves_by_rules_of_products_stands_apart_from_what_is_not_shared() -> None:
    ruled = replace(MANIFEST, removals={"people": {"sharing rule": 6, "product rule": 2}},
                    left_out={"people": {"grade not shared": 40, "parents are not synced": 3},
                              "enrollments": {"other school": 5}})
    told = summary(manifest=ruled)
    assert told["sharing"] == {"leave": {"people": 6}, "left_out": {"people": {"grade not shared": 40}}}
    assert told["products"] == {"leave": {"people": 2}, "left_out": {"people": {"parents are not synced": 3},
                                                                     "enrollments": {"other school": 5}}}


def test_what_was_written_is_what_the_writers_counted() -> None:
    assert summary()["written"] == {"records": 87, "links": 5, "moved": 3, "entries": 0, "items": 95}


def test_nothing_was_written_where_no_part_reported() -> None:
    assert summary("held", results=[])["written"] == {"records": 0, "links": 0, "moved": 0, "entries": 0, "items": 0}


def test_times_are_told_in_utc_and_on_the_districts_clock() -> None:
    assert summary()["times"] == {
        "started": "2026-09-01T08:00:05+00:00", "finished": "2026-09-01T08:00:17+00:00",
        "started_local": "2026-09-01T02:00:05-06:00", "finished_local": "2026-09-01T02:00:17-06:00",
        "timezone": "America/Denver", "seconds": 12.0,
    }


def test_a_run_that_has_not_ended_is_told_as_of_now() -> None:
    told = summary(None, finished_at=None, state="applying")
    assert (told["times"]["seconds"], told["outcome"], told["applied"]) == (12.0, None, False)


def test_issues_come_worst_first_with_their_owner_and_remedy() -> None:
    issues = summary()["issues"]
    assert issues["total"] == 41
    assert [(i["code"], i["count"], i["severity"], i["owner"]) for i in issues["codes"]] == [
        ("FLD-01", 2, "error", "district"), ("FLD-02", 9, "warning", "district"), ("DUP-02", 30, "info", "nobody")]
    assert all(i["remedy"] and i["meaning"] and i["action"] for i in issues["codes"])


def test_guards_tell_the_distance_to_their_limit() -> None:
    told = {guard["code"]: guard for guard in summary()["guards"]}
    assert (told["GRD-02"]["distance"], told["GRD-03"]["distance"]) == (9.6, 1500.0)
    assert told["GRD-02"]["meaning"] == "unexplained removals of one entity"


def test_the_nearest_guard_is_the_one_with_the_largest_share_of_its_limit() -> None:
    assert summary()["nearest"] == {
        "code": "GRD-03", "value": 500.0, "limit": 2000.0, "unit": "records", "about": "people"}


def test_no_guard_is_near_when_all_saw_nothing() -> None:
    quiet = replace(MANIFEST, guards=[g | {"value": 0.0} for g in MANIFEST.guards])
    assert summary(manifest=quiet)["nearest"] is None


def test_the_verdict_names_the_guards_that_hold() -> None:
    verdict = summary("held", held_by("GRD-02", "GRD-05"))["verdict"]
    assert verdict == {
        "word": "hold", "tripped": ["GRD-02", "GRD-05"], "changes": 87, "operations": 87, "approved": False}


def test_an_applied_approval_is_told_as_such() -> None:
    assert summary(trigger="approval")["verdict"]["approved"] is True


def test_the_content_hash_is_short() -> None:
    assert summary()["source"] == {
        "name": "OneRoster 1.1 CSV", "content": "cd" * 6, "complete": True, "as_of": "2026-09-01"}


def test_links_name_what_the_run_kept() -> None:
    assert summary()["links"] == {
        "summary": "runs/lab-usd/00000007/summary.json", "issues": "runs/lab-usd/00000007/issues.jsonl.gz",
        "plan": "runs/lab-usd/00000007/plan/manifest.json"}
    assert set(summary("skipped", None, [], code="unchanged")["links"]) == {"summary"}


def test_a_run_without_a_plan_has_a_summary_too() -> None:
    told = summary("failed", None, [], code="INT-01", text="a step of the run ended with Timeout", owner="vendor")
    assert (told["guards"], told["issues"]["total"], told["plan_hash"], told["verdict"]["word"]) == ([], 0, None, None)
    assert told["next"]["owner"] == "vendor"


def test_who_asked_stands_in_the_summary() -> None:
    assert (summary(by="csm-7")["by"], summary()["trigger"]) == ("csm-7", "file")


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_says_what_happens_next(outcome: Outcome) -> None:
    step = summary(outcome, code="unchanged" if outcome == "skipped" else None)["next"]
    assert step["owner"] in ("district", "aggregator", "vendor", "nobody")
    assert step["text"].endswith(".")


@pytest.mark.parametrize("reason", get_args(SkipReason))
def test_every_reason_to_skip_says_what_happens_next(reason: str) -> None:
    known = summary("skipped", None, [], code=reason)["next"]
    assert known != summary("skipped", None, [], code="another")["next"]


def test_a_held_run_asks_for_a_look() -> None:
    step = summary("held", held_by("GRD-02"))["next"]
    assert step["owner"] == "vendor"
    assert "approve" in step["text"]


def test_of_several_guards_the_gravest_says_what_to_do() -> None:
    step = summary("held", held_by("DISTRICT", "FIRST-LOAD", "GRD-11"))["next"]
    assert step["text"] == (
        "DISTRICT: the file is another district's (people). Check who uploads to this folder. Discard the plan.")


def test_the_guard_that_knows_the_cause_speaks_before_those_that_count() -> None:
    step = summary("held", held_by("GRD-02", "GRD-04", "GRD-10"))["next"]
    assert step["text"].startswith("GRD-10: ")
    assert "approve with the re-key" in step["text"]


def test_after_a_change_of_aggregator_only_a_re_key_that_is_proposed_is_asked_for() -> None:
    moved = held_by("MOVING")
    assert "re-key" not in summary("held", moved)["next"]["text"]
    proposed = replace(moved, rekey={"approvers": 1, "plan_hash": "h", "evidence": {}})
    assert "approve with the re-key" in summary("held", proposed)["next"]["text"]


def test_a_first_load_speaks_last() -> None:
    step = summary("held", held_by("FIRST-LOAD", "GRD-11"))["next"]
    assert step["text"].startswith(
        "GRD-11: rows in error of one entity (people): 50 %, limit 10 %. Send the district the list of issues")


def test_what_needs_two_people_says_so() -> None:
    held = held_by("GRD-02")
    assert summary("held", replace(held, approvers=2))["next"]["text"].endswith("2 people must approve it.")
    assert "people must" not in summary("held", held)["next"]["text"]
    rekeyed = replace(held, approvers=2, rekey={"approvers": 1, "plan_hash": "h", "evidence": {}})
    assert summary("held", rekeyed)["next"]["text"].endswith(
        "2 people must approve it; with the re-key one is enough.")


def test_a_part_that_names_nothing_of_the_plan_says_so() -> None:
    part = replace(MANIFEST, rest={"plan_hash": "r", "counts": {}, "removals": {}})
    missed = summary("nothing to change", part, trigger="approval", waits="r")["next"]
    assert missed["text"].startswith("Nothing of the part that was approved could be applied")
    went_on = summary("applied", part, trigger="approval", waits="r")["next"]
    assert went_on["text"].startswith("Look at what waits")


def test_an_unusable_source_is_the_districts_turn_in_the_words_of_the_failure() -> None:
    failed = replace(MANIFEST, verdict="fail", complete=False, failure={
        "code": "FIL-03", "text": "users.csv is missing", "owner": "district", "remedy": "Export the files again."})
    assert summary("failed", failed)["next"] == {
        "owner": "district", "text": "Nothing was written. Export the files again."}


def test_issues_of_an_applied_run_go_to_whoever_owns_most_of_them() -> None:
    ours = replace(MANIFEST, issues={"REF-07": 50, "FLD-01": 2})
    assert summary("applied with issues")["next"]["owner"] == "district"
    assert summary("applied with issues", ours)["next"]["owner"] == "vendor"


def test_a_summary_is_json_and_the_same_each_time() -> None:
    assert json.dumps(summary()) == json.dumps(summary())
