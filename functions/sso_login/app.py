"""sso_login: what people open by hand. Begins sign-ins from our side, and answers every address that nobody else has."""

from __future__ import annotations

from homeroom.aws.web import Route, web_function
from homeroom.sso.launch import start

handler = web_function("sso_login", (
    Route("/", start),
    Route("/portals/{product}", start),
    Route("/start/{portal}/{app}", start),
))
