"""The frame of the sign-in functions: an event of the HTTP API becomes a request, the answer of its route a response.

A function is `web_function("name", routes)`. Whatever goes wrong ends on a page of ours with every header of ours;
nothing of a foreign message reaches a log or a browser. Nothing here needs the environment or the network before the
first call, and nothing imports pydantic, boto3 or requests: a cold start is felt by a child (ADR 0036).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from homeroom.aws.sign_in_noting import FAULT, fault, flush, logger
from homeroom.aws.sign_in_wiring import make_ready, outside
from homeroom.sso.cookies import cookies_of
from homeroom.sso.http import Answer, Request, headers_of, in_json, pairs
from homeroom.sso.pages import page
from homeroom.sso.ports import Outside
from homeroom.sso.recording import where

Serve = Callable[[Request, Outside], Answer]
Handler = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """`path` is relative to our base address; `{word}` in it stands for one part. `json`: who asks is a program."""

    path: str
    serve: Serve
    methods: tuple[str, ...] = ("GET",)
    json: bool = False

    def fits(self, path: str) -> bool:
        """Whether a path is of this route."""
        wanted, given = self.path.split("/"), path.split("/")
        return len(wanted) == len(given) and all(
            part != "" if want.startswith("{") else want == part for want, part in zip(wanted, given, strict=True))


def web_function(name: str, routes: Sequence[Route]) -> Handler:
    """The Lambda handler of these routes."""
    make_ready()

    def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
        asked_as = str(getattr(context, "aws_request_id", "") or "-")
        logger.clear_state()
        logger.append_keys(function=name, request=asked_as)
        route: Route | None = None
        try:
            world = outside()
            request = request_of(event, world.base_url)
            route = next((one for one in routes if one.fits(request.path)), None)
            answer = _answered(request, route, world, asked_as)
        except Exception as error:  # noqa: BLE001 - whatever happened, a person must not be left without a page
            answer = _failed(error, route, asked_as)
        finally:
            flush()
        return response_of(answer)

    return handler


def _answered(request: Request, route: Route | None, world: Outside, asked_as: str) -> Answer:
    if route is None:
        return page("SSO-404", login_id=asked_as)
    if request.method not in route.methods:
        refused = page("SSO-405", login_id=asked_as)
        allowed = {"allow": ", ".join(route.methods)}
        return Answer(refused.status, refused.body, refused.content_type, {**refused.headers, **allowed})
    return route.serve(request, world)


def _failed(error: Exception, route: Route | None, asked_as: str) -> Answer:
    """The page of our own fault; a program gets JSON."""
    fault(error, where(error))
    if route is not None and route.json:
        return in_json(503, {"error": "temporarily_unavailable"})
    return page(FAULT, login_id=asked_as)


def request_of(event: Mapping[str, Any], base_url: str) -> Request:
    """The request of an event (payload format 2.0). Parameters are read from the raw query: the gateway joins repeated
    ones with commas (reference/sso.md 3.4)."""
    http = event["requestContext"]["http"]
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    raw_query = str(event.get("rawQueryString") or "")
    stage = str(event["requestContext"].get("stage", "$default"))
    # AWS moves cookies out of the headers into a list; the embedded AWS does not.
    cookies = cookies_of([*(event.get("cookies") or ()), headers.get("cookie", "")])
    return Request(
        method=str(http["method"]).upper(), path=_below(str(event["rawPath"]), stage, urlsplit(base_url).path),
        query=pairs(raw_query), headers=headers, cookies=cookies, body=_body(event),
        raw_query=raw_query,
    )


def _below(path: str, stage: str, base: str) -> str:
    """The path without the stage, which the gateway puts before it unless it is the default, and without our base."""
    for before in (f"/{stage}" if stage != "$default" else "", base.rstrip("/")):
        if before and (path == before or path.startswith(f"{before}/")):
            path = path[len(before):] or "/"
    return path


def _body(event: Mapping[str, Any]) -> bytes:
    """Forms arrive in base64, JSON as text. What is no base64 is no body."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""


def response_of(answer: Answer) -> dict[str, Any]:
    """The response of an answer (payload format 2.0): several cookies have a list of their own."""
    return {
        "statusCode": answer.status, "headers": headers_of(answer), "cookies": list(answer.cookies),
        "body": answer.body, "isBase64Encoded": False,
    }
