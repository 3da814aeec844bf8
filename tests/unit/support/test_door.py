"""The one door: number and lease, the request, refusals, and a landed file that is never lost."""

from __future__ import annotations

import pytest

from homeroom.errors import NotFound, RetryableError
from homeroom.model import places
from homeroom.model.events import StartRun
from homeroom.model.integration import Pause
from homeroom.model.run import Request, Trigger
from homeroom.support.door import start, start_waiting
from homeroom.support.edits import archive_by_hand
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import (
    LAB,
    delivery,
    end,
    file_lands,
    keep_plan,
    lease_of,
    person,
    run_through,
    run_until_held,
)

PAUSED = LAB.model_copy(update={"paused": Pause(reason="move of the SIS", by="support", at=START)})
PARTS = [[person("create", "s-1")]]


def by_hand(world: MemoryWorld, **words):
    return start(StartRun(trigger="hand", integration=LAB.id, by="support", reason="asked", **words), world)


def outcomes(world: MemoryWorld) -> list[str | None]:
    return [record.code or record.outcome or record.state for record in reversed(world.runs.history(LAB.id, 50))]


def test_a_landed_file_starts_a_run_with_number_lease_request_and_ledger_entry() -> None:
    world = memory_world(LAB)
    started = file_lands(world, "day-1.zip", "content-a")
    control = world.runs.control(LAB.id)
    assert (started.run, started.state, started.reason) == (1, "queued", None)
    assert started.execution is not None
    assert started.execution.endswith(f"{LAB.id}-1")
    assert (control.lease_run, control.fence, control.run_seq) == (1, 1, 1)
    request = Request.model_validate_json(world.objects.get(places.request(LAB.id, 1)))
    assert request == world.executions.started[f"{LAB.id}-1"]
    assert (request.as_of, request.delivery) == ("2026-09-07", delivery("day-1.zip", "content-a"))
    record = world.runs.run(LAB.id, 1)
    assert (record.state, record.outcome, record.trigger, record.content_hash) == ("queued", None, "file", "content-a")


def test_the_same_delivery_again_makes_no_run() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    again = file_lands(world, "day-1.zip", "content-a")
    assert (again.run, again.state, again.reason) == (None, "skipped", "taken")
    assert outcomes(world) == ["applied"]
    assert world.runs.control(LAB.id).run_seq == 1


def test_the_same_delivery_while_its_run_is_on_makes_no_run() -> None:
    world = memory_world(LAB)
    file_lands(world, "day-1.zip", "content-a")
    world.runs.deliveries.clear()
    again = file_lands(world, "day-1.zip", "content-a")
    assert (again.run, again.state, again.reason) == (1, "queued", "taken")
    assert world.runs.control(LAB.id).pending is None
    assert len(world.runs.history(LAB.id, 9)) == 1


def test_the_same_content_in_another_file_is_unchanged_and_recorded() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    again = file_lands(world, "day-2.zip", "content-a")
    assert (again.run, again.state, again.reason) == (2, "skipped", "unchanged")
    assert outcomes(world) == ["applied", "unchanged"]
    assert world.runs.control(LAB.id).lease_run is None
    assert list(world.executions.started) == [f"{LAB.id}-1"]


def test_files_a_b_a_are_three_runs() -> None:
    world = memory_world(LAB)
    for name, content in (("1.zip", "content-a"), ("2.zip", "content-b"), ("3.zip", "content-a")):
        run_through(world, name, PARTS, content_hash=content)
    assert outcomes(world) == ["applied"] * 3
    assert world.runs.control(LAB.id).applied_content == "content-a"


def test_an_edit_by_hand_makes_the_same_file_a_run() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
    assert file_lands(world, "day-2.zip", "content-a").state == "queued"


def test_files_that_land_during_a_run_wait_and_the_newest_wins() -> None:
    world = memory_world(LAB)
    first = file_lands(world, "day-1.zip", "content-a")
    second, third = file_lands(world, "day-2.zip", "content-b"), file_lands(world, "day-3.zip", "content-c")
    assert [(s.run, s.state, s.reason) for s in (second, third)] == [(2, "pending", "locked"), (3, "pending", "locked")]
    assert world.runs.control(LAB.id).pending == delivery("day-3.zip", "content-c")
    lease = lease_of(world, first)
    keep_plan(world, lease, [], verdict="nothing", content_hash="content-a")
    assert end(world, lease, verdict="nothing").pending
    waiting = start(StartRun(trigger="pending", integration=LAB.id), world)
    assert (waiting.run, waiting.state) == (4, "queued")
    assert world.executions.started[f"{LAB.id}-4"].delivery == delivery("day-3.zip", "content-c")
    assert world.runs.control(LAB.id).pending is None
    assert outcomes(world) == ["nothing to change", "locked", "locked", "queued"]


def test_a_file_that_waits_is_looked_at_again_should_nobody_else_start_it() -> None:
    world = memory_world(LAB)
    file_lands(world, "day-1.zip", "content-a")
    file_lands(world, "day-2.zip", "content-b")
    assert world.waking.asked == [(LAB.id, 300)]
    assert start_waiting(LAB.id, world) is None
    world.clock.tick(301)
    started = start_waiting(LAB.id, world)
    assert started is not None
    assert (started.run, started.state) == (3, "queued")


def test_a_run_that_ended_while_the_file_was_noted_does_not_leave_it_waiting() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip", "content-a"))
    set_pending = world.runs.set_pending

    def just_before_the_run_ends(integration, waits) -> None:
        end(world, lease, error={"Error": "States.Timeout"})
        set_pending(integration, waits)

    world.runs.set_pending = just_before_the_run_ends  # type: ignore[method-assign]
    started = file_lands(world, "day-2.zip", "content-b")
    assert (started.run, started.state) == (3, "queued")
    assert world.executions.started[f"{LAB.id}-3"].trigger == "pending"
    assert world.runs.control(LAB.id).pending is None


def test_nothing_starts_for_pending_when_nothing_waits() -> None:
    world = memory_world(LAB)
    assert start_waiting(LAB.id, world) is None
    asked = start(StartRun(trigger="pending", integration=LAB.id), world)
    assert (asked.run, asked.reason) == (None, "no data")
    assert world.runs.history(LAB.id, 9) == []


def test_a_file_that_lands_while_paused_waits_until_the_pause_ends() -> None:
    world = memory_world(PAUSED)
    held_back = file_lands(world, "day-1.zip", "content-a")
    assert (held_back.run, held_back.state, held_back.reason) == (1, "pending", "paused")
    assert by_hand(world).state == "refused"
    assert start_waiting(LAB.id, world).reason == "paused"  # type: ignore[union-attr]
    assert world.runs.control(LAB.id).pending == delivery("day-1.zip", "content-a")
    world.integrations.put(LAB)
    resumed = start_waiting(LAB.id, world)
    assert resumed is not None
    assert (resumed.run, resumed.state) == (3, "queued")


def test_a_run_by_hand_takes_the_newest_delivery_that_is_known() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    assert (by_hand(world).state, by_hand(world).reason) == ("refused", "unchanged")
    forced = by_hand(world, force=True)
    assert forced.state == "queued"
    request = world.executions.started[f"{LAB.id}-{forced.run}"]
    assert (request.delivery, request.by, request.force) == (delivery("day-1.zip", "content-a"), "support", True)


def test_a_run_by_hand_while_one_is_on_is_refused_in_words() -> None:
    world = memory_world(LAB)
    file_lands(world, "day-1.zip", "content-a")
    refused = by_hand(world)
    assert (refused.state, refused.reason, refused.text) == ("refused", "locked", "run 1 is on")


@pytest.mark.parametrize("trigger", ["schedule", "sign_in"])
def test_what_comes_by_itself_without_any_file_is_recorded_as_no_data(trigger: Trigger) -> None:
    world = memory_world(LAB)
    started = start(StartRun(trigger=trigger, integration=LAB.id), world)
    assert (started.run, started.state, started.reason) == (1, "skipped", "no data")
    assert outcomes(world) == ["no data"]


def test_an_unknown_integration_is_not_found() -> None:
    with pytest.raises(NotFound):
        start(StartRun(trigger="hand", integration="nobody", by="x"), memory_world(LAB))


def test_an_execution_that_can_not_start_frees_the_lease_and_tells_the_error() -> None:
    world = memory_world(LAB)
    world.executions.broken = RetryableError("StartExecution answered ThrottlingException")
    with pytest.raises(RetryableError):
        file_lands(world, "day-1.zip", "content-a")
    control = world.runs.control(LAB.id)
    assert (control.lease_run, control.pending) == (None, delivery("day-1.zip", "content-a"))
    assert world.runs.run(LAB.id, 1).outcome == "failed"
    world.executions.broken = None
    assert file_lands(world, "day-1.zip", "content-a").run == 2
    assert world.runs.control(LAB.id).pending is None


def test_a_foreign_error_of_the_start_is_told_without_its_message() -> None:
    world = memory_world(LAB)
    world.executions.broken = ValueError("Jane Sample")
    with pytest.raises(ValueError, match="Jane"):
        file_lands(world, "day-1.zip", "content-a")
    assert world.runs.run(LAB.id, 1).text == "the run could not be started"


def test_the_source_as_applied_again_lets_a_hold_lapse() -> None:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    held, _ = run_until_held(world, "day-2.zip", PARTS, "content-b")
    assert file_lands(world, "day-3.zip", "content-a").reason == "unchanged"
    assert world.runs.control(LAB.id).held_run is None
    assert world.runs.run(LAB.id, held.run).outcome == "lapsed"


def test_a_run_whose_process_died_is_told_so_by_the_next_one() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip", "content-a"))
    keep_plan(world, lease, PARTS)
    world.clock.tick(3600)
    file_lands(world, "day-2.zip", "content-b")
    dead = world.runs.run(LAB.id, 1)
    assert (dead.outcome, dead.code, dead.owner) == ("interrupted", "RUN-06", "vendor")
    assert world.runs.control(LAB.id).lease_run == 2


@pytest.mark.parametrize("trigger", ["schedule", "sign_in"])
def test_what_comes_by_itself_reads_no_file_again_that_was_applied(trigger: Trigger) -> None:
    world = memory_world(LAB)
    run_through(world, "1.zip", [[person("create", "s-1")]], content_hash="content-a")
    started = start(StartRun(trigger=trigger, integration=LAB.id), world)
    assert (started.run, started.state, started.reason) == (None, "skipped", "taken")
