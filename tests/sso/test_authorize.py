"""What a product may ask, and how a sign-in at a portal begins."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from homeroom.model.sign_in import App
from homeroom.sso.values import hashed
from tests.sso.flows import Page, Response
from tests.sso.laboratory import BASE, Laboratory, laboratory
from tests.sso.proves import proves

CLEVER = "https://clever.portal.example"
PRODUCT = "https://literacy.example/sso/callback"
EVIL = (
    "https://attacker.example/", "//attacker.example/", "\\\\attacker.example", "https:attacker.example",
    "https://literacy.example@attacker.example/", "https://literacy.example.attacker.example/sso/callback",
    f"{PRODUCT}/", f"{PRODUCT}?x=1", f"{PRODUCT}#x", f"{PRODUCT}/../x", "HTTPS://literacy.example/sso/callback",
    "https://literacy.example:443/sso/callback", "https://literacy.example/sso/callback%0d%0aLocation:x",
    "https://literacy.example\r\nLocation: https://attacker.example/", "https://lıteracy.example/sso/callback",
    "https://literacy。example/sso/callback", "javascript:alert(1)", "data:text/html,x", "",
)


@pytest.fixture
def lab() -> Laboratory:
    return laboratory()


def asked(lab: Laboratory, slug: str = "literacy", **other: str) -> Response:
    return lab.browser().ask(lab.products[slug].address(**{"login_hint": "clever", **other}))


def query_of(location: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}


@proves("C9", "C10", "T29")
def test_a_request_leads_to_the_portal_by_configuration_alone(lab: Laboratory) -> None:
    answer = asked(lab)
    told = query_of(answer.location)
    assert (answer.status, answer.location.partition("?")[0]) == (303, f"{CLEVER}/oauth/authorize")
    assert set(told) == {"response_type", "client_id", "redirect_uri", "state", "scope", "nonce", "code_challenge",
                         "code_challenge_method"}
    assert (told["client_id"], told["redirect_uri"]) == ("clever-literacy", f"{BASE}/cb/clever/literacy")
    assert (told["response_type"], told["scope"], told["code_challenge_method"]) == ("code", "openid", "S256")


@proves("C8")
def test_what_begins_a_sign_in_is_random_and_independent(lab: Laboratory) -> None:
    answer = asked(lab)
    told, (cookie, *_) = query_of(answer.location), answer.cookies
    (kept,) = lab.launches.transactions.values()
    binding = cookie.partition("=")[2].partition(";")[0]
    values = [told["state"], told["nonce"], kept.verifier, binding]
    assert [len(value) for value in values] == [43] * 4
    assert len(set(values) | {kept.asked.state, kept.asked.nonce}) == 6
    assert (kept.key, kept.bind) == (hashed(told["state"]), hashed(binding))
    assert told["code_challenge"] == hashed(kept.verifier)
    assert kept.expires_at - kept.created_at == 600


@proves("C12")
def test_the_cookie_of_a_sign_in_is_the_hosts_own(lab: Laboratory) -> None:
    (cookie,) = asked(lab).cookies
    (key,) = lab.launches.transactions
    name, *attributes = cookie.split("; ")
    assert name.startswith(f"__Host-sso_t_{key[:8]}=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]


@proves("C10")
def test_without_pkce_no_challenge_is_sent_and_without_oidc_no_nonce() -> None:
    lab = laboratory(oidc=False, pkce=False)
    told = query_of(asked(lab).location)
    assert set(told) == {"response_type", "client_id", "redirect_uri", "state"}
    assert lab.at_portal("clever", "teacher").open(
        f"{BASE}/start/clever/literacy").signed_in == "clever-teacher"


@proves("C39", "T28")
@pytest.mark.parametrize("address", EVIL)
def test_an_address_that_is_not_registered_gets_a_page_and_no_redirect(lab: Laboratory, address: str) -> None:
    answer = lab.browser().ask(f"{BASE}/authorize?" + urlencode({**lab.products["literacy"].request(),
                                                                 "redirect_uri": address}))
    assert (answer.status, answer.location, answer.cookies) == (400, "", ())
    assert "SSO-106" in answer.body
    assert lab.launches.transactions == {}
    assert "attacker" not in answer.body


@proves("C39")
@pytest.mark.parametrize("client", ["nobody", "", "LITERACY", "literacy ", "galileo"])
def test_an_unknown_client_gets_a_page_and_no_redirect(lab: Laboratory, client: str) -> None:
    answer = asked(lab, client_id=client)
    assert (answer.status, answer.location) == (400, "")
    assert "SSO-106" in answer.body


@proves("C40", "T10")
@pytest.mark.parametrize(("said", "error"), [
    ({"state": ""}, "invalid_request"), ({"state": "short"}, "invalid_request"),
    ({"state": "s" * 513}, "invalid_request"), ({"state": "with blank " * 3}, "invalid_request"),
    ({"nonce": ""}, "invalid_request"), ({"nonce": "n" * 15}, "invalid_request"),
    ({"nonce": "n" * 513}, "invalid_request"), ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge": "c" * 42}, "invalid_request"), ({"code_challenge": "c" * 42 + "="}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"response_type": ""}, "invalid_request"), ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"), ({"scope": ""}, "invalid_scope"),
    ({"scope": "profile"}, "invalid_scope"), ({"response_mode": "form_post"}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"), ({"request": "e.y.J"}, "request_not_supported"),
    ({"request_uri": "https://attacker.example/"}, "request_uri_not_supported"), ({"prompt": "none"}, "login_required"),
    ({"prompt": "none login"}, "invalid_request"),
])
def test_what_the_protocol_does_not_allow_goes_back_to_the_product(
    lab: Laboratory, said: dict[str, str], error: str,
) -> None:
    answer = asked(lab, **said)
    told = query_of(answer.location)
    assert (answer.status, answer.location.partition("?")[0], answer.cookies) == (303, PRODUCT, ())
    assert (told["error"], told["iss"]) == (error, BASE)
    assert ("state" in told) == ("state" not in said)
    assert lab.launches.transactions == {}


@pytest.mark.parametrize("said", [
    {"scope": "openid profile email"}, {"response_mode": "query"}, {"prompt": "login"}, {"max_age": "0"},
    {"state": "s" * 16}, {"state": "~" * 512}, {"nonce": "n" * 512}, {"ui_locales": "es"},
])
def test_what_a_library_may_send_besides_is_taken(lab: Laboratory, said: dict[str, str]) -> None:
    assert asked(lab, **said).location.startswith(CLEVER)


@proves("T33", "C17")
@pytest.mark.parametrize("name", ["state", "client_id", "redirect_uri", "nonce", "code_challenge", "prompt", "other"])
def test_a_parameter_that_comes_twice_is_refused_on_a_page(lab: Laboratory, name: str) -> None:
    address = lab.products["literacy"].address(login_hint="clever", prompt="login", other="one")
    answer = lab.browser().ask(f"{address}&{name}=again")
    assert (answer.status, answer.location) == (400, "")
    assert "SSO-106" in answer.body


def test_a_client_without_an_app_is_told_so(lab: Laboratory) -> None:
    lab.registry.registrations["literacy"] = replace(lab.registry.registrations["literacy"], apps=())
    assert query_of(asked(lab).location)["error"] == "unauthorized_client"


def test_a_portal_that_is_not_set_up_is_told_to_the_product(lab: Laboratory) -> None:
    del lab.registry.portals["clever"]
    assert query_of(asked(lab).location)["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("hint", ["", "somebody", "CLEVER", "clever.literacy", "<script>"])
def test_without_a_portal_that_is_known_people_choose(lab: Laboratory, hint: str) -> None:
    browser = lab.at_portal("classlink", "teacher")
    request = lab.products["literacy"].request(login_hint=hint)
    page = browser.open(f"{BASE}/authorize?{urlencode(request)}")
    assert (page.status, lab.launches.transactions) == (200, {})
    assert [query_of(link)["login_hint"] for link in page.links] == ["clever", "classlink"]
    kept = {name: value for name, value in request.items() if name != "login_hint"}
    assert all(query_of(link).items() >= kept.items() for link in page.links)
    assert "<script>" not in page.body


def test_the_choice_leads_on_to_the_portal(lab: Laboratory) -> None:
    browser = lab.at_portal("classlink", "teacher")
    page = browser.open(lab.products["literacy"].address(x="dropped"))
    assert not any("dropped" in link for link in page.links)
    assert browser.open(page.links[1], stop_at=PRODUCT).url.startswith(f"{PRODUCT}?code=")


def test_two_apps_of_a_product_at_one_portal_are_told_apart(lab: Laboratory) -> None:
    registration = lab.registry.registrations["literacy"]
    second = App("clever", "literacy-2", "clever-second", "clever/second")
    lab.registry.registrations["literacy"] = replace(registration, apps=(*registration.apps, second))
    page = lab.browser().open(lab.products["literacy"].address())
    assert [query_of(link)["login_hint"] for link in page.links] == ["clever", "classlink", "clever.literacy-2"]
    assert "client_id=clever-second" in asked(lab, login_hint="clever.literacy-2").location


def test_with_one_app_nobody_has_to_choose(lab: Laboratory) -> None:
    registration = lab.registry.registrations["literacy"]
    lab.registry.registrations["literacy"] = replace(registration, apps=registration.apps[:1])
    assert asked(lab, login_hint="unknown").location.startswith(CLEVER)


@proves("C6", "T34")
def test_a_request_that_no_person_made_begins_nothing(lab: Laboratory) -> None:
    answer = lab.browser().load(lab.products["literacy"].address(login_hint="clever"))
    assert (answer.status, answer.location, lab.launches.transactions) == (400, "", {})


def test_a_browser_keeps_at_most_five_sign_ins(lab: Laboratory) -> None:
    browser = lab.browser()
    for _ in range(7):
        browser.ask(lab.products["literacy"].address(login_hint="clever"))
    assert len([name for _, name in browser.jar if name.startswith("__Host-sso_t_")]) == 5


@proves("C48")
def test_every_page_has_a_code_a_reference_that_support_finds_and_a_button(lab: Laboratory) -> None:
    page: Page = lab.browser().open(lab.products["literacy"].address(redirect_uri="https://attacker.example/"))
    assert (page.code, lab.attempts.attempts[page.reference].outcome) == ("SSO-106", "SSO-106")
    assert [lab.browser().ask(link).status for link in page.links if link.startswith(BASE)] == [200]
    assert quote("attacker") not in page.body
