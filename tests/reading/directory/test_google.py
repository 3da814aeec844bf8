"""Google Workspace by the Directory API: a signed assertion, pages, and a quota that asks to wait."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from homeroom.model.directory import Account
from homeroom.model.directory import Google as GoogleSetUp
from tests.fakes.web_directories import (
    ADMINISTRATOR,
    DOMAIN,
    READ_USERS,
    SERVICE_ACCOUNT,
    TOKEN,
    Fault,
    Google,
    google_user,
    service_key,
    serving,
)
from tests.reading.directory.reading import Waited, read, told

USERS = [google_user(f"g-{n}", f"Given{n}", f"Family{n}") for n in range(1, 6)]


@pytest.fixture
def google() -> Iterator[Google]:
    fake = Google(USERS)
    with serving(fake):
        yield fake


def set_up(google: Google, **words: str) -> GoogleSetUp:
    return GoogleSetUp.model_validate({
        "kind": "google", "domain": DOMAIN, "administrator": ADMINISTRATOR, "url": google.url,
        "sign_in_url": google.url, **words})


def credentials(key: str | None = None) -> dict[str, str]:
    return {"client_email": SERVICE_ACCOUNT, "private_key": key or service_key()}


def test_all_pages_are_read_for_the_one_scope_that_reads_users(google: Google) -> None:
    found = read(set_up(google), credentials())
    assert found == tuple(Account(f"g-{n}", f"Given{n}", f"Family{n}") for n in range(1, 6))
    said = jwt.decode(google.log[0].form["assertion"], options={"verify_signature": False})
    assert (said["iss"], said["sub"], said["scope"]) == (SERVICE_ACCOUNT, ADMINISTRATOR, READ_USERS)
    assert abs(said["iat"] - datetime.now(UTC).timestamp()) < 60
    assert [one.query.get("pageToken") for one in google.log[1:]] == [None, "2", "4"]


def test_suspended_and_archived_accounts_are_left_out(google: Google) -> None:
    google.accounts = [USERS[0], google_user("off", "Ada", "Sample", suspended=True),
                       google_user("old", "Bo", "Sample", archived=True)]
    assert [one.id for one in read(set_up(google), credentials())] == ["g-1"]


def test_a_key_as_it_stands_in_googles_file_is_taken(google: Google) -> None:
    written = json.dumps(service_key())[1:-1]
    assert "\\n" in written
    assert len(read(set_up(google), credentials(written))) == 5


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
def test_a_quota_that_is_used_up_is_waited_for(google: Google, reason: str) -> None:
    waited = Waited()
    google.faults[2] = Fault(403, body=json.dumps({"error": {"code": 403, "errors": [{"reason": reason}]}}).encode())
    assert len(read(set_up(google), credentials(), waited)) == 5
    assert sum(waited.seconds) > 0


def test_a_missing_right_is_not_waited_for(google: Google) -> None:
    waited = Waited()
    google.faults[1] = Fault(403, body=b'{"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}')
    error = told(set_up(google), credentials(), waited=waited)
    assert error.issue_code == "SRC-11"
    assert READ_USERS in error.issue_remedy
    assert waited.seconds == []


def test_a_service_account_without_delegation_is_told_apart(google: Google) -> None:
    google.delegated = False
    error = told(set_up(google), credentials())
    assert error.issue_code == "SRC-01"
    assert "unauthorized_client" in error.text
    assert "domain-wide delegation" in error.issue_remedy


@pytest.mark.parametrize("wrong", ["not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_not_sent(google: Google, wrong: str) -> None:
    error = told(set_up(google), credentials(wrong))
    assert (error.issue_code, error.issue_owner) == ("SRC-10", "vendor")
    assert google.log == []


def test_the_key_of_somebody_else_is_refused(google: Google) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    error = told(set_up(google), credentials(other))
    assert error.issue_code == "SRC-01"
    assert "invalid_grant" in error.text


def test_another_administrator_is_refused(google: Google) -> None:
    assert told(set_up(google, administrator="who@sample.example"), credentials()).issue_code == "SRC-01"


def test_a_domain_without_users_is_not_taken_for_the_directory(google: Google) -> None:
    google.accounts = []
    assert told(set_up(google), credentials()).issue_code == "SRC-11"


def test_a_page_that_is_none_of_google_is_torn(google: Google) -> None:
    google.faults.update({n: Fault(body=b'{"users": []}') for n in (2, 3, 4)})
    assert "torn" in told(set_up(google), credentials()).text


def test_neither_key_nor_token_nor_a_name_gets_into_the_log(
    google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    read(set_up(google), credentials())
    key = service_key().splitlines()[1]
    assert google.log[1].authorization == f"Bearer {TOKEN}"
    assert not [word for word in (TOKEN, key, "Given1", google.log[0].form["assertion"]) if word in caplog.text]
