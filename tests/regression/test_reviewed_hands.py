"""What a review of records by hand, undo and explanations found broken: each test is one way in which it was."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from homeroom.apply import kept_state
from homeroom.apply.commit import finish
from homeroom.apply.items import link_key
from homeroom.apply.part import apply_part
from homeroom.errors import NotFound, Refused
from homeroom.flow import plan_run
from homeroom.model.events import FinishRun
from homeroom.model.run import RunRecord
from homeroom.report.summary import summarize
from tests.builders.new_ids import under_new_ids
from tests.builders.oneroster import Files, copy_of, enrollment, klass, small_district, student
from tests.builders.questions import questions_of
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, lab, lands, lease_of, many_students, put
from tests.regression.new_ids import approve_rekey
from tests.regression.test_manual_changes import (
    GALILEO,
    ONLY_SIS,
    PORTAL,
    PUPIL,
    codes,
    counts,
    item,
    made,
    support,
    with_student,
)
from tests.regression.test_undo import undo

A_DAY = 86_400
USERNAME = link_key(LAB.roster, "username#hand.made")


def assert_table_is_the_kept_state(world: MemoryWorld) -> None:
    """Every record of the SIS stands once, in the table as in the kept state, and none hangs in the air."""
    applied = world.runs.control("lab").applied_run
    assert applied is not None
    for name, rows in kept_state.load(world.objects, "lab", applied).items():
        assert not rows["id"].is_duplicated().any()
        kept = Counter(rows.select("id", "source_id", "status").iter_rows())
        there = Counter((i["id"], i["source_id"], i["status"]) for i in world.roster.items.values()
                        if "shard" in i and i["entity"] == name and not i.get("by_hand"))
        assert there == kept, name
    assert not [key for key in world.roster.items if "None" in "".join(key)]


def with_cells(files: Files, source_id: str, **cells: str) -> Files:
    changed = copy_of(files)
    for row in changed["users"]:
        if row["sourcedId"] == source_id:
            row |= cells
    return changed


def without(files: Files, source_id: str) -> Files:
    left = copy_of(files)
    left["users"] = [row for row in left["users"] if row["sourcedId"] != source_id]
    left["enrollments"] = [row for row in left["enrollments"] if row["userSourcedId"] != source_id]
    return left


# ---------------------------------------------------------------- one internal id for two

def test_who_comes_under_the_source_id_that_a_record_by_hand_was_given_gets_an_id_of_the_own() -> None:
    world = lab(small_district(), PORTAL)
    pupil = made(world, "people", "s-99", **PUPIL)
    files = with_student(small_district(), "s-100", username="hand.made")
    lands(world, "adopted.zip", files)
    assert item(world, "people", "s-100")["id"] == pupil["id"]
    lands(world, "both.zip", with_student(files, "s-99", username="real.one", familyName="Other"))
    assert {"s-99", "s-100"} <= active(world, "people")
    assert item(world, "people", "s-99")["id"] != pupil["id"]
    assert_table_is_the_kept_state(world)


def test_a_source_id_that_comes_again_after_a_rekey_is_a_new_record() -> None:
    files = many_students().files
    world = lab(files, PORTAL)
    approve_rekey(world, lands(world, "rebuilt.zip", under_new_ids(files)))
    known = item(world, "classes", "new-c-1")["id"]
    again = under_new_ids(files)
    again["classes"].append({**again["classes"][0], "sourcedId": "c-1", "title": "Quite another class"})
    assert lands(world, "again.zip", again).outcome == "applied"
    assert (item(world, "classes", "new-c-1")["id"], item(world, "classes", "c-1")["id"] == known) == (known, False)
    assert_table_is_the_kept_state(world)


def test_an_enrollment_by_hand_never_gets_the_id_of_one_of_the_sis() -> None:
    world = lab(small_district(), PORTAL)
    theirs = next(i for i in tables(world).values() if i.get("entity") == "enrollments" and i["role"] == "student")
    other = "s-2" if theirs["person"] != "s-2" else "s-1"
    made(world, "enrollments", theirs["source_id"], **{"class": theirs["class"], "person": other, "role": "aide"})
    run = lands(world, "same.zip", small_district())
    assert codes(world, run) == {"IDN-02": 1, "MAN-02": 1}
    same = [i for i in tables(world).values() if "shard" in i and i["source_id"] == theirs["source_id"]]
    assert len({i["id"] for i in same}) == 2
    assert_table_is_the_kept_state(world)


def test_the_first_source_id_of_a_record_does_not_lead_to_it_once_it_goes_on_under_another() -> None:
    files = many_students().files
    world = lab(files, GALILEO)
    made(world, "people", "h-1", **PUPIL)
    approve_rekey(world, lands(world, "rebuilt.zip", under_new_ids(files)))
    with pytest.raises(NotFound):
        support(world, "archive", entity="classes", record="c-1")
    id = item(world, "classes", "new-c-1")["id"]
    assert support(world, "archive", entity="classes", record=id)["source_id"] == "new-c-1"
    support(world, "edit", entity="people", record="h-1", fields={"grades": ["06"]})
    assert item(world, "people", "h-1")["orgs"] == ["new-school-1"]


# ---------------------------------------------------------------- sign-in names shared with somebody by hand

def sharing_a_username() -> tuple[MemoryWorld, Files]:
    """s-1 and somebody made by hand have the same username: nobody signs in with it."""
    world = lab(small_district(), PORTAL)
    made(world, "people", "h-1", **PUPIL)
    files = with_cells(small_district(), "s-1", username="hand.made")
    lands(world, "shared.zip", files)
    assert USERNAME not in world.roster.items
    return world, files


@pytest.mark.parametrize("gives_up", [
    {"operation": "archive"}, {"operation": "edit", "fields": {"username": "another.name"}},
])
def test_who_shared_a_username_with_somebody_by_hand_gets_it_once_that_one_gives_it_up(
    gives_up: dict[str, Any]
) -> None:
    world, files = sharing_a_username()
    support(world, **gives_up, entity="people", record="h-1")
    lands(world, "same.zip", files)
    assert world.roster.items[USERNAME]["person"] == item(world, "people", "s-1")["id"]


def test_an_edit_of_another_field_takes_no_shared_username() -> None:
    world, _ = sharing_a_username()
    support(world, "edit", entity="people", record="h-1", fields={"grades": ["06"]})
    assert USERNAME not in world.roster.items


# ---------------------------------------------------------------- undo

def test_a_plan_with_new_ids_and_an_adoption_is_taken_back_whole() -> None:
    files = many_students().files
    world = lab(files, PORTAL)
    made(world, "people", "h-1", **PUPIL)
    before = tables(world)
    held = lands(world, "rebuilt.zip", under_new_ids(with_student(files, "s-new", username="hand.made")))
    rekeyed = approve_rekey(world, held)
    assert counts(rekeyed, "people")["adopted"] == 1
    undo(world, rekeyed.run)
    assert_table_is_the_kept_state(world)
    after = tables(world)
    assert {key: after.get(key) for key in before if "#EDITS" not in key[0]} == \
        {key: one for key, one in before.items() if "#EDITS" not in key[0]}


def adopted() -> tuple[MemoryWorld, RunRecord]:
    """A pupil and a class by hand that the SIS took over, with enrollments of it."""
    world = lab(small_district(), PORTAL)
    made(world, "people", "h-1", **PUPIL)
    made(world, "classes", "c-9", title="Club", school="school-1")
    files = with_student(small_district(), "s-new", username="hand.made")
    files["classes"].append(klass("c-9", title="Club"))
    files["enrollments"] += [enrollment("s-1", "c-9", role="student"), enrollment("s-new", "c-9", role="student")]
    return world, lands(world, "adopts.zip", files)


def test_an_undo_of_the_undo_adopts_again_and_leaves_nothing_in_the_air() -> None:
    world, run = adopted()
    whole = tables(world)
    back = undo(world, run.run)
    assert "s-new" not in active(world, "people")
    assert_table_is_the_kept_state(world)
    again = undo(world, back.run)
    assert counts(again, "people")["adopted"] == 1
    assert_table_is_the_kept_state(world)
    assert tables(world) == whole


def test_an_undo_of_the_undo_brings_no_enrollment_of_somebody_who_is_not_there() -> None:
    world, run = adopted()
    back = undo(world, run.run)
    support(world, "archive", entity="classes", record="c-9")
    undo(world, back.run)
    assert_table_is_the_kept_state(world)


def test_an_adoption_that_was_taken_back_is_held_when_other_content_asks_for_it_again() -> None:
    world = lab(small_district(), PORTAL)
    made(world, "people", "h-1", **PUPIL)
    files = small_district()
    files["users"].append(student("s-new", username="hand.made"))
    undo(world, lands(world, "adopts.zip", files).run)
    again = lands(world, "again.zip", with_cells(files, "s-2", familyName="Married"))
    assert (again.outcome, again.code) == ("held", "UNDONE")


@pytest.mark.parametrize("share", [0, 0.2, 0.4, 0.6, 0.8, 1])
def test_an_undo_after_an_interrupted_rekey_goes_back_to_the_ids_of_before(share: float) -> None:
    files = many_students().files
    world = lab(files, PORTAL)
    later = with_student(files, "s-later", username="later")
    run = lands(world, "later.zip", later)
    held = lands(world, "rebuilt.zip", under_new_ids(with_student(later, "s-fresh", username="fresh")))
    plain = copied(world)
    undo(plain, run.run)
    twin = copied(world)
    approve_rekey(twin, held)
    first, last = twin.faults.steps.index("runs.mark_dirty") + 2, twin.faults.steps.index("runs.commit") + 1
    world.faults.arm(round(first + share * (last - first)))
    with pytest.raises(Crash):
        approve_rekey(world, held)
    world.clock.tick(A_DAY)
    undo(world, run.run)
    assert_table_is_the_kept_state(world)
    for entity in ("orgs", "people", "classes", "enrollments"):
        assert active(world, entity) == active(plain, entity)


def test_an_undo_gives_a_name_back_though_a_new_person_has_it_by_now() -> None:
    world = lab(small_district(), PORTAL)
    before = item(world, "people", "s-1")
    files = with_cells(small_district(), "s-1", givenName="Quite", familyName="Married", identifier="77077")
    files["users"].append(student("s-50", username="fifty", identifier=before["identifier"],
                                  givenName=before["given_name"], familyName=before["family_name"]))
    run = lands(world, "renamed.zip", files)
    assert item(world, "people", "s-1")["family_name"] == "Married"
    undo(world, run.run)
    assert item(world, "people", "s-1")["family_name"] == before["family_name"]
    assert_table_is_the_kept_state(world)


def test_an_undo_that_has_nothing_to_take_back_leaves_a_held_plan_waiting() -> None:
    files = many_students().files
    world = lab(files, PORTAL)
    run = lands(world, "later.zip", with_student(files, "s-later", username="later"))
    undo(world, run.run)
    for n in range(100, 125):
        files = without(files, f"s-{n}")
    held = lands(world, "gone.zip", files)
    assert held.outcome == "held"
    applied = world.runs.control("lab").applied_run
    assert undo(world, run.run).outcome == "nothing to change"
    control = world.runs.control("lab")
    assert (control.held_run, control.applied_run, control.lease_run) == (held.run, applied, None)


# ---------------------------------------------------------------- answers

def test_who_is_left_out_for_somebody_by_hand_is_explained_so() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "people", "h-1", **PUPIL)
    lands(world, "new.zip", with_student(small_district(), "s-new", username="hand.made"))
    told = questions_of(world, "lab")("explain", entity="people", record="s-new")
    assert (told["code"], told["rule"]["rule"]) == ("left out", "made by hand")
    assert "homeroom release" in told["next"]["text"]
    assert told["classes"][0]["why"] == "left out: made by hand"


def test_an_id_that_is_somebody_elses_now_is_explained_as_the_run_takes_it() -> None:
    world = lab(small_district(), PORTAL)
    other = {"givenName": "Quite", "familyName": "Another", "username": "quite.another", "identifier": "77077",
             "email": "quite.another@sample.example"}
    lands(world, "other.zip", with_cells(small_district(), "s-1", **other))
    told = questions_of(world, "lab")("explain", entity="people", record="s-1")
    assert told["code"] == "kept"
    assert "IDN-01" in told["sentence"]


def test_a_record_by_hand_that_the_next_run_archives_is_not_said_to_stay() -> None:
    world = lab(small_district(), ONLY_SIS)
    made(world, "people", "h-1", **PUPIL)
    told = questions_of(world, "lab")("explain", entity="people", record="h-1")
    assert "archives it" in told["next"]["text"]


def test_what_an_interrupted_run_meant_to_do_is_not_how_a_record_came() -> None:
    files = many_students().files
    world = lab(files, PORTAL)
    plan_run(lease_of(world, put(world, "gone.zip", without(files, "s-100"))), world)
    world.clock.tick(A_DAY)
    lands(world, "back.zip", with_cells(files, "s-1", familyName="Married"))
    told = questions_of(world, "lab")("explain", entity="people", record="s-100")
    assert (told["here"], told["roster"]["by"]["run"]) == (True, 1)


def test_an_edit_that_comes_while_a_run_writes_waits_for_the_next_one() -> None:
    files = with_cells(small_district(), "s-1", familyName="Later")
    world = lab(small_district(), PORTAL)
    support(world, "edit", entity="people", record="s-1", fields={"given_name": "One"})
    lease = lease_of(world, put(world, "first.zip", files))
    planned = plan_run(lease, world)
    support(world, "edit", entity="people", record="s-1", fields={"family_name": "Two"})
    for part in (part for wave in planned.waves for part in wave):
        apply_part(lease, part, 0, world, world.clock.now() + timedelta(minutes=15))
    finish(FinishRun(**lease.model_dump(), verdict=planned.verdict), world, summarize)
    assert [edit.fields for edit in world.roster.edits(LAB.roster)] == [{"given_name": "One", "family_name": "Two"}]
    lands(world, "again.zip", files)
    assert [key for key in world.roster.items if "EDITS" in key[0] or "overlay" in key[1]] == []


def test_who_is_archived_by_hand_gives_a_left_out_record_of_the_sis_its_place_and_does_not_get_it_back() -> None:
    world = lab(small_district(), GALILEO)
    made(world, "people", "h-1", **PUPIL)
    files = with_student(small_district(), "s-new", username="hand.made")
    lands(world, "new.zip", files)
    support(world, "archive", entity="people", record="h-1")
    lands(world, "same.zip", files)
    assert "s-new" in active(world, "people")
    with pytest.raises(Refused, match="somebody else has this username"):
        support(world, "release", entity="people", record="h-1")
