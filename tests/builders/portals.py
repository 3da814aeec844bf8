"""A portal's app, its transaction, its keys and its web, for tests of sign-in below the callback."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from homeroom.model.sign_in import App, Asked, Portal, PortalName, Transaction
from homeroom.sso.ports import Outside, Reply
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.web import UrllibWeb
from tests.fakes.memory_sso import BASE, NOW, MemorySecrets, memory_outside
from tests.fakes.portal_people import PortalApp
from tests.fakes.portal_service import PortalDouble
from tests.fakes.portal_tokens import as_json, key, signed

SECONDS = int(NOW.timestamp())
NONCE, VERIFIER = "nonce-of-this-sign-in", "verifier-of-this-sign-in-which-has-43-characters"
SECRET_NAME, SECRET = "apps/one", "secret-one"


def app(portal: PortalName = "clever", **more: Any) -> App:
    return App(**{"portal": portal, "key": "one", "client_id": "client-one", "secret_name": SECRET_NAME, **more})


def transaction(portal: PortalName = "clever", **more: Any) -> Transaction:
    asked = Asked("product-one", "https://one.vendor.example/callback", "s" * 43, "n" * 43, "c" * 43)
    return Transaction(**{
        "key": "k" * 43, "bind": "b" * 43, "portal": portal, "app": "one", "nonce": NONCE, "verifier": VERIFIER,
        "asked": asked, "login_id": "login-one", "hops": 1, "created_at": SECONDS, "expires_at": SECONDS + 600, **more})


def claims_of(portal: Portal, **more: Any) -> dict[str, Any]:
    """Claims that are good at `SECONDS`; None takes one away."""
    said = {"iss": portal.issuer, "aud": "client-one", "sub": "person-one", "iat": SECONDS, "exp": SECONDS + 3600,
            "nonce": NONCE, **more}
    return {name: value for name, value in said.items() if value is not None}


def token_of(claims: Mapping[str, Any], **header: Any) -> str:
    """Signed with the key `first`; None takes a field of the header away."""
    whole = {"alg": "RS256", "typ": "JWT", "kid": "first", **header}
    return signed(as_json({name: value for name, value in whole.items() if value is not None}), as_json(claims),
                  key("first"))


@dataclass
class StillKeys:
    """One published key."""

    name: str = "first"
    asked: list[str | None] = field(default_factory=list)

    def of(self, portal: Portal, kid: str | None) -> rsa.RSAPublicKey:
        self.asked.append(kid)
        if kid not in (None, self.name):
            raise Stop("SSO-109", "unknown key")
        return key(self.name).public_key()

    def anew(self, portal: Portal, kid: str | None) -> rsa.RSAPublicKey | None:
        return None


@dataclass
class ScriptedWeb:
    """Answers by address: JSON, a status with bytes, or words for no answer at all; a list is taken one by one."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        return self._answered("GET", url, headers, b"")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return self._answered("POST", url, headers, body)

    def asked(self, url: str) -> int:
        """How often an address was asked."""
        return sum(1 for call in self.calls if call[1] == url)

    def _answered(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.calls.append((method, url, headers, body))
        answer = self.answers[url]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, str):
            raise NoAnswer(answer)
        if isinstance(answer, tuple):
            return Reply(*answer)
        return Reply(200, json.dumps(answer).encode())


def double_of(name: PortalName, people: Sequence[Any] | None = None, **more: Any) -> PortalDouble:
    """The portal double with the app of `app()`."""
    callback = f"{BASE}/cb/{name}/one"
    return PortalDouble(name, people, [PortalApp("one", "client-one", SECRET, callback, "Product one", **more)])


def outside_with(web: Any = None, **parts: Any) -> Outside:
    """An outside in memory with the app's secret, and by default the real web, which reaches this machine only."""
    return memory_outside(web=web or UrllibWeb("local"), signer=None,
                          secrets=MemorySecrets({SECRET_NAME: {"client_secret": SECRET}}), **parts)
