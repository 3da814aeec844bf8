"""sso_callback: where portals send people. Tile clicks, and answers to our own requests."""

from __future__ import annotations

from homeroom.aws.web import Route, web_function
from homeroom.sso.callback import callback

handler = web_function("sso_callback", (Route("/cb/{portal}/{app}", callback),))
