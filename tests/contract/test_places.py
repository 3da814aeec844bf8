"""Buckets, integrations, executions, messages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from homeroom.errors import NotFound, SourceUnusable
from homeroom.model.integration import Blackout, Integration, Limit, Options, Pause
from homeroom.model.run import Request
from homeroom.ports import World
from tests.fakes.memory import START, MemoryWorld
from tests.fakes.plans import LAB, delivery


def test_objects_come_back_as_they_were(world: World, name: str, tmp_path) -> None:
    objects, prefix = world.objects, f"runs/{name}/"
    objects.put(prefix + "b", b"second")
    objects.put(prefix + "a", b"")
    (tmp_path / "in").write_bytes(b"x" * 3_000_000)
    objects.put_file(prefix + "c/d", tmp_path / "in")
    objects.get_file(prefix + "c/d", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"x" * 3_000_000
    assert (objects.get(prefix + "a"), objects.get(prefix + "b")) == (b"", b"second")
    assert objects.list(prefix) == [prefix + "a", prefix + "b", prefix + "c/d"]
    assert objects.list(f"runs/{name}x/") == []


def test_a_missing_object_is_not_found_and_leaves_no_file(world: World, name: str, tmp_path) -> None:
    with pytest.raises(NotFound):
        world.objects.get(f"runs/{name}/nothing")
    with pytest.raises(NotFound):
        world.objects.get_file(f"runs/{name}/nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_superseded_objects_are_tagged_and_their_neighbours_are_not(world: World, name: str, request) -> None:
    world.objects.put(f"state/{name}/00000001/people.parquet", b"x")
    world.objects.put(f"state/{name}/00000002/people.parquet", b"x")
    world.objects.tag_superseded(f"state/{name}/00000001/")
    world.objects.tag_superseded(f"state/{name}/00000003/")
    if isinstance(world, MemoryWorld):
        assert world.objects.superseded == {f"state/{name}/00000001/people.parquet"}
        return
    s3 = request.getfixturevalue("account").client("s3")
    tags = [s3.get_object_tagging(Bucket="rosters", Key=key)["TagSet"] for key in world.objects.list(f"state/{name}/")]
    assert tags == [[{"Key": "superseded", "Value": "true"}], []]


def test_a_landed_file_is_fetched_in_the_version_that_was_told(world: World, name: str, upload, tmp_path) -> None:
    first = upload(f"landing/{name}/in/export.zip", b"first")
    second = upload(f"landing/{name}/in/export.zip", b"second")
    assert world.landing.fetch(first, tmp_path).read_bytes() == b"first"
    fetched = world.landing.fetch(second, tmp_path)
    assert (fetched.name, fetched.read_bytes()) == ("export.zip", b"second")


def test_the_newest_version_of_one_object_is_found(world: World, name: str, upload, tmp_path) -> None:
    key = f"landing/{name}/directory/list.csv"
    assert world.landing.newest(key) is None
    upload(key, b"first")
    upload(f"{key}.csv", b"another")
    second = upload(key, b"the second")
    newest = world.landing.newest(key)
    assert newest == second
    assert newest is not None
    assert world.landing.fetch(newest, tmp_path).read_bytes() == b"the second"


def test_a_landed_file_that_is_gone_is_the_districts_turn(world: World, name: str, upload, tmp_path) -> None:
    landed = upload(f"landing/{name}/export.zip", b"x")
    for update in ({"key": f"landing/{name}/other.zip"}, {"version": "nothing"}):
        with pytest.raises(SourceUnusable):
            world.landing.fetch(landed.model_copy(update=update), tmp_path)


def test_the_listing_has_the_newest_version_of_each_object(world: World, name: str, upload) -> None:
    upload(f"landing/{name}/users.csv", b"old")
    newest = upload(f"landing/{name}/users.csv", b"newer")
    other = upload(f"landing/{name}/deep/orgs.csv", b"x")
    upload(f"landing/{name}x/users.csv", b"of another")
    listed = world.landing.listing(name)
    assert [landed.file for landed in listed] == [other, newest]
    assert all(landed.modified.tzinfo is not None for landed in listed)


def test_an_integration_comes_back_whole(world: World, name: str) -> None:
    full = Integration(
        id=name, district_id="d-1", district_name="Sample", products=("a", "b"), options=Options(strict=True),
        limits={"GRD-02": Limit(percent=12.5, floor=3)}, blackouts=(Blackout(first="2026-12-20", last="2027-01-03"),),
        paused=Pause(reason="x", by="support", at=START), created_at=START + timedelta(microseconds=5),
    )
    world.integrations.put(full)
    assert world.integrations.get(name) == full
    assert full in world.integrations.list()
    world.integrations.put(full.model_copy(update={"paused": None}))
    assert world.integrations.get(name).paused is None


@pytest.mark.parametrize("wrong", ["nobody", "", "Jane Sample"])
def test_an_unknown_integration_is_not_found(world: World, wrong: str) -> None:
    with pytest.raises(NotFound):
        world.integrations.get(wrong)


def test_an_execution_is_started_once_for_each_run(world: World, name: str, request) -> None:
    asked = Request(integration=name, run=7, fence=3, trigger="file", as_of="2026-09-07", started_at=START,
                    delivery=delivery("1.zip", "a"))
    first = world.executions.start(asked, "csv_pushed")
    assert world.executions.start(asked, "csv_pushed") == first
    assert first.endswith(f":{name}-7")
    if isinstance(world, MemoryWorld):
        return
    states = request.getfixturevalue("account").client("stepfunctions")
    described = states.describe_execution(executionArn=first)
    assert described["input"] == f'{{"integration": "{name}", "run": 7, "fence": 3, "transport": "csv_pushed"}}'
    states.stop_execution(executionArn=first)
    assert world.executions.start(asked.model_copy(update={"fence": 4}), "csv_pushed") == first


def test_messages_of_any_length_are_taken(world: World, name: str) -> None:
    world.notices.publish("Homeroom: " + "é" * 200, "counts and codes")
    world.waking.wake(name, 0)
    world.waking.wake(name, 100_000)
    assert LAB.id
