"""OneRoster's conformance list, what whole runs do to the roster. Numbers are those of `statements.ONEROSTER`."""

from __future__ import annotations

import logging

import pytest

from homeroom.support.intake import settle
from tests.builders.oneroster import District, Files, course, district, enrollment, klass, small_district, student, term
from tests.conformance.lab import CsvLab, codes, counts, rest, tripped, writes
from tests.fakes.oneroster_service import Service, removed

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


def many_students(n: int = 40) -> District:
    """Enough students for shares to count."""
    grown = district()
    for number in range(100, 100 + n):
        grown = grown.with_student(f"s-{number}", classes=["c-1"])
    return grown


def without_student(files: Files, one: str) -> Files:
    kept = {stem: list(rows) for stem, rows in files.items()}
    kept["users"] = [row for row in kept["users"] if row["sourcedId"] != one]
    kept["enrollments"] = [row for row in kept["enrollments"] if row["userSourcedId"] != one]
    return kept


def test_or_14_who_is_missing_in_a_bulk_file_is_archived() -> None:
    lab = CsvLab()
    record = lab.lands(without_student(small_district(), "s-3"))
    assert record.outcome == "applied"
    assert "s-3" in lab.archived("people")
    assert lab.archived("people") == {"s-3"}
    assert lab.items("people", "archived")["s-3"]["family_name"] == "Student s-3"


def test_or_15_a_delta_changes_what_it_lists_and_nothing_else() -> None:
    lab = CsvLab()
    people, enrollments = lab.active("people"), lab.active("enrollments")
    record = lab.delta(users=[student("s-1", familyName="Renamed", status="active"),
                              student("s-2", status="tobedeleted")])
    assert (counts(record, "people")["updated"], counts(record, "people")["archived"]) == (1, 1)
    assert lab.items("people")["s-1"]["family_name"] == "Renamed"
    assert lab.active("people") == people - {"s-2"}
    assert lab.archived("people") == {"s-2"}
    assert lab.active("enrollments") == enrollments - {"e-s-2-c-2", "e-s-2-c-1"}


def test_or_16_a_file_that_the_manifest_calls_absent_is_neither_read_nor_swept() -> None:
    lab = CsvLab()
    before = lab.table
    files = small_district() | {"courses": [{**small_district()["courses"][0], "title": "Changed"}]}
    record = lab.lands(district(files).with_student("s-new").files, modes={"courses": "absent"})
    assert record.outcome == "applied"
    assert "s-new" in lab.active("people")
    assert {key: lab.table[key] for key in before} == before
    lab.delta(courses=[course("course-1", title="Renamed")])
    assert {item["title"] for item in lab.items("courses").values()} == {"Renamed", "Course 2", "Course 3"}


@pytest.mark.parametrize("stem", CORE)
def test_or_17_an_announced_file_that_is_missing_fails_the_run(stem: str) -> None:
    lab = CsvLab()
    before = lab.table
    files = {name: rows for name, rows in small_district().items() if name != stem}
    record = lab.lands(files, modes={stem: "bulk"})
    assert (record.outcome, record.code) == ("failed", "FIL-03")
    assert f"{stem}.csv" in record.text
    assert lab.table == before


@pytest.mark.parametrize("stem", CORE)
def test_or_18_a_file_of_a_header_alone_never_sweeps(stem: str) -> None:
    lab = CsvLab()
    before = lab.table
    record = lab.lands(small_district() | {stem: []})
    assert record.outcome in ("held", "failed")
    assert {"FIL-12", "FIL-16"} & set(codes(record))
    assert lab.table == before


def test_or_24_the_same_zip_twice_writes_nothing() -> None:
    lab = CsvLab()
    assert writes(lab, lambda: lab.lands(small_district(), "another name.zip")) == 0
    assert lab.world.runs.history("lab", 1)[0].code == "unchanged"
    assert writes(lab, lambda: lab.run(force=True)) == 0
    assert lab.world.runs.history("lab", 1)[0].outcome == "nothing to change"


def test_or_25_an_older_export_whose_event_comes_late_does_not_overwrite_a_newer_one() -> None:
    lab = CsvLab()
    lab.puts(district().with_student("s-old").files, "old.zip")
    lab.puts(district().with_student("s-new").files, "new.zip")
    for _ in range(2):
        if (started := settle("lab", lab.world).started) is not None:
            lab.end(started)
    lab.run(force=True)
    assert "s-new" in lab.active("people")
    assert "s-old" not in lab.active("people") | lab.archived("people")


@pytest.mark.parametrize(("terms", "reason"), [
    ("term-past", "term ended"), ("term-now", "absent"), ("term-past,term-now", "absent"),
    ("term-now,term-past", "absent"),
])
def test_or_28_a_class_is_current_while_any_of_its_terms_is(terms: str, reason: str) -> None:
    """The day is 2026-09-07: a class that has ended explains why it leaves, one that is current does not."""
    files = district().with_row("academicSessions", term("term-past", startDate="2026-08-01", endDate="2026-09-01"))
    files = files.with_row("academicSessions", term("term-now", startDate="2026-09-01", endDate="2026-12-20"))
    lab = CsvLab(files.with_class("c-9", termSourcedIds=terms).files)
    assert lab.items("classes")["c-9"]["terms"] == terms.split(",")
    record = lab.lands(files.files)
    assert record.summary is not None
    assert record.summary["removals"]["classes"] == {reason: 1}


def test_or_29_somebody_enrolled_twice_has_two_records_and_is_one_member() -> None:
    twice = {**enrollment("s-1", "c-1"), "sourcedId": "e-second-term"}
    lab = CsvLab(district().with_row("enrollments", twice).files)
    kept = [lab.items("enrollments")[one] for one in ("e-s-1-c-1", "e-second-term")]
    assert kept[0]["owner"] == kept[1]["owner"] == lab.items("classes")["c-1"]["owner"]
    members = [item["member"].rpartition("#")[0] for item in lab.items("enrollments").values()
               if item["class"] == "c-1" and item["person"] == "s-1"]
    assert len(members) == 2
    assert len(set(members)) == 1
    assert codes(lab.first).get("DUP-01") is None


def test_or_30_somebody_of_two_schools_belongs_to_both() -> None:
    lab = CsvLab(district().with_teacher("t-9", orgSourcedIds="school-1,school-2").files)
    kept, schools = lab.items("people")["t-9"], lab.items("orgs")
    assert kept["orgs"] == ["school-1", "school-2"]
    assert kept["orgs_id"] == [schools["school-1"]["id"], schools["school-2"]["id"]]
    assert kept["roles"] == ["teacher:school-1", "teacher:school-2"]


def test_or_31_an_enrollment_that_came_before_its_class_is_linked_when_the_class_comes() -> None:
    lab = CsvLab()
    lab.delta(enrollments=[enrollment("s-1", "c-late")])
    assert "e-s-1-c-late" not in lab.active("enrollments")
    lab.delta(classes=[klass("c-late")])
    assert lab.items("enrollments")["e-s-1-c-late"]["class_id"] == lab.items("classes")["c-late"]["id"]


def test_or_32_orphans_are_counted_and_listed_and_fail_nothing() -> None:
    grown = district().with_student("s-new").with_row("enrollments", enrollment("nobody", "c-1"))
    lab = CsvLab(grown.with_row("enrollments", enrollment("s-1", "nowhere")).files)
    assert lab.first.outcome == "applied with issues"
    assert (codes(lab.first)["REF-01"], codes(lab.first)["REF-02"]) == (1, 1)
    listed = {(one["code"], one["source_id"]) for one in lab.issues(lab.first)}
    assert {("REF-01", "e-nobody-c-1"), ("REF-02", "e-s-1-nowhere")} <= listed
    assert "s-new" in lab.active("people")


@pytest.mark.parametrize(("owner", "agent"), [("s-5", "g-1"), ("g-1", "s-5")])
def test_or_33_a_link_to_a_guardian_is_kept_from_whichever_side_tells_it(owner: str, agent: str) -> None:
    lab = CsvLab(district().with_cells("users", owner, agentSourcedIds=agent).files)
    link = lab.items("contacts")["s-5|g-1"]
    assert (link["student"], link["guardian"]) == ("s-5", "g-1")


def test_or_34_a_password_of_an_export_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    files = small_district()
    for row in files["users"]:
        row["password"] = f"Sample-Secret-{row['sourcedId']}"
    with caplog.at_level(logging.DEBUG):
        lab = CsvLab(files)
    kept = lab.everything_kept()
    assert "Student s-1" in kept
    assert "Sample-Secret" not in kept + caplog.text
    assert "password" not in kept


def test_or_42_a_collection_that_came_empty_sweeps_nothing_and_is_on_hold() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        before = lab.table
        service.rows["enrollments"] = []
        record = lab.run()
    assert record.outcome == "held"
    assert "GRD-01" in tripped(record)
    assert lab.status == "on hold: review"
    assert lab.table == before


@pytest.mark.parametrize("stem", ["orgs", "users"])
def test_or_42_a_district_without_people_or_schools_fails_the_run(stem: str) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        before = lab.table
        service.rows[stem] = []
        record = lab.run()
    assert (record.outcome, record.code) == ("failed", "SRC-04")
    assert lab.table == before


def test_or_43_too_many_removals_hold_the_run_and_leave_the_roster() -> None:
    service = Service(many_students().files)
    with rest(service, page_size=100) as lab:
        lab.run()
        before = lab.table
        service.rows = dict(district().with_student("s-new").files)
        held = lab.run()
        assert held.outcome == "held"
        assert "GRD-02" in tripped(held)
        assert lab.table == before
        assert lab.approve(held).outcome == "applied"
    assert {"s-100", "s-139"} <= lab.archived("people")


def test_or_52_what_was_deleted_at_the_source_is_gone_after_one_full_read() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        removed("users", "s-4")(service)
        removed("enrollments", "e-s-4-c-4")(service)
        assert lab.run().outcome == "applied"
    assert lab.archived("people") == {"s-4"}
    assert lab.archived("enrollments") == {"e-s-4-c-4"}


def test_or_53_equal_ids_of_two_districts_never_meet() -> None:
    one = CsvLab(id="one")
    keys = {*one.world.roster.items}
    other = CsvLab(id="other", world=one.world)
    added = {*one.world.roster.items} - keys
    assert (len(keys), one.active("people")) == (len(added), other.active("people"))
    before = {key: one.table[key] for key in keys}
    other.lands(without_student(small_district(), "s-1"))
    assert {key: one.table[key] for key in keys} == before
    ids = {name: {item["id"] for item in lab.items("people").values()} for name, lab in (("1", one), ("2", other))}
    assert not ids["1"] & ids["2"]


@pytest.mark.parametrize("status", ["inactive", "Inactive", "tobedeleted"])
def test_or_54_inactive_means_removed_in_a_delta(status: str) -> None:
    lab = CsvLab()
    lab.delta(users=[student("s-7", status=status)])
    assert lab.archived("people") == {"s-7"}


@pytest.mark.parametrize("status", ["inactive", "tobedeleted"])
def test_or_54_inactive_means_removed_at_a_service(status: str) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        service.rows = dict(district().with_cells("users", "s-7", status=status).files)
        record = lab.run()
    assert lab.archived("people") == {"s-7"}
    assert record.summary is not None
    assert record.summary["removals"]["people"] == {"removed by the source": 1}


def test_or_56_the_report_counts_each_collection_by_what_became_of_it() -> None:
    lab = CsvLab()
    files = district(without_student(small_district(), "s-3")).with_cells("users", "s-1", familyName="Renamed")
    files = files.with_student("s-new", classes=["c-1"]).with_cells("users", "s-2", givenName="")
    files = files.with_row("enrollments", enrollment("nobody", "c-1")).with_cells("users", "s-5", email="no sign")
    record = lab.lands(files.files)
    told = counts(record, "people")
    expected = {"read": 14, "valid": 13, "errors": 1, "created": 1, "updated": 2, "archived": 1, "restored": 0,
                "unchanged": 10, "kept": 1}
    assert {word: told[word] for word in expected} == expected
    assert told["warnings"] >= 1
    assert counts(record, "enrollments")["errors"] >= 1
    assert (codes(record)["REF-01"], codes(record)["FLD-01"]) == (1, 1)
    assert record.summary is not None
    assert set(record.summary["entities"]) == {
        "orgs", "terms", "courses", "classes", "people", "enrollments", "contacts"}


@pytest.mark.parametrize(("role", "letter"), [("aide", "X"), ("relative", "X"), ("proctor", "P"), ("student", "S")])
def test_or_59_other_roles_are_kept_but_stand_apart_from_students_and_teachers(role: str, letter: str) -> None:
    lab = CsvLab(district().with_row("enrollments", enrollment("t-1", "c-2", role=role)).files)
    kept = lab.items("enrollments")["e-t-1-c-2"]
    assert (kept["role"], kept["member"].partition("#")[0]) == (role, letter)


def test_or_60_a_source_that_sees_one_school_leaves_the_roster_of_another_source_alone() -> None:
    whole = CsvLab(id="whole")
    before = whole.table
    narrow = small_district()
    narrow["orgs"] = [row for row in narrow["orgs"] if row["sourcedId"] != "school-2"]
    narrow["classes"] = [row for row in narrow["classes"] if row["schoolSourcedId"] == "school-1"]
    narrow["users"] = [row for row in narrow["users"] if row["orgSourcedIds"] == "school-1"]
    narrow["enrollments"] = [row for row in narrow["enrollments"] if row["schoolSourcedId"] == "school-1"]
    part = CsvLab(narrow, id="part", world=whole.world)
    assert part.first.outcome in ("applied", "applied with issues")
    assert part.active("people") < whole.active("people")
    assert {key: whole.table[key] for key in before} == before

