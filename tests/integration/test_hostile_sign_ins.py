"""Portals that lie and people who mean harm, on the deployed functions: one page, one record, and nothing opened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from homeroom.model.sign_in import SIGNED_IN, PortalName
from homeroom.sso.http import SECURITY
from local.demo.browser import Seen
from tests.fakes.portal_server import HOSTILE, PortalDouble, set_switches
from tests.integration.hostile_lab import (
    ELSEWHERE,
    MACHINE,
    ONE,
    PLAIN,
    PORTALS,
    TWO,
    Ended,
    HostileLab,
    claims_of,
    id_at,
    nothing_opened,
    page_of,
)
from tests.integration.waiting import eventually
from tests.sso.proves import proves

AT_ONCE = 20


@pytest.fixture
def lab(hostile: HostileLab) -> Iterator[HostileLab]:
    yield hostile
    hostile.honest()


def spoiled(lab: HostileLab, portal: PortalName, app: str = ONE, **switches: Any) -> Ended:
    """How a click ends at a portal that misbehaves like this."""
    set_switches(lab.doubles[portal], switches)
    watch, browser = lab.watch(), lab.browser()
    return watch.ended(lab.click(portal, app=app, browser=browser), browser)


# ---------------------------------------------------------------- what must work, so that the rest can fail


@proves("C23", "C27", "C31", "K47")
@pytest.mark.parametrize(("portal", "app", "switches"), [
    ("clever", ONE, {}), ("classlink", ONE, {}), ("clever", PLAIN, {}), ("classlink", ONE, {"thin": True}),
    ("clever", ONE, {"claims": {"district": None}}), ("clever", ONE, {"iss": "own"}), ("clever", ONE, {"no_kid": True}),
    ("classlink", ONE, {"shift": -295}), ("classlink", ONE, {"header": {"typ": None}}),
], ids=["Clever", "ClassLink", "Clever without OIDC", "by my/info", "by userinfo", "with iss", "no kid, one key",
        "almost too old", "no typ"])
def test_an_honest_portal_signs_in_once(
    lab: HostileLab, portal: PortalName, app: str, switches: Mapping[str, Any],
) -> None:
    set_switches(lab.doubles[portal], dict(switches))
    watch, browser = lab.watch(), lab.browser()
    seen = lab.click(portal, app=app, browser=browser)
    assert (page_of(seen), seen.status, browser.open(f"{lab.products[ONE].base_url}/me").status) == ("", 200, 200)
    assert ([one.outcome for one in watch.attempts()], watch.token_calls(), watch.codes()) == ([SIGNED_IN], 1, 1)


# ---------------------------------------------------------------- tokens

REASONS = {
    "alg none": "algorithm", "HS256 with the public key": "algorithm", "RS512": "algorithm", "wrong aud": "audience",
    "aud of two": "audience", "wrong iss": "issuer", "wrong nonce": "nonce", "no nonce": "nonce", "expired": "expired",
    "too old": "too old", "from the future": "made in the future", "no exp": "exp missing", "no iat": "iat missing",
    "no sub": "no subject", "not valid yet": "not valid yet", "foreign key": "signature", "unknown kid": "unknown key",
    "key in the header": "signature", "crit": "critical header", "type of another token": "another type of token",
    "huge": "token: answer too long",
}
"""Kind of token → the word of the history. A megabyte is not read to its end, so no token is seen at all (T42)."""


def test_every_kind_of_token_has_its_reason() -> None:
    assert set(REASONS) == set(HOSTILE)


@proves("C25", "C26", "C28", "C29", "C30", "T12", "T13", "T14", "T15", "T16", "T18", "T19", "T42")
@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_token_that_is_not_right_opens_nothing(lab: HostileLab, portal: PortalName, kind: str) -> None:
    page = "SSO-103" if kind == "huge" else "SSO-109"
    assert spoiled(lab, portal, **HOSTILE[kind]) == nothing_opened(page, REASONS[kind])


@proves("T42")
def test_a_token_that_is_too_long_is_not_taken_apart(lab: HostileLab) -> None:
    assert spoiled(lab, "clever", pad=20_000) == nothing_opened("SSO-109", "too long")


@proves("C28", "T12")
@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize("several", [False, True], ids=["alone", "beside ours"])
def test_a_token_for_our_other_product_opens_nothing(lab: HostileLab, portal: PortalName, several: bool) -> None:
    other = f"{TWO}-at-{portal}"
    audience = [f"{ONE}-at-{portal}", other] if several else other
    assert spoiled(lab, portal, claims={"aud": audience}) == nothing_opened("SSO-109", "audience")


@proves("C28", "T20")
@pytest.mark.parametrize("changed", [
    lambda url: f"{url}/", str.upper, lambda url: url.replace("127.0.0.1", "localhost"),
    lambda url: url.replace("127.0.0.1", "127.0.0.1.attacker.example"), lambda url: url.replace("http:", "https:"),
    lambda url: f" {url}", lambda url: [url], lambda _: None,
], ids=["slash", "capitals", "another name", "sub-domain", "scheme", "blank", "list", "none"])
def test_an_issuer_that_only_looks_like_it_opens_nothing(lab: HostileLab, changed: Callable[[str], Any]) -> None:
    issuer = changed(lab.doubles["clever"].url)
    assert spoiled(lab, "clever", claims={"iss": issuer}) == nothing_opened("SSO-109", "issuer")


@proves("T15", "T40")
def test_an_address_in_a_token_is_never_asked(lab: HostileLab) -> None:
    double = lab.doubles["clever"]
    theirs, before = f"{double.url}/keys-of-a-forger", len(double.log)
    ended = spoiled(lab, "clever", embedded_key=True, header={"jku": theirs, "x5u": theirs})
    assert ended == nothing_opened("SSO-109", "signature")
    assert not [call for call in double.log[before:] if call.path == "/keys-of-a-forger"]


@proves("C27")
def test_without_a_key_id_two_keys_are_none(lab: HostileLab, two_keys: PortalDouble) -> None:
    ended = spoiled(lab, "classlink", no_kid=True)
    assert ended == nothing_opened("SSO-109", "no key id among several keys")


@pytest.fixture
def two_keys(lab: HostileLab) -> Iterator[PortalDouble]:
    """ClassLink with two keys, of which the function knows nothing yet."""
    double = lab.doubles["classlink"]
    double.keys.rotate()
    lab.anew("SsoCallback")
    yield double
    del double.keys.names[1:]
    lab.anew("SsoCallback")


@proves("C26", "T17")
def test_made_up_key_ids_do_not_make_us_ask_and_a_rotated_key_works(lab: HostileLab) -> None:
    double = lab.doubles["clever"]
    lab.anew("SsoCallback")
    before = len(double.asked_for("jwks"))
    assert lab.click("clever").status == 200
    double.keys.rotate(keep_old=False)
    try:
        rotated = lab.click("clever").status
        assert (rotated, len(double.asked_for("jwks")) - before) == (200, 2)
        for number in range(5):
            ended = spoiled(lab, "clever", header={"kid": f"made-up-{number}"})
            assert ended == nothing_opened("SSO-109", "unknown key")
        assert len(double.asked_for("jwks")) - before == 2
    finally:
        double.keys.names[:] = ["first"]
        lab.anew("SsoCallback")


# ---------------------------------------------------------------- what is told besides the token


@proves("C23")
@pytest.mark.parametrize("portal", PORTALS)
def test_without_the_id_token_of_its_app_nobody_is_known(lab: HostileLab, portal: PortalName) -> None:
    double = lab.doubles[portal]
    before = len(double.log)
    assert spoiled(lab, portal, no_id_token=True) == nothing_opened("SSO-109", "no id_token")
    asked = {call.place for call in double.log[before:]}
    assert not asked & {"userinfo", "me", "user", "info"}, "no other way is tried"


SUBJECT, TENANT = "another subject", "another tenant"


@proves("C31", "T22", "T24")
@pytest.mark.parametrize(("portal", "app", "switches", "reason"), [
    ("clever", ONE, {"claims": {"district": None}, "userinfo": {"sub": id_at("clever", "colleague")}}, SUBJECT),
    ("clever", ONE, {"claims": {"district": None}, "userinfo": {"district_id": ELSEWHERE["clever"]}}, TENANT),
    ("clever", ONE, {"user": {"id": id_at("clever", "colleague")}}, SUBJECT),
    ("clever", ONE, {"user": {"district": ELSEWHERE["clever"]}}, TENANT),
    ("clever", PLAIN, {"userinfo": dict.fromkeys(("sub", "multi_role_user_id", "user_id"), id_at("clever", "colleague"))},
     SUBJECT),
    ("clever", PLAIN, {"me": {"district": ELSEWHERE["clever"]}}, TENANT),
    ("clever", PLAIN, {"userinfo": {"authorized_by": "teacher"}}, "not granted by the district"),
    ("clever", PLAIN, {"userinfo": {"user_type": None}}, "userinfo says too little"),
    ("classlink", ONE, {"thin": True, "info": {"UserId": int(id_at("classlink", "colleague"))}}, SUBJECT),
    ("classlink", ONE, {"claims": {"classLink_sourcedId": None}, "info": {"TenantId": 770702}}, TENANT),
    ("classlink", ONE, {"claims": {"classLink_tenant_id_string": ELSEWHERE["classlink"]}}, TENANT),
    ("classlink", ONE, {"thin": True, "info": {"TenantId": None}}, "no tenant"),
])
def test_what_two_sources_say_differently_is_nobody(
    lab: HostileLab, portal: PortalName, app: str, switches: Mapping[str, Any], reason: str,
) -> None:
    assert spoiled(lab, portal, app, **switches) == nothing_opened("SSO-109", reason)


@proves("C33", "C34", "T23")
def test_a_token_of_a_district_that_is_not_connected_meets_nobody(lab: HostileLab) -> None:
    claims = {"classLink_tenant_id": 770702, "classLink_tenant_id_string": "770702"}
    ended = spoiled(lab, "classlink", claims=claims)
    assert ended == nothing_opened("SSO-201", "no integration has this tenant")


# ---------------------------------------------------------------- portals that are ill


@proves("C21", "C22", "C32", "T40")
@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize(("how", "reason"), [
    ("500", "token: status 500"), ("html", "token: no JSON"), ("empty", "token: no JSON"),
    ("redirect", "token: redirect"), ("huge", "token: answer too long"), ("drop", "token: connection lost")])
def test_a_token_endpoint_that_is_ill_is_asked_once(
    lab: HostileLab, portal: PortalName, how: str, reason: str,
) -> None:
    assert spoiled(lab, portal, broken={"token": how}) == nothing_opened("SSO-103", reason)


@proves("C21", "C22")
def test_a_slow_token_endpoint_is_asked_once_and_not_waited_for(lab: HostileLab) -> None:
    assert spoiled(lab, "clever", slow={"token": 3.5}) == nothing_opened("SSO-103", "token: timeout")


@proves("C32", "T40")
@pytest.mark.parametrize(("switches", "reason"), [
    ({"broken": {"jwks": "500"}}, "keys: status 500"), ({"broken": {"jwks": "html"}}, "keys: no JSON"),
    ({"broken": {"jwks": "redirect"}}, "keys: redirect"), ({"broken": {"jwks": "huge"}}, "keys: answer too long"),
    ({"broken": {"jwks": "no keys"}}, "keys: none that may be used"), ({"slow": {"jwks": 3.5}}, "keys: timeout"),
])
def test_keys_that_were_never_read_open_nothing(
    lab: HostileLab, forgetful: None, switches: Mapping[str, Any], reason: str,
) -> None:
    assert spoiled(lab, "clever", **switches) == nothing_opened("SSO-103", reason)


@pytest.fixture(scope="module")
def forgetful(hostile: HostileLab) -> None:
    """A function that has read no keys yet; as long as nobody gives it any, it has none."""
    hostile.anew("SsoCallback")


@proves("C20", "T32")
@pytest.mark.parametrize(("error", "page", "reason"), [
    ("access_denied", "SSO-102", "refused at the portal"), ("login_required", "SSO-103", "the portal wants a log-in"),
    ("<script>alert(1)</script>", "SSO-103", "another error of the portal")])
def test_a_portals_no_is_a_page_of_ours_in_our_words(lab: HostileLab, error: str, page: str, reason: str) -> None:
    watch, browser = lab.watch(), lab.browser()
    set_switches(lab.doubles["clever"], {"error": error})
    begun = lab.opened(browser, f"{lab.ours}/start/clever/{ONE}", f"{lab.doubles['clever'].url}/").url
    seen = lab.opened(browser, begun)
    assert watch.ended(seen, browser) == nothing_opened(page, reason, token_calls=0)
    assert error not in seen.body


# ---------------------------------------------------------------- people who mean harm


@proves("C15", "T6", "K49")
def test_an_answer_that_is_opened_again_redeems_nothing(lab: HostileLab) -> None:
    browser = lab.at_portal("clever")
    address = lab.answered(browser, "clever")
    assert lab.opened(browser, address).status == 200
    watch = lab.watch()
    again = lab.opened(browser, address)
    ended = replace(nothing_opened("SSO-105", "used or expired", 0), product=200)
    assert watch.ended(again, browser) == ended, "she stays signed in, by the first"


@proves("C14", "T2")
@pytest.mark.parametrize("portal", PORTALS)
def test_an_answer_in_another_browser_opens_nothing_and_stays_good_at_home(
    lab: HostileLab, portal: PortalName,
) -> None:
    home, other = lab.at_portal(portal), lab.at_portal(portal, "colleague")
    address, watch = lab.answered(home, portal), lab.watch()
    assert watch.ended(lab.opened(other, address), other) == nothing_opened("SSO-104", "no cookie", 0)
    assert lab.opened(home, address).status == 200
    assert (watch.token_calls(), watch.codes()) == (1, 1)


@proves("C14", "T2")
def test_a_cookie_of_another_sign_in_does_not_open_it(lab: HostileLab) -> None:
    home, other = lab.at_portal("clever"), lab.at_portal("clever", "colleague")
    address = lab.answered(home, "clever")
    lab.answered(other, "clever")
    watch = lab.watch()
    assert watch.ended(lab.opened(other, address), other) == nothing_opened("SSO-104", "no cookie", 0)


@proves("C30", "T5")
@pytest.mark.parametrize(("bound", "page", "reason"), [
    (True, "SSO-105", "token: code refused"), (False, "SSO-109", "nonce")], ids=["by PKCE", "by the nonce"])
@pytest.mark.parametrize("portal", PORTALS)
def test_the_code_of_somebody_else_in_ones_own_sign_in_opens_nothing(
    lab: HostileLab, portal: PortalName, bound: bool, page: str, reason: str,
) -> None:
    """A stolen code put beside one's own state. A portal that binds codes to challenges refuses it itself."""
    thief, victim = lab.at_portal(portal), id_at(portal, "colleague")
    mine = with_parameters(lab.answered(thief, portal), code=lab.doubles[portal].code_for(
        victim, ONE, nonce="of-the-victims-sign-in", challenge="of-the-victims-sign-in" if bound else ""))
    watch = lab.watch()
    assert watch.ended(lab.opened(thief, mine), thief) == nothing_opened(page, reason)


@proves("C19", "T11")
@pytest.mark.parametrize(("begun", "elsewhere"), [
    (("clever", ONE), ("classlink", ONE)), (("classlink", ONE), ("clever", ONE)), (("clever", ONE), ("clever", TWO))])
def test_an_answer_at_another_callback_opens_nothing_and_stays_good_at_its_own(
    lab: HostileLab, begun: tuple[PortalName, str], elsewhere: tuple[PortalName, str],
) -> None:
    browser = lab.at_portal(begun[0])
    address, watch = lab.answered(browser, *begun), lab.watch()
    moved = address.replace("/cb/{}/{}?".format(*begun), "/cb/{}/{}?".format(*elsewhere))
    assert moved != address
    assert watch.ended(lab.opened(browser, moved), browser) == nothing_opened("SSO-107", "state of another app", 0)
    assert lab.opened(browser, address).status == 200


@proves("C18", "T11")
@pytest.mark.parametrize("issuer", [lambda lab: lab.doubles["classlink"].url, lambda lab: lab.ours, lambda _: ""],
                         ids=["the other portal", "ours", "empty"])
def test_an_answer_of_another_issuer_opens_nothing(lab: HostileLab, issuer: Callable[[HostileLab], str]) -> None:
    browser = lab.at_portal("clever")
    address = f"{lab.answered(browser, 'clever')}&{urlencode({'iss': issuer(lab)})}"
    watch = lab.watch()
    assert watch.ended(lab.opened(browser, address), browser) == nothing_opened("SSO-107", "answer of another issuer", 0)


@proves("C17", "T33")
@pytest.mark.parametrize("more", ["&state=x", "&code=x", "&iss=a&iss=b", f"&x={'y' * 2100}", "&x=%00", "&x=%0d%0aa:b"])
def test_a_damaged_answer_opens_nothing_and_the_whole_one_stays_good(lab: HostileLab, more: str) -> None:
    browser = lab.at_portal("clever")
    address, watch = lab.answered(browser, "clever"), lab.watch()
    ended = watch.ended(lab.opened(browser, address + more), browser)
    assert (ended.page, ended.status, ended.token_calls, ended.codes, ended.product) == ("SSO-106", 400, 0, 0, 401)
    assert [page for page, _ in ended.outcomes] == ["SSO-106"]
    assert lab.opened(browser, address).status == 200


# ---------------------------------------------------------------- twenty at once


@proves("C16", "T6")
def test_of_twenty_identical_callbacks_at_once_one_redeems_and_signs_in(lab: HostileLab) -> None:
    browser = lab.at_portal("clever")
    address, watch = lab.answered(browser, "clever"), lab.watch()
    back = lab.products[ONE].redirect_uri

    def call(_: int) -> Seen:
        together.wait()
        return browser.copy().open(address, until=back)

    together = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as many:
        seen = list(many.map(call, range(AT_ONCE)))
    lab.seen.extend(seen)
    assert Counter(one.status for one in seen) == {0: 1, 400: AT_ONCE - 1}, "one is on its way to the product"
    assert Counter(page_of(one) for one in seen) == {"": 1, "SSO-105": AT_ONCE - 1}
    assert (watch.token_calls(), watch.codes()) == (1, 1)
    assert Counter(one.outcome for one in watch.attempts()) == {SIGNED_IN: 1, "SSO-105": AT_ONCE - 1}


@proves("C41", "T7")
def test_of_twenty_redemptions_at_once_one_gets_the_token(lab: HostileLab) -> None:
    asked = lab.asking()
    code = lab.code_of(asked)

    def redeem(_: int) -> tuple[int, str]:
        together.wait()
        answer = lab.redeem(asked, code)
        return answer.status, answer.body

    together = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as many:
        answers = list(many.map(redeem, range(AT_ONCE)))
    tokens = [json.loads(body)["id_token"] for status, body in answers if status == 200]
    assert len(tokens) == 1
    assert Counter(answers)[400, '{"error":"invalid_grant"}'] == AT_ONCE - 1
    login_id = claims_of(tokens[0])["lid"]

    def alarms() -> list[dict[str, Any]]:
        return [line for line in lab.logged() if line.get("event") == "code used again" and
                line["login_id"] == login_id]

    assert len(eventually(lambda: alarms()[AT_ONCE - 2:] and alarms(), what="an alarm for each")) == AT_ONCE - 1


# ---------------------------------------------------------------- whatever comes


ODD = ["/cb", "/cb/", "/cb/clever", "/cb//x", "/cb/clever/%2e%2e", "/cb/clever/%00", "/cb/clever/%ff?code=%ff",
       f"/cb/clever/{ONE}/more", f"/cb/nobody/{ONE}?code=x", f"/cb/clever/{ONE}?code=%ff&state=%fe",
       f"/cb/clever/{ONE}?=&=&&", f"/cb/clever/{ONE}?code[]=x&state[]=y", f"/cb/clever/{ONE}?{'a=1&' * 2000}",
       f"/cb/clever/{ONE}?code=x&state={'🙂'.encode().hex()}", f"/cb/clever/{ONE}?code=x&state=TXN%23x",
       "/authorize?client_id=%ff", "/authorize?client_id=product%23x", f"/authorize?client_id={ONE}&redirect_uri=//evil",
       "/start/clever/%2e%2e%2f", "/portals/%ff", "/token", "/jwks.json/x", "/.well-known/openid-configuration?x=%ff"]


@proves("C4", "C39", "C47")
@pytest.mark.parametrize("path", ODD, ids=range(len(ODD)))
def test_whatever_address_comes_the_answer_is_ours_and_leads_nowhere(lab: HostileLab, path: str) -> None:
    watch = lab.watch()
    answer = lab.ask("GET", path)
    ours = {f"{one.base_url}/sso/initiate" for one in lab.products.values()}
    assert answer.status < 500
    assert "location" not in answer.headers or answer.headers["location"].partition("?")[0] in ours
    assert set(SECURITY) <= set(answer.headers), "made by our functions, not by the gateway"
    assert not MACHINE.search(answer.body)
    assert (watch.token_calls(), watch.codes()) == (0, 0)


@proves("C42")
@pytest.mark.parametrize(("body", "headers"), [
    (b"\xff\xfe", {}), (b"x" * 1_000_000, {}), (b"", {}), (b'{"code": "x"}', {"Content-Type": "application/json"}),
    (b"grant_type=authorization_code&code=x", {"Authorization": "Basic !!!"}),
    (b"grant_type=authorization_code&code=x", {"Authorization": "Basic " + "eA==" * 3000}),
    (b"grant_type=authorization_code&grant_type=x", {"Authorization": "Bearer x"}),
], ids=["no text", "a megabyte", "nothing", "JSON", "no base64", "a long header", "another scheme"])
def test_whatever_is_sent_to_token_the_answer_is_one_word(
    lab: HostileLab, body: bytes, headers: Mapping[str, str],
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lab.ask("POST", "/token", body, **{**form, **headers})
    assert answer.status in (400, 401)
    assert json.loads(answer.body) in ({"error": "invalid_request"}, {"error": "invalid_client"})
    assert answer.headers["cache-control"] == "no-store"


def with_parameters(address: str, **changed: str) -> str:
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **changed})).geturl()
