"""A stack of its own whose two portals are ours to spoil: the double of `tests/fakes/portal_server` as Clever and as
ClassLink, two sample products, one district. Every person, id and secret in it carries a mark.

Other modules share one stack, whose functions remember a portal for a minute; here portals lie, tables go missing and
keys are switched off, so nobody else may stand on it.
"""

from __future__ import annotations

import http.client
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import SecretStr

from homeroom.aws.values import plain_item
from homeroom.model.integration import Match, PortalSignIn, SignIn
from homeroom.model.sign_in import Attempt, PortalName
from homeroom.model.sign_in_events import AppGiven, RegisterProduct
from homeroom.sso.codes import CODES
from homeroom.sso.values import hashed
from local.demo.browser import Browser, Seen
from local.embedded import Embedded, deploy, embedded
from local.sample_product.people import Person as Known
from local.sample_product.product import Settings
from tests.builders.oneroster import district
from tests.fakes.portal_people import PortalApp, PortalPerson
from tests.fakes.portal_server import PortalDouble, Switches, serving
from tests.integration.labs import ASKS, Lab
from tests.integration.sign_in_scene import accept, attempts
from tests.sso.scene import running_product

MARK = "Qxcanary"
PORTALS: tuple[PortalName, ...] = ("clever", "classlink")
ONE, TWO, PLAIN = "marked-one", "marked-two", "marked-plain"
"""Two products and their apps of the same names; and an app of the first one at Clever without OIDC."""
PRODUCTS = {ONE: "Sonday System 1", TWO: "Sonday System 2"}
TENANT: Mapping[PortalName, str] = {"clever": "c1e5e50000000000000070a1", "classlink": "770701"}
ELSEWHERE: Mapping[PortalName, str] = {"clever": "c1e5e50000000000000070a2", "classlink": "770702"}
"""A district that is not connected."""
PEOPLE = ("teacher", "colleague", "student", "stranger", "foreigner")
"""`stranger` is in no roster; `foreigner` is of a district that is not connected."""
SIGNED_IN_AT = {"clever": "c1e5e5000000000077000", "classlink": "77700077"}
"""How ids of people begin at each portal."""
_FUNCTIONS = ("SsoLogin", "SsoCallback", "SsoProvider")


def id_at(portal: PortalName, who: str) -> str:
    """Somebody's id at a portal: a number at ClassLink, as it is there."""
    return f"{SIGNED_IN_AT[portal]}{101 + PEOPLE.index(who)}"


def person(portal: PortalName, who: str) -> PortalPerson:
    """Somebody of whom every word at the portal is marked."""
    return PortalPerson(
        id=id_at(portal, who), tenant=(ELSEWHERE if who == "foreigner" else TENANT)[portal],
        role="student" if who == "student" else "teacher", name=f"{MARK} {MARK}name-{who}",
        legacy_id=f"{MARK}-legacy-{who}", sourced_id=f"{MARK}-sourced-{who}", login=f"{MARK}-login-{who}",
        email=f"{MARK}.{who}@sample.example", sis_id=f"{MARK}-sourced-{who}", number=f"{MARK}-number-{who}")


def app_of(portal: PortalName, key: str, ours: str) -> PortalApp:
    """A product's app as it is registered at a portal."""
    return PortalApp(key, f"{key}-at-{portal}", f"{MARK}-secret-of-{key}-at-{portal}", f"{ours}/cb/{portal}/{key}",
                     oidc=key != PLAIN)


APPS: Sequence[tuple[PortalName, str]] = (
    ("clever", ONE), ("classlink", ONE), ("clever", TWO), ("classlink", TWO), ("clever", PLAIN))


@dataclass(frozen=True)
class Reply:
    """What the front door answers."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Ended:
    """How a sign-in ended, wherever one can look.

    `outcomes` are those that the history got, with their reasons. `codes`: one-time codes that were kept for the
    product. `product`: the status of the product's page for those who are signed in.
    """

    page: str
    status: int
    outcomes: tuple[tuple[str, str], ...]
    token_calls: int
    codes: int = 0
    product: int = 401


def nothing_opened(page: str, reason: str, token_calls: int = 1) -> Ended:
    """The only right end of a sign-in that must not be."""
    return Ended(page, CODES[page].status, ((page, reason),), token_calls)


@dataclass(frozen=True)
class HostileLab:
    """The stack and what is around it. `products`: slug → where it stands; `secrets`: its client secret.

    `browsers` and `seen` are all that were used: what is in them may be nowhere else.
    """

    aws: Embedded
    doubles: Mapping[PortalName, PortalDouble]
    products: Mapping[str, Settings]
    secrets: Mapping[str, str]
    district: Lab
    browsers: list[Browser] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    @property
    def ours(self) -> str:
        return self.aws.front_door

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        assert self.aws.stack is not None
        return self.aws.stack.outputs

    def honest(self) -> None:
        """Both portals as they should be, whatever a test made of them."""
        for double in self.doubles.values():
            double.switches = Switches()

    # ------------------------------------------------------------------ what people do

    def browser(self) -> Browser:
        self.browsers.append(Browser())
        return self.browsers[-1]

    def at_portal(self, portal: PortalName, who: str = "teacher") -> Browser:
        """A browser in which somebody is signed in at a portal."""
        browser = self.browser()
        browser.open(f"{self.doubles[portal].url}/portal/sign-in?who={id_at(portal, who)}")
        return browser

    def click(self, portal: PortalName, who: str = "teacher", app: str = ONE, browser: Browser | None = None) -> Seen:
        """A click on a product's tile, to its end."""
        tile = f"{self.doubles[portal].url}/portal/tile?app={app}&who={id_at(portal, who)}"
        return self.opened(browser or self.browser(), tile)

    def answered(self, browser: Browser, portal: PortalName, app: str = ONE) -> str:
        """The address with code and state at which the portal's answer arrives, not opened yet."""
        at_portal = self.opened(browser, f"{self.ours}/start/{portal}/{app}", f"{self.doubles[portal].url}/").url
        return self.opened(browser, at_portal, f"{self.ours}/cb/").url

    def opened(self, browser: Browser, url: str, until: str = "") -> Seen:
        self.seen.append(browser.open(url, until))
        return self.seen[-1]

    def code_of(self, asked: Asking, portal: PortalName = "clever", who: str = "teacher") -> str:
        """A one-time code, brought as far as the product's address by a whole sign-in."""
        browser, back = self.at_portal(portal, who), asked.redirect_uri
        end = self.opened(browser, f"{self.ours}/authorize?{asked.query(portal)}", back)
        assert end.status == 0, f"no code came: {page_of(end)}"
        return dict(parse_qsl(urlsplit(end.url).query))["code"]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One request at the front door; nothing is followed."""
        place = urlsplit(self.ours)
        call = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        try:
            call.request(method, path, body, headers)
            answer = call.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()},
                         answer.read().decode(errors="replace"))
        finally:
            call.close()

    def redeem(self, asked: Asking, code: str) -> Reply:
        """As the product's server does it."""
        basic = b64encode(f"{asked.client_id}:{self.secrets[asked.client_id]}".encode()).decode()
        form = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": asked.redirect_uri,
                          "code_verifier": asked.verifier})
        return self.ask("POST", "/token", form.encode(), Authorization=f"Basic {basic}",
                        **{"Content-Type": "application/x-www-form-urlencoded"})

    def asking(self, slug: str = ONE) -> Asking:
        return Asking(slug, self.products[slug].redirect_uri)

    # ------------------------------------------------------------------ what stands in the stack

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, named by its output."""
        pages = self.aws.clients("dynamodb").get_paginator("scan")
        listed = pages.paginate(TableName=self.outputs[table], ConsistentRead=True)
        return [plain_item(item) for page in listed for item in page["Items"]]

    def attempts(self) -> Sequence[Attempt]:
        return attempts(self.aws)

    def handoffs(self) -> set[str]:
        """Keys of the one-time codes that were ever kept."""
        return {item["id"] for item in self.items("LaunchesTableName") if item["id"].startswith("HOC#")}

    def log_lines(self) -> Iterator[tuple[str, str]]:
        """(group, line) of all that any function has logged; metrics leave as such lines too."""
        logs = self.aws.clients("logs")
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name = group["logGroupName"]
                for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                    yield from ((name, event["message"]) for event in events["events"])

    def logged(self) -> list[dict[str, Any]]:
        """What the functions told in words, line by line."""
        lines = [line for _, line in self.log_lines() if line.startswith("{")]
        return [told for told in map(json.loads, lines) if isinstance(told, dict)]

    def anew(self, *functions: str, **environment: str | None) -> None:
        """New processes for these functions (all three if none is named), with these settings changed; None takes one
        away. What a process remembered is gone."""
        client = self.aws.clients("lambda")
        for name in functions or _FUNCTIONS:
            function = self.outputs[f"{name}FunctionName"]
            now = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
            wanted = {key: value for key, value in {**now, **environment}.items() if value is not None}
            client.update_function_configuration(FunctionName=function, Environment={"Variables": wanted})

    @contextmanager
    def changed(self, function: str, **environment: str | None) -> Iterator[None]:
        """One function with other settings, for the length of the block."""
        client = self.aws.clients("lambda")
        named = self.outputs[f"{function}FunctionName"]
        was = client.get_function_configuration(FunctionName=named)["Environment"]["Variables"]
        self.anew(function, **environment)
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=named, Environment={"Variables": was})

    def watch(self) -> Watch:
        return Watch(self)


class Watch:
    """What came since this was made."""

    def __init__(self, lab: HostileLab):
        self._lab = lab
        self._known = {attempt.login_id for attempt in lab.attempts()}
        self._codes = lab.handoffs()
        self._calls = self._token_calls()

    def _token_calls(self) -> int:
        return sum(len(double.asked_for("token")) for double in self._lab.doubles.values())

    def attempts(self) -> list[Attempt]:
        new = [attempt for attempt in self._lab.attempts() if attempt.login_id not in self._known]
        return sorted(new, key=lambda attempt: attempt.at)

    def token_calls(self) -> int:
        return self._token_calls() - self._calls

    def codes(self) -> int:
        return len(self._lab.handoffs() - self._codes)

    def ended(self, seen: Seen, browser: Browser, slug: str = ONE) -> Ended:
        """How it ended. That the page has a reference of the history, and nothing of a machine, is looked at here."""
        new = self.attempts()
        assert not MACHINE.search(seen.body), seen.body
        assert any(attempt.login_id in seen.body for attempt in new), "the page names its sign-in"
        return Ended(
            page_of(seen), seen.status, tuple((one.outcome, one.reason) for one in new), self.token_calls(),
            self.codes(), browser.open(f"{self._lab.products[slug].base_url}/me").status)


MACHINE = re.compile(r"Traceback|File \"|botocore|Internal Server Error|\"message\"|Exception|errorType|homeroom-local")
"""What answers of API Gateway, Lambda and Python look like."""


def page_of(seen: Seen) -> str:
    """The code of our page, empty if it is none of ours."""
    found = re.search(r"SSO-\d{3}", seen.body)
    return found[0] if found and seen.body.lstrip().lower().startswith("<!doctype html>") else ""


@dataclass(frozen=True)
class Asking:
    """A product's request, made by hand: its state, nonce and verifier are known."""

    client_id: str
    redirect_uri: str
    state: str = f"{MARK}-state-of-a-product-which-is-long"
    nonce: str = f"{MARK}-nonce-of-a-product-which-is-long"
    verifier: str = f"{MARK}-verifier-of-a-product-which-has-43-characters"

    def query(self, portal: PortalName) -> str:
        return urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, "scope": "openid",
            "state": self.state, "nonce": self.nonce, "code_challenge": hashed(self.verifier),
            "code_challenge_method": "S256", "login_hint": portal})


@contextmanager
def hostile_lab() -> Iterator[HostileLab]:
    """All of it, honest at first."""
    with ExitStack() as started:
        emulated = started.enter_context(embedded())
        aws = replace(emulated, stack=deploy(emulated.clients))
        doubles = {portal: _double(portal, aws.front_door) for portal in PORTALS}
        for double in doubles.values():
            started.enter_context(serving(double))
            accept(aws, double.portal())
        given: dict[str, str] = {}
        products = {slug: started.enter_context(running_product(
            aws.front_door, slug, PRODUCTS[slug], lambda *_: Known("Somebody", "teacher"),
            lambda placed: given.setdefault(placed.client_id, register(aws, placed)))) for slug in PRODUCTS}
        yield HostileLab(aws, doubles, products, given, _district(aws))


def _double(portal: PortalName, ours: str) -> PortalDouble:
    return PortalDouble(portal, [person(portal, who) for who in PEOPLE],
                        [app_of(at, key, ours) for at, key in APPS if at == portal])


def register(aws: Embedded, settings: Settings) -> str:
    """As staff do it; the product's client secret, which the operation shows once."""
    slug = settings.client_id
    mine = [(portal, key) for portal, key in APPS if (TWO if key == TWO else ONE) == slug]
    apps = tuple(given(app_of(portal, key, aws.front_door), portal) for portal, key in mine)
    answer = Lab(aws, "none").stack.ask(RegisterProduct(
        operation="register_product", slug=slug, product=PRODUCTS[slug], redirect_uris=(settings.redirect_uri,),
        initiate_uri=settings.initiate_uri, home_url=f"{settings.base_url}/", support_url=f"{settings.base_url}/help",
        apps=apps, rotate=True, **ASKS))
    return str(answer["client_secret"])


def given(app: PortalApp, portal: PortalName) -> AppGiven:
    return AppGiven(portal=portal, key=app.key, client_id=app.client_id, client_secret=SecretStr(app.client_secret),
                    oidc=app.oidc)


def _district(aws: Embedded) -> Lab:
    """One roster, synced from files, into which people come by either portal."""
    portals = {
        "classlink": PortalSignIn(tenants=(TENANT["classlink"],)),
        "clever": PortalSignIn(tenants=(TENANT["clever"],), match=Match(portal="sis_id", roster="sourced_id"))}
    lab = Lab(aws, "marked-district").connect(
        district_id="d-1", aggregator="classlink", product_line="Sonday",
        products=tuple(PRODUCTS.values()), sign_in=SignIn(on=True, portals=portals))
    export = district()
    for who in ("teacher", "colleague"):
        export = export.with_teacher(f"{MARK}-sourced-{who}", **_cells(who))
    export = export.with_student(f"{MARK}-sourced-student", **_cells("student"))
    assert lab.land(export.zip_bytes())["outcome"] == "applied"
    return lab


def _cells(who: str) -> Mapping[str, str]:
    return {"givenName": MARK, "familyName": f"{MARK}name-{who}", "email": f"{MARK}.{who}@sample.example",
            "username": f"{MARK}-username-{who}"}


def claims_of(id_token: str) -> Mapping[str, Any]:
    """What a token says, unchecked."""
    from base64 import urlsafe_b64decode

    payload = id_token.split(".")[1]
    told: Mapping[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told
