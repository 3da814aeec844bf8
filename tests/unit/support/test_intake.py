"""From a landed object to a whole delivery."""

from __future__ import annotations

import pytest

from homeroom.model.events import StartRun
from homeroom.model.run import Delivery, Note
from homeroom.support.door import start
from homeroom.support.intake import ObjectCreated, Taken, landed, settle
from tests.builders.oneroster import small_district, write_folder, zip_bytes
from tests.fakes.memory import LANDING_BUCKET, MemoryWorld, memory_world
from tests.fakes.plans import LAB, delivery, person, run_through


def lands(world: MemoryWorld, key: str, body: bytes) -> Taken:
    """The upload, and its event."""
    file = world.landing.put(key, body)
    return told(world, key, file.version)


def told(world: MemoryWorld, key: str, version: str | None = "v1") -> Taken:
    event = {"id": "event-1", "detail-type": "Object Created", "detail": {
        "bucket": {"name": LANDING_BUCKET}, "object": {"key": key, "size": 1, "version-id": version, "etag": "x"}}}
    return landed(ObjectCreated.model_validate(event), world)


@pytest.fixture
def loose(tmp_path) -> dict[str, bytes]:
    """The files of a set, by name."""
    write_folder(tmp_path / "set", small_district())
    return {path.name: path.read_bytes() for path in sorted((tmp_path / "set").iterdir())}


def test_a_zip_is_a_delivery_at_once_with_the_hash_of_its_content() -> None:
    world = memory_world(LAB)
    taken = lands(world, "landing/lab-usd/export.zip", zip_bytes(small_district()))
    assert (taken.state, taken.started.run) == ("started", 1)  # type: ignore[union-attr]
    delivery = world.executions.started["lab-usd-1"].delivery
    assert delivery is not None
    assert [(f.key, f.version) for f in delivery.files] == [("landing/lab-usd/export.zip", "v1")]
    assert delivery.content_hash is not None
    assert world.runs.control(LAB.id).last_delivery == delivery


def test_the_same_content_zipped_anew_is_unchanged() -> None:
    world = memory_world(LAB)
    lands(world, "landing/lab-usd/export.zip", zip_bytes(small_district()))
    content = world.executions.started["lab-usd-1"].delivery.content_hash  # type: ignore[union-attr]
    fresh = memory_world(LAB)
    run_through(fresh, "export.zip", [[person("create", "s-1")]], content_hash=content)
    fresh.clock.tick(60)
    taken = lands(fresh, "landing/lab-usd/again.zip", zip_bytes(small_district()))
    assert taken.started is not None
    assert taken.started.reason == "unchanged"


def test_an_event_that_comes_twice_makes_one_run() -> None:
    world = memory_world(LAB)
    lands(world, "landing/lab-usd/export.zip", zip_bytes(small_district()))
    assert told(world, "landing/lab-usd/export.zip") == Taken(state="nothing new", integration=LAB.id)
    assert list(world.executions.started) == ["lab-usd-1"]
    assert len(world.runs.history(LAB.id, 9)) == 1


def test_an_event_that_comes_late_does_not_bring_an_older_file_back() -> None:
    world = memory_world(LAB)
    world.landing.put("landing/lab-usd/monday.zip", zip_bytes(small_district()))
    world.clock.tick(60)
    lands(world, "landing/lab-usd/tuesday.zip", zip_bytes(small_district()))
    told(world, "landing/lab-usd/monday.zip")
    assert [r.delivery.files[0].key for r in world.executions.started.values() if r.delivery] == [
        "landing/lab-usd/tuesday.zip"]


def test_a_zip_that_can_not_be_opened_still_starts_a_run_that_says_so() -> None:
    world = memory_world(LAB)
    taken = lands(world, "landing/lab-usd/export.zip", b"not a zip")
    assert taken.started is not None
    assert taken.started.state == "queued"
    assert world.executions.started["lab-usd-1"].delivery.content_hash is None  # type: ignore[union-attr]


def test_loose_files_wait_for_their_quiet_time_and_then_start_one_run(loose: dict[str, bytes]) -> None:
    world = memory_world(LAB)
    for name, body in loose.items():
        assert lands(world, f"landing/lab-usd/{name}", body).state == "waiting"
    assert world.waking.asked == [(LAB.id, 60)] * len(loose)
    assert settle(LAB.id, world).state == "waiting"
    assert world.waking.asked[-1] == (LAB.id, 60)
    world.clock.tick(60)
    assert settle(LAB.id, world).state == "started"
    delivery = world.executions.started["lab-usd-1"].delivery
    assert delivery is not None
    assert len(delivery.files) == len(loose)
    assert [settle(LAB.id, world).state for _ in range(3)] == ["nothing new"] * 3
    assert len(world.runs.history(LAB.id, 9)) == 1


def test_a_set_that_is_not_whole_says_which_file_did_not_arrive(loose: dict[str, bytes]) -> None:
    world = memory_world(LAB)
    for name, body in loose.items():
        if name != "users.csv":
            world.landing.put(f"landing/lab-usd/{name}", body)
    world.clock.tick(60)
    assert settle(LAB.id, world).state == "waiting"
    note = world.runs.control(LAB.id).note
    assert note is not None
    assert (note.owner, note.text) == ("district", "the upload is not complete: users.csv did not arrive")
    world.landing.put("landing/lab-usd/users.csv", loose["users.csv"])
    world.clock.tick(60)
    assert settle(LAB.id, world).state == "started"
    assert world.runs.control(LAB.id).note is None


def test_an_empty_zip_is_told_without_its_name() -> None:
    world = memory_world(LAB)
    assert lands(world, "landing/lab-usd/Jane Sample.zip", b"").state == "waiting"
    note = world.runs.control(LAB.id).note
    assert isinstance(note, Note)
    assert "Jane" not in note.text


@pytest.mark.parametrize("known", [None, delivery("older.zip", "content-a")])
def test_a_run_by_hand_finds_the_newest_whole_set_though_its_event_never_came(known: Delivery | None) -> None:
    world = memory_world(LAB)
    if known is not None:
        world.runs.set_last_delivery(LAB.id, known)
    file = world.landing.put("landing/lab-usd/export.zip", zip_bytes(small_district()))
    started = start(StartRun(trigger="hand", integration=LAB.id, by="support"), world)
    assert started.state == "queued"
    read = world.executions.started["lab-usd-1"].delivery
    assert read is not None
    assert (read.files, read.content_hash is None) == ((file,), False)
    assert world.runs.control(LAB.id).last_delivery == read
    assert told(world, "landing/lab-usd/export.zip").state == "nothing new"


@pytest.mark.parametrize("key", ["landing/lab-usd/readme.txt", "landing/lab-usd/export.zip.part", "landing/lab-usd/",
                                 "elsewhere/lab-usd/export.zip", "landing/export.zip",
                                 "landing/lab-usd/directory/directory.csv", "landing/lab-usd/directory/users.csv",
                                 "landing/lab-usd/directory/export.zip"])
def test_other_objects_are_nothing_to_us(key: str) -> None:
    world = memory_world(LAB)
    assert lands(world, key, b"x").state == "ignored"
    assert world.runs.control(LAB.id).run_seq == 0
    assert world.notices.sent == []


@pytest.mark.parametrize("key", ["landing/Jane Sample/export.zip", "landing//export.zip"])
def test_an_upload_for_nobody_is_told_without_its_name_and_stays(key: str) -> None:
    world = memory_world(LAB)
    assert lands(world, key, b"x").state == "unknown integration"
    assert len(world.notices.sent) == 1
    assert "Jane" not in str(world.notices.sent)
    assert key in world.landing.versions


def test_a_wake_up_starts_what_waits() -> None:
    world = memory_world(LAB)
    lands(world, "landing/lab-usd/monday.zip", zip_bytes(small_district()))
    world.clock.tick(1)
    changed = small_district()
    changed["users"] = changed["users"][1:]
    lands(world, "landing/lab-usd/tuesday.zip", zip_bytes(changed))
    assert world.runs.control(LAB.id).pending is not None
    assert settle(LAB.id, world).state == "nothing new"
    world.clock.tick(301)
    taken = settle(LAB.id, world)
    assert taken.started is not None
    assert (taken.started.run, taken.started.state) == (3, "queued")


def test_a_wake_up_of_an_integration_that_is_gone_is_told() -> None:
    assert settle("gone", memory_world(LAB)).state == "unknown integration"


@pytest.mark.parametrize(
    ("key", "logged"),
    [("landing/lab-usd/export.zip", "lab-usd"), ("landing/Mary Sample/x.zip", None), ("other/lab-usd/x.zip", None)],
)
def test_a_log_line_names_the_integration_of_an_upload_and_nothing_that_cannot_be_one(key: str, logged: str) -> None:
    event = ObjectCreated.model_validate({"detail": {"bucket": {"name": "b"}, "object": {"key": key}}})
    assert event.integration == logged
