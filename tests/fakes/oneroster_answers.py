"""One request to the OneRoster fake → its answer, with whatever trap the service has set for it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from tests.fakes import oneroster_sign_in
from tests.fakes.oneroster_json import as_bytes
from tests.fakes.oneroster_pages import BadQuery, Listing, cut, listing, ordered
from tests.fakes.oneroster_service import Asked, Fault, Refusal, Service

JSON = {"Content-Type": "application/json;charset=UTF-8"}


@dataclass
class Answer:
    """What goes back. `ends`: where the connection closes too early, if it does."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    ends: Literal["", "before", "after_headers", "in_body"] = ""


def answer(service: Service, asked: Asked, method: str, target: str, headers: Mapping[str, str]) -> Answer:
    """The answer to a request whose body was read; `target` is path and query exactly as they came."""
    refusal = _taken(service)
    if refusal is not None:
        return _refused(service, refusal)
    if not target.partition("?")[0].startswith(service.prefix + "/"):
        return error(service, 404, "unknownobject", "There is no such service")
    if not oneroster_sign_in.signed_in(service, method, service.origin + target, headers):
        return error(service, 401, "unauthorisedrequest", service.reasons[-1])
    for path, status in service.missing.items():
        if fnmatchcase(asked.path, path):
            code = "unknownobject" if status == 404 else "unauthorisedrequest"
            return error(service, status, code, "This service does not offer it")
    found = None if method != "GET" else listing(service, asked.path)
    if found is None:
        return error(service, 404, "unknownobject", "There is no such object")
    if not oneroster_sign_in.may_read(service, headers, nested=found.nested, demographics=found.key == "demographics"):
        return error(service, 403, "unauthorisedrequest", "The scope does not allow it")
    try:
        return _page(service, asked, found)
    except BadQuery as bad:
        return error(service, 400, "invaliddata", str(bad))


def error(service: Service, status: int, code: str, text: str, **headers: str) -> Answer:
    """An error as the version writes it (reference 3.5)."""
    if service.version == "1.1":
        body: dict[str, Any] = {"statusInfoSet": [{
            "imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_operationRefIdentifier": "1",
            "imsx_description": text, "imsx_codeMinor": code,
        }]}
    else:
        minor = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code}
        body = {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": text,
                "imsx_CodeMinor": {"imsx_codeMinorField": [minor]}}
    return Answer(status, json.dumps(body).encode(), JSON | headers)


def _taken(service: Service) -> Refusal | None:
    with service.lock:
        return service.refusals.pop(0) if service.refusals else None


def _refused(service: Service, refusal: Refusal) -> Answer:
    wait = refusal.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait) if isinstance(wait, int) else _date(service, wait[1])}
    return error(service, refusal.status, "server_busy", "Come back later", **headers)


def _date(service: Service, ahead: float = 0) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=service.skew + ahead), usegmt=True)


def dated(service: Service, given: Answer) -> Answer:
    """The answer with this server's clock in it."""
    given.headers["Date"] = _date(service)
    return given


# ---------------------------------------------------------------- one page


@dataclass
class _Page:
    inside: bytes
    records: int
    total: int
    offset: int
    limit: int


def _page(service: Service, asked: Asked, found: Listing) -> Answer:
    if service.seconds_a_page:
        time.sleep(service.seconds_a_page)
    if found.single:
        (only,) = cut(service, found, found.rows, None)
        return Answer(200, json.dumps({found.single: only}).encode())
    limit, offset = _limit(service, asked), 0 if "offset" in service.ignored else asked.offset
    fault = _fault(service, asked.path, offset // limit + 1)
    what = fault.what if fault else None
    if isinstance(what, int):
        return error(service, what, "server_busy" if what in (429, 503) else "internal_server_error", "Not this page")
    page = _read(service, asked, found, offset, {"short": math.ceil(limit / 2), "empty": 0}.get(what or "", limit))
    page.limit = limit
    made = Answer(200, _body(service, asked, found, page), JSON | _headers(service, asked, page))
    return _SPOILT[what](service, made) if what in _SPOILT else made


def _limit(service: Service, asked: Asked) -> int:
    asked_for = "" if "limit" in service.ignored else asked.query.get("limit", "")
    limit = int(asked_for or service.default_page)
    return max(1, min(limit, service.max_page or limit))


def _fault(service: Service, path: str, page: int) -> Fault | None:
    with service.lock:
        return next((fault for fault in service.faults if fault.strikes(path, page)), None)


def _read(service: Service, asked: Asked, found: Listing, offset: int, limit: int) -> _Page:
    bulk = service.bulk.get(asked.path)
    if bulk is not None:
        inside, records = bulk.page(offset, limit)
        return _Page(inside, records, bulk.records, offset, limit)
    with service.lock:
        rows = ordered(service, found, asked.query, asked.number)
        records_of = cut(service, found, rows[offset:offset + limit], asked.query.get("fields"))
    return _Page(as_bytes(records_of), len(records_of), len(rows), offset, limit)


def _body(service: Service, asked: Asked, found: Listing, page: _Page) -> bytes:
    key = service.wrappers.get(asked.path.rpartition("/")[2], found.key)
    array = b"[" + page.inside + b"]"
    if key is None:
        return array
    beside = json.dumps(service.beside)[1:-1].encode()
    return b"{" + (beside + b"," if beside else b"") + json.dumps(key).encode() + b":" + array + b"}"


def _headers(service: Service, asked: Asked, page: _Page) -> dict[str, str]:
    headers = {}
    if service.total != "missing":
        added = {"right": 0, "moving": asked.number}.get(str(service.total))
        headers["X-Total-Count"] = str(page.total + (added if added is not None else int(service.total)))
    if service.count:
        headers["x-count"] = str(page.records)
    if service.revision is not None:
        headers["x-perm-rev"] = service.revision
    if service.links:
        headers["Link"] = _links(service, asked, page)
    return headers


def _links(service: Service, asked: Asked, page: _Page) -> str:
    last = max(0, (page.total - 1) // page.limit * page.limit)
    ends = {"first": 0, "last": last}
    if page.offset > 0:
        ends["prev"] = max(0, page.offset - page.limit)
    if page.offset + page.records < page.total:
        ends["next"] = page.offset + page.limit
    url = f"{service.url}/{asked.path}"
    queries = {rel: urlencode(asked.query | {"limit": page.limit, "offset": at}, quote_via=quote)
               for rel, at in ends.items()}
    return ", ".join(f'<{url}?{query}>; rel="{rel}"' for rel, query in queries.items())


def _ending(where: Literal["before", "after_headers", "in_body"]) -> Callable[[Service, Answer], Answer]:
    def spoil(_: Service, made: Answer) -> Answer:
        made.ends = where
        return made
    return spoil


def _holding(make: Callable[[Service], Answer]) -> Callable[[Service, Answer], Answer]:
    """Another body with 200 and the headers of the page."""
    def spoil(service: Service, made: Answer) -> Answer:
        other = make(service)
        return Answer(200, other.body, made.headers | other.headers)
    return spoil


_SPOILT: Mapping[object, Callable[[Service, Answer], Answer]] = {
    "drop_before": _ending("before"),
    "drop_after": _ending("after_headers"),
    "torn": _ending("in_body"),
    "error_body": _holding(lambda service: error(service, 200, "targetreadfailure", "The source can not be read")),
    "no_collection": _holding(lambda _: Answer(200, b'{"status":1}')),
    "not_json": _holding(lambda _: Answer(200, b"<html>Maintenance</html>", {"Content-Type": "text/html"})),
}


def query_of(target: str) -> dict[str, str]:
    """The query of a request; a name that comes twice keeps its last value."""
    return dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
