"""What is held, what waits, and what the status says of it."""

from __future__ import annotations

from homeroom.apply.commit import finish
from homeroom.flow import plan_run
from homeroom.model.events import Discard, FinishRun, RunError, StartRun
from homeroom.model.integration import Blackout
from homeroom.report.summary import summarize
from homeroom.support.door import start
from homeroom.support.intake import settle
from homeroom.support.operations import act
from homeroom.support.views import integration_view, seen
from tests.builders.oneroster import district, small_district
from tests.regression.days import LAB, active, approve, ended, lab, lands, lease_of, many_students, put

A_DAY = 86_400


def test_a_source_all_in_error_is_held_though_its_plan_changes_nothing() -> None:
    world = lab(many_students().files)
    broken = many_students().files
    for user in broken["users"]:
        user["givenName"] = ""
    record = lands(world, "broken.zip", broken)
    assert (record.outcome, record.code, record.operations) == ("held", "GRD-11", 0)
    assert integration_view(seen(LAB, world))["status"] == "on hold: review"
    assert world.runs.control("lab").applied_run == 1
    assert approve(world, record).outcome == "nothing to change"


def test_a_file_that_waits_still_waits_after_an_older_plan_was_approved() -> None:
    first_load = LAB.model_copy(update={"hold_first_load": True})
    world = lab(small_district(), first_load)
    held = world.runs.run("lab", 1)
    days = Blackout(first="2026-09-07", last="2026-09-08")
    world.integrations.put(first_load.model_copy(update={"blackouts": (days,)}))
    waits = put(world, "second.zip", district().with_student("s-late", classes=["c-1"]).files)
    assert (waits.state, waits.reason) == ("pending", "blackout")
    assert approve(world, held).outcome == "applied"
    world.clock.tick(3 * A_DAY)
    started = settle("lab", world).started
    assert started is not None
    ended(world, started)
    assert "s-late" in active(world, "people")


def test_what_waits_behind_a_lease_longer_than_a_message_can_wait_is_started() -> None:
    world = lab(small_district())
    lease = lease_of(world, put(world, "second.zip", district().with_student("s-2nd", classes=["c-1"]).files))
    plan_run(lease, world)
    world.runs.extend(lease, int(world.clock.now().timestamp()) + 960)
    third = put(world, "third.zip", district().with_student("s-3rd", classes=["c-1"]).files)
    world.runs.extend(lease, int(world.clock.now().timestamp()) + 960)
    about = {"integration": "lab", "run": lease.run, "fence": lease.fence}
    assert third.state == "pending"
    finish(FinishRun(**about, error=RunError(Error="Lambda.Unknown")), world, summarize)
    states = []
    for _ in range(2):
        world.clock.tick(world.waking.asked[-1][1])
        started = settle("lab", world).started
        states.append(started.state if started else None)
    assert states == [None, "queued"]


def test_after_a_failure_a_source_as_it_was_applied_is_up_to_date() -> None:
    world = lab(small_district())
    assert lands(world, "broken.zip", {"orgs": []}).outcome == "failed"
    assert integration_view(seen(LAB, world))["status"] == "waiting for the district"
    assert lands(world, "again.zip", small_district()).code == "unchanged"
    assert integration_view(seen(LAB, world))["status"] == "up to date"


def test_a_hold_that_lapsed_because_the_source_is_as_before_leaves_nothing_to_do() -> None:
    world = lab(many_students().files)
    held = lands(world, "half.zip", district().files)
    assert held.outcome == "held"
    assert lands(world, "again.zip", many_students().files).code == "unchanged"
    assert world.runs.run("lab", held.run).outcome == "lapsed"
    assert integration_view(seen(LAB, world))["status"] == "up to date"


def test_rows_of_a_run_that_died_expire() -> None:
    world = lab(small_district())
    died = put(world, "second.zip", district().with_student("s-2nd", classes=["c-1"]).files)
    plan_run(lease_of(world, died), world)
    world.clock.tick(A_DAY)
    assert lands(world, "third.zip", district().with_student("s-3rd", classes=["c-1"]).files).outcome == "applied"
    assert world.runs.run("lab", died.run or 0).outcome == "interrupted"
    of_pupils = {key for key in world.objects.bodies if "/raw/" in key or key.startswith("state/")}
    assert {key.split("/")[2] for key in of_pupils - world.objects.superseded} == {"00000003"}


def test_content_that_was_discarded_and_then_approved_after_all_is_unchanged_from_then_on() -> None:
    world = lab(many_students().files)
    held = lands(world, "half.zip", district().files)
    act(Discard(operation="discard", integration="lab", run=held.run, by="support", reason="too few"), world)
    assert lands(world, "same.zip", district().files).code == "denied"
    again = ended(world, start(StartRun(trigger="hand", integration="lab", by="support", force=True), world))
    assert approve(world, again).outcome == "applied"
    assert lands(world, "next-day.zip", district().files).code == "unchanged"
