"""Clever's objects as rows of OneRoster. Numbers are those of the conformance list of the Clever reference (8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from homeroom.check import check
from homeroom.model.snapshot import Snapshot
from homeroom.model.vocabulary import GRADES, STRONGEST_FIRST
from homeroom.read.clever.cells import Given
from homeroom.read.clever.frames import frames_of_rows
from homeroom.read.clever.full import lines_of
from homeroom.read.clever.people import user_row
from homeroom.read.clever.rows import COLUMNS, STEMS, Record, record

GIVEN = Given("d1")
NEVER_READ = ("dob", "gender", "race", "hispanic_ethnicity", "location", "ell_status", "frl_status", "iep_status",
              "section_504_status", "gifted_status", "disability", "home_language", "home_language_code", "ext")
ENUM = ("InfantToddler", "Preschool", "PreKindergarten", "TransitionalKindergarten", "Kindergarten",
        *(str(n) for n in range(1, 14)), "PostGraduate", "Ungraded", "Other", "")


def row(collection: str, **found: Any) -> dict[str, str]:
    """The row of an object whose id is `x`."""
    made = record(collection, {"id": "x", "district": "d1", **found}, GIVEN).row
    assert made is not None
    return made


def user(given: Given = GIVEN, name: Any = None, **roles: Any) -> dict[str, str]:
    """The row of a user with these roles."""
    named = {"first": "Test", "last": "Person"} if name is None else name
    made = user_row({"id": "x", "name": named, "roles": roles}, given)
    assert made is not None
    return made


def contact(*relationships: tuple[str, str, str], **told: Any) -> dict[str, Any]:
    """A contact role of (student, relationship, type)."""
    return {"student_relationships": [
        {"student": student, "relationship": word, "type": kind} for student, word, kind in relationships], **told}


def section(**found: Any) -> Record:
    return record("sections", {"id": "sec", "school": "sch", **found}, GIVEN)


def test_a_district_and_its_schools_are_organisations() -> None:
    assert row("districts", name=" Sample ISD ", nces_id="0100") == {
        "sourcedId": "x", "name": "Sample ISD", "type": "district", "identifier": "0100"}
    assert row("schools", name="One", nces_id="", school_number="7") == {
        "sourcedId": "x", "name": "One", "type": "school", "parentSourcedId": "d1", "identifier": "7"}
    assert row("schools", name="One", nces_id="9", school_number="7")["identifier"] == "9"


@pytest.mark.parametrize(("begin", "end", "year"), [
    ("2026-08-15", "2027-06-15", "2027"), ("2026-08-15", "2026-12-20", "2027"), ("2026-06-01", "2026-07-01", "2027"),
    ("2026-01-05", "2026-06-30", "2026"), ("2026-09-01", None, "2027"), ("", "soon", None), (None, None, None),
])
def test_a_term_belongs_to_the_school_year_in_which_it_ends(begin: Any, end: Any, year: str | None) -> None:
    assert row("terms", name="S1", start_date=begin, end_date=end).get("schoolYear") == year


def test_clever_12_a_term_and_a_course_may_lack_everything() -> None:
    assert row("terms", name=None, start_date="", end_date=None) == {"sourcedId": "x", "type": "term"}
    assert row("courses") == {"sourcedId": "x", "orgSourcedId": "d1"}


@pytest.mark.parametrize(("found", "title"), [
    ({"name": "Maths", "section_number": "2"}, "Maths"), ({"name": "", "section_number": "2", "sis_id": "9"}, "2"),
    ({"name": None, "sis_id": "9"}, "9"), ({}, "sec"),
])
def test_a_class_has_some_title(found: dict[str, Any], title: str) -> None:
    made = section(**found).row
    assert made is not None
    assert made["title"] == title


def test_a_class_carries_what_its_section_says() -> None:
    made = section(name="Maths", section_number="2", period="3", grade="7", subject="math", course="c", term_id="t")
    assert made.row == {
        "sourcedId": "sec", "title": "Maths", "classCode": "2", "classType": "scheduled", "grades": "07",
        "subjects": "math", "periods": "3", "courseSourcedId": "c", "schoolSourcedId": "sch", "termSourcedIds": "t"}
    homeroom = section(subject="homeroom/advisory").row
    assert homeroom is not None
    assert homeroom["classType"] == "homeroom"


def test_clever_22_the_members_of_a_class_are_students_and_teachers_and_the_teacher_is_primary() -> None:
    made = section(students=["s1", "s2"], teacher="t1", teachers=["t1", "t2"]).enrollments
    assert [(e["userSourcedId"], e["role"], e["primary"]) for e in made] == [
        ("s1", "student", "false"), ("s2", "student", "false"), ("t1", "teacher", "true"), ("t2", "teacher", "false")]
    assert {(e["classSourcedId"], e["schoolSourcedId"]) for e in made} == {("sec", "sch")}
    assert len({e["sourcedId"] for e in made}) == 4


def test_clever_23_a_teacher_who_is_not_in_teachers_counts_and_no_teacher_is_accepted() -> None:
    assert [e["userSourcedId"] for e in section(teacher="t1", teachers=["t2"]).enrollments] == ["t1", "t2"]
    assert [e["primary"] for e in section(teacher=None, teachers=["t2"]).enrollments] == ["false"]
    assert section(teacher=None, teachers=None, students=None).enrollments == ()


def test_somebody_who_teaches_and_learns_in_one_class_has_two_enrollments() -> None:
    made = section(students=["u", "u"], teachers=["u"]).enrollments
    assert [e["sourcedId"] for e in made] == ["sec:u:student", "sec:u:teacher"]


def test_clever_13_every_grade_of_clever_is_one_of_ours_and_others_stay_as_they_are() -> None:
    told = [user(student={"school": "a", "grade": word}).get("grades") for word in ENUM]
    assert told[-1] is None
    assert set(told[:-1]) == set(GRADES.words)
    assert user(student={"school": "a", "grade": "Grade Fourteen"})["grades"] == "Grade Fourteen"


def test_a_student_is_at_the_primary_school_first() -> None:
    """Conformance 25."""
    made = user(student={"school": "b", "schools": ["a", "b"], "sis_id": "1", "student_number": "2", "state_id": "3",
                         "credentials": {"district_username": "test.p"}, "email": "t@sample.example"})
    assert made == {
        "sourcedId": "x", "enabledUser": "true", "role": "student", "orgSourcedIds": "b,a",
        "primaryOrgSourcedId": "b", "roles": "student:a,student:b", "username": "test.p", "givenName": "Test",
        "familyName": "Person", "identifier": "2", "userIds": "{sisId:1},{stateId:3}", "email": "t@sample.example"}


def test_clever_18_teacher_staff_and_district_admin_may_be_one_person() -> None:
    roles = {"staff": {"schools": ["b"], "staff_id": "9", "legacy_id": "l2"},
             "teacher": {"school": "a", "schools": ["a"], "teacher_number": "8", "legacy_id": "l1", "sis_id": "5"},
             "district_admin": {"legacy_id": "l3", "title": "Head"}}
    made = user(**roles)
    assert made["role"] == "administrator"
    assert made["orgSourcedIds"] == "a,b,d1"
    assert made["primaryOrgSourcedId"] == "a"
    assert made["roles"] == "administrator:d1,aide:b,teacher:a"
    assert made["identifier"] == "8"
    assert made["userIds"] == "{sisId:5},{legacyId:l3},{legacyId:l1},{legacyId:l2}"
    assert made == user(**dict(reversed(roles.items())))


@pytest.mark.parametrize(("staff_role", "role"), [("aide", "teacher"), ("administrator", "administrator")])
def test_what_staff_are_is_chosen(staff_role: str, role: str) -> None:
    made = user(Given("d1", staff_role), teacher={"school": "a"}, staff={"schools": ["a"]})
    assert made["role"] == role
    assert made["roles"] == ",".join(sorted([f"{staff_role}:a", "teacher:a"]))


def test_clever_20_admins_and_staff_without_a_school_are_at_the_district() -> None:
    for roles in ({"district_admin": {}}, {"staff": {"schools": []}}, {"staff": {}}, {"teacher": {"school": None}}):
        made = user(**roles)
        assert made["orgSourcedIds"] == "d1"
        assert made["roles"].endswith(":d1")
        assert "primaryOrgSourcedId" not in made


def test_clever_21_a_contact_has_a_last_name_only() -> None:
    made = user(name={"last": "Test Guardian"}, contact=contact(("s1", "Parent", "Primary"), phone="555-0100"))
    assert "givenName" not in made
    assert made["familyName"] == "Test Guardian"
    assert (made["role"], made["orgSourcedIds"], made["agentSourcedIds"]) == ("parent", "d1", "s1")
    assert (made["phone"], made.get("sms")) == ("555-0100", None)
    assert user(contact=contact(phone="555-0100", phone_type="Cell"))["sms"] == "555-0100"


@pytest.mark.parametrize(("words", "role"), [
    (["Parent"], "parent"), (["Grandparent"], "relative"), (["Aunt/Uncle", "Sibling"], "relative"),
    (["Other"], "guardian"), ([""], "guardian"), ([], "guardian"), (["Godparent"], "guardian"),
    (["Sibling", "Parent"], "parent"), (["Sibling", "Other"], "guardian"),
])
def test_what_a_contact_is_follows_from_the_relationships(words: list[str], role: str) -> None:
    assert user(contact=contact(*((f"s{n}", word, "Family") for n, word in enumerate(words))))["role"] == role


def test_contacts_for_emergencies_only_are_left_out() -> None:
    def row_of(*told: tuple[str, str, str]) -> dict[str, str] | None:
        return user_row({"id": "x", "roles": {"contact": contact(*told)}}, GIVEN)

    assert row_of(("s1", "Parent", "Emergency"), ("s2", "Other", "Emergency")) is None
    assert row_of(("s1", "Self", "Primary")) is None
    mixed = row_of(("s1", "Parent", "Emergency"), ("s2", "Other", "Family"))
    assert mixed is not None
    assert (mixed["agentSourcedIds"], mixed["role"]) == ("s2", "guardian")
    assert row_of() is not None


def test_clever_12_and_60_a_person_may_lack_nearly_everything() -> None:
    for nothing in ({}, {"school": None, "schools": None, "credentials": None}, {"school": "", "credentials": ""}):
        made = user(name="", student=nothing)
        assert made == {"sourcedId": "x", "enabledUser": "true", "role": "student", "orgSourcedIds": "d1",
                        "roles": "student:d1"}
    assert "role" not in user()


def test_clever_11_unknown_fields_are_ignored_and_unknown_words_stay() -> None:
    plain = user(student={"school": "a"})
    assert user(student={"school": "a", "favorite_color": "blue", "future": {"deep": [1]}}) == plain
    assert user(librarian={"schools": ["a"]})["role"] == "librarian"
    strange = section(subject="underwater basketry", grade="Grade Fourteen").row
    assert strange is not None
    assert (strange["subjects"], strange["grades"]) == ("underwater basketry", "Grade Fourteen")


def test_clever_14_a_bad_birth_date_does_no_harm_because_none_is_read() -> None:
    told = {name: f"never-{name}" for name in NEVER_READ}
    assert user(student={"school": "a", **told}) == user(student={"school": "a"})


def test_clever_15_any_text_is_taken_and_half_characters_do_no_harm() -> None:
    name = {"first": "Ünï\u0301 " + "x" * 300, "last": "\ud800 北\x00"}
    made = user(name=name, student={"school": "a"})
    assert len(made["givenName"]) == 305
    frames, _ = frames_of_rows({"users": lines_of([made])})
    assert frames["users"]["givenName"].to_list() == [made["givenName"]]
    assert "北" in str(frames["users"]["familyName"][0])


def test_clever_16_an_email_may_be_anything_or_nothing() -> None:
    assert user_row({"id": "x", "email": "no-at.example", "roles": {}}, GIVEN) == {
        "sourcedId": "x", "enabledUser": "true", "orgSourcedIds": "d1", "email": "no-at.example"}


def test_a_comma_in_an_item_does_not_make_two() -> None:
    assert user(student={"school": "a", "sis_id": "1,2"})["userIds"] == "{sisId:1%2C2}"


def test_the_preferred_name_of_v31_is_kept() -> None:
    made = user(student={"school": "a", "preferred_name": {"first": "Al", "middle": "", "last": "P"}})
    assert (made["preferredGivenName"], made["preferredFamilyName"]) == ("Al", "P")


def test_roles_are_ordered_as_everywhere() -> None:
    kinds = {"district_admin": {}, "teacher": {}, "staff": {}, "student": {}, "contact": {}}
    found = [user(**dict(list(kinds.items())[n:]))["role"] for n in range(len(kinds))]
    assert found == sorted(found, key=STRONGEST_FIRST.index)


# ---- what Clever really answered


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every object of the recorded answers, with its collection."""
    return list(objects(json.loads((shared / "data" / "clever" / "recorded-v3.0.json").read_text())))


def objects(answers: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for answer in answers:
        data = answer["body"].get("data")
        for item in data if isinstance(data, list) else []:
            kind = item.get("uri", "/v/tokens").split("/")[2]
            if kind == "events":
                yield item["data"]["type"].split(".")[0], item["data"]["data"]["object"]
            elif kind in STEMS:
                yield kind, item["data"]


def test_every_recorded_object_is_a_row_without_what_is_never_read(recorded: list[tuple[str, dict[str, Any]]]) -> None:
    assert {kind for kind, _ in recorded} == set(STEMS)
    for kind, found in recorded:
        made = record(kind, found, Given(found.get("district", found["id"])))
        assert made.row is not None
        assert made.row["sourcedId"] == made.id == found["id"]
        assert set(made.row) <= set(COLUMNS[made.stem])
        hidden = [str(role.get(name)) for role in found.get("roles", {}).values() for name in ("dob", "race")]
        assert not set(hidden) & set(made.row.values()) - {"None", ""}
        told = {e["userSourcedId"] for e in made.enrollments}
        assert told == {*found.get("students", ()), *found.get("teachers", ())}


def test_the_recorded_district_has_nothing_that_check_finds_wrong_in_a_field(
    recorded: list[tuple[str, dict[str, Any]]],
) -> None:
    """References are another matter: only some pages were recorded."""
    newest = {(kind, found["id"]): record(kind, found, Given(found.get("district", found["id"])))
              for kind, found in recorded}
    lines = {stem: lines_of(one.row for one in newest.values() if one.stem == stem and one.row) for stem in COLUMNS}
    lines["enrollments"] = lines_of(e for one in newest.values() for e in one.enrollments)
    frames, may_lack = frames_of_rows(lines)
    checked = check(Snapshot("clever_api", frames, dict.fromkeys(frames, "bulk"), "", may_lack=may_lack))
    assert checked.entities["people"].read.read > 200
    codes = set(checked.issues["code"].to_list())
    assert codes <= {"FLD-04", "REF-01", "REF-02", "REF-04", "REF-05", "REF-06", "REF-07"}
