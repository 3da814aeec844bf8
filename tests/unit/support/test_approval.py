"""An approval applies one plan, and none other."""

from __future__ import annotations

import pytest

from homeroom.errors import Lapsed, Refused
from homeroom.model.events import StartRun
from homeroom.model.integration import Options, Pause
from homeroom.model.plan import PlanManifest
from homeroom.model.run import Lease
from homeroom.support.approval import what_moved
from homeroom.support.door import start
from homeroom.support.edits import archive_by_hand
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import (
    LAB,
    end,
    file_lands,
    keep_plan,
    lease_of,
    person,
    run_through,
    run_until_held,
    write_parts,
)

PARTS = [[person("create", "s-1")]]


def held() -> tuple[MemoryWorld, Lease, PlanManifest]:
    world = memory_world(LAB)
    run_through(world, "day-1.zip", PARTS, content_hash="content-a")
    lease, manifest = run_until_held(world, "day-2.zip", [[person("archive", "s-1")]], "content-b")
    return world, lease, manifest


def approve(world: MemoryWorld, run: int, plan_hash: str):
    return start(StartRun(trigger="approval", integration=LAB.id, by="support", reason="looked at it", held_run=run,
                          plan_hash=plan_hash), world)


def test_an_approval_is_a_run_of_its_own_under_a_new_fence() -> None:
    world, lease, manifest = held()
    world.clock.tick(86_400)
    started = approve(world, lease.run, manifest.plan_hash)
    request = world.executions.started[f"{LAB.id}-{started.run}"]
    assert (started.state, request.trigger, request.held_run) == ("queued", "approval", lease.run)
    assert (request.plan_hash, request.as_of) == (manifest.plan_hash, manifest.as_of)
    assert request.fence > lease.fence
    assert world.runs.run(LAB.id, lease.run).outcome == "held"


def test_the_held_run_is_settled_together_with_the_one_that_applied_it() -> None:
    world, lease, manifest = held()
    approval = lease_of(world, approve(world, lease.run, manifest.plan_hash))
    parts = [[person("archive", "s-1")]]
    keep_plan(world, approval, parts, content_hash="content-b")
    write_parts(world, approval, parts)
    record = end(world, approval, verdict="apply").record
    settled = world.runs.run(LAB.id, lease.run)
    assert (record.outcome, settled.outcome) == ("applied", "applied")
    assert settled.text == f"approved; run {approval.run} applied it"
    assert world.runs.control(LAB.id).held_run is None
    assert world.runs.held() == []


def test_a_plan_that_came_out_differently_lapses_with_its_hold() -> None:
    world, lease, manifest = held()
    approval = lease_of(world, approve(world, lease.run, manifest.plan_hash))
    keep_plan(world, approval, [], verdict="lapsed")
    record = end(world, approval, verdict="lapsed").record
    control = world.runs.control(LAB.id)
    assert (record.outcome, world.runs.run(LAB.id, lease.run).outcome) == ("lapsed", "lapsed")
    assert (control.held_run, control.lease_run, control.dirty_runs) == (None, None, ())


def test_another_hash_is_refused_and_the_hold_stays() -> None:
    world, lease, _ = held()
    with pytest.raises(Refused, match="hash"):
        approve(world, lease.run, "another")
    assert world.runs.control(LAB.id).held_run == lease.run


@pytest.mark.parametrize("moves", ["options", "edit"])
def test_what_moved_since_lets_the_hold_lapse(moves: str) -> None:
    world, lease, manifest = held()
    if moves == "options":
        world.integrations.put(LAB.model_copy(update={"options": Options(strict=True)}))
    else:
        archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
    with pytest.raises(Lapsed):
        approve(world, lease.run, manifest.plan_hash)
    assert world.runs.run(LAB.id, lease.run).outcome == "lapsed"
    assert world.runs.control(LAB.id).held_run is None
    assert world.runs.control(LAB.id).run_seq == lease.run


def test_a_run_that_is_not_held_any_more_can_not_be_approved() -> None:
    world, lease, manifest = held()
    run_through(world, "day-3.zip", PARTS, content_hash="content-c")
    with pytest.raises(Lapsed, match="not held any more"):
        approve(world, lease.run, manifest.plan_hash)


def test_an_edit_between_the_look_and_the_lease_is_noticed() -> None:
    world, lease, manifest = held()
    opened = world.runs.open

    def slowly(*args, **kwargs):
        archive_by_hand(world, LAB.id, "people", "id-s-1", "support", "left early")
        return opened(*args, **kwargs)

    world.runs.open = slowly  # type: ignore[method-assign]
    with pytest.raises(Lapsed, match="hand edits"):
        approve(world, lease.run, manifest.plan_hash)
    assert world.runs.control(LAB.id).lease_run is None
    assert len(world.executions.started) == 2


def test_an_approval_waits_for_nobody_but_says_who_is_on() -> None:
    world, lease, manifest = held()
    file_lands(world, "day-3.zip", "content-c")
    refused = approve(world, lease.run, manifest.plan_hash)
    assert (refused.state, refused.reason) == ("refused", "locked")
    assert world.runs.control(LAB.id).held_run == lease.run


def test_an_approval_of_a_paused_integration_is_refused() -> None:
    world, lease, manifest = held()
    world.integrations.put(LAB.model_copy(update={"paused": Pause(reason="x", by="support", at=START)}))
    assert approve(world, lease.run, manifest.plan_hash).reason == "paused"


def test_each_thing_that_moved_is_said_by_name() -> None:
    world, lease, manifest = held()
    control = world.runs.control(LAB.id)

    def moved(manifest=manifest, control=control, integration=LAB, edits=()):
        return what_moved(manifest, lease.run, integration, control, list(edits))

    assert moved() is None
    assert "roster" in str(moved(control=control.model_copy(update={"applied_run": 99})))
    assert "later run" in str(moved(control=control.model_copy(update={"dirty_runs": (99,)})))
    assert moved(control=control.model_copy(update={"dirty_runs": (1,)})) is None
    assert "options" in str(moved(integration=LAB.model_copy(update={"products": ("x",)})))
    old_rules = PlanManifest(**{**vars(manifest), "rules_version": 0})
    assert "rules" in str(moved(manifest=old_rules))
