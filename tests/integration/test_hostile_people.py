"""People who mean harm, before the deployed functions: answers that are not theirs, many at once, odd requests.

Portals are honest here; those that are not are in `test_hostile_sign_ins`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from homeroom.model.sign_in import SIGNED_IN, PortalName
from homeroom.sso.http import SECURITY
from tests.integration.hostile_lab import (
    MACHINE,
    ONE,
    PORTALS,
    TWO,
    HostileLab,
    claims_of,
    id_at,
    nothing_opened,
    page_of,
)
from tests.integration.waiting import eventually
from tests.sso.proves import proves

AT_ONCE, ROUNDS = 20, 5
"""The embedded AWS works at four calls of a function at a time, so who comes first is drawn several times: a store that
looks first and takes then was found out in three of four rounds."""
T = TypeVar("T")


@pytest.fixture
def lab(hostile: HostileLab) -> Iterator[HostileLab]:
    yield hostile
    hostile.honest()


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
    ended = watch.ended(lab.opened(browser, address), browser)
    assert ended == nothing_opened("SSO-107", "answer of another issuer", 0)


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


def at_once(call: Callable[[], T]) -> list[T]:
    """The answers to as many calls as there are in `AT_ONCE`, all made at the same moment."""
    def held(_: int) -> T:
        together.wait()
        return call()

    together = Barrier(AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as many:
        return list(many.map(held, range(AT_ONCE)))


def ready(lab: HostileLab, method: str, path: str) -> None:
    """Start all processes of a function that there will be: one that only starts now would come too late to race."""
    asked = at_once(lambda: lab.ask(method, path).status)
    assert len(asked) == AT_ONCE


@proves("C16", "T6")
def test_of_twenty_identical_callbacks_at_once_one_redeems_and_signs_in(lab: HostileLab) -> None:
    ready(lab, "GET", f"/cb/clever/{ONE}")
    back = lab.products[ONE].redirect_uri
    for _ in range(ROUNDS):
        browser = lab.at_portal("clever")
        address, watch = lab.answered(browser, "clever"), lab.watch()
        seen = at_once(lambda one=browser, there=address: one.copy().open(there, until=back))
        lab.seen.extend(seen)
        assert Counter((one.status, page_of(one)) for one in seen) == {(0, ""): 1, (400, "SSO-105"): AT_ONCE - 1}
        assert (watch.token_calls(), watch.codes()) == (1, 1)
        assert Counter(one.outcome for one in watch.attempts()) == {SIGNED_IN: 1, "SSO-105": AT_ONCE - 1}


@proves("C41", "T7")
def test_of_twenty_redemptions_at_once_one_gets_the_token(lab: HostileLab) -> None:
    ready(lab, "POST", "/token")
    asked, logins = lab.asking(), []
    for _ in range(ROUNDS):
        code = lab.code_of(asked)
        answers = at_once(lambda one=code: lab.redeem(asked, one))
        tokens = [json.loads(answer.body)["id_token"] for answer in answers if answer.status == 200]
        assert len(tokens) == 1
        refused = [(answer.status, answer.body) for answer in answers if answer.status != 200]
        assert refused == [(400, '{"error":"invalid_grant"}')] * (AT_ONCE - 1)
        logins.append(claims_of(tokens[0])["lid"])

    def alarms() -> Counter[str]:
        told = [line["login_id"] for line in lab.logged() if line.get("event") == "code used again"]
        return Counter(login for login in told if login in logins)

    expected = dict.fromkeys(logins, AT_ONCE - 1)
    assert eventually(lambda: alarms() == expected, what="an alarm for each that came too late")


# ---------------------------------------------------------------- whatever comes


ODD = ["/cb", "/cb/", "/cb/clever", "/cb//x", "/cb/clever/%2e%2e", "/cb/clever/%00", "/cb/clever/%ff?code=%ff",
       f"/cb/clever/{ONE}/more", f"/cb/nobody/{ONE}?code=x", f"/cb/clever/{ONE}?code=%ff&state=%fe",
       f"/cb/clever/{ONE}?=&=&&", f"/cb/clever/{ONE}?code[]=x&state[]=y", f"/cb/clever/{ONE}?{'a=1&' * 2000}",
       f"/cb/clever/{ONE}?code=x&state={'🙂'.encode().hex()}", f"/cb/clever/{ONE}?code=x&state=TXN%23x",
       "/authorize?client_id=%ff", "/authorize?client_id=product%23x", f"/authorize?client_id={ONE}&redirect_uri=//x",
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
