"""A part of a plan is applied, the rest waits: by the guards, or because a person approved no more."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from homeroom.apply.manifest import load_manifest
from homeroom.errors import Lapsed, Refused
from homeroom.model.events import CreateRecord, Discard, StartRun
from homeroom.model.integration import Integration, Options
from homeroom.model.run import RunRecord
from homeroom.support.door import start
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from homeroom.support.views import integration_view, seen
from tests.builders.oneroster import District, Files, district
from tests.fakes.copies import copied
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, approve, ended, lab, lands, says_yes

WAITS = LAB.model_copy(update={"options": Options(on_hold="removals wait")})
CROWD = range(100, 200)
LEAVE = [f"s-{n}" for n in range(100, 130)]
"""Thirty of 110 students leave at once: more than one guard of removals allows, and less than half."""


def crowd() -> District:
    """A hundred more students: half of them in the first school, half in the second."""
    made = district()
    for n in CROWD:
        class_id, school = ("c-1", "school-1") if n % 2 else ("c-3", "school-2")
        made = made.with_student(f"s-{n}", classes=[class_id], orgSourcedIds=school)
    return made


def second_day(leave: list[str] = LEAVE) -> Files:
    """Some leave, one comes, one is renamed."""
    gone = {row["sourcedId"] for row in crowd().files["enrollments"] if row["userSourcedId"] in leave}
    left = crowd().without("users", *leave).without("enrollments", *gone)
    return left.with_student("s-new", classes=["c-2"]).with_cells("users", "s-199", givenName="Renamed").files


def divided(integration: Integration = WAITS, files: Files | None = None) -> tuple[MemoryWorld, RunRecord]:
    """The second day of an integration whose removals wait."""
    world = copied(first(integration.model_dump_json()))
    return world, lands(world, "second.zip", files or second_day())


@cache
def first(integration: str) -> MemoryWorld:
    """After the first day of an integration, as JSON."""
    return lab(crowd().files, Integration.model_validate_json(integration))


def held() -> tuple[MemoryWorld, RunRecord]:
    """The second day of an integration where all waits."""
    world, record = divided(LAB)
    assert record.outcome == "held"
    return world, record


@cache
def whole() -> dict[Any, Any]:
    """The roster after both days where nothing holds."""
    world, record = held()
    assert approve(world, record).outcome == "applied"
    return tables(world)


def named(world: MemoryWorld, source_id: str) -> str:
    return next(i["given_name"] for i in world.roster.items.values()
                if i.get("entity") == "people" and i["source_id"] == source_id)


def students(world: MemoryWorld) -> set[str]:
    return {one for one in active(world, "people") if one.startswith("s-")}


def changes(counts: dict[str, int]) -> int:
    return sum(counts[op] for op in ("create", "update", "archive", "restore"))


# ---------------------------------------------------------------- removals wait

def test_creates_and_updates_are_applied_while_removals_wait() -> None:
    world, record = divided()
    assert (record.outcome, record.owner) == ("applied", "vendor")
    assert record.text == "3 records changed, 60 wait for approval"
    assert {"s-new", *LEAVE} <= active(world, "people")
    assert named(world, "s-199") == "Renamed"
    assert world.runs.control("lab").held_run == record.run == world.runs.control("lab").applied_run
    assert [one.run for one in world.runs.held()] == [record.run]


def test_a_run_whose_removals_wait_writes_only_what_it_applies() -> None:
    world = lab(crowd().files, WAITS)
    before = world.roster.writes
    record = lands(world, "second.zip", second_day())
    manifest = load_manifest(world.objects, "lab", record.run)
    assert sum(changes(counts) for counts in manifest.counts.values()) == 3
    assert sum(counts["waits"] for counts in manifest.counts.values()) == 60
    assert world.roster.writes - before == record.operations


def test_what_waits_is_told_everywhere_in_the_same_numbers() -> None:
    world, record = divided()
    assert record.summary is not None
    waits = record.summary["waits"]
    assert (waits["records"], waits["plan_hash"]) == (60, record.waits)
    assert waits["entities"]["people"] == {"archive": 30}
    assert waits["removals"]["people"] == {"absent": 30}
    view = integration_view(seen(WAITS, world))
    assert (view["status"], view["owner"]) == ("on hold: review", "vendor")
    assert "60 wait for approval" in view["text"]
    assert record.summary["next"]["owner"] == "vendor"


def test_the_rest_that_is_approved_ends_in_the_roster_of_the_whole() -> None:
    world, record = divided()
    ended_run = approve(world, record)
    assert (ended_run.outcome, ended_run.waits) == ("applied", None)
    assert tables(world) == whole()
    assert world.runs.held() == []
    assert world.runs.control("lab").held_run is None
    settled = world.runs.run("lab", record.run)
    assert (settled.outcome, settled.waits) == ("applied", None)
    assert settled.text.endswith(f"since then approved; run {ended_run.run} applied it")


def test_the_rest_has_the_hash_of_the_plan_that_its_approval_applies() -> None:
    world, record = divided()
    approved = approve(world, record)
    assert load_manifest(world.objects, "lab", approved.run).plan_hash == record.waits != record.plan_hash


def test_the_state_that_a_rest_starts_from_never_expires() -> None:
    world, record = divided()
    act(Discard(operation="discard", integration="lab", run=record.run, by="support", reason="no"), world)
    assert not any(f"/{record.run:08d}/" in key for key in world.objects.superseded)
    other, waits = divided()
    other.integrations.put(WAITS.model_copy(update={"options": Options(on_hold="removals wait", strict=True)}))
    with pytest.raises(Lapsed):
        says_yes(other, waits)
    assert not any(f"/{waits.run:08d}/" in key for key in other.objects.superseded)


def test_only_the_school_that_a_guard_looked_at_keeps_its_removals() -> None:
    leave = [f"s-{n}" for n in CROWD if n % 2][:20]  # a third of one school, a fifth of all
    wide = {"GRD-02": {"percent": 90}, "GRD-03": {"off": True}, "GRD-04": {"percent": 25, "floor": 20},
            "GRD-05": {"off": True}, "GRD-09": {"off": True}}
    integration = Integration.model_validate({**WAITS.model_dump(), "limits": wide})
    world, record = divided(integration, second_day([*leave, "s-100"]))
    assert record.waits is not None
    assert set(leave) <= active(world, "people")
    assert "s-100" not in active(world, "people")


def test_a_plan_of_removals_alone_is_held_whole() -> None:
    gone = {row["sourcedId"] for row in crowd().files["enrollments"] if row["userSourcedId"] in LEAVE}
    world, record = divided(files=crowd().without("users", *LEAVE).without("enrollments", *gone).files)
    assert (record.outcome, record.waits) == ("held", None)
    assert set(LEAVE) <= active(world, "people")


def test_guards_that_hold_everything_hold_everything() -> None:
    world = lab(crowd().files, WAITS.model_copy(update={"hold_first_load": True}))
    assert (world.runs.run("lab", 1).outcome, active(world, "people")) == ("held", set())


def test_the_same_file_again_leaves_what_waits_waiting() -> None:
    world, record = divided()
    again = lands(world, "again.zip", second_day())
    assert (again.outcome, again.code) == ("skipped", "unchanged")
    assert world.runs.control("lab").held_run == record.run
    assert approve(world, record).outcome == "applied"


def test_a_newer_file_is_judged_anew_and_goes_on() -> None:
    world, record = divided()
    third = lands(world, "third.zip", District(second_day()).with_student("s-third", classes=["c-1"]).files)
    assert (third.outcome, third.text) == ("applied", "2 records changed, 60 wait for approval")
    assert world.runs.control("lab").held_run == third.run
    assert world.runs.run("lab", record.run).waits is None
    assert approve(world, third).outcome == "applied"
    assert not set(LEAVE) & active(world, "people")


def test_who_left_and_is_back_lets_what_waits_lapse() -> None:
    world, record = divided()
    assert lands(world, "back.zip", crowd().files).outcome == "applied"
    assert (world.runs.control("lab").held_run, world.runs.run("lab", record.run).waits) == (None, None)


def test_a_discarded_rest_is_refused_until_the_source_changes() -> None:
    world, record = divided()
    answer = act(Discard(operation="discard", integration="lab", run=record.run, by="support", reason="no"), world)
    assert (answer["outcome"], answer["waits"]) == ("applied", None)
    assert lands(world, "again.zip", second_day()).code == "unchanged"
    assert integration_view(seen(WAITS, world))["status"] == "waiting for the district"
    assert set(LEAVE) <= active(world, "people")
    third = lands(world, "third.zip", District(second_day()).with_student("s-third", classes=["c-1"]).files)
    assert third.waits is not None


# ---------------------------------------------------------------- a part is approved

def only(**words: list[str]) -> dict[str, Any]:
    return {"only": words}


def test_one_school_is_approved_and_the_other_goes_on_waiting() -> None:
    world, record = held()
    part = approve(world, record, **only(schools=["school-1"]))
    assert part.outcome == "applied"
    gone = set(LEAVE) - active(world, "people")
    assert gone == {one for one in LEAVE if int(one[2:]) % 2}
    assert world.runs.run("lab", record.run).text.startswith("approved in part")
    assert approve(world, part).waits is None
    assert tables(world) == whole()


def test_one_record_is_approved_with_what_hangs_on_it() -> None:
    world, record = held()
    part = approve(world, record, **only(records=["s-100"]))
    assert set(LEAVE) - active(world, "people") == {"s-100"}
    assert "e-s-100-c-3" not in active(world, "enrollments")
    assert part.text == "2 records changed, 61 wait for approval"


def test_kinds_of_records_and_changes_are_approved_one_after_the_other() -> None:
    world, record = held()
    part = approve(world, record, **only(changes=["create", "update", "restore"]))
    assert part.text == "3 records changed, 60 wait for approval"
    part = approve(world, part, **only(entities=["enrollments"]))
    assert part.text == "30 records changed, 30 wait for approval"
    assert approve(world, part).waits is None
    assert tables(world) == whole()


def test_a_removal_waits_as_long_as_what_hangs_on_it_stays() -> None:
    world, record = held()
    part = approve(world, record, **only(entities=["people"], changes=["archive"]))
    assert (part.outcome, part.waits is not None) == ("nothing to change", True)
    assert set(LEAVE) <= active(world, "people")
    assert approve(world, part).outcome == "applied"
    assert tables(world) == whole()


def test_a_part_that_is_everything_is_everything() -> None:
    world, record = held()
    assert approve(world, record, **only(schools=["school-1", "school-2"])).waits is None
    assert tables(world) == whole()


# ---------------------------------------------------------------- two people

MANY = [f"s-{n}" for n in range(100, 170)]


def most_leave() -> tuple[MemoryWorld, RunRecord]:
    """More than half of the people leave: one person alone may not approve that."""
    world, record = divided(LAB, second_day(MANY))
    assert load_manifest(world.objects, "lab", record.run).approvers == 2
    return world, record


def test_a_first_yes_is_kept_and_starts_nothing_a_second_one_does() -> None:
    world, record = most_leave()
    answer = says_yes(world, record, "first@vendor.example")
    assert (answer["state"], answer["run"]) == ("waiting", record.run)
    assert set(MANY) <= active(world, "people")
    assert [a.by for a in world.runs.run("lab", record.run).approvals] == ["first@vendor.example"]
    assert world.runs.control("lab").lease_run is None
    assert says_yes(world, record, "second@vendor.example")["state"] == "queued"


def test_the_same_person_is_no_second_one() -> None:
    world, record = most_leave()
    says_yes(world, record, "first@vendor.example")
    with pytest.raises(Refused, match="second person"):
        says_yes(world, record, "  First@Vendor.Example ")
    assert len(world.runs.run("lab", record.run).approvals) == 1


def test_two_people_must_mean_the_same_part() -> None:
    world, record = most_leave()
    says_yes(world, record, "first", **only(schools=["school-1"]))
    assert says_yes(world, record, "second")["state"] == "waiting"
    assert says_yes(world, record, "second", **only(schools=["school-1"]))["state"] == "queued"


def test_nobody_walks_around_the_second_person_through_the_door() -> None:
    world, record = most_leave()
    asked = StartRun(trigger="approval", integration="lab", by="first", held_run=record.run, plan_hash=record.plan_hash)
    with pytest.raises(Refused, match="second person"):
        start(asked, world)
    says_yes(world, record, "second")
    assert ended(world, start(asked, world)).outcome == "applied"


def test_what_needed_two_people_needs_them_to_its_end() -> None:
    world, record = most_leave()
    part = approve(world, record, **only(schools=["school-1"]))
    assert part.waits is not None
    assert says_yes(world, part, "first")["state"] == "waiting"


def test_every_yes_is_in_the_audit() -> None:
    world, record = most_leave()
    approve(world, record, **only(schools=["school-1"]))
    told = [entry for _, entry, _ in world.runs.audits if entry["operation"] == "approve"]
    assert [entry["by"] for entry in told] == ["support", "second person"]
    assert all(entry["only"] == {"schools": ["school-1"]} for entry in told)


# ---------------------------------------------------------------- what an approval is bound to

@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("moves", ["options", "edit", "run"])
def test_an_approval_lapses_when_anything_moved(moves: str, waits: bool) -> None:
    world, record = divided(WAITS if waits else LAB)
    if moves == "options":
        world.integrations.put(LAB.model_copy(update={"options": Options(strict=True)}))
    elif moves == "edit":
        person = next(i["id"] for i in world.roster.items.values() if i.get("source_id") == "s-1")
        archive_by_hand(world, "lab", "people", person, "support", "left early")
    else:
        lands(world, "third.zip", District(second_day()).with_student("s-third", classes=["c-1"]).files)
    with pytest.raises(Lapsed):
        says_yes(world, record)
    assert world.runs.run("lab", record.run).waits is None


def test_a_kept_yes_lapses_with_its_plan() -> None:
    world, record = most_leave()
    says_yes(world, record, "first")
    files = District(second_day(MANY)).with_student("s-third", classes=["c-1"]).files
    newer = lands(world, "third.zip", files)
    with pytest.raises(Lapsed):
        says_yes(world, record, "second")
    assert says_yes(world, newer, "second")["state"] == "waiting"


def test_another_hash_is_refused_and_what_waits_stays() -> None:
    world, record = divided()
    with pytest.raises(Refused, match="hash"):
        says_yes(world, record, plan_hash=record.plan_hash)
    assert world.runs.run("lab", record.run).waits is not None


def test_a_re_key_is_approved_whole() -> None:
    world, record = held()
    with pytest.raises(Refused, match="hash"):
        says_yes(world, record, rekey=True)
    assert world.runs.control("lab").held_run == record.run


# ---------------------------------------------------------------- a discard is of content and of how it is read

def test_a_discarded_first_load_comes_again_once_the_options_are_others() -> None:
    careful = LAB.model_copy(update={"hold_first_load": True})
    world = lab(crowd().files, careful)
    act(Discard(operation="discard", integration="lab", run=1, by="support", reason="parents too"), world)
    assert lands(world, "again.zip", crowd().files).code == "denied"
    world.integrations.put(careful.model_copy(update={"options": Options(parents=False)}))
    assert lands(world, "third.zip", crowd().files).outcome == "held"


def test_after_a_discard_of_what_our_own_rules_do_it_is_our_turn() -> None:
    world = lab(crowd().files, LAB.model_copy(update={"hold_first_load": True}))
    act(Discard(operation="discard", integration="lab", run=1, by="support", reason="parents too"), world)
    view = integration_view(seen(LAB, world))
    assert (view["status"], view["owner"]) == ("failing: we act", "vendor")
    other, record = held()
    act(Discard(operation="discard", integration="lab", run=record.run, by="support", reason="half a file"), other)
    assert integration_view(seen(LAB, other))["owner"] == "district"


def test_a_discard_of_a_rest_may_be_repeated_and_the_run_stays_applied() -> None:
    world, record = divided()
    asked = Discard(operation="discard", integration="lab", run=record.run, by="support", reason="no")
    clear, world.runs.clear_hold = world.runs.clear_hold, lambda *_, **__: None  # type: ignore[method-assign]
    first_answer = act(asked, world)
    world.runs.clear_hold = clear  # type: ignore[method-assign]
    assert act(asked, world)["text"] == first_answer["text"]
    assert (world.runs.run("lab", record.run).outcome, world.runs.control("lab").held_run) == ("applied", None)


def test_a_record_made_by_hand_since_lets_what_waits_lapse() -> None:
    world, record = divided()
    made = CreateRecord(operation="create", integration="lab", entity="people", by="support", reason="a new aide",
                        fields={"role": "aide", "orgs": ["school-1"], "username": "by.hand", "given_name": "Sample",
                                "family_name": "Aide", "enabled": True})
    act(made, world)
    with pytest.raises(Lapsed):
        says_yes(world, record)
    assert world.runs.control("lab").held_run is None
