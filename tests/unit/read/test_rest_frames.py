"""REST records → frames: the same district through CSV and through REST is the same canonical roster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.check import Checked, check
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.layout import CORE, layout_of
from homeroom.read.oneroster_csv import read_set
from homeroom.read.oneroster_rest.frames import COLUMNS, MOST_EXTRAS, frames_of_rest
from homeroom.read.oneroster_rest.records import KINDS, lines_of
from tests.builders.oneroster import Files, as_12, district, small_district, write_zip
from tests.fakes.oneroster_json import record
from tests.fakes.oneroster_service import Service


def kept(stem: str, *records: Mapping[str, Any]) -> bytes:
    """Records as the reader keeps them: decoded by its types, written as lines."""
    return lines_of(msgspec.json.decode(json.dumps(records).encode(), type=list[KINDS[stem]]))  # type: ignore[misc]


def served(service: Service) -> dict[str, bytes]:
    """What a read of this service keeps."""
    return {stem: kept(stem, *(record(service, stem, row) for row in service.rows[stem])) for stem in CORE}


def snapshot_of(lines: Mapping[str, bytes]) -> Snapshot:
    frames, may_lack = frames_of_rest(lines)
    return Snapshot("REST", frames, dict.fromkeys(frames, "bulk"), "hash", may_lack=may_lack)


def only(stem: str, *records: Mapping[str, Any]) -> pl.DataFrame:
    return frames_of_rest({stem: kept(stem, *records)})[0][stem]


def canonical(checked: Checked) -> dict[str, list[dict[str, Any]]]:
    return {name: entity.records.drop(LINE).sort("source_id").to_dicts() for name, entity in checked.entities.items()}


def rich_district() -> Files:
    """The small district with something in every field that both ways carry."""
    return (
        district()
        .with_cells("users", "s-1", middleName="Q", userIds="{LDAP:1},{LTI:2}", sms="555-0100", phone="555-0101",
                    grades="05,KG", orgSourcedIds="school-1,school-2", **{"metadata.house": "red", "metadata.bus": "7"})
        .with_cells("users", "s-2", status="tobedeleted", **{"metadata.house": 'blue "and" \\ white é'})
        .with_cells("users", "s-3", enabledUser="false")
        .with_cells("users", "t-3", role="administrator")
        .with_cells("classes", "c-1", subjects="Math,Art", subjectCodes="02,05", periods="1,3", location="Room 1")
        .with_cells("courses", "course-1", grades="05,06", subjects="Math", subjectCodes="02")
        .with_cells("enrollments", "e-s-4-c-4", beginDate="2026-08-15T00:00:00.000Z")
        .files
    )


# ---------------------------------------------------------------- the same roster


@pytest.mark.parametrize("switches", [
    {}, {"booleans": "json"}, {"booleans": "upper"}, {"booleans": "number"}, {"nulls": True}, {"numbers": True},
    {"periods_as_text": True}, {"users_as": "1.2"}, {"users_as": "both"},
])
def test_rest_11_gives_the_roster_that_csv_gives(switches: dict[str, Any], tmp_path: Path) -> None:
    from_csv = check(read_set(write_zip(tmp_path / "set.zip", rich_district())))
    from_rest = check(snapshot_of(served(Service(rich_district(), **switches))))
    assert canonical(from_rest) == canonical(from_csv)
    assert from_rest.entities["people"].gone.to_list() == ["s-2"]
    assert [entity.read.errors for entity in from_rest.entities.values()] == [0] * len(from_rest.entities)


def test_conformance_57_roles_of_12_give_the_roster_that_csv_12_gives(tmp_path: Path) -> None:
    rows = as_12(
        district(rich_district())
        .with_cells("users", "s-5", preferredGivenName="Sam", preferredMiddleName="X", preferredFamilyName="Sample",
                    pronouns="they", userMasterIdentifier="master-5", primaryOrgSourcedId="school-1")
        .files)
    rows["roles"] += [{"sourcedId": "more", "userSourcedId": "t-2", "role": "districtAdministrator",
                       "roleType": "secondary", "orgSourcedId": "d-1"}]
    from_csv = check(read_set(write_zip(tmp_path / "set.zip", rows, version="1.2")))
    from_rest = check(snapshot_of(served(Service(rows, version="1.2"))))
    assert canonical(from_rest) == canonical(from_csv)
    people = {row["source_id"]: row for row in canonical(from_rest)["people"]}
    assert people["t-2"]["roles"] == "administrator:d-1,teacher:school-1"
    assert people["s-5"]["preferred_given_name"] == "Sam"


def test_conformance_57_both_versions_give_the_same_people() -> None:
    old, new = (check(snapshot_of(served(Service(rich_district(), users_as=how)))) for how in ("1.1", "1.2"))
    assert canonical(old)["people"] == canonical(new)["people"]


def test_every_column_that_csv_keeps_is_made_from_rest() -> None:
    for stem in CORE:
        lacking = set(layout_of(stem).kept) - set(COLUMNS[stem])
        assert lacking == {"dateLastModified"}, stem


# ---------------------------------------------------------------- roles


def user(sourced_id: str = "u-1", **fields: Any) -> dict[str, Any]:
    return {"sourcedId": sourced_id, "givenName": "Test", "familyName": "Person", "enabledUser": "true"} | fields


def role(word: str, org: str, kind: str = "primary") -> dict[str, Any]:
    return {"roleType": kind, "role": word, "org": {"sourcedId": org, "type": "org"}}


def test_roles_count_before_the_role_and_organisations_beside_them() -> None:
    roles = [role("teacher", "a"), role("aide", "b", "secondary")]
    told = user(role="student", orgs=[{"sourcedId": "old"}], roles=roles)
    row = only("users", told).row(0, named=True)
    assert (row["role"], row["orgSourcedIds"], row["roles"]) == ("teacher", "a,b", "aide:b,teacher:a")


def test_users_with_and_without_roles_stand_in_one_collection() -> None:
    frame = only("users", user("new", roles=[role("teacher", "a")]),
                 user("old", role="student", orgs=[{"sourcedId": "b"}, {"sourcedId": "a"}], roles=[]),
                 user("none", roles=None))
    assert frame.select("sourcedId", "role", "orgSourcedIds", "roles", LINE).rows() == [
        ("new", "teacher", "a", "teacher:a", 1), ("old", "student", "b,a", "student:a,student:b", 2),
        ("none", None, None, None, 3)]


def test_a_role_without_word_or_organisation_takes_nothing_along() -> None:
    frame = only("users", user(roles=[{"role": "teacher"}, {"org": {"sourcedId": "a"}}, role("student", "b", "x")]))
    assert frame.select("role", "orgSourcedIds", "roles").row(0) == ("teacher", "b", "student:b")


# ---------------------------------------------------------------- values


def test_values_of_any_kind_become_text() -> None:
    frame = only("users", user("a", identifier=17, enabledUser=True, grades=[5, "KG", None]),
                 user(2, identifier=0.5, enabledUser=0, username=False), user("c", identifier="007"))
    assert frame.select("sourcedId", "identifier", "enabledUser", "username", "grades").rows() == [
        ("a", "17", "true", None, "5,KG"), ("2", "0.5", "0", "false", None), ("c", "007", "true", None, None)]


def test_text_survives_as_it_is_but_for_white_space_around_it() -> None:
    text = 'Ana "A" \\ Núñez, 😀\u2028\nof'
    assert only("users", user(givenName=f" {text}\t"))["givenName"].to_list() == [text]
    assert only("users", user(givenName=" "))["givenName"].to_list() == [None]


def test_periods_are_an_array_or_one_text() -> None:
    frame = only("classes", {"sourcedId": "a", "periods": ["1", "2"]}, {"sourcedId": "b", "periods": "3, 4"},
                 {"sourcedId": "c", "periods": 5}, {"sourcedId": "d", "periods": None, "metadata": {"periods": "6"}})
    assert frame["periods"].to_list() == ["1,2", "3, 4", "5", None]
    assert frame["metadata.periods"].to_list() == [None, None, None, "6"]


def test_a_comma_inside_an_item_makes_no_second_item() -> None:
    lines = {"classes": kept("classes", {
        "sourcedId": "c-1", "title": "Class", "school": {"sourcedId": "x"}, "subjects": ["Reading, Writing", "Art"],
        "subjectCodes": ["01", "05"]})}
    checked = check(snapshot_of(lines)).entities["classes"].records
    assert checked.select("subjects", "subject_codes").row(0) == ("Reading; Writing,Art", "01,05")
    assert only("users", user(agents=[{"sourcedId": "a,b"}], grades=["05,06"])).select(
        "agentSourcedIds", "grades").row(0) == ("a;b", "05,06")


def test_ids_of_other_systems_are_written_as_in_csv() -> None:
    told = [{"type": "LDAP", "identifier": 5}, {"identifier": "x"}, {"type": "LTI"}]
    assert only("users", user(userIds=told))["userIds"].to_list() == ["{LDAP:5},{:x}"]


def test_metadata_become_columns_of_their_names() -> None:
    frame = only("orgs", {"sourcedId": "a", "metadata": {"zip": 123, "open": True, "odd name": "x"}},
                 {"sourcedId": "b", "metadata": None}, {"sourcedId": "c", "metadata": {}})
    assert {c: frame[c].to_list() for c in frame.columns if c.startswith("metadata.")} == {
        "metadata.odd name": ["x", None, None], "metadata.open": ["true", None, None],
        "metadata.zip": ["123", None, None]}


def test_names_of_metadata_that_a_service_makes_up_do_not_become_columns_without_end() -> None:
    records = [{"sourcedId": f"{n}", "metadata": {f"made-up-{n}": "x", "house": "red"}} for n in range(300)]
    frame = only("orgs", *records)
    assert len([column for column in frame.columns if column.startswith("metadata.")]) == MOST_EXTRAS
    assert frame["metadata.house"].to_list() == ["red"] * 300


def test_references_without_an_id_point_nowhere() -> None:
    frame = only("enrollments", {"sourcedId": "e", "user": {}, "class": None, "school": {"sourcedId": 9}})
    assert frame.select("userSourcedId", "classSourcedId", "schoolSourcedId").row(0) == (None, None, "9")


def test_a_status_is_kept_where_it_says_something() -> None:
    assert "status" not in only("orgs", {"sourcedId": "a", "status": "active"}, {"sourcedId": "b"}).columns
    said = only("orgs", {"sourcedId": "a", "status": "active"}, {"sourcedId": "b", "status": "inactive"})
    assert said["status"].to_list() == ["active", "inactive"]


# ---------------------------------------------------------------- what may be missing


def test_what_rest_may_lack_costs_no_record() -> None:
    rows = small_district()
    for person in rows["users"]:
        del person["username"], person["enabledUser"], person["identifier"]
    for course in rows["courses"]:
        del course["orgSourcedId"], course["courseCode"]
    for one in rows["classes"]:
        del one["classType"]
    checked = check(snapshot_of(served(Service(rows, nulls=True))))
    assert {name: entity.read.errors for name, entity in checked.entities.items() if entity.read.errors} == {}
    assert checked.entities["people"].records["enabled"].all()


def test_what_nobody_can_do_without_costs_the_record() -> None:
    checked = check(snapshot_of({**served(Service(small_district())), "orgs": kept(
        "orgs", {"sourcedId": "d-1", "name": "Sample", "type": "district"}, {"name": "No id", "type": "school"},
        {"sourcedId": "no-name", "type": "school"})}))
    assert checked.entities["orgs"].read.errors == 2


def test_an_empty_collection_is_a_frame_without_rows_and_one_that_was_not_read_is_none() -> None:
    frames, _ = frames_of_rest({"orgs": b"", "users": kept("users", user())})
    assert {stem: frame.height for stem, frame in frames.items()} == {"orgs": 0, "users": 1}
    assert [frame[LINE].dtype for frame in frames.values()] == [pl.UInt32(), pl.UInt32()]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
REFS = st.none() | st.fixed_dictionaries({"sourcedId": SCALARS})
ODD = {
    "users": st.fixed_dictionaries({}, optional={
        **dict.fromkeys(("sourcedId", "status", "username", "enabledUser", "role", "identifier", "email"), SCALARS),
        **dict.fromkeys(("orgs", "agents"), st.none() | st.lists(REFS.filter(bool), max_size=3)),
        "grades": st.none() | st.lists(SCALARS, max_size=3),
        "metadata": st.none() | st.dictionaries(st.text(), SCALARS, max_size=3),
        "userIds": st.none() | st.lists(st.fixed_dictionaries({"type": SCALARS, "identifier": SCALARS}), max_size=2),
        "roles": st.none() | st.lists(
            st.fixed_dictionaries({"roleType": SCALARS, "role": SCALARS, "org": REFS}), max_size=3),
    }),
    "classes": st.fixed_dictionaries({"sourcedId": SCALARS, "periods": SCALARS | st.lists(SCALARS, max_size=3)},
                                     optional={"school": REFS, "subjects": st.none() | st.lists(SCALARS, max_size=3)}),
}


@pytest.mark.parametrize("stem", list(ODD))
@settings(max_examples=8)
@given(drawn=st.data())
def test_nothing_that_the_reader_keeps_is_too_odd(stem: str, drawn: st.DataObject) -> None:
    records = drawn.draw(st.lists(ODD[stem], min_size=1, max_size=12))
    frame = only(stem, *records)
    assert frame[LINE].to_list() == list(range(1, len(records) + 1))
    assert set(frame.drop(LINE).dtypes) == {pl.String()}
    check(snapshot_of({stem: kept(stem, *records)}))
