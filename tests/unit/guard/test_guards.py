"""Each guard with a plan just under its limit and one just over. Over is strict; floors keep small schools quiet."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.guard import GUARDS, judge
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Limit
from homeroom.model.plan import EntityChange, Facts
from homeroom.model.sharing import Sharing
from homeroom.model.waits import Waits
from tests.builders.oneroster import guardian, org, student
from tests.builders.snapshots import applied, first_day, of_files, plan_of, snapshot

CODES = ["COMPLETE", "DISTRICT", "MOVING", "FIRST-LOAD", "UNDONE", *(f"GRD-{n:02}" for n in range(1, 14))]
YES_OR_NO = ["COMPLETE", "DISTRICT", "MOVING", "FIRST-LOAD", "UNDONE"]


def facts(first_load: bool = False, **given: Any) -> Facts:
    entities = {name: EntityChange(base=1000, read=1000) for name in ENTITIES} | given.pop("entities", {})
    return Facts(first_load=first_load, entities=entities, **given)


def people(**numbers: int) -> Facts:
    return facts(entities={"people": EntityChange(**{"base": 1000, "read": 1000, **numbers})})


def drained(before: int, now: int, base: int = 1000) -> Facts:
    return facts(entities={"people": EntityChange(base=base, read=base, unexplained=now)}, drained={"people": before})


def tripped(numbers: Facts, limits: dict[str, Limit] | None = None, **more: bool) -> list[str]:
    return [g.code for g in judge(numbers, limits, **more).tripped]


def test_the_guards_are_these_and_each_is_judged() -> None:
    assert [g.code for g in GUARDS] == CODES
    assert [g.code for g in judge(facts()).guards] == CODES
    assert tripped(facts()) == []


@pytest.mark.parametrize(
    ("code", "under", "over"),
    [
        ("COMPLETE", facts(unresolved=50, references=10_000), facts(unresolved=51, references=10_000)),
        ("GRD-01", people(base=1, read=1), people(base=1, read=0)),
        ("GRD-02", people(unexplained=100), people(unexplained=101)),
        ("GRD-03", people(base=100_000, unexplained=2000), people(base=100_000, unexplained=2001)),
        ("GRD-04", facts(schools={"a": {"people": (25, 100)}}), facts(schools={"a": {"people": (26, 100)}})),
        ("GRD-05", facts(classes=(("c", 10, 20),)), facts(classes=(("c", 11, 20),))),
        ("GRD-06", people(updates=750), people(updates=751)),
        ("GRD-07", people(identity_updates=50), people(identity_updates=51)),
        ("GRD-08", people(creates=500), people(creates=501)),
        ("GRD-09", drained(before=100, now=65), drained(before=100, now=66)),
        ("GRD-10", people(unexplained=50, twins=29), people(unexplained=50, twins=30)),
        ("GRD-11", people(errors=50), people(errors=51)),
        ("GRD-12", people(ruled=100), people(ruled=101)),
        ("GRD-13", people(explained=600), people(explained=601)),
        ("UNDONE", people(redone=0), people(redone=1)),
        ("MOVING", facts(), facts(moving=True)),
    ],
)
def test_a_value_equal_to_the_limit_passes_and_one_more_trips(code: str, under: Facts, over: Facts) -> None:
    assert tripped(under) == []
    assert tripped(over) == [code]


@pytest.mark.parametrize(
    ("code", "below", "at"),
    [
        ("COMPLETE", facts(unresolved=9, references=9), facts(unresolved=10, references=10)),
        ("GRD-02", people(base=30, unexplained=24), people(base=30, unexplained=25)),
        ("GRD-04", facts(schools={"a": {"classes": (19, 19)}}), facts(schools={"a": {"classes": (20, 20)}})),
        ("GRD-05", facts(classes=(("c", 4, 4),)), facts(classes=(("c", 5, 5),))),
        ("GRD-06", people(base=100, updates=99), people(base=100, updates=100)),
        ("GRD-07", people(base=100, identity_updates=19), people(base=100, identity_updates=20)),
        ("GRD-08", people(base=50, creates=99), people(base=50, creates=100)),
        ("GRD-09", drained(before=48, now=1, base=52), drained(before=49, now=1, base=51)),
        ("GRD-10", people(unexplained=24, twins=24), people(unexplained=25, twins=25)),
        ("GRD-11", people(read=19, errors=19), people(read=20, errors=20)),
        ("GRD-12", people(base=9), people(base=9, ruled=1)),
        ("GRD-13", people(base=100, explained=99), people(base=100, explained=100)),
    ],
)
def test_below_its_floor_a_guard_is_quiet(code: str, below: Facts, at: Facts) -> None:
    assert tripped(below) == []
    assert tripped(at) == [code]


def test_every_entity_is_guarded_not_only_people() -> None:
    for name in ENTITIES:
        assert tripped(facts(entities={name: EntityChange(base=1000, read=1000, unexplained=101)})) == ["GRD-02"]


def test_only_people_count_for_the_absolute_limit() -> None:
    assert tripped(facts(entities={"enrollments": EntityChange(base=100_000, read=1, unexplained=2001)})) == []


def test_explained_removals_trip_only_their_own_guard() -> None:
    assert tripped(people(explained=600)) == []
    assert tripped(people(explained=1000)) == ["GRD-13"]


def test_the_worst_of_many_schools_and_classes_decides_and_is_named() -> None:
    schools = {"a": {"people": (30, 1000)}, "b": {"people": (1, 1), "enrollments": (300, 1000)}}
    verdict = judge(facts(schools=schools, classes=(("c-1", 1, 1), ("c-2", 6, 10), ("c-3", 9, 100))))
    found = {g.code: (g.about, g.value, g.count, g.tripped) for g in verdict.guards}
    assert found["GRD-04"] == ("enrollments of school b", 30.0, 300, True)
    assert found["GRD-05"] == ("class c-2", 60.0, 6, True)


def test_below_the_floor_the_largest_count_stands_for_all() -> None:
    """Not the class of one student that lost its student: that is 100 % and says nothing."""
    (shrunk,) = (g for g in judge(facts(classes=(("c-1", 1, 1), ("c-2", 2, 20)))).guards if g.code == "GRD-05")
    assert (shrunk.about, shrunk.value, shrunk.tripped) == ("class c-2", 10.0, False)


def test_an_own_limit_replaces_the_default_and_the_rest_stays() -> None:
    assert tripped(people(unexplained=120), {"GRD-02": Limit(percent=12)}) == []
    assert tripped(people(unexplained=121), {"GRD-02": Limit(percent=12)}) == ["GRD-02"]
    assert tripped(people(base=100, unexplained=24), {"GRD-02": Limit(percent=0)}) == []
    assert tripped(people(base=100, unexplained=1), {"GRD-02": Limit(percent=0, floor=1)}) == ["GRD-02"]
    assert tripped(people(base=10_000, unexplained=11), {"GRD-03": Limit(count=10)}) == ["GRD-03"]
    assert tripped(people(explained=1000), {"GRD-13": Limit(off=True)}) == []
    assert tripped(people(updates=1000), {"GRD-06": Limit(percent=100)}) == []


def test_an_own_floor_below_the_usual_reaches_small_classes() -> None:
    assert tripped(facts(classes=(("c", 2, 3),)), {"GRD-05": Limit(floor=2)}) == ["GRD-05"]


@pytest.mark.parametrize("code", YES_OR_NO)
def test_guards_that_say_yes_or_no_can_not_be_widened(code: str) -> None:
    wide = {code: Limit(percent=100, count=100, floor=10_000, off=True)}
    numbers = facts(True, unresolved=51, references=10_000, districts=frozenset({"x"}),
                    expected_districts=frozenset({"y"}), moving=True,
                    entities={"people": EntityChange(base=1000, read=1000, redone=1)})
    assert code in tripped(numbers, wide, hold_first_load=True)


def test_a_guard_that_is_off_is_not_asked_and_says_so() -> None:
    verdict = judge(people(unexplained=1000), {"GRD-02": Limit(off=True)})
    (removed,) = (g for g in verdict.guards if g.code == "GRD-02")
    assert (removed.off, removed.tripped, removed.value, removed.as_json()["off"]) == (True, False, 0.0, True)
    assert [g.code for g in verdict.guards if g.off] == ["GRD-02"]


# ---------------------------------------------------------------- new ids, new records, days before

def test_new_records_are_not_counted_where_nothing_was_applied_before() -> None:
    assert tripped(people(base=0, creates=5000)) == []
    assert tripped(facts(True, entities={"people": EntityChange(base=1, read=5000, creates=5000)})) == []


def test_a_plan_that_removes_nothing_is_not_held_for_the_days_before() -> None:
    assert tripped(drained(before=500, now=0)) == []
    assert tripped(drained(before=500, now=1)) == ["GRD-09"]


def test_the_sum_of_a_week_is_a_share_of_what_there_was_before_the_week() -> None:
    (week,) = (g for g in judge(drained(before=100, now=100, base=900)).guards if g.code == "GRD-09")
    assert (week.value, week.count, week.about) == (20.0, 200, "people")


def test_a_district_that_loses_five_percent_each_night_is_held_on_the_fourth() -> None:
    left, gone, nights = 1000, 0, []
    for _ in range(4):
        leave = round(left * 0.05)
        nights.append(tripped(drained(before=gone, now=leave, base=left)))
        left, gone = left - leave, gone + leave
    assert nights == [[], [], [], ["GRD-09"]]


# ---------------------------------------------------------------- what waits, and for whom

@pytest.mark.parametrize(
    ("numbers", "waits"),
    [
        (people(unexplained=101), Waits(removals=True)),
        (people(base=100_000, unexplained=2001), Waits(removals=True)),
        (people(updates=751), Waits(everything=True)),
        (people(creates=501), Waits(creations=True)),
        (people(creates=501, ruled=101), Waits(creations=True, removals=True)),
        (people(unexplained=50, twins=30), Waits(everything=True)),
        (facts(moving=True), Waits(everything=True)),
        (people(unexplained=100), Waits()),
    ],
)
def test_a_guard_holds_what_it_is_about(numbers: Facts, waits: Waits) -> None:
    assert judge(numbers).waits == waits
    assert judge(numbers).waits.nothing == (not judge(numbers).holds)


def test_every_school_and_every_class_that_trips_waits_and_no_other() -> None:
    schools = {"a": {"people": (30, 100)}, "b": {"classes": (20, 21)}, "c": {"people": (25, 100)}}
    verdict = judge(facts(schools=schools, classes=(("c-1", 6, 10), ("c-2", 9, 10), ("c-3", 5, 10))))
    assert verdict.waits == Waits(schools=frozenset({"a", "b"}), classes=frozenset({"c-1", "c-2"}))


@pytest.mark.parametrize(
    ("numbers", "people_needed"),
    [
        (people(), 1), (people(unexplained=500), 1), (people(unexplained=501), 2), (people(ruled=501), 2),
        (people(ruled=500), 1), (people(explained=601), 2), (drained(before=500, now=501, base=1400), 2),
        (people(updates=1000), 1), (people(base=1, read=0), 2), (facts(moving=True), 1),
    ],
)
def test_more_than_half_and_an_empty_collection_need_two_people(numbers: Facts, people_needed: int) -> None:
    assert judge(numbers).approvers == people_needed


def test_what_passes_within_its_own_limits_needs_no_second_person() -> None:
    assert judge(people(unexplained=700, updates=751), {"GRD-02": Limit(percent=80), "GRD-09": Limit(off=True)}
                 ).approvers == 1


def test_a_first_load_is_held_only_where_the_integration_wishes_it() -> None:
    assert tripped(facts(True), hold_first_load=True) == ["FIRST-LOAD"]
    assert tripped(facts(True)) == []
    assert tripped(facts(), hold_first_load=True) == []


@pytest.mark.parametrize(
    ("source", "expected", "shared", "applied_", "held"),
    [
        ({"d"}, {"d", "D1"}, 0, 0, False), ({"D1"}, {"d", "D1"}, 0, 0, False), ({"other"}, {"d"}, 5, 5, True),
        (set(), {"d"}, 0, 0, False), (set(), {"d"}, 1, 5, False), (set(), {"d"}, 0, 5, True),
        (set(), set(), 0, 5, True),
        ({"d"}, set(), 0, 0, False), ({"d"}, set(), 0, 5, True), ({"d"}, set(), 1, 5, False),
    ],
)
def test_the_file_must_be_the_districts_own(source: set[str], expected: set[str], shared: int, applied_: int,
                                            held: bool) -> None:
    numbers = facts(districts=frozenset(source), expected_districts=frozenset(expected), shared_schools=shared,
                    applied_schools=applied_)
    assert tripped(numbers) == (["DISTRICT"] if held else [])


def test_another_districts_file_is_held() -> None:
    other = snapshot(orgs=[org("d-2", type="district", identifier="D2", parentSourcedId=""),
                           org("school-1", parentSourcedId="d-2")])
    assert "DISTRICT" in tripped(plan_of(other, first_day()).facts)
    assert "DISTRICT" in tripped(plan_of(other, expected_districts=["D1"]).facts)
    assert "DISTRICT" not in tripped(plan_of(other, expected_districts=["D2"]).facts)


def test_a_file_without_its_organisations_is_not_taken_for_another_districts() -> None:
    whole = snapshot()
    frames = {stem: rows for stem, rows in whole.frames.items() if stem != "orgs"}
    part = type(whole)("test", frames, {**whole.modes, "orgs": "absent"}, "test")
    assert tripped(plan_of(part, first_day()).facts) == []


@pytest.mark.parametrize("stem", ["academicSessions", "courses", "classes", "enrollments"])
def test_a_file_that_had_rows_and_is_empty_is_held(stem: str) -> None:
    whole = snapshot()
    frames = {**whole.frames, stem: whole.frames[stem].clear()}
    plan = plan_of(type(whole)("test", frames, whole.modes, "test"), first_day())
    assert "GRD-01" in tripped(plan.facts)


def test_a_school_whose_last_family_link_leaves_is_not_held() -> None:
    """Contacts are no collection of the source."""
    old = applied(snapshot(guardians=[guardian("g-1", agentSourcedIds="s-1")]))
    assert tripped(plan_of(snapshot(guardians=[guardian("g-1")]), old).facts) == []


def test_a_file_that_was_always_empty_is_not_held() -> None:
    assert tripped(plan_of(of_files({}), applied(of_files({}))).facts) == []


def test_the_verdict_tells_whether_a_person_must_look_and_whether_the_read_was_whole() -> None:
    assert not judge(facts()).holds
    assert judge(people(unexplained=101)).holds
    assert judge(people(unexplained=101)).complete
    assert not judge(facts(unresolved=51, references=10_000)).complete


def test_a_judged_guard_as_json_tells_value_limit_and_what_it_is_about() -> None:
    (removed,) = (g for g in judge(people(unexplained=101)).guards if g.code == "GRD-02")
    assert removed.as_json() == {
        "code": "GRD-02", "value": 10.1, "limit": 10, "unit": "percent", "tripped": True, "about": "people",
        "count": 101, "holds": "removals", "off": False, "approvers": 1,
        "meaning": "unexplained removals of one entity",
    }


def test_guards_of_nothing_are_quiet() -> None:
    verdict = judge(Facts(first_load=False, entities={}))
    assert not verdict.holds
    assert all(g.value == 0 for g in verdict.guards)


# ---------------------------------------------------------------- GRD-12: what leaves by a sharing rule

def twenty_students(shared: int) -> list[str]:
    """The guards that trip when the grades of only so many of twenty students are shared."""
    students = [student(f"s-{n}", grades="05" if n < shared else "06") for n in range(20)]
    source = snapshot(teachers=[], students=students, enrollments=[])
    return tripped(plan_of(source, applied(source), sharing=Sharing(grades=("05",))).facts)


def test_a_rule_that_takes_a_tenth_of_the_people_passes_and_one_that_takes_more_is_held() -> None:
    assert twenty_students(shared=18) == []
    assert twenty_students(shared=17) == ["GRD-12"]


def test_what_leaves_by_a_rule_counts_for_no_other_guard_of_removals() -> None:
    """A school is half of a class, of its people, of everything: only its own guard tells."""
    students = [student(f"s-{n}", grades="06") for n in range(30)]
    source = snapshot(students=students)
    plan = plan_of(source, applied(source), sharing=Sharing(grades=("05",)))
    assert plan.facts.entities["people"].ruled == 30
    assert (plan.facts.schools, plan.facts.classes) == ({}, ())
    assert tripped(plan.facts) == ["GRD-12"]


def test_one_school_of_two_is_enough_to_be_held() -> None:
    """The floor is one record: a first narrowing waits for a look."""
    plan = plan_of(snapshot(), first_day(), sharing=Sharing(schools=("school-1",)))
    (judged,) = judge(plan.facts).tripped
    assert (judged.code, judged.about, judged.count, judged.value) == ("GRD-12", "orgs", 1, 33.333)


def test_an_integration_may_have_its_own_limit_for_its_sharing_rules() -> None:
    assert tripped(people(ruled=150), {"GRD-12": Limit(percent=15)}) == []
    assert tripped(people(ruled=151), {"GRD-12": Limit(percent=15)}) == ["GRD-12"]
    assert tripped(people(ruled=500), {"GRD-12": Limit(floor=501)}) == []


def test_what_a_file_did_not_carry_is_not_taken_for_empty_when_a_rule_takes_some_of_it() -> None:
    whole = snapshot()
    frames = {stem: rows for stem, rows in whole.frames.items() if stem != "orgs"}
    part = type(whole)("test", frames, {**whole.modes, "orgs": "absent"}, "test")
    plan = plan_of(part, first_day(), sharing=Sharing(schools=("school-1",)))
    assert (plan.facts.entities["orgs"].ruled, plan.facts.entities["orgs"].base) == (1, 3)
    assert tripped(plan.facts) == ["GRD-12"]
