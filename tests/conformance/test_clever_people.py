"""Clever's conformance list, what its objects become in the roster. Numbers are those of `statements.CLEVER`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from homeroom.model.vocabulary import GRADES
from homeroom.ports import Item
from homeroom.read.clever.rows import COLUMNS
from tests.builders.oneroster import district
from tests.conformance.lab import CleverLab, clever, codes, counts


@pytest.fixture
def lab() -> Iterator[CleverLab]:
    """The small district at Clever, not yet read."""
    with clever() as made:
        yield made


def person(lab: CleverLab, source_id: str) -> Item:
    """A person by the id of the builders, after a run."""
    return lab.items("people")[lab.id("users", source_id)]


def read(lab: CleverLab) -> None:
    record = lab.run()
    assert record.outcome == "applied", (record.text, codes(record))
    assert {entity: counts(record, entity)["errors"] for entity in ("people", "classes", "enrollments")} == {
        "people": 0, "classes": 0, "enrollments": 0}


@pytest.mark.parametrize(("told", "grades"), [
    ("Other", ["Other"]), ("Ungraded", ["UG"]), ("", None), (None, None), ("13", ["13"]),
    ("TransitionalKindergarten", ["TK"]), ("Kindergarten", ["KG"]), ("1", ["01"]),
])
def test_cl_13_every_grade_of_clever_is_accepted(lab: CleverLab, told: str | None, grades: list[str] | None) -> None:
    lab.district.update_role(lab.id("users", "s-1"), "student", grade=told)
    read(lab)
    assert person(lab, "s-1").get("grades") == grades
    assert grades is None or set(grades) <= set(GRADES.words)


@pytest.mark.parametrize("dob", ["2/11/2007", "31/31/2007", "yesterday", "", None])
def test_cl_14_no_birth_date_rejects_anybody_because_none_is_read(lab: CleverLab, dob: str | None) -> None:
    lab.district.update_role(lab.id("users", "s-1"), "student", dob=dob)
    read(lab)
    assert person(lab, "s-1")["family_name"] == "Student s-1"
    assert not any("birth" in column.lower() or column == "dob" for column in COLUMNS["users"])
    assert not dob or dob not in lab.everything_kept()


@pytest.mark.parametrize("last", ["Ünïcødé 北京", "x" * 300])
def test_cl_15_any_script_and_any_length_are_taken(lab: CleverLab, last: str) -> None:
    lab.district.update("users", lab.id("users", "s-1"), name={"first": "Test", "last": last})
    read(lab)
    assert last.startswith(person(lab, "s-1")["family_name"])
    assert len(person(lab, "s-1")["family_name"]) == min(len(last), 255)


@pytest.mark.parametrize("email", ["no-at.example", None, "", "same@sample.example"])
def test_cl_16_an_email_may_be_odd_or_missing_or_that_of_another_person(lab: CleverLab, email: str | None) -> None:
    for one in ("s-1", "s-2"):
        lab.district.update("users", lab.id("users", one), email=email)
        lab.district.update_role(lab.id("users", one), "student", email=email)
    record = lab.run()
    assert record.outcome == "applied"
    assert counts(record, "people")["errors"] == 0
    assert person(lab, "s-1")["id"] != person(lab, "s-2")["id"]
    assert person(lab, "s-1").get("email") == (email if email and "@" in email else None)


def test_cl_17_a_person_is_known_by_the_id_and_each_legacy_id_is_kept_as_another_identity(lab: CleverLab) -> None:
    teacher, one, two = lab.id("users", "t-1"), "66a0000f" + "1" * 16, "66a0000f" + "2" * 16
    lab.district.update_role(teacher, "teacher", legacy_id=one)
    lab.district.update_role(teacher, "staff", legacy_id=two, staff_id="9", schools=[])
    read(lab)
    kept = person(lab, "t-1")
    assert kept["source_id"] == teacher
    assert {f"{{legacyId:{one}}}", f"{{legacyId:{two}}}"} <= set(kept["user_ids"])
    before = kept["id"]
    lab.district.update_role(teacher, "teacher", legacy_id="66a0000f" + "3" * 16)
    read(lab)
    assert person(lab, "t-1")["id"] == before


def test_cl_18_teacher_staff_and_district_admin_may_be_one_person(lab: CleverLab) -> None:
    teacher = lab.id("users", "t-1")
    lab.district.update_role(teacher, "staff", staff_id="9", schools=[lab.id("schools", "school-2")])
    lab.district.update_role(teacher, "district_admin", title="Head")
    people = len(lab.district.shared["users"])
    read(lab)
    kept = person(lab, "t-1")
    assert set(kept["roles"]) == {
        f"teacher:{lab.id('schools', 'school-1')}", f"aide:{lab.id('schools', 'school-2')}",
        f"administrator:{lab.district.id}"}
    assert kept["role"] == "administrator"
    assert len(lab.active("people")) == people


def test_cl_19_a_contact_and_a_teacher_of_one_email_stay_two_people(lab: CleverLab) -> None:
    for one in ("t-1", "g-1"):
        lab.district.update("users", lab.id("users", one), email="same@sample.example")
    read(lab)
    teacher, contact = person(lab, "t-1"), person(lab, "g-1")
    assert teacher["id"] != contact["id"]
    assert (teacher["role"], contact["role"]) == ("teacher", "guardian")
    assert teacher["email"] == contact["email"] == "same@sample.example"


def test_cl_20_administrators_and_staff_without_a_school_are_accepted(lab: CleverLab) -> None:
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "a-1": ("administrator", {"district_admin": {"title": ""}}), "a-2": ("aide", {"staff": {"staff_id": "2"}}),
        "a-3": ("aide", {"staff": {"staff_id": "3", "schools": []}})}
    for source_id, (_, roles) in told.items():
        lab.district.add("users", source_id, name={"first": "Test", "last": source_id}, roles=roles)
    read(lab)
    for source_id, (role, _) in told.items():
        kept = person(lab, source_id)
        assert (kept["role"], kept["orgs"]) == (role, [lab.district.id])
        assert kept["roles"] == [f"{role}:{lab.district.id}"]


def test_cl_21_a_contact_without_a_first_name_is_taken_with_the_last(lab: CleverLab) -> None:
    lab.district.update("users", lab.id("users", "g-1"), name={"last": "Test Guardian"})
    read(lab)
    kept = person(lab, "g-1")
    assert (kept["family_name"], kept.get("given_name")) == ("Test Guardian", None)


def members(lab: CleverLab, section: str) -> dict[str, tuple[str, bool]]:
    """Person → role and primary, of a class in the roster."""
    return {item["person"]: (item["role"], item["primary"]) for item in lab.items("enrollments").values()
            if item["class"] == section}


def test_cl_22_members_of_a_class_are_its_students_and_teachers_and_the_teacher_is_primary(lab: CleverLab) -> None:
    section, students = lab.id("sections", "c-1"), [lab.id("users", one) for one in ("s-1", "s-2", "s-3")]
    first, second = lab.id("users", "t-1"), lab.id("users", "t-2")
    lab.district.update("sections", section, students=students, teacher=second, teachers=[first, second])
    read(lab)
    assert members(lab, section) == {
        **dict.fromkeys(students, ("student", False)), first: ("teacher", False), second: ("teacher", True)}


def test_cl_23_co_teachers_are_all_in_the_class_and_there_may_be_no_primary_one(lab: CleverLab) -> None:
    section, teachers = lab.id("sections", "c-1"), [lab.id("users", one) for one in ("t-1", "t-2", "t-3")]
    lab.district.update("sections", section, students=[], teacher=None, teachers=teachers)
    read(lab)
    assert members(lab, section) == dict.fromkeys(teachers, ("teacher", False))


def test_cl_24_a_student_of_another_school_may_be_in_a_section(lab: CleverLab) -> None:
    section, stranger = lab.id("sections", "c-3"), lab.id("users", "s-1")
    told = lab.district.shared["sections"][section]["students"]
    lab.district.update("sections", section, students=sorted([*told, stranger]))
    read(lab)
    assert members(lab, section)[stranger] == ("student", False)
    assert person(lab, "s-1")["orgs"] == [lab.id("schools", "school-1")]


def test_cl_25_a_student_of_two_schools_belongs_to_both_and_the_primary_one_is_kept(lab: CleverLab) -> None:
    one, two = lab.id("schools", "school-1"), lab.id("schools", "school-2")
    lab.district.update_role(lab.id("users", "s-1"), "student", school=two, schools=[one, two])
    read(lab)
    kept = person(lab, "s-1")
    assert (set(kept["orgs"]), kept["primary_org"]) == ({one, two}, two)


def test_cl_26_a_teacher_without_a_section_keeps_the_account(lab: CleverLab) -> None:
    read(lab)
    before = person(lab, "t-1")["id"]
    section = lab.id("sections", "c-1")
    lab.district.update("sections", section, teacher=lab.id("users", "t-2"), teachers=[lab.id("users", "t-2")])
    read(lab)
    assert person(lab, "t-1")["id"] == before
    assert before not in {item["person_id"] for item in lab.items("enrollments").values()}


def test_cl_27_two_sections_of_one_name_stay_two(lab: CleverLab) -> None:
    for one in ("c-1", "c-2"):
        lab.district.update("sections", lab.id("sections", one), name="Maths")
    read(lab)
    kept = [lab.items("classes")[lab.id("sections", one)] for one in ("c-1", "c-2")]
    assert [item["title"] for item in kept] == ["Maths", "Maths"]
    assert kept[0]["id"] != kept[1]["id"]


def test_cl_19_two_contacts_and_their_students_are_as_many_people_as_clever_says() -> None:
    with clever(district().with_guardian("g-2", of="s-2").files) as lab:
        read(lab)
        assert lab.active("people") == {*lab.district.shared["users"]}
        assert len(lab.active("contacts")) == 2
