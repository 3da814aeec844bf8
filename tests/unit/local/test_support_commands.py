"""Commands that ask support: what they send, show and answer, on the real operations in memory."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from homeroom.model import places
from homeroom.model.integration import Limit, Pause
from local.demo import sample
from local.reasons import Stopped
from tests.fakes.memory import START
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws

SET_UP = ("--district-id", sample.DISTRICT_ID, "--district-name", "Lab USD", "--timezone", "America/Denver")


@pytest.fixture
def exports(tmp_path: Path) -> dict[str, Path]:
    """The sample's days as zips."""
    for name, body in days().items():
        (tmp_path / f"{name}.zip").write_bytes(body)
    return {name: tmp_path / f"{name}.zip" for name in days()}


@cache
def days() -> dict[str, bytes]:
    return {"first": sample.first_day().zip_bytes(), "next": sample.next_day().zip_bytes(),
            "half": sample.half_gone().zip_bytes()}


@pytest.fixture
def held(aws: MemoryAws, exports: dict[str, Path], homeroom: Homeroom) -> str:
    """Hash of the plan of run 1 of lab-usd: a first load that waits for a look."""
    def first_load() -> str:
        homeroom("connect", "lab-usd", *SET_UP)
        homeroom("upload", "lab-usd", exports["first"])
        return str(homeroom("show", "lab-usd", "--json").json["plan_hash"])

    plan: str = aws.begin("a first load is held", first_load)
    return plan


def test_narrowing_under_a_held_run_says_that_it_needs_a_new_one(held: str, homeroom: Homeroom) -> None:
    ran = homeroom("share", "lab-usd", "--role", "student", "--role", "teacher")
    assert "Run 1, which is held, was planned without it: start a new run." in " ".join(ran.out.split())
    assert "which is held" not in homeroom("share", "lab-usd", "--role", "student", "--role", "teacher").out
    refused = homeroom("approve", "lab-usd", "1", "--plan", held, "--reason", "x")
    assert (refused.code, "REQ-02" in refused.err) == (1, True)


def test_a_refusal_tells_its_own_remedy(aws: MemoryAws, homeroom: Homeroom) -> None:
    assert "Name district_id" in homeroom("connect", "lab-usd").err


def test_a_paused_integration_says_how_it_is_resumed(held: str, homeroom: Homeroom) -> None:
    homeroom("pause", "lab-usd", "--reason", "summer")
    assert "`homeroom resume`" in homeroom("run", "lab-usd").err


def test_connect_refuses_a_product_that_the_catalogue_does_not_know(aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("connect", "lab-usd", *SET_UP, "--product-line", "Sonday", "--product", "Galileo K-12")
    assert ran.code == 1
    assert "Galileo K-12 is no product of Sonday" in ran.err


def test_connect_sends_the_set_up_and_who_asked(aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("connect", "lab-usd", *SET_UP, "--product-line", "Sonday", "--product", "WinVocab", "--product",
                   "Sonday System 1", "--no-hold-first-load", "--reason", "kick-off", "--json")
    assert (ran.code, ran.json["status"]) == (0, "waiting for data")
    sent = aws.asked[-1]
    assert (sent["operation"], sent["by"], sent["reason"]) == ("connect", "csm-7", "kick-off")
    about = sent["integration"]
    assert (about["id"], about["timezone"], about["products"]) == (
        "lab-usd", "America/Denver", ["WinVocab", "Sonday System 1"])
    assert about["hold_first_load"] is False


def test_connect_reads_a_file_and_options_win(aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    set_up = {"district_id": "d", "quiet_seconds": 5, "limits": {"GRD-02": {"percent": 3}}}
    (tmp_path / "lab.json").write_text(json.dumps(set_up))
    homeroom("connect", "lab-usd", "--file", tmp_path / "lab.json", "--quiet-seconds", "7")
    about = aws.asked[-1]["integration"]
    assert (about["district_id"], about["quiet_seconds"], about["limits"]["GRD-02"]["percent"]) == ("d", 7, 3)


@pytest.mark.parametrize("words", [
    ("Lab USD",), ("lab-usd", "--timezone", "Mars/Olympus"), ("lab-usd", "--aggregator", "pigeon"),
    ("lab-usd", "--quiet-seconds", "-1"),
])
def test_a_set_up_that_can_not_be_is_a_usage_error(aws: MemoryAws, homeroom: Homeroom, words: tuple[str, ...]) -> None:
    assert homeroom("connect", *words).code == 64
    assert "connect" not in [asked["operation"] for asked in aws.asked]


def test_an_upload_lands_where_the_sftp_user_would_put_it(
    aws: MemoryAws, homeroom: Homeroom, exports: dict[str, Path]
) -> None:
    homeroom("connect", "lab-usd", *SET_UP)
    ran = homeroom("upload", "lab-usd", exports["first"], "--json")
    assert ran.json == {"uploaded": ["landing/lab-usd/first.zip"]}
    assert list(aws.world.landing.versions) == ["landing/lab-usd/first.zip"]


def test_of_a_folder_the_manifest_lands_last(aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    for name in ("users.csv", "manifest.csv", "orgs.csv", "letter.txt"):
        (tmp_path / name).write_text("x")
    keys = homeroom("upload", "lab-usd", tmp_path, "--json").json["uploaded"]
    assert keys == [f"landing/lab-usd/{name}.csv" for name in ("orgs", "users", "manifest")]


def test_show_tells_the_summary_of_the_held_run(held: str, homeroom: Homeroom) -> None:
    ran = homeroom("show", "lab-usd")
    assert ran.code == 0
    assert "Sync Status of lab-usd, run 1" in ran.out
    assert "FIRST-LOAD: first load of this integration" in ran.out
    assert f"Plan: {held[:12]}" in ran.out
    assert "Written: nothing" in ran.out


def test_approve_applies_the_very_plan(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "counts are right", "--json")
    assert (ran.code, ran.json["outcome"], ran.json["summary"]["trigger"]) == (0, "applied", "approval")
    assert aws.asked[-2] == {"operation": "approve", "integration": "lab-usd", "run": 1, "plan_hash": held,
                             "by": "csm-7", "reason": "counts are right", "only": _only(), "rekey": False}
    assert len(aws.world.roster.items) > 1000


def test_approve_names_a_part_and_what_is_left_out_waits(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "these first", "--entity", "orgs",
                   "--entity", "terms", "--change", "create", "--json")
    assert (ran.code, ran.json["outcome"]) == (0, "applied")
    assert aws.asked[-2]["only"] == _only(entities=["orgs", "terms"], changes=["create"])
    assert ran.json["summary"]["waits"]["plan_hash"] == ran.json["waits"]
    told = homeroom("show", "lab-usd").out
    assert "Waits for approval:" in told
    rest = homeroom("approve", "lab-usd", str(ran.json["run"]), "--plan", ran.json["waits"][:12], "--reason", "all",
                    "--json")
    assert (rest.code, rest.json["waits"]) == (0, None)
    assert "Since then: approved" in homeroom("show", "lab-usd", str(ran.json["run"])).out


@pytest.mark.parametrize("words", [("--entity", "pupils"), ("--change", "delete")])
def test_approve_knows_only_its_kinds(held: str, homeroom: Homeroom, words: tuple[str, str]) -> None:
    assert homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "x", *words).code == 64


def test_a_first_of_two_people_is_told_that_a_second_one_must(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    key = places.manifest("lab-usd", 1)
    manifest = json.loads(aws.world.objects.get(key))
    aws.world.objects.put(key, json.dumps({**manifest, "approvers": 2}).encode())
    ran = homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "right", "--by", "first")
    assert (ran.code, "a second person" in ran.out) == (0, True)
    assert "Approved by: first" in homeroom("show", "lab-usd", "1").out
    again = homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "right", "--by", "FIRST")
    assert (again.code, "second person" in again.err) == (1, True)
    second = homeroom("approve", "lab-usd", "1", "--plan", held[:12], "--reason", "right", "--by", "second", "--json")
    assert second.json["outcome"] == "applied"


def _only(**words: list[str]) -> dict[str, list[str]]:
    return {"entities": [], "changes": [], "schools": [], "classes": [], "records": []} | words


@pytest.mark.parametrize("plan", ["0" * 12, "short"])
def test_approve_refuses_another_plan_and_asks_nobody(held: str, aws: MemoryAws, homeroom: Homeroom, plan: str) -> None:
    ran = homeroom("approve", "lab-usd", "1", "--plan", plan, "--reason", "x")
    assert ran.code == 1
    assert "not that of the plan of run 1" in ran.err
    assert "approve" not in [asked["operation"] for asked in aws.asked]


@pytest.mark.parametrize("command", ["approve", "discard"])
def test_a_decision_needs_a_reason(held: str, homeroom: Homeroom, command: str) -> None:
    words = ("--plan", held) if command == "approve" else ()
    assert homeroom(command, "lab-usd", "1", *words).code == 64


def test_discard_drops_the_plan_and_show_says_so(held: str, homeroom: Homeroom) -> None:
    assert homeroom("discard", "lab-usd", "1", "--reason", "wrong file").code == 0
    ran = homeroom("show", "lab-usd", "1")
    assert "Since then: discarded; the same content is refused" in ran.out
    assert "run again: the same content is read anew" in " ".join(ran.out.split())
    assert "approve" not in ran.out


def test_a_refusal_ends_with_1_and_its_reason_on_stderr(held: str, homeroom: Homeroom) -> None:
    ran = homeroom("discard", "lab-usd", "7", "--reason", "x")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("homeroom: REQ-01: run 7 is not held\n")


def test_a_refusal_is_one_document_with_json(held: str, homeroom: Homeroom) -> None:
    ran = homeroom("show", "nowhere", "--json")
    assert ran.code == 1
    assert ran.json["error"]["code"] == "REQ-03"
    assert set(ran.json["error"]) == {"code", "text", "owner", "remedy"}


def test_run_waits_for_the_end_and_shows_the_summary(
    held: str, aws: MemoryAws, homeroom: Homeroom, exports: dict[str, Path]
) -> None:
    homeroom("approve", "lab-usd", "1", "--plan", held, "--reason", "x")
    ran = homeroom("run", "lab-usd", "--force", "--reason", "again")
    assert ran.code == 0
    assert "Nothing to change." in ran.out
    assert aws.asked[-2]["force"] is True


def test_run_that_the_door_refuses_ends_with_1(held: str, homeroom: Homeroom) -> None:
    homeroom("approve", "lab-usd", "1", "--plan", held, "--reason", "x")
    ran = homeroom("run", "lab-usd")
    assert (ran.code, ran.out) == (1, "")
    assert "unchanged: the content is the same as last applied" in ran.err


def test_a_paused_integration_runs_for_nobody(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    paused = aws.world.integrations.get("lab-usd").model_copy(
        update={"paused": Pause(reason="summer", by="csm-7", at=START)})
    aws.world.integrations.put(paused)
    ran = homeroom("run", "lab-usd")
    assert ran.code == 1
    assert "paused since 2026-09-07" in ran.err


def test_a_run_that_failed_ends_with_1_and_shows_its_summary(
    aws: MemoryAws, homeroom: Homeroom, tmp_path: Path
) -> None:
    homeroom("connect", "lab-usd", *SET_UP)
    (tmp_path / "broken.zip").write_bytes(sample.Export({
        stem: rows for stem, rows in sample.first_day().files.items() if stem != "users"}).zip_bytes())
    homeroom("upload", "lab-usd", tmp_path / "broken.zip")
    ran = homeroom("run", "lab-usd", "--reason", "again")
    assert ran.code == 1
    assert "Failed." in ran.out
    assert "FIL-03" in ran.err


def test_list_and_status_say_whose_turn_it_is(held: str, homeroom: Homeroom) -> None:
    listed, one = homeroom("list"), homeroom("status", "lab-usd")
    for told in (listed.out, one.out):
        assert "on hold: review" in told
        assert "Homeroom's support" in told
    assert "Held runs" in listed.out
    assert homeroom("list", "--json").json["integrations"][0]["held_run"] == 1


def test_runs_lists_the_newest_first(held: str, homeroom: Homeroom) -> None:
    homeroom("discard", "lab-usd", "1", "--reason", "x")
    homeroom("run", "lab-usd", "--force", "--reason", "again")
    assert [run["run"] for run in homeroom("runs", "lab-usd", "--json").json] == [2, 1]
    assert [run["run"] for run in homeroom("runs", "lab-usd", "--newest", "1", "--json").json] == [2]


def test_without_a_running_stack_the_reason_is_told(homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.embedded.running", lambda: None)
    ran = homeroom("list")
    assert ran.code == 1
    assert "no embedded AWS runs here" in ran.err
    assert "homeroom up" in ran.err


def test_a_profile_alone_names_no_stack(homeroom: Homeroom) -> None:
    ran = homeroom("list", "--profile", "prod")
    assert ran.code == 1
    assert "--profile needs --stack" in ran.err


def test_a_stack_that_can_not_be_reached_is_a_refusal(homeroom: Homeroom) -> None:
    ran = homeroom("list", "--stack", "homeroom-prod", "--profile", "no-such-profile")
    assert ran.code == 1
    assert "the stack homeroom-prod can not be reached" in ran.err


def test_an_error_inside_the_function_is_told_by_its_kind_alone(aws: MemoryAws, homeroom: Homeroom,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise Stopped("Marked Person")

    monkeypatch.setattr("tests.unit.local.memory_stack.act", broken)
    ran = homeroom("list")
    assert ran.code == 1
    assert "Marked" not in ran.err
    assert "support ended with Stopped" in ran.err


def test_limits_are_written_in_the_unit_of_the_guard(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("limits", "lab-usd", "GRD-04=40/30", "grd-03=3000", "GRD-08=off", "GRD-06=default", "GRD-05=/9",
                   "--reason", "agreed")
    assert ran.code == 0
    assert aws.asked[-1]["limits"]["GRD-06"] is None
    told = aws.world.integrations.get("lab-usd").limits
    assert (told["GRD-04"], told["GRD-03"], told["GRD-08"], told["GRD-05"]) == (
        Limit(percent=40, floor=30), Limit(count=3000), Limit(off=True), Limit(floor=9))
    assert "Run 1, which is held, stays held until it is approved or a new run passes." in " ".join(ran.out.split())
    assert "not asked" in ran.out


def test_a_limit_of_the_day_above_that_of_the_week_is_said_to_help_little(held: str, homeroom: Homeroom) -> None:
    ran = homeroom("limits", "lab-usd", "GRD-02=30", "--reason", "x")
    assert "GRD-09 still holds more than 15 % in a week" in " ".join(ran.out.split())
    assert "GRD-09 still" not in homeroom("limits", "lab-usd", "GRD-09=40", "--reason", "x").out


@pytest.mark.parametrize("wrong", ["GRD-04", "GRD-04=", "GRD-04=many", "GRD-04=101", "GRD-04=-1"])
def test_a_limit_that_can_not_be_read_is_a_usage_error(aws: MemoryAws, homeroom: Homeroom, wrong: str) -> None:
    assert homeroom("limits", "lab-usd", wrong, "--reason", "x").code == 64
    assert aws.asked == []


def test_a_season_is_opened_shown_and_closed(held: str, aws: MemoryAws, homeroom: Homeroom) -> None:
    days = ("season", "lab-usd", "2027-07-15", "2027-09-10", "--reason", "new school year")
    opened = homeroom(*days)
    assert "GRD-08 not asked" in opened.out
    assert "as of 2027-07-15" in " ".join(opened.out.split())
    named = homeroom(*days, "--limit", "GRD-08=off", "--limit", "GRD-02=30/40")
    assert "GRD-08 not asked, GRD-02 30 % from 40" in " ".join(named.out.split())
    assert homeroom(*days, "--limit", "GRD-08=default").code == 64
    assert "No seasons." in homeroom(*days, "--remove").out
    assert aws.world.integrations.get("lab-usd").seasons == ()
