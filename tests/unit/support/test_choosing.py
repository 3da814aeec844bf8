"""Choosing what is taken of what the district shares: schools by name, grades, roles and classes."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.sharing import Sharing
from tests.builders.connections import Stub, failing, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import LAB
from tests.unit.support.asking import BY, do, stored


def found(world: MemoryWorld, search: str = "") -> list[tuple[str, bool]]:
    told = do(world, "schools", integration="lab-usd", search=search)
    return [(school["id"], school["chosen"]) for school in told["schools"]]


def test_schools_are_found_by_every_word_in_any_case(source: Stub) -> None:
    world = stored(rest())
    assert found(world) == [("school-1", True), ("school-3", True), ("school-2", True)]
    assert found(world, "oak") == [("school-3", True), ("school-2", True)]
    assert found(world, "SCHOOL street OAK") == [("school-2", True)]
    assert found(world, "birch") == []


def test_one_several_or_all_schools_are_chosen(source: Stub) -> None:
    world = stored(rest())
    told = do(world, "choose_schools", integration="lab-usd", schools=["school-2", "school-2"], **BY)
    assert told["sharing"]["schools"] == ["school-2"]
    assert "next run" in told["effect"]
    assert found(world, "oak") == [("school-3", False), ("school-2", True)]
    do(world, "choose_schools", integration="lab-usd", schools="all", **BY)
    assert found(world, "oak") == [("school-3", True), ("school-2", True)]
    assert world.integrations.get("lab-usd").setup.schools_at == START


def test_a_school_that_the_source_does_not_have_is_refused(source: Stub) -> None:
    world = stored(rest())
    for operation, words in (("choose_schools", {"schools": ["school-1", "school-9"]}),
                             ("share", {"sharing": {"schools": ["school-9"]}})):
        with pytest.raises(Refused, match="no school school-9"):
            do(world, operation, integration="lab-usd", **words, **BY)
    assert not world.integrations.get("lab-usd").sharing.narrows


def test_a_source_that_does_not_answer_has_no_schools_to_choose(source: Stub) -> None:
    source.found = failing("SRC-11", "district", "no schools are shared")
    with pytest.raises(Refused, match="SRC-11: no schools are shared"):
        do(stored(rest()), "schools", integration="lab-usd")
    with pytest.raises(Refused, match="only when they are read"):
        do(memory_world(LAB), "schools", integration=LAB.id)


def test_sharing_is_narrowed_list_by_list_in_the_words_of_the_roster(source: Stub) -> None:
    world = stored(rest())
    do(world, "share", integration="lab-usd", sharing={"grades": ["1", "kindergarten"], "roles": ["Student"]}, **BY)
    do(world, "share", integration="lab-usd", sharing={"classes": ["c-1"]}, **BY)
    kept = world.integrations.get("lab-usd").sharing
    assert kept == Sharing(grades=("01", "KG"), roles=("student",), classes=("c-1",))
    told = do(world, "share", integration="lab-usd", sharing={"grades": []}, **BY)
    assert told["sharing"] == {"schools": [], "grades": [], "roles": ["student"], "classes": ["c-1"]}


@pytest.mark.parametrize(("asked", "said"), [
    ({"grades": ["thirteenth"]}, "no grade thirteenth"), ({"roles": ["wizard"]}, "no role wizard"), ({}, "nothing"),
])
def test_words_that_no_roster_has_do_not_narrow(asked: dict[str, Any], said: str, source: Stub) -> None:
    world = stored(rest())
    with pytest.raises(Refused, match=said):
        do(world, "share", integration="lab-usd", sharing=asked, **BY)
    assert not world.integrations.get("lab-usd").sharing.narrows
