"""A record archived by hand comes back with the next run, also of the same file (requirement C2)."""

from __future__ import annotations

import pytest

from homeroom.flow import sync
from homeroom.support.edits import archive_by_hand
from homeroom.support.intake import settle
from tests.builders.oneroster import Files, small_district, zip_bytes
from tests.fakes.memory import MemoryWorld, memory_world, tables
from tests.fakes.plans import LAB, lease_of


def land(world: MemoryWorld, files: Files, name: str) -> str | None:
    """Land an export and run it to its end."""
    world.clock.tick(60)
    world.landing.put(f"landing/{LAB.id}/{name}", zip_bytes(files))
    taken = settle(LAB.id, world)
    assert taken.started is not None
    if taken.started.state != "queued":
        return taken.started.reason
    return sync(lease_of(world, taken.started), world).record.outcome


def first_student(world: MemoryWorld) -> str:
    return next(item["id"] for item in tables(world).values() if item.get("source_id") == "s-1")


@pytest.fixture
def world() -> MemoryWorld:
    world = memory_world(LAB)
    assert land(world, small_district(), "1.zip") == "applied"
    return world


def test_without_an_edit_the_same_file_is_unchanged(world: MemoryWorld) -> None:
    assert land(world, small_district(), "2.zip") == "unchanged"


def test_a_record_archived_by_hand_comes_back_with_the_same_file(world: MemoryWorld) -> None:
    before = tables(world)
    archive_by_hand(world, LAB.id, "people", first_student(world), "support", "left early")
    assert tables(world) != before
    assert land(world, small_district(), "2.zip") in ("applied", "nothing to change")
    assert tables(world) == before
    assert world.roster.edits(LAB.roster) == []
    assert land(world, small_district(), "3.zip") == "unchanged"


def test_a_record_archived_by_hand_and_dropped_by_the_source_stays_archived(world: MemoryWorld) -> None:
    student = first_student(world)
    archive_by_hand(world, LAB.id, "people", student, "support", "left early")
    files = small_district()
    files["users"] = [row for row in files["users"] if row["sourcedId"] != "s-1"]
    files["enrollments"] = [row for row in files["enrollments"] if row["userSourcedId"] != "s-1"]
    assert land(world, files, "2.zip") == "applied"
    records = {item["source_id"]: item for item in tables(world).values() if item.get("id") == student}
    assert records["s-1"]["status"] == "archived"
    assert world.roster.edits(LAB.roster) == []
    assert [key for key in tables(world) if key[1].endswith("|overlay")] == []
