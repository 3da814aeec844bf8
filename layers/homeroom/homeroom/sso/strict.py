"""Reading what others signed or sent: JSON without duplicates, base64url in its one right form, short plain text.

A token that two readers understand in two ways is refused by us, whichever of them would be right.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NoReturn

LONGEST_TEXT = 255
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Unreadable(ValueError):
    """Not in the one form that we read. Its words never hold what was read."""


def json_object(raw: bytes) -> Mapping[str, Any]:
    """A JSON object in UTF-8, at any depth without two equal names, NaN or Infinity. Raises Unreadable."""
    try:
        read = json.loads(raw.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable("this is no JSON, or not in one way only") from None
    if not isinstance(read, dict):
        raise Unreadable("this is JSON and no object")
    return read


def base64url_bytes(text: str) -> bytes:
    """The bytes of base64url without padding, in its only canonical form (RFC 7515 section 2). Raises Unreadable."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Unreadable("this is no base64url")
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Unreadable("this is base64url with something left over")
    return raw


def short_text(value: object) -> str:
    """A text or whole number as trimmed text of at most 255 printable characters; anything else is as good as missing.

    Portals send ids as numbers here and as strings there (reference/sso.md 1.5).
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = value.strip() if isinstance(value, str) else _digits(value)
    return text if len(text) <= LONGEST_TEXT and text.isprintable() else ""


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**30 else ""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("a name stands twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON")
