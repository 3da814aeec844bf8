"""Sessions on the server: the browser holds 256 random bits and nothing else (reference/sso.md 3.4, 3.9).

A sign-in gets a new id, and the old one is dead from then on. A cookie of `__Host-` cannot be planted by a sibling of
the product's domain; without Max-Age it goes with the browser.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response

ABSOLUTE_SECONDS = 10 * 3600
IDLE_SECONDS = 60 * 60
STUDENT_IDLE_SECONDS = 30 * 60
BEGUN_SECONDS = 10 * 60
"""A session of nobody, which only holds a sign-in that was begun."""


class Session(dict[str, Any], SessionMixin):
    """What the server keeps of a browser. `id` is empty while the browser has no session."""

    def __init__(self, id: str = "", kept: dict[str, Any] | None = None):
        super().__init__(kept or {})
        self.id = id
        self.ended = ""

    def replace(self, keep: str = "") -> None:
        """Go on under a new id, with nothing but the values whose names begin with `keep`."""
        kept = {name: value for name, value in self.items() if keep and name.startswith(keep)}
        self.clear()
        self.update(kept)
        self.id, self.ended = "", self.id


@dataclass
class _Kept:
    values: dict[str, Any]
    began: float
    used: float


@dataclass
class Sessions(SessionInterface):
    """All sessions of this process. `seconds` is the time in epoch seconds."""

    cookie: str
    seconds: Callable[[], float] = time.time
    kept: dict[str, _Kept] = field(default_factory=dict)

    def open_session(self, app: Flask, request: Request) -> Session:
        del app
        id = request.cookies.get(self.cookie, "")
        kept = self.kept.get(id)
        if kept is None or self._over(kept):
            self.kept.pop(id, None)
            return Session()
        return Session(id, dict(kept.values))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        del app
        assert isinstance(session, Session)
        self.kept.pop(session.ended, None)
        if not session:
            if session.ended or session.id:
                self.kept.pop(session.id, None)
                response.set_cookie(self.cookie, "", max_age=0, secure=True, httponly=True, samesite="Lax")
            return
        now, before = self.seconds(), self.kept.get(session.id)
        if session.id and before is None:
            return  # another request of this browser ended it meanwhile: it stays dead
        if not session.id:
            self._tidy()
            session.id = secrets.token_urlsafe(32)
            response.set_cookie(self.cookie, session.id, secure=True, httponly=True, samesite="Lax")
        self.kept[session.id] = _Kept(dict(session), before.began if before else now, now)

    def _over(self, kept: _Kept) -> bool:
        person, now = kept.values.get("person"), self.seconds()
        if person is None:
            return now - kept.began > BEGUN_SECONDS
        idle = STUDENT_IDLE_SECONDS if person["role"] == "student" else IDLE_SECONDS
        return now - kept.used > idle or now - kept.began > ABSOLUTE_SECONDS

    def _tidy(self) -> None:
        for id in [id for id, kept in list(self.kept.items()) if self._over(kept)]:
            self.kept.pop(id, None)
