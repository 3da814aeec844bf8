"""A run is taken back: whole, but for what changed since; and the same damage does not come again by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from homeroom.errors import NotFound, Refused
from homeroom.model import events, places
from homeroom.model.events import Started
from homeroom.model.run import RunRecord
from homeroom.model.sharing import Sharing
from homeroom.ports import Item, Key
from homeroom.report.next_step import next_step
from homeroom.support.edits import archive_by_hand
from homeroom.support.operations import act
from homeroom.support.views import integration_view, seen
from tests.builders.new_ids import under_new_ids
from tests.builders.oneroster import Files, copy_of, district, enrollment, small_district, student
from tests.builders.questions import questions_of
from tests.builders.two_days import first_day, next_day
from tests.fakes.faults import Crash
from tests.fakes.memory import MemoryWorld, tables
from tests.regression.days import LAB, active, approve, changes, ended, lab, lands, many_students
from tests.regression.new_ids import approve_rekey

A_DAY = 86_400
WHO = {"by": "support", "reason": "the export was wrong"}


def undo(world: MemoryWorld, run: int, **only: Any) -> RunRecord:
    """Take a run back and wait for the end."""
    world.clock.tick(60)
    asked = events.Undo(operation="undo", integration="lab", run=run, only=only, **WHO)
    return ended(world, Started.model_validate(act(asked, world)))


def records(world: MemoryWorld) -> dict[Key, Item]:
    """What the SIS owns in the table: records and links."""
    return {key: item for key, item in tables(world).items() if "EDITS" not in key[0] and "overlay" not in key[1]}


def grown(students: Iterable[int], **cells: str) -> Files:
    """The sample district with these students more, each in one class."""
    files = small_district()
    numbers = list(students)
    files["users"] += [student(f"n-{n}", familyName=f"Sample-{n}", **cells) for n in numbers]
    files["enrollments"] += [enrollment(f"n-{n}", "c-1") | {"sourcedId": f"e-n-{n}"} for n in numbers]
    return files


def renamed(files: Files, numbers: Iterable[int], suffix: str) -> Files:
    """The same export with other family names of some students."""
    names = {f"n-{n}" for n in numbers}
    changed = copy_of(files)
    for user in changed["users"]:
        if user["sourcedId"] in names:
            user["familyName"] += suffix
    return changed


@pytest.mark.slow
def test_ten_thousand_changes_are_taken_back_but_for_fifty_that_were_edited_since() -> None:
    good = grown(range(8_000))
    world = lab(good)
    before = records(world)
    bad = renamed(grown([*range(6_000), *range(8_000, 8_500)]), range(5_000), "-Wrong")
    held = lands(world, "bad.zip", bad)
    damage = approve(world, held) if held.outcome == "held" else held
    written = [i for i in world.roster.items.values() if i.get("run") == damage.run and "entity" in i]
    assert len(written) == 10_000
    later = lands(world, "later.zip", renamed(bad, range(30), "-Married"))
    assert later.outcome == "applied"
    by_source_id = {i["source_id"]: i["id"] for i in world.roster.items.values() if i.get("entity") == "people"}
    for n in range(30, 50):
        archive_by_hand(world, "lab", "people", by_source_id[f"n-{n}"], "a teacher", "left")
    edited = {by_source_id[f"n-{n}"] for n in range(50)}
    as_edited = {key: item for key, item in records(world).items() if item.get("id") in edited}

    record = undo(world, damage.run)

    assert (record.outcome, record.undoes) == ("applied", damage.run)
    assert record.text == f"run {damage.run} taken back: 9,950 records changed, 50 left alone (UND-01)"
    now = records(world)
    assert {key: now[key] for key in as_edited} == as_edited
    assert {key: now[key] for key in before if key not in as_edited} == (
        {key: item for key, item in before.items() if key not in as_edited})
    more = [item for key, item in now.items() if key not in before]
    made = {item["id"] for item in more if "entity" in item}
    assert {item["status"] for item in more if "entity" in item} == {"archived"}
    assert {item["person"] for item in more if "person" in item and "entity" not in item} <= made
    assert len(world.roster.edits("lab")) == 20

    again = lands(world, "bad-again.zip", bad)
    assert (again.outcome, again.code) == ("skipped", "denied")
    other = lands(world, "bad-but-one.zip", renamed(bad, [0], "-Other"))
    assert other.outcome == "held"
    assert "UNDONE" in other.text
    assert records(world) == now


def damaged() -> tuple[MemoryWorld, dict[Key, Item], RunRecord]:
    """A lab after a first day and a second one that was all wrong; the roster before; the run."""
    world = lab(first_day())
    before = records(world)
    damage = lands(world, "second.zip", next_day())
    assert damage.outcome == "applied"
    return world, before, damage


def test_the_corrected_source_ends_the_undo_and_runs_go_on() -> None:
    world, before, damage = damaged()
    undone = undo(world, damage.run)
    assert world.runs.control("lab").undone == (undone.run,)
    assert integration_view(seen(LAB, world))["status"] == "waiting for the district"
    assert "run 2" in integration_view(seen(LAB, world))["text"]
    corrected = lands(world, "third.zip", first_day())
    assert corrected.outcome == "nothing to change"
    assert world.runs.control("lab").undone == ()
    assert {key: records(world)[key] for key in before} == before
    assert integration_view(seen(LAB, world))["status"] == "up to date"


def test_who_approves_the_same_changes_again_ends_the_undo() -> None:
    world, _, damage = damaged()
    after = records(world)
    undo(world, damage.run)
    files = next_day()
    files["courses"][0]["title"] += " (new)"
    held = lands(world, "third.zip", files)
    assert (held.outcome, held.code) == ("held", "UNDONE")
    assert approve(world, held).outcome == "applied"
    assert world.runs.control("lab").undone == ()
    assert {key for key in after if records(world).get(key) != after[key]} == {
        key for key, item in after.items() if item.get("source_id") == files["courses"][0]["sourcedId"]
        and item["entity"] == "courses"}


def test_an_undo_is_taken_back_like_any_run_and_its_content_is_taken_again() -> None:
    world, _, damage = damaged()
    after = records(world)
    undone = undo(world, damage.run)
    assert undo(world, undone.run).outcome == "applied"
    assert records(world) == after
    control = world.runs.control("lab")
    assert (control.undone, control.denied) == ((), ())
    assert lands(world, "third.zip", next_day()).outcome == "nothing to change"


def test_a_second_undo_has_nothing_to_do() -> None:
    world, _, damage = damaged()
    undo(world, damage.run)
    now = records(world)
    assert undo(world, damage.run).outcome == "nothing to change"
    assert records(world) == now


def test_only_what_is_asked_for_is_taken_back() -> None:
    world, before, damage = damaged()
    undo(world, damage.run, changes=["archive"], entities=["people"])
    leaver = next(i for i in before.values() if i.get("entity") == "people" and i["role"] == "student")["source_id"]
    assert active(world, "people") >= {leaver, "student-new"}
    renamed_now = {i["family_name"] for i in records(world).values() if i.get("entity") == "people"}
    assert "Renamed-Sample" in renamed_now


def test_what_a_later_run_made_keeps_what_it_needs() -> None:
    """A class of the run that is undone has a student of a later run: the class stays, and is listed."""
    world = lab(small_district())
    damage = lands(world, "second.zip", district().with_class("c-new").files)
    later = district().with_class("c-new").with_student("s-late", classes=["c-new"]).files
    assert lands(world, "third.zip", later).outcome == "applied"
    record = undo(world, damage.run)
    assert (record.outcome, record.operations) == ("nothing to change", 0)
    assert "c-new" in active(world, "classes")
    assert record.summary is not None
    assert [(c["code"], c["count"]) for c in record.summary["issues"]["codes"]] == [("UND-01", 1)]


def test_a_delta_after_an_undo_starts_from_the_newest_rows_of_the_source() -> None:
    world, _, damage = damaged()
    undo(world, damage.run)
    told = [row for row in next_day()["users"] if row["role"] == "student"][-2]
    record = changes(world, "delta.zip", {**told, "status": "active", "dateLastModified": "2026-09-08T00:00:00Z",
                                          "familyName": "Changed"})
    assert (record.outcome, record.code) == ("held", "UNDONE")
    approve(world, record)
    assert "student-new" in active(world, "people")


@pytest.mark.parametrize("writes", [20, 40, 60])
def test_an_undo_of_the_run_that_repaired_an_interrupted_one_takes_both_back(writes: int) -> None:
    world = lab(first_day())
    before = records(world)
    world.faults.arm(writes)
    with pytest.raises(Crash):
        lands(world, "second.zip", next_day())
    world.clock.tick(A_DAY)
    repaired = lands(world, "third.zip", next_day())
    assert repaired.outcome in ("applied", "nothing to change")
    assert records(world) != before
    undo(world, repaired.run)
    assert {key: records(world)[key] for key in before} == before


def test_what_cannot_be_taken_back_is_refused_in_words() -> None:
    world, _, damage = damaged()
    with pytest.raises(NotFound, match="no run 99"):
        undo(world, 99)
    nothing = lands(world, "third.zip", next_day() | {"orgs": [*next_day()["orgs"]]})
    with pytest.raises(Refused, match=f"run {nothing.run}"):
        undo(world, nothing.run)
    del world.objects.bodies[places.part("lab", damage.run, 0)]
    with pytest.raises(Refused, match="the journal of run 2 is gone"):
        undo(world, damage.run)


def test_a_preview_tells_what_an_undo_would_do_and_changes_nothing() -> None:
    world, _, damage = damaged()
    asked = questions_of(world, "lab")
    told = asked("try_undo", run=damage.run)
    assert told["verdict"] == "apply"
    assert told["counts"]["people"]["archive"] == 1
    assert told["counts"]["people"]["restore"] == 1
    assert told["conflicts"]["total"] == 0
    assert "mails" in told["not_undone"]
    record = undo(world, damage.run)
    assert record.summary is not None
    assert told["changes"] == record.summary["verdict"]["changes"]


def test_the_summary_of_an_undo_says_what_is_next() -> None:
    world, _, damage = damaged()
    record = undo(world, damage.run)
    step = next_step(record, None, ())
    assert step.owner == "district"
    assert "Run 2" in step.text


def test_an_undo_of_new_ids_gives_everybody_the_old_ones_back_and_keeps_what_changed_since() -> None:
    world = lab(many_students().files)
    before = records(world)

    def rebuilt(files: Files) -> Files:
        return under_new_ids(files, lambda id: id if id == "d-1" else f"new-{id}")

    rekeyed = approve_rekey(world, lands(world, "rebuilt.zip", rebuilt(many_students().files)))
    assert records(world) != before
    lands(world, "later.zip", rebuilt(many_students().with_cells("users", "s-100", familyName="Married").files))
    record = undo(world, rekeyed.run)
    assert record.summary is not None
    assert record.summary["issues"]["codes"] == []
    now = records(world)
    assert now.keys() == before.keys()
    other = {key: item for key, item in now.items() if item != before[key]}
    assert [(item["source_id"], item["family_name"]) for item in other.values()] == [("s-100", "Married")]


def test_a_source_of_choices_is_not_refused_for_a_choice() -> None:
    """The content was the same as before; an option did the harm. Only the guard stands."""
    world = lab(many_students().files)
    before = records(world)
    narrow = LAB.model_copy(update={"sharing": Sharing(roles=("teacher", "administrator"))})
    world.integrations.put(narrow)
    again = many_students().files
    held = lands(world, "again.zip", again)
    damage = approve(world, held) if held.outcome == "held" else held
    assert active(world, "people") != {row["sourcedId"] for row in again["users"]}
    undo(world, damage.run)
    assert records(world) == before
    assert world.runs.control("lab").denied == ()
    assert lands(world, "third.zip", again).outcome == "held"
    world.integrations.put(LAB)
    assert lands(world, "fourth.zip", again).outcome == "nothing to change"
    assert world.runs.control("lab").undone == ()
