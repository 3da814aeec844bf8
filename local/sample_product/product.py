"""The sample product: one home page, one thing to do on it, and single sign-on.

What it does beside the library's work is the list of duties in docs/sso-for-products.md: the issuer of a launch and of
an answer, a new session for every sign-in, an old tab that is told so, a person whom the roster copy does not know.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote_plus

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from local.sample_product.people import People, nobody
from local.sample_product.sessions import Session, Sessions

SECONDS = 5
LEEWAY = 60
MOST_HINT = 64
MOST_NOTE = 200
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                               "frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
}
PORTALS = {"Clever": "https://clever.com", "ClassLink": "https://launchpad.classlink.com"}


@dataclass(frozen=True)
class Settings:
    """What a product is told at its registration, and where it stands. `portals`: name → where to sign out of it."""

    issuer: str
    client_id: str
    client_secret: str
    base_url: str
    name: str = "Sample product"
    people: People = nobody
    portals: Mapping[str, str] = field(default_factory=lambda: PORTALS)

    @property
    def redirect_uri(self) -> str:
        """Where the one-time code is brought."""
        return f"{self.base_url}/sso/callback"

    @property
    def initiate_uri(self) -> str:
        """Where a launch is sent."""
        return f"{self.base_url}/sso/initiate"


class Refused(Exception):
    """The request ends on a page that says this. `reference` is what support asks for."""

    def __init__(self, status: int, title: str, text: str, reference: str = ""):
        super().__init__(title)
        self.status, self.title, self.text, self.reference = status, title, text, reference


BEGUN = "_state_sso_"
"""How the library names what it keeps of a sign-in that was begun."""
AGAIN = "Open the product again from Clever or ClassLink."


def product(settings: Settings, seconds: Callable[[], float] = time.time) -> Flask:
    """The web application. `seconds` is the time by which sessions end."""
    app = Flask(__name__)
    app.session_interface = Sessions(f"__Host-session-{settings.client_id}", seconds)
    client = OAuth(app).register(
        # The library joins id and secret as they are; the protocol wants each form-urlencoded first (RFC 6749 2.3.1).
        "sso", client_id=settings.client_id, client_secret=quote_plus(settings.client_secret),
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )
    _add_sign_in(app, client, settings)
    _add_pages(app)

    @app.before_request
    def still_there() -> None:
        """Whoever left the roster is out at the next click, though the session would run for hours."""
        if "person" in session and settings.people(session["person"]["district"], session["person"]["id"]) is None:
            _session().replace()

    @app.context_processor
    def shown() -> dict[str, Any]:
        return {"product": settings.name, "portals": settings.portals}

    @app.after_request
    def guarded(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(Refused)
    def refused(told: Refused) -> ResponseReturnValue:
        return render_template("refused.html", told=told), told.status

    return app


def _add_sign_in(app: Flask, client: Any, settings: Settings) -> None:
    def begin(**hint: str) -> ResponseReturnValue:
        try:
            return client.authorize_redirect(settings.redirect_uri, **hint)  # type: ignore[no-any-return]
        except (RequestException, RuntimeError, KeyError):
            raise Refused(502, "Sign-in did not answer", "Try again in a few minutes.") from None

    @app.get("/sso/initiate")
    def initiate() -> ResponseReturnValue:
        """A launch: only our own issuer may ask for one. Parameters that nobody told us of are ignored."""
        if request.args.getlist("iss") != [settings.issuer]:
            raise Refused(400, "This link is not ours", AGAIN)
        hint = request.args.get("login_hint", "")
        return begin(login_hint=hint) if 0 < len(hint) <= MOST_HINT else begin()

    @app.get("/sign-in")
    def sign_in() -> ResponseReturnValue:
        """The button of the home page: the provider asks which portal."""
        return begin()

    @app.get("/sso/callback")
    def callback() -> ResponseReturnValue:
        claims = _claims(client, settings)
        old = _session()
        # Also where the newcomer is unknown: the one before must be gone. Sign-ins that other tabs have begun go on.
        old.replace(keep=BEGUN)
        person = settings.people(claims["did"], claims["sub"])
        if person is None:
            raise Refused(403, "We do not know you yet", "Your account has not reached this product. It usually does "
                          "within a day. Ask your school, and tell it this reference.", str(claims.get("lid", "")))
        role = person.role or str(claims.get("role", ""))
        old["person"] = {"name": person.name, "role": role, "id": claims["sub"], "district": claims["did"]}
        old["csrf"], old["notes"] = secrets.token_urlsafe(32), []
        return redirect(url_for("home"), 303)


def _claims(client: Any, settings: Settings) -> Mapping[str, Any]:
    """What a verified id_token says. State, nonce, PKCE, signature and times are the library's work."""
    if request.args.getlist("iss") != [settings.issuer]:
        raise Refused(400, "We could not confirm this sign-in", AGAIN)
    try:
        token = client.authorize_access_token(leeway=LEEWAY, claims_options={
            "iss": {"essential": True, "value": settings.issuer},
            "aud": {"essential": True, "value": settings.client_id},
            "sub": {"essential": True}, "did": {"essential": True},
        })
        claims: Mapping[str, Any] = token["userinfo"]
    except (OAuthError, JoseError, KeyError, ValueError):
        raise Refused(400, "We could not confirm this sign-in", AGAIN) from None
    except RequestException:
        raise Refused(502, "Sign-in did not answer", "Try again in a few minutes.") from None
    return claims


def _add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("home.html" if "person" in session else "welcome.html", session=session)

    @app.post("/notes")
    def note() -> ResponseReturnValue:
        _of_this_session()
        session["notes"] = [*session["notes"], request.form.get("note", "")[:MOST_NOTE]]
        return redirect(url_for("home"), 303)

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        """Ends this product's session and no other; nothing signs in again by itself."""
        _of_this_session()
        _session().replace()
        return redirect(url_for("signed_out"), 303)

    @app.get("/signed-out")
    def signed_out() -> ResponseReturnValue:
        return render_template("signed_out.html")

    @app.get("/me")
    def me() -> ResponseReturnValue:
        """Who is signed in, for programs: id and district, no name."""
        if "person" not in session:
            return {"error": "signed out"}, 401
        return {name: session["person"][name] for name in ("id", "district", "role")}


def _session() -> Session:
    return cast(Session, session)


def _of_this_session() -> None:
    """A form of a page that this very session was shown. An old tab may be of the person who sat here before."""
    if "person" not in session:
        raise Refused(401, "You are signed out", AGAIN)
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), session["csrf"].encode()):
        raise Refused(409, "Signed in as someone else",
                      "Somebody else has signed in since this page was opened. Reload it. Nothing was changed.")
