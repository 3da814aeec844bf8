"""Both portals over real HTTP: exchange, keys, id_token and subject against the double, honest and hostile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from homeroom.model.sign_in import App, Portal, PortalName
from homeroom.sso.exchange import Tokens, exchange
from homeroom.sso.id_token import claims
from homeroom.sso.keys import keys_of
from homeroom.sso.portals import compared, discovery_address, fit
from homeroom.sso.ports import Outside
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.subject import Subject, further, subject
from homeroom.sso.values import hashed
from homeroom.sso.web import USER_AGENT, UrllibWeb, told
from tests.builders.portals import NONCE, VERIFIER, app, double_of, outside_with, transaction
from tests.fakes.memory_sso import StillClock
from tests.fakes.portal_people import sample_people
from tests.fakes.portal_server import HOSTILE, PortalDouble, serving, set_switches
from tests.sso.proves import proves

ROOT = Path(__file__).resolve().parents[2]
NAMES: tuple[PortalName, ...] = ("clever", "classlink")


@dataclass
class SignIn:
    """A portal that runs, and what a callback would do with a code of it."""

    double: PortalDouble
    outside: Outside
    clock: StillClock

    @property
    def portal(self) -> Portal:
        return self.double.portal()

    @property
    def who(self) -> str:
        return next(iter(self.double.people))

    def app(self, **more: Any) -> App:
        return app(self.double.name, **more)

    def code(self, *, challenge: str = "") -> str:
        return self.double.code_for(self.who, "one", nonce=NONCE, challenge=challenge or hashed(VERIFIER))

    def tokens(self, code: str = "", portal: Portal | None = None, **more: Any) -> Tokens:
        return exchange(code or self.code(), transaction(self.double.name), self.app(**more), portal or self.portal,
                        self.outside)

    def claims(self) -> Any:
        id_token = self.tokens().id_token
        assert id_token is not None
        return claims(id_token, self.portal, self.app(), NONCE, keys_of(self.outside), self.clock.now().timestamp())

    def subject(self) -> tuple[Subject, Tokens]:
        tokens = self.tokens()
        assert tokens.id_token is not None
        said = claims(tokens.id_token, self.portal, self.app(), NONCE, keys_of(self.outside),
                      self.clock.now().timestamp())
        return subject(tokens, said, self.portal, self.app(), self.outside), tokens

    def refused(self) -> Stop:
        with pytest.raises(Stop) as stop:
            self.claims()
        return stop.value


def started(name: PortalName) -> Iterator[SignIn]:
    double, clock = double_of(name), StillClock()
    double.now = lambda: clock.now().timestamp()
    with serving(double):
        yield SignIn(double, outside_with(clock=clock), clock)


@pytest.fixture(params=NAMES)
def sign_in(request: pytest.FixtureRequest) -> Iterator[SignIn]:
    yield from started(request.param)


@pytest.fixture
def clever() -> Iterator[SignIn]:
    yield from started("clever")


@pytest.fixture
def classlink() -> Iterator[SignIn]:
    yield from started("classlink")


@proves("C21", "C24", "C10", "K56")
def test_a_code_becomes_a_subject_and_every_call_is_in_our_name(sign_in: SignIn) -> None:
    found, _ = sign_in.subject()
    person = sign_in.double.people[sign_in.who]
    assert (found.tenant, found.id, found.hint) == (person.tenant, person.id, "teacher")
    assert {call.headers["user-agent"] for call in sign_in.double.log} == {USER_AGENT}
    assert [call.place for call in sign_in.double.log] == ["token", "jwks"]
    assert [call.said.get("code_verifier") for call in sign_in.double.log] == [VERIFIER, None]


@proves("C21", "K50")
def test_each_portal_gets_the_secret_and_the_body_that_it_wants(sign_in: SignIn) -> None:
    sign_in.tokens()
    call, = sign_in.double.asked_for("token")
    by_basic = call.headers.get("authorization", "").startswith("Basic ")
    assert (by_basic, "client_secret" in call.said) == \
        ((True, False) if sign_in.double.name == "clever" else (False, True))
    written = "application/json" if sign_in.double.name == "clever" else "application/x-www-form-urlencoded"
    assert call.headers["content-type"] == written
    assert call.said["redirect_uri"] == f"{sign_in.outside.base_url}/cb/{sign_in.double.name}/one"


@proves("C21")
def test_clever_is_asked_by_a_form_where_that_is_set(clever: SignIn) -> None:
    assert clever.tokens(portal=replace(clever.portal, body="form")).id_token
    assert clever.double.asked_for("token")[0].headers["content-type"] == "application/x-www-form-urlencoded"


@proves("C25", "C26", "C28", "C29", "C30", "T12", "T13", "T14", "T15", "T16", "T18", "T19", "T42")
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_portal_that_sends_such_a_token_opens_nothing(clever: SignIn, kind: str) -> None:
    set_switches(clever.double, dict(HOSTILE[kind]))
    stop = clever.refused()
    assert stop.code == ("SSO-103" if kind == "huge" else "SSO-109")


@proves("T15")
def test_no_address_of_a_token_is_ever_asked(clever: SignIn) -> None:
    keys_at = f"{clever.double.url}/keys-of-a-forger"
    clever.double.switches.embedded_key = True
    clever.double.switches.header = {"jku": keys_at, "x5u": keys_at}
    assert clever.refused().reason == "signature"
    assert {call.place for call in clever.double.log} == {"token", "jwks"}


@proves("C26")
def test_a_key_that_was_rotated_works_at_once(sign_in: SignIn) -> None:
    assert sign_in.claims()["sub"] == sign_in.who
    sign_in.double.keys.rotate(keep_old=False)
    assert sign_in.claims()["sub"] == sign_in.who
    assert len(sign_in.double.asked_for("jwks")) == 2


@proves("T17")
def test_a_hundred_unknown_keys_cause_two_reads_in_all(clever: SignIn) -> None:
    clever.double.switches.header = {"kid": "made-up"}
    tokens = [clever.tokens().id_token or "" for _ in range(3)]
    for token in tokens * 34:
        with pytest.raises(Stop):
            claims(token, clever.portal, clever.app(), NONCE, keys_of(clever.outside), clever.clock.now().timestamp())
    assert len(clever.double.asked_for("jwks")) == 2


@proves("C27")
def test_a_token_without_a_key_id_needs_one_key_alone(sign_in: SignIn) -> None:
    sign_in.double.switches.no_kid = True
    assert sign_in.claims()["sub"] == sign_in.who
    sign_in.double.keys.rotate()
    sign_in.clock.pass_seconds(3600)
    assert sign_in.refused().reason == "no key id among several keys"


@proves("C32")
@pytest.mark.parametrize("how", ["500", "html", "redirect", "huge", "empty", "no keys", "drop"])
def test_keys_that_can_not_be_read_are_old_ones_for_a_day(clever: SignIn, how: str) -> None:
    assert clever.claims()["sub"] == clever.who
    clever.double.switches.broken["jwks"] = how
    clever.clock.pass_seconds(23 * 3600)
    assert clever.claims()["sub"] == clever.who
    clever.clock.pass_seconds(3600)
    assert clever.refused().code == "SSO-103"


@proves("C24")
def test_classlinks_keys_are_refused_to_pythons_own_name_and_given_to_ours(classlink: SignIn) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(classlink.portal.jwks)
    assert refused.value.code == 401
    assert classlink.claims()["sub"] == classlink.who


@proves("T40", "C21")
@pytest.mark.parametrize("place", ["token", "jwks", "userinfo"])
def test_a_redirect_is_never_followed(clever: SignIn, place: str) -> None:
    clever.double.switches.broken[place] = "redirect"
    clever.double.switches.claims = {"district": None}
    with pytest.raises(Stop) as stop:
        clever.subject()
    assert (stop.value.code, stop.value.reason.rpartition(": ")[2]) == ("SSO-103", "redirect")
    assert "/elsewhere" not in {call.path for call in clever.double.log}


@proves("C22", "C21")
def test_a_slow_exchange_ends_in_time_and_the_code_is_not_sent_again(clever: SignIn) -> None:
    clever.double.switches.slow["token"] = 1.0
    outside = outside_with(UrllibWeb("local", read_seconds=0.2))
    began = time.perf_counter()
    with pytest.raises(Stop) as stop:
        exchange(clever.code(), transaction(), clever.app(), clever.portal, outside)
    assert time.perf_counter() - began < 0.9
    assert (stop.value.code, stop.value.reason) == ("SSO-103", "token: timeout")
    assert len(clever.double.asked_for("token")) == 1


@proves("C22")
@pytest.mark.parametrize("how", ["500", "html", "huge", "empty", "drop"])
def test_a_broken_token_endpoint_is_asked_once(sign_in: SignIn, how: str) -> None:
    sign_in.double.switches.broken["token"] = how
    with pytest.raises(Stop) as stop:
        sign_in.tokens()
    assert (stop.value.code, len(sign_in.double.asked_for("token"))) == ("SSO-103", 1)


@proves("T5")
def test_a_code_of_another_sign_in_fits_neither_our_verifier_nor_our_nonce(sign_in: SignIn) -> None:
    with pytest.raises(Stop) as stop:
        sign_in.tokens(sign_in.code(challenge=hashed("verifier of another browser")))
    assert stop.value.reason == "token: code refused"
    stolen = sign_in.double.code_for(sign_in.who, "one", nonce="nonce of another browser")
    token = sign_in.tokens(stolen).id_token or ""
    with pytest.raises(Stop) as other:
        claims(token, sign_in.portal, sign_in.app(), NONCE, keys_of(sign_in.outside), sign_in.clock.now().timestamp())
    assert (other.value.code, other.value.security) == ("SSO-109", "nonce mismatch")


def test_a_code_works_once_and_for_its_time(sign_in: SignIn) -> None:
    code, late = sign_in.code(), sign_in.code()
    assert sign_in.tokens(code).access_token
    sign_in.clock.pass_seconds(301)
    for used in (code, late):
        with pytest.raises(Stop) as stop:
            sign_in.tokens(used)
        assert stop.value.code == "SSO-105"


@proves("C23")
def test_a_portal_that_forgets_the_id_token_opens_nothing(sign_in: SignIn) -> None:
    sign_in.double.switches.no_id_token = True
    with pytest.raises(Stop) as stop:
        sign_in.tokens()
    assert (stop.value.code, stop.value.reason) == ("SSO-109", "no id_token")


@proves("K52", "C31", "T22")
def test_clever_without_oidc_is_asked_who_it_is(clever: SignIn) -> None:
    tokens, plain = clever.tokens(oidc=False), clever.app(oidc=False)
    found = subject(tokens, None, clever.portal, plain, clever.outside)
    assert (found.id, found.told["legacy_id"], found.hint) == (clever.who, "legacy-teacher", "teacher")
    assert [call.path for call in clever.double.log] == ["/oauth/tokens", "/userinfo", "/v3.1/me"]
    clever.double.switches.userinfo = {"sub": "somebody-else", "multi_role_user_id": None, "user_id": None}
    with pytest.raises(Stop) as stop:
        subject(tokens, None, clever.portal, plain, clever.outside)
    assert stop.value.security == "subject mismatch"


@proves("T22", "C31")
def test_clevers_userinfo_of_somebody_else_opens_nothing(clever: SignIn) -> None:
    clever.double.switches.claims = {"district": None}
    assert clever.subject()[0].tenant == clever.double.people[clever.who].tenant
    clever.double.switches.userinfo = {"sub": "somebody-else"}
    with pytest.raises(Stop) as stop:
        clever.subject()
    assert stop.value.security == "subject mismatch"


def test_what_the_sis_calls_somebody_is_one_more_call(clever: SignIn) -> None:
    found, tokens = clever.subject()
    more = further(found, tokens, clever.portal, clever.outside)
    assert (more.told["sis_id"], more.told["number"]) == ("sis-teacher", "number-teacher")
    assert clever.double.log[-1].path == f"/v3.1/users/{clever.who}"


@proves("T24", "C31")
def test_classlinks_thin_token_is_completed_and_another_tenant_opens_nothing(classlink: SignIn) -> None:
    classlink.double.switches.thin = True
    found, _ = classlink.subject()
    assert (found.tenant, found.told["sourced_id"], found.told["login"]) == ("2001", "sourced-teacher", "login.teacher")
    classlink.double.switches.claims = {"classLink_tenant_id": 2001}
    classlink.double.switches.info = {"TenantId": 666}
    with pytest.raises(Stop) as stop:
        classlink.subject()
    assert stop.value.security == "tenant mismatch"


@proves("K60")
def test_somebody_without_email_and_name_is_somebody(sign_in: SignIn) -> None:
    person = sign_in.double.people[sign_in.who]
    person.email = person.name = ""
    found, _ = sign_in.subject()
    assert found.id == sign_in.who
    assert "email" not in found.told


@proves("T21")
def test_the_discovery_of_the_double_says_what_we_use(sign_in: SignIn) -> None:
    reply = sign_in.outside.web.get(discovery_address(sign_in.portal), {})
    assert compared(sign_in.portal, told(reply), "local") == ()
    assert fit(sign_in.portal, "local") == ()


@proves("T40")
@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "https://attacker.example/", "https://127.0.0.1/"])
def test_no_web_of_a_deployed_stage_reaches_this_machine_or_another_host(address: str) -> None:
    with pytest.raises(NoAnswer) as none:
        UrllibWeb("prod").get(address, {})
    assert none.value.what == "address not allowed"


def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(NoAnswer) as none:
        UrllibWeb("local").get("http://127.0.0.1:1/", {})
    assert none.value.what == "unreachable"


def test_a_tile_leads_to_the_app_with_a_code_and_no_state(sign_in: SignIn) -> None:
    kept = _NoRedirect()
    tile = kept.get(f"{sign_in.double.url}/portal/tile?app=one&who={sign_in.who}")
    there = kept.get(sign_in.double.url + tile.headers["location"], cookie=tile.headers["set-cookie"].partition(";")[0])
    query = parse_qs(urlsplit(there.headers["location"]).query)
    assert there.headers["location"].startswith(f"{sign_in.outside.base_url}/cb/{sign_in.double.name}/one?")
    assert "state" not in query
    assert len(query["code"]) == 1


def test_somebody_not_signed_in_at_the_portal_is_asked_who_it_is(sign_in: SignIn) -> None:
    answer = _NoRedirect().get(f"{sign_in.double.url}/portal")
    page = answer.read().decode()
    assert answer.status == 200
    assert [person for person in sign_in.double.people if f"who={person}&" not in page] == []


def test_the_double_is_a_program_with_people_and_apps_of_its_own() -> None:
    person = sample_people("classlink")[1]
    known = {"people": [{"id": person.id, "tenant": "77", "role": "student"}],
             "apps": [{"key": "one", "client_id": "c", "client_secret": "s", "redirect_uri": "https://x.example/cb"}]}
    command = [sys.executable, "-m", "tests.fakes.portal_server", "--portal", "classlink", "--known", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(json.dumps(known).encode())
        program.stdin.close()
        said = json.loads(program.stdout.readline())
        request = urllib.request.Request(f"{said['url']}/control", b'{"alg": "none"}', method="POST")
        switched = json.loads(urllib.request.urlopen(request).read())
        log = json.loads(urllib.request.urlopen(f"{said['url']}/control/log").read())
        program.terminate()
    assert (said["people"], said["portal"]["jwks"], switched["alg"], log) == (
        1, f"{said['url']}/oauth2/v2/jwks", "none", [])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A browser that goes one step at a time."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None

    def get(self, address: str, cookie: str = "") -> Any:
        opener = urllib.request.build_opener(self)
        try:
            return opener.open(urllib.request.Request(address, headers={"Cookie": cookie} if cookie else {}))
        except urllib.error.HTTPError as answer:
            return answer
