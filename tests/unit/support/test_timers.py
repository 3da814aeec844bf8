"""Pause, resume, blackouts, and schedules that are kept equal to the integrations."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from homeroom.errors import NotFound, Refused
from homeroom.model.integration import Integration
from homeroom.model.schedule import Schedule
from homeroom.model.schedule_events import ChangeBlackout, PauseRuns, ReconcileSchedules, ResumeRuns
from homeroom.ports import Timer
from homeroom.support.timers import blackout, pause, put_timer, reconcile_schedules, refuse_bad_time, resume
from homeroom.support.times import timer_of
from tests.fakes.memory import START, MemoryTimers, MemoryWorld, memory_world
from tests.fakes.plans import LAB, file_lands

NIGHTLY = LAB.model_copy(update={"schedule": Schedule(mode="daily", at="04:00")})
BY: dict[str, Any] = {"by": "tse", "reason": "summer break"}


def named(name: str, schedule: Schedule | None = None) -> Integration:
    return NIGHTLY.model_copy(update={"id": name, "schedule": schedule or NIGHTLY.schedule})


def timer(name: str) -> Timer:
    found = timer_of(named(name))
    assert found is not None
    return found


def reconciled(world: MemoryWorld) -> dict[str, Any]:
    return reconcile_schedules(ReconcileSchedules(operation="reconcile_schedules", **BY), world)


def audited(world: MemoryWorld) -> list[tuple[str, dict[str, Any]]]:
    return [(name, entry) for name, entry, _ in world.runs.audits]


def test_reconciling_creates_changes_and_removes_until_schedules_and_integrations_are_equal() -> None:
    world = memory_world(named("new"), named("moved"), named("same"), named("by-hand", Schedule()))
    for known in (timer("same"), Timer("moved", "cron(0 3 ? * * *)", "America/New_York"), timer("by-hand"),
                  timer("gone")):
        world.timers.put(known)
    assert reconciled(world) == {
        "integrations": 4, "unchanged": 1, "created": ["new"], "changed": ["moved"], "removed": ["by-hand", "gone"],
        "refused": []}
    assert world.timers.list() == [timer("moved"), timer("new"), timer("same")]
    assert [(name, entry["operation"], entry["schedule"], entry["by"]) for name, entry in audited(world)] == [
        ("by-hand", "reconcile_schedules", "removed", "tse"), ("gone", "reconcile_schedules", "removed", "tse"),
        ("moved", "reconcile_schedules", "changed", "tse"), ("new", "reconcile_schedules", "created", "tse")]


def test_reconciling_again_changes_nothing() -> None:
    world = memory_world(named("new"), named("other"))
    reconciled(world)
    before = audited(world)
    assert reconciled(world) == {
        "integrations": 2, "unchanged": 2, "created": [], "changed": [], "removed": [], "refused": []}
    assert audited(world) == before


def test_one_schedule_that_aws_does_not_take_leaves_the_others_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Choosy(MemoryTimers):
        def put(self, timer: Timer) -> None:
            if timer.name == "bad":
                raise Refused("EventBridge Scheduler does not take this schedule")
            super().put(timer)

    world = memory_world(named("bad"), named("good"))
    choosy = Choosy()
    monkeypatch.setattr(world.timers, "put", choosy.put)
    monkeypatch.setattr(world.timers, "list", choosy.list)
    assert reconciled(world) == {
        "integrations": 2, "unchanged": 0, "created": ["good"], "changed": [], "removed": [], "refused": ["bad"]}
    assert choosy.list() == [timer("good")]


def test_an_integration_that_changes_while_schedules_are_reconciled_gets_its_newest_set_up(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    world = memory_world(named("moving"))
    listed = world.integrations.list()
    monkeypatch.setattr(world.integrations, "list", lambda: listed)
    later = named("moving", Schedule(mode="daily", at="05:00"))
    world.integrations.put(later)
    reconciled(world)
    assert world.timers.list() == [timer_of(later)]


def test_a_set_up_without_a_schedule_has_no_timer_any_more() -> None:
    world = memory_world(NIGHTLY)
    put_timer(NIGHTLY, world)
    assert world.timers.list() == [timer_of(NIGHTLY)]
    put_timer(LAB, world)
    assert world.timers.list() == []
    put_timer(LAB, world)


def test_a_pause_disables_the_schedule_and_says_who_and_why() -> None:
    world = memory_world(NIGHTLY)
    told = pause(PauseRuns(operation="pause", integration=LAB.id, **BY), world)
    assert (told["status"], told["next_run"]) == ("paused", None)
    assert told["schedule"].endswith("; paused")
    [kept] = world.timers.list()
    assert not kept.enabled
    assert world.integrations.get(LAB.id).paused is not None
    [(name, entry)] = audited(world)
    assert (name, entry["operation"], entry["by"], entry["reason"]) == (LAB.id, "pause", "tse", "summer break")
    assert file_lands(world, "1.zip", "content-a").state == "pending"


def test_pausing_again_changes_the_reason_and_keeps_since_when() -> None:
    world = memory_world(NIGHTLY)
    pause(PauseRuns(operation="pause", integration=LAB.id, **BY), world)
    world.clock.tick(86_400)
    pause(PauseRuns(operation="pause", integration=LAB.id, by="other", reason="contract"), world)
    paused = world.integrations.get(LAB.id).paused
    assert paused is not None
    assert (paused.at, paused.by, paused.reason) == (START, "other", "contract")


def test_resuming_enables_the_schedule_and_starts_what_waited() -> None:
    world = memory_world(NIGHTLY)
    pause(PauseRuns(operation="pause", integration=LAB.id, **BY), world)
    waiting = file_lands(world, "1.zip", "content-a")
    told = resume(ResumeRuns(operation="resume", integration=LAB.id, **BY), world)
    assert (told["status"], told["started"]) == ("running", (waiting.run or 0) + 1)
    assert told["next_run"] == "2026-09-07T08:00:00+00:00"
    assert world.timers.list() == [timer_of(NIGHTLY)]
    assert [entry["operation"] for _, entry in audited(world)] == ["pause", "resume"]


def test_resuming_what_is_not_paused_and_has_nothing_waiting_starts_nothing() -> None:
    world = memory_world(NIGHTLY)
    told = resume(ResumeRuns(operation="resume", integration=LAB.id, **BY), world)
    assert (told["status"], told["started"]) == ("waiting for data", None)
    assert world.integrations.get(LAB.id) == NIGHTLY


def test_blackouts_are_kept_in_order_and_move_the_next_run() -> None:
    world = memory_world(NIGHTLY)
    for first, last, reason in (("2026-12-21", "2027-01-03", "winter"), ("2026-09-07", "2026-09-08", "fair")):
        asked = {"first": first, "last": last, "by": "tse", "reason": reason}
        told = blackout(ChangeBlackout(operation="blackout", integration=LAB.id, **asked), world)
    assert [(days["first"], days["reason"]) for days in told["blackouts"]] == [
        ("2026-09-07", "fair"), ("2026-12-21", "winter")]
    assert told["next_run"] == "2026-09-09T08:00:00+00:00"
    assert file_lands(world, "1.zip", "content-a").reason == "blackout"
    entry = audited(world)[-1][1]
    assert (entry["operation"], entry["first"], entry["last"], entry["remove"]) == (
        "blackout", "2026-09-07", "2026-09-08", False)


def test_the_same_days_twice_are_one_blackout_with_the_newer_reason() -> None:
    world = memory_world(NIGHTLY)
    for reason in ("fair", "book fair"):
        asked = {"first": "2026-09-07", "last": "2026-09-07", "by": "tse", "reason": reason}
        told = blackout(ChangeBlackout(operation="blackout", integration=LAB.id, **asked), world)
    assert told["blackouts"] == [{"first": "2026-09-07", "last": "2026-09-07", "reason": "book fair"}]


def test_a_blackout_is_removed_by_its_own_days_alone() -> None:
    world = memory_world(NIGHTLY)
    days = {"first": "2026-09-07", "last": "2026-09-08"}
    blackout(ChangeBlackout(operation="blackout", integration=LAB.id, **days, **BY), world)
    with pytest.raises(Refused, match="no blackout from 2026-09-07 to 2026-09-07"):
        blackout(ChangeBlackout(operation="blackout", integration=LAB.id, remove=True, **days | {"last": "2026-09-07"},
                                **BY), world)
    told = blackout(ChangeBlackout(operation="blackout", integration=LAB.id, remove=True, **days, **BY), world)
    assert (told["blackouts"], told["next_run"]) == ([], "2026-09-07T08:00:00+00:00")


@pytest.mark.parametrize("days", [
    {"first": "2026-09-08", "last": "2026-09-07"}, {"first": "2026-02-30", "last": "2026-03-01"},
])
def test_days_that_cannot_be_are_refused(days: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChangeBlackout(operation="blackout", integration=LAB.id, **days, **BY)


def test_a_pause_needs_a_reason() -> None:
    with pytest.raises(ValidationError):
        PauseRuns(operation="pause", integration=LAB.id, by="tse", reason="")


@pytest.mark.parametrize("act", [
    lambda w: pause(PauseRuns(operation="pause", integration="nobody", **BY), w),
    lambda w: resume(ResumeRuns(operation="resume", integration="nobody", **BY), w),
    lambda w: blackout(ChangeBlackout(operation="blackout", integration="nobody", first="2026-09-07",  # type: ignore[arg-type]
                                      last="2026-09-07", **BY), w),  # type: ignore[arg-type]
], ids=["pause", "resume", "blackout"])
def test_an_integration_that_is_not_there_is_not_found_and_gets_no_timer(act: Any) -> None:
    world = memory_world()
    with pytest.raises(NotFound):
        act(world)
    assert world.timers.list() == []


def test_a_time_that_a_clock_change_hits_is_refused_in_words() -> None:
    refuse_bad_time(NIGHTLY)
    bad = named("bad", Schedule(mode="daily", at="02:30"))
    with pytest.raises(Refused, match=r"02:30 does not exist .* nearest good time is 03:00"):
        refuse_bad_time(bad)
