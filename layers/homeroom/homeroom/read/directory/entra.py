"""Microsoft Entra ID (Azure AD) by Microsoft Graph, as an application with client credentials.

Application permission `User.Read.All`; pages of 999, Graph's largest. Source: learn.microsoft.com, "List users" and
"Paging Microsoft Graph data".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from homeroom.errors import SourceUnusable
from homeroom.model.directory import Account, Entra
from homeroom.read.directory import Access
from homeroom.read.directory.web import Object, Torn, Web, Words, objects, text

_ERRORS = ("invalid_client", "invalid_request", "invalid_scope", "unauthorized_client", "access_denied")
_GRANT = "Give the application the permission User.Read.All (type: application), with the consent of an administrator."
_WORDS = Words("Microsoft Entra", "Check tenant, client id and client secret; a secret ends after some months.", _GRANT)
_QUERY = {"$select": "id,givenName,surname,accountEnabled", "$top": "999"}


def accounts(directory: Entra, access: Access) -> list[Account]:
    """All users of the tenant whose account is enabled. Raises SourceUnusable."""
    with Web(_WORDS, access.patience) as graph:
        graph.sign_in(f"{directory.sign_in_url}/{quote(directory.tenant, safe='')}/oauth2/v2.0/token", {
            "grant_type": "client_credentials", "scope": f"{directory.url}/.default",
            "client_id": access.credentials["client_id"], "client_secret": access.credentials["client_secret"],
        }, _ERRORS)
        first = f"{directory.url}/v1.0/users?{urlencode(_QUERY, safe='$,')}"
        return [one for page in graph.pages(first, _page) for one in page]


def _page(body: Object) -> tuple[list[Any], str | None]:
    found = objects(body.get("value"))
    for user in found:
        if user.get("accountEnabled") is None:
            raise SourceUnusable("Microsoft Entra does not show which accounts are enabled", code="SRC-11",
                                 remedy=_GRANT)
    kept = [Account(text(user.get("id")), text(user.get("givenName")), text(user.get("surname")))
            for user in found if user["accountEnabled"]]
    if not all(one.id for one in kept):
        raise Torn
    return kept, text(body.get("@odata.nextLink")) or None
