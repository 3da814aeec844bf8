"""The two cookies of sign-in: what binds it to a browser, and the count of restarts."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.sso import cookies
from homeroom.sso.cookies import Hops
from tests.sso.proves import proves

KEY = "abcdefghIJKLMNOPqrstuvwxyz0123456789-_ABCDE"
NOW = 1_763_823_600


def attributes(line: str) -> dict[str, str]:
    """The attributes of a Set-Cookie value, names in lower case; flags have no value."""
    return {name.lower(): value for name, _, value in (part.strip().partition("=") for part in line.split(";")[1:])}


ALL = {
    "a binding": cookies.bind(KEY, "value", {})[0], "its end": cookies.unbind(KEY),
    "a count": cookies.count(Hops(1, NOW, NOW)), "the end of it": cookies.delete(cookies.HOP),
}


@pytest.mark.parametrize("name", ALL)
@proves("C12", "T3")
def test_every_cookie_is_host_bound_secure_and_unreadable_for_scripts(name: str) -> None:
    found = attributes(ALL[name])
    assert ALL[name].startswith("__Host-")
    assert set(found) == {"max-age", "path", "secure", "httponly", "samesite"}, "no Domain, no Expires"
    assert (found["path"], found["samesite"]) == ("/", "Lax")


@pytest.mark.parametrize(("name", "seconds"), [
    ("a binding", "600"), ("its end", "0"), ("a count", "60"), ("the end of it", "0"),
])
@proves("C12")
def test_a_cookie_says_how_long_it_lives_and_a_deleted_one_says_zero(name: str, seconds: str) -> None:
    assert attributes(ALL[name])["max-age"] == seconds


def test_the_binding_is_named_after_its_transaction_and_read_again() -> None:
    line, = cookies.bind(KEY, "some-value", {})
    sent = cookies.cookies_of([line.split(";")[0]])
    assert list(sent) == ["__Host-sso_t_abcdefgh"]
    assert cookies.bound(KEY, sent) == "some-value"
    assert cookies.bound("other" + KEY, sent) == ""


def bindings(count: int) -> dict[str, str]:
    return {cookies.binding_name(f"{number:08}"): "v" for number in range(count)}


@pytest.mark.parametrize(("before", "gone"), [(0, []), (4, []), (5, [0]), (7, [0, 1, 2])])
def test_a_browser_keeps_five_bindings_and_the_oldest_go(before: int, gone: list[int]) -> None:
    made, *deleted = cookies.bind(KEY, "v", {"other": "1", **bindings(before), cookies.HOP: "1.1.1"})
    assert made.startswith(cookies.binding_name(KEY) + "=v;")
    assert deleted == [cookies.delete(cookies.binding_name(f"{number:08}")) for number in gone]


def test_a_name_that_only_looks_like_a_binding_is_left_alone() -> None:
    odd = {"__Host-sso_t_": "", "__Host-sso_t_short": "", "__Host-sso_t_with space": "", "__Host-sso_t_a;b=cdef": ""}
    assert len(cookies.bind(KEY, "v", {**odd, **bindings(4)})) == 1


@pytest.mark.parametrize(("lines", "expected"), [
    ([], {}),
    ([""], {}),
    (["a=1; b=2"], {"a": "1", "b": "2"}),
    (["a=1", "b=2"], {"a": "1", "b": "2"}),
    ([" a = 1 ;; ; b"], {"a": "1"}),
    (['a="1"; b="; c="'], {"a": "1", "b": '"', "c": '"'}),
    (["a=1=2; =3; a=4"], {"a": "1=2"}),
    (["a=\x00\ud800; b=ü"], {"a": "\x00\ud800", "b": "ü"}),
])
def test_a_cookie_header_is_read_whatever_stands_in_it(lines: list[str], expected: dict[str, str]) -> None:
    assert cookies.cookies_of(lines) == expected


@given(st.lists(st.text(max_size=80), max_size=3))
@settings(max_examples=60)
def test_no_cookie_header_stops_us(lines: list[str]) -> None:
    found = cookies.cookies_of(lines)
    assert cookies.hops(found, NOW).count in range(100)
    assert all(SimpleCookie(line) for line in cookies.bind(KEY, "v", found))


@proves("C5", "T36")
def test_the_third_restart_within_a_minute_is_one_too_many() -> None:
    sent: dict[str, str] = {}
    told = []
    for second in (0, 5, 59):
        restarts = cookies.one_more(cookies.hops(sent, NOW + second), NOW + second)
        sent = cookies.cookies_of([cookies.count(restarts).split(";")[0]])
        told.append(restarts.too_many)
    assert told == [False, False, True]


@proves("C5")
def test_restarts_are_counted_for_each_app_by_itself() -> None:
    sent = cookies.cookies_of([cookies.count(Hops(2, NOW, NOW), "appone_1").split(";")[0]])
    assert cookies.one_more(cookies.hops(sent, NOW, "appone_1"), NOW).too_many
    assert cookies.hops(sent, NOW, "apptwo_2") == Hops()
    assert cookies.hops(sent, NOW) == Hops()


def test_after_a_minute_the_count_begins_anew() -> None:
    sent = {cookies.HOP: f"2.{NOW}.{NOW + 40}"}
    assert cookies.hops(sent, NOW + 59) == Hops(2, NOW, NOW + 40)
    assert cookies.one_more(cookies.hops(sent, NOW + 60), NOW + 60) == Hops(1, NOW + 60, NOW + 60)


@pytest.mark.parametrize("value", [
    "", "x", "1", "-1.1.1", "1.2", f"1.{NOW}.{NOW}.1", f"1.{NOW + 1}.{NOW + 1}", f"1.{NOW}.{NOW - 1}", "1e9.1.1",
    f"999.{NOW}.{NOW}", f"1.{NOW}.{NOW}\n", f" 1.{NOW}.{NOW}", f"١.{NOW}.{NOW}", "9" * 5000,
])
def test_an_odd_count_counts_as_none(value: str) -> None:
    assert cookies.hops({cookies.HOP: value}, NOW) == Hops()
