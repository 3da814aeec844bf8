"""The frame of the sign-in functions: events become requests, answers become responses, and no error leaves it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from homeroom.aws import sign_in_noting, web
from homeroom.aws.web import Route, request_of, web_function
from homeroom.model.sign_in import SIGNED_IN, Attempt
from homeroom.sso.http import SECURITY, Answer, Request, see_other
from homeroom.sso.ports import Outside
from tests.fakes.memory_sso import BASE, memory_outside
from tests.sso.proves import proves

CANARY = "canary-4711"


def event(path: str = "/x", method: str = "GET", query: str = "", **more: Any) -> dict[str, Any]:
    stage = more.pop("stage", "$default")
    http = {"method": method, "path": path}
    context = {"http": http, "stage": stage}
    return {"rawPath": path, "rawQueryString": query, "headers": {}, "requestContext": context} | more


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Homeroom")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")
    monkeypatch.setattr(web, "outside", memory_outside)
    sign_in_noting.metrics.cache_clear()


Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """All lines that a function wrote: its log, then its metrics."""
    stream = io.StringIO()
    monkeypatch.setattr(sign_in_noting.logger.registered_handler, "stream", stream)

    def lines() -> list[dict[str, Any]]:
        sign_in_noting.flush()
        return [json.loads(line) for line in (stream.getvalue() + capsys.readouterr().out).splitlines()]

    return lines


def answered(answer: Answer, given: Mapping[str, Any], **route: Any) -> dict[str, Any]:
    return web_function("sso_x", (Route("/x", lambda *_: answer, **route),))(given)


# ------------------------------------------------------------------------------------------------------------ requests


@proves("C17", "T33")
def test_parameters_come_from_the_raw_query_twice_if_they_were_sent_twice() -> None:
    joined = {"state": "one,two"}
    request = request_of(event(query="state=one&state=two&x=%26+b", queryStringParameters=joined), BASE)
    assert request.query == (("state", "one"), ("state", "two"), ("x", "& b"))
    assert request.raw_query == "state=one&state=two&x=%26+b"


def test_cookies_are_read_from_the_list_and_from_the_header() -> None:
    of_aws = request_of(event(cookies=["a=1", "b=2=3"]), BASE)
    of_the_emulator = request_of(event(headers={"Cookie": "a=1; b=2=3"}), BASE)
    assert of_aws.cookies == of_the_emulator.cookies == {"a": "1", "b": "2=3"}


def test_header_names_are_lower_case() -> None:
    assert request_of(event(headers={"Sec-Fetch-Dest": "image"}), BASE).headers == {"sec-fetch-dest": "image"}


@pytest.mark.parametrize(
    ("body", "encoded", "expected"),
    [(base64.b64encode(b"a=\xc3\xa4").decode(), True, b"a=\xc3\xa4"), ("a=\u00e4", False, b"a=\xc3\xa4"),
     ("no base64!", True, b""), (None, False, b"")],
)
def test_a_body_is_what_was_sent(body: str | None, encoded: bool, expected: bytes) -> None:
    assert request_of(event(body=body, isBase64Encoded=encoded), BASE).body == expected


@pytest.mark.parametrize(
    ("path", "stage", "base", "expected"),
    [("/cb/a/b", "$default", BASE, "/cb/a/b"), ("/live/cb/a/b", "live", BASE, "/cb/a/b"), ("/live", "live", BASE, "/"),
     ("/sso/cb/a/b", "$default", f"{BASE}/sso", "/cb/a/b"), ("/liver/cb", "live", BASE, "/liver/cb")],
)
def test_a_path_is_below_stage_and_base(path: str, stage: str, base: str, expected: str) -> None:
    assert request_of(event(path, stage=stage), base).path == expected


# ------------------------------------------------------------------------------------------------------------- answers


@proves("C47", "T29", "T30", "T31")
@pytest.mark.parametrize("answer", [Answer(200, "x"), see_other("https://a.example/"), Answer(403, "y")])
def test_every_answer_has_the_headers_of_every_answer(answer: Answer) -> None:
    response = answered(answer, event())
    assert response["headers"].items() >= SECURITY.items()
    assert (response["statusCode"], response["body"]) == (answer.status, answer.body)


def test_several_cookies_have_a_list_of_their_own() -> None:
    response = answered(Answer(303, cookies=("a=1; Path=/", "b=2; Path=/")), event())
    assert response["cookies"] == ["a=1; Path=/", "b=2; Path=/"]
    assert "set-cookie" not in response["headers"]


def test_keys_may_be_kept_by_whoever_reads_them() -> None:
    kept = Answer(200, "{}", "application/json", {"cache-control": "public, max-age=3600"})
    assert answered(kept, event())["headers"]["cache-control"] == "public, max-age=3600"


@proves("C7")
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused_and_nothing_is_asked(method: str) -> None:
    asked: list[Request] = []
    serve = web_function("sso_x", (Route("/x", lambda request, _: asked.append(request) or Answer(200)),))  # type: ignore[func-returns-value]
    response = serve(event(method=method))
    assert (response["statusCode"], response["headers"]["allow"], asked) == (405, "GET", [])


@pytest.mark.parametrize("path", ["/", "/x/", "/x/y", "//x", "/X"])
def test_an_address_that_nobody_has_is_a_page_of_ours(path: str) -> None:
    response = answered(Answer(200), event(path))
    assert response["statusCode"] == 404
    assert response["headers"].items() >= SECURITY.items()


def test_a_word_of_a_route_is_one_part_and_not_empty() -> None:
    route = Route("/cb/{portal}/{app}", lambda *_: Answer(200))
    assert route.fits("/cb/a/b")
    assert not any(route.fits(path) for path in ("/cb/a/", "/cb/a/b/c", "/cb/a", "/cbx/a/b"))


# --------------------------------------------------------------------------------------------------------------- faults


def broken(*_: Any) -> Answer:
    raise ValueError(CANARY)


@proves("C49", "C50", "T43")
@pytest.mark.parametrize("json_wanted", [False, True])
def test_an_error_ends_on_our_page_and_is_logged_without_its_message(
    json_wanted: bool, said: Said
) -> None:
    serve = web_function("sso_x", (Route("/x", broken, json=json_wanted),))
    response = serve(event(query=f"code={CANARY}"))
    told, counted = said()
    assert response["statusCode"] == 503
    assert response["headers"].items() >= SECURITY.items()
    assert CANARY not in json.dumps([response, told, counted])
    assert (told["outcome"], told["error"], told["at"].partition(":")[0]) == ("SSO-501", "ValueError", "aws/web.py")
    assert counted["SignInSSO501"] == [1.0]
    expected = {"error": "temporarily_unavailable"}
    assert json.loads(response["body"]) == expected if json_wanted else "SSO-501" in response["body"]


def test_a_function_that_is_not_set_up_shows_the_page_of_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unset() -> Outside:
        raise RuntimeError("SSO_BASE_URL is missing")

    monkeypatch.setattr(web, "outside", unset)
    assert answered(Answer(200), event())["statusCode"] == 503


def test_an_event_of_another_kind_shows_the_page_of_our_own_fault() -> None:
    assert answered(Answer(200), {"version": "1.0"})["statusCode"] == 503


# --------------------------------------------------------------------------------------------------------------- noting


def test_a_sign_in_is_one_line_and_one_count(said: Said) -> None:
    attempt = Attempt("L1", "2026-11-22T15:00:00+00:00", "clever", "sonday", outcome=SIGNED_IN, schools=("school-1",))
    sign_in_noting.LogAndMetrics().signed(attempt, {"exchange": 120.04, "total": 300.0})
    told, counted = said()
    assert (told["login_id"], told["outcome"], told["exchange_ms"], told["total_ms"]) == ("L1", SIGNED_IN, 120.0, 300.0)
    assert "schools" not in told
    assert (counted["SignIn"], counted["SignInMilliseconds"]) == ([1.0], [300.0])
    assert counted["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


@pytest.mark.parametrize(
    ("outcome", "metrics"),
    [("SSO-103", {"SignInRefused", "SignInSSO103"}), ("SSO-109", {"SignInRefused", "SignInSSO109"}),
     ("SSO-203", {"SignInRefused"}), ("SSO-501", {"SignInRefused"})],
)
def test_a_page_is_counted_by_its_code_where_an_alarm_looks(
    outcome: str, metrics: set[str], said: Said
) -> None:
    sign_in_noting.LogAndMetrics().signed(Attempt("L1", "2026-11-22T15:00:00+00:00", outcome=outcome), {})
    _, counted = said()
    assert {name for name in counted if name.startswith("SignIn")} == metrics


def test_a_fault_is_an_error_line_with_its_place_and_one_count(said: Said) -> None:
    sign_in_noting.LogAndMetrics().count(
        "failed", error="KeyError", at="sso/x.py:1 x", step="exchange", login_id="L1")
    told, counted = said()
    assert (told["level"], told["error"], told["at"]) == ("ERROR", "KeyError", "sso/x.py:1 x")
    assert counted["SignInSSO501"] == [1.0]


@proves("C49", "T40")
def test_a_word_that_is_not_listed_is_left_out(said: Said) -> None:
    noting = sign_in_noting.LogAndMetrics()
    noting.alarm("binding mismatch", login_id="L1", code_of_portal=CANARY, state=CANARY)
    noting.count("start", portal="clever", email=CANARY)
    alarm, start, counted = said()
    assert CANARY not in json.dumps([alarm, start, counted])
    assert (alarm["event"], start["counted"], counted["SignInSecurity"]) == ("binding mismatch", "start", [1.0])
