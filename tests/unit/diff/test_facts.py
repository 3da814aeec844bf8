"""The numbers that guards look at: by entity, by school, by class, and whose district it is."""

from __future__ import annotations

from homeroom.model.plan import EntityChange
from tests.builders.oneroster import enrollment, guardian, klass, org, student, teacher
from tests.builders.snapshots import applied, first_day, plan_of, snapshot

DISTRICT = org("d-1", type="district", identifier="D1", parentSourcedId="")


def test_an_entity_counts_its_base_reads_errors_updates_and_removals() -> None:
    old = snapshot(students=[student(f"s-{n}") for n in range(1, 7)])
    new = snapshot(students=[student("s-1", phone="1"), student("s-2", givenName=""),
                             student("s-3", status="tobedeleted"),
                             student("s-4")])
    people = plan_of(new, applied(old)).facts.entities["people"]
    assert people == EntityChange(base=7, read=5, errors=1, updates=1, explained=1, unexplained=2)


def test_archived_records_are_no_base() -> None:
    gone = plan_of(snapshot(students=[student("s-1")]), first_day()).next_state
    facts = plan_of(snapshot(students=[]), gone).facts
    assert facts.entities["people"].base == 2
    assert facts.schools["school-1"]["people"] == (1, 2)


def test_removals_are_counted_in_each_school_of_the_record() -> None:
    both = snapshot(students=[student("s-1", orgSourcedIds="school-1,school-2"), student("s-2")])
    facts = plan_of(snapshot(students=[]), applied(both)).facts
    assert facts.schools == {
        "school-1": {"people": (2, 3), "enrollments": (2, 3)}, "school-2": {"people": (1, 1)},
    }


def test_explained_removals_are_not_counted_in_schools_and_classes() -> None:
    gone = snapshot(students=[student(f"s-{n}", status="tobedeleted") for n in (1, 2)])
    facts = plan_of(gone, first_day()).facts
    assert (facts.schools, facts.classes) == ({}, ())


def test_students_who_leave_a_class_that_stays_are_counted() -> None:
    three = snapshot(classes=[klass("c-1"), klass("c-2")],
                     enrollments=[enrollment(s, c) for s in ("s-1", "s-2") for c in ("c-1", "c-2")]
                     + [enrollment("t-1", c, role="teacher") for c in ("c-1", "c-2")])
    left = snapshot(classes=[klass("c-1")],
                    enrollments=[enrollment("s-1", "c-1"), enrollment("t-1", "c-1", role="teacher")])
    assert plan_of(left, applied(three)).facts.classes == (("c-1", 1, 2),)


def test_teachers_who_leave_a_class_are_no_shrinking_class() -> None:
    facts = plan_of(snapshot(teachers=[]), first_day()).facts
    assert facts.classes == ()


def test_the_district_is_known_by_source_id_and_number_of_its_organisation() -> None:
    facts = plan_of(snapshot(orgs=[DISTRICT, org("school-1")]), first_day(), expected_districts=["X"]).facts
    assert facts.districts == {"d-1", "D1"}
    assert facts.expected_districts == {"d-1", "D1", "X"}
    assert (facts.shared_schools, facts.applied_schools) == (1, 2)


def test_a_file_without_organisations_asks_nothing_about_the_district() -> None:
    """The manifest says that orgs are absent: that is no other district's file."""
    whole = snapshot()
    frames = {stem: rows for stem, rows in whole.frames.items() if stem != "orgs"}
    facts = plan_of(type(whole)("test", frames, {**whole.modes, "orgs": "absent"}, "test"), first_day()).facts
    assert (facts.districts, facts.applied_schools) == (frozenset(), 0)


def test_unresolved_enrollments_are_counted_against_all_that_were_read() -> None:
    facts = plan_of(snapshot(also=[enrollment("ghost", "nowhere")])).facts
    assert (facts.unresolved, facts.references) == (1, 4)


def test_contacts_are_counted_like_any_entity() -> None:
    old = snapshot(guardians=[guardian("g-1", agentSourcedIds="s-1,s-2")])
    facts = plan_of(snapshot(guardians=[guardian("g-1", agentSourcedIds="s-1")]), applied(old)).facts
    assert facts.entities["contacts"] == EntityChange(base=2, read=1, errors=0, updates=0, explained=0, unexplained=1)


def test_a_restored_record_is_no_update() -> None:
    gone = plan_of(snapshot(teachers=[teacher("t-1")], students=[student("s-1")]), first_day()).next_state
    facts = plan_of(snapshot(students=[student("s-1"), student("s-2", phone="1")]), gone).facts
    assert facts.entities["people"].updates == 0


def test_a_student_with_two_places_in_a_class_counts_once() -> None:
    twice = snapshot(also=[enrollment("s-1", "c-1", sourcedId="e-again")])
    facts = plan_of(snapshot(students=[student("s-2")]), applied(twice)).facts
    assert facts.classes == (("c-1", 1, 2),)


def test_a_student_who_keeps_another_place_in_the_class_does_not_leave_it() -> None:
    twice = snapshot(also=[enrollment("s-1", "c-1", sourcedId="e-again")])
    assert plan_of(snapshot(), applied(twice)).facts.classes == ()


def test_places_under_new_ids_are_no_students_who_leave() -> None:
    renamed = [enrollment("t-1", "c-1", role="teacher"),
               *(enrollment(s, "c-1", sourcedId=f"new-{s}") for s in ("s-1", "s-2"))]
    plan = plan_of(snapshot(enrollments=renamed), first_day())
    assert plan.facts.entities["enrollments"].unexplained == 2
    assert plan.facts.classes == ()


def test_new_records_are_counted_by_entity() -> None:
    facts = plan_of(snapshot(students=[student(f"s-{n}") for n in range(1, 6)]), first_day()).facts
    assert (facts.entities["people"].creates, facts.entities["enrollments"].creates) == (3, 3)
    assert facts.entities["classes"].creates == 0


def identity_updates(**cells: str) -> int:
    old = snapshot(students=[student("s-1"), student("s-2", identifier="", email="")])
    new = snapshot(students=[student("s-1", **cells), student("s-2", **{"identifier": "", "email": ""} | cells)])
    return plan_of(new, applied(old)).facts.entities["people"].identity_updates


def test_name_and_email_together_change_an_identity_and_each_alone_does_not() -> None:
    assert identity_updates(familyName="Other") == 0
    assert identity_updates(familyName="Other", givenName="Other") == 0
    assert identity_updates(email="other@sample.example") == 0
    assert identity_updates(familyName="Other", email="other@sample.example") == 2
    assert identity_updates(givenName="Other", email="other@sample.example") == 2


def test_one_number_for_another_changes_an_identity_and_a_first_or_lost_one_does_not() -> None:
    assert identity_updates(identifier="another") == 1
    assert identity_updates(identifier="") == 0
    assert identity_updates(grades="06", username="other") == 0


def test_what_was_created_or_came_back_is_no_update_of_an_identity() -> None:
    gone = plan_of(snapshot(students=[student("s-1")]), first_day()).next_state
    again = plan_of(snapshot(students=[student("s-1"), student("s-2", identifier="another"), student("s-3")]), gone)
    assert again.facts.entities["people"].identity_updates == 0
