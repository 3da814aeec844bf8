"""The embedded AWS itself: what it lets in, what it leaves behind, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import Clients, EmbeddedError, deploy, down, embedded, running, up
from local.embedded.process import is_ours, start
from local.embedded.stack import ROOT
from tests.integration.embedded_stubs import LAYERS, stub_tree
from tests.integration.waiting import eventually

HOLD = """
import sys
from pathlib import Path
from local.embedded import embedded
with embedded(Path(sys.argv[1])) as aws:
    print(aws.emulator.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return stub_tree(ROOT, tmp_path / "tree")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home for `up`, which is down again whatever the test did."""
    yield tmp_path / "home"
    down(tmp_path / "home")


def test_a_function_sees_its_layers_and_nothing_of_the_person_that_started_it(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODYS_TOKEN", "x")
    monkeypatch.setenv("AWS_PROFILE", "somebodys-real-account")
    with embedded(tmp_path) as aws:
        stack = deploy(aws.clients, root=tree)
        answer = aws.clients("lambda").invoke(FunctionName=stack["SupportFunctionName"], Payload=b"{}")
        plan = aws.clients("lambda").get_function_configuration(FunctionName=stack["PlanRosterFunctionName"])
    seen = json.loads(answer["Payload"].read())

    assert seen["environment"]["AWS_ENDPOINT_URL"] == aws.endpoint
    assert {"SOMEBODYS_TOKEN", "AWS_PROFILE", "PYTEST_CURRENT_TEST"} & set(seen["environment"]) == set()
    assert Path(seen["environment"]["HOME"]).is_relative_to(tmp_path)
    assert len(plan["Layers"]) == len(LAYERS)


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    with embedded(tmp_path) as aws:
        with socket.socket() as outside:
            outside.settimeout(2)
            reached = outside.connect_ex(("127.0.0.2", aws.emulator.port))
        assert aws.clients("s3").list_buckets()["Buckets"] == []
    assert reached != 0, "it is bound to more than 127.0.0.1"


def test_clients_read_neither_profile_nor_proxy_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebodys-real-account")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with embedded(tmp_path) as aws:
        assert aws.clients("s3").list_buckets()["Buckets"] == []
        assert aws.clients("sts").get_caller_identity()["Account"] == "0" * 12


def test_two_of_them_stand_side_by_side(tmp_path: Path) -> None:
    with embedded(tmp_path) as one, embedded(tmp_path) as other:
        one.clients("s3").create_bucket(Bucket="only-in-one")
        assert other.clients("s3").list_buckets()["Buckets"] == []


def test_nothing_is_left_when_the_block_ends(tmp_path: Path) -> None:
    with embedded(tmp_path) as aws:
        assert is_ours(aws.emulator.pid)
    assert not is_ours(aws.emulator.pid)
    assert [path.name for path in tmp_path.iterdir()] == ["unpacked"]


def test_nothing_is_left_when_the_starter_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    with holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert is_ours(pid)
        holder.send_signal(signal.SIGKILL)
        eventually(lambda: not is_ours(pid), what="the end of the emulator")


def test_a_wrong_version_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "emulator.py"
    text = (ROOT / "local/embedded/emulator.py").read_text()
    program.write_text(text.replace('PATCHED_VERSION = "1.5.33"', 'PATCHED_VERSION = "9.9.9"'))
    monkeypatch.setattr("local.embedded.process.PROGRAM", program)
    with pytest.raises(EmbeddedError, match=r"ministack 1\.5\.33 is not 9\.9\.9"):
        start(tmp_path / "home", follow=True)


def test_the_pinned_version_is_the_patched_one() -> None:
    assert 'PATCHED_VERSION = "1.5.33"' in (ROOT / "local/embedded/emulator.py").read_text()
    assert "ministack==1.5.33" in (ROOT / "requirements-dev.in").read_text()


def test_a_stack_that_fails_says_which_resource_and_why(tree: Path, tmp_path: Path) -> None:
    template = (tree / "template.yaml").read_text()
    broken = template.replace("    Condition: OnAws\n", "")
    assert broken != template
    (tree / "template.yaml").write_text(broken)
    named = r"(Function|SignIn)ErrorsAlarm \(AWS::CloudWatch::Alarm\): \w+"
    with embedded(tmp_path) as aws, pytest.raises(EmbeddedError, match=named):
        deploy(aws.clients, root=tree)


def test_deleting_the_stack_keeps_every_bucket_and_table(tree: Path, tmp_path: Path) -> None:
    with embedded(tmp_path) as aws:
        stack = deploy(aws.clients, root=tree)
        cloudformation = aws.clients("cloudformation")
        cloudformation.delete_stack(StackName=stack.name)

        def gone() -> bool:
            functions = aws.clients("lambda").list_functions()["Functions"]
            return not functions

        eventually(gone, what="the end of the stack")
        buckets = {bucket["Name"] for bucket in aws.clients("s3").list_buckets()["Buckets"]}
        tables = set(aws.clients("dynamodb").list_tables()["TableNames"])
    assert {stack["LandingBucketName"], stack["RosterBucketName"]} <= buckets
    kept = ("Roster", "Runs", "Integrations", "Idempotency", "SignIns")
    assert {stack[f"{name}TableName"] for name in kept} == tables


def test_code_that_is_not_there_is_named(tree: Path, tmp_path: Path) -> None:
    (tree / "functions/support/app.py").unlink()
    (tree / "functions/support").rmdir()
    with embedded(tmp_path) as aws, pytest.raises(EmbeddedError, match="functions/support/"):
        deploy(aws.clients, root=tree)


def test_layers_that_cannot_be_built_are_told_with_the_reason(tree: Path, tmp_path: Path) -> None:
    (tree / "layers/build.py").write_text("raise SystemExit('no uv here; run `make setup`')")
    with embedded(tmp_path) as aws, pytest.raises(EmbeddedError, match="no uv here"):
        deploy(aws.clients, root=tree)


# --------------------------------------------------------------------------------------------------------- up and down


def test_up_is_found_again_and_keeps_its_data_until_down(home: Path, tree: Path) -> None:
    started = up(home, tree)
    assert started.stack is not None
    started.clients("s3").put_object(Bucket=started.stack["LandingBucketName"], Key="landing/lab-usd/a.zip", Body=b"x")

    again = up(home, tree)
    found = running(home)

    assert found is not None
    assert again.emulator == started.emulator == found.emulator
    assert found.stack == again.stack
    listed = found.clients("s3").list_objects_v2(Bucket=started.stack["LandingBucketName"])
    assert listed["KeyCount"] == 1
    assert down(home)
    assert not is_ours(started.emulator.pid)
    assert running(home) is None
    assert not down(home)


def test_up_brings_changed_code_to_the_running_stack(home: Path, tree: Path) -> None:
    started = up(home, tree)
    assert started.stack is not None
    (tree / "functions/support/app.py").write_text("def handler(event, context):\n    return 'changed'\n")

    up(home, tree)

    answer = started.clients("lambda").invoke(FunctionName=started.stack["SupportFunctionName"], Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == "changed"


def test_up_that_fails_leaves_nothing_running(home: Path, tree: Path) -> None:
    (tree / "statemachines/sync_roster.asl.json").unlink()
    with pytest.raises(EmbeddedError, match="sync_roster"):
        up(home, tree)
    assert running(home) is None


def test_a_note_about_another_process_counts_as_none(home: Path) -> None:
    home.mkdir()
    note = {"pid": os.getpid(), "port": 1, "log": "x", "stack": {"name": "s", "outputs": {}, "seconds": 0.0}}
    (home / "embedded.json").write_text(json.dumps(note))
    assert running(home) is None
    assert not down(home)


def test_clients_of_an_address_need_nothing_else() -> None:
    assert Clients("http://127.0.0.1:9")("s3").meta.endpoint_url == "http://127.0.0.1:9"
