"""A portal's code for tokens: one call, never a second one with the same code (reference/sso.md 2.3, 3.5).

How the client shows its secret and how the body is written is data of the portal (ADR 0033). Nothing of what the portal
answers is told on: not in a reason, not in an error.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import quote_plus, urlencode

from homeroom.model.sign_in import App, Portal, Transaction
from homeroom.sso.ports import Outside, Reply
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.web import told

SECRET_SECONDS = 300
"""A client secret is read again after this; by the next sign-in where the portal says that it is not ours any more."""
_LONGEST = 16 * 1024


@dataclass(frozen=True)
class Tokens:
    """What a portal gave for a code. `id_token` is None only for apps without OIDC."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)


_WRITTEN: Mapping[str, tuple[str, Callable[[Mapping[str, str]], str]]] = {
    "form": ("application/x-www-form-urlencoded", urlencode),
    "json": ("application/json", lambda said: json.dumps(said, separators=(",", ":"))),
}
"""`Portal.body` → its content type and how it is written."""


def exchange(code: str, transaction: Transaction, app: App, portal: Portal, outside: Outside) -> Tokens:
    """Redeem the code of a transaction that was used up before.

    Raises Stop: SSO-103 where the portal gives no tokens, SSO-105 where it no longer knows the code, SSO-109 where an
    app with OIDC gets no id_token (conformance 23).
    """
    reply = _asked(code, _secret(app, outside), transaction, app, portal, outside)
    if _error(reply) == "invalid_client":
        outside.kept.pop(_place(app), None)  # it may have been changed: the next sign-in reads it anew
    if reply.status != 200:
        raise _stopped(_error(reply), reply.status, portal, outside)
    return _tokens(reply, app)


def callback_address(app: App, outside: Outside) -> str:
    """Where the portal sends the browser: equal in the request and here, as registered (conformance 9)."""
    return f"{outside.base_url}/cb/{app.portal}/{app.key}"


def _asked(code: str, secret: str, transaction: Transaction, app: App, portal: Portal, outside: Outside) -> Reply:
    said = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback_address(app, outside)}
    headers = {}
    if app.pkce and transaction.verifier:
        said["code_verifier"] = transaction.verifier
    if portal.sends_client == "basic":
        pair = f"{quote_plus(app.client_id)}:{quote_plus(secret)}"
        headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        said |= {"client_id": app.client_id, "client_secret": secret}
    headers["content-type"], written = _WRITTEN[portal.body]
    try:
        return outside.web.post(portal.token, headers, written(said).encode())
    except NoAnswer as none:
        raise Stop("SSO-103", f"token: {none.what}") from None


def _tokens(reply: Reply, app: App) -> Tokens:
    try:
        said = told(reply)
    except NoAnswer as none:
        raise Stop("SSO-103", f"token: {none.what}") from None
    access, kind = said.get("access_token"), said.get("token_type", "Bearer")
    if not _is_token(access) or not isinstance(kind, str) or kind.casefold() != "bearer":
        raise Stop("SSO-103", "token: no access token")
    if not app.oidc:
        return Tokens(access)
    if not said.get("id_token"):
        raise Stop("SSO-109", "no id_token")
    if not isinstance(said["id_token"], str):
        raise Stop("SSO-109", "malformed")
    return Tokens(access, said["id_token"])


def _is_token(value: Any) -> TypeGuard[str]:
    """Text that may stand in a header."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable() \
        and " " not in value


def _error(reply: Reply) -> str:
    """The error word of RFC 6749 in an answer, one of those that we know; else empty."""
    if reply.status == 200:
        return ""
    try:
        word = told(reply).get("error")
    except NoAnswer:
        return "invalid_client" if reply.status == 401 else ""
    if word in ("invalid_client", "invalid_grant"):
        return str(word)
    return "invalid_client" if reply.status == 401 else ""


def _stopped(error: str, status: int, portal: Portal, outside: Outside) -> Stop:
    if error == "invalid_grant":
        return Stop("SSO-105", "token: code refused")
    if error == "invalid_client":
        outside.noting.count("client refused", portal=portal.name)
        return Stop("SSO-103", "token: client refused")
    return Stop("SSO-103", f"token: status {status}")


def _secret(app: App, outside: Outside) -> str:
    """The app's client secret. Raises what the store raises: a fault of ours, and nothing was sent."""
    now, place = outside.clock.now().timestamp(), _place(app)
    kept: tuple[float, str] | None = outside.kept.get(place)
    if kept is None or not 0 <= now - kept[0] < SECRET_SECONDS:
        kept = now, outside.secrets.get(app.secret_name)["client_secret"]
        outside.kept[place] = kept
    return kept[1]


def _place(app: App) -> str:
    return f"secret {app.secret_name} of {app.client_id}"
