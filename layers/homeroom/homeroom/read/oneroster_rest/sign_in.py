"""How requests to a OneRoster service are signed (reference 3.6, 3.7 and 4.1).

OAuth 1.0a is oauthlib's: in the header only, with a new nonce and timestamp for each try, over exactly the query that
is sent. OAuth 2 asks for a token with the client's credentials. ClassLink's proxy takes a bearer that never ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from homeroom.errors import SourceUnusable
from homeroom.model.source import OneRosterRest
from homeroom.read.http import Answer, Http

Credentials = Mapping[str, str]
_METHODS = {"oauth1_sha256": SIGNATURE_HMAC_SHA256, "oauth1_sha1": SIGNATURE_HMAC_SHA1}
_SCOPES = {"1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/", "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/"}
_CORE, _ROSTER = "roster-core.readonly", "roster.readonly"
_ENOUGH = {"1.1": (_CORE,), "1.2": (_CORE, _ROSTER)}
"""Last segments of scopes of which one must be granted to read the collections at the top."""

CHECK: Mapping[str, str] = {
    "oauth1_sha256": "Check the application's key and secret, and that the service takes HMAC-SHA256.",
    "oauth1_sha1": "Check the application's key and secret, and that the service takes HMAC-SHA1.",
    "oauth2": "Check client id and secret, and the address where tokens are handed out.",
    "bearer": "Check the token; the console may have made a new one.",
}
"""What to look at when a sign-in is refused."""


class Bearer(AuthBase):
    """A token in the header."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def oauth1(credentials: Credentials, sign_in: str = "oauth1_sha256", **fixed: Any) -> AuthBase:
    """OAuth 1.0a of two legs; `fixed` names a nonce and a timestamp, for test vectors."""
    signed: AuthBase = OAuth1(credentials["key"], credentials["secret"], signature_method=_METHODS[sign_in], **fixed)
    return signed


def sign_in(source: OneRosterRest, credentials: Credentials, http: Http) -> AuthBase:
    """What signs requests from now on. Asks for a token where OAuth 2 hands them out; raises SourceUnusable."""
    if source.sign_in == "bearer":
        return Bearer(credentials["token"])
    if source.sign_in == "oauth2":
        return Bearer(_token(source, credentials, http))
    return oauth1(credentials, source.sign_in)


def scopes(source: OneRosterRest) -> str:
    """What is asked for: those of rostering, or what the integration says."""
    return source.scope or " ".join(_SCOPES[source.version] + last for last in (_CORE, _ROSTER))


def _token(source: OneRosterRest, credentials: Credentials, http: Http) -> str:
    if source.token_url is None:
        raise SourceUnusable("the address where tokens are handed out is not known", code="SRC-10", owner="vendor",
                             remedy="Set `token_url` of the source, as the service's console shows it.")
    answer = _token_answer(source.token_url, credentials, scopes(source), http)
    if answer.status in (400, 401, 403):
        raise SourceUnusable(f"the service refused to hand out a token ({_reason(answer)})", code="SRC-01",
                             remedy=CHECK["oauth2"])
    told = _told(answer)
    token = told.get("access_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise SourceUnusable(f"no token came from where tokens are handed out (status {answer.status})", code="SRC-04",
                             owner="vendor", remedy="Check `token_url` of the source.")
    _check_scope(source, told.get("scope"))
    return token


def _token_answer(url: str, credentials: Credentials, scope: str, http: Http) -> Answer:
    """Credentials go by HTTP Basic; once more in the form, for services that take them only there (reference 3.7)."""
    form = {"grant_type": "client_credentials", "scope": scope}
    key, secret = credentials["key"], credentials["secret"]
    answer = http.post(url, form, HTTPBasicAuth(key.encode(), secret.encode()))
    if answer.status not in (400, 401):
        return answer
    again = http.post(url, form | {"client_id": key, "client_secret": secret}, _Unsigned())
    return again if again.status == 200 else answer


class _Unsigned(AuthBase):
    """Neither Basic nor the session's own sign-in."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _told(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _reason(answer: Answer) -> str:
    """The error word of RFC 6749, section 5.2; nothing else of the answer is repeated."""
    known = ("invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client",
             "unsupported_grant_type")
    told = _told(answer).get("error")
    return told if told in known else f"status {answer.status}"


def _check_scope(source: OneRosterRest, granted: object) -> None:
    """The scope that is granted may be smaller than what was asked for."""
    enough = _ENOUGH[source.version]
    asked = {scope.rpartition("/")[2] for scope in scopes(source).split()}
    if not isinstance(granted, str) or not granted.strip() or not asked & {*enough}:
        return
    if not {scope.rpartition("/")[2] for scope in granted.split()} & {*enough}:
        raise SourceUnusable(f"signed in, but the scope {enough[0]} was not granted", code="SRC-11",
                             remedy="Grant the application the rostering scopes.")
