"""After an interrupted run the table, not the kept state, is the truth for the keys of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from homeroom.model.ids import mint
from homeroom.model.plan import Counts, LinkImage, Repairs, TableImage
from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import enrollment, klass, student
from tests.builders.snapshots import ROSTER, applied, first_day, operations, plan_hash, plan_of, snapshot


def person(source_id: str, status: str | None = "active", **fields: Any) -> TableImage:
    """What the table holds of a person of the small school, with these fields changed."""
    row = next(o for o in operations(plan_of(snapshot(students=[student(s) for s in ("s-1", "s-2", "s-9")])), "people")
               if o["source_id"] == source_id)
    held = {name: value for name, value in (row["after"] | fields).items() if value is not None}
    return TableImage("people", row["id"], source_id, status, held if status else None)


def move(**cells: str) -> Snapshot:
    one = {**enrollment("s-1", "c-1"), "sourcedId": "e-1"} | cells
    return snapshot(classes=[klass("c-1"), klass("c-2")], enrollments=[one, enrollment("t-1", "c-1", role="teacher")])


def place(klass: str) -> dict[str, str]:
    return {"class": mint(ROSTER, "classes", klass), "person": mint(ROSTER, "people", "s-1"), "role": "student"}


def seat(klass: str, status: str | None = "active") -> TableImage:
    """What the table holds of enrollment `e-1` at its place in a class."""
    fields = {"class": klass, "person": "s-1", "school": "school-1", "role": "student", "primary": False,
              "begin_date": "2026-08-15", "end_date": "2027-06-15"}
    if status is None:
        return TableImage("enrollments", mint(ROSTER, "enrollments", "e-1"), "e-1", None, None)
    return TableImage("enrollments", mint(ROSTER, "enrollments", "e-1"), "e-1", status, fields, place(klass))


def plan_after(source: Snapshot, *images: TableImage, state: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    return operations(plan_of(source, first_day() if state is None else state, repairs=Repairs(images=images)))


# ---------------------------------------------------------------- records

def test_a_record_that_the_interrupted_run_did_not_reach_is_compared_as_before() -> None:
    assert plan_after(snapshot(), person("s-1")) == []


def test_a_record_that_it_wrote_is_written_back_where_the_source_says_so() -> None:
    (update,) = plan_after(snapshot(), person("s-1", given_name="Half"))
    assert (update["op"], update["changed"]) == ("update", ["given_name"])
    assert (update["before"]["given_name"], update["after"]["given_name"]) == ("Half", "Test")


def test_a_record_that_it_wrote_is_left_alone_where_the_source_still_says_so() -> None:
    new = snapshot(students=[student("s-1", givenName="Half"), student("s-2")])
    assert plan_after(new, person("s-1", given_name="Half")) == []


def test_lists_dates_and_flags_of_the_table_equal_those_of_the_state() -> None:
    two = snapshot(students=[student("s-1", orgSourcedIds="school-1,school-2", grades="05,06", enabledUser="false")])
    held = {"enabled": False, "role": "student", "orgs": ["school-1", "school-2"],
            "roles": ["student:school-1", "student:school-2"],
            "username": "user.s-1", "given_name": "Test", "family_name": "Student s-1", "identifier": "number-s-1",
            "email": "s-1@sample.example", "grades": ["05", "06"]}
    image = TableImage("people", mint(ROSTER, "people", "s-1"), "s-1", "active", held)
    assert plan_after(two, image, state=applied(two)) == []


def test_a_record_that_only_the_interrupted_run_made_is_archived_and_that_is_explained() -> None:
    (left,) = (o for o in plan_after(snapshot(), person("s-9")) if o["entity"] == "people")
    assert (left["op"], left["source_id"]) == ("archive", "s-9")
    assert (left["reason"], left["explained"]) == ("interrupted run", True)


def test_a_record_that_it_made_and_the_source_still_has_is_not_made_twice() -> None:
    three = snapshot(students=[student("s-1"), student("s-2"), student("s-9")], enrollments=[
        enrollment("t-1", "c-1"), enrollment("s-1", "c-1"), enrollment("s-2", "c-1")])
    plan = plan_of(three, first_day(), repairs=Repairs(images=(person("s-9"),)))
    assert operations(plan, "people") == []
    assert plan.counts["people"] == Counts(unchanged=4)
    assert {o["op"] for o in operations(plan, "identities")} == {"link"}


def test_a_record_that_it_was_to_make_and_did_not_is_made() -> None:
    three = snapshot(students=[student("s-1"), student("s-2"), student("s-9")])
    made = plan_after(three, person("s-9", None))
    assert [o["op"] for o in made if o["entity"] == "people"] == ["create"]


def test_a_record_that_it_archived_is_restored() -> None:
    (back,) = plan_after(snapshot(), person("s-1", "archived"))
    assert (back["op"], back["changed"]) == ("restore", [])


def test_a_record_that_it_restored_and_that_is_gone_again_is_archived_and_explained() -> None:
    """The kept state has it archived; nobody removes it anew, so no guard is asked."""
    only = snapshot(students=[student("s-1")])
    gone = plan_of(only, first_day()).next_state
    plan = plan_of(only, gone, repairs=Repairs(images=(person("s-2"),)))
    (left,) = operations(plan, "people")
    assert (left["op"], left["reason"]) == ("archive", "interrupted run")
    assert plan.facts.entities["people"].unexplained == 0


def test_a_record_that_it_archived_and_that_is_still_gone_stays_archived() -> None:
    only = snapshot(students=[student("s-1")])
    plan = plan_of(only, first_day(), repairs=Repairs(images=(person("s-2", "archived"),)))
    assert operations(plan, "people") == []
    assert plan.counts["people"] == Counts(unchanged=2)


def test_a_kept_record_stays_as_the_table_holds_it() -> None:
    broken = snapshot(students=[student("s-1", givenName=""), student("s-2")])
    plan = plan_of(broken, first_day(), repairs=Repairs(images=(person("s-1", given_name="Half"),)))
    assert operations(plan, "people") == []
    assert plan.counts["people"] == Counts(unchanged=2, kept=1)
    state = plan.next_state["people"]
    assert state.filter(state["source_id"] == "s-1")["given_name"].to_list() == ["Half"]


# ---------------------------------------------------------------- moves that were cut off

def test_a_move_that_stands_in_both_places_is_finished() -> None:
    (moved,) = plan_after(move(classSourcedId="c-2"), seat("c-1"), seat("c-2"), state=applied(move()))
    assert moved["after"]["class"] == "c-2"
    assert moved["moved_from"] == [place("c-1")]


def test_a_move_that_stands_in_both_places_is_taken_back() -> None:
    (stays,) = plan_after(move(), seat("c-1"), seat("c-2"), state=applied(move()))
    assert stays["after"]["class"] == "c-1"
    assert stays["moved_from"] == [place("c-2")]


def test_a_move_that_stands_nowhere_is_written() -> None:
    """The old place was emptied, the new one not yet filled."""
    (moved,) = plan_after(move(classSourcedId="c-2"), seat("c-1", None), state=applied(move()))
    assert moved["refs"]["class"] == mint(ROSTER, "classes", "c-2")
    (stays,) = plan_after(move(), seat("c-1", None), state=applied(move()))
    assert (stays["op"], stays["changed"]) == ("update", [])
    assert stays["refs"]["class"] == mint(ROSTER, "classes", "c-1")


@pytest.mark.parametrize("source", [move(role="pupil"), move(status="tobedeleted")], ids=["kept", "removed"])
@pytest.mark.parametrize("images", [(seat("c-1"), seat("c-2")), (seat("c-1", None),),
                                    (seat("c-1"), seat("c-2", "archived"))],
                         ids=["both", "nowhere", "one archived"])
def test_a_torn_move_of_a_record_that_is_kept_or_removed_ends_in_one_place(
    source: Snapshot, images: tuple[TableImage, ...]
) -> None:
    plan = plan_of(source, applied(move()), repairs=Repairs(images=images))
    (written,) = operations(plan, "enrollments")
    here = {"class": written["refs"]["class"], "person": written["refs"]["person"], "role": "student"}
    assert here not in written["moved_from"]
    assert all(image.place in (None, here) or image.place in written["moved_from"] for image in images)
    state = plan.next_state["enrollments"].filter(plan.next_state["enrollments"]["source_id"] == "e-1")
    assert state["status"].to_list() == ["archived" if written["op"] == "archive" else "active"]


def test_a_torn_return_of_an_archived_record_that_is_gone_again_ends_archived_in_one_place() -> None:
    """It was archived in c-1; the interrupted run restored it in c-2 and did not delete the old item."""
    bare = snapshot(classes=[klass("c-1"), klass("c-2")], enrollments=[enrollment("t-1", "c-1", role="teacher")])
    gone = plan_of(bare, applied(move())).next_state
    for images in ((seat("c-1", "archived"), seat("c-2")), (seat("c-1", None),), (seat("c-2"),)):
        (written,) = plan_after(bare, *images, state=gone)
        assert (written["op"], written["reason"], written["explained"]) == ("archive", "interrupted run", True)
        here = written["refs"]["class"]
        assert {i.place["class"] for i in images if i.place} - {here} == {p["class"] for p in written["moved_from"]}


def test_the_order_of_images_does_not_change_the_plan() -> None:
    images = (seat("c-1"), seat("c-2", "archived"), person("s-1", given_name="Half"), person("s-9"))
    hashes = {plan_hash(plan_of(move(), applied(move()), repairs=Repairs(images=found)))
              for found in (images, images[::-1])}
    assert len(hashes) == 1


# ---------------------------------------------------------------- links

def test_a_name_that_was_ambiguous_and_is_single_in_the_table_by_half_a_plan_gets_its_link() -> None:
    """Kept: two hold `jo`, nobody has the link. The cut-off plan renamed one of them; the next file agrees."""
    old = snapshot(students=[student("s-1", identifier="7"), student("s-2", identifier="7")])
    new = snapshot(students=[student("s-1", identifier="8"), student("s-2", identifier="7")])
    repairs = Repairs(images=(person("s-1", identifier="8"),), links=(LinkImage("identifier#8", None),))
    plan = plan_of(new, applied(old), repairs=repairs)
    assert operations(plan, "people") == []
    assert {o["source_id"]: (o["op"], o["id"]) for o in operations(plan, "identities")} == {
        "identifier#7": ("link", mint(ROSTER, "people", "s-2")),
        "identifier#8": ("link", mint(ROSTER, "people", "s-1")),
    }


def test_a_kept_person_whose_new_name_was_written_has_the_links_of_the_table_image() -> None:
    broken = snapshot(students=[student("s-1", givenName=""), student("s-2")])
    repairs = Repairs(images=(person("s-1", username="new"),),
                      links=(LinkImage("username#new", None),
                             LinkImage("username#user.s-1", mint(ROSTER, "people", "s-1"))))
    plan = plan_of(broken, first_day(), repairs=repairs)
    changes = {o["source_id"]: o["op"] for o in operations(plan)}
    assert changes == {"username#new": "link", "username#user.s-1": "unlink"}


def test_an_interrupted_first_load_goes_on_where_it_was() -> None:
    orgs = (TableImage("orgs", o["id"], o["source_id"], "active", o["after"])
            for o in operations(plan_of(snapshot()), "orgs"))
    images = (*orgs, person("s-1"), person("s-2", None))
    plan = plan_of(snapshot(), None, repairs=Repairs(images=images))
    assert plan.facts.first_load is True
    assert (plan.counts["orgs"], plan.counts["people"]) == (Counts(unchanged=3), Counts(create=2, unchanged=1))
    assert {o["source_id"] for o in operations(plan, "identities")} >= {"sourced_id#s-1", "sourced_id#s-2"}
