"""`explain`: why is this person or class (not) here, with these values? One case for each reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from homeroom.errors import NotFound
from homeroom.model.integration import Integration, Pause
from homeroom.model.season import Limit
from homeroom.model.sharing import Sharing
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from tests.builders.oneroster import District, district, guardian
from tests.builders.questions import questions_of
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.regression.days import LAB as LAB_OF_DAYS
from tests.regression.days import approve, lands
from homeroom.model.events import Discard

LAB = LAB_OF_DAYS.model_copy(update={"product_line": ""})
STRICT = {"GRD-02": Limit(percent=1, floor=1)}


def world_of(*days: District, **chosen: Any) -> MemoryWorld:
    """A world after these exports."""
    world = memory_world(LAB.model_copy(update=chosen))
    for number, files in enumerate(days or (district(),), 1):
        lands(world, f"{number}.zip", files.files)
    return world


def explained(world: MemoryWorld, record: str, entity: str = "people") -> dict[str, Any]:
    return questions_of(world, LAB.id)("explain", record=record, entity=entity)


def shared(**rules: Any) -> Callable[[], MemoryWorld]:
    return lambda: world_of(sharing=Sharing(**rules))


def without_s9() -> District:
    return district().without("users", "s-9").without("enrollments", "e-s-9-c-1")


def held_leaver() -> MemoryWorld:
    """Run 2 would archive a student, and is held."""
    return world_of(district(), without_s9(), limits=STRICT)


def held_newcomer() -> MemoryWorld:
    """Run 2 would create a student, and is held because another one leaves."""
    return world_of(district(), without_s9().with_student("s-new", classes=["c-1"]), limits=STRICT)


def discarded_newcomer() -> MemoryWorld:
    world = held_newcomer()
    act(Discard(operation="discard", integration=LAB.id, run=2, by="support", reason="wrong file"), world)
    return world


def internal(world: MemoryWorld, source_id: str) -> str:
    return next(str(i["id"]) for i in world.roster.items.values() if i.get("source_id") == source_id and "status" in i)


def archived_by_hand() -> MemoryWorld:
    world = world_of()
    archive_by_hand(world, LAB.id, "people", internal(world, "s-1"), "support", "left early")
    return world


def paused() -> MemoryWorld:
    """A newcomer came while sharing rules hid everybody of the school; they are gone now, and no run may start."""
    world = world_of(district(), sharing=Sharing(schools=("school-1",)))
    pause = Pause(reason="audit", by="support", at=START)
    world.integrations.put(LAB.model_copy(update={"paused": pause}))
    return world


@dataclass(frozen=True)
class Case:
    """A situation, what is asked for, and what the answer must be."""

    world: Callable[[], MemoryWorld]
    record: str
    code: str
    sentence: str
    owner: str = "nobody"
    here: bool = False
    entity: str = "people"


CASES = {
    "here": Case(world_of, "s-1", "here", "Here since run 1 (2026-09-07), as users.csv line 5 says.", here=True),
    "by username": Case(world_of, "user.s-1", "here", "Here since run 1", here=True),
    "in error": Case(
        lambda: world_of(district().with_student("s-new").with_cells("users", "s-new", role="wizard")), "s-new", "in error",
        "Not here: the row is there (users.csv line 16), but in error: FLD-07, unknown role in column role.", "district"),
    "kept in error": Case(
        lambda: world_of(district(), district().with_cells("users", "s-1", username="")), "s-1", "kept",
        "Here, with its last good version: its row (users.csv line 5) is in error: FLD-01", "district", here=True),
    "school not shared": Case(shared(schools=["school-1"]), "s-3", "left out", "left out: school not shared:", "vendor"),
    "class of another school": Case(
        shared(schools=["school-1"]), "c-3", "left out", "left out: school not shared:", "vendor", entity="classes"),
    "grade not shared": Case(shared(grades=["06"]), "s-1", "left out", "left out: grade not shared:", "vendor"),
    "role not shared": Case(shared(roles=["teacher"]), "s-1", "left out", "left out: role not shared:", "vendor"),
    "class not shared": Case(shared(classes=["c-1"]), "s-3", "left out", "left out: class not shared:", "vendor"),
    "follows its student": Case(
        shared(grades=["06"]), "g-1", "left out", "left out: follows its student:", "nobody"),
    "held archive": Case(
        held_leaver, "s-9", "waits", "Here still: run 2 would archive it (the source did not have it any more)"
        " and waits for approval (GRD-02 people", "vendor", here=True),
    "held create": Case(held_newcomer, "s-new", "waits", "Not here yet: the row is there (users.csv line 15), but run 2",
                        "vendor"),
    "discarded": Case(discarded_newcomer, "s-new", "not applied", "Not here: run 2 read it (users.csv line 15), but that"
                      " run was not applied: discarded", "district"),
    "archived by absence": Case(
        lambda: world_of(district(), without_s9()), "s-9", "archived",
        "Not here: archived by run 2 on 2026-09-07 (the source did not have it any more), and the rows that run 2 read at",
        "district"),
    "archived by hand": Case(
        archived_by_hand, "s-1", "archived by hand", "Not here: support archived it by hand on 2026-09-07; the source still"
        " has it, so the next run brings it back.", "district"),
    "removed by the source": Case(
        lambda: world_of(district().with_student("s-new", status="tobedeleted")), "s-new", "removed by the source",
        "says `tobedeleted`", "district"),
    "comes next": Case(paused, "s-3", "comes next", "no run has applied it: the integration is paused since 2026-09-07.",
                       "vendor"),
    "only named": Case(
        lambda: world_of(district().with_student("s-new", classes=["c-1"]).without("users", "s-new")), "s-new",
        "only named", "Not here: there is no row of it, but 1 rows of enrollments.csv name it.", "district"),
    "a class": Case(world_of, "c-1", "here", "Here since run 1", here=True, entity="classes"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_sentence_says_why(name: str) -> None:
    case = CASES[name]
    told = explained(case.world(), case.record, case.entity)
    assert case.sentence in told["sentence"], told
    assert (told["code"], told["next"]["owner"], told["here"]) == (case.code, case.owner, case.here)
    assert told["next"]["text"]


def test_an_unknown_id_is_told_with_what_was_searched() -> None:
    with pytest.raises(NotFound, match="no such person in the rows that run 1 read, nor in the roster as run 1 left it"):
        explained(world_of(), "s-404")


def test_before_any_run_only_records_made_by_hand_are_searched() -> None:
    with pytest.raises(NotFound, match="no run has read the source yet"):
        explained(memory_world(LAB), "s-1")
