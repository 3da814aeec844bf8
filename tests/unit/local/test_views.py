"""What people see of plans, guards and summaries: the same numbers as in the JSON, in words where words are better."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from homeroom.guard.guards import BY_CODE
from homeroom.model.run import Outcome
from local import screen
from local.views.byhand import person_view
from local.views.guards import limits_view, own_lines
from local.views.plan import guards_view, verdict_sentence
from local.views.set_up import steps_view
from local.views.summary import decisions, integrations_view, runs_view, summary_view, words_line
from tests.unit.report.test_summary import MANIFEST, held_by, summary


def guard(code: str, value: float, *, tripped: bool = False, about: str = "people") -> dict[str, Any]:
    known = BY_CODE[code]
    return {"code": code, "value": value, "limit": known.limit, "unit": known.unit, "tripped": tripped, "about": about,
            "count": int(value), "meaning": known.meaning}


def shown(capsys: pytest.CaptureFixture[str], *sections: Any) -> str:
    screen.show(*sections)
    return capsys.readouterr().out


def test_a_guard_shows_what_is_left_to_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *guards_view([guard("GRD-02", 0.395), guard("GRD-06", 0.0), guard("GRD-03", 0.0)]))
    assert "0.4 %    10 %   9.6 %" in told
    assert "The other 2 guards saw nothing." in told
    assert "GRD-06" not in told


def test_a_guard_over_its_limit_shows_by_how_much_and_that_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *guards_view([guard("GRD-02", 47.3, tripped=True)]))
    assert "over by 37.3 %" in told
    assert "holds" in told


def test_a_guard_over_its_limit_with_few_records_says_why_it_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *guards_view([guard("GRD-02", 50.0)]))
    assert "fewer than 25" in told
    assert "holds" not in told


def test_guards_that_saw_nothing_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *guards_view([guard("GRD-02", 0.0), guard("GRD-03", 0.0)]))
    assert told == "All 2 guards saw nothing.\n"


@pytest.mark.parametrize(("verdict", "sentence"), [
    ("nothing", "Nothing to change."), ("apply", "Would apply 3 changes"), ("hold", "Would be held"),
    ("unusable", "Not usable."),
])
def test_each_verdict_is_a_sentence(verdict: str, sentence: str) -> None:
    counts = {"create": 1, "update": 1, "archive": 1, "restore": 0, "unchanged": 9, "kept": 2}
    told = verdict_sentence({"verdict": verdict, "entities": {"people": counts}, "guards": []})
    assert sentence in told


def test_a_summary_shows_the_numbers_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *summary_view(summary()))
    assert "Sync Status of lab-usd, run 7" in told
    assert "Applied. Started by a landed file, 2026-09-01 02:00:05 (America/Denver), 12 s." in told
    people = next(line.split() for line in told.splitlines() if line.startswith("people"))
    assert people == ["people", "7,850", "7,847", "2", "9", "15", "45", "26", "1", "7,786", "2"]
    assert "people 20 unexplained, 6 removed by the source" in told
    assert "Written: 95 items: 87 records, 5 identity links, 3 old places of moved enrollments" in told


def test_what_leaves_by_a_sharing_rule_stands_apart_from_why_others_leave(capsys: pytest.CaptureFixture[str]) -> None:
    ruled = replace(MANIFEST, removals={"people": {"absent": 20, "sharing rule": 6}},
                    left_out={"people": {"grade not shared": 1040, "no grade given": 2}})
    told = shown(capsys, *summary_view(summary(manifest=ruled)))
    assert "Why they leave: people 20 unexplained\n" in told
    assert "Left by sharing rules: people 6\n" in told
    assert "Not shared: people 1,040 grade not shared, 2 no grade given" in told


def test_a_rule_that_removes_nothing_today_still_tells_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = replace(MANIFEST, left_out={"people": {"role not shared": 3}})
    assert "Left by sharing rules: nothing" in shown(capsys, *summary_view(summary(manifest=quiet)))
    assert "sharing" not in shown(capsys, *summary_view(summary()))


def test_what_leaves_by_rules_of_products_has_lines_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    ruled = replace(MANIFEST, removals={"people": {"product rule": 6}},
                    left_out={"people": {"parents are not synced": 1040}})
    told = shown(capsys, *summary_view(summary(manifest=ruled)))
    assert "Left by product rules: people 6\n" in told
    assert "Not taken: people 1,040 parents are not synced" in told
    assert "Why they leave" not in told
    assert "sharing" not in told


def test_a_summary_of_before_there_were_rules_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    old = {key: value for key, value in summary().items() if key not in ("sharing", "products")}
    assert "Left by" not in shown(capsys, *summary_view(old))


@pytest.mark.parametrize("outcome", [*get_args(Outcome), None])
def test_every_outcome_can_be_shown(outcome: Outcome | None, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = held_by("GRD-02") if outcome == "held" else MANIFEST
    told = shown(capsys, *summary_view(summary(outcome, manifest, [], text="the text", code="GRD-02")))
    assert (outcome or "finished").capitalize() + "." in told
    assert "Next: " in told


def test_what_would_be_done_is_not_told_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *summary_view(summary("held", held_by("GRD-02"), [])))
    heads = next(line for line in told.splitlines() if "unchanged" in line).split()
    assert heads[4:8] == ["create", "update", "archive", "restore"]
    assert "Written: nothing" in told


def test_a_reason_in_brackets_is_shown_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(capsys, *summary_view(summary("failed", None, [], code="FIL-03", text="[bold]users.csv[/bold]")))
    assert "FIL-03 [bold]users.csv[/bold]" in told


def test_empty_lists_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *runs_view([])) == "No runs yet.\n"
    assert "homeroom connect" in shown(capsys, *integrations_view([]))


def test_the_seven_words_show_how_far_a_run_is() -> None:
    line = words_line(("read", "check"))
    assert line.startswith("[green]read[/green] [green]check[/green] [dim]shape[/dim]")
    assert line.endswith("[dim]report[/dim]")


HELD = {"integration": "lab-usd", "run": 9, "held": True, "waits": None, "plan_hash": "a" * 64, "summary": {}}


def test_what_waits_shows_the_commands_that_decide() -> None:
    assert "homeroom approve lab-usd 9 --plan aaaaaaaaaaaa --reason WHY" in decisions(HELD)
    assert "homeroom discard lab-usd 9 --reason WHY" in decisions(HELD)
    assert decisions(HELD | {"held": False}) == ""


def test_of_a_rest_the_hash_of_the_rest_is_shown_and_of_a_re_key_its_own_first() -> None:
    assert "--plan bbbbbbbbbbbb" in decisions(HELD | {"waits": "b" * 64})
    first = decisions(HELD | {"summary": {"rekey": {"plan_hash": "c" * 64}}}).splitlines()[0]
    assert "--plan cccccccccccc --rekey" in first


@pytest.mark.parametrize(("step", "held_run", "command"), [
    ("schools", None, "homeroom choose lab-usd SCHOOL"), ("first run", None, "homeroom run lab-usd"),
    ("first run", 1, "homeroom show lab-usd"), ("contact", None, None),
])
def test_the_step_whose_turn_it_is_names_its_command(
    step: str, held_run: int | None, command: str | None, capsys: pytest.CaptureFixture[str],
) -> None:
    steps = [{"name": "verify", "owner": "vendor", "todo": "Verify.", "done": True, "note": ""},
             {"name": step, "owner": "vendor", "todo": "Do it.", "done": False, "note": ""},
             {"name": "test", "owner": "vendor", "todo": "Test.", "done": False, "note": ""}]
    told = shown(capsys, *steps_view({"integration": "lab-usd", "held_run": held_run, "steps": steps}))
    assert (f"Next: {command}" in told) if command else ("Next:" not in told)


def test_somebody_archived_by_hand_is_not_shown_as_active(capsys: pytest.CaptureFixture[str]) -> None:
    over = {"action": "archive", "by": "ann", "at": "2026-09-07T09:30:00.123456+00:00", "reason": "left"}
    person = {"source_id": "t-1", "status": "active", "made_by_hand": False, "id": "i-1", "by_hand": over,
              "fields": {"enabled": {"value": True, "from": "by hand, 2026-09-07T09:30:00+00:00, ann"}},
              "identities": [], "classes": [], "sign_in": {"by": [], "links": []}}
    told = shown(capsys, *person_view(person))
    assert "t-1 archived by hand" in told
    assert "Archived by ann, 2026-09-07 09:30 UTC, until the next run: left" in told
    assert "yes     by hand, 2026-09-07 09:30, ann" in told


def test_a_guard_without_a_number_has_no_limit_of_zero(capsys: pytest.CaptureFixture[str]) -> None:
    held = {"limit": 0, "unit": "records", "floor": 0, "off": False, "own": False}
    told = shown(capsys, *limits_view({"guards": {"GRD-01": held}, "effect": "", "advice": ""}))
    assert told.splitlines()[-1].split()[-1] == "any"


def test_limits_and_seasons_of_an_integration_are_told_in_a_line_each() -> None:
    season = {"first": "2027-07-15", "last": "2027-09-10", "reason": "new year", "limits": {}}
    told = own_lines({"limits": {"GRD-04": {"percent": 40.0, "count": None, "floor": 30, "off": False}},
                      "seasons": [season]})
    assert told == ("Limits of its own: GRD-04 40 % from 30\n"
                    "Season window 2027-07-15 to 2027-09-10 (new year): the limits of a new school year")
    assert own_lines({"limits": {}, "seasons": []}) == ""
