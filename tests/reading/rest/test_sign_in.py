"""Signing in to a service: tokens, scopes, rotated credentials, clocks that differ."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import SourceUnusable
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.reading.rest.reading import STEMS, Reading, ids_at, paged_district

EVERY = ("oauth1_sha256", "oauth1_sha1", "oauth2", "bearer")


def read_all(service: Service, **source: Any) -> dict[str, list[str]]:
    with serving(service):
        reading = Reading(service, **source).all()
        return {stem: reading.ids(stem) for stem in STEMS}


def refused(service: Service, **secrets: str) -> SourceUnusable:
    with serving(service):
        reading = Reading(service)
        if secrets:
            reading.world.secrets.put("sample/source", secrets)
        with pytest.raises(SourceUnusable) as caught:
            reading.all()
    assert not reading.is_kept
    assert all(secret not in f"{caught.value} {caught.value.issue_remedy}" for secret in secrets.values())
    return caught.value


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("sign_in", EVERY)
def test_each_way_to_sign_in_reads_the_whole_district(sign_in: Any, version: Any) -> None:
    service = Service(paged_district(), sign_in=sign_in, version=version)
    assert read_all(service) == ids_at(service)
    assert service.reasons == []


@pytest.mark.parametrize("sign_in", EVERY)
def test_c44_wrong_credentials_are_tried_twice_and_told_in_words(sign_in: Any) -> None:
    service = Service(paged_district(), sign_in=sign_in)
    wrong = {"token": "wrong-token-1"} if sign_in == "bearer" else {"key": service.key, "secret": "wrong-secret-1"}
    told = refused(service, **wrong)
    assert told.issue_code == "SRC-01"
    assert "Check" in told.issue_remedy
    assert len(service.log) == 2


def test_c44_a_token_that_ends_in_the_middle_is_replaced_once() -> None:
    service = Service(paged_district(), sign_in="oauth2")
    service.after(6, Service.revoke_tokens)
    assert read_all(service, connections=8) == ids_at(service)
    assert len([one for one in service.log if one.path.endswith("token")]) == 2


def test_c44_credentials_that_were_rotated_while_reading_are_fetched_again() -> None:
    service = Service(paged_district(), sign_in="bearer")
    with serving(service):
        reading = Reading(service)

        def rotate(_: Service) -> None:
            service.token = "rotated-bearer"
            reading.world.secrets.put("sample/source", {"token": "rotated-bearer"})

        service.after(9, rotate)
        reading.all()
        assert {stem: reading.ids(stem) for stem in STEMS} == ids_at(service)


def test_a_service_that_takes_credentials_only_as_http_basic_gets_them_so() -> None:
    service = Service(paged_district(), sign_in="oauth2", basic_only=True)
    assert read_all(service) == ids_at(service)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_token_without_any_scope_shows_at_the_first_collection(version: Any) -> None:
    told = refused(Service(paged_district(), sign_in="oauth2", version=version, granted=()))
    assert (told.issue_code, told.text) == ("SRC-11", "signed in, but orgs are not shared")


def test_a_part_of_the_scopes_that_was_granted_shows_in_the_words() -> None:
    told = refused(Service(paged_district(), sign_in="oauth2", granted=("roster.readonly",)))
    assert told.issue_code == "SRC-11"
    assert "roster-core.readonly" in told.text


def test_a_missing_scope_that_the_token_does_not_tell_shows_at_the_first_collection() -> None:
    told = refused(Service(paged_district(), sign_in="oauth2", granted=("roster.readonly",), tells_scope=False))
    assert told.issue_code == "SRC-11"
    assert "orgs" in told.text


def test_scopes_of_the_integration_replace_those_of_rostering() -> None:
    service = Service(paged_district(), sign_in="oauth2")
    scope = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
    assert read_all(service, scope=scope) == ids_at(service)
    assert {scopes for _, scopes in service.tokens.values()} == {frozenset({"roster-core.readonly"})}


def test_a_clock_that_is_wrong_is_told_as_such() -> None:
    told = refused(Service(paged_district(), skew=1800))
    assert told.issue_code == "SRC-16"
    assert "30 minutes" in told.text


def test_a_wrong_secret_is_no_clock_fault_though_the_clocks_differ_a_little() -> None:
    service = Service(paged_district(), skew=120)
    assert refused(service, key=service.key, secret="wrong-secret-1").issue_code == "SRC-01"


def test_c51_an_application_id_in_the_address_is_sent_as_it_is() -> None:
    service = Service(paged_district(), sign_in="bearer", application_id="Qm9n%2BdXM%3D")
    assert read_all(service) == ids_at(service)


def test_a_missing_address_of_tokens_is_ours_to_set() -> None:
    service = Service(paged_district(), sign_in="oauth2")
    with serving(service), pytest.raises(SourceUnusable) as caught:
        Reading(service, token_url=None).all()
    assert (caught.value.issue_code, caught.value.issue_owner) == ("SRC-10", "vendor")
    assert service.log == []
