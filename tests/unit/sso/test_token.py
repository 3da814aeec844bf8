"""The token endpoint: who may redeem which code, and what an id_token says. In memory, keys of this module alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus, urlencode

import jwt
import pytest

from homeroom.model.sign_in import Attempt, Handoff, Registration
from homeroom.sso import values
from homeroom.sso.http import Answer, Request, headers_of
from homeroom.sso.ports import Outside
from homeroom.sso.token import CLAIMS, MOST_BODY, MOST_WRONG, token
from homeroom.sso.values import hashed
from tests.fakes.memory_sso import (
    BASE,
    NOW,
    LocalSigner,
    MemoryAttempts,
    MemoryLaunches,
    MemoryRegistry,
    memory_outside,
)
from tests.sso.proves import proves

SECRET, NEXT_SECRET, OTHERS_SECRET = "first-secret-of-a-test", "second+secret/of a%test", "secret-of-another-product"
CODE, VERIFIER = "c" * 43, "v" * 64
CALLBACK = "https://galileo.vendor.example/sso/callback"
SIGNER = LocalSigner()
FORM: Mapping[str, str] = {
    "grant_type": "authorization_code", "code": CODE, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
}


def registered(slug: str, *secrets: str) -> Registration:
    """A product with these client secrets."""
    return Registration(
        slug=slug, product="Galileo K-12", line="Galileo", redirect_uris=(CALLBACK,),
        initiate_uri="https://galileo.vendor.example/sso/initiate", home_url="https://galileo.vendor.example",
        support_url="https://galileo.vendor.example/help", apps=(),
        secrets=tuple(hashlib.sha256(secret.encode()).hexdigest() for secret in secrets),
    )


HANDOFF = Handoff(
    key=hashed(CODE), client_id="galileo", redirect_uri=CALLBACK, challenge=hashed(VERIFIER), nonce="n" * 43,
    person="p-7f3a", district="lab-usd", role="teacher", roles=("teacher", "staff"), portal="clever",
    login_id="01JDLOGIN", auth_time=int(NOW.timestamp()) - 1, roster_version=1834,
    expires_at=int(NOW.timestamp()) + 60,
)


@dataclass
class Lab:
    """A provider with two products and one code."""

    outside: Outside

    def ask(self, form: Mapping[str, str] | bytes = FORM, auth: str | None = None, **request: Any) -> Answer:
        """POST /token; the product galileo with its first secret, where nothing else is said."""
        headers = {"content-type": "application/x-www-form-urlencoded", "authorization": auth or basic()}
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        given: dict[str, Any] = {"method": "POST", "path": "/token", "headers": headers, "body": body} | request
        return token(Request(**given), self.outside)

    @property
    def alarms(self) -> list[str]:
        return [event for event, _ in self.outside.noting.alarms]  # type: ignore[attr-defined]

    def pass_seconds(self, seconds: float) -> None:
        self.outside.clock.pass_seconds(seconds)  # type: ignore[attr-defined]


@pytest.fixture
def lab() -> Lab:
    registry = MemoryRegistry({
        "galileo": registered("galileo", SECRET, NEXT_SECRET), "portal": registered("portal", OTHERS_SECRET),
        "ended": replace(registered("ended", SECRET), enabled=False),
    })
    launches = MemoryLaunches(handoffs={HANDOFF.key: HANDOFF})
    attempts = MemoryAttempts({HANDOFF.login_id: Attempt(login_id=HANDOFF.login_id, at=NOW.isoformat())})
    return Lab(memory_outside(registry=registry, launches=launches, attempts=attempts, signer=SIGNER))


def basic(client_id: str = "galileo", secret: str = SECRET) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + b64encode(pair.encode()).decode()


def read(answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer.body)
    return document


def part(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return document


@proves("C43")
def test_an_id_token_says_exactly_what_the_reference_lists_and_lives_two_minutes(lab: Lab) -> None:
    answer = lab.ask()
    header, claims, _ = read(answer)["id_token"].split(".")
    now = int(NOW.timestamp())
    told = part(claims)
    jti = told.pop("jti")
    assert answer.status == 200
    assert part(header) == {"alg": "RS256", "typ": "JWT", "kid": SIGNER.keys()[0].kid}
    assert told == {
        "iss": BASE, "aud": "galileo", "sub": "p-7f3a", "iat": now, "exp": now + 120, "auth_time": now - 1,
        "nonce": "n" * 43, "amr": ["fed"], "did": "lab-usd", "role": "teacher", "roles": ["teacher", "staff"],
        "idp": "clever", "lid": "01JDLOGIN", "rv": 1834,
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", jti)
    assert {*told, "jti"} == set(CLAIMS)


@proves("C44")
def test_a_token_is_verified_by_another_library_with_the_published_key(lab: Lab) -> None:
    key = SIGNER.keys()[0]
    public = jwt.PyJWK({"kty": "RSA", "n": key.n, "e": key.e, "alg": "RS256"})
    claims = jwt.decode(
        read(lab.ask())["id_token"], public, algorithms=["RS256"], issuer=BASE, audience="galileo",
        options={"verify_exp": False, "verify_iat": False, "strict_aud": True, "enforce_minimum_key_length": True},
    )
    assert claims["sub"] == HANDOFF.person


def test_the_answer_may_be_kept_by_nobody_and_its_access_token_is_only_random(lab: Lab) -> None:
    answer = lab.ask()
    document = read(answer)
    assert headers_of(answer)["cache-control"] == "no-store"
    assert document | {"id_token": "", "access_token": ""} == {
        "token_type": "Bearer", "access_token": "", "expires_in": 60, "scope": "openid", "id_token": "",
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", document["access_token"])


def test_the_history_says_when_the_product_fetched_who_it_is(lab: Lab) -> None:
    lab.ask()
    attempt = lab.outside.attempts.attempts[HANDOFF.login_id]  # type: ignore[attr-defined]
    assert attempt.redeemed_at == NOW.isoformat()


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_each_of_two_secrets_counts_also_one_with_signs_that_are_encoded(lab: Lab, secret: str) -> None:
    assert lab.ask(auth=basic(secret=secret)).status == 200


@proves("C42", "T41")
@pytest.mark.parametrize("auth", [
    "", "Bearer x", "Basic", "Basic !!!", "Basic " + b64encode(b"galileo").decode(),
    "Basic " + b64encode(b"\xff\xfe:x").decode(), basic(secret="wrong"), basic(secret=OTHERS_SECRET), basic("nobody"),
    basic("../galileo"), basic("ended"), basic(secret=SECRET[:-1]), "Basic " + b64encode(b"galileo:").decode(),
    "Basic " + b64encode(b"galileo:" + b"x" * 4000).decode(),
])
def test_who_does_not_prove_who_it_is_gets_401_and_the_code_stays_good(lab: Lab, auth: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "authorization": auth}
    refused = lab.ask(headers=headers)
    assert (refused.status, read(refused)) == (401, {"error": "invalid_client"})
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    assert lab.ask().status == 200


@proves("C42")
def test_a_secret_in_the_form_is_no_authentication(lab: Lab) -> None:
    form = {**FORM, "client_id": "galileo", "client_secret": SECRET}
    alone = lab.ask(form, headers={"content-type": "application/x-www-form-urlencoded"})
    both = lab.ask(form)
    assert (alone.status, read(alone)["error"]) == (401, "invalid_client")
    assert (both.status, read(both)["error"]) == (400, "invalid_request")


def test_the_client_id_may_stand_in_the_form_too_if_it_is_the_same(lab: Lab) -> None:
    assert lab.ask({**FORM, "client_id": "portal"}).status == 400
    assert lab.ask({**FORM, "client_id": "galileo"}).status == 200


def spoilt() -> dict[str, tuple[Mapping[str, str], str]]:
    """A code that fails, each in its own way: the form that is sent and by whom."""
    return {
        "unknown": ({**FORM, "code": "d" * 43}, "galileo"),
        "odd": ({**FORM, "code": "é\x00"}, "galileo"),
        "foreign": (FORM, "portal"),
        "other verifier": ({**FORM, "code_verifier": "w" * 64}, "galileo"),
        "the challenge itself": ({**FORM, "code_verifier": hashed(VERIFIER)}, "galileo"),
        "other address": ({**FORM, "redirect_uri": CALLBACK + "/"}, "galileo"),
    }


@proves("C41", "C42", "T4", "T8")
@pytest.mark.parametrize("case", spoilt())
def test_every_failure_of_a_code_looks_alike(lab: Lab, case: str) -> None:
    form, client = spoilt()[case]
    answer = lab.ask(form, auth=basic(client, OTHERS_SECRET if client == "portal" else SECRET))
    lab.ask()
    used = lab.ask()
    assert answer == used
    assert (answer.status, read(answer)) == (400, {"error": "invalid_grant"})


@proves("C41", "T8")
def test_another_products_code_stays_good_and_raises_an_alarm(lab: Lab) -> None:
    assert lab.ask(auth=basic("portal", OTHERS_SECRET)).status == 400
    assert lab.alarms == ["code of another client"]
    assert lab.ask().status == 200


@proves("T4")
def test_a_wrong_verifier_is_the_only_try(lab: Lab) -> None:
    assert read(lab.ask({**FORM, "code_verifier": "w" * 64}))["error"] == "invalid_grant"
    assert read(lab.ask())["error"] == "invalid_grant"
    assert lab.alarms == ["code not bound", "code used again"]


@proves("C41", "T9")
@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (61, 400)])
def test_a_code_ends_after_a_minute_though_it_still_stands_there(lab: Lab, seconds: int, status: int) -> None:
    lab.pass_seconds(seconds)
    assert lab.ask().status == status
    assert lab.outside.launches.kept(HANDOFF.key) == HANDOFF


@proves("C41", "T7")
def test_of_twenty_redemptions_at_once_one_gets_the_token_and_the_others_an_alarm(lab: Lab) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: lab.ask(), range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19
    assert {read(answer)["error"] for answer in answers if answer.status == 400} == {"invalid_grant"}
    assert lab.alarms == ["code used again"] * 19


@proves("T7")
def test_the_alarm_of_a_used_code_names_the_login_and_nothing_secret(lab: Lab) -> None:
    lab.ask(), lab.ask()
    assert lab.outside.noting.alarms == [  # type: ignore[attr-defined]
        ("code used again", {"client_id": "galileo", "login_id": "01JDLOGIN"})]


@pytest.mark.parametrize(("change", "error"), [
    ({"grant_type": ""}, "invalid_request"), ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"), ({"code": ""}, "invalid_request"),
    ({"redirect_uri": ""}, "invalid_request"), ({"code_verifier": ""}, "invalid_request"),
    ({"code_verifier": "v" * 42}, "invalid_request"), ({"code_verifier": "v" * 129}, "invalid_request"),
    ({"code_verifier": "v" * 42 + "!"}, "invalid_request"), ({"code_verifier": "v" * 64 + "\n"}, "invalid_request"),
])
def test_a_field_that_is_missing_or_malformed_uses_no_code(lab: Lab, change: Mapping[str, str], error: str) -> None:
    refused = lab.ask({**FORM, **change})
    assert (refused.status, read(refused)) == (400, {"error": error})
    assert lab.ask().status == 200


@pytest.mark.parametrize("name", [*FORM, "anything"])
def test_a_field_that_comes_twice_is_refused(lab: Lab, name: str) -> None:
    twice = urlencode([*FORM.items(), (name, FORM.get(name, "x")), (name, FORM.get(name, "x"))]).encode()
    assert read(lab.ask(twice)) == {"error": "invalid_request"}
    assert lab.ask().status == 200


def test_fields_of_which_we_know_nothing_are_passed_over(lab: Lab) -> None:
    assert lab.ask({**FORM, "resource": "https://galileo.vendor.example", "scope": "openid"}).status == 200


@pytest.mark.parametrize("request_", [
    {"body": b"x=" + b"a" * MOST_BODY}, {"body": b"code=%ff"}, {"body": b"\xff"}, {"body": b"&".join([b"a=b"] * 99)},
    {"headers": {"content-type": "application/json", "authorization": basic()}},
    {"headers": {"authorization": basic()}}, {"query": (("code", CODE),), "raw_query": f"code={CODE}"},
    {"raw_query": "x"},
], ids=["too long", "no UTF-8", "no ASCII", "too many fields", "JSON", "no type", "in the address", "a query"])
def test_what_is_no_form_is_refused(lab: Lab, request_: Mapping[str, Any]) -> None:
    refused = lab.ask(**request_)
    assert (refused.status, read(refused)) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_only_post_redeems(lab: Lab, method: str) -> None:
    refused = lab.ask(method=method)
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert lab.ask().status == 200


def test_the_type_of_a_form_may_name_its_letters(lab: Lab) -> None:
    headers = {"content-type": "Application/X-www-form-urlencoded; charset=UTF-8", "authorization": basic()}
    assert lab.ask(headers=headers).status == 200


@proves("T41")
def test_from_twenty_wrong_tries_in_a_minute_on_each_is_an_alarm_and_nobody_is_locked_out(lab: Lab) -> None:
    for _ in range(MOST_WRONG - 1):
        lab.ask(auth=basic(secret="wrong"))
    assert lab.alarms == []
    for _ in range(5):
        lab.ask(auth=basic(secret="wrong"))
    assert lab.alarms == ["client refused often"] * 5
    assert lab.ask().status == 200


@proves("T41")
def test_tries_are_counted_for_each_client_and_each_minute_and_right_ones_cost_nothing(lab: Lab) -> None:
    for _ in range(MOST_WRONG - 1):
        lab.ask(auth=basic(secret="wrong"))
        lab.ask(auth=basic("nobody"))
    lab.pass_seconds(60)
    lab.ask(auth=basic(secret="wrong"))
    before = dict(lab.outside.launches.tallies)  # type: ignore[attr-defined]
    lab.ask()
    assert lab.alarms == []
    assert lab.outside.launches.tallies == before  # type: ignore[attr-defined]
    assert set(before) == {f"client#{name}#{int(NOW.timestamp()) // 60 + more}"
                           for name, more in (("galileo", 0), ("unknown", 0), ("galileo", 1))}


@proves("T39", "T41")
@pytest.mark.parametrize("client", ["galileo", "portal", "nobody", "../x"])
def test_secrets_are_compared_in_even_time_as_often_for_a_client_that_is_not_there(
    lab: Lab, client: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, int]] = []

    def counting(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return hmac.compare_digest(left, right)

    monkeypatch.setattr(values, "hmac", type("Counting", (), {"compare_digest": staticmethod(counting)}))
    assert lab.ask(auth=basic(client, "wrong")).status == 401
    assert compared == [(64, 64), (64, 64)]


@proves("C42")
@pytest.mark.parametrize("case", ["unknown", "foreign", "used", "late"])
def test_a_code_that_fails_is_looked_up_as_often_whatever_it_is(lab: Lab, case: str) -> None:
    asked: list[str] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(lab.outside.launches, name)

    if case == "used":
        lab.ask()
    if case == "late":
        lab.pass_seconds(61)
    client, secret = ("portal", OTHERS_SECRET) if case == "foreign" else ("galileo", SECRET)
    form = {**FORM, "code": "d" * 43} if case == "unknown" else FORM
    watching = Lab(replace(lab.outside, launches=Watched()))  # type: ignore[arg-type]
    assert watching.ask(form, auth=basic(client, secret)).status == 400
    assert asked == ["redeem", "spent", "kept"]


@proves("C50", "T43")
@pytest.mark.parametrize("part_", ["signer", "attempts", "launches", "registry"])
def test_a_fault_outside_issues_nothing(lab: Lab, part_: str) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("out of order")

    with pytest.raises(ConnectionError):
        Lab(replace(lab.outside, **{part_: Broken()})).ask()
