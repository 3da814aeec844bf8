"""The two portals: where they are, how they want to be asked, and which hosts we ever speak to. Pure.

Addresses are pinned here (reference/sso.md 1.1, 2.1, 3.7). A portal's discovery document is read at set-up and daily
and compared: what differs is told in words, and taken only by a person who accepts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from homeroom.model.sign_in import Portal, PortalName

LOCAL = "local"
"""The stage of the embedded AWS: a portal may be a program on this machine, by plain HTTP."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

PORTALS: Mapping[PortalName, Portal] = {
    "clever": Portal(
        name="clever", words="Clever", issuer="https://clever.com",
        authorize="https://clever.com/oauth/authorize", token="https://clever.com/oauth/tokens",  # noqa: S106 - an address
        jwks="https://clever.com/oauth/certs", userinfo="https://api.clever.com/userinfo",
        api="https://api.clever.com", sends_client="basic", scope="openid",
        home="https://clever.com", status_page="https://status.clever.com", body="json"),
    "classlink": Portal(
        name="classlink", words="ClassLink", issuer="https://launchpad.classlink.com",
        authorize="https://launchpad.classlink.com/oauth2/v2/auth",
        token="https://launchpad.classlink.com/oauth2/v2/token",  # noqa: S106 - an address
        jwks="https://launchpad.classlink.com/oauth2/v2/jwks",
        userinfo="https://nodeapi.classlink.com/v2/my/profileinfo",
        api="https://nodeapi.classlink.com", sends_client="post", scope="openid profile email oneroster",
        home="https://launchpad.classlink.com", status_page="https://status.classlink.com", body="form"),
}
"""Clever's `jwks` is what a public client of it uses, not what its own pages say (ADR 0033): `compared` tells."""

HOSTS: Mapping[PortalName, frozenset[str]] = {
    "clever": frozenset({"clever.com", "api.clever.com"}),
    "classlink": frozenset({"launchpad.classlink.com", "nodeapi.classlink.com"}),
}
"""Hosts of each portal, whole names: nothing below them, nothing that merely ends like them."""

_OF_DISCOVERY: Mapping[str, str] = {
    "authorize": "authorization_endpoint", "token": "token_endpoint", "jwks": "jwks_uri",
    "userinfo": "userinfo_endpoint",
}
_ASKED = ("authorize", "token", "jwks", "userinfo", "api")
_AUTHENTICATION = {"basic": "client_secret_basic", "post": "client_secret_post"}


def discovery_address(portal: Portal) -> str:
    """Where the portal describes itself."""
    return f"{portal.issuer}/.well-known/openid-configuration"


def why_not(address: object, hosts: frozenset[str], stage: str) -> str:
    """Why we would not speak to this address, in words; empty if we may.

    https on one of the hosts and its usual port, without user, query or fragment. Stage `local` also takes a program on
    this machine, by http too.
    """
    if not isinstance(address, str) or not address or not address.isascii() or not address.isprintable():
        return "is no address"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "is no address"
    if "@" in parts.netloc or parts.query or parts.fragment or "\\" in address or " " in address:
        return "has more than scheme, host and path"
    if stage == LOCAL and parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK:
        return ""
    if parts.scheme != "https":
        return "is not https"
    if parts.hostname not in hosts:
        return "is on a host that this portal does not have"
    return "" if port in (None, 443) else "has a port of its own"


def fit(portal: Portal, stage: str) -> tuple[str, ...]:
    """What is wrong with a portal's addresses, a sentence each; empty if all are fit to be used in this stage."""
    hosts = HOSTS[portal.name]
    found = [(name, why_not(getattr(portal, name), hosts, stage)) for name in _ASKED]
    told = [f"the {name} address of {portal.words} {why}" for name, why in found if why]
    pinned = PORTALS[portal.name].issuer
    if portal.issuer != pinned and (stage != LOCAL or why_not(portal.issuer, hosts, stage)):
        told.append(f"the issuer of {portal.words} is not {pinned}")
    return tuple(told)


def compared(portal: Portal, document: Mapping[str, Any], stage: str = "prod") -> tuple[str, ...]:
    """What a discovery document says otherwise than we do, a sentence each; empty if nothing (T21, ASVS 10.5.3).

    Nothing is taken from it here: the addresses in use stay as they are.
    """
    told = []
    if document.get("issuer") != portal.issuer:
        told.append(f"the issuer is not exactly {portal.issuer}: nothing of this document may be believed")
    for ours, theirs in _OF_DISCOVERY.items():
        said, used = document.get(theirs), getattr(portal, ours)
        why = why_not(said, HOSTS[portal.name], stage)
        if why:
            told.append(f"{theirs} {why}; we go on using {used}")
        elif said != used:
            told.append(f"{theirs} is {said}; we use {used}")
    algorithms = document.get("id_token_signing_alg_values_supported")
    if algorithms is not None and (not isinstance(algorithms, list) or "RS256" not in algorithms):
        told.append("id_tokens are no longer signed with RS256, the only algorithm that we take")
    methods = document.get("token_endpoint_auth_methods_supported")
    wanted = _AUTHENTICATION[portal.sends_client]
    if isinstance(methods, list) and wanted not in methods:
        told.append(f"the token endpoint no longer takes {wanted}, which is how we show our secret")
    return tuple(told)


def offered(portal: Portal, document: Mapping[str, Any], stage: str = "prod") -> Mapping[str, str]:
    """Addresses of a discovery document that a person may accept: field of `Portal` → address. None of a document whose
    issuer is another's, none that `why_not` refuses."""
    if document.get("issuer") != portal.issuer:
        return {}
    said = {ours: document.get(theirs) for ours, theirs in _OF_DISCOVERY.items()}
    return {ours: str(address) for ours, address in said.items()
            if address != getattr(portal, ours) and not why_not(address, HOSTS[portal.name], stage)}
