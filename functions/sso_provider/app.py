"""sso_provider: our OpenID provider. Products ask for a sign-in and fetch, server to server, who it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.aws.web import Route, web_function
from homeroom.sso.authorize import authorize
from homeroom.sso.discovery import configuration, jwks
from homeroom.sso.token import token

_serve = web_function("sso_provider", (
    Route("/authorize", authorize),
    Route("/token", token, methods=("POST",), json=True),
    Route("/.well-known/openid-configuration", lambda _, world: configuration(world), json=True),
    Route("/jwks.json", lambda _, world: jwks(world), json=True),
))


def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
    """Answers a page, the way to a portal, or JSON."""
    return _serve(event, context)
