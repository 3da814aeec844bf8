"""One answer of a collection → a page: its records as lines, and what its headers say of the whole (reference 3.4)."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from homeroom.products.receiving import EVERYTHING_RECEIVED, Received
from homeroom.read.http import Answer
from homeroom.read.oneroster_rest.loose import fitted
from homeroom.read.oneroster_rest.records import KINDS, Record, ids_of, lines_of, minimal_of

_STATUS_WORDS = ("statusInfoSet", "imsx_StatusInfo", "imsx_statusInfo", "imsx_codeMajor", "imsx_CodeMinor", "CodeMajor")
_MAJOR = re.compile(rb'"(?:imsx_)?codeMajor"\s*:\s*"([A-Za-z]+)"', re.IGNORECASE)
_SEVERITY = re.compile(rb'"(?:imsx_)?severity"\s*:\s*"([A-Za-z]+)"', re.IGNORECASE)
_RELATION = re.compile(r"""rel\s*=\s*["']?([^"',;]+)""", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_decoding = threading.Lock()
"""Decoding holds Python's lock anyway; one page at a time keeps the objects of one page in memory, not of sixteen."""


class Torn(Exception):
    """A 200 whose body is not the page that was asked for: asked again a few times. The words quote nothing of it."""


@dataclass(frozen=True)
class Page:
    """Records of one answer: `lines` of JSON, `ids` (8 bytes for each sourcedId), and their `count`.

    `total` is X-Total-Count, `revision` ClassLink's x-perm-rev, `more` whether Link names a next page. None: not said.
    """

    count: int
    lines: bytes = b""
    ids: bytes = b""
    total: int | None = None
    revision: str | None = None
    more: bool | None = None

    @property
    def mark(self) -> str:
        """Equal for two pages of the same records in the same order; blank for an empty page."""
        return hashlib.blake2b(self.ids, digest_size=8).hexdigest() if self.ids else ""


def page_of(answer: Answer, stem: str, endpoint: str, *, counted: bool = True,
            received: Received = EVERYTHING_RECEIVED) -> Page:
    """The page in a 200 of an endpoint such as `schools`. Raises Torn. `counted`: its counts may be trusted.

    What may not be kept (`received`) is gone from its lines.
    """
    with _decoding:
        records = minimal_of(_records(answer.body.removeprefix(_BOM), stem, endpoint), stem, received)
        count, lines, ids = len(records), lines_of(records), ids_of(records)
    if counted and (told := _number(answer.headers.get("x-count"))) not in (None, count):
        raise Torn(f"holds {count} records and counts {told}")
    return Page(
        count=count, lines=lines, ids=ids, more=_more(answer.headers.get("Link")),
        total=_number(answer.headers.get("X-Total-Count")) if counted else None,
        revision=answer.headers.get("x-perm-rev") or None,
    )


def _records(body: bytes, stem: str, endpoint: str) -> list[Record]:
    """All records of a body: at once where they fit their type, else one after the other."""
    records = _at_once(body, stem)
    if records is not None:
        return records
    kind = KINDS[stem]
    return [fitted(record, kind) or kind() for record in _collection(body, (stem, endpoint.rpartition("/")[2]))]


def _at_once(body: bytes, stem: str) -> list[Record] | None:
    """The collection under the key of the standard, or None: other types, another key, a status beside it."""
    try:
        envelope = _envelope(stem).decode(body)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Torn("is not JSON") from None
    status = (getattr(envelope, word) for word in _STATUS_WORDS)
    return envelope.records if all(told is UNSET for told in status) else None


@cache
def _envelope(stem: str) -> msgspec.json.Decoder[Any]:
    record: Any = KINDS[stem]
    status: list[Any] = [(word, Raw | UnsetType, UNSET) for word in _STATUS_WORDS]
    body = msgspec.defstruct("Body", [("records", list[record] | None, None), *status], rename={"records": stem})
    return msgspec.json.Decoder(body)


def _collection(body: bytes, keys: tuple[str, ...]) -> list[Raw]:
    """The array of records: under the standard's key, else the endpoint's name, else the only array, else the body
    itself (traps T7 and T8)."""
    try:
        body.decode()
        if body.lstrip()[:1] == b"[":
            return msgspec.json.decode(body, type=list[Raw])
        members = msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Torn("is not JSON") from None
    if _is_error(members):
        raise Torn("is an error, though its status is 200")
    arrays = {name: value for name, value in members.items()
              if bytes(value).startswith(b"[") and name not in _STATUS_WORDS}
    named = [arrays[key] for key in keys if key in arrays] or (list(arrays.values()) if len(arrays) == 1 else [])
    if not named:
        raise Torn("holds no collection")
    return msgspec.json.decode(named[0], type=list[Raw])


def _is_error(members: Mapping[str, Raw]) -> bool:
    """Whether a status in the body says that it failed; a warning beside the data does not (reference 3.3, 3.5)."""
    told = b"".join(b'"%s":%s,' % (name.encode(), bytes(members[name])) for name in members if _is_status(name))
    major, severity = _MAJOR.search(told), _SEVERITY.search(told)
    return bool((major and major[1].lower() in (b"failure", b"unsupported"))
                or (severity and severity[1].lower() == b"error"))


def _is_status(name: str) -> bool:
    return name in _STATUS_WORDS or name.lower() in ("imsx_severity", "severity", "codemajor")


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isdigit() else None


def _more(link: str | None) -> bool | None:
    """Whether Link names a next page; None where it names nothing."""
    relations = {word.lower() for match in _RELATION.findall(link or "") for word in match.split()}
    return "next" in relations if relations else None
