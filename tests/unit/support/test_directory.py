"""The directory's credentials and its test, as support asks for them (requirement C7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.integration import Integration
from homeroom.read import probing
from tests.builders.connections import Stub, clever, matching_by_name, rest
from tests.fakes.memory import MemoryWorld
from tests.fakes.web_directories import CLIENT_ID, CLIENT_SECRET, TENANT, Fault, Graph, graph_user, serving
from tests.unit.support.asking import BY, audited, do, stored

APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The source's own test finds nothing wrong."""
    stub = Stub()
    monkeypatch.setattr(probing, "_module", lambda transport: stub)
    return stub


def rotate(world: MemoryWorld, credentials: dict[str, str] = APP, integration: str = "lab-usd") -> dict[str, Any]:
    return do(world, "rotate_secret", integration=integration, which="directory", credentials=credentials, **BY)


def probe_of(world: MemoryWorld) -> dict[str, Any]:
    return do(world, "test_connection", integration="lab-usd", **BY)


def of_graph(graph: Graph) -> Integration:
    return matching_by_name(rest(district_id="d-1"), tenant=TENANT, url=graph.url, sign_in_url=graph.url)


def test_the_credentials_go_to_a_secret_of_their_own() -> None:
    world = stored(matching_by_name(rest()))
    before = world.secrets.get("lab")
    told = rotate(world)
    assert world.secrets.kept == {"lab": before, "directory/lab-usd": APP}
    kept = world.integrations.get("lab-usd")
    assert (kept.options.directory_secret, kept.secret_name) == ("directory/lab-usd", "lab")
    assert (told["secret_name"], told["also_used_by"]) == ("directory/lab-usd", [])
    entry = audited(world)[-1]
    assert (entry["which"], entry["credentials"]) == ("directory", ["client_id", "client_secret"])
    assert CLIENT_SECRET not in json.dumps([told, audited(world)])


def test_two_integrations_of_a_district_may_share_the_secret() -> None:
    one = matching_by_name(rest())
    shared = one.options.model_copy(update={"directory_secret": "directory/lab-usd"})
    world = stored(one, one.model_copy(update={"id": "lab-two", "options": shared}))
    assert rotate(world)["also_used_by"] == ["lab-two"]


@pytest.mark.parametrize(("wanted", "given", "said"), [
    (rest(), APP, "no directory is named"),
    (matching_by_name(rest()), {"key": "k", "secret": CLIENT_SECRET}, "needed: client_id and client_secret"),
    (matching_by_name(rest()), APP | {"pin": "1"}, "not known here: pin"),
    (rest(options={"directory": {"kind": "uploaded"}}), APP, "none are needed"),
    (rest(options={"directory": {"kind": "ldap", "host": "ldap.lab.example", "base": "dc=lab"}}), {"user": "cn=a"},
     "needed: user and password"),
])
def test_credentials_that_do_not_fit_are_refused_before_anything_is_kept(
    wanted: Integration, given: dict[str, str], said: str
) -> None:
    world = stored(wanted)
    before = dict(world.secrets.kept)
    with pytest.raises(Refused, match=said) as refused:
        rotate(world, given)
    assert CLIENT_SECRET not in str(refused.value)
    assert (world.secrets.kept, audited(world)) == (before, [])


def test_a_test_counts_the_accounts_and_names_none() -> None:
    graph = Graph([graph_user("a-1", "Ada", "Sample"), graph_user("a-2", "Bo", "Tester")])
    with serving(graph):
        world = stored(of_graph(graph))
        rotate(world)
        told = probe_of(world)
    assert told["ok"] is True
    assert told["findings"][-1] | {"remedy": ""} == {
        "step": "directory", "ok": True, "text": "the directory shows 2 accounts with both names", "code": None,
        "owner": "nobody", "remedy": ""}
    assert "Ada" not in json.dumps(told)


def test_a_test_says_what_the_directory_refuses_and_the_source_is_told_all_the_same() -> None:
    graph = Graph([graph_user("a-1", "Ada", "Sample")])
    with serving(graph):
        world = stored(of_graph(graph))
        missing = probe_of(world)
        rotate(world, APP | {"client_secret": "wrong-Never-Shown"})
        refused = probe_of(world)
        rotate(world)
        graph.faults[1] = Fault(403)
        closed = probe_of(world)
    codes = [told["findings"][-1]["code"] for told in (missing, refused, closed)]
    assert codes == ["SRC-10", "SRC-01", "SRC-11"]
    assert [told["ok"] for told in (missing, refused, closed)] == [False] * 3
    assert "User.Read.All" in closed["findings"][-1]["remedy"]
    assert [finding["ok"] for finding in closed["findings"][:-1]] == [True]
    assert "wrong-Never-Shown" not in json.dumps(refused)


def test_a_directory_that_fails_is_no_failed_step_of_the_set_up() -> None:
    """Without it the roster goes on; each run says that the directory could not be read."""
    world = stored(matching_by_name(rest(district_id="d-1"), url="http://127.0.0.1:9", sign_in_url="http://127.0.0.1:9"))
    probe_of(world)
    assert all(finding.ok for finding in world.integrations.get("lab-usd").setup.findings)


def test_an_uploaded_list_is_tested_as_it_landed() -> None:
    world = stored(clever(options={"directory": {"kind": "uploaded", "name": "people.csv"}}, district_id="d-1"))
    assert "no list of accounts has landed as directory/people.csv" in probe_of(world)["findings"][-1]["text"]
    world.landing.put("landing/lab-usd/directory/people.csv", b"id,first,last\na-1,Ada,Sample\n")
    found = probe_of(world)["findings"][-1]
    assert found["ok"] is True
    assert "shows 1 accounts with both names; Match Users By Name is off" in found["text"]


def test_without_a_directory_the_test_says_nothing_of_it() -> None:
    world = stored(rest(district_id="d-1"))
    assert [finding["step"] for finding in probe_of(world)["findings"]] == ["sign-in"]


@pytest.mark.parametrize("name", ["lab-usd", "directory/", "directory/../lab-usd", "x/directory/lab"])
def test_the_secret_of_a_directory_can_be_no_other_secret(name: str) -> None:
    with pytest.raises(ValueError, match="directory_secret"):
        rest(options={"directory_secret": name})
