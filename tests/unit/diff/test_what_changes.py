"""Create, update, archive, restore, unchanged, kept: what each is, and what its operation carries."""

from __future__ import annotations

import pytest

from homeroom.diff import empty_state
from homeroom.diff.applied import schema
from homeroom.model.entities import ENTITIES
from homeroom.model.ids import mint
from homeroom.model.plan import Counts, Repairs
from tests.builders.oneroster import course, enrollment, guardian, klass, org, student, teacher, term
from tests.builders.snapshots import ROSTER, STEMS, applied, first_day, of_files, operations, plan_of, snapshot

YEAR = term("y-27", type="schoolYear", parentSourcedId="")


def id_of(entity: str, source_id: str) -> str:
    return mint(ROSTER, entity, source_id)


def test_a_first_load_creates_everything() -> None:
    plan = plan_of(snapshot())
    assert {name: c.create for name, c in plan.counts.items()} == {
        "orgs": 3, "terms": 3, "courses": 1, "classes": 1, "people": 3, "enrollments": 3, "contacts": 0,
    }
    assert {o["op"] for o in operations(plan)} == {"create", "link"}
    assert plan.facts.first_load is True


def test_the_same_roster_again_changes_nothing() -> None:
    plan = plan_of(snapshot(), first_day())
    assert operations(plan) == []
    assert plan.size == 0
    assert plan.counts["people"] == Counts(unchanged=3)


def test_a_created_record_carries_its_fields_and_the_ids_of_what_it_points_to() -> None:
    (created,) = operations(plan_of(snapshot(classes=[klass("c-1", termSourcedIds="sem-2, sem-1")])), "classes")
    assert (created["op"], created["id"], created["source_id"]) == ("create", id_of("classes", "c-1"), "c-1")
    assert created["before"] is None
    assert created["after"]["terms"] == ["sem-2", "sem-1"]
    assert created["after"]["grades"] == ["05"]
    assert created["after"]["location"] is None
    assert created["refs"] == {
        "course": id_of("courses", "course-1"), "school": id_of("orgs", "school-1"),
        "terms": [id_of("terms", "sem-2"), id_of("terms", "sem-1")],
    }
    assert (created["changed"], created["moved_from"], created["overlay"]) == ([], [], False)
    assert (created["reason"], created["explained"]) == ("new in the source", True)


def test_dates_and_flags_are_plain_json() -> None:
    enrolled = operations(plan_of(snapshot()), "enrollments")
    teaching = next(o for o in enrolled if o["source_id"] == "e-t-1-c-1")
    assert teaching["after"]["begin_date"] == "2026-08-15"
    assert teaching["after"]["primary"] is False


def test_an_update_names_the_fields_that_changed_with_both_values() -> None:
    changed = snapshot(students=[student("s-1", givenName="Other", phone="1"), student("s-2")])
    plan = plan_of(changed, first_day())
    (update,) = operations(plan)
    assert (update["op"], update["entity"], update["source_id"]) == ("update", "people", "s-1")
    assert update["changed"] == ["given_name", "phone"]
    assert [(update["before"][f], update["after"][f]) for f in update["changed"]] == [("Test", "Other"), (None, "1")]
    assert plan.counts["people"] == Counts(update=1, unchanged=2)


@pytest.mark.parametrize(("before", "after"), [("555", ""), ("", "555")])
def test_a_value_that_comes_or_goes_is_a_change(before: str, after: str) -> None:
    old, new = (snapshot(students=[student("s-1", phone=phone)]) for phone in (before, after))
    (update,) = operations(plan_of(new, applied(old)))
    assert update["changed"] == ["phone"]
    assert (update["before"]["phone"], update["after"]["phone"]) == (before or None, after or None)


def test_another_spelling_of_the_same_value_is_no_change() -> None:
    old = snapshot(students=[student("s-1", grades="5", enabledUser="TRUE")],
                   classes=[klass("c-1", classType="Scheduled")])
    new = snapshot(students=[student("s-1", grades=" 05", enabledUser="true")], classes=[klass("c-1")])
    assert operations(plan_of(new, applied(old))) == []


def test_what_is_absent_is_archived_whole_and_leaves_from_below() -> None:
    state = first_day()
    plan = plan_of(snapshot(students=[student("s-1")]), state)
    left = operations(plan)
    assert [(o["op"], o["entity"], o["source_id"]) for o in left] == [
        ("archive", "enrollments", "e-s-2-c-1"), ("archive", "people", "s-2"),
    ]
    assert left[1]["after"] is None
    assert left[1]["before"]["family_name"] == "Student s-2"
    assert (left[1]["reason"], left[1]["explained"]) == ("absent", False)
    assert left[0]["refs"]["class"] == id_of("classes", "c-1")
    assert plan.counts["people"] == Counts(archive=1, unchanged=2)


def test_what_comes_back_is_restored_under_the_same_id_and_counted_as_restored() -> None:
    gone = plan_of(snapshot(students=[student("s-1")]), first_day()).next_state
    plan = plan_of(snapshot(students=[student("s-1"), student("s-2", phone="1")]), gone)
    person = operations(plan, "people")[0]
    assert (person["op"], person["id"], person["changed"]) == ("restore", id_of("people", "s-2"), ["phone"])
    assert plan.counts["people"] == Counts(restore=1, unchanged=2)
    assert plan.counts["enrollments"] == Counts(restore=1, unchanged=2)


def test_the_archived_stay_archived_without_another_operation() -> None:
    gone = plan_of(snapshot(students=[student("s-1")]), first_day()).next_state
    plan = plan_of(snapshot(students=[student("s-1")]), gone)
    assert operations(plan) == []
    assert plan.counts["people"] == Counts(unchanged=2)


def test_a_row_in_error_keeps_its_record_and_all_that_depends_on_it() -> None:
    rows = {"students": [student("s-1", agentSourcedIds="g-1"), student("s-2")], "guardians": [guardian("g-1")]}
    broken = snapshot(students=[student("s-1", agentSourcedIds="g-1", givenName=""), student("s-2")],
                      guardians=[guardian("g-1")])
    plan = plan_of(broken, applied(snapshot(**rows)))
    assert operations(plan) == []
    assert plan.counts["people"] == Counts(unchanged=3, kept=1)
    assert plan.counts["enrollments"] == Counts(unchanged=2, kept=1)
    assert plan.counts["contacts"] == Counts(kept=1)


def test_a_person_in_error_keeps_the_links_to_family() -> None:
    """Also where the error hides the role, or the cell that names the link: a family for each fault and side."""
    faults = [{"role": "gaurdian"}, {"_problem": "FIL-11"}, {"givenName": ""}, {"role": ""},
              {"agentSourcedIds": "", "role": ""}]
    sides = [(n, side, fault) for n, fault in enumerate(faults) for side in ("s", "g")]
    students = [student(f"s-{n}-{side}", agentSourcedIds=f"g-{n}-{side}") for n, side, _ in sides]
    guardians = [guardian(f"g-{n}-{side}") for n, side, _ in sides]
    broken = [[{**row, **fault} if side == who else row for row, (_, side, fault) in zip(rows, sides, strict=True)]
              for who, rows in (("s", students), ("g", guardians))]
    state = applied(snapshot(students=students, guardians=guardians))
    plan = plan_of(snapshot(students=broken[0], guardians=broken[1]), state)
    assert operations(plan) == []
    assert plan.counts["contacts"] == Counts(kept=len(sides))


def test_a_person_whose_row_is_torn_before_the_agents_keeps_the_links_to_family() -> None:
    whole = snapshot(students=[student("s-1", agentSourcedIds="g-1")], guardians=[guardian("g-1")])
    torn = {"sourcedId": "s-1", "_problem": "FIL-11"}
    plan = plan_of(snapshot(students=[torn], guardians=[guardian("g-1")]), applied(whole))
    assert operations(plan) == []
    assert plan.counts["contacts"] == Counts(kept=1)


def test_an_error_of_a_school_removes_nothing() -> None:
    broken = snapshot(orgs=[org("d-1", type="district", parentSourcedId="", identifier="D1", name="Sample District"),
                            org("school-1", name=""), org("school-2")])
    plan = plan_of(broken, first_day())
    assert operations(plan) == []
    kept = {name: c.kept for name, c in plan.counts.items() if c.kept}
    assert kept == {"orgs": 1, "classes": 1, "people": 3, "enrollments": 3}


def test_two_different_rows_of_one_id_change_nothing() -> None:
    plan = plan_of(snapshot(students=[student("s-1"), student("s-1", phone="1"), student("s-2")]), first_day())
    assert operations(plan) == []
    assert plan.counts["people"] == Counts(unchanged=2, kept=1)


def test_two_people_who_share_a_username_stay_as_they_were() -> None:
    """Neither is overwritten: the one who had it keeps it, the new one waits (DUP-03)."""
    both = snapshot(students=[student("s-1"), student("s-2"), student("s-3", username="user.s-1")])
    plan = plan_of(both, first_day())
    assert operations(plan) == []
    assert plan.counts["people"] == Counts(unchanged=2, kept=1)


def test_an_archived_record_in_error_stays_archived() -> None:
    gone = plan_of(snapshot(students=[student("s-1")]), first_day()).next_state
    plan = plan_of(snapshot(students=[student("s-1"), student("s-2", givenName="")]), gone)
    assert operations(plan) == []
    assert plan.counts["people"] == Counts(unchanged=2)


def test_an_enrollment_whose_class_comes_a_day_later_is_linked_then() -> None:
    """Conformance 31: without being sent again."""
    late = enrollment("s-1", "c-2")
    state = applied(snapshot(also=[late]))
    plan = plan_of(snapshot(classes=[klass("c-1"), klass("c-2")], also=[late]), state)
    (created,) = operations(plan, "enrollments")
    assert (created["op"], created["refs"]["class"]) == ("create", id_of("classes", "c-2"))


def test_an_absent_file_changes_and_removes_nothing() -> None:
    """The manifest says `absent` (conformance 16)."""
    whole = snapshot(guardians=[guardian("g-1", agentSourcedIds="s-1")])
    state = applied(whole)
    for stem in whole.frames:
        files = {name: rows for name, rows in whole.frames.items() if name != stem}
        part = type(whole)("test", files, {**whole.modes, stem: "absent"}, "test")
        assert operations(plan_of(part, state)) == [], stem


def test_a_roster_of_nothing_archives_all_and_the_guards_decide() -> None:
    nothing = of_files({stem: [] for stem in STEMS})
    plan = plan_of(nothing, first_day())
    assert {name: c.archive for name, c in plan.counts.items()} == {
        "orgs": 3, "terms": 3, "courses": 1, "classes": 1, "people": 3, "enrollments": 3, "contacts": 0,
    }
    assert plan_of(nothing).size == 0


def test_a_state_of_nothing_is_no_first_load() -> None:
    plan = plan_of(snapshot(), empty_state())
    assert plan.facts.first_load is False
    assert plan.counts["people"] == Counts(create=3)


def test_references_to_what_was_never_applied_are_null() -> None:
    (created,) = operations(plan_of(snapshot(courses=[course("course-1", title="")])), "classes")
    assert created["after"]["course"] == "course-1"
    assert created["refs"]["course"] is None


def test_unknown_items_of_a_list_have_no_internal_id() -> None:
    some = snapshot(terms=[YEAR, term("sem-1"), term("sem-2", title="")],
                    classes=[klass("c-1", termSourcedIds="sem-1,sem-2")])
    (created,) = operations(plan_of(some), "classes")
    assert created["after"]["terms"] == ["sem-1", "sem-2"]
    assert created["refs"]["terms"] == [id_of("terms", "sem-1")]


@pytest.mark.parametrize(
    ("broken", "entity", "source_id", "field"),
    [({"courses": [course("course-1", title="")]}, "classes", "c-1", "course"),
     ({"terms": [YEAR, term("sem-1", title="")]}, "classes", "c-1", "terms"),
     ({"terms": [term("y-27", title="", parentSourcedId=""), term("sem-1")]}, "terms", "sem-1", "parent")],
)
def test_a_reference_is_filled_in_when_its_target_is_right_at_last(
    broken: dict[str, list[dict[str, str]]], entity: str, source_id: str, field: str,
) -> None:
    good = {"courses": [course("course-1")], "terms": [YEAR, term("sem-1")]}
    state = applied(snapshot(**{**good, **broken}))  # type: ignore[arg-type]
    plan = plan_of(snapshot(**good), state)  # type: ignore[arg-type]
    update = next(o for o in operations(plan, entity) if o["source_id"] == source_id)
    assert update["op"] == "update"
    assert update["changed"] == []
    assert update["refs"][field]
    assert operations(plan_of(snapshot(**good), plan.next_state)) == []  # type: ignore[arg-type]


def test_references_of_archived_records_stay() -> None:
    state = first_day()
    kept = snapshot(courses=[course("course-2")], classes=[klass("c-1", courseSourcedId="course-2")])
    moved = plan_of(kept, state)
    (course_left,) = operations(moved, "courses", "archive")
    assert course_left["id"] == id_of("courses", "course-1")
    (update,) = operations(moved, "classes")
    assert update["refs"]["course"] == id_of("courses", "course-2")


def test_organisations_in_a_circle_are_linked() -> None:
    loops = [org("a", parentSourcedId="b"), org("b", parentSourcedId="a"), org("c", parentSourcedId="c"),
             org("school-1", parentSourcedId="")]
    created = {o["source_id"]: o["refs"]["parent"] for o in operations(plan_of(snapshot(orgs=loops)), "orgs")}
    assert created == {"a": id_of("orgs", "b"), "b": id_of("orgs", "a"), "c": id_of("orgs", "c"), "school-1": None}


def test_ids_of_any_signs_go_through_the_plan_unharmed() -> None:
    odd = ["s#1", "s|1", "s 1", "ş/1@x", 's"1', "s\\1", "💡"]
    rows = [student(id, username=f"u{n}") for n, id in enumerate(odd)]
    plan = plan_of(snapshot(students=rows))
    assert {o["source_id"] for o in operations(plan, "people")} == {*odd, "t-1"}
    enrolled = {o["refs"]["person"] for o in operations(plan, "enrollments")}
    assert enrolled == {id_of("people", id) for id in [*odd, "t-1"]}
    assert operations(plan_of(snapshot(students=rows), plan.next_state)) == []


def test_the_kept_state_has_the_columns_of_the_model_in_their_kinds() -> None:
    for name, frame in first_day().items():
        assert dict(frame.schema) == schema(ENTITIES[name]), name


def test_the_next_state_is_what_is_wanted_and_archived_and_kept() -> None:
    old = snapshot(students=[student("s-1"), student("s-2"), student("s-3"), student("s-4")])
    new = snapshot(students=[student("s-1", phone="1"), student("s-2", givenName=""), student("s-4"), student("s-5")])
    state = plan_of(new, applied(old)).next_state["people"]
    assert sorted(state.select("source_id", "status", "phone", "given_name").rows()) == [
        ("s-1", "active", "1", "Test"), ("s-2", "active", None, "Test"), ("s-3", "archived", None, "Test"),
        ("s-4", "active", None, "Test"), ("s-5", "active", None, "Test"), ("t-1", "active", None, "Test"),
    ]


def test_a_hand_edit_is_overridden_though_the_file_did_not_change() -> None:
    """Requirement C2: a student archived by hand comes back with the same file."""
    edited = Repairs(edited={"people": frozenset({"s-1"}), "classes": frozenset({"nobody"})})
    plan = plan_of(snapshot(), first_day(), repairs=edited)
    (back,) = operations(plan)
    assert (back["op"], back["source_id"], back["overlay"], back["changed"]) == ("restore", "s-1", True, [])
    assert back["reason"] == "overrides a hand edit"
    assert back["after"]["given_name"] == "Test"
    assert plan.counts["people"] == Counts(restore=1, unchanged=2)


def test_a_hand_edited_record_that_left_is_archived_and_its_overlay_with_it() -> None:
    edited = Repairs(edited={"people": frozenset({"s-2"})})
    plan = plan_of(snapshot(students=[student("s-1")]), first_day(), repairs=edited)
    (left,) = operations(plan, "people")
    assert (left["op"], left["overlay"]) == ("archive", True)


def test_a_teacher_and_a_student_of_one_id_in_two_rosters_have_two_ids() -> None:
    assert mint("one", "people", "s-1") != mint("two", "people", "s-1")
    assert mint("one", "people", "s-1") != mint("one", "classes", "s-1")
    assert operations(plan_of(snapshot(teachers=[teacher("c-1")])), "people")[0]["id"] != id_of("classes", "c-1")
