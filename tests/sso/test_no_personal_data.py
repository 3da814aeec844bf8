"""Marked people, secrets and codes go through every kind of sign-in; history, log, metrics and pages have none of them.

The log and the metrics are the real ones of the functions, read from what they write (conformance 49, threat T38).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from homeroom.aws import sign_in_noting
from homeroom.model.events import ListSignIns, ShowSignIn
from homeroom.model.integration import Integration
from homeroom.model.sign_in import SIGNED_IN
from homeroom.support.operations import act
from tests.fakes.memory import memory_world
from tests.fakes.memory_sign_ins import MemorySignIns
from tests.fakes.portal_people import PortalPerson
from tests.sso.flows import Browser, Page
from tests.sso.laboratory import DISTRICTS, ROLES, SECRET, TENANTS, Laboratory, laboratory
from tests.sso.proves import proves

SEVERAL = 12
"""Of the kinds of page, as many at least must have been met: a test that meets none finds nothing."""
SHORT = 8
"""Values that are shorter stand in other words too, and are no secret of anybody."""
_NOT_MARKED = ("tenant", "role", "authorized_by")
_IN_FLIGHT = ("code", "state", "nonce", "code_challenge", "code_verifier", "client_secret", "id_token", "access_token")


class Both:
    """The memory's noting, and beside it the one of the functions."""

    def __init__(self, memory: Any):
        self.memory, self.real = memory, sign_in_noting.LogAndMetrics()

    def __getattr__(self, name: str) -> Any:
        def both(*args: Any, **words: Any) -> None:
            getattr(self.memory, name)(*args, **words)
            getattr(self.real, name)(*args, **words)

        return both


class Breaking:
    """A store that fails when told so, with a message that nobody may see."""

    def __init__(self, kept: Any):
        self.kept, self.broken = kept, False

    def __getattr__(self, name: str) -> Any:
        if self.broken:
            raise RuntimeError("canary-of-a-store in its message")
        return getattr(self.kept, name)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the logger of the functions writes."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Homeroom")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")
    sign_in_noting.metrics.cache_clear()
    sign_in_noting.logger.clear_state()  # keys that a handler of another test left
    text = io.StringIO()
    handlers = [handler for handler in sign_in_noting.logger.handlers if hasattr(handler, "setStream")]
    before = [handler.setStream(text) for handler in handlers]
    yield text
    for handler, stream in zip(handlers, before, strict=True):
        handler.setStream(stream)
    sign_in_noting.metrics.cache_clear()


def marked(portal: str, word: str, role: str = "teacher", **words: Any) -> PortalPerson:
    """Somebody of whom every value at the portal and in the SIS is marked."""
    told = {name: f"canary-{name}-{word}-{portal}" for name in (
        "id", "legacy_id", "sourced_id", "login", "sis_id", "number")}
    return PortalPerson(**{**told, "tenant": TENANTS[portal], "role": role, "name": f"Canary Name {word}",  # type: ignore[index]
                           "email": f"canary-{word}@{portal}.example", **words})


def with_marked_people() -> tuple[Laboratory, Breaking]:
    """Each portal with somebody of each role, a stranger, an archived person, and somebody of an unknown district."""
    stores: list[Breaking] = []

    def breaking(kept: Any) -> Breaking:
        stores.append(Breaking(kept))
        return stores[0]

    lab = laboratory(wrapped={"noting": Both, "rosters": breaking})
    for name, portal in lab.portals.items():
        people = [marked(name, role, role) for role in ROLES] + [
            marked(name, "stranger"), marked(name, "archived"),
            marked(name, "unknown", tenant=f"90{len(name):022x}")]
        portal.people = {one.id: one for one in people}
        integration = DISTRICTS[name]  # type: ignore[index]
        for one, role in ((people[0], "teacher"), (people[1], "student"), (people[2], "administrator"),
                          (people[4], "teacher")):
            value, person = one.id if name == "clever" else one.sourced_id, f"p-{role}-{one is people[4]}"
            lab.rosters.links[integration, "sourced_id", value] = person
            lab.rosters.people[integration, person] = {
                "status": "archived" if one is people[4] else "active", "enabled": True, "role": role, "roles": [role],
                "orgs": ["school-1"], "given_name": one.name, "email": one.email, "source_id": value}
    return lab, stores[0]


def all_kinds(lab: Laboratory, rosters: Breaking) -> list[Page]:
    """Sign-ins of every kind, good and bad."""
    pages: list[Page] = []
    for name, portal in lab.portals.items():
        def click(who: str, app: str = "literacy", browser: Browser | None = None, name: str = name) -> Page:
            browser = browser or lab.browser()
            return browser.open(f"{lab.portals[name].url}/portal/tile?app={app}&who=canary-id-{who}-{name}")

        pages += [click(who) for who in (*ROLES, "stranger", "archived", "unknown")]
        pages.append(click("teacher", "galileo"))
        pages.append(click("teacher", browser=lab.browser(blocks_cookies=True)))
        base = f"{lab.outside.base_url}/cb/{name}/literacy"
        pages += [lab.browser().open(f"{base}{query}") for query in (
            "", "?error=access_denied&error_description=canary-description", "?code=canary-code-1&state=canary-state",
            "?state=canary-1&state=canary-2", f"?code=canary-code-2&iss=https://canary.example&state={'x' * 43}")]
        teacher = lab.browser()
        teacher.ask(f"{portal.url}/portal/sign-in?who=canary-id-teacher-{name}")
        stolen = lab.stopped_before_callback(teacher, name)
        pages += [lab.browser().open(stolen), teacher.open(stolen), teacher.open(stolen)]
        for place, how in (("token", "500"), ("token", "html"), ("token", "drop"), ("jwks", "500")):
            portal.switches.broken[place] = how
            pages.append(click("teacher"))
            portal.switches.broken.clear()
        for claims in ({"nonce": "canary-nonce"}, {"aud": "canary-audience"}, {"iss": "https://canary.example"}):
            portal.switches.claims = claims
            pages.append(click("teacher"))
        portal.switches.claims = {}
        rosters.broken = True
        pages.append(click("teacher"))
        rosters.broken = False
        view = lab.registry.views[DISTRICTS[name]]  # type: ignore[index]
        for changed in (replace(view, on=False), replace(view, ended="Canary reason of a district")):
            lab.registry.views[view.integration] = changed
            pages += [click("teacher"), click("student")]
        lab.registry.views[view.integration] = view
    return pages


def secrets_of(lab: Laboratory, pages: list[Page]) -> set[str]:
    """Everything that must be found nowhere: people, client secrets, and what was on its way."""
    found = {SECRET}
    for portal in lab.portals.values():
        for one in portal.people.values():
            found |= {str(value) for name, value in asdict(one).items() if name not in _NOT_MARKED}
        found |= {app.client_secret for app in portal.apps.values()}
        for call in portal.log:
            found |= {value for name, value in call.said.items() if name in _IN_FLIGHT}
            found |= {value for name, value in call.headers.items() if name in ("authorization", "cookie")}
    for page in pages:
        for hop in page.hops:
            found |= {value for name, value in parse_qsl(urlsplit(hop.url).query) if name in _IN_FLIGHT}
            found |= {line.partition("=")[2].partition(";")[0] for line in hop.response.cookies}
    for browser in lab.browsers:
        found |= {cookie.value for cookie in browser.jar.values()}
    for path, answer in lab.sso.answers:
        if path == "/token" and answer.status == 200:
            found |= {str(value) for value in json.loads(answer.body).values()}
    return {value for value in found if len(value) >= SHORT and value not in ("Bearer", "openid")}


@proves("C49", "T37", "T38")
def test_nothing_of_a_person_and_no_secret_is_in_history_log_metrics_or_pages(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    lab, rosters = with_marked_people()
    pages = all_kinds(lab, rosters)
    sign_in_noting.flush()
    metrics, secrets = capsys.readouterr().out, secrets_of(lab, pages)
    attempts = list(lab.attempts.attempts.values())
    seen = {
        "history": json.dumps([asdict(attempt) for attempt in attempts]), "log": written.getvalue(),
        "metrics": metrics, "support": answers_of_support(lab),
        "pages": "".join(answer.body for path, answer in lab.sso.answers if path != "/token"),
    }
    outcomes = {attempt.outcome for attempt in attempts}
    assert {SIGNED_IN, "SSO-103", "SSO-104", "SSO-109", "SSO-201", "SSO-202", "SSO-203", "SSO-205", "SSO-301",
            "SSO-302", "SSO-501"} <= outcomes
    assert len(outcomes) >= SEVERAL
    assert len(secrets) > 20 * SEVERAL
    assert all(seen.values())
    assert [(place, value) for place, text in seen.items() for value in secrets if value in text] == []
    assert [place for place, text in seen.items() if re.search("canary", text, re.IGNORECASE)] == []


def answers_of_support(lab: Laboratory) -> str:
    """Everything that support can ask about these sign-ins."""
    world = replace(memory_world(*(Integration(id=name) for name in DISTRICTS.values())), sign_ins=MemorySignIns(
        registry=lab.registry, attempts=lab.attempts), clock=lab.clock)  # type: ignore[arg-type]
    lists = [act(ListSignIns(operation="sign_ins", integration=name, newest=200), world)
             for name in (*DISTRICTS.values(), None)]
    stories = [act(ShowSignIn(operation="sign_in", login=login), world) for login in lab.attempts.attempts]
    return json.dumps([lists, stories])


@proves("C49")
def test_a_log_line_of_a_sign_in_holds_listed_words_and_times_alone(written: io.StringIO) -> None:
    lab, rosters = with_marked_people()
    all_kinds(lab, rosters)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    told = [line for line in lines if line["message"] == "sso.login"]
    usual = {"level", "location", "message", "timestamp", "service"}
    assert len(told) == len(lab.noting.ended)
    assert {name for line in told for name in line if not name.endswith("_ms")} - usual <= set(sign_in_noting.TOLD)
