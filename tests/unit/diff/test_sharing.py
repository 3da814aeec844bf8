"""What leaves by a sharing rule: explained, counted apart, and back with the same identity when it is shared again."""

from __future__ import annotations

from homeroom.diff.applied import standing
from homeroom.model.plan import NO_REPAIRS, EntityChange, Repairs, TableImage
from homeroom.model.sharing import Sharing
from homeroom.products.rules import Rules
from tests.builders.oneroster import enrollment, guardian, klass, student, teacher
from tests.builders.snapshots import applied, first_day, operations, plan_of, snapshot

FIFTH = Sharing(grades=("05",))
RULED = "sharing rule"
SIX = [student("s-1"), student("s-2", grades="06")]


def test_a_removal_by_a_rule_is_explained_as_such_and_so_is_what_follows_it() -> None:
    source = snapshot(students=SIX, guardians=[guardian("g-2", agentSourcedIds="s-2")])
    plan = plan_of(source, applied(source), sharing=FIFTH)
    told = {o["source_id"]: (o["op"], o["reason"], o["explained"]) for o in operations(plan)}
    assert told == dict.fromkeys(("s-2", "g-2", "e-s-2-c-1", "s-2|g-2"), ("archive", RULED, True))
    assert {name: dict(found) for name, found in plan.reasons.items() if found} == {
        "people": {RULED: 2}, "enrollments": {RULED: 1}, "contacts": {RULED: 1}}


def test_the_facts_count_it_apart_from_what_nothing_explains() -> None:
    old = snapshot(students=[*SIX, student("s-3")])
    people = plan_of(snapshot(students=SIX), applied(old), sharing=FIFTH).facts.entities["people"]
    assert people == EntityChange(base=4, read=3, explained=1, unexplained=1, ruled=1)


def test_what_was_never_applied_is_left_out_and_removes_nothing() -> None:
    plan = plan_of(snapshot(students=SIX), sharing=FIFTH)
    assert plan.left_out == {"people": {"grade not shared": 1}, "enrollments": {"follows its person": 1}}
    assert plan.counts["people"].create == 2
    again = plan_of(snapshot(students=SIX), plan.next_state, sharing=FIFTH)
    assert operations(again) == []
    assert again.left_out == plan.left_out


def test_without_rules_nothing_is_left_out() -> None:
    assert plan_of(snapshot(), first_day()).left_out == {}


def test_a_record_that_left_by_a_rule_is_restored_when_it_meets_the_rules_again() -> None:
    source = snapshot(students=SIX)
    gone = plan_of(source, applied(source), sharing=FIFTH).next_state
    back = plan_of(snapshot(students=[SIX[0], student("s-2")]), gone, sharing=FIFTH)
    ids = dict(applied(source)["people"].select("source_id", "id").iter_rows())
    assert {(o["source_id"], o["op"], o["id"]) for o in operations(back, "people")} == {("s-2", "restore", ids["s-2"])}


def test_a_removed_record_of_another_school_is_removed_by_the_source() -> None:
    source = snapshot(students=SIX)
    today = snapshot(students=[SIX[0], student("s-2", grades="06", status="tobedeleted")])
    plan = plan_of(today, applied(source), sharing=FIFTH)
    assert dict(plan.reasons["people"]) == {"removed by the source": 1}


def test_what_only_an_interrupted_run_wrote_is_judged_as_the_table_holds_it() -> None:
    """Created by the run that was cut off, in error today, and of a grade that is not shared: it leaves."""
    fields = {"enabled": True, "role": "student", "orgs": ["school-1"], "username": "user.s-9", "given_name": "Test",
              "family_name": "Student s-9", "grades": ["06"]}
    image = TableImage("people", "id-s-9", "s-9", "active", fields)
    broken = snapshot(students=[student("s-1"), student("s-2"), student("s-9", givenName="")])
    plan = plan_of(broken, first_day(), repairs=Repairs(images=(image,)), sharing=FIFTH)
    assert [(o["op"], o["source_id"], o["reason"]) for o in operations(plan, "people")] == [("archive", "s-9", RULED)]


def test_a_class_that_moves_to_a_school_that_is_not_shared_takes_its_enrollments_along() -> None:
    one = Sharing(schools=("school-1",))
    state = plan_of(snapshot(), sharing=one).next_state
    moved = snapshot(classes=[klass("c-1", schoolSourcedId="school-2")],
                     enrollments=[enrollment(person, "c-1") for person in ("t-1", "s-1", "s-2")])
    plan = plan_of(moved, state, sharing=one)
    assert {name: dict(found) for name, found in plan.reasons.items() if found} == {
        "classes": {RULED: 1}, "enrollments": {RULED: 3}}


def test_before_a_first_load_nothing_stands() -> None:
    assert standing(None, NO_REPAIRS, ["people"]) == {}


def test_who_was_archived_and_is_in_error_today_is_not_brought_back_by_a_rule() -> None:
    """Not even where the rule would shorten the last good version."""
    both = student("s-2", orgSourcedIds="school-1,school-2")
    gone = plan_of(snapshot(students=[student("s-1")]), applied(snapshot(students=[student("s-1"), both]))).next_state
    broken = snapshot(students=[student("s-1"), both | {"givenName": ""}])
    plan = plan_of(broken, gone, sharing=Sharing(schools=("school-1",)))
    assert operations(plan, "people") == []
    assert "people" not in plan.left_out


def test_what_a_rule_of_products_leaves_out_counts_like_a_sharing_rule_under_its_own_name() -> None:
    both = snapshot(teachers=[teacher("t-1"), teacher("x", role="aide")], enrollments=[])
    plan = plan_of(both, applied(both), rules=Rules(roles=frozenset({"teacher", "student"})))
    assert plan.reasons["people"] == {"product rule": 1}
    assert (plan.facts.entities["people"].ruled, plan.facts.entities["people"].unexplained) == (1, 0)
    assert plan.left_out == {"people": {"role not taken by the product": 1}}
