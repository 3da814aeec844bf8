"""What a row points to: known, unknown, present but unusable, or removed."""

from __future__ import annotations

from homeroom.check import by_code, check
from tests.builders.oneroster import course, enrollment, klass, org, student, teacher, term
from tests.builders.snapshots import found, of_files, record, snapshot

DISTRICT = org("d-1", type="district", parentSourcedId="")


def test_an_enrollment_of_an_unknown_person_is_not_taken() -> None:
    checked = check(snapshot(also=[enrollment("ghost", "c-1")]))
    assert found(checked, "REF-01") == [("enrollments", 5, "userSourcedId", "ghost")]
    assert record(checked, "enrollments", "e-ghost-c-1") is None
    assert checked.unresolved == 1


def test_an_enrollment_in_an_unknown_class_is_not_taken() -> None:
    checked = check(snapshot(also=[enrollment("s-1", "nowhere")]))
    assert found(checked, "REF-02") == [("enrollments", 5, "classSourcedId", "nowhere")]
    assert checked.entities["enrollments"].unusable.to_list() == ["e-s-1-nowhere"]
    assert checked.unresolved == 1


def test_an_enrollment_that_points_nowhere_twice_is_two_issues_one_error_and_one_unresolved_row() -> None:
    checked = check(snapshot(also=[enrollment("ghost", "nowhere")]))
    assert by_code(checked.issues) == {"REF-01": 1, "REF-02": 1}
    assert checked.entities["enrollments"].read.errors == 1
    assert checked.unresolved == 1


def test_an_enrollment_of_a_person_in_error_is_folded_under_its_cause() -> None:
    checked = check(snapshot(students=[student("s-1", givenName=""), student("s-2")]))
    folded = checked.issues.filter(checked.issues["code"] == "REF-07").row(0, named=True)
    assert (folded["entity"], folded["source_id"], folded["cause"]) == ("enrollments", "e-s-1-c-1", "people s-1")
    assert checked.entities["enrollments"].unusable.to_list() == ["e-s-1-c-1"]
    assert checked.unresolved == 0


def test_enrollments_of_a_class_in_error_are_folded_under_it() -> None:
    checked = check(snapshot(classes=[klass("c-1", title=""), klass("c-2")]))
    assert by_code(checked.issues)["REF-07"] == 3
    assert set(checked.issues.filter(checked.issues["code"] == "REF-07")["cause"]) == {"classes c-1"}
    assert checked.entities["enrollments"].read.errors == 3


def test_a_class_in_an_unknown_school_is_an_error_and_its_enrollments_fold() -> None:
    checked = check(snapshot(classes=[klass("c-1", schoolSourcedId="nowhere")]))
    assert found(checked, "REF-08") == [("classes", 2, "schoolSourcedId", "nowhere")]
    assert by_code(checked.issues)["REF-07"] == 3


def test_an_error_of_an_organisation_folds_down_to_the_enrollments() -> None:
    checked = check(snapshot(orgs=[DISTRICT, org("school-1", name=""), org("school-2")]))
    causes = checked.issues.filter(checked.issues["code"] == "REF-07").group_by("entity", "cause").len().sort("entity")
    assert sorted(causes.rows()) == [
        ("classes", "orgs school-1", 1), ("enrollments", "classes c-1", 3), ("enrollments", "people s-1", 1),
        ("enrollments", "people s-2", 1), ("enrollments", "people t-1", 1), ("people", "orgs school-1", 3),
    ]
    assert checked.unresolved == 0


def test_a_class_may_belong_to_an_organisation_that_is_no_school() -> None:
    """Trap T29: a department or the district itself is accepted."""
    department = org("dep-1", type="department")
    checked = check(snapshot(orgs=[DISTRICT, org("school-1"), department],
                             classes=[klass("c-1", schoolSourcedId="dep-1")]))
    assert by_code(checked.issues) == {}


def test_a_class_of_an_unknown_course_is_taken_without_it() -> None:
    checked = check(snapshot(classes=[klass("c-1", courseSourcedId="nowhere")]))
    assert found(checked, "REF-04") == [("classes", 2, "courseSourcedId", "nowhere")]
    taken = record(checked, "classes", "c-1")
    assert taken is not None
    assert taken["course"] is None


def test_a_class_of_a_course_in_error_keeps_it() -> None:
    checked = check(snapshot(courses=[course("course-1", title="")]))
    taken = record(checked, "classes", "c-1")
    assert taken is not None
    assert taken["course"] == "course-1"
    assert by_code(checked.issues) == {"FLD-01": 1}


def test_a_class_without_any_term_is_taken_with_a_warning() -> None:
    checked = check(snapshot(classes=[klass("c-1", termSourcedIds=""), klass("c-2", termSourcedIds="nowhere")]))
    assert found(checked, "REF-04") == [("classes", 2, "termSourcedIds", None),
                                        ("classes", 3, "termSourcedIds", "nowhere")]
    assert checked.entities["classes"].read.valid == 2


def test_unknown_terms_are_dropped_where_others_are_known() -> None:
    checked = check(snapshot(classes=[klass("c-1", termSourcedIds="sem-2,nowhere,sem-1")]))
    assert found(checked, "FLD-02") == [("classes", 2, "termSourcedIds", "sem-2,nowhere,sem-1")]
    taken = record(checked, "classes", "c-1")
    assert taken is not None
    assert taken["terms"] == "sem-2,sem-1"


def test_a_class_keeps_all_its_terms() -> None:
    """Trap T22: a class with two terms has both."""
    taken = record(check(snapshot(classes=[klass("c-1", termSourcedIds="sem-1, sem-2")])), "classes", "c-1")
    assert taken is not None
    assert taken["terms"] == "sem-1,sem-2"


def test_dangling_parents_are_dropped_with_a_warning() -> None:
    """Trap T28."""
    checked = check(snapshot(orgs=[org("d-1", type="district", parentSourcedId="state"), org("school-1")],
                             terms=[term("y-27", parentSourcedId="nowhere"), term("sem-1")]))
    assert found(checked, "FLD-02") == [("academicSessions", 2, "parentSourcedId", "nowhere"),
                                        ("orgs", 2, "parentSourcedId", "state")]
    taken = record(checked, "orgs", "d-1")
    assert taken is not None
    assert taken["parent"] is None


def test_organisations_that_are_their_own_parent_or_each_others_do_no_harm() -> None:
    loops = [org("d-1", type="district", parentSourcedId="d-1"), org("school-1", parentSourcedId="school-2"),
             org("school-2", parentSourcedId="school-1")]
    checked = check(snapshot(orgs=loops))
    assert by_code(checked.issues) == {}
    assert checked.entities["orgs"].read.valid == 3


def test_what_points_to_a_removed_record_is_removed_with_it() -> None:
    checked = check(snapshot(students=[student("s-1", status="tobedeleted"), student("s-2")]))
    assert checked.entities["enrollments"].gone.to_list() == ["e-s-1-c-1"]
    assert by_code(checked.issues) == {}


def test_a_removed_row_may_point_anywhere() -> None:
    rows = [enrollment("ghost", "nowhere", status="tobedeleted"), enrollment("s-1", "c-1"), enrollment("s-2", "c-1"),
            enrollment("t-1", "c-1", role="teacher")]
    checked = check(snapshot(enrollments=rows))
    assert by_code(checked.issues) == {}
    assert checked.entities["enrollments"].gone.to_list() == ["e-ghost-nowhere"]


def test_inactive_means_removed_in_any_spelling() -> None:
    """Traps T13 and T15, also in a bulk file."""
    words = ["inactive", "ToBeDeleted", "to_be_deleted", "to be deleted"]
    rows = [student(f"s-{n}", status=word) for n, word in enumerate(words)]
    checked = check(snapshot(students=[*rows, student("s-9", status="active")], enrollments=[]))
    assert sorted(checked.entities["people"].gone) == ["s-0", "s-1", "s-2", "s-3"]
    assert checked.entities["people"].read.valid == 6
    assert record(checked, "people", "s-9") is not None


def test_a_few_unresolved_enrollments_leave_the_read_complete() -> None:
    ghosts = [{**enrollment("ghost", "c-1"), "sourcedId": f"e-{n}"} for n in range(9)]
    checked = check(snapshot(also=ghosts))
    assert (checked.unresolved, checked.references, checked.complete) == (9, 12, True)
    assert checked.verdict == "errors"


def test_many_unresolved_enrollments_make_it_incomplete() -> None:
    ghosts = [{**enrollment("ghost", "c-1"), "sourcedId": f"e-{n}"} for n in range(10)]
    checked = check(snapshot(also=ghosts))
    assert checked.complete is False
    assert checked.verdict == "unusable"


def test_exactly_half_a_percent_of_unresolved_enrollments_is_complete() -> None:
    ghosts = [{**enrollment("ghost", "c-1"), "sourcedId": f"x-{n}"} for n in range(10)]
    good = [{**enrollment("s-1", "c-1"), "sourcedId": f"e-{n}"} for n in range(1990)]
    assert check(snapshot(enrollments=[*good, *ghosts])).complete is True
    assert check(snapshot(enrollments=[*good[1:], *ghosts])).complete is False


def test_a_roster_of_nothing_is_clean() -> None:
    for nothing in (of_files({}), of_files({stem: [] for stem in ("orgs", "users", "classes", "enrollments")})):
        checked = check(nothing)
        assert checked.verdict == "clean"
        assert {e.read.read for e in checked.entities.values()} == {0}


def test_one_row_files_are_enough() -> None:
    checked = check(snapshot(orgs=[org("school-1", parentSourcedId="")], terms=[term("sem-1", parentSourcedId="")],
                             courses=[course("course-1", orgSourcedId="school-1", schoolYearSourcedId="sem-1")],
                             teachers=[teacher("t-1")], students=[]))
    assert checked.verdict == "clean"


def test_a_file_that_is_absent_says_nothing_about_its_records() -> None:
    """The manifest says `absent` for courses: classes keep the course they name (conformance 16)."""
    whole = snapshot()
    files = {stem: rows for stem, rows in whole.frames.items() if stem != "courses"}
    checked = check(type(whole)("test", files, {**whole.modes, "courses": "absent"}, "test"))
    taken = record(checked, "classes", "c-1")
    assert taken is not None
    assert taken["course"] == "course-1"
    assert "courses" not in checked.delivered
