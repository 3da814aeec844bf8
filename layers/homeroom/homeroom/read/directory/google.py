"""Google Workspace by the Directory API of the Admin SDK, as a service account that acts for an administrator.

The service account signs a JWT (RFC 7523) and gets a token for the one scope that reads users. Pages of 500, the API's
largest. Source: developers.google.com, "users.list" and "Using OAuth 2.0 for server to server applications".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import jwt

from homeroom.errors import SourceUnusable
from homeroom.model.directory import Account, Google
from homeroom.read.directory import Access
from homeroom.read.directory.web import Object, Torn, Web, Words, objects, text

SCOPE = "https://www.googleapis.com/auth/admin.directory.user.readonly"
_GRANT = f"Allow the service account domain-wide delegation for {SCOPE}; the administrator must be one who reads users."
_WORDS = Words("Google Workspace", f"Check the service account's key and the administrator. {_GRANT}", _GRANT)
_ERRORS = (
    "access_denied", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client",
)
_FIELDS = "kind,nextPageToken,users(id,name(givenName,familyName),suspended,archived)"
_KIND = "admin#directory#users"
_SLOW = frozenset({"quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"})
"""Reasons of a 403 that asks to wait, not to be let in."""


def accounts(directory: Google, access: Access) -> list[Account]:
    """All users of the domain that are neither suspended nor archived. Raises SourceUnusable."""
    first = f"{directory.url}/admin/directory/v1/users?" + urlencode(
        {"domain": directory.domain, "maxResults": "500", "fields": _FIELDS})

    def page(body: Object) -> tuple[list[Any], str | None]:
        return _page(body, first)

    with Web(_WORDS, access.patience) as admin:
        url = f"{directory.sign_in_url}/token"
        admin.sign_in(url, {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                            "assertion": _assertion(directory, url, access)}, _ERRORS)
        return [one for found in admin.pages(first, page, _slowed) for one in found]


def _assertion(directory: Google, audience: str, access: Access) -> str:
    now = int(access.patience.now().timestamp())
    claims = {"iss": access.credentials["client_email"], "sub": directory.administrator, "scope": SCOPE,
              "aud": audience, "iat": now, "exp": now + 3600}
    key = access.credentials["private_key"].replace("\\n", "\n")  # as it stands in the JSON file of Google
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise SourceUnusable("the private key of the service account can not be read", code="SRC-10", owner="vendor",
                             remedy="Store `private_key` as it stands in the key file of Google.") from None


def _page(body: Object, first: str) -> tuple[list[Any], str | None]:
    if body.get("kind") != _KIND:
        raise Torn
    kept = [_account(user) for user in objects(body.get("users", []))
            if not (user.get("suspended") or user.get("archived"))]
    following = text(body.get("nextPageToken"))
    return kept, f"{first}&{urlencode({'pageToken': following})}" if following else None


def _account(user: Object) -> Account:
    name = user.get("name") or {}
    if not text(user.get("id")) or not isinstance(name, dict):
        raise Torn
    return Account(user["id"], text(name.get("givenName")), text(name.get("familyName")))


def _slowed(said: Object) -> bool:
    error = said.get("error")
    reasons = error.get("errors") if isinstance(error, dict) else None
    return isinstance(reasons, list) and any(
        isinstance(one, dict) and one.get("reason") in _SLOW for one in reasons)
