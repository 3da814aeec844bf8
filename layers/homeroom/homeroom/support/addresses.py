"""Which addresses of a product may be registered: whole, https, nothing that a browser could read otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from homeroom.errors import Refused
from homeroom.model.sign_in import Registration

LOCAL = "local"
"""The stage of one machine: there a product may be a program on loopback, by plain HTTP."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.[a-z]([a-z0-9-]*[a-z0-9])$")
"""A whole name: no address in numbers."""
_MARKS = re.compile(r"[^\x21-\x7e]|[\\\"'<>{}|^`*]")


def refuse_unfit_addresses(registration: Registration, stage: str) -> None:
    """Raises Refused with the first address that does not fit, and why."""
    own = {urlsplit(address).netloc for _, address in _landing(registration)}
    for name, address, may_query in _all(registration):
        wrong = why_unfit(address, stage, may_query=may_query)
        if not wrong and name.startswith("target") and urlsplit(address).netloc not in own:
            wrong = "is not on a host of the product"
        if wrong:
            raise Refused(f"the {name} {wrong}", remedy=(
                "Give a whole https address as the product serves it, such as https://product.example/sso/callback."))


def why_unfit(address: str, stage: str, *, may_query: bool = False) -> str:
    """What is wrong with an address, in words that go on "the home_url …"; empty where it may be registered.

    A redirect address is compared letter by letter later (RFC 9700 section 4.1.3), so it has no part that could be
    written in two ways: no fragment, no user, no query.
    """
    if _MARKS.search(address):
        return "holds a blank, a wildcard or another sign that no address has"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if "#" in address:
        return "has a fragment"
    if "@" in parts.netloc:
        return "names a user"
    if "?" in address and not may_query:
        return "has a query"
    if {".", ".."} & set(parts.path.split("/")):
        return "has a path that leads upwards"
    if parts.scheme == "http" and host in _LOOPBACK:
        return "" if stage == LOCAL else "is not https; plain http is for one machine alone"
    if parts.scheme != "https":
        return "is not https"
    if port is None and parts.netloc.endswith(":"):
        return "has a colon without a port"
    if host in _LOOPBACK and stage == LOCAL:
        return ""
    return "" if _HOST.match(parts.netloc.partition(":")[0]) else "has no whole host name"


def _landing(registration: Registration) -> list[tuple[str, str]]:
    """Where browsers arrive at the product."""
    return [*(("redirect address", address) for address in registration.redirect_uris),
            ("initiate_uri", registration.initiate_uri), ("home_url", registration.home_url)]


def _all(registration: Registration) -> Iterator[tuple[str, str, bool]]:
    for name, address in _landing(registration):
        yield name, address, name == "home_url"
    yield "support_url", registration.support_url, True
    for key, address in registration.targets.items():
        yield f"target {key}", address, True
