"""The roster table: whole items, consistent reads, links that move, hand edits."""

from __future__ import annotations

import pytest

from homeroom.apply.items import change, stored
from homeroom.errors import HomeroomError
from homeroom.ports import Edit, World
from tests.fakes.plans import enrollment, person


def items(name: str, count: int) -> list[dict]:
    made = [change(name, person("create", f"s-{n}"), 1).put for n in range(count)]
    return [item for item in made if item is not None]


def key(item: dict) -> tuple[str, str]:
    return item["owner"], item["member"]


def linked(name: str, person: str) -> dict:
    return {"owner": f"{name}#identity#username#a", "member": "@", "kind": "username", "person": person, "run": 1}


def edit(name: str, number: int, record: tuple[str, str]) -> Edit:
    at = f"2026-09-07T06:00:{number:02d}.000000+00:00"
    return Edit(entity="people", id="id-s-1", source_id="s-1", action="archive",
                item=(f"{name}#EDITS", f"{at}#{number}"), record=record, by="support", at=at)


def test_items_are_written_whole_and_read_back_equal(world: World, name: str) -> None:
    written = items(name, 230)
    world.roster.write(written, [])
    found = world.roster.get(key(item) for item in written)
    assert sorted(found, key=key) == sorted(written, key=key)
    shorter = {k: v for k, v in written[0].items() if k not in ("family_name", "grades")}
    world.roster.write([shorter], [])
    assert world.roster.get([key(shorter)]) == [shorter]


def test_an_enrollment_comes_back_with_its_fields(world: World, name: str) -> None:
    item = change(name, enrollment("create", "e-1", primary=False), 1).put
    assert item is not None
    world.roster.write([item], [])
    back = stored(world.roster.get([key(item)])[0])
    assert back.fields["primary"] is False
    assert back.fields["begin_date"] == "2026-08-15"


def test_keys_that_do_not_exist_or_come_twice_do_no_harm(world: World, name: str) -> None:
    written = items(name, 2)
    world.roster.write(written, [(f"{name}#person#nobody", "@")])
    asked = [key(written[0]), key(written[0]), (f"{name}#person#nobody", "@")]
    assert world.roster.get(asked) == [written[0]]
    assert world.roster.get([]) == []
    world.roster.write([], [])


def test_puts_and_deletes_go_together(world: World, name: str) -> None:
    written = items(name, 60)
    world.roster.write(written[:40], [])
    world.roster.write(written[40:], [key(item) for item in written[:40]])
    found = world.roster.get(key(item) for item in written)
    assert sorted(map(key, found)) == sorted(map(key, written[40:]))


@pytest.mark.parametrize(("holder", "previous", "moves"), [
    (None, "p-1", True), ("p-1", "p-1", True), ("p-2", "p-1", True), ("p-3", "p-1", False), ("p-3", None, False),
    (None, None, True),
])
def test_a_link_moves_only_from_nobody_its_own_or_the_expected_holder(
    world: World, name: str, holder: str | None, previous: str | None, moves: bool
) -> None:
    if holder is not None:
        world.roster.write([linked(name, holder)], [])
    if moves:
        world.roster.move_link(linked(name, "p-2"), previous)
    else:
        with pytest.raises(HomeroomError, match="RUN-04"):
            world.roster.move_link(linked(name, "p-2"), previous)
    assert world.roster.get([key(linked(name, "x"))])[0]["person"] == ("p-2" if moves else holder)


def test_hand_edits_wait_in_the_order_in_which_they_were_made(world: World, name: str) -> None:
    record = (f"{name}#person#id-s-1", "@")
    edits = [edit(name, n, record) for n in (2, 1, 3)]
    for one in edits:
        world.roster.edit(one, "left early")
    assert world.roster.edits(name) == sorted(edits, key=lambda e: e.at)
    assert world.roster.edits(name + "x") == []
    overlay = world.roster.get([(record[0], "@|overlay")])[0]
    assert (overlay["edit"], overlay["reason"]) == (edits[2].item[1], "left early")


def test_only_the_edits_that_were_taken_in_are_used_up(world: World, name: str) -> None:
    one, two = (f"{name}#person#id-s-1", "@"), (f"{name}#person#id-s-2", "@")
    first, other, later = edit(name, 1, one), edit(name, 2, two), edit(name, 3, one)
    for made in (first, other, later):
        world.roster.edit(made, "x")
    for _ in range(2):
        world.roster.consume([first, other])
        assert world.roster.edits(name) == [later]
        assert [item["edit"] for item in world.roster.get([(one[0], "@|overlay"), (two[0], "@|overlay")])] == [
            later.item[1]]
    world.roster.consume([later])
    assert world.roster.get([(one[0], "@|overlay")]) == []
