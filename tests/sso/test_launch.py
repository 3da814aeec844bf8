"""From a tile into the product: what a launch does, and what nobody can make it do."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.sso.flows import NAVIGATION, Page
from tests.sso.laboratory import BASE, HOST, Laboratory, laboratory, person_at
from tests.sso.proves import proves

TEACHER = person_at("clever", "teacher")
CALLBACK = f"{BASE}/cb/clever/literacy"


@pytest.fixture
def lab() -> Laboratory:
    return laboratory()


def ours(page: Page) -> list[int]:
    """Statuses of our own redirects on the way."""
    return [hop.response.status for hop in page.hops if hop.url.startswith(BASE) and hop.response.location]


@proves("C2", "T29", "K46")
@pytest.mark.parametrize("portal", ["clever", "classlink"])
def test_a_tile_leads_into_the_product_without_a_screen(lab: Laboratory, portal: str) -> None:
    page = lab.browser().open(lab.tile(portal, "teacher"))
    assert page.signed_in == f"{portal}-teacher"
    assert {hop.response.status for hop in page.hops} == {200, 302, 303}
    assert ours(page) == [303, 303, 303]


@proves("C1", "C2", "T1", "K46")
def test_a_code_without_our_state_is_never_redeemed(lab: Laboratory) -> None:
    placed = lab.portals["clever"].code_for(TEACHER, "literacy")
    answer = lab.browser().ask(f"{CALLBACK}?code={placed}")
    told = parse_qs(urlsplit(answer.location).query)
    assert (answer.status, told) == (303, {"iss": [BASE], "login_hint": ["clever"]})
    assert answer.location.startswith("https://literacy.example/sso/initiate?")
    assert (lab.redeemed_at("clever"), placed in answer.location) == (0, False)


@proves("T1")
def test_an_attackers_callback_address_signs_the_victim_in_as_the_victim(lab: Laboratory) -> None:
    victim = lab.at_portal("clever", "student")
    attackers = lab.portals["clever"].code_for(TEACHER, "literacy")
    page = victim.open(f"{CALLBACK}?code={attackers}")
    redeemed = [call.said["code"] for call in lab.portals["clever"].asked_for("token")]
    assert page.signed_in == "clever-student"
    assert attackers not in redeemed


@proves("C2", "T28")
def test_nothing_of_the_request_gets_into_a_launch(lab: Laboratory) -> None:
    odd = "&".join(f"{name}={quote('https://attacker.example/')}" for name in (
        "redirect_uri", "target_link_uri", "target", "login_hint", "initiate_uri", "next", "scope"))
    answer = lab.browser().ask(f"{CALLBACK}?code=placed&{odd}")
    assert answer.location == "https://literacy.example/sso/initiate?" \
        f"iss={quote(BASE, safe='')}&login_hint=clever"


@proves("C4")
@pytest.mark.parametrize("path", [
    "/cb/clever/other", "/cb/other/literacy", "/cb/clever", "/cb/clever/", "/cb/clever/literacy/more",
    "/cb//evil.example/literacy", "/start/clever/other", "/start/other/literacy", "/start/clever", "/portals/other",
    "/start/clever/literacy/more", "/nowhere",
])
def test_an_address_that_nobody_registered_leads_nowhere(lab: Laboratory, path: str) -> None:
    answer = lab.browser().ask(f"{BASE}{path}?code=one&target=lesson")
    assert (answer.status, answer.location, answer.cookies) == (404, "", ())
    assert "SSO-404" in answer.body


@proves("C5", "T36", "K48")
def test_a_portal_that_drops_our_state_ends_on_a_page_after_one_restart(lab: Laboratory) -> None:
    lab.portals["clever"].switches.drop_state = True
    page = lab.browser().open(lab.tile("clever", "teacher"))
    assert page.code == "SSO-108"
    assert len(page.went_through("https://literacy.example/sso/initiate")) == 2  # the launch, and one restart
    assert lab.redeemed_at("clever") == 0


@proves("T36", "C48")
def test_the_button_of_the_loop_page_begins_to_count_anew(lab: Laboratory) -> None:
    lab.portals["clever"].switches.drop_state = True
    browser = lab.browser()
    stopped = browser.open(lab.tile("clever", "teacher"))
    lab.portals["clever"].switches.drop_state = False
    again = f"{BASE}/start/clever/literacy"
    assert again in stopped.links
    assert browser.open(again).signed_in == "clever-teacher"


@proves("T36")
def test_without_cookies_a_sign_in_ends_on_a_page(lab: Laboratory) -> None:
    browser = lab.browser(blocks_cookies=True)
    code = lab.portals["clever"].code_for(TEACHER, "literacy")
    begun = browser.open(f"{CALLBACK}?code={code}", stop_at=lab.portals["clever"].url)
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    assert browser.open(f"{CALLBACK}?code={code}&state={state}").code == "SSO-104"
    assert lab.redeemed_at("clever") == 0


@proves("C5")
def test_many_products_opened_at_once_are_no_loop(lab: Laboratory) -> None:
    browser = lab.at_portal("clever", "teacher")
    for _ in range(2):
        for app in ("literacy", "galileo"):
            assert browser.ask(f"{BASE}/cb/clever/{app}?code=one").status == 303
    assert browser.ask(f"{BASE}/cb/clever/galileo?code=one").status == 303  # the other one was last: counted anew


@proves("C5")
def test_launches_that_end_well_are_no_loop(lab: Laboratory) -> None:
    browser = lab.browser()
    opened = [browser.open(lab.tile("clever", "teacher")).signed_in for _ in range(5)]
    assert opened == ["clever-teacher"] * 5


def test_a_minute_later_restarts_are_counted_anew(lab: Laboratory) -> None:
    browser = lab.browser()
    twice = [browser.ask(f"{CALLBACK}?code=one").status for _ in range(2)]
    lab.clock.pass_seconds(61)
    assert [*twice, browser.ask(f"{CALLBACK}?code=one").status] == [303, 303, 303]


@proves("C6", "T34")
@pytest.mark.parametrize("path", [
    "/cb/clever/literacy?code=one", "/cb/clever/literacy?code=a&state=b", "/start/clever/literacy", "/",
    "/portals/literacy",
])
@pytest.mark.parametrize("dest", ["image", "iframe", "script", "empty"])
def test_what_a_foreign_page_loads_has_no_effect(lab: Laboratory, path: str, dest: str) -> None:
    answer = lab.browser().load(f"{BASE}{path}", dest)
    assert (answer.status, answer.location, answer.cookies, answer.body) == (400, "", (), "")
    assert (lab.noting.counted, lab.noting.ended, lab.attempts.attempts) == ([], [], {})


@proves("T34")
@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_page_fetched_ahead_begins_nothing(lab: Laboratory, purpose: str) -> None:
    answer = lab.browser().ask(f"{CALLBACK}?code=one", {**NAVIGATION, "sec-purpose": purpose})
    assert (answer.status, answer.location, answer.cookies) == (400, "", ())


@proves("T28")
def test_a_bookmark_with_a_known_target_takes_it_along(lab: Laboratory) -> None:
    answer = lab.browser().ask(f"{BASE}/start/clever/literacy?target=lesson")
    assert parse_qs(urlsplit(answer.location).query)["target_link_uri"] == ["https://literacy.example/lessons/1"]


@proves("T28", "K59")
@pytest.mark.parametrize("target", [
    "https://attacker.example", "//attacker.example", "\\\\attacker.example", "lesson@attacker.example", "lesson\r\nx",
    "../lesson", "LESSON", "ｌesson", "", "javascript:alert(1)",
])
def test_a_target_that_nobody_registered_goes_nowhere(lab: Laboratory, target: str) -> None:
    answer = lab.browser().ask(f"{BASE}/start/clever/literacy?target={quote(target)}")
    assert "target_link_uri" not in answer.location
    assert answer.location.startswith("https://literacy.example/sso/initiate?") or "SSO-106" in answer.body


def test_a_product_that_is_switched_off_begins_nothing(lab: Laboratory) -> None:
    lab.registry.registrations["literacy"] = replace(lab.registry.registrations["literacy"], enabled=False)
    browser = lab.browser()
    pages = [browser.open(f"{BASE}{path}") for path in (
        "/start/clever/literacy", "/start/clever/literacy?target=x", "/cb/clever/literacy?code=one",
        "/portals/literacy")]
    assert [page.code for page in pages] == ["SSO-302"] * 4


def test_our_first_page_leads_to_the_portals(lab: Laboratory) -> None:
    page = lab.browser().open(f"{BASE}/")
    assert (page.status, page.links) == (200, [portal.portal().home for portal in lab.portals.values()])


def test_a_products_page_of_portals_leads_to_a_sign_in(lab: Laboratory) -> None:
    page = lab.browser().open(f"{BASE}/portals/literacy")
    assert page.links == [f"{BASE}/start/clever/literacy", f"{BASE}/start/classlink/literacy"]
    assert lab.at_portal("classlink", "student").open(page.links[1]).signed_in == "classlink-student"


@proves("C7")
@pytest.mark.parametrize("path", ["/", "/start/clever/literacy", "/cb/clever/literacy", "/authorize"])
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
def test_other_methods_have_no_effect(lab: Laboratory, path: str, method: str) -> None:
    answer = lab.sso.get(path, "code=one", {"host": HOST}, method)
    assert (answer.status, answer.location, answer.cookies) == (405, "", ())
    assert (lab.attempts.attempts, lab.launches.transactions) == ({}, {})


@proves("C48")
def test_every_page_of_a_launch_leads_on(lab: Laboratory) -> None:
    browser = lab.browser()
    pages = [browser.open(f"{BASE}{path}") for path in ("/", "/nowhere", "/cb/clever/literacy", "/portals/galileo")]
    assert all(page.links for page in pages)
    leading = {link for page in pages for link in page.links if link.startswith(BASE)}
    assert {browser.ask(link).status for link in leading} <= {200, 303}
