"""Complaints about the same people and courses under new ids. Numbers are those of `complaints_r`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from homeroom.apply.manifest import load_manifest
from homeroom.model.connect_events import Connect
from homeroom.model.events import ChangeAggregator
from homeroom.model.run import RunRecord
from homeroom.report.words import paragraph, subject
from homeroom.support.operations import act
from tests.builders.api_runs import LAB, credentials_of, fed_by, rest, run
from tests.builders.api_runs import clever as by_clever
from tests.builders.new_ids import under_new_ids
from tests.builders.oneroster import Files, district
from tests.fakes import clever_server, oneroster_server
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld
from tests.fakes.oneroster_service import Service
from tests.regression.days import active, lab, lands
from tests.regression.new_ids import approve_rekey


def grown() -> Files:
    """Enough students for the guards to look."""
    made = district()
    for n in range(100, 130):
        made = made.with_student(f"s-{n}", classes=["c-1"])
    return made.files


def rebuilt(*stems: str) -> Files:
    """The ids of these files are new, everywhere; people, classes and courses are the same."""
    renamed = {row["sourcedId"] for stem in stems for row in grown()[stem]}
    return under_new_ids(grown(), lambda id: f"new-{id}" if id in renamed else id)


def ids(world: MemoryWorld, entity: str) -> dict[str, str]:
    """Number or title → internal id, of who is active."""
    items = [i for i in world.roster.items.values() if i.get("entity") == entity and i["status"] == "active"]
    return {str(i.get("identifier") or i.get("title") or i["source_id"]): i["id"] for i in items}


def places(world: MemoryWorld) -> set[tuple[str, str]]:
    """Who is in which class, by internal ids."""
    items = [i for i in world.roster.items.values() if i.get("entity") == "enrollments" and i["status"] == "active"]
    return {(i["owner"], i["person_id"]) for i in items}


def tripped(world: MemoryWorld, record: RunRecord) -> list[str]:
    return [guard["code"] for guard in load_manifest(world.objects, LAB, record.run).guards if guard["tripped"]]


def test_r17_new_ids_of_everything_make_no_empty_shells_and_keep_every_class() -> None:
    world = lab(grown())
    before, of_classes = ids(world, "classes"), places(world)
    held = lands(world, "rebuilt.zip", rebuilt("courses", "classes", "users", "enrollments"))
    assert held.outcome == "held"
    assert "GRD-10" in tripped(world, held)
    assert held.summary is not None
    assert "GRD-10" in paragraph(held.summary)
    assert "is held" in subject(held.summary)
    assert (ids(world, "classes"), places(world)) == (before, of_classes)
    assert approve_rekey(world, held).outcome == "applied"
    assert (ids(world, "classes"), places(world)) == (before, of_classes)


def test_r17_the_same_courses_under_new_ids_end_no_class() -> None:
    world = lab(grown())
    before, of_classes = ids(world, "classes"), places(world)
    record = lands(world, "courses.zip", rebuilt("courses"))
    assert record.outcome == "applied"
    assert (ids(world, "classes"), places(world)) == (before, of_classes)


def test_r18_a_calendar_that_was_rebuilt_costs_one_look_and_not_a_day() -> None:
    """New ids for all classes and enrollments, the same people: one approval, and nobody has left a class."""
    world = lab(grown())
    before, of_classes = ids(world, "classes"), places(world)
    held = lands(world, "rebuilt.zip", rebuilt("classes", "enrollments"))
    assert held.outcome == "held"
    assert approve_rekey(world, held).outcome == "applied"
    assert (ids(world, "classes"), places(world)) == (before, of_classes)
    assert active(world, "classes") == {f"new-c-{n}" for n in (1, 2, 3, 4)}


@pytest.fixture
def moved() -> Iterator[tuple[MemoryWorld, RunRecord, dict[str, str], set[tuple[str, str]]]]:
    """A district that came by Clever and comes by another aggregator now: its held plan, people and places before."""
    service, fake = Service(grown()), Clever(grown())
    with oneroster_server.serving(service), clever_server.serving(fake):
        world = fed_by(by_clever(fake).model_copy(update={"product_line": ""}))
        assert run(world).outcome == "applied"
        people, of_classes = ids(world, "people"), places(world)
        to = rest(service).model_copy(update={"aggregator": "classlink"})
        given = to.model_dump(mode="json", exclude={"secret_name"}) | {"product_line": ""}
        world.clock.tick(60)
        asked = Connect.model_validate({
            "operation": "connect", "integration": given, "credentials": dict(credentials_of(to))})
        act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="a new contract"), world)
        yield world, run(world), people, of_classes


def test_r50_a_change_of_aggregator_makes_no_new_account_and_loses_no_work(
    moved: tuple[MemoryWorld, RunRecord, dict[str, str], set[tuple[str, str]]]
) -> None:
    world, held, people, of_classes = moved
    assert held.outcome == "held"
    assert "MOVING" in tripped(world, held)
    applied = approve_rekey(world, held)
    counts = load_manifest(world.objects, LAB, applied.run).counts["people"]
    assert (counts["create"], counts["archive"]) == (0, 0)
    assert {*ids(world, "people").values()} == {*people.values()}
    assert places(world) == of_classes


def test_r40_the_cross_walk_comes_before_the_roster_and_needs_nobody_to_have_signed_in(
    moved: tuple[MemoryWorld, RunRecord, dict[str, str], set[tuple[str, str]]]
) -> None:
    """Nobody ever signed in: no account of anybody is known, and still each of them stays one person."""
    world, held, people, _ = moved
    assert ids(world, "people") == people
    proposed = load_manifest(world.objects, LAB, held.run).rekey
    assert proposed is not None
    assert approve_rekey(world, held).outcome in ("applied", "applied with issues")
    assert len(active(world, "people")) == len(people) == len(grown()["users"])


def test_r42_who_is_known_under_a_new_id_keeps_every_class() -> None:
    world = lab(grown())
    people, of_classes = ids(world, "people"), places(world)
    held = lands(world, "rebuilt.zip", rebuilt("users"))
    assert held.outcome == "held"
    assert approve_rekey(world, held).outcome == "applied"
    assert (ids(world, "people"), places(world)) == (people, of_classes)
    assert "new-s-1" in active(world, "people")
