"""The exchange of a code: how it is asked, that it is asked once, and what each answer means."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest

from homeroom.errors import NotFound
from homeroom.sso.exchange import SECRET_SECONDS, Tokens, exchange
from homeroom.sso.portals import PORTALS
from homeroom.sso.ports import Outside
from homeroom.sso.stops import Stop
from tests.builders.portals import SECRET, SECRET_NAME, VERIFIER, ScriptedWeb, app, outside_with, transaction
from tests.fakes.memory_sso import BASE, MemoryNoting, MemorySecrets, StillClock
from tests.sso.proves import proves

CLEVER, CLASSLINK = PORTALS["clever"], PORTALS["classlink"]
GOOD = {"access_token": "il-token", "token_type": "bearer", "id_token": "a.b.c"}
REFUSED = (401, b'{"error": "invalid_client"}')


def asked(answer: Any, portal: Any = CLEVER, **more: Any) -> tuple[Tokens, ScriptedWeb]:
    web = ScriptedWeb({portal.token: answer})
    with_app = app(portal.name, **more)
    return exchange("code-one", transaction(portal.name), with_app, portal, outside_with(web)), web


def stopped(answer: Any, portal: Any = CLEVER, **more: Any) -> Stop:
    with pytest.raises(Stop) as stop:
        asked(answer, portal, **more)
    return stop.value


def test_a_code_gives_tokens() -> None:
    tokens, _ = asked(GOOD)
    assert tokens == Tokens("il-token", "a.b.c")
    assert "il-token" not in repr(tokens)


@proves("C21", "K50")
def test_clever_gets_our_secret_by_basic_and_the_rest_as_json() -> None:
    _, web = asked(GOOD)
    _, _, headers, body = web.calls[0]
    assert b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"client-one:{SECRET}"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"grant_type": "authorization_code", "code": "code-one",
                                "redirect_uri": f"{BASE}/cb/clever/one", "code_verifier": VERIFIER}


@proves("C21")
def test_classlink_gets_all_of_it_as_a_form() -> None:
    _, web = asked(GOOD, CLASSLINK)
    _, _, headers, body = web.calls[0]
    assert "authorization" not in headers
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {
        "grant_type": ["authorization_code"], "code": ["code-one"], "redirect_uri": [f"{BASE}/cb/classlink/one"],
        "code_verifier": [VERIFIER], "client_id": ["client-one"], "client_secret": [SECRET]}


@proves("C21")
def test_how_a_portal_reads_a_request_is_data() -> None:
    _, web = asked(GOOD, replace(CLEVER, body="form"))
    _, _, headers, body = web.calls[0]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode())["redirect_uri"] == [f"{BASE}/cb/clever/one"]


def test_signs_of_a_form_in_a_secret_do_not_break_basic() -> None:
    web = ScriptedWeb({CLEVER.token: GOOD})
    outside = replace(outside_with(web), secrets=MemorySecrets({SECRET_NAME: {"client_secret": "a:b+c %"}}))
    exchange("code-one", transaction(), app(), CLEVER, outside)
    left, _, right = b64decode(web.calls[0][2]["authorization"].removeprefix("Basic ")).decode().partition(":")
    assert (unquote_plus(left), unquote_plus(right)) == ("client-one", "a:b+c %")


@proves("C10")
@pytest.mark.parametrize(("pkce", "verifier", "sent"), [(True, VERIFIER, True), (False, VERIFIER, False),
                                                       (True, "", False)])
def test_the_verifier_is_sent_once_and_only_where_a_challenge_was(pkce: bool, verifier: str, sent: bool) -> None:
    web = ScriptedWeb({CLEVER.token: GOOD})
    exchange("code-one", transaction(verifier=verifier), app(pkce=pkce), CLEVER, outside_with(web))
    assert [VERIFIER.encode() in call[3] for call in web.calls] == [sent]


@proves("C22")
@pytest.mark.parametrize("what", ["timeout", "unreachable", "connection lost", "redirect", "answer too long"])
def test_a_code_whose_exchange_got_no_answer_is_never_tried_again(what: str) -> None:
    web = ScriptedWeb({CLEVER.token: what})
    with pytest.raises(Stop) as stop:
        exchange("code-one", transaction(), app(), CLEVER, outside_with(web))
    assert (stop.value.code, stop.value.reason, len(web.calls)) == ("SSO-103", f"token: {what}", 1)


@proves("C22")
@pytest.mark.parametrize(("answer", "code", "reason"), [
    ((500, b"{}"), "SSO-103", "token: status 500"), ((503, b"<html>"), "SSO-103", "token: status 503"),
    ((400, b'{"error": "canary"}'), "SSO-103", "token: status 400"), ((200, b"<html>"), "SSO-103", "token: no JSON"),
    ((400, b'{"error": "invalid_grant"}'), "SSO-105", "token: code refused"),
    ((200, b"{}"), "SSO-103", "token: no access token"), ((200, b"[]"), "SSO-103", "token: no JSON"),
    ((200, b'{"access_token": 7}'), "SSO-103", "token: no access token"),
    ((200, b'{"access_token": "a\\r\\nb"}'), "SSO-103", "token: no access token"),
    ((200, b'{"access_token": "a", "token_type": "mac"}'), "SSO-103", "token: no access token"),
    (REFUSED, "SSO-103", "token: client refused"), ((401, b"<html>"), "SSO-103", "token: client refused")])
def test_every_other_answer_ends_on_a_page_and_is_not_repeated(answer: Any, code: str, reason: str) -> None:
    web = ScriptedWeb({CLEVER.token: answer})
    with pytest.raises(Stop) as stop:
        exchange("code-one", transaction(), app(), CLEVER, outside_with(web))
    assert (stop.value.code, stop.value.reason, len(web.calls)) == (code, reason, 1)


@proves("C23")
@pytest.mark.parametrize("id_token", [None, "", 0])
def test_an_app_with_oidc_and_no_id_token_goes_no_other_way(id_token: object) -> None:
    stop = stopped({**GOOD, "id_token": id_token})
    assert (stop.code, stop.reason) == ("SSO-109", "no id_token")
    assert stopped({"access_token": "il-token"}).code == "SSO-109"
    assert stopped({**GOOD, "id_token": ["a.b.c"]}).code == "SSO-109"


def test_an_app_without_oidc_takes_no_id_token() -> None:
    assert asked(GOOD, oidc=False)[0] == Tokens("il-token", None)
    assert asked({"access_token": "il-token"}, oidc=False)[0] == Tokens("il-token", None)


class CountedSecrets(MemorySecrets):
    """Counts how often the store was asked; `after` is what it holds from the second time on."""

    def __init__(self, before: str, after: str):
        super().__init__({SECRET_NAME: {"client_secret": before}})
        self.after, self.asked = after, 0

    def get(self, name: str) -> Any:
        said = super().get(name)
        self.asked += 1
        self.secrets[name] = {"client_secret": self.after}
        return said


def with_secrets(web: ScriptedWeb, secrets: MemorySecrets, clock: StillClock | None = None) -> Outside:
    return replace(outside_with(web), secrets=secrets, clock=clock or StillClock(), noting=MemoryNoting())


def test_a_secret_is_read_once_in_five_minutes() -> None:
    secrets, clock, web = CountedSecrets(SECRET, SECRET), StillClock(), ScriptedWeb({CLEVER.token: GOOD})
    outside = with_secrets(web, secrets, clock)
    for _ in range(3):
        exchange("code", transaction(), app(), CLEVER, outside)
    assert secrets.asked == 1
    clock.pass_seconds(SECRET_SECONDS)
    exchange("code", transaction(), app(), CLEVER, outside)
    assert secrets.asked == 2


@proves("C22")
def test_a_refused_secret_is_read_anew_by_the_next_sign_in_and_the_code_is_not_sent_again() -> None:
    web, secrets = ScriptedWeb({CLEVER.token: [REFUSED, GOOD]}), CountedSecrets("old", "new")
    outside = with_secrets(web, secrets)
    with pytest.raises(Stop) as stop:
        exchange("code-one", transaction(), app(), CLEVER, outside)
    assert (stop.value.code, stop.value.reason, len(web.calls)) == ("SSO-103", "token: client refused", 1)
    assert exchange("code-two", transaction(), app(), CLEVER, outside).access_token == "il-token"
    assert [b64decode(call[2]["authorization"].removeprefix("Basic ")) for call in web.calls] == [
        b"client-one:old", b"client-one:new"]


def test_staff_are_told_of_a_refused_secret() -> None:
    web = ScriptedWeb({CLEVER.token: REFUSED})
    outside = with_secrets(web, CountedSecrets("old", "old"))
    with pytest.raises(Stop):
        exchange("code", transaction(), app(), CLEVER, outside)
    assert isinstance(outside.noting, MemoryNoting)
    assert outside.noting.counted == [("client refused", {"portal": "clever"})]


def test_without_a_secret_nothing_is_sent() -> None:
    web = ScriptedWeb({CLEVER.token: GOOD})
    with pytest.raises(NotFound):
        exchange("code", transaction(), app(), CLEVER, with_secrets(web, MemorySecrets()))
    assert web.calls == []


@proves("C22")
def test_a_refusal_holds_nothing_of_what_the_portal_said() -> None:
    stop = stopped((400, b'{"error": "invalid_grant", "error_description": "canary of a person"}'))
    assert "canary" not in f"{stop!r} {stop.reason} {stop.__cause__!r} {stop.__context__!r}"
