"""GET /authorize: a product asks who somebody is; we ask the portal (reference/sso.md 3.3, 3.4, 4.3).

    what is wrong                                            what happens
    no GET, or not a navigation of a whole window            405, or nothing at all
    a parameter twice, too long, damaged                     page SSO-106: nothing in it can be trusted
    client or redirect address not registered                page SSO-106: never a redirect (conformance 39)
    the product is switched off                              page SSO-302
    anything else of the protocol                            back to the product as error=…, with its state
    nothing, but no portal named and several possible        a page that asks which

Whatever is well begins a transaction: our own state, nonce, verifier and binding value, independent of each other and
of all that the product sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from homeroom.model.sign_in import TRANSACTION_SECONDS, App, Asked, Portal, Registration, Transaction
from homeroom.sso import cookies
from homeroom.sso.exchange import callback_address
from homeroom.sso.http import Answer, Request, by_a_person, flaw, is_read, nothing, see_other
from homeroom.sso.launch import choose, hint_of, mark, unrecorded, with_query
from homeroom.sso.pages import links_of, page
from homeroom.sso.ports import Outside
from homeroom.sso.recording import Recording, ended, new_login_id
from homeroom.sso.stops import Stop
from homeroom.sso.values import fresh, hashed

MOST_QUERY = 4096
"""Characters of a product's request: state and nonce may have 512 each, and more when encoded."""
_VALUE = re.compile(r"[\x21-\x7e]{16,512}")
"""A state or nonce: long enough not to be guessed, printable, without blanks. Libraries make 20 and more characters."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_REFUSED_PARAMETERS: Mapping[str, str] = {
    "request": "request_not_supported", "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


def authorize(request: Request, outside: Outside) -> Answer:
    """On to the portal, with a cookie that binds what was begun to this browser; or one of the ends above."""
    if not is_read(request):
        return unrecorded("SSO-405", outside)
    if not by_a_person(request):
        return nothing()
    recording = Recording(outside)
    recording.step("asked")
    known: list[Registration] = []

    def serve() -> Answer:
        registration, redirect_uri = _client(request, outside)
        known.append(registration)
        recording.learn(product=registration.product)
        return _authorized(request, registration, redirect_uri, outside)

    def shown(code: str) -> Answer:
        registration = known[0] if known else None
        return page(code, login_id=recording.login_id, product=registration.product if registration else "",
                    links=links_of(outside.base_url, registration=registration), at=recording.at)

    return ended(recording, serve, shown)


def _client(request: Request, outside: Outside) -> tuple[Registration, str]:
    """The product and where its answer goes: both as registered, character for character. Raises Stop."""
    wrong = flaw(request, once=tuple(name for name, _ in request.query), most=MOST_QUERY)
    if wrong:
        raise Stop("SSO-106", wrong)
    client_id = request.one("client_id")
    registration = outside.registry.registration(client_id) if client_id else None
    if registration is None:
        raise Stop("SSO-106", "unknown client")
    redirect_uri = request.one("redirect_uri")
    if redirect_uri not in registration.redirect_uris:
        raise Stop("SSO-106", "redirect address not registered", security="redirect address not registered")
    if not registration.enabled:
        raise Stop("SSO-302", "sign-in to the product is switched off")
    return registration, redirect_uri


def _authorized(request: Request, registration: Registration, redirect_uri: str, outside: Outside) -> Answer:
    error = _protocol_error(request, registration)
    if error:
        outside.noting.count("request refused", client_id=registration.slug, error=error)
        return _back(request, redirect_uri, error, outside)
    asked = Asked(
        client_id=registration.slug, redirect_uri=redirect_uri, state=request.one("state"),
        nonce=request.one("nonce"), challenge=request.one("code_challenge"))
    app = _app(request.one("login_hint"), registration)
    if app is None:
        return choose(registration, {one: _once_more(asked, hint_of(registration, one), outside)
                                     for one in registration.apps}, outside)
    portal = outside.registry.portal(app.portal)
    if portal is None:
        return _back(request, redirect_uri, "temporarily_unavailable", outside)
    return _begun(request, asked, app, portal, outside)


class _Check(NamedTuple):
    """An error of the protocol and when a request has it. The first one counts."""

    error: str
    wrong: Callable[[Request], bool]


_CHECKS: tuple[_Check, ...] = (
    _Check("invalid_request", lambda request: not request.one("response_type")),
    _Check("unsupported_response_type", lambda request: request.one("response_type") != "code"),
    _Check("invalid_request", lambda request: request.one("response_mode") not in ("", "query")),
    _Check("invalid_scope", lambda request: "openid" not in request.one("scope").split(" ")),
    _Check("invalid_request", lambda request: not _VALUE.fullmatch(request.one("state"))),
    _Check("invalid_request", lambda request: not _VALUE.fullmatch(request.one("nonce"))),
    _Check("invalid_request", lambda request: request.one("code_challenge_method") != "S256"),
    _Check("invalid_request", lambda request: not _CHALLENGE.fullmatch(request.one("code_challenge"))),
)


def _protocol_error(request: Request, registration: Registration) -> str:
    """The word that RFC 6749 and OpenID Connect have for what is wrong; empty if nothing is.

    `prompt=none` asks for an answer without a screen, which only a session of ours could give: there is none.
    """
    for name, error in _REFUSED_PARAMETERS.items():
        if request.one(name):
            return error
    error = next((check.error for check in _CHECKS if check.wrong(request)), "")
    if error or not registration.apps:
        return error or "unauthorized_client"
    prompts = request.one("prompt").split(" ")
    if "none" in prompts:
        return "login_required" if prompts == ["none"] else "invalid_request"
    return ""


def _back(request: Request, redirect_uri: str, error: str, outside: Outside) -> Answer:
    """An error for the product. Its state goes with it where it has the form of one."""
    state = request.one("state")
    told = {"error": error} | ({"state": state} if _VALUE.fullmatch(state) else {}) | {"iss": outside.base_url}
    return see_other(with_query(redirect_uri, told))


def _app(hint: str, registration: Registration) -> App | None:
    """The app that the product's `login_hint` names; without one that is known the only one there is."""
    named = next((app for app in registration.apps if hint_of(registration, app) == hint), None)
    return named or (registration.apps[0] if len(registration.apps) == 1 else None)


def _once_more(asked: Asked, hint: str, outside: Outside) -> str:
    """This request with a portal named: made of what was checked, nothing else of the request comes back."""
    return with_query(f"{outside.base_url}/authorize", {
        "response_type": "code", "client_id": asked.client_id, "redirect_uri": asked.redirect_uri, "scope": "openid",
        "state": asked.state, "nonce": asked.nonce, "code_challenge": asked.challenge,
        "code_challenge_method": "S256", "login_hint": hint,
    })


def _begun(request: Request, asked: Asked, app: App, portal: Portal, outside: Outside) -> Answer:
    """Keep the transaction, bind it to this browser, go on to the portal."""
    state, nonce, verifier, binding = (fresh(outside.random) for _ in range(4))
    at = outside.clock.now()
    now = int(at.timestamp())
    transaction = Transaction(
        key=hashed(state), bind=hashed(binding), portal=app.portal, app=app.key, nonce=nonce,
        verifier=verifier if app.pkce else "", asked=asked, login_id=new_login_id(at, outside.random),
        hops=cookies.hops(request.cookies, now, mark(app.portal, app.key)).count, created_at=now,
        expires_at=now + TRANSACTION_SECONDS,
    )
    outside.launches.begin(transaction)
    outside.noting.count("begun", portal=app.portal, app=app.key)
    return see_other(
        _portal_address(transaction, state, app, portal, outside),
        cookies.bind(transaction.key, binding, request.cookies))


def _portal_address(transaction: Transaction, state: str, app: App, portal: Portal, outside: Outside) -> str:
    """The portal's authorize address, client id and our callback: all of configuration (conformance 9)."""
    told = {"response_type": "code", "client_id": app.client_id, "redirect_uri": callback_address(app, outside),
            "state": state}
    if app.oidc:
        told |= {"scope": portal.scope, "nonce": transaction.nonce}
    if app.pkce:
        told |= {"code_challenge": hashed(transaction.verifier), "code_challenge_method": "S256"}
    return with_query(portal.authorize, told)
