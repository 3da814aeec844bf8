"""Whole sign-ins against the embedded AWS at a fixed rate: they begin when they are due, however long others take.

    python -m tests.bench.sign_in_load --requests 20 --seconds 300

A sign-in is four requests to us: the tile's code, the product's request, the portal's answer, the product's redemption.
The portal is the double of `tests/fakes`, real HTTP for us; the browsers and the product are threads of this process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from homeroom.model.sign_in import SIGNED_IN, Attempt
from homeroom.sso.values import hashed
from local.embedded import Embedded
from tests.fakes.portal_people import PortalApp, PortalPerson
from tests.fakes.portal_server import PortalDouble, serving
from tests.integration.sign_in_scene import accept, attempts, own_stack, register, sonday

REQUESTS = 4
"""Of one sign-in, to us."""
STEPS = ("tile", "authorize", "callback", "token")
SLUG, TENANT, PRODUCT = "load-sonday", "6001", "http://127.0.0.1:9"
TEACHERS = 12
SECONDS = 40.0
WARM_ROUNDS, WARM_AT_ONCE = 3, 4
_NUMBERS = count(1)


class WentWrong(Exception):
    """A sign-in ended otherwise; the text names step and status."""


@dataclass(frozen=True)
class Done:
    """One sign-in that ended well. `late`: how long after it was due it began; `took`: seconds of each step."""

    late: float
    took: Mapping[str, float]


@dataclass
class Load:
    """Our address, the portal, and the product's client secret."""

    ours: str
    portal: PortalDouble
    secret: str
    done: list[Done] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def warm(self) -> int:
        """Sign-ins before the measurement, so that functions have started; how many. Cold starts of an emulator share
        the processor with everything else, and arrivals that find none free start one more each."""
        for _ in range(WARM_ROUNDS):
            with ThreadPoolExecutor(WARM_AT_ONCE) as people:
                list(people.map(lambda number: self._one(number, time.monotonic()), range(WARM_AT_ONCE)))
        warmed = len(self.done)
        self.done.clear()
        return warmed

    def run(self, rate: float, seconds: float) -> None:
        """Begin `rate` sign-ins a second for so long, and wait for all of them."""
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=64) as people:
            for number in range(round(rate * seconds)):
                due = began + number / rate
                threading.Event().wait(max(0.0, due - time.monotonic()))
                people.submit(self._one, number, due)

    def _one(self, number: int, due: float) -> None:
        late = time.monotonic() - due
        try:
            self.done.append(Done(late, self.sign_in(str(6100 + number % TEACHERS + 1))))
        except (WentWrong, OSError, KeyError, ValueError) as error:
            self.wrong.append(f"{type(error).__name__}: {error}")

    def sign_in(self, who: str) -> Mapping[str, float]:
        """One person's sign-in, from the tile to the product's token."""
        took: dict[str, float] = {}
        callback = f"/cb/classlink/{SLUG}"
        tile = self._asked("tile", f"{callback}?{urlencode({'code': self.portal.code_for(who, SLUG)})}", took)
        told = _query(tile["location"])
        state, nonce, verifier = token_urlsafe(32), token_urlsafe(32), token_urlsafe(32)
        wanted = {
            "response_type": "code", "client_id": SLUG, "redirect_uri": f"{PRODUCT}/sso/callback", "scope": "openid",
            "state": state, "nonce": nonce, "code_challenge": hashed(verifier), "code_challenge_method": "S256",
            "login_hint": told["login_hint"]}
        asked = self._asked("authorize", f"/authorize?{urlencode(wanted)}", took, cookie=tile["cookie"])
        at_portal = _query(asked["location"])
        code = self.portal.code_for(who, SLUG, nonce=at_portal["nonce"], challenge=at_portal["code_challenge"])
        back = f"{callback}?{urlencode({'code': code, 'state': at_portal['state']})}"
        home = self._asked("callback", back, took, cookie=f"{tile['cookie']}; {asked['cookie']}")
        handed = _query(home["location"])
        if handed["state"] != state:
            raise WentWrong("callback: another state")
        body = urlencode({"grant_type": "authorization_code", "code": handed["code"], "code_verifier": verifier,
                          "redirect_uri": f"{PRODUCT}/sso/callback", "client_id": SLUG, "client_secret": self.secret})
        claims = _claims(json.loads(self._asked("token", "/token", took, body=body)["body"])["id_token"])
        if (claims["nonce"], claims["role"]) != (nonce, "teacher"):
            raise WentWrong("token: of another sign-in")
        return took

    def _asked(self, step: str, target: str, took: dict[str, float], *, cookie: str = "",
               body: str | None = None) -> dict[str, str]:
        """One request, timed. Raises WentWrong unless it leads on."""
        began = time.monotonic()
        connection = HTTPConnection(urlsplit(self.ours).netloc, timeout=SECONDS)
        try:
            headers = {"cookie": cookie} if cookie else {}
            if body is not None:
                headers |= {"content-type": "application/x-www-form-urlencoded", **_basic(body)}
            connection.request("GET" if body is None else "POST", target, body=_without_client(body), headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        took[step] = time.monotonic() - began
        if answer.status != (303 if body is None else 200):
            raise WentWrong(f"{step}: status {answer.status}")
        given = (line.partition(";")[0] for line in answer.headers.get_all("set-cookie", []))
        return {"location": answer.headers.get("location", ""), "cookie": "; ".join(given), "body": text}


def _basic(body: str) -> dict[str, str]:
    """Client authentication of the request, as a header."""
    from base64 import b64encode

    said = _query(f"?{body}")
    pair = b64encode(f"{said['client_id']}:{said['client_secret']}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def _without_client(body: str | None) -> str | None:
    if body is None:
        return None
    return urlencode({name: value for name, value in _query(f"?{body}").items() if not name.startswith("client_")})


def _query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _claims(token: str) -> Mapping[str, Any]:
    payload = token.split(".")[1]
    claims: Mapping[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


@contextmanager
def load_on(aws: Embedded) -> Iterator[Load]:
    """A district, its portal and a product that exists as a registration only."""
    people = [PortalPerson(str(6100 + n), TENANT, "teacher", sourced_id=f"teacher-{n:02d}")
              for n in range(1, TEACHERS + 1)]
    app = PortalApp(SLUG, f"{SLUG}-app", "secret-of-the-load-app", f"{aws.front_door}/cb/classlink/{SLUG}")
    portal = PortalDouble("classlink", people, [app])
    with serving(portal):
        accept(aws, portal.portal())
        sonday(aws, f"load-{next(_NUMBERS)}", tenant=TENANT)
        secret = register(aws, slug=SLUG, product="Sonday System 1", base_url=PRODUCT, portal="classlink",
                          client_id=app.client_id, client_secret=app.client_secret)
        yield Load(aws.front_door, portal, secret)


def counted(aws: Embedded) -> Sequence[Attempt]:
    """The sign-ins of the load in the history."""
    return [attempt for attempt in attempts(aws) if attempt.app == SLUG]


def check(load: Load, history: Sequence[Attempt], wanted: int, warmed: int) -> None:
    """No error, and every sign-in once in the history, each of them redeemed."""
    assert load.wrong == [], f"{len(load.wrong)} of {wanted} went wrong, first {load.wrong[:3]}"
    assert len(load.done) == wanted
    assert len(history) == len({attempt.login_id for attempt in history}) == wanted + warmed
    assert {attempt.outcome for attempt in history} == {SIGNED_IN}
    assert all(attempt.redeemed_at for attempt in history)


def told(load: Load, seconds: float) -> str:
    """Rate and latency in a few lines."""
    whole = sorted(sum(one.took.values()) for one in load.done)
    lines = [f"{len(load.done):,} sign-ins, {len(load.wrong)} errors, {len(load.done) / seconds:.1f} sign-ins and"
             f" {REQUESTS * len(load.done) / seconds:.1f} requests a second"]
    rows = {"whole": whole} | {step: sorted(one.took[step] for one in load.done) for step in STEPS}
    for name, values in rows.items():
        parts = statistics.quantiles(values, n=100)
        lines.append(f"{name:>10}: p50 {parts[49] * 1000:6.0f} ms, p95 {parts[94] * 1000:6.0f} ms,"
                     f" p99 {parts[98] * 1000:6.0f} ms, most {values[-1] * 1000:6.0f} ms")
    lines.append(f"begun at most {max(one.late for one in load.done) * 1000:.0f} ms after they were due")
    return "\n  ".join(lines)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sign_in_load", description=__doc__)
    parser.add_argument("--requests", type=float, default=20, help="a second, to us")
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    with own_stack() as aws, load_on(aws) as load:
        warmed, began = load.warm(), time.monotonic()
        load.run(given.requests / REQUESTS, given.seconds)
        print(f"  {told(load, time.monotonic() - began)}")
        check(load, counted(aws), round(given.requests / REQUESTS * given.seconds), warmed)


if __name__ == "__main__":
    main()
