"""Situations of the sign-in functions, for their sample events: one product registered, one sign-in on its way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from homeroom.model.sign_in import App, Asked, Handoff, Registration, Transaction
from homeroom.sso.portals import PORTALS
from homeroom.sso.ports import Outside, Reply
from homeroom.sso.stops import NoAnswer
from homeroom.sso.values import hashed
from tests.fakes.memory_sso import NOW, MemoryRegistry, MemorySecrets, StillClock, memory_outside

PRODUCT = "https://sonday.product.example"
SECRET_NAME = "sso/clever-sonday"
CLIENT_SECRET = "sample-client-secret"
STATE = "sample-state-of-ours-000000000000000000000A"
COOKIE = "sample-value-of-the-cookie-00000000000000A"
CODE = "sample-one-time-code-of-ours-0000000000000A"
CHALLENGE = hashed("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
ASKED = Asked("sonday", f"{PRODUCT}/sso/callback", "state", "nonce", CHALLENGE)


class Silent:
    """A portal that does not answer."""

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        raise NoAnswer("timeout")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        raise NoAnswer("timeout")


def registered() -> Outside:
    """A product with an app at Clever."""
    sonday = Registration(
        slug="sonday", product="Sonday System 1", line="Sonday", redirect_uris=(f"{PRODUCT}/sso/callback",),
        initiate_uri=f"{PRODUCT}/sso/initiate", home_url=PRODUCT, support_url=f"{PRODUCT}/help",
        secrets=(hashlib.sha256(CLIENT_SECRET.encode()).hexdigest(),),
        apps=(App("clever", "sonday", "client-at-clever", SECRET_NAME),))
    registry = MemoryRegistry(registrations={"sonday": sonday}, portals=dict(PORTALS))
    secrets = MemorySecrets({SECRET_NAME: {"client_secret": "secret-at-clever"}})
    return memory_outside(registry=registry, secrets=secrets, web=Silent())


def on_its_way() -> Outside:
    """A browser was sent to Clever."""
    made, now = registered(), int(NOW.timestamp())
    made.launches.begin(Transaction(
        key=hashed(STATE), bind=hashed(COOKIE), portal="clever", app="sonday", nonce="nonce", verifier="verifier",
        asked=ASKED, login_id="01SAMPLE", hops=1, created_at=now, expires_at=now + 600))
    return made


def too_late() -> Outside:
    """It came back after ten minutes."""
    made = on_its_way()
    assert isinstance(made.clock, StillClock)
    made.clock.at += timedelta(seconds=601)
    return made


def handed_over() -> Outside:
    """The product has a one-time code."""
    made, now = registered(), int(NOW.timestamp())
    made.launches.keep(Handoff(
        key=hashed(CODE), client_id="sonday", redirect_uri=f"{PRODUCT}/sso/callback", challenge=CHALLENGE,
        nonce="nonce", person="p-1", district="lab-usd", role="teacher", roles=("teacher",), portal="clever",
        login_id="01SAMPLE", auth_time=now, roster_version=1, expires_at=now + 60))
    made.attempts.record(_attempt())
    return made


def redeemed() -> Outside:
    """The product redeemed it already."""
    made = handed_over()
    made.launches.redeem(hashed(CODE), client_id="sonday", now=int(NOW.timestamp()))
    return made


def _attempt() -> Any:
    from homeroom.model.sign_in import SIGNED_IN, Attempt

    return Attempt("01SAMPLE", NOW.isoformat(), outcome=SIGNED_IN)


CASES: dict[str, tuple[Callable[[], Outside], dict[str, Any]]] = {
    "sso_login/first_page": (registered, {"statusCode": 200}),
    "sso_login/portals_of_a_product": (registered, {"statusCode": 200}),
    "sso_login/start": (registered, {"statusCode": 303}),
    "sso_login/start_of_an_unknown_app": (registered, {"statusCode": 404}),
    "sso_login/no_such_page": (registered, {"statusCode": 404}),
    "sso_callback/tile": (registered, {"statusCode": 303}),
    "sso_callback/typed": (registered, {"statusCode": 400}),
    "sso_callback/refused_by_the_district": (registered, {"statusCode": 403}),
    "sso_callback/answer": (on_its_way, {"statusCode": 502}),
    "sso_callback/used_state": (too_late, {"statusCode": 303}),
    "sso_callback/state_of_another_browser": (on_its_way, {"statusCode": 400}),
    "sso_callback/state_twice": (on_its_way, {"statusCode": 400}),
    "sso_callback/post": (registered, {"statusCode": 405}),
    "sso_provider/authorize": (registered, {"statusCode": 303}),
    "sso_provider/authorize_unknown_client": (registered, {"statusCode": 400}),
    "sso_provider/token": (handed_over, {"statusCode": 200}),
    "sso_provider/token_wrong_secret": (handed_over, {"statusCode": 401}),
    "sso_provider/token_used_code": (redeemed, {"statusCode": 400}),
    "sso_provider/discovery": (registered, {"statusCode": 200}),
    "sso_provider/jwks": (registered, {"statusCode": 200}),
}
"""Sample event → the situation it is meant for, and what it is answered with."""
LOCATIONS: Mapping[str, str] = {
    "sso_login/start": f"{PRODUCT}/sso/initiate?", "sso_callback/tile": f"{PRODUCT}/sso/initiate?",
    "sso_callback/used_state": f"{PRODUCT}/sso/initiate?", "sso_provider/authorize": "https://clever.com/oauth/authorize?",
}
"""Where those that lead on lead to."""
PAGES: Mapping[str, str] = {
    "sso_callback/typed": "SSO-101", "sso_callback/refused_by_the_district": "SSO-102",
    "sso_callback/answer": "SSO-103", "sso_callback/state_of_another_browser": "SSO-104",
    "sso_callback/state_twice": "SSO-106", "sso_callback/post": "SSO-405",
}
"""Which page the others show."""
