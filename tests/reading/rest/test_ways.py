"""Services that leave out endpoints: other ways to the same records, and what is said where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from homeroom.model import places
from homeroom.read.fetched import content_hash
from homeroom.read.oneroster_rest.frames import frames_of_rest
from tests.builders.oneroster import org
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.reading.rest.reading import STEMS, Reading, ids_at, paged_district, refused


def read_all(service: Service, **source: Any) -> Reading:
    with serving(service):
        return Reading(service, **source).all()


def people(service: Service, *roles: str) -> list[str]:
    return sorted(row["sourcedId"] for row in service.rows["users"] if row["role"] in roles)


def told(reading: Reading) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.file) for issue in reading.fetched.issues]


@pytest.mark.parametrize("status", [403, 404, 501])
@pytest.mark.parametrize("stem", ["classes", "enrollments"])
def test_classes_and_enrollments_are_read_by_school_where_the_top_does_not_offer_them(stem: str, status: int) -> None:
    service = Service(paged_district(), faults=[Fault(stem, status)])
    reading = read_all(service)
    assert {one: sorted(reading.ids(one)) for one in STEMS} == ids_at(service)
    assert reading.fetched.collections[stem].how == f"/{stem} of each school"
    assert told(reading) == [("SRC-13", stem)]  # what belongs to the district itself is not among them


def test_terms_and_grading_periods_stand_in_for_sessions_and_say_what_they_lack() -> None:
    service = Service(paged_district(), missing={"academicSessions": 404})
    reading = read_all(service)
    assert sorted({*reading.ids("academicSessions"), "y-27"}) == ids_at(service)["academicSessions"]
    assert told(reading) == [("SRC-13", "academicSessions")]


def test_students_and_teachers_stand_in_for_people_and_say_who_is_lacking() -> None:
    service = Service(paged_district(), missing={"users": 403})
    reading = read_all(service)
    assert sorted(reading.ids("users")) == people(service, "student", "teacher")
    assert told(reading) == [("SRC-13", "users")]
    assert "parents" in reading.fetched.issues[0].text


def test_people_are_read_by_school_where_nothing_else_is_offered() -> None:
    service = Service(paged_district(), missing={"users": 404, "students": 404, "teachers": 403})
    reading = read_all(service)
    assert sorted(reading.ids("users")) == people(service, "student", "teacher")
    assert reading.fetched.collections["users"].how == "/students and /teachers of each school"


@pytest.mark.parametrize("requests", [None, 9])
def test_a_person_of_two_schools_is_kept_once(requests: int | None) -> None:
    rows = paged_district()
    for row in rows["users"][:6]:
        row["orgSourcedIds"] = "school-1,school-2"
    service = Service(rows)
    with serving(service):
        reading = Reading(service, by_school=True).all(requests)
    assert sorted(reading.ids("users")) == people(service, "student", "teacher")
    assert reading.fetched.collections["users"].records == len(reading.ids("users"))


def test_by_school_asks_no_endpoint_of_the_top_that_it_does_not_need() -> None:
    service = Service(paged_district())
    reading = read_all(service, by_school=True)
    asked = {one.path for one in service.log if "/" not in one.path}
    assert asked == {"orgs", "academicSessions", "courses"}
    assert sorted(reading.ids("enrollments")) == ids_at(service)["enrollments"]


def test_beginnings_of_schools_are_asked_for_side_by_side() -> None:
    service = Service(paged_district(), seconds_a_page=0.01)
    read_all(service, by_school=True, connections=4)
    assert service.most_at_once == 4


def test_c51_ids_of_schools_are_encoded_in_the_address() -> None:
    rows = paged_district()
    strange = "A/B @50%25 ü"
    rows["orgs"].append(org(strange))
    rows["classes"][0]["schoolSourcedId"] = strange
    service = Service(rows)
    reading = read_all(service, by_school=True)
    assert sorted(reading.ids("classes")) == ids_at(service)["classes"]
    assert any("A%2FB%20%4050%2525%20%C3%BC" in one.path for one in service.log)


@pytest.mark.parametrize("status", [403, 404, 501])
def test_c47_a_collection_that_is_not_offered_is_absent_and_the_others_go_on(status: int) -> None:
    service = Service(paged_district(), faults=[Fault(path, status) for path in ("courses", "*enrollments")])
    reading = read_all(service)
    modes = {stem: one.mode for stem, one in reading.fetched.collections.items()}
    assert modes == dict.fromkeys(STEMS, "bulk") | dict.fromkeys(("courses", "enrollments"), "absent")
    assert told(reading) == [("SRC-13", "courses"), ("SRC-13", "enrollments")]
    assert sorted(reading.ids("users")) == ids_at(service)["users"]


@pytest.mark.parametrize(("status", "code"), [(403, "SRC-11"), (404, "SRC-04")])
@pytest.mark.parametrize("paths", [("orgs", "schools"), ("users", "*students", "*teachers")])
def test_c47_organisations_and_people_can_not_be_done_without(paths: tuple[str, ...], status: int, code: str) -> None:
    assert refused(Service(paged_district(), missing=dict.fromkeys(paths, status))).issue_code == code


def test_a_school_that_is_refused_while_others_came_fails_the_read() -> None:
    service = Service(paged_district(), missing={"classes": 404, "schools/school-4/classes": 404})
    assert refused(service).issue_code == "SRC-04"


def test_no_school_to_read_by_is_told() -> None:
    rows = paged_district()
    rows["orgs"] = [row for row in rows["orgs"] if row["type"] != "school"]
    assert refused(Service(rows), by_school=True).text == "signed in, but no schools are shared"


def applied(reading: Reading, issues: list[dict[str, Any]]) -> None:
    """An earlier run of the same integration that was applied, with these issues of its read."""
    reading.control = reading.control.model_copy(update={"applied_run": 7})
    reading.world.objects.put(places.raw_about("sample", 7), json.dumps({"issues": issues}).encode())


def test_people_who_are_suddenly_not_offered_are_not_taken_for_removed() -> None:
    service = Service(paged_district(), missing={"users": 404})
    with serving(service):
        reading = Reading(service)
        applied(reading, [])
        with pytest.raises(SourceUnusable) as caught:
            reading.all()
    assert caught.value.issue_code == "SRC-04"
    assert "/users" in caught.value.text


def test_a_service_that_never_offered_them_goes_on_as_before() -> None:
    service = Service(paged_district(), missing={"users": 404})
    with serving(service):
        first = Reading(service).all()
        second = Reading(service)
        applied(second, [vars(issue) for issue in first.fetched.issues])
        second.all()
    assert second.records == first.records


def test_every_way_gives_the_same_rows_of_what_it_shows() -> None:
    service = Service(paged_district())
    with serving(service):
        top, schools = (Reading(service, by_school=by_school).all() for by_school in (False, True))
    wanted = ("orgs", "academicSessions", "courses", "classes", "enrollments")
    hashes = [content_hash({stem: frames_of_rest({
        stem: b"".join(reading.block(stem, n) for n in range(reading.fetched.collections[stem].blocks))})[0][stem]
        for stem in wanted}) for reading in (top, schools)]
    assert hashes[0] == hashes[1]
