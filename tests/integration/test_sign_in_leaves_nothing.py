"""Nothing of a person, no secret and no code is left behind by sign-ins on the deployed functions (T38, ASVS 16.2.5).

What may stand where, by design; everything else is looked for everywhere:

    link#, linked# of the sign-ins table   a person's id at the portal: it is what the link is about
    HOC# of the launches table             the product's nonce and challenge: the token repeats one, the other is public
    TXN# of the launches table             of a sign-in that was not ended: its nonce and verifier, and the product's
                                           state, nonce and challenge
    Secrets Manager, the roster            outside of what is looked at: they hold secrets and people, encrypted
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from homeroom.model.events import ListSignIns, ShowSignIn, ShowStatus
from homeroom.model.sign_in import SIGNED_IN
from homeroom.model.sign_in_events import ListRegistrations
from homeroom.sso.values import hashed
from tests.fakes.portal_people import PortalPerson
from tests.fakes.portal_server import HOSTILE, set_switches
from tests.integration.hostile_lab import APPS, MARK, ONE, PEOPLE, PLAIN, PORTALS, TWO, HostileLab, claims_of, id_at
from tests.integration.waiting import eventually
from tests.sso.proves import proves

SHORT = 8
"""What is shorter stands in other words too, and is no secret of anybody."""
IN_FLIGHT = {"code", "state", "nonce", "code_challenge", "code_verifier", "client_secret"}
NOT_PERSONAL = {"tenant", "role", "authorized_by", "schools"}
OUTCOMES = {SIGNED_IN, "SSO-102", "SSO-103", "SSO-104", "SSO-105", "SSO-106", "SSO-107", "SSO-109", "SSO-201",
            "SSO-203", "SSO-306", "SSO-501"}
FUNCTIONS = {"sso_login", "sso_callback", "sso_provider", "support"}


@dataclass(frozen=True)
class Left:
    """The stack after the bundle. `ids`: of people at portals; `codes` what was in flight; `tokens` redeemed ones."""

    lab: HostileLab
    lines: list[tuple[str, str]]
    answers: str
    tokens: list[str]

    @property
    def personal(self) -> set[str]:
        """Names, addresses and ids of everybody, but those at the portal."""
        people = [person for double in self.lab.doubles.values() for person in double.people.values()]
        told = {str(getattr(person, one.name)) for person in people for one in fields(PortalPerson)
                if one.name not in {*NOT_PERSONAL, "id"}}
        return {MARK, *told}

    @property
    def ids(self) -> set[str]:
        return {id_at(portal, who) for portal in PORTALS for who in PEOPLE}

    @property
    def secrets(self) -> set[str]:
        """Client secrets, codes, states, nonces, verifiers, cookies and tokens of every sign-in of this stack."""
        found = {app.client_secret for double in self.lab.doubles.values() for app in double.apps.values()}
        found |= {*self.lab.secrets.values(), *self.tokens}
        for double in self.lab.doubles.values():
            found |= set(double._bearers)
            for call in double.log:
                found |= {value for name, value in call.said.items() if name in IN_FLIGHT}
                found |= {value.rpartition(" ")[2] for name, value in call.headers.items() if name == "authorization"}
        for seen in self.lab.seen:
            for step in seen.steps:
                found |= {value for name, value in parse_qsl(urlsplit(step.url).query) if name in IN_FLIGHT}
        for browser in self.lab.browsers:
            found |= {kept.value for jar in browser._jars.values() for kept in jar.values()
                      if kept.name.startswith("__Host-") and "hop" not in kept.name}
        return {value for value in found if len(value) >= SHORT}

    def holding(self, texts: Iterable[tuple[str, str]], *wanted: set[str]) -> list[tuple[str, str]]:
        """(place, value) of each that stands where it may not."""
        listed = sorted(set[str]().union(*wanted), key=len)
        return [(place, value) for place, text in texts for value in listed if value in text]


@pytest.fixture(scope="module")
def left(hostile: HostileLab) -> Left:
    tokens = bundle(hostile)
    asked = json.dumps([answers_of_support(hostile), hostile.district.status()])
    lines = eventually(lambda: written(hostile), what="lines of every function")
    return Left(hostile, lines, asked, tokens)


def bundle(lab: HostileLab) -> list[str]:
    """Good and bad sign-ins of every kind; the tokens that products and attackers got or made."""
    asked, tokens = lab.asking(), []
    for portal in PORTALS:
        for who in PEOPLE:
            lab.click(portal, who)
        code = lab.code_of(asked, portal)
        told = json.loads(lab.redeem(asked, code).body)
        tokens += [told["id_token"], told["access_token"]]
        assert lab.redeem(asked, code).status == 400
        lab.click(portal, app=TWO)
        bad(lab, portal)
        home, other = lab.at_portal(portal), lab.at_portal(portal, "colleague")
        address = lab.answered(home, portal)
        lab.opened(other, address)
        for more in ("&state=x", "&iss=https://attacker.example", "", ""):
            lab.opened(home, address + more)
        lab.answered(other, portal)  # never ended: its transaction stands
        with lab.changed("SsoCallback", ROSTER_TABLE="no-such-table"):
            lab.click(portal)
    lab.click("clever", app=PLAIN)
    return tokens


def bad(lab: HostileLab, portal: Any) -> None:
    """A portal that lies, is ill, and says no in words of an attacker."""
    for switches in (*HOSTILE.values(), {"broken": {"token": "500"}}, {"broken": {"token": "html"}},
                     {"no_id_token": True}, {"claims": {"nonce": f"{MARK}-nonce", "email": f"{MARK}@sample.example"}}):
        set_switches(lab.doubles[portal], dict(switches))
        lab.click(portal)
        lab.honest()
    said = {"error": "access_denied", "error_description": f"{MARK}-description"}
    lab.opened(lab.browser(), f"{lab.ours}/cb/{portal}/{ONE}?{urlencode(said)}")
    lab.opened(lab.browser(), f"{lab.ours}/cb/{portal}/{ONE}?state={MARK}-a&state={MARK}-b&{MARK}={MARK}")
    lab.ask("GET", f"/{MARK}/{MARK}?{MARK}={MARK}", **{"User-Agent": MARK, "Cookie": f"{MARK}={MARK}"})


def answers_of_support(lab: HostileLab) -> list[Any]:
    """All that staff can ask about these sign-ins."""
    ask = lab.district.stack.ask
    name = lab.district.name
    lists = [ask(ListSignIns(operation="sign_ins", integration=one, newest=200)) for one in (name, None)]
    lists.append(ask(ListSignIns(operation="sign_ins", integration=name, portal="clever",
                                 subject=id_at("clever", "teacher"))))
    logins = [one.login_id for one in sorted(lab.attempts(), key=lambda one: one.at, reverse=True)[:40]]
    stories = [ask(ShowSignIn(operation="sign_in", login=login)) for login in logins]
    registered = ask(ListRegistrations(operation="registrations"))
    return [*lists, *stories, registered, ask(ShowStatus(operation="status", integration=name))]


def written(lab: HostileLab) -> list[tuple[str, str]]:
    """All lines, once the newest sign-in is among them."""
    lines = list(lab.log_lines())
    newest = max(lab.attempts(), key=lambda one: one.at).login_id
    seen = {name for name in FUNCTIONS if any(group.endswith(name) for group, _ in lines)}
    return lines if seen == FUNCTIONS and any(newest in line for _, line in lines) else []


# ---------------------------------------------------------------- so that the rest can fail


def test_every_kind_of_sign_in_was_there(left: Left) -> None:
    assert {one.outcome for one in left.lab.attempts()} >= OUTCOMES
    assert len(left.secrets) > 200
    assert {f"{MARK}-secret-of-{key}-at-{portal}" for portal, key in APPS} <= left.secrets


def test_what_is_looked_for_is_found_where_it_must_be(left: Left) -> None:
    roster = json.dumps(left.lab.district.items(), default=str)
    assert f"{MARK}.teacher@sample.example" in roster
    logins = {one.login_id for one in left.lab.attempts()}
    assert [line for _, line in left.lines if any(login in line for login in logins)], "lines of these sign-ins"
    assert any('"CloudWatchMetrics"' in line and "SignInRefused" in line for _, line in left.lines)
    assert all(login in left.answers for login in sorted(logins)[-20:])
    spoken = [(group, line) for group, line in left.lines if "sso.login" in line]
    login = max(logins)
    assert left.holding(spoken, {login}), "the search itself finds a word in a log"


# ---------------------------------------------------------------- nothing is left


@proves("C49", "T37", "T38")
def test_no_log_line_and_no_metric_holds_anything_of_a_person_or_a_secret(left: Left) -> None:
    assert len(left.lines) > 100
    assert left.holding(left.lines, left.personal, left.ids, left.secrets) == []


@proves("C49")
def test_a_line_about_a_sign_in_has_no_whole_address_and_no_query(left: Left) -> None:
    ours = [line for group, line in left.lines if "sso_" in group]
    assert ours
    assert [line for line in ours if re.search(r"[?&](code|state|nonce)=|Bearer |Basic |eyJ", line)] == []


@proves("C49", "T38")
def test_the_history_holds_no_id_of_a_portal_and_links_hold_nothing_else(left: Left) -> None:
    items = [(item["owner"], json.dumps(item, default=str)) for item in left.lab.items("SignInsTableName")]
    links = [one for one in items if one[0].startswith(("link#", "linked#"))]
    rest = [one for one in items if one not in links]
    assert {owner.partition("#")[0] for owner, _ in rest} == {"attempt", "product", "app", "client", "tenant", "portal"}
    assert left.holding(rest, left.personal, left.ids, left.secrets) == []
    assert left.holding(links, left.personal, left.secrets) == []
    assert {value for _, value in left.holding(links, left.ids)} >= {id_at("clever", "teacher")}


@proves("C41", "C49")
def test_codes_and_states_are_kept_as_hashes_alone(left: Left) -> None:
    items = [(item["id"], item) for item in left.lab.items("LaunchesTableName")]
    assert {key.partition("#")[0] for key, _ in items} >= {"TXN", "HOC"}
    found = []
    for key, item in items:
        asked = item.get("asked", {})
        may = {item.get("nonce"), item.get("verifier"), item.get("challenge"), asked.get("state"), asked.get("nonce"),
               asked.get("challenge")}
        text = json.dumps({name: value for name, value in item.items() if name not in (
            "nonce", "verifier", "challenge", "asked")}, default=str)
        found += left.holding([(key, text)], left.personal, left.ids, left.secrets)
        assert not left.ids & may
    assert found == []
    assert {hashed(code) for code in left.secrets} & {key.partition("#")[2] for key, _ in items}, "hashes of them"


@proves("C49")
def test_a_transaction_that_was_used_has_left_no_nonce_and_no_verifier(left: Left) -> None:
    """Of each sign-in that came to the exchange the verifier was sent to a portal; none of these stands anywhere."""
    sent = {call.said["code_verifier"] for double in left.lab.doubles.values() for call in double.asked_for("token")
            if "code_verifier" in call.said}
    assert len(sent) > 40
    texts = [(table, json.dumps(left.lab.items(table), default=str)) for table in (
        "LaunchesTableName", "SignInsTableName", "RunsTableName", "IntegrationsTableName")]
    assert left.holding(texts, sent) == []


@proves("C49", "T38")
def test_no_answer_of_support_holds_a_person_or_a_secret(left: Left) -> None:
    assert SIGNED_IN in left.answers
    assert left.holding([("support", left.answers)], left.personal, left.ids, left.secrets) == []


@proves("C20", "C49", "T32")
def test_no_page_holds_a_person_or_a_secret(left: Left) -> None:
    pages = [(seen.url.partition("?")[0], seen.body) for seen in left.lab.seen
             if seen.url.startswith(left.lab.ours) and seen.body]
    assert len(pages) > 50
    assert left.holding(pages, left.personal, left.ids, left.secrets) == []


@proves("C43", "T38")
def test_a_token_says_nothing_personal(left: Left) -> None:
    issued = [json.dumps({name: value for name, value in claims_of(token).items() if name != "nonce"})
              for token in left.tokens if token.count(".") == 2]
    assert len(issued) == len(PORTALS)
    assert left.holding([("token", one) for one in issued], left.personal, left.ids, left.secrets) == []
