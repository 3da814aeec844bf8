"""Portals that lie or are ill, before the deployed functions: one page, one record, and nothing opened.

What people do who mean harm is in `test_hostile_people`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from homeroom.model.sign_in import SIGNED_IN, PortalName
from tests.fakes.portal_server import HOSTILE, PortalDouble, set_switches
from tests.integration.hostile_lab import (
    ELSEWHERE,
    ONE,
    PLAIN,
    PORTALS,
    TWO,
    Ended,
    HostileLab,
    id_at,
    nothing_opened,
    page_of,
)
from tests.sso.proves import proves


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
    ("clever", PLAIN, {"userinfo": dict.fromkeys(
        ("sub", "multi_role_user_id", "user_id"), id_at("clever", "colleague"))}, SUBJECT),
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
