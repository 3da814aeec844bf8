"""The same district as CSV, OneRoster 1.1 REST, 1.2 REST and Clever: the same roster, in all that they carry.

Whole runs over real HTTP, and the applied rosters side by side. The three forms of OneRoster agree in every field;
Clever agrees with them in the fields and records that `homeroom.read.carried` gives it.
"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from local.demo import sample
from tests.builders.amount import examples
from tests.builders.oneroster import Files, district, small_district
from tests.equivalence.four import Four, four
from tests.equivalence.rosters import Roster, at_clever, carried
from tests.laws.towns import Town, edits, towns

ONE_ROSTER = ("rest-1.1", "rest-1.2")


SAME_NUMBER = {"orgs": "orgs", "classes": "classes", "users": "people", "enrollments": "enrollments"}
"""Files of which Clever has every record, in these districts."""


def agree(served: Four) -> None:
    """What each source made of the roster, active and archived."""
    active, archived = served.rosters(), served.rosters("archived")
    for name in ONE_ROSTER:
        assert active[name] == active["csv"]
        assert archived[name] == archived["csv"]
    assert carried(active["clever"]) == carried(at_clever(active["csv"]))


def all_applied(served: Four, files: Files) -> None:
    assert {record.outcome for record in served.day(files).values()} == {"applied"}


def nothing_is_left_out(served: Four, files: Files) -> None:
    """That the comparison is of something: every record, and fields in each."""
    compared = carried(served.rosters()["clever"])
    assert all(compared.values())
    assert all(fields for records in compared.values() for fields in records.values())
    assert {len(files[stem]) - len(compared[name]) for stem, name in SAME_NUMBER.items()} == {0}


def test_a_first_load_gives_the_same_roster_from_every_source() -> None:
    with four(small_district()) as served:
        all_applied(served, small_district())
        agree(served)
        nothing_is_left_out(served, small_district())


def ids(roster: Roster) -> dict[str, set[object]]:
    return {name: set(records) for name, records in roster.items()}


def changed() -> Files:
    """Somebody comes with a guardian, somebody leaves, a teacher joins a class, and one of everything has news."""
    return (
        district().with_student("s-11", classes=["c-1", "c-2"]).with_guardian("g-2", of="s-11")
        .with_enrollment("t-2", "c-1", role="teacher")
        .without("users", "s-3").without("enrollments", "e-s-3-c-3", "e-s-1-c-2")
        .with_cells("users", "s-2", email="new@sample.example", grades="06")
        .with_cells("users", "t-1", familyName="Renamed")
        .with_cells("orgs", "school-2", name="Renamed School")
        .with_cells("academicSessions", "sem-1", title="Autumn", endDate="2026-12-22")
        .with_cells("courses", "course-2", title="Renamed Course")
        .with_cells("classes", "c-4", title="Renamed Class").files
    )


NEXT_DAY = {
    "orgs": {"update": 1}, "terms": {"update": 1}, "courses": {"update": 1}, "classes": {"update": 1},
    "people": {"create": 2, "update": 2, "archive": 1}, "enrollments": {"create": 3, "archive": 2},
    "contacts": {"create": 1},
}
DAY_AFTER = {
    "orgs": {"update": 1}, "terms": {"update": 1}, "courses": {"update": 1}, "classes": {"update": 1},
    "people": {"archive": 2, "update": 2, "restore": 1}, "enrollments": {"archive": 3, "restore": 2},
    "contacts": {"archive": 1},
}


@pytest.mark.parametrize("by_events", [False, True], ids=["clever-in-full", "clever-by-events"])
def test_later_days_change_as_much_whatever_the_source(by_events: bool) -> None:
    """Created, updated, archived, and on the day after all of it taken back."""
    with four(small_district(), follow_events=by_events) as served:
        all_applied(served, small_district())
        for files, counts in ((changed(), NEXT_DAY), (small_district(), DAY_AFTER)):
            asked = len(served.clever.asked_for("users"))
            all_applied(served, files)
            assert (len(served.clever.asked_for("users")) == asked) is by_events
            assert served.counts() == dict.fromkeys(served.worlds, counts)
            agree(served)
            archived = served.rosters("archived")
            assert ids(archived["clever"]) == ids(archived["csv"])


def test_the_days_of_the_sample_district_agree() -> None:
    with four(sample.first_day().files) as served:
        all_applied(served, sample.first_day().files)
        agree(served)
        nothing_is_left_out(served, sample.first_day().files)
        all_applied(served, sample.next_day().files)
        agree(served)
        counts = served.counts()
    assert counts["csv"]["classes"] == {"update": 1}  # another room: Clever has no rooms
    assert {name: {**told, "classes": {"update": 1}} for name, told in counts.items()} == dict.fromkeys(
        served.worlds, counts["csv"])


def in_order(town: Town) -> Files:
    """The town as an honest SIS writes it: enrollments of people who are there, in their own role, once a class."""
    files = {stem: list(rows.values()) for stem, rows in town.items()}
    people = {row["sourcedId"]: row["role"] for row in files["users"]}
    schools = {row["sourcedId"]: row["schoolSourcedId"] for row in files["classes"]}
    once = {(row["classSourcedId"], row["userSourcedId"]): row for row in files["enrollments"]}
    files["enrollments"] = [
        row | {"role": people[person], "schoolSourcedId": schools[klass]} for (klass, person), row in once.items()
        if klass in schools and person in people]
    return files


@pytest.mark.laws
@settings(max_examples=examples(2, full=4))
@given(st.data())
def test_any_two_days_of_any_town_agree(data: st.DataObject) -> None:
    first = data.draw(towns(faults=False))
    second = data.draw(edits(first, faults=False))
    assume(first["users"] and second["users"])
    with four(in_order(first)) as served:
        for town in (first, second):
            served.day(in_order(town))
            agree(served)
