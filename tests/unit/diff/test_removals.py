"""Which removals are explained, and by what; only the rest trips the guards."""

from __future__ import annotations

import pytest

from homeroom.diff import Plan
from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import course, enrollment, guardian, klass, org, student, term
from tests.builders.snapshots import applied, first_day, operations, plan_of, snapshot

ENDED, LAST_DAY = "2026-12-21", "2026-12-20"
"""Semester 1 ends on 2026-12-20; its last day still belongs to it."""


def reasons(plan: Plan) -> dict[str, dict[str, int]]:
    return {entity: dict(found) for entity, found in plan.reasons.items() if found}


def without_class() -> Snapshot:
    return snapshot(classes=[], enrollments=[])


def test_a_record_that_is_simply_absent_is_unexplained() -> None:
    plan = plan_of(snapshot(students=[student("s-1")]), first_day())
    assert reasons(plan) == {"people": {"absent": 1}, "enrollments": {"absent": 1}}
    assert (plan.facts.entities["people"].unexplained, plan.facts.entities["people"].explained) == (1, 0)


def test_a_tombstone_explains_the_removal_of_the_record_and_of_what_hangs_on_it() -> None:
    old = snapshot(students=[student("s-1", agentSourcedIds="g-1"), student("s-2")], guardians=[guardian("g-1")])
    new = snapshot(students=[student("s-1", agentSourcedIds="g-1", status="tobedeleted"), student("s-2")],
                   guardians=[guardian("g-1")])
    plan = plan_of(new, applied(old))
    said = "removed by the source"
    assert reasons(plan) == {"people": {said: 1}, "enrollments": {said: 1}, "contacts": {said: 1}}
    left = {o["source_id"]: (o["reason"], o["explained"]) for o in operations(plan)}
    assert left == dict.fromkeys(("s-1", "e-s-1-c-1", "s-1|g-1"), (said, True))
    assert plan.facts.entities["enrollments"].unexplained == 0


def test_enrollments_that_left_together_with_their_removed_person_are_explained() -> None:
    """The source drops the enrollments and says `tobedeleted` of the person only."""
    new = snapshot(students=[student("s-1", status="tobedeleted"), student("s-2")],
                   enrollments=[enrollment("t-1", "c-1"), enrollment("s-2", "c-1")])
    assert reasons(plan_of(new, first_day()))["enrollments"] == {"removed by the source": 1}


def test_the_end_of_a_term_explains_classes_and_enrollments_from_the_next_day_on() -> None:
    assert reasons(plan_of(without_class(), first_day(), as_of=LAST_DAY)) == {
        "classes": {"absent": 1}, "enrollments": {"absent": 3},
    }
    assert reasons(plan_of(without_class(), first_day(), as_of=ENDED)) == {
        "classes": {"term ended": 1}, "enrollments": {"term ended": 3},
    }


def test_a_class_has_ended_when_all_its_terms_have() -> None:
    both = applied(snapshot(classes=[klass("c-1", termSourcedIds="sem-1,sem-2")]))
    assert reasons(plan_of(without_class(), both, as_of=ENDED))["classes"] == {"absent": 1}
    assert reasons(plan_of(without_class(), both, as_of="2027-06-16"))["classes"] == {"term ended": 1}


def test_a_class_without_a_term_never_ends() -> None:
    state = applied(snapshot(classes=[klass("c-1", termSourcedIds="")]))
    assert reasons(plan_of(without_class(), state, as_of="2030-01-01"))["classes"] == {"absent": 1}


def test_the_end_date_of_an_enrollment_explains_its_removal() -> None:
    short = {**enrollment("s-1", "c-1"), "sourcedId": "e-9", "endDate": "2026-09-10"}
    open_end = {**enrollment("s-1", "c-1"), "sourcedId": "e-8", "endDate": ""}
    plan = plan_of(snapshot(), applied(snapshot(also=[short, open_end])), as_of="2026-09-11")
    assert {o["source_id"]: o["reason"] for o in operations(plan)} == {"e-8": "absent", "e-9": "term ended"}


def test_the_end_of_its_year_explains_a_course_and_of_itself_a_term() -> None:
    year = [term("y-27", type="schoolYear", parentSourcedId=""), term("sem-1")]
    old = snapshot(terms=[*year, term("sem-2", startDate="2026-08-15", endDate="2026-09-01")],
                   courses=[course("course-1"), course("course-2", schoolYearSourcedId="sem-2"),
                            course("course-3", schoolYearSourcedId="")])
    plan = plan_of(snapshot(terms=year, courses=[course("course-1")]), applied(old), as_of="2026-09-02")
    assert reasons(plan) == {"courses": {"absent": 1, "term ended": 1}, "terms": {"term ended": 1}}


@pytest.mark.parametrize("as_of", ["2020-01-01", "2040-01-01"])
def test_ended_and_future_terms_remove_nothing_that_is_in_the_source(as_of: str) -> None:
    assert operations(plan_of(snapshot(), first_day(), as_of=as_of)) == []


def test_the_terms_that_were_applied_explain_not_those_of_the_new_file() -> None:
    """A wrong end date in today's file explains nothing."""
    wrong = snapshot(terms=[term("y-27", type="schoolYear", parentSourcedId=""), term("sem-1", endDate="2026-08-20")],
                     classes=[], enrollments=[])
    assert reasons(plan_of(wrong, first_day()))["classes"] == {"absent": 1}


def test_a_removed_school_takes_its_classes_and_their_enrollments_along() -> None:
    closed = snapshot(orgs=[org("d-1", type="district", name="Sample District", identifier="D1", parentSourcedId=""),
                            org("school-1", status="tobedeleted"), org("school-2")],
                      students=[student("s-1", orgSourcedIds="school-2")], teachers=[])
    plan = plan_of(closed, first_day())
    assert reasons(plan)["classes"] == {"removed by the source": 1}
    assert plan.facts.entities["enrollments"].unexplained == 0
