"""The front door of the embedded AWS, and behind it the real functions of sign-in on the real tables and keys."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.model.sign_in import App, Handoff, Registration
from homeroom.sso.http import SECURITY
from local.embedded import Embedded, deploy, embedded
from local.embedded.stack import ROOT
from tests.integration.embedded_stubs import stub_tree
from tests.sso.proves import proves

SECRET = "a-client-secret-of-a-product-made-for-tests-only"
PRODUCT = "https://door.product.example"
VERIFIER = "v" * 43


def ask(door: str, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    """One request, answered and read; nothing is followed."""
    place = urlsplit(door)
    call = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    call.request(method, path, body, headers)
    answer = call.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    call.close()
    return answer


def body_of(answer: Any) -> bytes:
    found: bytes = answer.body
    return found


# ------------------------------------------------------------------------------------------------- the door alone


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Functions that answer with the event they got, and with two cookies."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "tree").mkdir()
    tree = stub_tree(ROOT, folder / "tree")
    for name in ("sso_login", "sso_callback", "sso_provider"):
        (tree / "functions" / name / "app.py").write_text(
            "import json\n"
            "def handler(event, context):\n"
            "    return {'statusCode': 418, 'headers': {'x-told': 'yes', 'content-type': 'application/json'},\n"
            "            'cookies': ['a=1; Path=/', 'b=2; Path=/'], 'body': json.dumps(event)}\n")
    with embedded(folder) as aws:
        deploy(aws.clients, root=tree)
        yield aws


def test_the_door_passes_on_method_path_query_headers_and_body(echo: Embedded) -> None:
    answer = ask(echo.front_door, "PUT", "/cb/a/b?x=1&x=%26", b"\x00\xff", Cookie="c=1; d=2", **{"X-Own": "v"})
    event = json.loads(body_of(answer))
    assert (event["requestContext"]["http"]["method"], event["rawPath"]) == ("PUT", "/cb/a/b")
    assert event["rawQueryString"] == "x=1&x=%26"
    assert (event["headers"]["cookie"], event["headers"]["x-own"]) == ("c=1; d=2", "v")
    assert base64.b64decode(event["body"]) == b"\x00\xff"


def test_the_door_gives_back_status_headers_and_each_cookie_by_itself(echo: Embedded) -> None:
    answer = ask(echo.front_door, "GET", "/")
    assert (answer.status, answer.getheader("x-told")) == (418, "yes")
    assert answer.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


def test_a_head_has_no_body_and_the_connection_may_be_used_again(echo: Embedded) -> None:
    place = urlsplit(echo.front_door)
    call = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    for method in ("HEAD", "GET"):
        call.request(method, "/x")
        answer = call.getresponse()
        assert (answer.status, bool(answer.read())) == (418, method == "GET")
    call.close()


def test_before_a_stack_stands_the_door_says_so(tmp_path: Path) -> None:
    with embedded(tmp_path) as aws:
        assert ask(aws.front_door, "GET", "/").status == 503


def test_the_door_ends_with_the_emulator(tmp_path: Path) -> None:
    with embedded(tmp_path) as aws:
        door = aws.front_door
    with pytest.raises(ConnectionRefusedError):
        ask(door, "GET", "/")


# ---------------------------------------------------------------------------------------------- sign-in behind it


def outputs(aws: Embedded) -> Any:
    assert aws.stack is not None
    return aws.stack


@pytest.fixture(scope="module")
def product(aws: Embedded) -> Registration:
    return registered(aws)


def registered(aws: Embedded) -> Registration:
    """A product that staff registered."""
    made = Registration(
        slug="door", product="Sonday System 1", line="Sonday", redirect_uris=(f"{PRODUCT}/sso/callback",),
        initiate_uri=f"{PRODUCT}/sso/initiate", home_url=PRODUCT, support_url=f"{PRODUCT}/help",
        secrets=(hashlib.sha256(SECRET.encode()).hexdigest(),),
        apps=(App("clever", "door", "door-at-clever", "sso/clever-door"),))
    table = SignInsTable(aws.clients("dynamodb"), outputs(aws)["SignInsTableName"], lambda: b"")
    table.register(made, None)
    return made


def test_our_address_is_the_issuer(aws: Embedded) -> None:
    document = json.loads(body_of(ask(aws.front_door, "GET", "/.well-known/openid-configuration")))
    assert document["issuer"] == aws.front_door == outputs(aws)["SsoAddress"]
    assert document["token_endpoint"] == f"{aws.front_door}/token"


@proves("C47")
@pytest.mark.parametrize("path", ["/", "/nowhere", "/cb/clever/nobodys?code=x", "/authorize?x=1", "/jwks.json"])
def test_every_answer_of_every_function_has_our_headers(aws: Embedded, path: str) -> None:
    answer = ask(aws.front_door, "GET", path)
    own = {"cache-control"} if path == "/jwks.json" else set()
    assert {name: answer.getheader(name) for name in SECURITY if name not in own} == {
        name: value for name, value in SECURITY.items() if name not in own}


@proves("C7")
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_head_and_post_on_the_callback_are_405_and_ours(aws: Embedded, product: Registration, method: str) -> None:
    answer = ask(aws.front_door, method, "/cb/clever/door?code=x")
    assert (answer.status, answer.getheader("allow")) == (405, "GET")
    assert answer.getheader("strict-transport-security")


@proves("C1", "C2", "T1")
def test_a_tile_leads_to_the_product(aws: Embedded, product: Registration) -> None:
    answer = ask(aws.front_door, "GET", "/cb/clever/door?code=somebodys")
    assert answer.status == 303
    told = urlencode({"iss": aws.front_door, "login_hint": "clever"})
    assert answer.getheader("location") == f"{PRODUCT}/sso/initiate?{told}"


@proves("C12")
def test_a_request_of_the_product_leads_to_the_portal_with_a_bound_transaction(
    aws: Embedded, product: Registration
) -> None:
    asked = urlencode({
        "response_type": "code", "client_id": "door", "redirect_uri": product.redirect_uris[0], "scope": "openid",
        "state": "s" * 30, "nonce": "n" * 30, "code_challenge": "c" * 43, "code_challenge_method": "S256",
        "login_hint": "clever"})
    answer = ask(aws.front_door, "GET", f"/authorize?{asked}")
    assert answer.status == 303
    assert str(answer.getheader("location")).startswith("https://clever.com/oauth/authorize?")
    (cookie,) = answer.headers.get_all("set-cookie") or []
    assert cookie.startswith("__Host-sso_t_")
    key = cookie.removeprefix("__Host-sso_t_")[:8]
    items = aws.clients("dynamodb").scan(TableName=outputs(aws)["LaunchesTableName"])["Items"]
    assert [item for item in items if item["id"]["S"].startswith(f"TXN#{key}")]


def redeemed_twice(aws: Embedded, product: Registration) -> list[http.client.HTTPResponse]:
    """The answers to a code that the product presents two times."""
    from homeroom.aws.sign_in_launches import LaunchesTable
    from homeroom.sso.values import hashed

    code = hashlib.sha256(b"door").hexdigest()[:43]
    LaunchesTable(aws.clients("dynamodb"), outputs(aws)["LaunchesTableName"]).keep(Handoff(
        key=hashed(code), client_id="door", redirect_uri=product.redirect_uris[0], challenge=hashed(VERIFIER),
        nonce="n" * 30, person="p-1", district="lab", role="teacher", roles=("teacher",), portal="clever",
        login_id="01DOOR", auth_time=1, roster_version=1, expires_at=9_999_999_999))
    basic = base64.b64encode(f"door:{SECRET}".encode()).decode()
    form = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": product.redirect_uris[0],
                      "code_verifier": VERIFIER}).encode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}

    return [ask(aws.front_door, "POST", "/token", form, **headers) for _ in range(2)]


@proves("C41", "C42", "C44", "T7")
def test_a_code_is_redeemed_once_for_a_token_signed_by_the_key_in_kms(aws: Embedded, product: Registration) -> None:
    first, second = redeemed_twice(aws, product)
    assert (first.status, second.status) == (200, 400)
    assert json.loads(body_of(second)) == {"error": "invalid_grant"}
    assert claims_signed_by_us(aws, json.loads(body_of(first))["id_token"])["sub"] == "p-1"


def claims_signed_by_us(aws: Embedded, token: str) -> dict[str, Any]:
    """The claims, checked against the keys that we publish."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    head, payload, signature = token.split(".")
    published = json.loads(body_of(ask(aws.front_door, "GET", "/jwks.json")))["keys"]
    (key,) = [one for one in published if one["kid"] == json.loads(decoded(head))["kid"]]
    n, e = (int.from_bytes(decoded(key[name]), "big") for name in ("n", "e"))
    public = RSAPublicNumbers(e, n).public_key()
    public.verify(decoded(signature), f"{head}.{payload}".encode(), padding.PKCS1v15(), SHA256())
    told: dict[str, Any] = json.loads(decoded(payload))
    return told


# ------------------------------------------------------------------------------------- versions, and enforced policies


@pytest.mark.parametrize("ready", ["provisioned", "snapstart"])
def test_functions_that_stand_ready_are_called_by_their_published_version(tmp_path: Path, ready: str) -> None:
    turned = {"SsoReady": ready, "SigningKeyB": "on", "SignWith": "B"}
    with embedded(tmp_path) as started:
        aws = replace(started, stack=deploy(started.clients, parameters=turned))
        keys = json.loads(body_of(ask(aws.front_door, "GET", "/jwks.json")))["keys"]
        alias = aws.clients("lambda").get_alias(FunctionName=outputs(aws)["SsoProviderFunctionName"], Name="live")
    assert len(keys) == 2
    assert alias["FunctionVersion"] == "1"


def test_a_token_is_signed_with_every_policy_enforced(tmp_path: Path) -> None:
    with embedded(tmp_path, strict=True) as started:
        aws = replace(started, stack=deploy(started.clients))
        first, second = redeemed_twice(aws, registered(aws))
        assert (first.status, second.status) == (200, 400)
        assert json.loads(body_of(second)) == {"error": "invalid_grant"}
        assert claims_signed_by_us(aws, json.loads(body_of(first))["id_token"])["sub"] == "p-1"
