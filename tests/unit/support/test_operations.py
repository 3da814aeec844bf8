"""What staff may do, and that every act is audited first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from homeroom.errors import Lapsed, NotFound, Refused
from homeroom.model import events
from homeroom.model.events import SupportOperation
from homeroom.model.integration import Integration, Pause
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import LAB, delivery, file_lands, person, run_through, run_until_held

PARTS = [[person("create", "s-1")]]
OPERATION: TypeAdapter = TypeAdapter(SupportOperation)


def do(world: MemoryWorld, operation: str, **words):
    return act(OPERATION.validate_python({"operation": operation, **words}), world)


def audited(world: MemoryWorld) -> list[str]:
    return [entry["operation"] for _, entry, _ in world.runs.audits]


def test_connecting_sets_up_an_integration_and_says_what_it_waits_for() -> None:
    world = memory_world()
    told = do(world, "connect", integration=LAB.model_dump(mode="json"), by="tse", reason="kick-off call")
    assert (told["status"], told["owner"]) == ("waiting for data", "district")
    kept = world.integrations.get(LAB.id)
    assert (kept.created_by, kept.created_at) == ("tse", START)
    name, entry, _ = world.runs.audits[0]
    assert (name, entry["by"], entry["by_is"], entry["reason"]) == (LAB.id, "tse", "declared", "kick-off call")


def test_connecting_again_keeps_birth_and_pause() -> None:
    world = memory_world(LAB.model_copy(update={
        "paused": Pause(reason="x", by="support", at=START), "created_by": "first", "created_at": START}))
    changed = LAB.model_copy(update={"quiet_seconds": 5, "created_by": "forged"})
    do(world, "connect", integration=changed.model_dump(mode="json"), by="tse")
    kept = world.integrations.get(LAB.id)
    assert (kept.quiet_seconds, kept.created_by) == (5, "first")
    assert kept.paused is not None


def test_another_source_is_another_integration_once_a_roster_was_applied() -> None:
    world = memory_world(LAB)
    clever = LAB.model_copy(update={"aggregator": "clever"}).model_dump(mode="json")
    assert do(world, "connect", integration=clever)["status"] == "waiting for data"
    world.integrations.put(LAB)
    run_through(world, "1.zip", PARTS)
    with pytest.raises(Refused, match="aggregator"):
        do(world, "connect", integration=clever)
    assert world.integrations.get(LAB.id).aggregator == "none"


def test_the_list_tells_status_and_holds_of_all() -> None:
    other = LAB.model_copy(update={"id": "another-usd"})
    world = memory_world(LAB, other)
    run_until_held(world, "1.zip", PARTS, "content-a")
    listed = do(world, "list")
    assert [(i["integration"], i["status"]) for i in listed["integrations"]] == [
        ("another-usd", "waiting for data"), (LAB.id, "on hold: review")]
    assert [(h["integration"], h["run"]) for h in listed["held"]] == [(LAB.id, 1)]


def test_the_status_shows_the_newest_runs_without_their_summaries() -> None:
    world = memory_world(LAB)
    for n in (1, 2, 3):
        run_through(world, f"{n}.zip", PARTS, content_hash=f"content-{n}")
    told = do(world, "status", integration=LAB.id, runs=2)
    assert [run["run"] for run in told["runs"]] == [3, 2]
    assert (told["status"], told["applied_run"]) == ("up to date", 3)
    assert all("summary" not in run for run in told["runs"])


def test_a_run_by_hand_goes_through_the_door() -> None:
    world = memory_world(LAB)
    world.runs.set_last_delivery(LAB.id, delivery("1.zip", "content-a"))
    started = do(world, "run", integration=LAB.id, by="support", reason="asked by the district")
    assert (started["state"], started["run"]) == ("queued", 1)
    assert world.executions.started[f"{LAB.id}-1"].by == "support"
    assert audited(world) == ["run"]


def test_a_preview_is_of_the_held_run_or_of_the_newest() -> None:
    world = memory_world(LAB)
    with pytest.raises(Refused, match="no run yet"):
        do(world, "preview", integration=LAB.id)
    held, manifest = run_until_held(world, "1.zip", PARTS, "content-a")
    file_lands(world, "2.zip", "content-b")
    told = do(world, "preview", integration=LAB.id)
    assert (told["run"], told["held"], told["plan_hash"]) == (held.run, True, manifest.plan_hash)
    assert told["summary"]["guards"][0]["code"] == "GRD-02"
    assert do(world, "preview", integration=LAB.id, run=2)["state"] == "queued"
    with pytest.raises(NotFound):
        do(world, "preview", integration=LAB.id, run=99)


def test_an_approval_is_audited_with_the_hash_even_when_it_lapses() -> None:
    world = memory_world(LAB)
    held, manifest = run_until_held(world, "1.zip", PARTS, "content-a")
    words = {"integration": LAB.id, "run": held.run, "plan_hash": manifest.plan_hash, "by": "support", "reason": "seen"}
    assert do(world, "approve", **words)["state"] == "queued"
    world.runs.clear_hold(LAB.id, held.run)
    with pytest.raises(Lapsed):
        do(world, "approve", **words)
    assert audited(world) == ["approve", "approve"]
    assert world.runs.audits[0][1]["plan_hash"] == manifest.plan_hash


def test_a_discarded_content_is_denied_until_it_changes() -> None:
    world = memory_world(LAB)
    held, _ = run_until_held(world, "1.zip", PARTS, "content-a")
    told = do(world, "discard", integration=LAB.id, run=held.run, by="support", reason="half is missing")
    assert told["outcome"] == "discarded"
    assert do(world, "status", integration=LAB.id)["status"] == "waiting for the district"
    assert file_lands(world, "2.zip", "content-a").reason == "denied"
    assert file_lands(world, "3.zip", "content-b").state == "queued"


def test_only_a_held_run_can_be_discarded_and_only_while_none_is_on() -> None:
    world = memory_world(LAB)
    held, _ = run_until_held(world, "1.zip", PARTS, "content-a")
    with pytest.raises(Refused, match="not held"):
        do(world, "discard", integration=LAB.id, run=held.run + 1, by="support", reason="x")
    file_lands(world, "2.zip", "content-b")
    with pytest.raises(Refused, match="run 2 is on"):
        do(world, "discard", integration=LAB.id, run=held.run, by="support", reason="x")
    assert world.runs.control(LAB.id).denied == ()


def test_the_daily_look_tells_which_rosters_are_stale_and_starts_what_waits() -> None:
    old, other = LAB, LAB.model_copy(update={"id": "another-usd"})
    world = memory_world(old, other)
    run_through(world, "1.zip", PARTS)
    world.clock.tick(timedelta(hours=49).total_seconds())
    world.runs.set_last_delivery(other.id, delivery("9.zip", "content-x"))
    world.runs.set_pending(other.id, delivery("9.zip", "content-x"))
    assert do(world, "stale") == {"checked": 2, "stale": [LAB.id], "late": [], "started": ["another-usd"]}
    subject, text = world.notices.sent[0]
    assert subject == "Homeroom: 1 stale rosters"
    assert LAB.id in text


def test_a_quiet_day_sends_no_notice() -> None:
    world = memory_world(LAB)
    assert do(world, "stale") == {"checked": 1, "stale": [], "late": [], "started": []}
    assert world.notices.sent == []


def test_operations_on_an_unknown_integration_are_not_found_and_not_audited() -> None:
    world = memory_world(LAB)
    for operation, words in (("run", {"by": "x"}), ("status", {}), ("preview", {}),
                             ("approve", {"run": 1, "plan_hash": "x", "by": "x", "reason": "x"}),
                             ("discard", {"run": 1, "by": "x", "reason": "x"})):
        with pytest.raises(NotFound):
            do(world, operation, integration="nobody", **words)
    assert audited(world) == []


def test_a_record_archived_by_hand_has_an_overlay_and_an_edit_that_waits() -> None:
    world = memory_world(LAB)
    run_through(world, "1.zip", PARTS)
    edit = archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
    assert world.roster.edits(LAB.roster) == [edit]
    assert (edit.source_id, edit.action, edit.record) == ("s-1", "archive", ("lab-usd#person#id-s-1", "@"))
    overlay = world.roster.get([("lab-usd#person#id-s-1", "@|overlay")])[0]
    assert (overlay["action"], overlay["reason"], overlay["edit"]) == ("archive", "left early", edit.item[1])
    assert world.roster.get([edit.record])[0]["status"] == "active"
    assert audited(world) == ["archive"]


def test_what_can_not_be_archived_by_hand_is_refused() -> None:
    world = memory_world(LAB)
    run_through(world, "1.zip", [*PARTS, [person("archive", "s-2")]])
    with pytest.raises(NotFound):
        archive_by_hand(world, LAB.id, "people", "id-s-9", "support", "x")
    with pytest.raises(Refused, match="already"):
        archive_by_hand(world, LAB.id, "people", "id-s-2", "support", "x")
    with pytest.raises(Refused, match="enrollment"):
        archive_by_hand(world, LAB.id, "enrollments", "id-e-1", "support", "x")
    assert world.roster.edits(LAB.roster) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"district_id": None}, "no district is named"),
        ({"limits": {"GRD-99": {"percent": 5}}}, "no limit to set for GRD-99"),
        ({"limits": {"DISTRICT": {"count": 5}}}, "no limit to set for DISTRICT"),
        ({"product_line": "Sonday", "products": ["Galileo K-12"]}, "no product of Sonday"),
        ({"products": ["WinVocab"]}, "need their product line"),
    ],
)
def test_a_set_up_that_can_not_run_is_refused_in_words(wrong: dict[str, object], said: str) -> None:
    world = memory_world()
    asked = Integration.model_validate({"id": "new-usd", "district_id": "d-1"} | wrong)
    with pytest.raises(Refused, match=said):
        act(events.Connect(operation="connect", integration=asked, by="a test"), world)
    assert world.integrations.list() == []
