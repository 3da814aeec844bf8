"""Whole sign-ins, portal to product and back, over real HTTP, with portals that others wrote (npm `oidc-provider`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest

from homeroom.model.sign_in import SIGNED_IN
from homeroom.sso.codes import CODES
from local.demo.browser import Browser, Seen
from tests.browser.portals import IndependentPortal, Report
from tests.sso.proves import proves
from tests.sso.scene import (
    ADMINISTRATOR,
    CLEVER_STUDENT,
    CLEVER_TEACHER,
    COLLEAGUE,
    STRANGER,
    STUDENT,
    TEACHER,
    Offer,
    Scene,
    memory_scene,
)

pytestmark = pytest.mark.integration

BOTH = pytest.mark.parametrize(("line", "who", "name"), [
    ("sonday", TEACHER, "Teacher 01 Sample"), ("galileo", CLEVER_TEACHER, "Teacher 01 of Clever")])


@pytest.fixture(scope="module")
def started() -> Iterator[Scene]:
    with memory_scene() as made:
        yield made


@pytest.fixture
def scene(started: Scene) -> Iterator[Scene]:
    yield started
    for portal in (started.classlink, started.clever):
        portal.behave(sends_iss=True, drop_state=False, sparse=False)


def offer_of(scene: Scene, line: str) -> Offer:
    offer: Offer = getattr(scene, line)
    return offer


def code_of(seen: Seen) -> str:
    """`SSO-nnn` of the page that is shown."""
    found = re.search(r"SSO-\d{3}", seen.body)
    return found[0] if found else ""


def since(portal: IndependentPortal, before: Report) -> Report:
    """What a portal saw meanwhile."""
    now, then = asdict(portal.report()), asdict(before)
    return Report(**{name: now[name] - then[name] for name in now})


@proves("C1", "C2", "K46", "K58")
@BOTH
def test_a_tile_leads_home_without_a_screen_between(scene: Scene, line: str, who: str, name: str) -> None:
    offer = offer_of(scene, line)
    before = scene.portal_of(who).report()
    seen = scene.browser(who).open(offer.tile)
    assert (seen.status, seen.text("h1")) == (200, f"Hello, {name}")
    assert [step.url for step in seen.shown] == [f"{offer.settings.base_url}/"]
    assert since(scene.portal_of(who), before) == Report(token_calls=1, redeemed=1, refused=0, authorized=2)


@BOTH
def test_a_portal_that_sends_no_issuer_is_as_good(scene: Scene, line: str, who: str, name: str) -> None:
    scene.portal_of(who).behave(sends_iss=False)
    assert scene.browser(who).open(offer_of(scene, line).tile).text("h1") == f"Hello, {name}"


def test_classlink_without_its_own_claims_is_asked_once_more(scene: Scene) -> None:
    scene.classlink.behave(sparse=True)
    assert scene.browser(TEACHER).open(scene.sonday.tile).text("h1") == "Hello, Teacher 01 Sample"


@proves("C26")
@BOTH
def test_keys_change_between_two_sign_ins(scene: Scene, line: str, who: str, name: str) -> None:
    offer = offer_of(scene, line)
    browser = scene.browser(who)
    assert browser.open(offer.tile).status == 200
    scene.portal_of(who).rotate("of-today")
    assert browser.open(offer.tile).text("h1") == f"Hello, {name}"


@pytest.mark.parametrize(("who", "code"), [
    (STUDENT, "SSO-306"), (ADMINISTRATOR, "SSO-307"), (STRANGER, "SSO-203")])
def test_who_may_not_sees_why(scene: Scene, who: str, code: str) -> None:
    seen = scene.browser(who).open(scene.sonday.tile)
    assert (code_of(seen), seen.status, seen.text("h1")) == (code, CODES[code].status, CODES[code].title)
    assert [step.status for step in seen.shown] == [seen.status]


def test_a_student_of_galileo_signs_in_where_the_district_wants_it(scene: Scene) -> None:
    assert scene.browser(CLEVER_STUDENT).open(scene.galileo.tile).text("h1") == "Hello, Student 01 of Clever"


@proves("C5", "T36", "K48")
@BOTH
def test_a_portal_that_drops_our_state_ends_on_a_page(scene: Scene, line: str, who: str, name: str) -> None:
    scene.portal_of(who).behave(drop_state=True)
    before = scene.portal_of(who).report()
    seen = scene.browser(who).open(offer_of(scene, line).tile)
    assert code_of(seen) == "SSO-108"
    seen_by_portal = since(scene.portal_of(who), before)
    assert seen_by_portal.token_calls == 0
    assert seen_by_portal.authorized <= 4, "the tile and at most three hops"


def test_a_browser_that_blocks_our_cookies_ends_on_a_page(scene: Scene) -> None:
    before = scene.classlink.report()
    seen = scene.browser(TEACHER, blocks="__Host-").open(scene.sonday.tile)
    assert code_of(seen) == "SSO-104"
    assert since(scene.classlink, before).token_calls == 0


@proves("C14", "T2")
def test_an_answer_in_another_browser_opens_nothing_and_spoils_nothing(scene: Scene) -> None:
    attacker, victim = scene.browser(TEACHER), scene.browser(COLLEAGUE)
    address = scene.answered(attacker, scene.sonday)
    before = scene.classlink.report()
    assert code_of(victim.open(address)) == "SSO-104"
    assert since(scene.classlink, before).token_calls == 0
    assert attacker.open(address).text("h1") == "Hello, Teacher 01 Sample"


@proves("T1")
def test_a_tiles_address_of_somebody_else_opens_ones_own_account(scene: Scene) -> None:
    stolen = scene.browser(TEACHER).open(scene.sonday.tile, until=scene.callback(scene.sonday)).url
    before = scene.classlink.report()
    seen = scene.browser(COLLEAGUE).open(stolen)
    assert seen.text("h1") == "Hello, Teacher 02 Sample"
    assert since(scene.classlink, before).refused == 0, "the stolen code was never tried"


@proves("C16", "T6", "K49")
def test_twenty_equal_callbacks_redeem_once(scene: Scene) -> None:
    browser = scene.browser(TEACHER)
    address = scene.answered(browser, scene.sonday)
    before = scene.classlink.report()
    with ThreadPoolExecutor(20) as at_once:
        ends = list(at_once.map(
            lambda _: browser.copy().open(address, until=scene.sonday.settings.base_url), range(20)))
    assert since(scene.classlink, before).token_calls == 1
    assert sum("/sso/callback?code=" in seen.url for seen in ends) == 1


@proves("C19", "T11")
def test_an_answer_of_classlink_opens_nothing_at_the_callback_of_clever(scene: Scene) -> None:
    browser = scene.browser(TEACHER)
    address = scene.answered(browser, scene.sonday)
    crossed = address.replace(scene.callback(scene.sonday), scene.callback(scene.galileo))
    assert crossed != address
    before = scene.classlink.report(), scene.clever.report()
    assert code_of(browser.open(crossed)) == "SSO-107"
    assert since(scene.classlink, before[0]).token_calls == since(scene.clever, before[1]).token_calls == 0
    assert browser.open(address).text("h1") == "Hello, Teacher 01 Sample", "the sign-in itself is unharmed"


@proves("C13")
def test_two_tabs_sign_in_at_once(scene: Scene) -> None:
    browser = scene.browser(TEACHER)
    first, second = scene.answered(browser, scene.sonday), scene.answered(browser, scene.sonday)
    assert browser.open(first).text("h1") == "Hello, Teacher 01 Sample"
    assert browser.open(second).text("h1") == "Hello, Teacher 01 Sample"


@proves("C46", "T35", "K51")
def test_the_next_person_at_the_device_is_herself(scene: Scene) -> None:
    browser = scene.browser(TEACHER)
    assert browser.open(scene.sonday.tile).text("h1") == "Hello, Teacher 01 Sample"
    home, session = scene.sonday.settings.base_url, f"__Host-session-{scene.sonday.slug}"
    old = browser.cookie("127.0.0.1", session)
    scene.enter(browser, COLLEAGUE)
    assert browser.open(scene.sonday.tile).text("h1") == "Hello, Teacher 02 Sample"
    assert browser.cookie("127.0.0.1", session) != old
    thief = Browser()
    thief.plant("127.0.0.1", session, old)
    assert thief.open(f"{home}/me").status == 401


def test_every_sign_in_is_in_the_history_once(scene: Scene) -> None:
    known = {attempt.login_id for attempt in scene.attempts()}
    for who in (TEACHER, COLLEAGUE, STUDENT):
        scene.browser(who).open(scene.sonday.tile)
    new = [attempt for attempt in scene.attempts() if attempt.login_id not in known]
    assert sorted(attempt.outcome for attempt in new) == ["SSO-306", SIGNED_IN, SIGNED_IN]
    assert all(attempt.redeemed_at for attempt in new if attempt.outcome == SIGNED_IN)
    assert all(attempt.unsolicited for attempt in new), "each began at a tile"
