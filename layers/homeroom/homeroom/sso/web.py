"""Calls to portals by urllib3: https on the portals' hosts only, short times, bounded answers, one try, no redirects.

urllib3 is imported with the first call: it takes longer than the rest of a cold start of these modules.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from homeroom.sso.portals import HOSTS, why_not
from homeroom.sso.ports import Reply
from homeroom.sso.stops import NoAnswer
from homeroom.sso.strict import Unreadable, json_object

if TYPE_CHECKING:
    from ssl import SSLContext

    import urllib3

USER_AGENT = "Homeroom-SSO/1.0"
"""Our own: ClassLink answers 401 to the usual one of Python (quirk C1)."""
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 2.0, 3.0, 8.0
MOST_BYTES = 64 * 1024
_PIECE = 16 * 1024
_ALL_HOSTS = frozenset().union(*HOSTS.values())


class UrllibWeb:
    """`homeroom.sso.ports.Web`. Each call has a connection of its own: one that a frozen function kept would be dead,
    and a code is never sent twice.

    `stage` `local` also reaches programs on this machine by http; `certificates` is a file of authorities to trust
    instead of the usual ones.
    """

    def __init__(self, stage: str = "prod", certificates: str | None = None, *, read_seconds: float = READ_SECONDS,
                 whole_seconds: float = WHOLE_SECONDS):
        self._stage, self._certificates = stage, certificates
        self._read_seconds, self._whole_seconds = read_seconds, whole_seconds
        self._trust: SSLContext | None = None

    def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """One GET. Raises NoAnswer."""
        return self._once("GET", url, headers, None)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One POST. Raises NoAnswer."""
        return self._once("POST", url, headers, body)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        if why_not(url, _ALL_HOSTS, self._stage):
            raise NoAnswer("address not allowed")
        import urllib3

        logging.getLogger("urllib3").setLevel(logging.ERROR)  # its lines name addresses, with ids of people
        until = time.monotonic() + self._whole_seconds
        sent = {"accept": "application/json", **headers, "user-agent": USER_AGENT, "connection": "close"}
        try:
            trust = self._trusted() if url.startswith("https:") else None
            with urllib3.PoolManager(retries=False, ssl_context=trust) as pools:
                answer = pools.request(
                    method, url, body=body, headers=sent, redirect=False, preload_content=False, decode_content=False,
                    timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._read_seconds))
                try:
                    return Reply(answer.status, _body(answer, until))
                finally:
                    answer.close()
        except urllib3.exceptions.HTTPError as failed:
            raise NoAnswer(_why(failed)) from None

    def _trusted(self) -> SSLContext:
        """Whom we believe who they are: read once, it takes a noticeable time."""
        if self._trust is None:
            from ssl import create_default_context

            import certifi

            self._trust = create_default_context(cafile=self._certificates or certifi.where())
        return self._trust


def told(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises NoAnswer for anything else, an error page of a proxy for example."""
    try:
        return json_object(reply.body)
    except Unreadable:
        raise NoAnswer("no JSON") from None


def _body(answer: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The whole body, within the time and size that an answer may have. Raises NoAnswer."""
    if 300 <= answer.status < 400:
        raise NoAnswer("redirect")
    read = bytearray()
    while piece := answer.read1(_PIECE):
        read += piece
        if len(read) > MOST_BYTES:
            raise NoAnswer("answer too long")
        if time.monotonic() > until:
            raise NoAnswer("timeout")
    return bytes(read)


def _why(failed: Exception) -> str:
    """The kind of failure as a word of ours: the library's own text holds addresses."""
    import urllib3.exceptions as kinds

    words: tuple[tuple[type[Exception], str], ...] = (
        (kinds.NewConnectionError, "unreachable"), (kinds.TimeoutError, "timeout"), (kinds.SSLError, "certificate"))
    return next((word for kind, word in words if isinstance(failed, kind)), "connection lost")
