"""The pages for product teams and for the keys say what the provider does."""

from __future__ import annotations

import json
import re

import pytest

from homeroom.sso.codes import CODES
from homeroom.sso.discovery import configuration
from homeroom.sso.token import CLAIMS
from local.sample_product.product import LEEWAY
from local.sample_product.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, STUDENT_IDLE_SECONDS
from tests.docs.test_docs import text_of
from tests.fakes.memory_sso import LocalSigner, memory_outside

PAGE = "docs/sso-for-products.md"
RUNBOOK = "docs/runbooks/signing-keys.md"


def section(page: str, title: str) -> str:
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^## |\Z)", text_of(page), re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def test_the_page_lists_every_claim_of_a_token_and_no_other() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", section(PAGE, "What the token says"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    assert sorted(named) == sorted(CLAIMS)


def test_the_page_asks_for_what_the_provider_offers() -> None:
    offered = json.loads(configuration(memory_outside(signer=LocalSigner([]))).body)
    settings = section(PAGE, "How to set up your library")
    for name in ("token_endpoint_auth_methods_supported", "response_types_supported", "scopes_supported",
                 "code_challenge_methods_supported", "id_token_signing_alg_values_supported"):
        assert [value for value in offered[name] if f"`{value}`" not in settings] == [], name


@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant", "invalid_request", "unsupported_grant_type",
                                   "unauthorized_client", "login_required", "temporarily_unavailable"])
def test_the_page_tells_what_to_do_about_each_error(error: str) -> None:
    rows = [row.split("|")[1] for row in section(PAGE, "What can go wrong").splitlines() if row.startswith("|")]
    assert any(re.search(rf"\b{error}\b", row) for row in rows)


def test_the_titles_of_our_pages_are_quoted_as_they_are() -> None:
    wrong = section(PAGE, "What can go wrong")
    assert f'"{CODES["SSO-106"].title}"' in wrong


def test_the_sample_product_keeps_the_times_that_the_page_asks_for() -> None:
    duties = section(PAGE, "What you must do")
    assert (STUDENT_IDLE_SECONDS, IDLE_SECONDS, ABSOLUTE_SECONDS, LEEWAY) == (30 * 60, 60 * 60, 10 * 3600, 60)
    assert "unused for students, 60 for staff, 10 hours at most" in duties
    assert "60 seconds of tolerance" in duties


@pytest.mark.parametrize("name", ["SigningKeyA", "SigningKeyB", "SignWith"])
def test_the_runbook_turns_keys_by_parameters_that_exist(name: str) -> None:
    assert f"`{name}" in text_of(RUNBOOK)
    assert re.search(rf"^  {name}:\n    Type: String$", text_of("template.yaml"), re.MULTILINE)
    assert re.search(r"^  SigningKeyAArn:$", text_of("template.yaml"), re.MULTILINE)
