"""What a portal's answer can be, row by row of reference/sso.md 3.2, and who gets in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from homeroom.model.sign_in_choices import SignInView
from tests.sso.flows import Browser
from tests.sso.laboratory import BASE, Laboratory, laboratory, person_at
from tests.sso.proves import proves

CALLBACK = f"{BASE}/cb/clever/literacy"
TEACHER = person_at("clever", "teacher")
Change = Callable[[Laboratory], object]


@pytest.fixture
def lab() -> Laboratory:
    return laboratory()


@pytest.fixture
def browser(lab: Laboratory) -> Browser:
    return lab.at_portal("clever", "teacher")


def changed(lab: Laboratory, **other: object) -> None:
    """The district by Clever, signing in otherwise."""
    view: SignInView = lab.registry.views["lab-portal"]
    lab.registry.views["lab-portal"] = replace(view, **other)  # type: ignore[arg-type]


def teacher(lab: Laboratory, **other: object) -> None:
    """The teacher of that district, otherwise."""
    lab.rosters.people["lab-portal", "clever-teacher"].update(other)  # type: ignore[attr-defined]


@proves("C3", "C48")
def test_a_callback_with_nothing_in_it_is_a_page_and_changes_nothing(lab: Laboratory, browser: Browser) -> None:
    page = browser.open(CALLBACK)
    assert (page.code, page.status, page.hops[-1].response.cookies) == ("SSO-101", 400, ())
    assert (lab.launches.transactions, lab.attempts.attempts, lab.redeemed_at("clever")) == ({}, {}, 0)
    assert f"{BASE}/start/clever/literacy" in page.links


@proves("C13", "T2")
def test_two_tabs_sign_in_at_once_and_both_get_in(lab: Laboratory, browser: Browser) -> None:
    first = lab.stopped_before_callback(browser)
    session = dict(browser.jar)
    second = lab.stopped_before_callback(browser)
    browser.jar = {**session, **browser.jar}
    answers = [browser.ask(url) for url in (second, first)]
    assert [answer.location.partition("?")[0] for answer in answers] == ["https://literacy.example/sso/callback"] * 2
    assert lab.redeemed_at("clever") == 2


@proves("C14", "T2", "K47")
def test_an_answer_in_another_browser_opens_nothing_and_stays_good_at_home(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    victim = lab.at_portal("clever", "student")
    page = victim.open(address)
    assert (page.code, page.status, lab.redeemed_at("clever")) == ("SSO-104", 400, 0)
    assert [event for event, _ in lab.noting.alarms] == ["binding mismatch"]
    assert browser.open(address).signed_in == "clever-teacher"


@proves("C14", "T2")
def test_the_cookie_of_another_sign_in_does_not_fit(lab: Laboratory, browser: Browser) -> None:
    victim = lab.at_portal("clever", "student")
    own, attackers = lab.stopped_before_callback(victim), lab.stopped_before_callback(browser)
    (mine,) = [name for host, name in victim.jar if name.startswith("__Host-sso_t_")]
    (theirs,) = [name for host, name in browser.jar if name.startswith("__Host-sso_t_")]
    victim.jar[BASE.removeprefix("https://"), theirs] = victim.jar[BASE.removeprefix("https://"), mine]
    assert (victim.open(attackers).code, lab.redeemed_at("clever")) == ("SSO-104", 0)
    assert victim.open(own).signed_in == "clever-student"


@proves("C15", "T6", "K49")
def test_a_callback_opened_again_at_once_is_a_page_and_nobody_is_signed_out(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    browser.open(address)
    again = browser.open(address)
    assert (again.code, lab.redeemed_at("clever")) == ("SSO-105", 1)
    assert browser.open("https://literacy.example/").signed_in == "clever-teacher"
    assert browser.open(f"{BASE}/start/clever/literacy").signed_in == "clever-teacher"


@proves("C15", "T6", "K48", "K49")
def test_a_callback_opened_again_later_signs_in_afresh_without_a_page(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    browser.open(address)
    lab.clock.pass_seconds(31)
    again = browser.open(address)
    assert (again.signed_in, lab.redeemed_at("clever")) == ("clever-teacher", 2)
    codes = [call.said["code"] for call in lab.portals["clever"].asked_for("token")]
    assert len(set(codes)) == 2


@proves("K48", "T36")
def test_a_portal_that_keeps_sending_an_old_state_restarts_it_once(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    browser.open(address)
    lab.clock.pass_seconds(31)
    answers = [browser.ask(address), browser.ask(address)]
    assert [answer.status for answer in answers] == [303, 400]
    assert "SSO-105" in answers[1].body


@proves("C11", "C15")
@pytest.mark.parametrize(("seconds", "begun_again"), [(599, False), (600, True)])
def test_a_sign_in_is_good_for_ten_minutes_whatever_the_table_still_holds(
    lab: Laboratory, browser: Browser, seconds: int, begun_again: bool,
) -> None:
    address = lab.stopped_before_callback(browser)
    lab.portals["clever"].now = lambda: lab.clock.now().timestamp() - seconds  # its code lives on, to reach our check
    lab.clock.pass_seconds(seconds)
    answer = browser.ask(address)
    assert answer.location.startswith("https://literacy.example/sso/initiate?") is begun_again
    assert len(lab.portals["clever"].asked_for("token")) == (0 if begun_again else 1)


@proves("C16", "T6")
def test_of_twenty_equal_callbacks_at_once_one_asks_the_portal(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    parts = urlsplit(address)
    headers = {"cookie": "; ".join(browser.cookies(parts.netloc))}
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: lab.sso.get(parts.path, parts.query, headers), range(20)))
    handed = [answer for answer in answers if answer.location.startswith("https://literacy.example/sso/callback?code=")]
    assert (len(handed), lab.redeemed_at("clever"), len(lab.launches.handoffs)) == (1, 1, 1)


@proves("C17", "T33")
@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_a_parameter_that_comes_twice_is_refused_before_anything_else(
    lab: Laboratory, browser: Browser, name: str,
) -> None:
    address = lab.stopped_before_callback(browser)
    page = browser.open(f"{address}&{name}=one&{name}=two")
    assert (page.code, page.status, lab.redeemed_at("clever")) == ("SSO-106", 400, 0)
    assert browser.open(address).signed_in == "clever-teacher"


@proves("C17", "T33")
@pytest.mark.parametrize("query", [
    "code=a%00b&state=x", "code=a&state=x%0d%0aset-cookie:a=b", f"code={'x' * 2048}", "code=%c2%80&state=x",
    "code=%ff&state=x", "state=only",
])
def test_a_damaged_callback_is_a_page(lab: Laboratory, browser: Browser, query: str) -> None:
    page = browser.open(f"{CALLBACK}?{query}")
    assert (page.code, page.status, lab.redeemed_at("clever")) == ("SSO-106", 400, 0)


@proves("C18", "T11")
@pytest.mark.parametrize("iss", ["https://classlink.portal.example", "https://clever.portal.example/", "x", ""])
def test_an_answer_that_names_another_issuer_is_refused_and_told(lab: Laboratory, browser: Browser, iss: str) -> None:
    address = lab.stopped_before_callback(browser)
    page = browser.open(f"{address}&iss={quote(iss, safe='')}")
    assert (page.code, lab.redeemed_at("clever")) == ("SSO-107", 0)
    assert [event for event, _ in lab.noting.alarms] == ["issuer mismatch"]
    assert browser.open(address).signed_in == "clever-teacher"


@proves("C18")
def test_an_answer_that_names_its_own_issuer_is_taken(lab: Laboratory, browser: Browser) -> None:
    lab.portals["clever"].switches.iss = "own"
    assert browser.open(f"{BASE}/start/clever/literacy").signed_in == "clever-teacher"


@proves("C19", "T11")
@pytest.mark.parametrize("other", ["/cb/classlink/literacy", "/cb/clever/galileo"])
def test_an_answer_brought_to_another_callback_is_refused(lab: Laboratory, browser: Browser, other: str) -> None:
    address = lab.stopped_before_callback(browser)
    page = browser.open(address.replace("/cb/clever/literacy", other))
    assert (page.code, lab.redeemed_at("clever"), lab.redeemed_at("classlink")) == ("SSO-107", 0, 0)
    assert [event for event, _ in lab.noting.alarms] == ["app mismatch"]
    assert browser.open(address).signed_in == "clever-teacher"


@proves("C20", "K54")
@pytest.mark.parametrize(("error", "code"), [
    ("access_denied", "SSO-102"), ("unauthorized-user", "SSO-102"), ("login_required", "SSO-103"),
    ("temporarily_unavailable", "SSO-103"), ("<b>something else</b>", "SSO-103"),
])
def test_a_portals_error_is_a_page_in_our_own_words(
    lab: Laboratory, browser: Browser, error: str, code: str,
) -> None:
    lab.portals["clever"].switches.error = error
    page = browser.open(f"{BASE}/start/clever/literacy")
    assert (page.code, lab.redeemed_at("clever"), lab.launches.transactions) == (code, 0, {})
    assert not [name for _, name in browser.jar if name.startswith("__Host-sso_t_")]
    assert error not in page.body
    assert error not in str(lab.noting)
    lab.portals["clever"].switches.error = ""
    assert browser.open(next(link for link in page.links if "/start/" in link)).signed_in == "clever-teacher"


@proves("C20")
def test_an_error_in_another_browser_leaves_the_sign_in_alone(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    page = lab.browser().open(f"{CALLBACK}?error=access_denied&error_description=%3Cscript%3E&state={state}")
    assert page.code == "SSO-102"
    assert "script" not in page.body
    assert browser.open(address).signed_in == "clever-teacher"


@proves("T5")
@pytest.mark.parametrize("pkce", [True, False])
def test_a_code_of_another_sign_in_is_refused(pkce: bool) -> None:
    lab = laboratory(pkce=pkce)
    browser = lab.at_portal("clever", "student")
    address = lab.stopped_before_callback(browser)
    query = parse_qs(urlsplit(address).query)
    injected = lab.portals["clever"].code_for(TEACHER, "literacy", nonce="nonce of another sign-in")
    page = browser.open(f"{CALLBACK}?code={injected}&state={query['state'][0]}")
    assert (page.code, lab.launches.handoffs) == ("SSO-109", {})
    assert "nonce mismatch" in [event for event, _ in lab.noting.alarms]


def test_a_code_that_the_portal_no_longer_knows_is_a_page_with_a_button(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    lab.clock.pass_seconds(61)
    page = browser.open(address)
    assert (page.code, lab.redeemed_at("clever")) == ("SSO-105", 1)
    assert browser.open(f"{BASE}/start/clever/literacy").signed_in == "clever-teacher"


@proves("K54")
@pytest.mark.parametrize("broken", ["500", "html", "empty", "redirect", "drop"])
def test_a_portal_that_is_down_is_a_page_and_the_code_is_not_tried_again(
    lab: Laboratory, browser: Browser, broken: str,
) -> None:
    lab.portals["clever"].switches.broken = {"token": broken}
    page = browser.open(f"{BASE}/start/clever/literacy")
    assert (page.code, page.status, lab.redeemed_at("clever")) == ("SSO-103", 502, 1)
    assert f"{BASE}/start/clever/literacy" in page.links


@proves("C36")
def test_somebody_new_asks_for_a_run_once_in_a_quarter_of_an_hour(lab: Laboratory, browser: Browser) -> None:
    lab.rosters.links.clear()
    asked = []
    for seconds in (0, 60, 839, 2):
        lab.clock.pass_seconds(seconds)
        assert browser.open(f"{BASE}/start/clever/literacy").code == "SSO-203"
        asked.append(len(lab.runs.asked))
    assert (asked, set(lab.runs.asked)) == ([1, 1, 1, 2], {"lab-portal"})


@proves("C36")
def test_where_files_are_pushed_no_run_is_asked_for() -> None:
    lab = laboratory()
    view = lab.registry.views["link-portal"]
    lab.registry.views["link-portal"] = replace(view, transport="csv_pushed")
    lab.rosters.links.clear()
    page = lab.at_portal("classlink", "teacher").open(f"{BASE}/start/classlink/literacy")
    assert (page.code, lab.runs.asked) == ("SSO-203", [])


@proves("C36", "C38", "T27", "C48")
@pytest.mark.parametrize(("change", "code"), [
    (lambda lab: lab.registry.tenants.clear(), "SSO-201"),
    (lambda lab: changed(lab, on=False), "SSO-202"),
    (lambda lab: changed(lab, products=("Imagine Purpose",)), "SSO-301"),
    (lambda lab: changed(lab, ended="Clever rostering ended"), "SSO-302"),
    (lambda lab: teacher(lab, status="archived"), "SSO-205"),
    (lambda lab: teacher(lab, role="student", roles=["student"]), "SSO-304"),
    (lambda lab: teacher(lab, role="guardian", roles=["guardian"]), "SSO-303"),
])
def test_who_may_not_gets_a_page_that_leads_on_and_one_record(
    lab: Laboratory, browser: Browser, change: Change, code: str,
) -> None:
    change(lab)
    page = browser.open(f"{BASE}/start/clever/literacy")
    (attempt, milliseconds), = lab.noting.ended
    assert (page.code, page.links != [], lab.launches.handoffs) == (code, True, {})
    assert (attempt.outcome, attempt.login_id, attempt.reason != "") == (code, page.reference, True)
    assert list(lab.attempts.attempts) == [page.reference]
    assert {"exchange", "id_token", "subject", "district", "total"} <= set(milliseconds)
    assert not [name for _, name in browser.jar if name.startswith("__Host-sso_t_")]


@proves("T27", "C38")
def test_a_product_that_the_district_does_not_have_stays_shut_by_its_own_address(
    lab: Laboratory, browser: Browser,
) -> None:
    page = browser.open(f"{BASE}/start/clever/galileo")
    assert (page.code, lab.rosters.asked, lab.launches.handoffs) == ("SSO-301", [], {})


def test_a_sign_in_that_ended_well_has_one_record_that_names_nobody(lab: Laboratory, browser: Browser) -> None:
    browser.open(lab.tile("clever", "teacher"))
    (attempt, _), = lab.noting.ended
    assert (attempt.outcome, attempt.step, attempt.rule, attempt.role) == ("signed in", "handoff", "id", "teacher")
    assert (attempt.hops, attempt.unsolicited, attempt.person) == (1, True, "clever-teacher")
    assert lab.attempts.attempts[attempt.login_id].redeemed_at != ""
    told = f"{lab.noting} {lab.attempts}"
    assert not [word for word in (TEACHER, "Sample", "sample.example", "sis-", "login.", "legacy-") if word in told]


def test_a_sign_in_from_a_bookmark_is_not_unsolicited(lab: Laboratory, browser: Browser) -> None:
    browser.open(f"{BASE}/start/clever/literacy")
    assert (lab.last_attempt().hops, lab.last_attempt().unsolicited) == (0, False)


@proves("K59", "T28", "T29")
def test_every_redirect_of_ours_is_303_and_goes_to_a_place_of_configuration(lab: Laboratory, browser: Browser) -> None:
    places = ("https://literacy.example/sso/initiate?", "https://literacy.example/sso/callback?",
              "https://clever.portal.example/oauth/authorize?")
    evil = quote("https://attacker.example/")
    address = lab.stopped_before_callback(browser)
    for url in (lab.tile("clever", "teacher"), f"{address}&redirect_uri={evil}&next={evil}&target_link_uri={evil}",
                f"{CALLBACK}?error={evil}&error_uri={evil}", f"{CALLBACK}?code={evil}"):
        browser.open(url)
    sent = [answer for _, answer in lab.sso.answers if "location" in answer.headers]
    assert {answer.status for answer in sent} == {303}
    assert all(answer.headers["location"].startswith(places) for answer in sent)
    assert not [answer for answer in sent if "attacker" in answer.headers["location"]]
