"""What portals publish about themselves, as documents that a test writes; nothing is asked of a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom.model.sign_in import Portal
from homeroom.sso.ports import Reply
from homeroom.sso.stops import NoAnswer

MOVED = "https://clever.com/oauth/keys-of-2027"
"""Another address of Clever's keys, on its own host."""


def published(portal: Portal, **words: Any) -> dict[str, Any]:
    """The discovery document of a portal, as it stands today, with changes."""
    return {"issuer": portal.issuer, "authorization_endpoint": portal.authorize, "token_endpoint": portal.token,
            "jwks_uri": portal.jwks, "userinfo_endpoint": portal.userinfo,
            "id_token_signing_alg_values_supported": ["RS256"]} | words


@dataclass
class Documents:
    """A web that holds discovery documents by address; what is not there does not answer."""

    documents: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        del headers
        self.asked.append(url)
        if url not in self.documents:
            raise NoAnswer("timeout")
        told = self.documents[url]
        return told if isinstance(told, Reply) else Reply(200, json.dumps(told).encode())

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        raise AssertionError(f"a check only reads: POST {url}, {len(body)} bytes, {len(headers)} headers")
