"""The end of a run: what must be true before the pointer moves, and what each verdict and error leaves behind."""

from __future__ import annotations

import json

import pytest

from homeroom.apply.failures import UnrecordedEnd
from homeroom.errors import HomeroomError, LeaseLost
from homeroom.model import places
from homeroom.model.events import RunError
from homeroom.model.run import Lease
from homeroom.support.edits import archive_by_hand
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.fakes.plans import (
    GUARD,
    LAB,
    delivery,
    end,
    file_lands,
    keep_plan,
    lease_of,
    person,
    run_through,
    run_until_held,
    write_parts,
)

PARTS = [[person("create", "s-1"), person("create", "s-2")], [person("create", "s-3")]]
COUNTS = {"people": {"create": 3, "update": 0, "archive": 0, "restore": 0, "unchanged": 0, "kept": 0}}


def begun(parts=PARTS, **words) -> tuple[MemoryWorld, Lease]:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip", "content-a"))
    keep_plan(world, lease, parts, content_hash="content-a", **words)
    return world, lease


def test_the_pointer_moves_when_every_part_reported() -> None:
    world, lease = begun(counts=COUNTS)
    write_parts(world, lease, PARTS)
    ending = end(world, lease, verdict="apply")
    control = world.runs.control(LAB.id)
    assert (control.applied_run, control.applied_content) == (lease.run, "content-a")
    assert control.applied_at == world.clock.now()
    assert (control.dirty_runs, control.lease_run) == ((), None)
    assert (ending.record.outcome, ending.record.text) == ("applied", "3 records changed")
    assert ending.record.summary is not None
    assert ending.record.summary["written"]["items"] == 3
    assert json.loads(world.objects.get(places.summary(LAB.id, lease.run))) == ending.record.summary


def test_a_missing_result_keeps_the_pointer_where_it_was() -> None:
    world, lease = begun()
    write_parts(world, lease, PARTS)
    del world.objects.bodies[places.result(LAB.id, lease.run, 1)]
    with pytest.raises(HomeroomError, match="1 of 2 parts did not report"):
        end(world, lease, verdict="apply")
    assert world.runs.control(LAB.id).applied_run is None
    assert world.runs.run(LAB.id, lease.run).outcome is None


def test_a_result_with_another_count_keeps_the_pointer_where_it_was() -> None:
    world, lease = begun()
    write_parts(world, lease, PARTS)
    world.objects.put(places.result(LAB.id, lease.run, 0), json.dumps({"part": 0, "operations": 1}).encode())
    with pytest.raises(HomeroomError, match="RUN-05"):
        end(world, lease, verdict="apply")
    assert world.runs.control(LAB.id).applied_run is None


def test_a_run_that_lost_its_lease_moves_nothing() -> None:
    world, lease = begun()
    write_parts(world, lease, PARTS)
    world.runs.release(lease)
    world.runs.open(LAB.id, now=world.clock.now(), lease_seconds=60, take_lease=True)
    with pytest.raises(LeaseLost):
        end(world, lease, verdict="apply")
    assert world.runs.control(LAB.id).applied_run is None
    cause = json.dumps({"errorMessage": "RUN-01: taken over"})
    told = end(world, lease, error=RunError(Error="LeaseLost", Cause=cause))
    assert told.record.outcome == "interrupted"
    assert world.runs.control(LAB.id).lease_run == lease.run + 1


def test_ending_a_run_twice_is_ending_it_once() -> None:
    world, lease = begun()
    write_parts(world, lease, PARTS)
    first = end(world, lease, verdict="apply")
    control = world.runs.control(LAB.id)
    again = end(world, lease, verdict="apply")
    late = end(world, lease, error=RunError(Error="States.Timeout"))
    assert first.record == again.record == late.record
    assert world.runs.control(LAB.id) == control


def test_nothing_to_change_moves_the_pointer_to_the_new_content() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    lease = run_through(world, "day-2.zip", [], content_hash="content-b", verdict="nothing")
    control = world.runs.control(LAB.id)
    assert (control.applied_run, control.applied_content) == (lease.run, "content-b")
    assert world.runs.run(LAB.id, lease.run).outcome == "nothing to change"


def test_rows_in_error_make_it_applied_with_issues_and_warnings_do_not() -> None:
    for issues, outcome in (({"FLD-01": 2}, "applied with issues"), ({"FLD-02": 2, "FLD-01": 0}, "applied")):
        world, lease = begun(issues=issues)
        write_parts(world, lease, PARTS)
        assert end(world, lease, verdict="apply").record.outcome == outcome


def test_what_a_commit_supersedes_expires_and_what_the_pointer_names_does_not() -> None:
    world = memory_world(LAB)
    first = run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    second = run_through(world, "day-2.zip", [[person("update", "s-1")]], content_hash="content-b")
    assert world.objects.superseded == {
        places.raw(LAB.id, first.run, "users"), places.state(LAB.id, first.run, "people"),
    }
    assert places.part(LAB.id, first.run, 0) not in world.objects.superseded
    assert world.runs.control(LAB.id).applied_run == second.run


def test_a_hold_frees_the_lease_and_writes_no_record() -> None:
    world, lease = begun(verdict="hold", guards=[GUARD])
    ending = end(world, lease, verdict="hold")
    control = world.runs.control(LAB.id)
    assert (control.held_run, control.lease_run, control.applied_run) == (lease.run, None, None)
    assert (ending.record.outcome, ending.record.code) == ("held", "GRD-02")
    assert [held.run for held in world.runs.held()] == [lease.run]
    assert tables(world) == {}
    assert world.objects.superseded == set()


def test_a_newer_hold_takes_the_place_of_an_older_one() -> None:
    world = memory_world(LAB)
    older, _ = run_until_held(world, "day-1.zip", PARTS, "content-a")
    newer, _ = run_until_held(world, "day-2.zip", PARTS, "content-b")
    assert world.runs.run(LAB.id, older.run).outcome == "lapsed"
    assert [held.run for held in world.runs.held()] == [newer.run]
    assert places.raw(LAB.id, older.run, "users") in world.objects.superseded


def test_a_hold_lapses_when_a_newer_plan_passes_the_guards() -> None:
    world = memory_world(LAB)
    held, _ = run_until_held(world, "day-1.zip", PARTS, "content-a")
    run_through(world, "day-2.zip", PARTS, content_hash="content-b")
    assert world.runs.control(LAB.id).held_run is None
    assert world.runs.run(LAB.id, held.run).outcome == "lapsed"
    assert world.runs.held() == []


def test_an_unusable_file_fails_in_its_own_words_and_frees_the_lease() -> None:
    failure = {"code": "FIL-03", "text": "users.csv is missing", "owner": "district", "remedy": "Upload it."}
    world, lease = begun([], verdict="fail", failure=failure, complete=False)
    record = end(world, lease, verdict="fail").record
    assert (record.outcome, record.code, record.owner) == ("failed", "FIL-03", "district")
    assert record.text == "users.csv is missing"
    assert world.runs.control(LAB.id).lease_run is None


def test_a_failed_run_leaves_an_older_hold_as_it_is() -> None:
    world = memory_world(LAB)
    held, _ = run_until_held(world, "day-1.zip", PARTS, "content-a")
    lease = lease_of(world, file_lands(world, "day-2.zip"))
    failure = {"code": "FIL-15", "text": "no zip", "owner": "district", "remedy": "Upload it."}
    keep_plan(world, lease, [], verdict="fail", failure=failure)
    end(world, lease, verdict="fail")
    assert world.runs.control(LAB.id).held_run == held.run


def test_an_error_before_any_write_is_failed_and_frees_the_lease() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    cause = json.dumps({"errorMessage": "RUN-02: the kept state is missing", "errorType": "StateLost"})
    record = end(world, lease, error=RunError(Error="StateLost", Cause=cause)).record
    assert (record.outcome, record.code, record.owner) == ("failed", "RUN-02", "vendor")
    assert world.runs.control(LAB.id).lease_run is None


def test_an_error_after_writing_began_is_interrupted_and_keeps_lease_and_dirty_keys() -> None:
    world, lease = begun()
    write_parts(world, lease, PARTS[:1])
    ending = end(world, lease, error=RunError(Error="States.Timeout", Cause="the task of a pupil timed out"))
    control = world.runs.control(LAB.id)
    assert (ending.record.outcome, ending.record.code) == ("interrupted", "INT-01")
    assert "pupil" not in ending.record.text
    assert (control.lease_run, control.dirty_runs, control.applied_run) == (lease.run, (lease.run,), None)
    assert ending.record.summary is not None
    assert ending.record.summary["written"]["items"] == 2


def test_a_delivery_that_waits_is_told_and_after_an_error_it_is_woken_when_the_lease_is_free() -> None:
    world, lease = begun()
    world.runs.set_pending(LAB.id, delivery("day-2.zip", "content-b"))
    write_parts(world, lease, PARTS)
    ending = end(world, lease, error=RunError(Error="States.Timeout"))
    assert ending.pending
    left = world.runs.control(LAB.id).lease_until - int(world.clock.now().timestamp())
    assert world.waking.asked == [(LAB.id, min(left + 1, 900))]


def test_an_execution_that_ended_unseen_is_recorded_from_its_event() -> None:
    world, lease = begun()
    given = json.dumps({"integration": LAB.id, "run": lease.run, "fence": lease.fence, "transport": "csv_pushed"})
    event = UnrecordedEnd.model_validate({"detail": {"input": given, "status": "ABORTED", "name": "x"}, "id": "1"})
    asked = event.as_finish()
    record = end(world, lease, error=asked.error).record
    assert (asked.integration, asked.run, asked.fence) == (LAB.id, lease.run, lease.fence)
    assert (record.outcome, record.text) == ("interrupted", "a step of the run ended with States.ABORTED")


def test_exactly_the_hand_edits_that_the_plan_took_in_are_used_up() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    taken = archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
    lease = lease_of(world, file_lands(world, "day-2.zip", "content-b"))
    parts = [[person("restore", "s-1")]]
    keep_plan(world, lease, parts, content_hash="content-b")
    later = archive_by_hand(world, LAB.id, "people", "id-s-2", "support", "left early")
    write_parts(world, lease, parts)
    end(world, lease, verdict="apply")
    assert [edit.item for edit in world.roster.edits(LAB.roster)] == [later.item]
    assert (taken.record[0], "@|overlay") not in tables(world)
    assert (later.record[0], "@|overlay") in tables(world)


def test_a_later_edit_of_the_same_record_keeps_its_overlay() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "first")
    lease = lease_of(world, file_lands(world, "day-2.zip", "content-b"))
    keep_plan(world, lease, [[person("restore", "s-1")]], content_hash="content-b")
    world.clock.tick(1)
    later = archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "second")
    write_parts(world, lease, [[person("restore", "s-1")]])
    end(world, lease, verdict="apply")
    assert [edit.item for edit in world.roster.edits(LAB.roster)] == [later.item]
    assert world.roster.get([(later.record[0], "@|overlay")])[0]["reason"] == "second"
