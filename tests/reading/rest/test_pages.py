"""One answer → one page: what is kept of it, by the fast way and by the slow one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from requests.structures import CaseInsensitiveDict

from homeroom.read.http import Answer
from homeroom.read.oneroster_rest.pages import Page, Torn, page_of
from homeroom.read.oneroster_rest.records import KINDS, decode_lines, lines_of
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.reading.rest.reading import STEMS, Reading, paged_district, served


def page(body: object, stem: str = "users", endpoint: str = "users", **headers: str) -> Page:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return page_of(Answer(200, CaseInsensitiveDict(headers), raw), stem, endpoint)


def records(made: Page) -> list[dict[str, Any]]:
    return [json.loads(line) for line in made.lines.splitlines()]


USER = {"sourcedId": "u-1", "status": "active", "username": "user.1", "givenName": "Test", "familyName": "Person",
        "enabledUser": True, "orgs": [{"href": "https://x/orgs/o-1", "sourcedId": "o-1", "type": "org"}]}


def test_c34_only_fields_that_may_be_kept_are_kept() -> None:
    given = USER | {"password": "Secret-1", "demographics": {"birthDate": "2015-02-03"}, "userProfiles": [
        {"credentials": [{"type": "x", "username": "u", "password": "Secret-2"}]}], "resources": [{"sourcedId": "r"}]}
    assert records(page({"users": [given]})) == [USER | {"orgs": [{"sourcedId": "o-1"}]}]


@pytest.mark.parametrize("odd", [{"agents": "none"}, {"userIds": {"type": "LDAP"}}, {"grades": [["05"]]}])
def test_c34_the_slow_way_keeps_no_more(odd: dict[str, Any]) -> None:
    given = USER | odd | {"password": "Secret-1", "demographics": {"sex": "unspecified"}}
    made = page({"users": [given]})
    assert b"Secret" not in made.lines
    assert b"unspecified" not in made.lines
    assert records(made)[0]["givenName"] == "Test"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_c34_no_password_reaches_anything_that_is_kept(version: Any) -> None:
    service = Service(paged_district(), version=version, intimate=True, sign_in="bearer")
    with serving(service):
        reading = Reading(service).all()
    kept = json.dumps(reading.records)
    assert "555-0100" in kept  # a phone is a field of the standard that products may receive
    assert "Secret-" not in kept
    assert "2015-02-03" not in kept


def test_what_is_served_is_kept_as_it_is_but_for_links() -> None:
    service = Service(paged_district(), sign_in="bearer")
    with serving(service):
        reading = Reading(service).all()
    for stem in STEMS:
        for kept in reading.records[stem]:
            given = served(service, stem, kept["sourcedId"])
            assert kept == {name: _without_links(value) for name, value in given.items()}


def _without_links(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_links(one) for one in value]
    return {"sourcedId": value["sourcedId"]} if isinstance(value, dict) and "href" in value else value


@pytest.mark.parametrize(("field", "value", "kept"), [
    ("orgs", [{"sourcedId": "o-1"}, None, "o-2", {"href": "x"}], [{"sourcedId": "o-1"}, {}]),
    ("grades", ["05", {"code": "06"}, "07"], ["05", None, "07"]),
    ("grades", "05", None),
    ("agents", None, None),
    ("primaryOrg", "o-1", None),
    ("roles", [{"role": "student", "org": "o-1"}, {"role": ["teacher"], "org": {"sourcedId": "o-1"}}],
     [{"role": "student"}, {"org": {"sourcedId": "o-1"}}]),
    ("metadata", {"flag": True, "deep": {"secret": 1}, "list": [1]}, {"flag": True}),
    ("metadata", [1], None),
    ("username", {"text": "x"}, None),
])
def test_what_does_not_fit_becomes_null_and_nothing_else_of_the_record(field: str, value: Any, kept: Any) -> None:
    made = records(page({"users": [USER | {field: value}, USER]}))
    assert made[0].get(field) == kept
    assert {k: v for k, v in made[0].items() if k != field} == {
        k: v for k, v in made[1].items() if k != field}


def test_records_that_are_none_keep_their_place_in_the_count() -> None:
    made = page({"users": [USER, None, "x", 7]})
    assert (made.count, len(made.ids)) == (4, 8)
    assert records(made)[1:] == [{}, {}, {}]


@pytest.mark.parametrize("value", ["5", 5, 5.5, True, None])
def test_scalars_come_as_they_are(value: object) -> None:
    assert records(page({"users": [USER | {"identifier": value}]}))[0].get("identifier") == value


def test_numbers_of_any_length_are_ids() -> None:
    long = 123456789012345678901234567890
    assert records(page({"users": [{"sourcedId": long}]})) == [{"sourcedId": long}]


@pytest.mark.parametrize("periods", ["1", ["1", "2"], 3])
def test_periods_come_as_a_list_or_as_text(periods: object) -> None:
    made = page({"classes": [{"sourcedId": "c-1", "periods": periods}]}, "classes", "classes")
    assert records(made)[0]["periods"] == periods


@pytest.mark.parametrize("body", [
    {"users": [USER]}, {"students": [USER]}, {"people": [USER]}, [USER], {"users": [USER], "warnings": []},
    {"students": [USER], "teachers": []}, {"totalCount": 1, "users": [USER], "pageCount": 1},
])
def test_c39_the_collection_is_found_under_any_reasonable_key(body: object) -> None:
    assert page(body, endpoint="schools/1/students").count == 1


@pytest.mark.parametrize("body", [
    b"", b"{", b'{"users": [', b"<html></html>", b"null", b'"text"', b"[1", b'{"users": [{"givenName": "\xe9"}]}',
    {}, {"users": None}, {"users": {}}, {"a": [], "b": []}, {"status": 1}, {"users": {"sourcedId": "u-1"}},
    {"statusInfoSet": [{"imsx_codeMajor": "failure"}]}, {"imsx_codeMajor": "failure", "users": []},
    {"imsx_StatusInfo": {"imsx_codeMajor": "unsupported", "imsx_severity": "error"}},
    {"CodeMajor": "failure", "Severity": "error", "CodeMinor": "unknown object"},
])
def test_c40_a_body_without_its_collection_is_no_empty_page(body: object) -> None:
    with pytest.raises(Torn) as caught:
        page(body)
    assert "u-1" not in str(caught.value)


def test_headers_tell_total_link_and_revision_in_any_case() -> None:
    link = '<https://x/?offset=4>; rel="next"'
    made = page({"users": []}, **{"x-total-count": " 12 ", "X-Perm-Rev": "r-1", "link": link})
    assert (made.total, made.revision, made.more) == (12, "r-1", True)
    assert page({"users": []}, Link='<x>; rel="first", <x>; rel=last').more is False
    assert page({"users": []}, **{"X-Total-Count": "many"}).total is None
    assert page({"users": []}).more is None


def test_a_count_of_the_page_that_differs_from_its_records_is_a_torn_page() -> None:
    with pytest.raises(Torn, match="holds 1 records and counts 2"):
        page({"users": [USER]}, **{"x-count": "2"})


def test_a_byte_order_mark_is_no_part_of_the_body() -> None:
    assert page(b'\xef\xbb\xbf{"users": []}').count == 0


def test_marks_tell_pages_apart() -> None:
    one, other = page({"users": [USER]}), page({"users": [USER | {"sourcedId": "u-2"}]})
    assert one.mark == page({"users": [USER | {"givenName": "Other"}]}).mark != other.mark
    assert page({"users": []}).mark == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["sourcedId", "type", "identifier", "role", "org", "password", "href"]), inner, max_size=3),
    max_leaves=6)


def _record_of(stem: str) -> st.SearchStrategy[Mapping[str, Any]]:
    names = [field.encode_name for field in structs.fields(KINDS[stem])]
    return st.dictionaries(st.sampled_from([*names, "password", "demographics"]), JSON, max_size=6)


@given(st.sampled_from(STEMS).flatmap(lambda stem: st.tuples(st.just(stem), _record_of(stem))))
def test_whatever_a_record_holds_what_is_kept_fits_its_type(case: tuple[str, Mapping[str, Any]]) -> None:
    stem, given_record = case
    made = page({stem: [given_record]}, stem, stem)
    assert made.count == 1
    assert lines_of(decode_lines(made.lines, stem)) == made.lines  # what is kept fits the types
    kept = records(made)[0]
    assert not {"password", "demographics"} & {*kept}
    for name, value in kept.items():
        if isinstance(value, str | int | float):
            assert value == given_record[name]


def test_one_odd_record_changes_nothing_of_the_others() -> None:
    rows = [USER | {"sourcedId": f"u-{n}", "grades": ["05"], "metadata": {"a": 1}} for n in range(3)]
    odd = page({"users": [*rows, {"sourcedId": "u-9", "agents": "none"}]})
    assert odd.lines.startswith(page({"users": rows}).lines)
