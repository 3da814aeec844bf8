"""The connection test of a Clever district: what is wrong, and who acts, in words without a secret."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pytest

from homeroom.model.setup import Finding, Probe
from homeroom.model.source import CleverApi
from homeroom.read.clever.probe import districts, probe
from homeroom.read.clever.proof import SAMPLE, sample
from homeroom.read.http import Patience
from tests.builders.oneroster import small_district
from tests.reading.clever.lab import CREDENTIALS, Lab


def seen(lab: Lab, credentials: Mapping[str, str] = CREDENTIALS, **changed: Any) -> Probe:
    return probe(lab.integration.model_copy(update=changed), credentials, Patience(wait=lab.waits.append))


def first_wrong(found: Probe) -> Finding:
    """The one finding that is not well, which is the last."""
    wrong = [finding for finding in found.findings if not finding.ok]
    assert wrong == [found.findings[-1]]
    return wrong[0]


def test_a_good_connection_is_told_step_by_step_with_district_and_schools(lab: Lab) -> None:
    found = seen(lab)
    assert found.ok
    assert [finding.step for finding in found.findings] == [
        "address", "sign-in", "authorised", "district", "scope", "sync status", "schools", "people"]
    assert [(d.id, d.name, d.identifier, d.state) for d in found.districts] == [
        (lab.district.id, "Sample District", "D1", "running")]
    assert [(s.id, s.name) for s in found.schools] == [
        (lab.district.id_of("schools", one), name) for one, name in
        (("school-2", "Second Sample School"), ("school-1", "First Sample School"))]


def test_it_reads_no_more_of_people_than_one(lab: Lab) -> None:
    seen(lab)
    assert {one.query["limit"] for one in lab.clever.asked_for("users")} == {"1"}
    assert lab.clever.asked_for("sections") == []


def test_a_wrong_secret_is_named_and_not_shown(lab: Lab) -> None:
    wrong = first_wrong(seen(lab, {**CREDENTIALS, "client_secret": "not-the-secret"}))
    assert (wrong.step, wrong.code, wrong.owner) == ("sign-in", "SRC-01", "vendor")
    assert "client secret" in wrong.text
    assert "not-the-secret" not in wrong.model_dump_json()
    assert wrong.remedy


def test_missing_credentials_are_named(lab: Lab) -> None:
    assert first_wrong(seen(lab, {"client_id": "sample-client-id"})).code == "SRC-10"


def test_an_address_where_nobody_listens(lab: Lab) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    wrong = first_wrong(seen(lab, source=CleverApi(url=nowhere, sign_in_url=lab.clever.url)))
    assert (wrong.step, wrong.code) == ("address", "SRC-02")
    assert "refused the connection" in wrong.text


@pytest.mark.parametrize(("trouble", "step", "code", "owner", "words"), [
    (lambda d: d.revoke(), "authorised", "SRC-01", "district", "not connected"),
    (lambda d: d.sso_only(), "scope", "SRC-11", "vendor", "sign-in only"),
    (lambda d: setattr(d, "state", "pending"), "sync status", "SRC-12", "district", "pending"),
    (lambda d: setattr(d, "state", "error"), "sync status", "SRC-12", "aggregator", "error"),
    (lambda d: (d.no_data(), setattr(d, "state", "running")), "sync status", "SRC-12", "district", "any data yet"),
    (lambda d: [d.unshare("schools", s) for s in list(d.shared["schools"])], "schools", "SRC-11", "district",
     "no school"),
    (lambda d: [d.unshare("users", u) for u in list(d.shared["users"])], "people", "SRC-11", "district", "no people"),
])
def test_each_trouble_is_told_at_its_step(
    lab: Lab, trouble: Any, step: str, code: str, owner: str, words: str
) -> None:
    trouble(lab.district)
    wrong = first_wrong(seen(lab))
    assert (wrong.step, wrong.code, wrong.owner) == (step, code, owner)
    assert words in wrong.text
    assert lab.district.token not in wrong.model_dump_json()


def test_a_paused_district_is_well_and_said_to_be_paused(lab: Lab) -> None:
    lab.district.pause()
    found = seen(lab)
    assert found.ok
    assert any("paused since 2026-09-07 until 2027-08-01" in finding.text for finding in found.findings)
    assert found.districts[0].state == "paused"


def test_without_a_district_id_the_authorised_ones_are_shown(lab: Lab) -> None:
    other = lab.clever.add_district(small_district(), name="Another District")
    found = seen(lab, district_id=None)
    assert first_wrong(found).code == "SRC-11"
    assert [d.id for d in found.districts] == [lab.district.id, other.id]


def test_districts_that_wait_are_listed_with_name_and_state(lab: Lab) -> None:
    other = lab.clever.add_district(small_district(), name="Another District")
    other.state = "pending"
    gone = lab.clever.add_district(small_district(), name="Gone District")
    gone.revoke()
    source = lab.integration.source
    assert isinstance(source, CleverApi)
    assert [(d.id, d.name, d.state) for d in districts(source, CREDENTIALS)] == [
        (lab.district.id, "Sample District", "running"), (other.id, "Another District", "pending")]


def test_one_district_that_can_not_be_read_does_not_hide_the_others(lab: Lab) -> None:
    lab.clever.add_district(small_district())
    lab.clever.traps.fail("districts", effect=404, times=1)
    source = lab.integration.source
    assert isinstance(source, CleverApi)
    assert [d.name for d in districts(source, CREDENTIALS)] == ["", "Sample District"]


@pytest.mark.parametrize("many", [0, 1, SAMPLE, SAMPLE + 1, 1000])
def test_a_sample_is_spread_and_has_the_last(many: int) -> None:
    missing = [f"{n:04d}" for n in range(many)]
    found = sample(missing)
    assert len(found) == min(many, SAMPLE)
    assert len(set(found)) == len(found)
    assert found[-1:] == missing[-1:]
