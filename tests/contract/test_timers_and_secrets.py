"""Schedules that start runs, and credentials of sources."""

from __future__ import annotations

import pytest

from homeroom.errors import NotFound
from homeroom.ports import Timer, World


def timer(name: str, expression: str = "cron(15 19 ? * * *)", *, enabled: bool = True) -> Timer:
    return Timer(name, expression, "America/Chicago", enabled=enabled)


def ours(world: World, name: str) -> list[Timer]:
    """The schedules of this test; others' may stand beside them."""
    return [timer for timer in world.timers.list() if timer.name.startswith(name)]


def test_a_schedule_comes_back_as_it_was_put(world: World, name: str) -> None:
    weekly = Timer(name, "cron(5 13 ? * SAT *)", "Pacific/Guam", enabled=False)
    world.timers.put(weekly)
    assert ours(world, name) == [weekly]


def test_a_schedule_that_is_put_again_is_changed_in_everything(world: World, name: str) -> None:
    world.timers.put(timer(name, enabled=False))
    changed = Timer(name, "cron(0 4 ? * MON,TUE *)", "Europe/London", enabled=True)
    world.timers.put(changed)
    world.timers.put(changed)
    assert ours(world, name) == [changed]


def test_schedules_are_listed_by_name(world: World, name: str) -> None:
    for letter in "cab":
        world.timers.put(timer(f"{name}-{letter}"))
    assert [found.name for found in ours(world, name)] == [f"{name}-{letter}" for letter in "abc"]


def test_a_removed_schedule_is_gone_and_its_neighbour_is_not(world: World, name: str) -> None:
    world.timers.put(timer(name))
    world.timers.put(timer(f"{name}-2"))
    world.timers.remove(name)
    assert ours(world, name) == [timer(f"{name}-2")]
    world.timers.put(timer(name))
    assert ours(world, name) == [timer(name), timer(f"{name}-2")]


def test_removing_a_schedule_that_is_not_there_does_nothing(world: World, name: str) -> None:
    world.timers.put(timer(name))
    world.timers.remove(f"{name}-2")
    world.timers.remove(name)
    world.timers.remove(name)
    assert ours(world, name) == []


def test_a_secret_comes_back_as_it_was_put(world: World, name: str) -> None:
    values = {"key": "k", "secret": "s with \"quotes\", é and \n a line"}
    world.secrets.put(name, values)
    assert dict(world.secrets.get(name)) == values
    values["key"] = "changed by the caller afterwards"
    assert world.secrets.get(name)["key"] == "k"


def test_a_secret_that_is_put_again_is_replaced_whole(world: World, name: str) -> None:
    world.secrets.put(name, {"key": "k", "secret": "s"})
    world.secrets.put(name, {"token": "t"})
    assert dict(world.secrets.get(name)) == {"token": "t"}


def test_a_secret_that_is_not_there_is_not_found(world: World, name: str) -> None:
    world.secrets.put(name, {"token": "t"})
    with pytest.raises(NotFound):
        world.secrets.get(f"{name}-2")


def test_a_removed_secret_is_not_found_and_can_be_put_anew(world: World, name: str) -> None:
    world.secrets.put(name, {"token": "old"})
    world.secrets.remove(name)
    with pytest.raises(NotFound):
        world.secrets.get(name)
    world.secrets.put(name, {"token": "new"})
    assert dict(world.secrets.get(name)) == {"token": "new"}


def test_removing_a_secret_that_is_not_there_does_nothing(world: World, name: str) -> None:
    world.secrets.remove(name)
    world.secrets.put(name, {"token": "t"})
    world.secrets.remove(name)
    world.secrets.remove(name)
    with pytest.raises(NotFound):
        world.secrets.get(name)
