"""The table of what each source carries says what the readers do: a district that says everything, read by all four."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from homeroom.model.entities import ENTITIES
from homeroom.model.vocabulary import ROLES
from homeroom.read.carried import LESS, SOME, SOURCES, WHY_NOT, Less, Source, carriers, how
from tests.builders.api_runs import run
from tests.builders.oneroster import Files, course, district
from tests.equivalence.four import four
from tests.equivalence.rosters import Roster, at_clever, carried

FIELDS = {name: tuple(field.name for field in entity.carried) for name, entity in ENTITIES.items()}
"""What a source can carry; what rules make, none does."""

EVERYBODY = {
    "enabledUser": "false", "orgSourcedIds": "school-2,school-1", "middleName": "Middle", "email": "all@sample.example",
    "preferredGivenName": "Preferred", "preferredMiddleName": "Preferred", "preferredFamilyName": "Preferred",
    "pronouns": "they", "userMasterIdentifier": "master-1", "userIds": "{other:1}", "sms": "555-0100",
    "phone": "555-0101", "grades": "04,05", "primaryOrgSourcedId": "school-1", "metadata.note": "a note",
}


def says_everything() -> Files:
    """Every column of every file holds something, and nothing that Clever could have said by chance."""
    made = (
        district()
        .with_row("orgs", {"sourcedId": "dep-1", "name": "Department", "type": "department", "identifier": "dep",
                           "parentSourcedId": "d-1", "metadata.note": "a note"})
        .with_cells("orgs", "school-1", parentSourcedId="dep-1")
        .with_row("courses", course("unused"))
        .with_cells("academicSessions", "sem-1", schoolYear="2028", **{"metadata.note": "a note"})
        .with_cells("courses", "course-1", orgSourcedId="school-1", grades="04,05", subjects="Reading,Writing",
                    subjectCodes="1,2", **{"metadata.note": "a note"})
        .with_cells("classes", "c-2", grades="04,05", periods="1,2", subjects="math,Writing", subjectCodes="1,2",
                    location="Room 1", **{"metadata.note": "a note"})
        .with_cells("classes", "c-1", subjects="Reading")
        .with_teacher("t-9", **EVERYBODY | {"email": "t-9@sample.example"})
        .with_student("s-99", classes=["c-2"], **EVERYBODY)
        .with_guardian("g-9", of="s-99", **EVERYBODY).with_cells("users", "g-1", phone="555-0102")
        .with_cells("enrollments", "e-t-1-c-1", primary="false", **{"metadata.note": "a note"})
    )
    for role in ("aide", "proctor", "counselor", "principal"):
        made = made.with_teacher(f"{role}-1", role=role).with_enrollment(f"{role}-1", "c-1", role="aide")
    return made.files


@pytest.fixture(scope="module")
def rosters() -> Iterator[dict[str, Roster]]:
    """What each source made of it."""
    with four(says_everything(), version="v3.1") as served:
        served.day(says_everything())
        contact = served.clever.district.id_of("users", "g-9")
        served.clever.district.update_role(contact, "contact", phone_type="Cell")
        outcomes = {name: run(world).outcome for name, world in served.worlds.items() if name != "csv"}
        assert outcomes == {"rest-1.1": "nothing to change", "rest-1.2": "nothing to change", "clever": "applied"}
        yield served.rosters()


def filled(roster: Roster, entity: str, roles: frozenset[str] = frozenset()) -> set[str]:
    """Fields that hold something in some record (of people with one of these roles)."""
    records = [one for one in roster[entity].values() if not roles or one["role"] in roles]
    assert records
    return {name for one in records for name in one} & set(FIELDS[entity])


@pytest.mark.parametrize("source", get_args(Source))
def test_a_source_fills_the_fields_that_the_table_gives_it(rosters: dict[str, Roster], source: Source) -> None:
    told = {name: {field for field in fields if how(source, name, field) != "no"} for name, fields in FIELDS.items()}
    assert {name: filled(rosters[source], name) for name in ENTITIES} == told


def test_csv_carries_everything_and_only_1_2_what_1_1_has_no_place_for() -> None:
    every = [(name, field) for name, fields in FIELDS.items() for field in fields]
    assert all("csv" in carriers(*one) and "rest-1.2" in carriers(*one) for one in every)
    assert {field for name, field in every if "rest-1.1" not in carriers(name, field)} == {
        "primary_org", "preferred_given_name", "preferred_middle_name", "preferred_family_name", "pronouns",
        "master_identifier"}


def test_every_field_that_clever_lacks_has_a_reason_and_no_other_one_has() -> None:
    lacking = {name: {field for field in fields if "clever" not in carriers(name, field)}
               for name, fields in FIELDS.items()}
    assert {name: set(WHY_NOT.get(name, {})) for name in ENTITIES} == lacking


@pytest.mark.parametrize("less", LESS, ids=lambda less: f"{less.entity}-{'-'.join(less.fields)}-{less.how}")
def test_where_clever_is_said_to_say_less_it_does(rosters: dict[str, Roster], less: Less) -> None:
    records = {key: (one, rosters["clever"][less.entity].get(key, {}))
               for key, one in rosters["csv"][less.entity].items()
               if not less.roles or one["role"] in less.roles}
    for field in less.fields:
        pairs = [(sis.get(field), theirs.get(field)) for sis, theirs in records.values() if theirs]
        assert pairs
        if less.how == "no":
            assert all(theirs is None for _, theirs in pairs)
        assert any(sis != theirs for sis, theirs in pairs), f"{field} is the same everywhere"
        if less.how == "first":
            assert any(sis and len(sis) > 1 and theirs == sis[:1] for sis, theirs in pairs)


def test_whatever_else_clever_carries_is_what_the_sis_says(rosters: dict[str, Roster]) -> None:
    compared = carried(rosters["clever"], "csv", "rest-1.2", "clever")
    assert compared == carried(at_clever(rosters["csv"]), "csv", "rest-1.2", "clever")
    whole = {(name, field) for name, records in compared.items() for one in records.values() for field in one}
    assert {(name, field) for name, fields in FIELDS.items() for field in fields
            if how("clever", name, field) in ("whole", "first")} <= whole


def test_clever_leaves_out_the_records_that_the_table_names(rosters: dict[str, Roster]) -> None:
    for name in SOME:
        assert set(rosters["clever"][name]) < set(rosters["csv"][name])
    assert {name: set(records) for name, records in rosters["clever"].items()} == {
        name: set(records) for name, records in at_clever(rosters["csv"]).items()}


def test_the_table_speaks_of_what_there_is() -> None:
    assert {less.entity for less in LESS} | set(SOME) <= set(ENTITIES)
    assert all(field in FIELDS[less.entity] for less in LESS for field in less.fields)
    assert all(less.roles <= set(ROLES.words) for less in LESS)
    assert set(SOURCES) == set(get_args(Source))
