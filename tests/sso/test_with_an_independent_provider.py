"""Our side of a portal against a provider that others wrote (npm `oidc-provider`), as Clever and as ClassLink.

These are the modules by themselves; whole sign-ins with it are in
`test_sign_ins_with_an_independent_provider.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from homeroom.model.sign_in import App, Asked, Portal, PortalName, Transaction
from homeroom.sso import exchange, id_token, subject, values
from homeroom.sso.keys import keys_of
from homeroom.sso.ports import Outside, Reply
from homeroom.sso.stops import Stop
from homeroom.sso.web import UrllibWeb
from local.demo.browser import Browser
from tests.browser.portals import Client, IndependentPortal, Person, Report, independent_portal
from tests.fakes.memory_sso import MemorySecrets, StillClock, memory_outside
from tests.sso.proves import proves

pytestmark = pytest.mark.integration

OURS = "http://127.0.0.1:9"
"""Our address; nobody listens there: the browser stops before it."""
VERIFIER, STATE, NONCE = (values.hashed(word) for word in ("verifier", "state", "nonce"))
PEOPLE: dict[PortalName, dict[str, Person]] = {
    "clever": {"5f00000000000000000000a1": Person(
        "teacher", "5f00000000000000000000d1", legacy_id="4f00000000000000000000a1", sis_id="T-1", number="77")},
    "classlink": {"4711": Person("Teacher", "2001", sourced_id="teacher-01", login="t.one")},
}
RUNNING: dict[PortalName, tuple[IndependentPortal, Client]] = {}
BOTH = pytest.mark.parametrize("name", ["clever", "classlink"])


@dataclass
class Counting:
    """The real way to a portal, and what was asked."""

    web: UrllibWeb = field(default_factory=lambda: UrllibWeb(stage="local"))
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, headers: Any) -> Reply:
        self.asked.append(url)
        return self.web.get(url, headers)

    def post(self, url: str, headers: Any, body: bytes) -> Reply:
        self.asked.append(url)
        return self.web.post(url, headers, body)


@dataclass
class Side:
    """We, and a portal that is not ours."""

    idp: IndependentPortal
    app: App
    outside: Outside
    web: Counting
    before: Report
    browser: Browser = field(default_factory=Browser)

    @property
    def portal(self) -> Portal:
        return self.idp.portal()

    def report(self) -> Report:
        """What the portal saw of this test."""
        now, before = asdict(self.idp.report()), asdict(self.before)
        return Report(**{name: now[name] - before[name] for name in now})

    def asked(self, **other: str) -> dict[str, str]:
        """Go to the portal as `authorize` does; what comes back to our callback."""
        wanted = {
            "response_type": "code", "client_id": self.app.client_id, "scope": self.portal.scope, "state": STATE,
            "redirect_uri": exchange.callback_address(self.app, self.outside), "nonce": NONCE,
            "code_challenge": values.hashed(VERIFIER), "code_challenge_method": "S256", **other,
        }
        return self.back(f"{self.portal.authorize}?{urlencode({k: v for k, v in wanted.items() if v})}")

    def back(self, address: str) -> dict[str, str]:
        """What a browser that goes there brings to our callback."""
        seen = self.browser.open(address, until=OURS)
        assert seen.status == 0, f"it ended at {seen.url} with {seen.status}: {seen.body}"
        return {name: found[0] for name, found in parse_qs(urlsplit(seen.url).query).items()}

    def redeemed(self, code: str, verifier: str = VERIFIER) -> exchange.Tokens:
        moment = int(self.outside.clock.now().timestamp())
        asked = Asked("sonday", "https://sonday.example/cb", STATE, NONCE, values.hashed("product"))
        made = Transaction(
            key=values.hashed(STATE), bind="", portal=self.app.portal, app=self.app.key, nonce=NONCE, verifier=verifier,
            asked=asked, login_id="L", hops=0, created_at=moment, expires_at=moment + 600)
        return exchange.exchange(code, made, self.app, self.portal, self.outside)

    def claims(self, tokens: exchange.Tokens, nonce: str = NONCE) -> Any:
        now = self.outside.clock.now().timestamp()
        assert tokens.id_token is not None
        return id_token.claims(tokens.id_token, self.portal, self.app, nonce, keys_of(self.outside), now)

    def subject(self, tokens: exchange.Tokens, claims: Any) -> subject.Subject:
        return subject.subject(tokens, claims, self.portal, self.app, self.outside)


@pytest.fixture(scope="module", autouse=True)
def portals() -> Iterator[None]:
    """Both portals, for all tests here: a start takes half a second."""
    with ExitStack() as started:
        for name, people in PEOPLE.items():
            client = Client(f"id-of-sonday-{name}", f"secret of sonday {name}", (f"{OURS}/cb/{name}/sonday",))
            RUNNING[name] = started.enter_context(independent_portal(name, people, [client])), client
        yield
    RUNNING.clear()


@contextmanager
def side(name: PortalName, **settings: bool) -> Iterator[Side]:
    """We, with nothing in memory, and the portal, with these settings."""
    idp, client = RUNNING[name]
    app = App(name, "sonday", client.id, f"app/{name}/sonday")
    web = Counting()
    outside = memory_outside(
        base_url=OURS, web=web, clock=StillClock(datetime.now(UTC)),
        secrets=MemorySecrets({app.secret_name: {"client_secret": client.secret}}))
    idp.behave(**settings)
    made = Side(idp, app, outside, web, idp.report())
    made.browser.open(idp.sign_in(next(iter(PEOPLE[name]))))
    yield made
    idp.behave(sends_iss=True, sparse=False)


@proves("K56")
@BOTH
def test_a_code_is_redeemed_and_its_token_read(name: PortalName) -> None:
    with side(name) as ours:
        answer = ours.asked()
        assert answer["state"] == STATE
        tokens = ours.redeemed(answer["code"])
        said = ours.claims(tokens)
        assert (said["sub"], said["nonce"]) == (next(iter(PEOPLE[name])), NONCE)


@BOTH
def test_the_bounce_shows_no_screen_and_takes_one_step(name: PortalName) -> None:
    with side(name) as ours:
        first = ours.back(ours.idp.tile(ours.app.client_id))
        assert set(first) == {"code", "iss"}, "a tile comes without state"
        ours.asked()
        seen = ours.browser.open(f"{ours.idp.url}/portal")
        assert seen.status == 200
        assert ours.report().token_calls == 0
        assert ours.report().authorized == 2


@BOTH
def test_the_subject_is_who_the_portal_says(name: PortalName) -> None:
    with side(name) as ours:
        tokens = ours.redeemed(ours.asked()["code"])
        found = ours.subject(tokens, ours.claims(tokens))
        (who, person), = PEOPLE[name].items()
        assert (found.id, found.tenant, found.hint) == (who, person.tenant, "teacher")
        told = {"legacy_id": person.legacy_id, "sourced_id": person.sourced_id, "email": person.email}
        assert {key: found.told.get(key, "") for key in told} == told


def test_clever_tells_the_number_of_the_sis_when_it_is_asked() -> None:
    with side("clever") as ours:
        tokens = ours.redeemed(ours.asked()["code"])
        more = subject.further(ours.subject(tokens, ours.claims(tokens)), tokens, ours.portal, ours.outside)
        assert (more.told["sis_id"], more.told["number"]) == ("T-1", "77")


def test_clever_without_openid_is_known_by_its_calls() -> None:
    with side("clever") as ours:
        ours.app = replace(ours.app, oidc=False)
        tokens = ours.redeemed(ours.asked(scope="", nonce="")["code"])
        assert tokens.id_token is None
        assert ours.subject(tokens, None).id == next(iter(PEOPLE["clever"]))


def test_a_token_of_classlink_without_its_own_claims_is_completed_by_my_info() -> None:
    with side("classlink", sparse=True) as ours:
        tokens = ours.redeemed(ours.asked()["code"])
        said = ours.claims(tokens)
        assert "classLink_tenant_id" not in said
        found = ours.subject(tokens, said)
        assert (found.tenant, found.told["sourced_id"], found.told["login"]) == ("2001", "teacher-01", "t.one")
        assert any(url.endswith("/v2/my/info") for url in ours.web.asked)


@proves("K49")
@BOTH
def test_a_code_works_once(name: PortalName) -> None:
    with side(name) as ours:
        code = ours.asked()["code"]
        ours.redeemed(code)
        with pytest.raises(Stop) as stopped:
            ours.redeemed(code)
        assert stopped.value.code == "SSO-105"
        report = ours.report()
        assert (report.token_calls, report.redeemed, report.refused) == (2, 1, 1)


@proves("C10")
@BOTH
@pytest.mark.parametrize("verifier", ["", values.hashed("another")])
def test_without_the_right_verifier_there_are_no_tokens(name: PortalName, verifier: str) -> None:
    with side(name) as ours:
        code = ours.asked()["code"]
        with pytest.raises(Stop) as stopped:
            ours.redeemed(code, verifier)
        assert (stopped.value.code, ours.report().redeemed) == ("SSO-105", 0)


@proves("T5", "C30")
@BOTH
def test_a_code_of_another_sign_in_is_refused_by_its_nonce(name: PortalName) -> None:
    with side(name) as ours:
        tokens = ours.redeemed(ours.asked(nonce=values.hashed("of another sign-in"))["code"])
        with pytest.raises(Stop) as stopped:
            ours.claims(tokens)
        assert (stopped.value.code, stopped.value.reason) == ("SSO-109", "nonce")


@BOTH
def test_a_wrong_secret_is_told_apart(name: PortalName) -> None:
    with side(name) as ours:
        ours.outside.secrets.secrets[ours.app.secret_name] = {"client_secret": "of yesterday"}  # type: ignore[attr-defined]
        code = ours.asked()["code"]
        with pytest.raises(Stop) as stopped:
            ours.redeemed(code)
        assert (stopped.value.code, stopped.value.reason) == ("SSO-103", "token: client refused")


@proves("C26")
@BOTH
def test_a_rotated_key_works_without_a_restart(name: PortalName) -> None:
    with side(name) as ours:
        ours.claims(ours.redeemed(ours.asked()["code"]))
        ours.idp.rotate("k2")
        said = ours.claims(ours.redeemed(ours.asked()["code"]))
        assert said["sub"] == next(iter(PEOPLE[name]))
        assert ours.web.asked.count(ours.portal.jwks) == 2, "once at the beginning, once for the key it did not know"


@BOTH
def test_a_new_key_is_published_before_it_signs(name: PortalName) -> None:
    with side(name) as ours:
        ours.idp.rotate("k3", "k4")
        for _ in range(3):
            ours.claims(ours.redeemed(ours.asked()["code"]))
        assert ours.web.asked.count(ours.portal.jwks) == 1


@proves("C24")
def test_the_keys_of_classlink_want_another_user_agent_than_pythons() -> None:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    with side("classlink") as ours:
        with pytest.raises(HTTPError, match="401"):
            urlopen(ours.portal.jwks, timeout=5)
        assert ours.web.get(ours.portal.jwks, {}).status == 200


@BOTH
def test_the_answer_may_come_without_an_issuer(name: PortalName) -> None:
    with side(name, sends_iss=False) as ours:
        answer = ours.asked()
        assert set(answer) == {"code", "state"}
        assert ours.claims(ours.redeemed(answer["code"]))["iss"] == ours.idp.issuer
