"""The Data API v3.0 and v3.1 of the fake Clever: lists with paging by id, single objects, what belongs to them, events.

Error texts are ours: none was recorded. Where the reference and the recorded answers differ, the recorded ones decide:
`prev` is there whenever `starting_after` was asked for, and ends before the first record of its page.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.clever_district import SSO_SCOPES, District
from tests.fakes.clever_links import BELONGING, concerns, link, links_of, long_dates, related
from tests.fakes.clever_rows import KINDS, Json
from tests.fakes.clever_traps import Traps, in_version

VERSIONS = ("v3.0", "v3.1")
DEFAULT_LIMIT, LARGEST_LIMIT = 100, 10_000
OUT_OF_SCOPE = "Resource not in token's scopes"


@dataclass(frozen=True)
class Asked:
    """A request: the path, and the query in the order in which it came."""

    method: str
    path: str
    query_text: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query."""
        return parse_qsl(self.query_text, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        """The query, the last value of each name."""
        return dict(self.pairs)

    @property
    def uri(self) -> str:
        """Path and query as they came."""
        return f"{self.path}?{self.query_text}" if self.query_text else self.path


@dataclass
class Reply:
    """An answer before its headers are made."""

    body: Any
    status: int = 200
    kind: str = "data"
    """Which headers were recorded with such answers: data, events, resources, tokens, tokeninfo, plain."""
    page: int = 1
    """1 for the first page of a list, 0 for one that was asked for backwards."""
    headers: dict[str, str] = field(default_factory=dict)
    cursor: str = ""
    """The id before the first record of a page."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.reply = Reply({"message": message}, status)


def place_of(path: str) -> str:
    """Where a request goes, as `Traps.fail` and the log name it: "users" for a list, "users/one" for an object,
    "schools/users" for what belongs to an object; "events", "me", "oauth/tokens", "oauth/tokeninfo"."""
    parts = path.strip("/").split("/")
    if parts[0] not in VERSIONS:
        return "/".join(parts[:2])
    kinds = [parts[1]] if len(parts) > 1 else []
    return "/".join([*kinds, *({2: [], 3: ["one"]}.get(len(parts), parts[3:]))])


def not_routed(asked: Asked) -> Reply:
    """A path that nobody serves: an Express page, as recorded."""
    page = ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n'
            f"<pre>Cannot {asked.method} {asked.path}</pre>\n</body>\n</html>\n")
    return Reply(page, 404, kind="plain")


class DataApi:
    """Answers what a district-app token may read of its district."""

    def __init__(self, traps: Traps):
        self.traps = traps
        self._sorted: dict[tuple[str, str, str], tuple[int, list[str]]] = {}

    def answer(self, asked: Asked, district: District) -> Reply:
        """The answer to a GET below /v3.0 or /v3.1. Raises Refused."""
        version, *parts = asked.path.strip("/").split("/")
        kind = parts[0] if parts else ""
        if asked.method != "GET" or kind not in (*KINDS, "districts", "events", "resources") or len(parts) > 3:
            return not_routed(asked)
        if kind == "resources":
            return Reply({"resources": []}, kind="resources")
        if kind != "districts" and district.scopes == SSO_SCOPES:
            raise Refused(404, OUT_OF_SCOPE)
        if len(parts) == 1:
            return self._list(asked, district, version, kind)
        one = self._one(district, kind, parts[1])
        if len(parts) == 2:
            body = {"data": self._shown(kind, one, version), "links": links_of(kind, one, version)}
            return Reply(body, kind="events" if kind == "events" else "data")
        return self._belonging(asked, district, version, kind, one, parts[2].lower())

    def _list(self, asked: Asked, district: District, version: str, kind: str) -> Reply:
        if kind == "districts":
            body = {"data": [self._item(kind, district.about, version)], "links": [link("self", asked.uri)]}
            return Reply(body)
        if kind == "events":
            return self._events(asked, district, version)
        role = asked.query.get("role", "") if kind == "users" else ""
        of = district.shared[kind]
        return self._page(asked, self._ids(district, kind, role), lambda one: self._item(kind, of[one], version))

    def _events(self, asked: Asked, district: District, version: str) -> Reply:
        types = {value for name, value in asked.pairs if name == "record_type"}
        school = asked.query.get("school")
        told = {event["id"]: event for event in district.events
                if (not types or event["type"].split(".")[0] in types) and (not school or concerns(event, school))}
        reply = self._page(asked, list(told), lambda one: self._item("events", told[one], version))
        reply.kind = "events"
        if not asked.query_text:
            reply.body["links"][0]["uri"] += "?"  # as recorded
        return reply

    def _belonging(self, asked: Asked, district: District, version: str, kind: str, one: Json, what: str) -> Reply:
        if what not in BELONGING.get(kind, ()):
            return not_routed(asked)
        if what == "resources":
            return Reply({"resources": []}, kind="resources")
        if what in ("district", "school", "term", "course"):
            of = f"{what}s"
            found = self._one(district, of, one["term_id" if what == "term" else what])
            uri = f"/{version}/{of}/{found['id']}"
            return Reply({"data": self._shown(of, found, version), "links": [link("self", uri)]})
        of = "users" if what.startswith("my") else what
        ids = sorted(related(district, kind, one, what, asked.query))
        shown = long_dates if (kind, what) == ("schools", "terms") else dict
        return self._page(asked, ids, lambda key: self._item(of, shown(district.shared[of][key]), version))

    def _one(self, district: District, kind: str, one: str | None) -> Json:
        if kind == "districts":
            found = district.about if one == district.id else None
        elif kind == "events":
            found = next((event for event in district.events if event["id"] == one), None)
        else:
            found = district.shared[kind].get(one or "")
        if found is None:
            raise Refused(404, "Resource not found")
        return found

    def _page(self, asked: Asked, ids: Sequence[str], item: Any) -> Reply:
        """The records of a page; `ids` ascend."""
        limit, begin, end = _bounds(asked.query, ids)
        chosen = ids[begin:end]
        links = [link("self", asked.uri)]
        if chosen and (begin > 0 or asked.query.get("starting_after")):
            links.append(link("prev", _moved(asked, "ending_before", chosen[0])))
        full_last = self.traps.next_after_full_last_page and len(chosen) == limit
        if chosen and (end < len(ids) or full_last):
            links.append(link("next", _moved(asked, "starting_after", chosen[-1])))
        page = 0 if asked.query.get("ending_before") else begin // limit + 1
        before = f"{int(chosen[0], 16) - 1:024x}" if chosen else ""
        return Reply({"data": [item(one) for one in chosen], "links": links}, page=page,
                     cursor=_moved(asked, "starting_after", before))

    def _ids(self, district: District, kind: str, role: str) -> list[str]:
        """Ascending ids of a top-level list, kept until something changes."""
        key = (district.id, kind, role)
        version, ids = self._sorted.get(key, (-1, []))
        if version != district.version:
            ids = sorted(one for one, said in district.shared[kind].items() if not role or role in said["roles"])
            self._sorted[key] = (district.version, ids)
        return ids

    def _item(self, kind: str, one: Json, version: str) -> Json:
        return {"data": self._shown(kind, one, version), "uri": f"/{version}/{kind}/{one['id']}"}

    def _shown(self, kind: str, one: Json, version: str) -> Json:
        if kind != "events":
            return self.traps.shown(kind, one, version)
        of = one["type"].split(".")[0]
        said = {"object": self.traps.shown(of, one["data"]["object"], version)}
        event = {**one, "data": said}
        if "previous_attributes" in one["data"]:
            beside = event if self.traps.previous_attributes == "beside" else said
            beside["previous_attributes"] = in_version(of, one["data"]["previous_attributes"], version)
        return event


def _bounds(query: dict[str, str], ids: Sequence[str]) -> tuple[int, int, int]:
    """Limit, first and last position of a page. Raises Refused."""
    limit_text, after, before = query.get("limit", ""), query.get("starting_after"), query.get("ending_before")
    if limit_text and not (limit_text.isdigit() and int(limit_text)):
        raise Refused(400, "limit must be a positive number")
    limit = int(limit_text or DEFAULT_LIMIT)
    if limit > LARGEST_LIMIT:
        raise Refused(413, f"limit must not be larger than {LARGEST_LIMIT}")
    if (after and before) or not re.fullmatch("[0-9a-f]{24}|", after or "") or not re.fullmatch(
            "[0-9a-f]{24}|last|", before or ""):
        raise Refused(400, "starting_after or ending_before is not valid")
    if before:
        end = len(ids) if before == "last" else bisect_left(ids, before)
        return limit, max(0, end - limit), end
    begin = bisect_right(ids, after) if after else 0
    return limit, begin, min(len(ids), begin + limit)


def _moved(asked: Asked, cursor: str, one: str) -> str:
    """The uri of another page: what was asked stays, the cursor comes last (as recorded)."""
    kept = [(name, value) for name, value in asked.pairs if name not in ("starting_after", "ending_before")]
    return f"{asked.path}?{urlencode([*kept, (cursor, one)])}"
