"""`explain`: why is this person or class (not) here, with these values? One case for each reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from homeroom.apply.items import record_key
from homeroom.aws.edit_items import edits_owner
from homeroom.aws.hand_items import hand_item
from homeroom.errors import NotFound
from homeroom.model.byhand import HandRecord
from homeroom.model.events import Discard
from homeroom.model.integration import Options, Pause, Primary
from homeroom.model.season import Limit
from homeroom.model.sharing import Sharing
from homeroom.ports import Edit
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from tests.builders.oneroster import District, district
from tests.builders.questions import questions_of
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.regression.days import LAB as LAB_OF_DAYS
from tests.regression.days import lands

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


def edited_by_hand() -> MemoryWorld:
    world = world_of()
    id, at = internal(world, "s-1"), "2026-09-07T09:30:00+00:00"
    world.roster.edit(Edit(
        entity="people", id=id, source_id="s-1", action="edit", item=(edits_owner(LAB.id), f"{at}#1"),
        record=record_key(LAB.id, "people", id), by="support", at=at, fields={"given_name": "Other"}), "asked by phone")
    return world


def made_by_hand(status: str = "active") -> Callable[[], MemoryWorld]:
    def world_of_it() -> MemoryWorld:
        world = world_of()
        world.roster.make([hand_item(LAB.id, HandRecord(
            entity="people", id="0" * 24, source_id="hand:1", status=status, by="csm", at="2026-09-01T10:00:00+00:00",
            reason="guest", fields={"username": "guest.1", "given_name": "Guest", "family_name": "Sample"}))], new=True)
        return world

    return world_of_it


def two_with_one_username() -> MemoryWorld:
    """Archived people count: the username of one who left was given to another."""
    return world_of(district(), without_s9(), without_s9().with_student("s-new").with_cells(
        "users", "s-new", username="user.s-9"))


def portal(**options: Any) -> Callable[[], MemoryWorld]:
    """A line of products that takes no parents unless the district says so."""
    line = {"product_line": "School Manager", "aggregator": "clever"}
    return lambda: world_of(options=Options(**options), **line)


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
        lambda: world_of(district().with_student("s-new").with_cells("users", "s-new", role="wizard")), "s-new",
        "in error",
        "Not here: the row is there (users.csv line 16), but in error: FLD-07, unknown role in column role.",
        "district"),
    "kept in error": Case(
        lambda: world_of(district(), district().with_cells("users", "s-1", username="")), "s-1", "kept",
        "Here, with its last good version: its row (users.csv line 5) is in error: FLD-01", "district", here=True),
    "school not shared": Case(
        shared(schools=["school-1"]), "s-3", "left out", "left out: school not shared:", "vendor"),
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
    "held create": Case(
        held_newcomer, "s-new", "waits", "Not here yet: the row is there (users.csv line 15), but run 2", "vendor"),
    "discarded": Case(
        discarded_newcomer, "s-new", "not applied",
        "Not here: run 2 read it (users.csv line 15), but that run was not applied: discarded", "district"),
    "archived by absence": Case(
        lambda: world_of(district(), without_s9()), "s-9", "archived",
        "Not here: archived by run 2 on 2026-09-07 (the source did not have it any more), and the rows that run 2 read",
        "district"),
    "archived by hand": Case(
        archived_by_hand, "s-1", "archived by hand",
        "Not here: support archived it by hand on 2026-09-07; the source still has it, so the next run brings it back.",
        "district"),
    "removed by the source": Case(
        lambda: world_of(district().with_student("s-new", status="tobedeleted")), "s-new", "removed by the source",
        "says `tobedeleted`", "district"),
    "comes next": Case(
        paused, "s-3", "comes next", "no run has applied it: the integration is paused since 2026-09-07.", "vendor"),
    "only named": Case(
        lambda: world_of(district().with_student("s-new", classes=["c-1"]).without("users", "s-new")), "s-new",
        "only named", "Not here: there is no row of it, but 1 rows of enrollments.csv name it.", "district"),
    "edited by hand": Case(
        edited_by_hand, "s-1", "edited by hand",
        "Here, with values by hand: support changed given_name on 2026-09-07; the next run overrides that.", "district",
        here=True),
    "made by hand": Case(
        made_by_hand(), "guest.1", "by hand", "Here: made by hand by csm on 2026-09-01; the source does not have it.",
        here=True),
    "made and archived by hand": Case(
        made_by_hand("archived"), "hand:1", "archived by hand",
        "Not here: it was made by hand by csm on 2026-09-01, and archived by hand.", "vendor"),
    "ambiguous username": Case(
        two_with_one_username, "s-new", "cannot sign in",
        "Here, but somebody else has the same username: nobody can sign in with it.", "district", here=True),
    "parents are off": Case(
        portal(parents=False), "g-1", "left out", "left out: parents are not synced: parent data is off.", "vendor"),
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
    searched = "no such person in the rows that run 1 read, nor in the roster as run 1 left it, nor among those made by"
    with pytest.raises(NotFound, match=searched):
        explained(world_of(), "s-404")


def test_before_any_run_only_records_made_by_hand_are_searched() -> None:
    with pytest.raises(NotFound, match="no run has read the source yet"):
        explained(memory_world(LAB), "s-1")


def test_each_value_says_which_run_set_it_and_which_line_says_it_now() -> None:
    world = world_of(district(), district().with_cells("users", "s-1", familyName="Renamed"))
    values = {one["field"]: one for one in explained(world, "s-1")["values"]}
    assert values["family_name"]["value"] == "Renamed"
    assert values["family_name"]["origin"] == "SIS, run 2, users.csv line 5"
    assert values["username"]["origin"] == "SIS, run 1, users.csv line 5"
    assert values["orgs"]["value"] == ["school-1"]


def test_a_value_that_waits_stands_beside_the_one_of_the_roster() -> None:
    changed = without_s9().with_cells("users", "s-1", familyName="Renamed")
    told = explained(world_of(district(), changed, limits=STRICT), "s-1")
    name = next(one for one in told["values"] if one["field"] == "family_name")
    assert (name["value"], name["source_says"]) == ("Student s-1", "Renamed")
    assert "run 2 would change family_name and waits for approval" in told["sentence"]


def test_a_value_by_hand_says_by_whom_and_when() -> None:
    name = next(one for one in explained(edited_by_hand(), "s-1")["values"] if one["field"] == "given_name")
    assert (name["value"], name["by_hand"], name["origin"]) == ("Test", "Other", "by hand, support, 2026-09-07 09:30")


def test_of_a_person_every_enrollment_says_whether_it_is_here_and_why_not() -> None:
    day = district().with_student("s-new", classes=["c-1"]).with_cells("classes", "c-2", classType="", title="")
    day.files["enrollments"].append({**day.files["enrollments"][-1], "sourcedId": "e-9", "classSourcedId": "c-2"})
    world = world_of(day.with_cells("enrollments", "e-s-new-c-1", role="wizard"))
    classes = {one["class"]: one for one in explained(world, "s-new")["classes"]}
    assert not classes["c-1"]["here"]
    assert classes["c-1"]["why"].startswith("FLD-07, ")
    assert classes["c-2"]["why"].startswith("its class c-2 is in error: FLD-01, ")


def test_a_class_that_is_left_out_explains_its_enrollments() -> None:
    world = world_of(district().with_cells("users", "s-3", orgSourcedIds="school-1,school-2"),
                     sharing=Sharing(schools=("school-1",)))
    (only,) = explained(world, "s-3")["classes"]
    assert (only["class"], only["here"], only["why"]) == (
        "c-3", False, "its class c-3 is left out: school not shared")


def test_a_class_counts_its_members_at_the_source_and_here_and_why_others_are_missing() -> None:
    world = world_of(sharing=Sharing(roles=("teacher",)))
    told = explained(world, "c-1", "classes")["members"]
    assert (told["source"], told["here"]) == ({"teacher": 1, "student": 4}, {"teacher": 1})
    assert sum(told["missing"].values()) == 4
    assert {one["person"] for one in told["first_missing"]} == {"s-1", "s-2", "s-5", "s-9"}


def test_a_username_of_two_people_means_neither() -> None:
    told = explained(two_with_one_username(), "user.s-9")
    assert (told["code"], told["records"]) == ("several", ["s-9", "s-new"])
    assert told["sentence"].endswith("nobody can sign in with it.")


def test_what_somebody_should_know_stands_in_the_notes() -> None:
    world = world_of(district().with_cells("users", "s-1", enabledUser="false"))
    primary = Primary(person=internal(world, "s-1"), by="csm", at=START)
    pause = Pause(reason="audit", by="support", at=START)
    world.integrations.put(LAB.model_copy(update={"primary": (primary,), "paused": pause}))
    notes = explained(world, "s-1")["notes"]
    assert "The integration is paused since 2026-09-07." in notes
    assert "A primary administrator: no sync changes that." in notes
    assert "Switched off at the source (enabledUser is false)." in notes


def test_a_chosen_home_school_is_told_with_its_finding_and_its_value() -> None:
    both = district().with_cells("users", "s-1", orgSourcedIds="school-1,school-2").files
    both["enrollments"].append({**both["enrollments"][-1], "sourcedId": "e-two", "userSourcedId": "s-1",
                                "classSourcedId": "c-3", "schoolSourcedId": "school-2"})
    world = world_of(product_line="Imagine Learning portal", aggregator="clever", options=Options(one_school=True))
    lands(world, "both.zip", both)
    told = explained(world, "s-1")
    assert any(note.startswith("PRD-01: ") for note in told["notes"]), told["notes"]
    home = next(one for one in told["values"] if one["field"] == "home_school")
    assert (home["value"], home["origin"]) == ("school-1", "chosen by the one-school rule")


def test_ended_and_future_terms_keep_no_class_away() -> None:
    world = world_of()
    world.clock.at = START.replace(year=2027, month=1, day=2)
    told = explained(world, "c-2", "classes")
    assert told["here"]
    assert any("Semester 1 ended on 2026-12-20" in note for note in told["notes"])
    assert any("Semester 2 begins on 2027-01-05" in note for note in told["notes"])
