"""A store, a key or a secret of the deployed functions fails: a page of ours or one word of JSON, and nothing issued.

Faults are made as they happen: a table that is not there, a service that does not answer, a secret that was deleted, a
key that was switched off, a setting that is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from homeroom.model.sign_in_events import RegisterProduct
from homeroom.sso.http import SECURITY
from tests.integration.hostile_lab import (
    MACHINE,
    MARK,
    ONE,
    PLAIN,
    PORTALS,
    PRODUCTS,
    TWO,
    HostileLab,
    Reply,
    app_of,
    given,
    page_of,
)
from tests.integration.labs import ASKS
from tests.sso.proves import proves

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: a service that is down."""
GONE = "no-such-table"
DOWN = {"error": "temporarily_unavailable"}


@pytest.fixture
def lab(hostile: HostileLab) -> Iterator[HostileLab]:
    yield hostile
    hostile.honest()


@proves("C50", "T43")
@pytest.mark.parametrize(("broken", "token_calls", "recorded"), [
    ({"LAUNCHES_TABLE": GONE}, 0, True), ({"INTEGRATIONS_TABLE": GONE}, 1, True), ({"ROSTER_TABLE": GONE}, 1, True),
    ({"RUNS_TABLE": GONE}, 1, True), ({"REFERENCE_SECRET_ARN": "no-such-secret"}, 1, True),
    ({"SECRETS_PREFIX": "of-another-stack"}, 0, True),
    ({"AWS_ENDPOINT_URL_SECRETS_MANAGER": NOWHERE}, 0, True), ({"RUNS_TABLE": None}, 1, True),
    ({"SIGN_INS_TABLE": GONE}, 0, False), ({"AWS_ENDPOINT_URL_DYNAMODB": NOWHERE}, 0, False),
    ({"SSO_BASE_URL": None}, 0, False),
], ids=lambda told: " ".join(told) if isinstance(told, dict) else None)
def test_a_callback_without_one_of_its_stores_hands_nothing_over(
    lab: HostileLab, broken: dict[str, str | None], token_calls: int, recorded: bool,
) -> None:
    """`recorded`: whether the history can still be written."""
    browser = lab.at_portal("clever")
    address, watch = lab.answered(browser, "clever"), lab.watch()
    with lab.changed("SsoCallback", **broken):
        seen = lab.opened(browser, address)
    assert (page_of(seen), seen.status) == ("SSO-501", 503)
    assert not MACHINE.search(seen.body)
    assert not any(value in seen.body for value in broken.values() if value)
    assert (watch.token_calls(), watch.codes()) == (token_calls, 0)
    assert [one.outcome for one in watch.attempts()] == ["SSO-501"] * recorded
    assert browser.open(f"{lab.products[ONE].base_url}/me").status == 401


@proves("C50", "T37", "T43")
@pytest.mark.parametrize("portal", PORTALS)
def test_an_app_whose_secret_was_deleted_signs_nobody_in(lab: HostileLab, portal: Any) -> None:
    """Deleted in Secrets Manager, while the function has it not in mind; put back by staff."""
    lab.anew("SsoCallback")
    name = f"{lab.aws.stack.name if lab.aws.stack else ''}/sso/{portal}/{TWO}"
    lab.aws.clients("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    browser, watch = lab.browser(), lab.watch()
    ended = watch.ended(lab.click(portal, app=TWO, browser=browser), browser, TWO)
    app = given(app_of(portal, TWO, lab.ours), portal)
    lab.district.stack.ask(RegisterProduct(operation="register_product", slug=TWO, product=PRODUCTS[TWO], apps=(app,),
                                           **ASKS))
    assert (ended.page, ended.status, ended.token_calls, ended.codes, ended.product) == ("SSO-501", 503, 0, 0, 401)
    assert lab.click(portal, app=TWO).status == 200, "with the secret it works again, without a restart"


def unavailable(answer: Reply) -> bool:
    """The one word that a program gets of our own faults."""
    return (answer.status, json.loads(answer.body)) == (503, DOWN) and set(SECURITY) <= set(answer.headers) and \
        not MACHINE.search(answer.body)


@proves("C50", "T43")
def test_with_the_signing_key_switched_off_no_token_is_issued_and_the_code_is_spent(lab: HostileLab) -> None:
    asked, kms, watch = lab.asking(), lab.aws.clients("kms"), lab.watch()
    code = lab.code_of(asked)
    kms.disable_key(KeyId=lab.outputs["SigningKeyAArn"])
    try:
        answer = lab.redeem(asked, code)
    finally:
        kms.enable_key(KeyId=lab.outputs["SigningKeyAArn"])
    assert unavailable(answer)
    assert json.loads(lab.redeem(asked, code).body) == {"error": "invalid_grant"}
    assert lab.redeem(asked, lab.code_of(asked)).status == 200
    assert [bool(one.redeemed_at) for one in watch.attempts()] == [False, True]


@proves("C50", "T43")
@pytest.mark.parametrize("broken", [
    {"LAUNCHES_TABLE": GONE}, {"SIGN_INS_TABLE": GONE}, {"AWS_ENDPOINT_URL_DYNAMODB": NOWHERE},
    {"AWS_ENDPOINT_URL_KMS": NOWHERE}, {"SIGNING_KEYS": "arn:aws:kms:us-east-1:000000000000:key/no-such-key"},
    {"SIGNING_KEYS": ""},
], ids=lambda told: " ".join(told))
def test_a_provider_without_one_of_its_stores_issues_nothing(lab: HostileLab, broken: dict[str, str | None]) -> None:
    asked = lab.asking()
    code = lab.code_of(asked)
    with lab.changed("SsoProvider", **broken):
        answer = lab.redeem(asked, code)
    assert unavailable(answer), answer


@proves("C50")
@pytest.mark.parametrize("function", ["SsoLogin", "SsoCallback", "SsoProvider"])
def test_a_function_that_is_not_set_up_answers_a_page_of_ours(lab: HostileLab, function: str) -> None:
    path = {"SsoLogin": "/", "SsoCallback": f"/cb/clever/{ONE}", "SsoProvider": "/authorize"}[function]
    with lab.changed(function, SSO_BASE_URL=None):
        answer = lab.ask("GET", path)
    assert (answer.status, "SSO-501" in answer.body) == (503, True)
    assert set(SECURITY) <= set(answer.headers)
    assert not MACHINE.search(answer.body)


@proves("C50")
@pytest.mark.parametrize("path", ["/jwks.json", "/.well-known/openid-configuration"])
def test_without_its_keys_the_provider_publishes_none(lab: HostileLab, path: str) -> None:
    with lab.changed("SsoProvider", AWS_ENDPOINT_URL_KMS=NOWHERE):
        answer = lab.ask("GET", path)
    assert unavailable(answer) if path == "/jwks.json" else answer.status == 200


@proves("C50")
@pytest.mark.parametrize(("function", "path", "table"), [
    ("SsoProvider", "/authorize", "SIGN_INS_TABLE"), ("SsoProvider", "/authorize", "LAUNCHES_TABLE"),
    ("SsoLogin", f"/start/clever/{ONE}", "SIGN_INS_TABLE"), ("SsoLogin", f"/portals/{ONE}", "SIGN_INS_TABLE")])
def test_a_sign_in_that_can_not_begin_is_a_page_of_ours(
    lab: HostileLab, function: str, path: str, table: str,
) -> None:
    query = f"?{lab.asking().query('clever')}" if path == "/authorize" else ""
    with lab.changed(function, **{table: GONE}):
        answer = lab.ask("GET", path + query, **{"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"})
    assert answer.status == 503
    assert "SSO-501" in answer.body
    assert not MACHINE.search(answer.body)
    assert "location" not in answer.headers
    assert not [line for line in answer.headers.get("set-cookie", "").split("\n") if line.startswith("__Host-sso_t_")
                and "Max-Age=0" not in line]


@proves("C50", "T38")
def test_a_fault_is_in_the_log_by_class_and_place_alone(lab: HostileLab) -> None:
    browser = lab.at_portal("clever")
    address, watch = lab.answered(browser, "clever", PLAIN), lab.watch()
    with lab.changed("SsoCallback", ROSTER_TABLE=GONE):
        lab.opened(browser, address)
    (attempt,) = watch.attempts()
    (told,) = [line for line in lab.logged() if line.get("login_id") == attempt.login_id and
               line.get("counted") == "failed"]
    assert told["error"] == "ResourceNotFoundException"
    assert told["at"].startswith("aws/")
    assert not [line for _, line in lab.log_lines() if GONE in line or MARK in line or "Traceback" in line]
