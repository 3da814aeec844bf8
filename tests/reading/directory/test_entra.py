"""Microsoft Entra by Graph: whole or not at all, patient where it is asked to be, and nobody is told a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from homeroom.model.directory import Account, Entra
from tests.fakes.web_directories import CLIENT_ID, CLIENT_SECRET, TENANT, TOKEN, Fault, Graph, graph_user, serving
from tests.reading.directory.reading import Waited, read, told

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
USERS = [graph_user(f"a-{n}", f"Given{n}", f"Family{n}") for n in range(1, 6)]


@pytest.fixture
def graph() -> Iterator[Graph]:
    fake = Graph(USERS)
    with serving(fake):
        yield fake


def entra(graph: Graph, **words: str) -> Entra:
    told_by = {"tenant": TENANT, "url": graph.url, "sign_in_url": graph.url}
    return Entra.model_validate({"kind": "entra", **told_by, **words})


def test_all_pages_are_read_and_only_ids_and_names_are_asked_for(graph: Graph) -> None:
    found = read(entra(graph), APP)
    assert found == tuple(Account(f"a-{n}", f"Given{n}", f"Family{n}") for n in range(1, 6))
    assert [one.path for one in graph.log] == [f"/{TENANT}/oauth2/v2.0/token", *["/v1.0/users"] * 3]
    assert {one.query["$select"] for one in graph.log[1:]} == {"id,givenName,surname,accountEnabled"}


def test_disabled_accounts_and_accounts_without_both_names_are_left_out(graph: Graph) -> None:
    graph.accounts = [*USERS[:1], graph_user("off", "Ada", "Sample", enabled=False),
                      graph_user("printer", None, "Hall"), graph_user("room", "Hall", "")]
    assert [one.id for one in read(entra(graph), APP)] == ["a-1"]


def test_being_slowed_down_costs_the_time_that_is_asked_for(graph: Graph) -> None:
    waited = Waited()
    graph.faults[2] = Fault(429, {"Retry-After": "7"})
    assert len(read(entra(graph), APP, waited)) == 5
    assert waited.seconds == [7.0]


def test_being_slowed_down_for_longer_than_a_run_may_wait_is_no_shorter_list(graph: Graph) -> None:
    graph.faults[3] = Fault(429, {"Retry-After": "3000"})
    assert told(entra(graph), APP).issue_code == "SRC-03"


@pytest.mark.parametrize("fault", [
    Fault(cut=True), Fault(body=b"[]"), Fault(body=b'{"value": null}'),
    Fault(body=b'{"value": [{"id": 7, "accountEnabled": true}]}'),
    Fault(body=b"<html>", headers={"Content-Type": "text/html"}),
])
def test_a_torn_page_is_asked_for_again(graph: Graph, fault: Fault) -> None:
    graph.faults[2] = fault
    assert len(read(entra(graph), APP)) == 5
    assert graph.lists == 4


def test_a_page_that_stays_torn_is_no_shorter_list(graph: Graph) -> None:
    graph.faults.update({n: Fault(cut=True) for n in (3, 4, 5)})
    error = told(entra(graph), APP)
    assert (error.issue_code, error.issue_owner) == ("SRC-04", "aggregator")
    assert "torn" in error.text


def test_a_link_to_another_host_is_not_followed(graph: Graph) -> None:
    with serving(Graph(USERS)) as other:
        graph.next_host = other
        error = told(entra(graph), APP)
    assert error.issue_code == "SRC-04"
    assert "another host" in error.text
    assert graph.lists == 1


def test_a_list_that_goes_in_a_circle_ends_in_words(graph: Graph) -> None:
    again = f'{{"value": [], "@odata.nextLink": "{graph.url}/v1.0/users?$top=999&$select=id"}}'.encode()
    graph.faults.update({n: Fault(body=again) for n in (1, 2, 3)})
    assert "does not come to an end" in told(entra(graph), APP).text


@pytest.mark.parametrize(("words", "credentials", "reason"), [
    ({}, APP | {"client_secret": "wrong-Never-Shown-1"}, "invalid_client"),
    ({"tenant": "another-tenant"}, APP, "invalid_request"),
])
def test_a_refused_sign_in_says_what_to_check(
    graph: Graph, words: dict[str, str], credentials: dict[str, str], reason: str
) -> None:
    error = told(entra(graph, **words), credentials)
    assert (error.issue_code, error.issue_owner) == ("SRC-01", "district")
    assert f"refused the sign-in ({reason})" in error.text
    assert "client secret" in error.issue_remedy


def test_a_missing_permission_names_the_permission(graph: Graph) -> None:
    graph.faults[1] = Fault(403)
    error = told(entra(graph), APP)
    assert error.issue_code == "SRC-11"
    assert "User.Read.All" in error.issue_remedy


def test_a_token_that_is_refused_under_way_is_no_shorter_list(graph: Graph) -> None:
    graph.faults[2] = Fault(401)
    assert told(entra(graph), APP).issue_code == "SRC-01"


def test_a_directory_that_hides_which_accounts_are_enabled_is_not_taken(graph: Graph) -> None:
    graph.accounts = [graph_user("a-1", "Ada", "Sample", enabled=None)]
    assert "User.Read.All" in told(entra(graph), APP).issue_remedy


def test_an_empty_directory_is_not_taken_for_one(graph: Graph) -> None:
    graph.accounts = []
    error = told(entra(graph), APP)
    assert error.issue_code == "SRC-11"
    assert "no account" in error.text


@pytest.mark.parametrize("credentials", [{}, {"client_id": CLIENT_ID}, {**APP, "pin": "1234-Never-Shown"}])
def test_credentials_that_do_not_fit_are_not_sent(graph: Graph, credentials: dict[str, str]) -> None:
    error = told(entra(graph), credentials)
    assert (error.issue_code, error.issue_owner) == ("SRC-10", "vendor")
    assert graph.log == []


def test_neither_secret_nor_token_nor_a_name_gets_into_the_log(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    read(entra(graph), APP)
    assert graph.log[1].authorization == f"Bearer {TOKEN}"
    assert not [word for word in (TOKEN, CLIENT_SECRET, "Given1", "Family1") if word in caplog.text]


@pytest.mark.parametrize("url", [
    "http://graph.sample.example", "https://user:pw@graph.sample.example", "ftp://graph", "https://graph/?a=1",
])
def test_only_https_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Entra.model_validate({"kind": "entra", "tenant": TENANT, "url": url})
