"""sso_login: what people open by hand. Begins sign-ins from our side; every address that nobody else has ends here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.aws.web import Route, web_function
from homeroom.sso.launch import start

_serve = web_function("sso_login", (
    Route("/", start),
    Route("/portals/{product}", start),
    Route("/start/{portal}/{app}", start),
))


def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
    """Answers a page, or the way on."""
    return _serve(event, context)
