"""Connecting over real HTTP: the function `support` against the fake services, from the first secret to the first run.

What is wrong is told in words, with a code and whose turn it is; no secret is in any answer, audit, log or error.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from homeroom.errors import Refused
from tests.builders.connections import KEY
from tests.builders.oneroster import small_district
from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, Clever
from tests.fakes.clever_server import serving as serving_clever
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.unit.functions.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:Disabling idempotency")

PACKAGE = ROOT / "layers/homeroom"
BY = {"by": "tse@vendor.example", "reason": "kick-off call"}
WRONG = "wr0ng-Secret-Never-Shown-17"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer is asked once."""
    monkeypatch.setattr("homeroom.read.oneroster_rest.probe.SECONDS", 0.0)
    monkeypatch.setattr("homeroom.read.clever.probe.SECONDS", 0.0)


@pytest.fixture
def world() -> MemoryWorld:
    return memory_world()


@pytest.fixture
def told() -> list[str]:
    """Everything that the function answered, as JSON, and the errors that it raised."""
    return []


@pytest.fixture
def ask(world: MemoryWorld, told: list[str], invoke: Callable[..., dict[str, Any]]) -> Ask:
    """One operation of `support`."""

    def call(operation: str, **words: Any) -> dict[str, Any]:
        try:
            answer = invoke("support", world, {"operation": operation, **words})
        except Refused as refused:
            told.append(repr(refused) + str(refused))
            raise
        told.append(json.dumps(answer))
        return answer

    return call


@pytest.fixture
def service() -> Iterator[Service]:
    """A OneRoster service of a small district."""
    service = Service(small_district())
    with serving(service):
        yield service


@pytest.fixture
def clever() -> Iterator[Clever]:
    """Clever with one district that authorised the app."""
    clever = Clever(small_district())
    with serving_clever(clever):
        yield clever


def connect_rest(ask: Ask, url: str, secret: str, **source: Any) -> dict[str, Any]:
    source = {"transport": "oneroster_rest", "url": url, **source}
    integration = {"id": "lab-usd", "aggregator": "classlink", "transport": "oneroster_rest", "source": source}
    ask("connect", integration=integration, credentials={"key": "sample-key", "secret": secret}, **BY)
    return ask("test_connection", integration="lab-usd", **BY)


def connect_clever(ask: Ask, clever: Clever, secret: str = CLIENT_SECRET, **words: Any) -> dict[str, Any]:
    source = {"transport": "clever_api", "url": clever.url, "sign_in_url": clever.url}
    integration = {"id": "lab-usd", "aggregator": "clever", "transport": "clever_api", "source": source, **words}
    ask("connect", integration=integration, credentials={"client_id": CLIENT_ID, "client_secret": secret}, **BY)
    return ask("test_connection", integration="lab-usd", **BY)


def failure(tested: dict[str, Any]) -> tuple[str, str]:
    """Code and words of the step that failed, the last one."""
    assert tested["ok"] is False
    last = tested["findings"][-1]
    assert last["remedy"]
    return last["code"], last["text"]


# ---------------------------------------------------------------- OneRoster


def test_a_rest_source_is_set_up_from_credentials_to_the_first_run(
    ask: Ask, service: Service, world: MemoryWorld
) -> None:
    tested = connect_rest(ask, service.url, service.secret)
    assert tested["ok"], tested["findings"]
    assert (tested["status"], tested["schools"] > 0) == ("not set up", True)
    district = tested["districts"][0]["id"]
    ask("verify_district", integration="lab-usd", district_id=district, **BY)
    school = ask("schools", integration="lab-usd")["schools"][0]
    assert ask("schools", integration="lab-usd", search=school["name"].upper())["schools"] == [school]
    ask("choose_schools", integration="lab-usd", schools=[school["id"]], **BY)
    told = ask("connect", integration={
        **ask("status", integration="lab-usd")["set_up"], "schedule": {"mode": "daily"}}, **BY)
    assert (told["status"], told["owner"]) == ("waiting for data", "nobody")
    assert [step["name"] for step in told["steps"] if not step["done"]] == ["first run"]
    assert ask("run", integration="lab-usd", by="tse")["state"] == "queued"
    assert world.integrations.get("lab-usd").sharing.schools == (school["id"],)


def test_a_wrong_secret_is_told_and_mended_by_rotation(ask: Ask, service: Service) -> None:
    assert failure(connect_rest(ask, service.url, WRONG))[0] == "SRC-01"
    ask("rotate_secret", integration="lab-usd", credentials={"key": "sample-key", "secret": service.secret}, **BY)
    assert ask("test_connection", integration="lab-usd", **BY)["ok"]


def test_a_name_that_nobody_knows_is_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    code, text = failure(connect_rest(ask, "https://no-such-name.example/ims/oneroster/v1p1", WRONG))
    assert (code, "no known host name" in text) == ("SRC-02", True)


def test_a_refused_port_is_told(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, text = failure(connect_rest(ask, f"http://127.0.0.1:{port}/ims/oneroster/v1p1", WRONG))
    assert (code, "refused the connection" in text) == ("SRC-02", True)


def test_a_service_that_shares_no_school_is_the_districts_turn(ask: Ask, service: Service) -> None:
    service.rows["orgs"] = [org for org in service.rows["orgs"] if org["type"] == "district"]
    tested = connect_rest(ask, service.url, service.secret)
    assert failure(tested) == ("SRC-11", "signed in, but no schools are shared")
    assert (tested["status"], tested["owner"]) == ("waiting for the district", "district")
    with pytest.raises(Refused, match="SRC-11"):
        ask("schools", integration="lab-usd")


def test_a_missing_scope_is_told(ask: Ask, service: Service) -> None:
    service.sign_in, service.granted = "oauth2", ()
    code, _ = failure(connect_rest(ask, service.url, service.secret, sign_in="oauth2", token_url=service.token_url))
    assert code == "SRC-11"


def test_clocks_that_differ_are_told(ask: Ask, service: Service) -> None:
    service.skew = 3600
    code, text = failure(connect_rest(ask, service.url, service.secret))
    assert (code, "clock" in text) == ("SRC-16", True)


# ---------------------------------------------------------------- Clever


def test_a_clever_district_is_set_up_from_its_request_to_the_first_run(
    ask: Ask, clever: Clever, world: MemoryWorld
) -> None:
    tested = connect_clever(ask, clever)
    assert (tested["status"], tested["text"].partition(":")[0]) == ("not set up", "accept")
    waiting = ask("pending_requests", secret_name="lab-usd", url=clever.url, sign_in_url=clever.url)["districts"]
    assert [district["id"] for district in waiting] == [clever.district.id]
    told = ask("accept", integration="lab-usd", district_id=clever.district.id, **BY)
    assert told["text"].partition(":")[0] == "schools"
    ask("choose_schools", integration="lab-usd", schools="all", **BY)
    assert ask("test_connection", integration="lab-usd", **BY)["ok"]
    told = ask("connect", integration={
        **ask("status", integration="lab-usd")["set_up"], "schedule": {"mode": "weekly"}}, **BY)
    assert (told["status"], told["owner"]) == ("waiting for data", "nobody")
    assert ask("run", integration="lab-usd", by="tse")["state"] == "queued"
    after = ask("pending_requests", secret_name="lab-usd", url=clever.url, sign_in_url=clever.url)
    assert after["districts"] == []


def test_a_wrong_secret_of_the_app_is_told(ask: Ask, clever: Clever) -> None:
    code, text = failure(connect_clever(ask, clever, WRONG))
    assert (code, text) == ("SRC-01", "Clever refused the app's client id or client secret")
    with pytest.raises(Refused, match="SRC-01: Clever refused"):
        ask("accept", integration="lab-usd", district_id=clever.district.id, **BY)


@pytest.mark.parametrize(("change", "step", "code", "owner"), [
    (lambda district: setattr(district, "state", "pending"), "sync", "SRC-12", "district"),
    (lambda district: setattr(district, "state", "error"), "sync", "SRC-12", "aggregator"),
    (lambda district: district.no_data(), "sync", "SRC-12", "district"),
    (lambda district: district.revoke(), "authorise", "SRC-01", "district"),
    (lambda district: district.sso_only(), "share", "SRC-11", "vendor"),
])
def test_what_is_not_ready_at_clever_is_the_turn_of_whoever_can_mend_it(
    change: Callable[[Any], object], step: str, code: str, owner: str, ask: Ask, clever: Clever
) -> None:
    change(clever.district)
    tested = connect_clever(ask, clever, district_id=clever.district.id)
    assert failure(tested)[0] == code
    assert tested["owner"] == owner
    assert tested["status"] == ("not set up" if owner == "vendor" else "waiting for the district")
    assert tested["text"].startswith(f"{step}: {code}: ")


def test_a_district_that_did_not_authorise_the_app_is_refused(ask: Ask, clever: Clever) -> None:
    connect_clever(ask, clever)
    with pytest.raises(Refused, match="it has not authorised the app"):
        ask("accept", integration="lab-usd", district_id="0123456789abcdef01234567", **BY)


# ---------------------------------------------------------------- secrets


def test_no_secret_or_token_is_in_an_answer_an_audit_a_log_or_an_error(
    ask: Ask, service: Service, clever: Clever, world: MemoryWorld, told: list[str],
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    service.sign_in = "oauth2"
    for secret in (WRONG, service.secret):
        connect_rest(ask, service.url, secret, sign_in="oauth2", token_url=service.token_url)
    with pytest.raises(Refused):
        ask("rotate_secret", integration="lab-usd", credentials={"key": KEY, "token": WRONG}, **BY)
    with pytest.raises(Refused):
        ask("connect", integration={"id": "lab-usd"}, credentials={"secret": WRONG}, **BY)
    ask("verify_district", integration="lab-usd", district_id="d-1", **BY)
    connect_clever(ask, clever, WRONG, district_id=clever.district.id)
    connect_clever(ask, clever, district_id=clever.district.id)
    ask("choose_schools", integration="lab-usd", schools="all", **BY)
    ask("status", integration="lab-usd")
    audits = json.dumps([entry for _, entry, _ in world.runs.audits])
    kept = "".join(integration.model_dump_json() for integration in world.integrations.list())
    logs = "".join(capfd.readouterr()) + caplog.text
    assert "done" in logs
    everything = "".join(told) + audits + kept + logs
    secrets = {WRONG, service.secret, CLIENT_SECRET, clever.district.token, *service.tokens}
    assert len(secrets) >= 5
    assert [secret for secret in secrets if secret in everything] == []


def test_no_connection_test_loads_the_engine() -> None:
    code = ("import sys\nfrom homeroom.read import probing\n"
            "print([callable(probing._module(t).probe) for t in probing._MODULES], 'polars' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE, check=False)
    assert done.stdout.split("\n")[0] == "[True, True, True] False", done.stderr
