"""Our two cookies (reference/sso.md 3.4): what binds a sign-in to the browser that began it, and a count of restarts.

Both are `__Host-`: a sibling of our domain cannot plant them (threat T3). There is no cookie that says who somebody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from homeroom.model.sign_in import TRANSACTION_SECONDS

BINDING = "__Host-sso_t_"
HOP = "__Host-sso_hop"
MOST_BINDINGS = 5
"""Sign-ins that one browser may have on their way at once."""
HOP_SECONDS = 60
MOST_HOPS = 3
"""So many restarts within `HOP_SECONDS` end on page SSO-108."""
_ALWAYS = "Path=/; Secure; HttpOnly; SameSite=Lax"
_BLANKS = " \t"
_NAME = re.compile(r"__Host-sso_t_[A-Za-z0-9_-]{8}")
_COUNTED = re.compile(r"(?:([A-Za-z0-9_-]{8})\.)?([0-9]{1,2})\.([0-9]{1,12})\.([0-9]{1,12})")


@dataclass(frozen=True)
class Hops:
    """Restarts of this browser: how many, when the first and the last of them were (epoch seconds)."""

    count: int = 0
    began: int = 0
    last: int = 0

    @property
    def too_many(self) -> bool:
        """Sign-in keeps starting again: the portal drops our state, or cookies get lost (threat T36)."""
        return self.count >= MOST_HOPS


def cookies_of(lines: Iterable[str]) -> dict[str, str]:
    """The cookies of a request, of its Cookie header or of the gateway's list, in the order in which they came.

    Whatever is not `name=value` is passed over; of a name that stands twice the first counts. Never raises.

    Only what HTTP calls a blank is cut off. Python cuts off others too, which to a browser are letters: a sibling of
    our domain could set a name that begins with one, and here it would become a `__Host-` one (threat T3).
    """
    found: dict[str, str] = {}
    for part in (part for line in lines for part in line.split(";")):
        name, equals, value = part.partition("=")
        if equals and name.strip(_BLANKS):
            found.setdefault(name.strip(_BLANKS), _unquoted(value.strip(_BLANKS)))
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def binding_name(key: str) -> str:
    """Name of the cookie that binds the transaction with this key."""
    return BINDING + key[:8]


def bind(key: str, value: str, cookies: Mapping[str, str]) -> tuple[str, ...]:
    """Set-Cookie values that bind a new transaction to the browser which sent these cookies.

    It keeps at most `MOST_BINDINGS`: the oldest go. Browsers send cookies of one path oldest first (RFC 6265, 5.4).
    """
    name = binding_name(key)
    others = [one for one in cookies if _NAME.fullmatch(one) and one != name]
    oldest = others[:max(0, len(others) - MOST_BINDINGS + 1)]
    return (f"{name}={value}; Max-Age={TRANSACTION_SECONDS}; {_ALWAYS}", *(delete(one) for one in oldest))


def bound(key: str, cookies: Mapping[str, str]) -> str:
    """What this browser holds for the transaction with this key; empty where it holds nothing."""
    return cookies.get(binding_name(key), "")


def unbind(key: str) -> str:
    """The Set-Cookie value that ends a binding: in every answer that used the transaction up."""
    return delete(binding_name(key))


def delete(name: str) -> str:
    """A Set-Cookie value that deletes. `Max-Age=0` stands there itself: some libraries leave it out (section 3.4)."""
    return f"{name}=; Max-Age=0; {_ALWAYS}"


def hops(cookies: Mapping[str, str], now: int, of: str = "") -> Hops:
    """Restarts within the last `HOP_SECONDS`. The cookie is not signed: who forges it stops or loops only himself.

    `of` names what is counted, by eight characters: somebody who opens several products at once is in no loop. A value
    that is another's, odd, too old or of the future counts as none.
    """
    read = _COUNTED.fullmatch(cookies.get(HOP, ""))
    if not read:
        return Hops()
    count, began, last = map(int, read.groups()[1:])
    if (read[1] or "") != of:
        return Hops()
    return Hops(count, began, last) if began <= last <= now < began + HOP_SECONDS else Hops()


def one_more(before: Hops, now: int) -> Hops:
    """The count with the restart that is just asked for: ask `too_many` of it before the browser is sent on."""
    return Hops(before.count + 1, before.began or now, now)


def count(restarts: Hops, of: str = "") -> str:
    """The Set-Cookie value that keeps a count of this name."""
    value = f"{of}{'.' if of else ''}{min(restarts.count, 99)}.{restarts.began}.{restarts.last}"
    return f"{HOP}={value}; Max-Age={HOP_SECONDS}; {_ALWAYS}"
