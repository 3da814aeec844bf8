"""Reads of APIs and servers that looked whole and were not, and runs that began too often or not at all."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from homeroom import flow
from homeroom.errors import RetryableError
from homeroom.model import places
from homeroom.model.events import StartRun
from homeroom.model.fetched import Fetched
from homeroom.model.run import Delivery, LandedFile
from homeroom.model.sharing import Sharing
from homeroom.read.polling import Poll
from homeroom.support.door import start
from tests.builders.api_runs import LAB, begin, clever, fed_by, patiently, rest, run
from tests.builders.oneroster import small_district, zip_bytes
from tests.builders.pulls import Pulls
from tests.fakes import oneroster_answers
from tests.fakes.clever_server import Clever
from tests.fakes.clever_server import serving as serving_clever
from tests.fakes.copies import copied
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.fakes.sftp_server import serving as serving_sftp
from tests.faults.left import failed_in_words, pointer, untouched
from tests.faults.pages import SIZE, many_pages
from tests.reading.clever.lab import Lab, rows
from tests.regression.days import LAB as PUSHED
from tests.regression.days import lab as pushed_lab

Spoil = Callable[[bytes], bytes]


def half_of_the_lines(block: bytes) -> bytes:
    lines = gzip.decompress(block).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[: len(lines) // 2]))


def a_line_twice(block: bytes) -> bytes:
    lines = gzip.decompress(block).splitlines(keepends=True)
    return gzip.compress(b"".join([lines[0], *lines]))


def cut_off(block: bytes) -> bytes:
    return block[: len(block) // 2]


def no_gzip(_block: bytes) -> bytes:
    return b"{}\n"


@pytest.mark.parametrize("spoil", [half_of_the_lines, a_line_twice, cut_off, no_gzip])
@pytest.mark.parametrize("stem", ["users", "enrollments"])
def test_a_block_that_is_not_what_was_read_makes_the_read_unusable(stem: str, spoil: Spoil) -> None:
    """A call that the state machine took for dead goes on and writes over blocks of the call that took its place."""
    service = Service(many_pages())
    with serving(service):
        first = fed_by(rest(service, page_size=SIZE))
        run(first)
        world = copied(first)
        lease = begin(world)
        with patiently():
            flow.fetch(lease, world)
        place = places.fetched_block(LAB, lease.run, stem, 0)
        world.objects.put(place, spoil(world.objects.get(place)))
        assert flow.plan_run(lease, world).verdict == "fail"
    assert untouched(world, first)
    assert pointer(world) == pointer(first)


def test_pages_without_an_order_that_repeat_a_person_never_archive_the_one_whose_place_it_took() -> None:
    """LIMIT and OFFSET over ties: the same page for the same question each time, and one record twice, one never."""
    ordered, tied = oneroster_answers.ordered, list[bool]()

    def over_ties(service: Service, found: Any, query: Any, number: int) -> list[Any]:
        told = list(ordered(service, found, query, number))
        offset = int(query.get("offset") or 0)
        if tied and found.key == "users" and 0 < offset < len(told):
            told[offset] = told[offset - 1]
        return told

    service = Service(many_pages(), ignored=frozenset({"sort"}))
    with patch.object(oneroster_answers, "ordered", over_ties), serving(service):
        first = fed_by(rest(service, page_size=SIZE))
        assert run(first).outcome == "applied"
        tied.append(True)
        world = copied(first)
        assert failed_in_words(run(world), "SRC-05")
    assert untouched(world, first)


@pytest.fixture
def lab() -> Any:
    """A Clever district that was read in full and applied, with an event to go on from."""
    made = Lab(small_district())
    with serving_clever(made.clever):
        made.district.sync()
        made.applied_full()
        yield made


def name_changes(lab: Lab, number: int) -> None:
    """A sync of the district in which one person's name changes."""
    lab.world.clock.tick(3600)
    with lab.district.one_sync():
        person = sorted(lab.district.shared["users"])[number]
        lab.district.update("users", person, name={"first": "New", "last": "Name"})


@pytest.mark.parametrize("between", [name_changes, lambda lab, _: lab.district.sync()])
def test_events_that_were_off_for_one_sync_only_mean_a_full_read(lab: Lab, between: Any) -> None:
    lab.district.events_on = False
    between(lab, 0)
    lab.district.events_on = True
    name_changes(lab, 1)
    assert lab.poll().shape == "rows"
    followed = rows(lab.commit())
    assert followed == rows(lab.applied_full())


def test_events_of_several_syncs_that_were_all_told_are_followed(lab: Lab) -> None:
    name_changes(lab, 0)
    name_changes(lab, 1)
    assert lab.poll().shape == "steps"
    followed = rows(lab.commit())
    assert followed == rows(lab.applied_full())


def connects_anew(lab: Lab) -> Callable[[Any], None]:
    """At the second page of people or events, the district connects the app again and shares less."""
    done: list[bool] = []

    def before(asked: Any) -> None:
        if not done and "starting_after" in asked.query and asked.path.endswith(("/users", "/events")):
            done.append(True)
            lab.district.events_on = False
            lab.district.unshare("schools", sorted(lab.district.shared["schools"])[0])
            lab.district.scopes = lab.district.scopes[1:]
            lab.district.reconnect()

    return before


@pytest.mark.parametrize("full", [True, False])
def test_a_connection_that_was_made_anew_in_the_middle_of_a_read_begins_it_again(lab: Lab, full: bool) -> None:
    lab.district.update("users", sorted(lab.district.shared["users"])[0], email="new@sample.example")
    lab.clever.before_answer = connects_anew(lab)
    lab.poll(full=full)
    lab.clever.before_answer = lambda asked: None
    assert lab.about().shape == "rows"
    torn_or_not = rows(lab.commit())
    assert torn_or_not == rows(lab.applied_full())


def test_a_call_that_dies_after_a_read_began_again_does_not_go_on_from_before(lab: Lab) -> None:
    """Else blocks of two attempts would make one roster."""
    lab.begin(full=True)
    keep, kept = Poll.keep_block, list[str]()

    def busy(self: Poll, stem: str, number: int, lines: bytes) -> None:
        kept.append(stem)
        if kept.count("users") > 1 and stem == "users" and number == 0:
            raise RetryableError("the bucket was busy")
        keep(self, stem, number, lines)

    lab.clever.before_answer = lambda asked: kept.count("users") == 1 and lab.district.sync()
    with patch.object(Poll, "keep_block", busy), pytest.raises(RetryableError):
        lab.go_on()
    progress = Poll(lab.lease, lab.integration, None, None, lab.world, lab.world.clock.at).progress()  # type: ignore[arg-type]
    assert progress["attempt"] == 1
    assert {place["blocks"] for name, place in progress["lists"].items() if name != "schools"} == {0}


def test_a_file_that_waited_before_the_roster_came_by_api_starts_no_run_after_run() -> None:
    fake = Clever(small_district())
    with serving_clever(fake):
        world = fed_by(clever(fake))
        waits = Delivery(files=(LandedFile(bucket="landing", key=f"landing/{LAB}/old.zip", version="v1"),))
        world.runs.set_pending(LAB, waits)
        assert run(world).outcome == "applied"
    answer = start(StartRun(trigger="pending", integration=LAB), world)
    assert (answer.state, answer.reason) == ("skipped", "no data")
    assert world.runs.control(LAB).pending is None
    assert [one.run for one in world.runs.history(LAB, 10)] == [1]


def test_a_schedule_reads_the_same_file_again_by_narrower_rules() -> None:
    world = pushed_lab(small_district())
    world.clock.tick(86_400)
    scheduled = StartRun(trigger="schedule", integration="lab")
    assert start(scheduled, world).reason == "taken"
    world.integrations.put(PUSHED.model_copy(update={"sharing": Sharing(schools=("school-1",))}))
    assert start(scheduled, world).state == "queued"


def test_a_file_on_a_server_without_times_is_fetched_each_time_and_never_removed(tmp_path: Path) -> None:
    """A new one of the same name and size looks the same there."""
    first = zip_bytes(small_district())
    second = bytes(reversed(first))
    with serving_sftp(tmp_path) as server:
        pulls = Pulls(server.source().model_copy(update={"remove_after": True}), server.credentials())
        for content in (first, second):
            (tmp_path / "set.zip").write_bytes(content)
            os.utime(tmp_path / "set.zip", (0, 0))
            fetched: Fetched = pulls.pull()
            assert list(pulls.landed(fetched.delivery).values()) == [content]
            pulls.apply()
        assert (tmp_path / "set.zip").read_bytes() == second
