"""Complaints about a roster that begins to come by Clever while people are at work. Numbers are of `complaints_c`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from homeroom.model.connect_events import Connect
from homeroom.model.events import ChangeAggregator
from homeroom.model.run import RunRecord
from homeroom.support.operations import act
from tests.builders.api_runs import clever as by_clever
from tests.builders.api_runs import credentials_of, run
from tests.builders.oneroster import Files, small_district
from tests.fakes import clever_server
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld
from tests.regression.days import LAB, lab
from tests.regression.new_ids import approve_rekey

FILES = LAB.model_copy(update={"product_line": ""})


def ids(world: MemoryWorld, entity: str) -> dict[str, str]:
    """Address of a person or title of a class → internal id, of who is active."""
    items = [i for i in world.roster.items.values() if i.get("entity") == entity and i["status"] == "active"]
    return {str(i.get("email") or i["title"]): i["id"] for i in items}


def places(world: MemoryWorld) -> set[tuple[str, str]]:
    """Who is in which class, by internal ids."""
    return {(i["owner"], i["person_id"]) for i in world.roster.items.values()
            if i.get("entity") == "enrollments" and i["status"] == "active"}


def other_usernames() -> Files:
    files = small_district()
    for row in files["users"]:
        row["username"] = f"new.{row['username']}"
    return files


def moved(world: MemoryWorld, fake: Clever) -> RunRecord:
    """The same district comes by Clever from now on: the first plan."""
    to = by_clever(fake)
    given = to.model_dump(mode="json", exclude={"secret_name"}) | {"product_line": ""}
    asked = Connect.model_validate({
        "operation": "connect", "integration": given, "credentials": dict(credentials_of(to))})
    world.clock.tick(60)
    act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="mid-year"), world)
    return run(world)


@pytest.fixture(params=["same", "other"])
def fake(request: pytest.FixtureRequest) -> Iterator[Clever]:
    """The same district at Clever, under the same or under other sign-in names."""
    made = Clever(small_district() if request.param == "same" else other_usernames())
    with clever_server.serving(made):
        yield made


def test_c21_connecting_in_mid_year_shows_who_is_who_before_it_counts(fake: Clever) -> None:
    world = lab(small_district(), FILES)
    before, writes = ids(world, "people"), world.roster.writes
    held = moved(world, fake)
    assert held.summary is not None
    told = held.summary["rekey"]
    assert (held.outcome, world.roster.writes) == ("held", writes)
    assert sum(told["evidence"]["people"].values()) == len(before)
    assert told["evidence"]["people"]["number and name"] >= len(before) - 1
    assert (told["counts"]["people"]["create"], told["counts"]["people"]["archive"]) == (0, 0)


def test_c21_nobodys_work_hangs_on_a_sign_in_name(fake: Clever) -> None:
    world = lab(small_district(), FILES)
    before, of_classes = ids(world, "people"), places(world)
    assert approve_rekey(world, moved(world, fake)).outcome in ("applied", "applied with issues")
    assert (ids(world, "people"), places(world)) == (before, of_classes)


def test_c22_from_files_to_the_api_every_id_changes_and_nobody_does(fake: Clever) -> None:
    world = lab(small_district(), FILES)
    before = {entity: ids(world, entity) for entity in ("people", "classes")}
    source_ids = {i["source_id"] for i in world.roster.items.values() if i.get("entity") == "people"}
    applied = approve_rekey(world, moved(world, fake))
    assert applied.summary is not None
    assert {entity: ids(world, entity) for entity in before} == before
    now = {i["source_id"] for i in world.roster.items.values() if i.get("entity") == "people"}
    assert now == {*fake.district.shared["users"]}
    assert not now & source_ids
    assert run(world).outcome in ("nothing to change", "skipped")


def test_c22_without_a_look_nothing_moves_however_often_it_is_asked(fake: Clever) -> None:
    world = lab(small_district(), FILES)
    before = ids(world, "people")
    held = moved(world, fake)
    again = run(world)
    assert (held.outcome, again.outcome) == ("held", "held")
    assert ids(world, "people") == before
