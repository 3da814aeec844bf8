"""sso_callback: where portals send people. Tile clicks, and answers to our own requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.aws.web import Route, web_function
from homeroom.sso.callback import callback

_serve = web_function("sso_callback", (Route("/cb/{portal}/{app}", callback),))


def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
    """Answers a page, or the way to the product."""
    return _serve(event, context)
