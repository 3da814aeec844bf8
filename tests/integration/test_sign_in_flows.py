"""Sign-ins as people see them: real Chromium, the deployed functions on the embedded AWS, portals that are not ours.

Screenshots of where each flow ends are kept in `.homeroom/screenshots/flows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from homeroom.model.sign_in import SIGNED_IN, Attempt
from homeroom.sso.codes import CODES
from local.demo.browser import Browser as SmallBrowser
from local.sample_product.product import Settings
from tests.browser.harness import SCREENSHOTS, Browser, Call, Context, Page, need
from tests.integration.sign_in_scene import embedded_scene, own_stack
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
)

FOLDER = SCREENSHOTS / "flows"
FIRST_STEP = "main .steps a.first"
"""The first button of a page of ours."""
MOVED = {301, 302, 303, 307, 308}
HELLO = {TEACHER: "Hello, Teacher 01 Sample", COLLEAGUE: "Hello, Teacher 02 Sample",
         CLEVER_TEACHER: "Hello, Teacher 01 of Clever", CLEVER_STUDENT: "Hello, Student 01 of Clever"}


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    need()
    with own_stack() as aws, embedded_scene(aws, "flows") as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    need()
    with Browser() as running:
        yield running


@pytest.fixture
def device(chromium: Browser) -> Iterator[Context]:
    """A computer in a classroom: one browser, no cookies."""
    with chromium.context() as made:
        yield made


class Since:
    """The sign-ins that the history got since this was made."""

    def __init__(self, scene: Scene):
        self._scene = scene
        self._known = {attempt.login_id for attempt in scene.attempts()}

    def outcomes(self) -> Sequence[str]:
        """Of each, in the order of time."""
        return [attempt.outcome for attempt in self.attempts()]

    def attempts(self) -> Sequence[Attempt]:
        new = [attempt for attempt in self._scene.attempts() if attempt.login_id not in self._known]
        return sorted(new, key=lambda attempt: attempt.at)


def entered(device: Context, scene: Scene, who: str) -> Page:
    """A tab in which this person has just signed in to the portal."""
    page = device.page()
    page.goto(scene.portal_of(who).sign_in(who))
    page.forget()
    return page


def click_tile(page: Page, offer: Offer) -> None:
    """As a person does it: the link on the portal's own page."""
    page.click("link", f"open {offer.client.id}")


def documents(page: Page) -> list[Call]:
    """Every address of the window since the tile was clicked, in order."""
    return [call for call in page.requests() if call.type == "document"]


def shown(page: Page) -> list[Call]:
    """Those that a person got to see: all that did not lead on."""
    return [call for call in documents(page) if call.status not in MOVED]


def path_of(call: Call) -> str:
    return urlsplit(call.url).path


def code_on(page: Page) -> str:
    """`SSO-nnn` of the page, empty if it is none of ours."""
    found = re.search(r"SSO-\d{3}", page.text())
    return found[0] if found else ""


def keep(page: Page, name: str) -> None:
    page.screenshot(FOLDER / f"{name}.png")


def session_of(device: Context, settings: Settings) -> str:
    """The product's session cookie."""
    name = f"__Host-session-{settings.client_id}"
    return next(str(cookie["value"]) for cookie in device.cookies() if cookie["name"] == name)


# ---------------------------------------------------------------- one click


@proves("C1", "C2", "K46", "K52", "K58")
@pytest.mark.parametrize(("who", "line"), [
    (TEACHER, "sonday"), (CLEVER_TEACHER, "galileo"), (CLEVER_STUDENT, "galileo")])
@pytest.mark.parametrize("javascript", [True, False], ids=["", "without JavaScript"])
def test_a_click_on_the_tile_leads_home_and_nothing_is_shown_between(
    chromium: Browser, scene: Scene, who: str, line: str, javascript: bool,
) -> None:
    offer: Offer = getattr(scene, line)
    history = Since(scene)
    with chromium.context(javascript=javascript) as device:
        page = entered(device, scene, who)
        click_tile(page, offer)
        assert page.text("h1") == HELLO[who]
        assert page.text("#name") in HELLO[who]
        assert [(call.url, call.status) for call in shown(page)] == [(f"{offer.settings.base_url}/", 200)]
        ours = [path_of(call) for call in documents(page) if call.url.startswith(scene.ours)]
        callback = f"/cb/{offer.portal}/{offer.slug}"
        assert ours == [callback, "/authorize", callback], "the tile's code, the product's request, the portal's answer"
        keep(page, f"{line}-{who[:6]}-home")
    assert [(one.outcome, bool(one.redeemed_at), one.unsolicited) for one in history.attempts()] == [
        (SIGNED_IN, True, True)]


@proves("K54")
@pytest.mark.parametrize(("who", "code"), [(STUDENT, "SSO-306"), (ADMINISTRATOR, "SSO-307"), (STRANGER, "SSO-203")])
def test_who_may_not_gets_one_page_that_says_why(device: Context, scene: Scene, who: str, code: str) -> None:
    history = Since(scene)
    page = entered(device, scene, who)
    click_tile(page, scene.sonday)
    assert (code_on(page), page.text("h1")) == (code, CODES[code].title.replace("{product}", scene.sonday.product))
    assert [call.status for call in shown(page)] == [CODES[code].status]
    keep(page, f"refused-{code}")
    assert history.outcomes() == [code]


def test_a_student_of_sonday_is_led_back_to_the_portal(device: Context, scene: Scene) -> None:
    page = entered(device, scene, STUDENT)
    click_tile(page, scene.sonday)
    assert page.attribute(FIRST_STEP, "href") == f"{scene.classlink.url}/portal"
    page.click("link", "Go to ClassLink")
    assert page.text("h1") == "A portal"


def test_an_administrator_of_sonday_is_told_the_other_address(device: Context, scene: Scene) -> None:
    page = entered(device, scene, ADMINISTRATOR)
    click_tile(page, scene.sonday)
    assert page.attribute(FIRST_STEP, "href") == "https://admin.imaginesonday.com"


# ---------------------------------------------------------------- one device, several people


@proves("C46", "T35", "K51")
def test_the_second_persons_click_ends_the_first_persons_session(device: Context, scene: Scene) -> None:
    first = entered(device, scene, TEACHER)
    click_tile(first, scene.sonday)
    old = session_of(device, scene.sonday.settings)
    second = entered(device, scene, COLLEAGUE)
    click_tile(second, scene.sonday)
    assert second.text("h1") == HELLO[COLLEAGUE]
    assert session_of(device, scene.sonday.settings) != old
    keep(second, "shared-device-second-person")
    first.fill("#note", "written into the wrong account?")
    first.forget()
    first.click("button", "Keep")
    assert [call.status for call in shown(first)] == [409]
    assert first.text("h1") == "Signed in as someone else"
    keep(first, "shared-device-stale-tab")
    second.reload()
    assert "wrong account" not in second.text()


@proves("C46", "T35")
def test_the_old_session_is_dead_in_every_browser(device: Context, scene: Scene) -> None:
    page = entered(device, scene, TEACHER)
    click_tile(page, scene.sonday)
    settings = scene.sonday.settings
    old = session_of(device, settings)
    again = entered(device, scene, COLLEAGUE)
    click_tile(again, scene.sonday)
    thief = SmallBrowser()
    thief.plant("127.0.0.1", f"__Host-session-{settings.client_id}", old)
    assert thief.open(f"{settings.base_url}/me").status == 401
    assert again.goto(f"{settings.base_url}/me") == 200


@proves("K57")
def test_signing_out_ends_the_products_session_alone(device: Context, scene: Scene) -> None:
    page = entered(device, scene, TEACHER)
    click_tile(page, scene.sonday)
    page.click("button", "Sign out")
    assert page.text("h1") == "You are signed out of Sonday System 1"
    assert "shared computer" in page.text()
    keep(page, "signed-out")
    assert page.goto(f"{scene.sonday.settings.base_url}/me") == 401
    page.goto(f"{scene.classlink.url}/portal")
    assert f"{TEACHER} is signed in" in page.text()
    click_tile(page, scene.sonday)
    assert page.text("h1") == HELLO[TEACHER]


# ---------------------------------------------------------------- what people do with browsers


def test_the_back_button_after_a_sign_in_does_no_harm(device: Context, scene: Scene) -> None:
    history = Since(scene)
    page = entered(device, scene, TEACHER)
    click_tile(page, scene.sonday)
    page.back()
    assert page.url() == f"{scene.classlink.url}/portal", "nothing of the way is left behind"
    assert history.outcomes() == [SIGNED_IN]


@proves("C15", "T6", "K49")
def test_an_address_of_the_way_opened_again_redeems_nothing(device: Context, scene: Scene) -> None:
    page = entered(device, scene, TEACHER)
    click_tile(page, scene.sonday)
    answer = next(call.url for call in reversed(documents(page)) if call.url.startswith(scene.callback(scene.sonday)))
    before = scene.classlink.report()
    page.goto(answer)
    assert scene.classlink.report().token_calls == before.token_calls, "the used code was not tried again"
    assert code_on(page) == "SSO-105"
    keep(page, "callback-opened-again")
    page.reload()
    assert code_on(page) == "SSO-105"
    page.click(selector=FIRST_STEP)
    assert page.text("h1") == HELLO[TEACHER]


@proves("C13")
def test_two_tabs_at_once_both_get_home(device: Context, scene: Scene) -> None:
    history = Since(scene)
    tabs = [entered(device, scene, TEACHER), device.page()]
    tabs[1].goto(f"{scene.classlink.url}/portal")
    for tab in tabs:
        tab.click("link", f"open {scene.sonday.client.id}", stays=True)
    assert [tab.text("#name") for tab in tabs] == ["Teacher 01 Sample"] * 2
    assert history.outcomes() == [SIGNED_IN, SIGNED_IN]


def test_a_double_click_on_the_tile_signs_in(device: Context, scene: Scene) -> None:
    page = entered(device, scene, TEACHER)
    page.double_click("link", f"open {scene.sonday.client.id}")
    assert page.text("#name") == "Teacher 01 Sample"
    assert page.text("h1") == HELLO[TEACHER]


@proves("T36", "C5", "K48")
def test_a_portal_that_loses_our_state_ends_on_a_page(device: Context, scene: Scene) -> None:
    history = Since(scene)
    page = entered(device, scene, TEACHER)
    scene.classlink.behave(drop_state=True)
    try:
        click_tile(page, scene.sonday)
        assert code_on(page) == "SSO-108"
        assert len([call for call in documents(page) if call.url.startswith(scene.ours)]) <= 6
        keep(page, "state-lost")
    finally:
        scene.classlink.behave(drop_state=False)
    assert SIGNED_IN not in history.outcomes()
    page.click(selector=FIRST_STEP)
    assert page.text("h1") == HELLO[TEACHER]


@proves("T36")
def test_a_browser_that_blocks_our_cookies_ends_on_a_page(scene: Scene) -> None:
    with Browser(blocks=[scene.ours]) as guarded, guarded.context() as device:
        page = entered(device, scene, TEACHER)
        click_tile(page, scene.sonday)
        assert code_on(page) == "SSO-104"
        keep(page, "cookies-blocked")


# ---------------------------------------------------------------- somebody who means harm


@proves("C14", "T2")
def test_an_answer_of_somebody_elses_sign_in_opens_nothing(device: Context, scene: Scene) -> None:
    attacker = scene.browser(TEACHER)
    address = scene.answered(attacker, scene.sonday)
    before = scene.classlink.report()
    victim = entered(device, scene, COLLEAGUE)
    victim.goto(address)
    assert code_on(victim) == "SSO-104"
    assert scene.classlink.report().token_calls == before.token_calls
    keep(victim, "answer-of-somebody-else")
    victim.click(selector=FIRST_STEP)
    assert victim.text("h1") == HELLO[COLLEAGUE]
    assert attacker.open(address).text("h1") == HELLO[TEACHER], "the sign-in itself is unharmed"


@proves("T1", "C1")
def test_a_link_with_somebody_elses_code_opens_ones_own_account(device: Context, scene: Scene) -> None:
    stolen = scene.browser(TEACHER).open(scene.sonday.tile, until=scene.callback(scene.sonday)).url
    before = scene.classlink.report()
    victim = entered(device, scene, COLLEAGUE)
    victim.goto(stolen)
    assert victim.text("h1") == HELLO[COLLEAGUE]
    assert scene.classlink.report().token_calls == before.token_calls + 1, "the victim's own code, and no other"
