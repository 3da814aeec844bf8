"""The connection test in words: each thing that can be wrong has its own step, code and remedy, and no secret."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from homeroom.model.setup import Probe
from homeroom.read.oneroster_rest.probe import probe
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service
from tests.reading.rest.reading import Reading, Waits, paged_district, secrets_of


def outcome(service: Service, secrets: dict[str, str] | None = None, **source: Any) -> Probe:
    """The test of this service with the right secrets, or these. None of them shows in what it says."""
    with serving(service):
        integration = Reading(service, **source).integration
        found = probe(integration, secrets or secrets_of(service), Waits().patience(20))
    text = found.model_dump_json()
    assert not any(value in text for value in (secrets or secrets_of(service)).values())
    return found


def failed(found: Probe) -> tuple[str, str | None]:
    """The step that failed, with its code; all before it went well."""
    assert [finding.ok for finding in found.findings] == [True] * (len(found.findings) - 1) + [False]
    assert found.findings[-1].remedy
    return found.findings[-1].step, found.findings[-1].code


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("sign_in", ["oauth1_sha256", "oauth1_sha1", "oauth2", "bearer"])
def test_a_service_that_works_passes_every_step(sign_in: Any, version: Any) -> None:
    found = outcome(Service(paged_district(), sign_in=sign_in, version=version))
    assert found.ok
    steps = ["address", "sign-in", "scope", "schools", "classes", "people"]
    assert [finding.step for finding in found.findings] == steps
    assert [(org.id, org.name) for org in found.districts] == [("d-1", "Sample District")]
    assert len(found.schools) == 9
    assert found.findings[3].text == "9 schools and 1 district are shared"


def test_at_most_one_person_is_asked_for() -> None:
    service = Service(paged_district())
    outcome(service)
    assert [(one.path, one.query["limit"]) for one in service.log if one.path not in ("orgs",)] == [
        ("classes", "1"), ("users", "1")]


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        service = Service(origin=f"http://127.0.0.1:{taken.getsockname()[1]}")
        found = probe(Reading(service).integration, secrets_of(service), Waits().patience(20))
    assert failed(found) == ("address", "SRC-02")
    assert "refused the connection" in found.findings[-1].text


def test_an_address_with_no_service_behind_it() -> None:
    service = Service(paged_district(), base="/elsewhere")
    with serving(service) as url:
        wrong = Reading(service, url=url.replace("elsewhere", "nowhere")).integration
        found = probe(wrong, secrets_of(service), Waits().patience(20))
    assert failed(found) == ("address", "SRC-04")
    assert "API URL" in found.findings[-1].remedy


def test_an_address_that_answers_with_a_web_page() -> None:
    assert failed(outcome(Service(paged_district(), faults=[Fault("*", "not_json")]))) == ("address", "SRC-04")


@pytest.mark.parametrize("sign_in", ["oauth1_sha256", "oauth1_sha1", "oauth2"])
def test_a_wrong_secret(sign_in: Any) -> None:
    found = outcome(Service(paged_district(), sign_in=sign_in), {"key": "sample-key", "secret": "wrong-secret-1"})
    assert failed(found) == ("sign-in", "SRC-01")
    assert "secret" in found.findings[-1].remedy


def test_a_wrong_digest_is_among_what_to_check() -> None:
    found = outcome(Service(paged_district(), sign_in="oauth1_sha1"), sign_in="oauth1_sha256")
    assert failed(found) == ("sign-in", "SRC-01")
    assert "HMAC-SHA256" in found.findings[-1].remedy


def test_a_wrong_token() -> None:
    assert failed(outcome(Service(paged_district(), sign_in="bearer"), {"token": "wrong-1"})) == ("sign-in", "SRC-01")


def test_a_clock_that_is_wrong() -> None:
    found = outcome(Service(paged_district(), skew=-1200))
    assert failed(found) == ("clock", "SRC-16")
    assert "20 minutes" in found.findings[-1].text


def test_a_scope_that_is_missing() -> None:
    found = outcome(Service(paged_district(), sign_in="oauth2", granted=("roster.readonly",)))
    assert failed(found) == ("scope", "SRC-11")


def test_organisations_that_may_not_be_read() -> None:
    assert failed(outcome(Service(paged_district(), missing={"orgs": 403, "schools": 403}))) == ("scope", "SRC-11")


@pytest.mark.parametrize("orgs", [[], [{"sourcedId": "d-1", "name": "Sample District", "type": "district"}]])
def test_no_schools_are_shared(orgs: list[dict[str, str]]) -> None:
    found = outcome(Service(paged_district() | {"orgs": orgs}))
    assert failed(found) == ("schools", "SRC-11")
    assert "no schools are shared" in found.findings[-1].text


@pytest.mark.parametrize(("stem", "step"), [("classes", "classes"), ("users", "people")])
def test_nothing_of_a_kind_is_shared(stem: str, step: str) -> None:
    assert failed(outcome(Service(paged_district() | {stem: []}))) == (step, "SRC-11")


def test_people_that_may_not_be_read() -> None:
    service = Service(paged_district(), missing=dict.fromkeys(("users", "*students", "*teachers"), 403))
    found = outcome(service)
    assert failed(found) == ("people", "SRC-11")
    assert "403" in found.findings[-1].text


def test_people_that_may_be_read_by_school_only() -> None:
    assert outcome(Service(paged_district(), missing=dict.fromkeys(("users", "students", "teachers"), 404))).ok


def test_a_service_that_stumbles_for_long() -> None:
    assert failed(outcome(Service(paged_district(), faults=[Fault("*", 503)]))) == ("address", "SRC-02")
