"""Many come to the door at once: one run starts, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from homeroom.model.events import Started, StartRun
from homeroom.model.integration import Integration
from homeroom.model.run import LandedFile, Lease
from homeroom.ports import World
from homeroom.support.door import start

THREADS = 8


def race(world: World, lab: Integration, keys: list[str]) -> list[Started]:
    def land(key: str) -> Started:
        files = (LandedFile(bucket="landing", key=f"landing/{lab.id}/{key}", version="v1", size=9),)
        return start(StartRun(trigger="file", integration=lab.id, files=files, content_hash=key), world)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(land, keys))


def test_of_eight_files_at_once_one_runs_and_the_others_wait(world: World, lab: Integration) -> None:
    answers = race(world, lab, [f"{n}.zip" for n in range(THREADS)])
    queued = [answer for answer in answers if answer.state == "queued"]
    assert len(queued) == 1
    assert [a.reason for a in answers if a.state == "pending"] == ["locked"] * (THREADS - 1)
    control = world.runs.control(lab.id)
    assert control.pending is not None
    assert (control.lease_run, control.fence) == (queued[0].run, 1)
    assert control.run_seq == THREADS
    outcomes = {record.run: record.outcome for record in world.runs.history(lab.id, 99)}
    assert outcomes[queued[0].run] is None  # type: ignore[index]
    assert sorted(run for run, outcome in outcomes.items() if outcome == "skipped") == sorted(
        a.run for a in answers if a.state == "pending" and a.run is not None)


def test_one_file_told_eight_times_is_one_run(world: World, lab: Integration) -> None:
    answers = race(world, lab, ["same.zip"] * THREADS)
    started = {answer.run for answer in answers if answer.state == "queued"}
    assert len(started) == 1
    control = world.runs.control(lab.id)
    assert control.lease_run in started
    records = world.runs.history(lab.id, 99)
    assert [record.run for record in records if record.outcome is None] == [control.lease_run]


def test_when_the_run_ends_the_newest_waiting_file_is_next(world: World, lab: Integration) -> None:
    race(world, lab, [f"{n}.zip" for n in range(THREADS)])
    control = world.runs.control(lab.id)
    assert control.lease_run is not None
    world.runs.release(Lease(integration=lab.id, run=control.lease_run, fence=control.fence))
    with ThreadPoolExecutor(THREADS) as threads:
        asked = StartRun(trigger="pending", integration=lab.id)
        answers = list(threads.map(lambda _: start(asked, world), range(THREADS)))
    assert [answer.state for answer in answers].count("queued") == 1
    assert world.runs.control(lab.id).pending is None
