"""Complaints about when a sync runs, what it says, and what it changes, at Clever. Numbers are of `complaints_c`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from homeroom.model.events import Started
from homeroom.model.run import RunRecord
from homeroom.model.schedule import Schedule
from tests.builders.oneroster import district, student
from tests.builders.questions import with_engine
from tests.builders.town import students, town, without_people
from tests.complaints.small_clever import HOW, asked
from tests.conformance.known import known_clever
from tests.conformance.lab import APP, CleverLab, clever, codes, counts, tripped, writes
from tests.regression.days import LAB as FILES
from tests.regression.days import active, approve, ended, lands
from tests.regression.days import lab as by_files
from tests.unit.support.asking import BY, do

TOWN = town({"school-1": 3, "school-2": 3})
"""120 students in two schools."""


def status(lab: CleverLab) -> tuple[str, str, str]:
    told = asked(lab, "status")
    return told["status"], told["owner"], told["text"]


def changed(lab: CleverLab, **words: Any) -> None:
    """The same integration with these words in its set-up."""
    lab.world.integrations.put(lab.world.integrations.get("clever").model_copy(update=words))


def test_c4_nobody_has_to_sign_in_before_classes_come(lab: CleverLab) -> None:
    assert len(lab.active("classes")) == 4
    assert len(lab.active("people")) == 14
    signed = {one.headers["authorization"] for one in lab.clever.log if one.place != "oauth/tokens"}
    assert signed == {f"Bearer {lab.district.token}"}
    assert not [one for one in lab.clever.log if "authorize" in one.path or one.path.endswith("/me")]


def test_c12_a_change_is_here_at_once_when_somebody_asks(lab: CleverLab) -> None:
    lab.district.add("users", "s-now", name={"first": "Test", "last": "Now"}, roles={
        "student": {"school": lab.id("schools", "school-1"), "schools": [lab.id("schools", "school-1")]}})
    answer = asked(lab, "run", **BY)
    assert answer["state"] == "queued"
    assert lab.end(Started.model_validate(answer)).outcome == "applied"
    assert lab.id("users", "s-now") in lab.active("people")


def test_c12_the_last_sync_and_the_next_one_are_shown(lab: CleverLab) -> None:
    changed(lab, schedule=Schedule(mode="daily"))
    told, now = asked(lab, "status"), lab.world.clock.now()
    assert datetime.fromisoformat(told["applied_at"]) == now
    assert told["schedule"].startswith("every day at ")
    assert 0 < (datetime.fromisoformat(told["next_run"]) - now).total_seconds() <= 24 * 3600


def both_schools() -> tuple[list[str], list[str]]:
    """Half of the students of each school."""
    return students(TOWN, "school-1")[:30], students(TOWN, "school-2")[:30]


def term_change(world: Any) -> RunRecord:
    one, two = both_schools()
    held = lands(world, "term.zip", without_people(TOWN, [*one, *two]))
    assert held.outcome == "held"
    return held


def test_c13_a_mass_removal_waits_is_counted_and_each_of_them_is_explained() -> None:
    world = by_files(TOWN)
    before = active(world, "people")
    held = term_change(world)
    assert held.summary is not None
    assert held.summary["removals"]["people"] == {"absent": 60}
    told = do(with_engine(world), "explain", integration="lab", record=students(TOWN, "school-2")[0])
    assert (told["code"], told["held"]["op"], active(world, "people")) == ("waits", "archive", before)


def test_c13_one_school_is_approved_and_the_other_waits() -> None:
    world = by_files(TOWN)
    one, two = both_schools()
    part = approve(world, term_change(world), only={"schools": ["school-1"]})
    assert (part.outcome, part.waits is not None) == ("applied", True)
    assert not {*one} & active(world, "people")
    assert {*two} <= active(world, "people")


def test_c13_a_removal_that_is_discarded_removes_nobody_tomorrow_either() -> None:
    world = by_files(TOWN, FILES)
    before, held = active(world, "people"), term_change(world)
    do(world, "discard", integration="lab", run=held.run, **BY)
    again = lands(world, "again.zip", without_people(TOWN, [*both_schools()[0], *both_schools()[1]]))
    assert (again.outcome, again.code) == ("skipped", "denied")
    assert active(world, "people") == before


def guardians(lab: CleverLab, kind: str) -> None:
    """All relationships of g-2 are of this kind."""
    one = lab.id("users", "g-2")
    said = lab.district.shared["users"][one]["roles"]["contact"]["student_relationships"]
    lab.district.update_role(one, "contact", student_relationships=[{**link, "type": kind} for link in said])


def test_c14_a_contact_for_emergencies_gets_no_account() -> None:
    with clever(district().with_guardian("g-2", of="s-2").files) as lab:
        guardians(lab, "Emergency")
        assert codes(lab.run())["SRC-19"] == 1
        assert lab.id("users", "g-2") not in lab.active("people")
        assert lab.id("users", "g-1") in lab.active("people")


def test_c14_products_without_parents_get_none_of_six() -> None:
    many = district()
    for n in range(2, 8):
        many = many.with_guardian(f"g-{n}", of="s-1")
    with clever(many.files) as lab:
        changed(lab, product_line="Imagine Learning portal")
        lab.run()
        assert lab.active("contacts") == set()
        assert {item["role"] for item in lab.items("people").values()} == {"student", "teacher"}
        assert "Guardian g-7" not in lab.everything_kept()


def test_c15_disconnected_says_why_and_whose_turn_it_is(lab: CleverLab) -> None:
    lab.district.revoke()
    assert lab.run().code == "SRC-01"
    word, owner, text = status(lab)
    assert (word, owner) == ("disconnected", "district")
    assert "the district is not connected to the app in Clever" in text
    lab.district.reconnect()
    assert (lab.run().outcome, lab.status) == ("nothing to change", "up to date")


def fails(lab: CleverLab, how: str) -> RunRecord:
    if how == "credentials":
        lab.world.secrets.put("clever/app", {**APP, "client_secret": "ended"})
    elif how == "district":
        lab.district.revoke()
    elif how == "schools":
        changed(lab, sharing=lab.world.integrations.get("clever").sharing.model_copy(update={
            "schools": (lab.id("schools", "school-2"),)}))
        lab.approve(lab.run())
        lab.district.renew("schools", lab.id("schools", "school-2"), "school made again")
    elif how == "removals":
        for n in range(100, 140):
            lab.district.remove("users", lab.id("users", f"s-{n}"))
    else:
        lab.district.state = how
    return lab.full()


@pytest.mark.parametrize(("how", "code", "word", "owner", "next_step"), [
    ("credentials", "SRC-01", "disconnected", "vendor", "rotate_secret"),
    ("district", "SRC-01", "disconnected", "district", "authorises the app"),
    ("pending", "SRC-12", "waiting for the district", "district", "what its sync page asks for"),
    ("error", "SRC-12", "waiting for the district", "aggregator", "Clever's support"),
    ("schools", "GRD-12", "on hold: review", "vendor", "Look at what the sharing rules leave out"),
    ("removals", "GRD-02", "on hold: review", "vendor", "approve it if the district confirms it"),
])
def test_c16_each_way_to_fail_has_a_word_an_owner_and_a_next_step(
    how: str, code: str, word: str, owner: str, next_step: str
) -> None:
    grown = district()
    for n in range(100, 140):
        grown = grown.with_student(f"s-{n}", classes=["c-1"])
    with known_clever(grown.files, page_size=100) as lab:
        before = len(lab.active("people"))
        record = fails(lab, how)
        assert code in (tripped(record) if record.outcome == "held" else [record.code])
        assert status(lab)[:2] == (word, owner)
        assert record.summary is not None
        assert next_step in record.summary["next"]["text"]
        assert how == "schools" or len(lab.active("people")) == before


def test_c17_each_record_in_doubt_is_told_with_field_problem_and_effect(lab: CleverLab) -> None:
    pupil = lab.id("users", "s-1")
    lab.district.update_role(pupil, "student", grade="Grade Fourteen")
    record = lab.run()
    [told] = [one for one in lab.issues(record) if one["source_id"] == pupil]
    assert (told["code"], told["column"], told["value"]) == ("FLD-03", "grades", "Grade Fourteen")
    assert (told["action"], told["owner"]) == ("Mapped it to `Other`", "district")
    assert told["remedy"]
    assert lab.items("people")[pupil]["grades"] == ["Other"]


@pytest.mark.parametrize("how", HOW)
def test_c18_one_sync_does_it_all_and_again_does_nothing(lab: CleverLab, how: dict[str, bool]) -> None:
    """A role, a removal, a new student: no reset first, no second button, and nothing deleted."""
    teacher, gone, school = lab.id("users", "t-1"), lab.id("users", "s-4"), lab.id("schools", "school-1")
    keys = {*lab.world.roster.items}
    lab.district.update_role(teacher, "district_admin", title="Head")
    lab.district.remove("users", gone)
    lab.district.add("users", "s-new", name={"first": "Test", "last": "New"}, roles={
        "student": {"school": school, "schools": [school]}})
    did = counts(lab.run(**how), "people")
    assert (did["created"], did["updated"], did["archived"]) == (1, 1, 1)
    assert lab.items("people")[teacher]["role"] == "administrator"
    assert gone in lab.archived("people")
    assert {key for key in keys if "#identity#" not in key[0]} <= {*lab.world.roster.items}
    assert writes(lab, lambda: lab.run(full=True)) == 0


def test_c18_what_a_choice_would_do_is_shown_before_it_counts(lab: CleverLab) -> None:
    before = lab.world.roster.writes
    told = asked(lab, "try", choices={"sharing": {"roles": ["teacher"]}})
    assert (told["counts"]["people"]["archive"], told["verdict"]) == (11, "hold")
    assert (lab.world.roster.writes, len(lab.active("people"))) == (before, 14)


def test_c26_no_teacher_presses_anything(lab: CleverLab) -> None:
    changed(lab, schedule=Schedule(mode="daily"))
    do(lab.world, "reconcile_schedules", **BY)
    assert [timer.name for timer in lab.world.timers.list()] == ["clever"]
    gone = lab.id("users", "s-4")
    lab.district.unshare("users", gone)
    record = lab.run(trigger="schedule")
    assert (record.trigger, gone in lab.archived("people")) == ("schedule", True)


@pytest.mark.parametrize(("state", "owner", "words"), [
    ("pending", "district", "is pending: something must be set right there first"),
    ("error", "aggregator", "is in error"),
])
def test_c27_one_answer_tells_where_the_chain_stands(lab: CleverLab, state: str, owner: str, words: str) -> None:
    """Our last run, the state of the district at Clever, and when Clever took up data."""
    good = {one["step"]: one["text"] for one in asked(lab, "test_connection", **BY)["findings"]}
    assert good["sync status"] == f"Clever took up data last at {lab.district.last_sync}"
    lab.district.state = state
    lab.run()
    told = asked(lab, "status")
    assert (told["applied_run"], told["owner"]) == (1, owner)
    assert words in told["text"]


def test_c28_every_run_is_kept_with_its_counts(lab: CleverLab) -> None:
    lab.district.unshare("users", lab.id("users", "s-4"))
    lab.run()
    lab.run()
    runs = asked(lab, "status")["runs"]
    assert [(one["run"], one["outcome"]) for one in runs] == [
        (3, "nothing to change"), (2, "applied"), (1, "applied")]
    numbers = {run: asked(lab, "preview", run=run)["summary"]["entities"]["people"] for run in (1, 2)}
    assert (numbers[1]["created"], numbers[2]["archived"], numbers[2]["unchanged"]) == (14, 1, 13)


def test_c29_a_replaced_roster_waits_and_is_taken_back_whole() -> None:
    world = by_files(TOWN)
    before, gone = active(world, "people"), {*students(TOWN)}
    others = {**without_people(TOWN, gone), "users": [
        *(row for row in TOWN["users"] if row["sourcedId"] not in gone),
        *(student(f"x-{n}", familyName="Other", orgSourcedIds="school-1") for n in range(120))]}
    held = lands(world, "replaced.zip", others)
    assert (held.outcome, active(world, "people")) == ("held", before)
    replaced = approve(world, held)
    assert not gone & active(world, "people")
    world.clock.tick(60)
    undo = do(world, "undo", integration="lab", run=replaced.run, **BY)
    assert ended(world, Started.model_validate(undo)).outcome == "applied"
    assert active(world, "people") == before


def test_c32_our_pause_and_the_one_at_clever_are_told_apart(lab: CleverLab) -> None:
    lab.district.pause(until="2027-08-01T00:00:00.000Z")
    record = lab.run()
    [theirs] = [one["text"] for one in lab.issues(record) if one["code"] == "SRC-18"]
    assert "the district's sync in Clever is paused since 2026-09-07 until 2027-08-01" in theirs
    assert lab.status == "up to date"
    asked(lab, "pause", by="tse", reason="the contract ended")
    refused = lab.begin()
    assert (refused.state, refused.reason) == ("refused", "paused")
    assert status(lab) == ("paused", "vendor", "since 2026-09-07: the contract ended")
    asked(lab, "resume", by="tse", reason="a new contract")
    assert lab.status == "up to date"
