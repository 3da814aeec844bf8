"""Requests and answers: headers of every answer, queries that are damaged, requests that no person made."""

from __future__ import annotations

import base64
import hashlib

import pytest

from homeroom.sso.codes import CODES
from homeroom.sso.http import (
    Answer,
    Request,
    by_a_person,
    flaw,
    headers_of,
    in_json,
    is_read,
    nothing,
    pairs,
    see_other,
)
from homeroom.sso.pages import Choice, chooser, front, page
from homeroom.sso.style import STYLE
from tests.sso.proves import proves

ANSWERS = {
    "a page": page("SSO-203", login_id="01JDTEST"), "a chooser": chooser("Some Product", [Choice("Clever", "/c")]),
    "the front page": front(), "a redirect": see_other("https://product.example/sso"),
    "a document": in_json(200, {"a": 1}), "no page": nothing(),
}


@pytest.mark.parametrize("name", ANSWERS)
@proves("C47", "T30", "T31")
def test_every_answer_has_all_headers_of_security(name: str) -> None:
    headers = headers_of(ANSWERS[name])
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["content-type"] == ANSWERS[name].content_type


@proves("C47", "T32")
def test_the_policy_allows_the_style_sheet_of_the_pages_and_nothing_else() -> None:
    policy = headers_of(ANSWERS["a page"])["content-security-policy"]
    between = ANSWERS["a page"].body.split("<style>")[1].split("</style>")[0]
    expected = base64.b64encode(hashlib.sha256(between.encode()).digest()).decode()
    assert between == STYLE
    assert f"style-src 'sha256-{expected}'" in policy
    assert "script" not in policy


def test_an_answer_may_say_for_itself_how_long_it_is_kept() -> None:
    kept = in_json(200, {"keys": []}, {"cache-control": "public, max-age=3600"})
    assert headers_of(kept)["cache-control"] == "public, max-age=3600"
    assert headers_of(kept)["x-content-type-options"] == "nosniff"


@proves("C47", "T29")
def test_a_redirect_is_303_and_has_no_body() -> None:
    answer = see_other("https://product.example/sso", ("a=b",))
    assert (answer.status, answer.body) == (303, "")
    assert headers_of(answer)["location"] == "https://product.example/sso"
    assert answer.cookies == ("a=b",)


@pytest.mark.parametrize(("raw", "expected"), [
    ("", ()),
    ("code=a&state=b", (("code", "a"), ("state", "b"))),
    ("state=a&state=b", (("state", "a"), ("state", "b"))),
    ("st%61te=a&state=b", (("state", "a"), ("state", "b"))),
    ("code=&x", (("code", ""), ("x", ""))),
    ("a=1,2&b=%2B+%20", (("a", "1,2"), ("b", "+  "))),
    ("code=%FF", (("code", "\ufffd"),)),
    ("&&=&", (("", ""),)),
])
def test_a_query_is_read_as_it_came(raw: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert pairs(raw) == expected


def asked(raw: str) -> Request:
    return Request("GET", "/cb/clever/some-product", pairs(raw), raw_query=raw)


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
@pytest.mark.parametrize("second", ["{}=b", "{}=a", "{}=", "{}", "%{:x}{}=b"])
@proves("C17", "T33")
def test_a_parameter_that_comes_twice_is_a_flaw(name: str, second: str) -> None:
    again = second.format(ord(name[0]), name[1:]) if second.startswith("%") else second.format(name)
    assert flaw(asked(f"{name}=a&x=1&{again}")) == "parameter twice"


@pytest.mark.parametrize("mark", ["%00", "%0a", "%0D%0A", "%7f", "%C2%85", "%ff", "%1b"])
@pytest.mark.parametrize("place", ["code={}", "{}=a", "other=a{}b"])
@proves("T28", "T33")
def test_control_characters_are_a_flaw_wherever_they_stand(mark: str, place: str) -> None:
    assert flaw(asked(place.format(mark))) == "control characters"


@proves("T33")
def test_a_query_of_more_than_two_kilobytes_is_a_flaw() -> None:
    assert flaw(asked("code=" + "a" * 2043)) == ""
    assert flaw(asked("code=" + "a" * 2044)) == "query too long"
    assert flaw(Request("GET", "/cb", (("code", "a" * 3000),))) == "query too long"
    assert flaw(asked("state=" + "a" * 3000), most=4096) == ""


@pytest.mark.parametrize("raw", [
    "", "code=a&state=b", "error=access_denied", "scope=a&scope=b&code=x", "state=ü&code=%C3%BC",
])
def test_an_honest_query_has_no_flaw(raw: str) -> None:
    assert flaw(asked(raw)) == ""


def sent(**headers: str) -> Request:
    return Request("GET", "/cb", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("request_", [
    sent(),
    sent(sec_fetch_dest="document", sec_fetch_mode="navigate", sec_fetch_site="cross-site"),
    sent(sec_fetch_dest="document"),
    sent(sec_fetch_mode="navigate"),
    sent(sec_fetch_dest="Document"),
])
@proves("C6")
def test_a_navigation_of_a_window_is_a_persons(request_: Request) -> None:
    assert by_a_person(request_)


@pytest.mark.parametrize("request_", [
    *(sent(sec_fetch_dest=kind) for kind in ("image", "iframe", "frame", "empty", "script", "embed", "object", "")),
    *(sent(sec_fetch_dest="document", sec_fetch_mode=mode) for mode in ("no-cors", "cors", "same-origin", "websocket")),
    sent(sec_fetch_dest="document", sec_fetch_mode="navigate", sec_purpose="prefetch"),
    sent(sec_fetch_dest="document", sec_fetch_mode="navigate", sec_purpose="prefetch;prerender"),
    sent(purpose="prefetch"), sent(x_purpose="preview"), sent(x_moz="Prefetch"),
])
@proves("C6", "T34")
def test_an_image_a_frame_and_a_page_fetched_ahead_are_not(request_: Request) -> None:
    assert not by_a_person(request_)


@proves("C6", "T34")
def test_what_no_person_made_gets_no_page_no_cookie_and_no_way_on() -> None:
    answer = nothing()
    assert (answer.status, answer.body, answer.cookies) == (400, "", ())
    assert "location" not in headers_of(answer)


@pytest.mark.parametrize(("method", "expected"), [
    ("GET", True), ("HEAD", False), ("POST", False), ("OPTIONS", False), ("get", False), ("", False),
])
@proves("C7")
def test_only_get_is_read(method: str, expected: bool) -> None:
    assert is_read(Request(method, "/cb")) is expected


@proves("C7")
def test_the_page_for_another_method_is_405_and_names_get() -> None:
    answer = page("SSO-405", login_id="01JDTEST")
    assert answer.status == CODES["SSO-405"].status == 405
    assert headers_of(answer)["allow"] == "GET"


def test_one_reads_the_first_value_and_nothing_where_there_is_none() -> None:
    request = asked("a=1&a=2")
    assert (request.one("a"), request.one("b")) == ("1", "")


def test_an_answer_is_html_unless_it_says_otherwise() -> None:
    assert headers_of(Answer(200))["content-type"] == "text/html; charset=utf-8"
    assert headers_of(in_json(200, {}))["content-type"] == "application/json"
