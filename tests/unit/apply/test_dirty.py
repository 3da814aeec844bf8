"""What an interrupted run may have left is read from the table, wherever its items may stand."""

from __future__ import annotations

import pytest

from homeroom.apply.dirty import Dirty, dirty_images
from homeroom.errors import NotFound
from homeroom.model.plan import LinkImage, TableImage
from tests.fakes.faults import Crash
from tests.fakes.memory import memory_world
from tests.fakes.plans import (
    ENROLLMENT,
    LAB,
    enrollment,
    file_lands,
    keep_plan,
    lease_of,
    link,
    person,
    unlink,
    write_parts,
)

MOVE = enrollment("update", "e-1", **{"class": "c-2"},
                  moved_from=[{"class": "id-c-1", "person": "id-s-1", "role": "student"}])


def test_nothing_is_dirty_when_every_run_was_committed() -> None:
    world = memory_world(LAB)
    assert dirty_images(world, LAB, world.runs.control(LAB.id)) == Dirty()


def test_records_and_links_of_a_half_written_plan_are_told_as_the_table_holds_them() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    links = [link("username#a", "id-s-1"), unlink("username#b", "id-s-2")]
    parts = [[person("create", "s-1"), person("create", "s-2")], links]
    keep_plan(world, lease, parts)
    world.faults.arm(3)
    with pytest.raises(Crash):
        write_parts(world, lease, parts)
    dirty = dirty_images(world, LAB, world.runs.control(LAB.id))
    images, found = dirty.images, dirty.links
    assert [(i.source_id, i.status) for i in images] == [("s-1", "active"), ("s-2", None)]
    assert images[0].fields == parts[0][0]["after"]
    assert images[1] == TableImage("people", "id-s-2", "s-2", None, None)
    assert found == (LinkImage("username#a", None), LinkImage("username#b", None))
    write_parts(world, lease, parts)
    found = dirty_images(world, LAB, world.runs.control(LAB.id)).links
    assert found == (LinkImage("username#a", "id-s-1"), LinkImage("username#b", None))


def test_an_enrollment_is_found_at_its_old_and_at_its_new_place() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    keep_plan(world, lease, [[enrollment("create", "e-1")]])
    write_parts(world, lease, [[enrollment("create", "e-1")]])
    keep_plan(world, lease, [[MOVE]])
    found = []
    for _ in range(2):
        images = dirty_images(world, LAB, world.runs.control(LAB.id)).images
        found.append([image.place for image in images])
        write_parts(world, lease, [[MOVE]])
    assert found == [
        [{"class": "id-c-1", "person": "id-s-1", "role": "student"}],
        [{"class": "id-c-2", "person": "id-s-1", "role": "student"}],
    ]


def test_an_item_in_both_places_is_told_twice() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    keep_plan(world, lease, [[enrollment("create", "e-1")]])
    write_parts(world, lease, [[enrollment("create", "e-1")]])
    kept = dict(world.roster.items)
    keep_plan(world, lease, [[MOVE]])
    write_parts(world, lease, [[MOVE]])
    world.roster.items.update(kept)
    images = dirty_images(world, LAB, world.runs.control(LAB.id)).images
    assert sorted(image.fields["class"] for image in images if image.fields) == ["c-1", "c-2"]
    assert images[0].fields is not None
    assert set(images[0].fields) == set(ENROLLMENT)


def test_the_keys_of_all_dirty_runs_count() -> None:
    world = memory_world(LAB)
    first = lease_of(world, file_lands(world, "day-1.zip"))
    keep_plan(world, first, [[person("create", "s-1")]])
    world.clock.tick(3600)
    second = lease_of(world, file_lands(world, "day-2.zip"))
    keep_plan(world, second, [[person("create", "s-2")]])
    images = dirty_images(world, LAB, world.runs.control(LAB.id)).images
    assert world.runs.control(LAB.id).dirty_runs == (first.run, second.run)
    assert [image.source_id for image in images] == ["s-1", "s-2"]


def test_a_dirty_plan_that_is_gone_is_an_error_and_never_taken_as_clean() -> None:
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "day-1.zip"))
    keep_plan(world, lease, [[person("create", "s-1")]])
    world.objects.bodies.clear()
    with pytest.raises(NotFound):
        dirty_images(world, LAB, world.runs.control(LAB.id))
