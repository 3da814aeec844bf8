"""The sample product does what products are asked to do: docs/sso-for-products.md, line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from homeroom.sso.ports import PublicKey, Signer
from local.sample_product.people import Person
from local.sample_product.product import Settings
from tests.conftest import ROOT
from tests.fakes.memory_sso import LocalSigner
from tests.sso.products import SECRET, Browser, known, provider, registration, sample_product
from tests.sso.proves import proves
from tests.sso.serving import KnownVisitor, Served, WallClock, serving

COOKIE = "__Host-session-galileo"


@dataclass
class Lab:
    """A running product at a running provider."""

    served: Served
    product: Settings
    visitor: KnownVisitor

    def launch(self, tab: Browser, **more: str) -> requests.Response:
        """A click on the tile, from where the provider sends it to the product."""
        return tab.get(self.product.initiate_uri, {"iss": self.served.url, "login_hint": "clever", **more})

    def url(self, path: str) -> str:
        return self.product.base_url + path

    @property
    def redeemed(self) -> int:
        return self.served.asked.count("POST /token")


@pytest.fixture
def lab() -> Iterator[Lab]:
    visitor = KnownVisitor()
    with serving(provider, visitor.routes) as served, sample_product(served.outside) as placed:
        yield Lab(served, placed, visitor)


@proves("K58")
def test_the_page_shows_who_is_signed_in_by_name_and_role(lab: Lab) -> None:
    page = lab.launch(Browser())
    assert page.url == lab.url("/")
    assert '<strong id="name">Testa Teacher</strong>, <span id="role">teacher</span>' in page.text


@proves("C46", "T35", "K51")
def test_the_next_pupil_at_a_shared_computer_replaces_the_one_before(lab: Lab) -> None:
    tab = Browser()
    lab.launch(tab)
    before = dict(tab.cookies)
    lab.visitor.person, lab.visitor.role = "p-student-1", "student"
    page = lab.launch(tab)
    assert "Probe Pupil" in page.text
    assert "Testa Teacher" not in page.text
    assert tab.cookies[COOKIE] != before[COOKIE]
    assert Browser(before).get(lab.url("/me")).status_code == 401


@proves("C46", "T35")
@pytest.mark.parametrize("path", ["/notes", "/logout"])
def test_a_tab_that_stood_open_since_somebody_else_was_here_is_told_so(lab: Lab, path: str) -> None:
    tab = Browser()
    stale = lab.launch(tab)
    lab.visitor.person = "p-student-1"
    lab.launch(tab)
    refused = tab.post(lab.url(path), tab.form(stale, note="answer of the wrong one"))
    now = tab.get(lab.url("/"))
    assert refused.status_code == 409
    assert "Signed in as someone else" in refused.text
    assert "Reload" in refused.text
    assert "Probe Pupil" in now.text
    assert "answer of the wrong one" not in now.text


@proves("C46")
def test_nothing_of_the_person_before_is_inherited_even_by_the_same_person(lab: Lab) -> None:
    tab = Browser()
    page = lab.launch(tab)
    kept = tab.post(lab.url("/notes"), tab.form(page, note="a note <b>of</b> mine"))
    assert "a note &lt;b&gt;of&lt;/b&gt; mine" in kept.text
    again = lab.launch(tab)
    assert "of mine" not in again.text
    assert tab.form(again) != tab.form(page)


@proves("T3")
def test_a_planted_cookie_is_neither_taken_over_nor_good_afterwards(lab: Lab) -> None:
    """Made up, or the attacker's own session that only began a sign-in."""
    attacker = Browser(follows=False)
    lab.launch(attacker)
    for planted in ("planted-by-a-sibling", attacker.cookies[COOKIE]):
        victim = Browser({COOKIE: planted})
        assert "Testa Teacher" in lab.launch(victim).text
        assert victim.cookies[COOKIE] != planted
        assert Browser({COOKIE: planted}).get(lab.url("/me")).status_code == 401


@proves("T4")
def test_an_answer_without_a_sign_in_of_this_browser_is_never_redeemed(lab: Lab) -> None:
    """The attacker signs in as himself, stops before the product, and gives his address to somebody else."""
    attacker = Browser(follows=False)
    to_provider = lab.launch(attacker).headers["location"]
    answer = attacker.get(to_provider).headers["location"]
    assert answer.startswith(lab.product.redirect_uri)
    for victim in (Browser(), Browser({COOKIE: "planted"})):
        assert victim.get(answer).status_code == 400
        assert victim.get(lab.url("/me")).status_code == 401
    signed_in = Browser()
    lab.launch(signed_in)
    redeemed = lab.redeemed
    assert signed_in.get(answer).status_code == 400
    assert "Testa Teacher" in signed_in.get(lab.url("/")).text
    assert lab.redeemed == redeemed == 1


@proves("T4")
@pytest.mark.parametrize("spoil", [
    lambda told: {**told, "state": "another-state-of-nobody"},
    lambda told: {**told, "iss": "https://elsewhere.example"},
    lambda told: {name: told[name] for name in ("code", "state")},
    lambda told: {"error": "temporarily_unavailable", "state": told["state"], "iss": told["iss"]},
], ids=["state", "issuer", "no issuer", "error"])
def test_an_answer_that_does_not_fit_opens_nothing_and_redeems_nothing(lab: Lab, spoil: Any) -> None:
    lab.visitor.spoil = spoil
    tab = Browser()
    assert lab.launch(tab).status_code == 400
    assert tab.get(lab.url("/me")).status_code == 401
    assert lab.redeemed == 0


@dataclass
class Forged:
    """Signs with a key that nobody published, under the name of one that is."""

    published: Signer
    foreign: LocalSigner

    def keys(self) -> Sequence[PublicKey]:
        return self.published.keys()

    def sign(self, message: bytes) -> bytes:
        return self.foreign.sign(message)


class Wrong(WallClock):
    """A clock that is `seconds` off."""

    def __init__(self, seconds: int):
        self.seconds = seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)


@proves("T4")
@pytest.mark.parametrize(("changes", "opens"), [
    ({}, True), ({"clock": Wrong(-170)}, True), ({"clock": Wrong(50)}, True), ({"clock": Wrong(-190)}, False),
    ({"clock": Wrong(70)}, False), ({"forged": True}, False), ({"nonce": "other"}, False),
    ({"base_url": "https://elsewhere.example"}, False),
], ids=["all well", "old", "early", "too old", "too early", "other key", "other nonce", "other issuer"])
def test_a_token_that_does_not_fit_opens_nothing(lab: Lab, changes: dict[str, Any], opens: bool) -> None:
    tab = Browser()
    given = dict(changes)
    nonce = given.pop("nonce", "")
    if given.pop("forged", False):
        given["signer"] = Forged(lab.served.outside.signer, LocalSigner())
    if nonce:
        lab.visitor.change = lambda handoff: replace(handoff, nonce=nonce)
    lab.visitor.spoil = lambda told: told | {"iss": lab.product.issuer}
    begun = Browser(tab.cookies, follows=False)
    to_provider = lab.launch(begun).headers["location"]
    lab.served.outside = replace(lab.served.outside, **given)
    begun.follows = True
    assert begun.get(to_provider).status_code == (200 if opens else 400)
    assert lab.redeemed == 1
    assert begun.get(lab.url("/me")).status_code == (200 if opens else 401)


@proves("T4")
def test_the_same_answer_twice_opens_nothing_the_second_time(lab: Lab) -> None:
    tab = Browser()
    lab.launch(tab)
    answer = next(address for address in tab.visited if address.startswith(lab.product.redirect_uri))
    assert tab.get(answer).status_code == 400
    assert tab.get(lab.url("/me")).status_code == 200


@pytest.mark.parametrize("query", ["", "?iss=https%3A%2F%2Felsewhere.example", "?login_hint=clever"])
def test_only_our_own_issuer_starts_a_sign_in(lab: Lab, query: str) -> None:
    refused = Browser(follows=False).get(lab.product.initiate_uri + query)
    twice = Browser(follows=False).get(f"{lab.product.initiate_uri}?iss={lab.served.url}&iss={lab.served.url}")
    assert (refused.status_code, twice.status_code) == (400, 400)
    assert lab.visitor.sent == []


def test_a_launch_repeats_the_hint_and_passes_over_what_it_does_not_know(lab: Lab) -> None:
    lab.launch(Browser(), target_link_uri="https://elsewhere.example", anything="x", login_hint="clever.lab-app")
    lab.launch(Browser(), login_hint="x" * 65)
    first, second = lab.visitor.sent
    assert first["login_hint"] == "clever.lab-app"
    assert "login_hint" not in second
    assert "elsewhere" not in json.dumps(first)


def test_somebody_whom_the_roster_copy_lacks_gets_a_page_with_the_reference_and_ends_the_session_before(
    lab: Lab,
) -> None:
    tab = Browser()
    lab.launch(tab)
    lab.visitor.person = "p-newcomer"
    page = lab.launch(tab)
    assert page.status_code == 403
    assert '<code id="reference">login-2</code>' in page.text
    assert tab.get(lab.url("/me")).status_code == 401


def test_the_district_is_the_boundary_also_where_ids_are_alike(lab: Lab) -> None:
    lab.visitor.district = "other-usd"
    assert "Somebody Else" in lab.launch(Browser()).text
    lab.visitor.district = "third-usd"
    assert lab.launch(Browser()).status_code == 403


@proves("K57")
def test_signing_out_ends_this_products_session_alone_and_nothing_signs_in_again(lab: Lab) -> None:
    with sample_product(lab.served.outside, "portal") as other:
        tab = Browser()
        tab.get(other.initiate_uri, {"iss": lab.served.url})
        page = lab.launch(tab)
        before, asked = dict(tab.cookies), len(lab.served.asked)
        out = tab.post(lab.url("/logout"), tab.form(page))
        assert out.url == lab.url("/signed-out")
        assert "On a shared computer also sign out of Clever or ClassLink" in out.text
        assert 'href="https://clever.com"' in out.text
        assert set(tab.cookies) == {"__Host-session-portal"}
        assert len(lab.served.asked) == asked
        assert tab.get(f"{other.base_url}/me").status_code == 200
        assert Browser(before).get(lab.url("/me")).status_code == 401
        assert "You are not signed in" in tab.get(lab.url("/")).text


def test_signing_out_twice_is_no_fault_of_the_browser(lab: Lab) -> None:
    tab = Browser()
    page = lab.launch(tab)
    form = tab.form(page)
    tab.post(lab.url("/logout"), form)
    again = tab.post(lab.url("/logout"), form)
    assert again.status_code == 401
    assert "You are signed out" in again.text


def test_the_button_of_the_start_page_lets_the_provider_ask_for_the_portal(lab: Lab) -> None:
    tab = Browser()
    assert "Sign in with your school" in tab.get(lab.url("/")).text
    assert "Testa Teacher" in tab.get(lab.url("/sign-in")).text
    assert "login_hint" not in lab.visitor.sent[0]


def test_a_session_cookie_holds_256_bits_and_ends_with_the_browser(lab: Lab) -> None:
    answer = requests.get(
        lab.product.initiate_uri, {"iss": lab.served.url}, allow_redirects=False, timeout=10)
    line = answer.headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[A-Za-z0-9_-]{{43}}; Secure; HttpOnly; Path=/; SameSite=Lax", line)


def test_every_page_has_a_language_a_title_and_one_heading_and_runs_no_script(lab: Lab) -> None:
    tab = Browser()
    pages = [tab.get(lab.url(path)) for path in ("/", "/signed-out", "/sso/initiate")] + [lab.launch(tab)]
    for page in pages:
        assert '<html lang="en">' in page.text
        assert (page.text.count("<h1>"), page.text.count("<main>"), page.text.count("<script")) == (1, 1, 0)
        assert re.search(r"<title>[^<]+ · Sample product</title>", page.text)
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.integration
def test_the_program_says_in_one_line_where_it_is_and_signs_people_in(tmp_path: Path) -> None:
    secret, people = tmp_path / "secret", tmp_path / "people.json"
    secret.write_text(SECRET + "\n")
    people.write_text(json.dumps({"lab-usd": {"p-teacher-1": {"name": "Testa Teacher"}}}))
    with serving(provider, KnownVisitor().routes) as served:
        command = [
            sys.executable, "-m", "local.sample_product", "--issuer", served.url, "--client-id", "galileo",
            "--client-secret-file", str(secret), "--people", str(people), "--name", "Galileo",
            "--portal", "Clever=https://clever.com/lab-usd",
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
            try:
                told = json.loads(running.stdout.readline())  # type: ignore[union-attr]
                served.outside.registry.registrations["galileo"] = registration(  # type: ignore[attr-defined]
                    "galileo", told["url"])
                page = Browser().get(told["initiate_uri"], {"iss": served.url})
            finally:
                running.terminate()
    assert "Hello, Testa Teacher" in page.text
    assert '<span id="role">teacher</span>' in page.text
    assert told == {"url": told["url"], "client_id": "galileo", "initiate_uri": f"{told['url']}/sso/initiate",
                    "redirect_uri": f"{told['url']}/sso/callback"}


@proves("T26")
def test_whoever_leaves_the_roster_is_out_at_the_next_click() -> None:
    visitor = KnownVisitor()
    gone: list[str] = []

    def still_known(district: str, person: str) -> Person | None:
        return None if person in gone else known(district, person)

    with serving(provider, visitor.routes) as served, sample_product(served.outside, people=still_known) as placed:
        lab, tab = Lab(served, placed, visitor), Browser()
        lab.launch(tab)
        assert tab.get(lab.url("/me")).status_code == 200
        gone.append(visitor.person)
        assert tab.get(lab.url("/me")).status_code == 401
        gone.clear()
        assert tab.get(lab.url("/me")).status_code == 401, "the session is over, not asleep"
