"""What only the handlers do: metrics, notices, batches; and what importing them needs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from homeroom.errors import Refused
from tests.builders.connections import clever
from tests.fakes.memory import memory_world
from tests.fakes.memory_sso import memory_outside
from tests.fakes.plans import GUARD, LAB, file_lands, keep_plan, lease_of, person, run_through, write_parts
from tests.unit.functions.conftest import FUNCTIONS, ROOT

pytestmark = pytest.mark.filterwarnings("ignore:Disabling idempotency")

IMPORTS = """
import importlib.util, os, socket, sys
for name in [n for n in os.environ if n.startswith(("AWS", "POWERTOOLS"))]:
    del os.environ[name]
def refuse(*_):
    raise AssertionError("the network at import")
socket.socket.connect = socket.getaddrinfo = refuse
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("app", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.handler)
print("polars" in sys.modules)
"""


def imported(*functions: str) -> str:
    paths = [str(ROOT / "functions" / name / "app.py") for name in functions]
    code = [sys.executable, "-c", IMPORTS, *paths]
    done = subprocess.run(code, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_a_handler_needs_no_environment_no_network_and_no_engine() -> None:
    assert imported(*(name for name in FUNCTIONS if name != "plan_roster")) == "False"


def metrics_in(output: str) -> dict[str, Any]:
    told = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return told[0] if told else {}


def begun(**words: Any):
    world = memory_world(LAB)
    lease = lease_of(world, file_lands(world, "1.zip", "content-a"))
    keep_plan(world, lease, [[person("create", "s-1")]], **words)
    return world, lease


def test_an_applied_run_counts_its_records_and_tells_nobody(invoke, capsys) -> None:
    world, lease = begun()
    write_parts(world, lease, [[person("create", "s-1")]])
    invoke("finish_run", world, {"integration": LAB.id, "run": 1, "fence": 1, "verdict": "apply"})
    told = metrics_in(capsys.readouterr().out)
    assert (told["RunApplied"], told["RecordsWritten"], told["run"]) == ([1.0], [1.0], "1")
    assert world.notices.sent == []


@pytest.mark.parametrize(("event", "words", "metric"), [
    ({"verdict": "hold"}, {"verdict": "hold", "guards": [GUARD]}, "RunHeld"),
    ({"error": {"Error": "States.Timeout", "Cause": "Jane Sample"}}, {}, "RunFailed"),
])
def test_a_hold_and_a_failure_are_counted_and_told_without_names(event, words, metric: str, invoke, capsys) -> None:
    world, _ = begun(**words)
    invoke("finish_run", world, {"integration": LAB.id, "run": 1, "fence": 1} | event)
    output = capsys.readouterr().out
    assert metrics_in(output)[metric] == [1.0]
    subject, text = world.notices.sent[0]
    assert LAB.id in subject
    assert "Jane" not in output + subject + text


def test_a_run_that_finds_clever_disconnected_ends_the_sign_in_that_needs_it(invoke) -> None:
    world, _ = begun(verdict="fail", failure={"code": "SRC-01", "text": "disconnected", "owner": "district",
                                              "remedy": "Authorise the app again."})
    on = clever(id=LAB.id, product_line="Galileo", district_id="d-1", sign_in={"on": True})
    world.integrations.put(on)
    for _ in range(2):
        invoke("finish_run", world, {"integration": LAB.id, "run": 1, "fence": 1, "verdict": "fail"})
    assert not world.integrations.get(LAB.id).sign_in.on
    assert [subject for subject, _ in world.notices.sent if "sign-in" in subject] == [
        "Homeroom: sign-in of lab-usd ended"]


def test_stale_rosters_are_counted(invoke, capsys) -> None:
    world = memory_world(LAB)
    run_through(world, "1.zip", [[person("create", "s-1")]])
    world.clock.tick(50 * 3600)
    invoke("support", world, {"operation": "stale"})
    assert metrics_in(capsys.readouterr().out)["RosterStale"] == [1.0]


def test_of_a_batch_only_the_messages_that_failed_come_back(invoke) -> None:
    world = memory_world(LAB)
    bodies = {"good": '{"integration": "lab-usd"}', "bad": '{"integration": ["Jane Sample"]}', "torn": "{"}
    event = {"Records": [{"messageId": name, "body": body} for name, body in bodies.items()]}
    answer = invoke("ingest_sftp_file", world, event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "torn"}]}


def test_an_event_of_another_kind_is_refused(invoke) -> None:
    for function in FUNCTIONS:
        if function.startswith("sso_"):  # a person asks there: an error is a page
            assert invoke(function, memory_outside(), {"hello": "world"})["statusCode"] == 503
            continue
        with pytest.raises(Refused, match="does not fit"):
            invoke(function, memory_world(LAB), {"hello": "world"})
