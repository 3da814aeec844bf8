"""Least privilege, tried: with policies enforced every function can do its work, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.embedded import Clients, Embedded, Stack, deploy, embedded
from local.embedded.clients import REGION
from local.embedded.stack import ROOT
from tests.builders.oneroster import District, small_district
from tests.integration.embedded_attempts import ALL, ATTEMPTS, DENIED, PROBE, SIGN_IN, Attempt
from tests.integration.embedded_stubs import BODIES, stub_tree
from tests.integration.waiting import eventually


@dataclass(frozen=True)
class Strict:
    """A stack whose policies are enforced, over TLS as the buckets' policies want it."""

    aws: Embedded
    stack: Stack

    def name_of(self, function: str) -> str:
        return f"{self.stack.name}-{function}"

    def invoke(self, function: str, event: Any) -> Any:
        invoke = self.aws.clients("lambda").invoke
        answer = invoke(FunctionName=self.name_of(function), Payload=json.dumps(event).encode())
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told

    def filled(self, attempt: Attempt) -> dict[str, Any]:
        """The attempt with the names of this stack."""

        def fill(value: Any) -> Any:
            if isinstance(value, str):
                return value.format(**self.stack.outputs, StackName=self.stack.name)
            if isinstance(value, dict):
                return {fill(k): fill(v) for k, v in value.items()}
            return [fill(item) for item in value] if isinstance(value, list) else value

        return {"service": attempt.service, "method": attempt.method, "given": fill(attempt.given)}


# ------------------------------------------------------------------------------------------- what each function may do


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    """The real template, with functions that try what they are told to try."""
    with embedded(strict=True) as started:
        yield Strict(started, deploy(started.clients, root=probe_tree(tmp_path_factory.mktemp("probes"))))


def probe_tree(folder: Path) -> Path:
    (folder / "tree").mkdir()
    tree = stub_tree(ROOT, folder / "tree")
    for function in BODIES:
        (tree / "functions" / function / "app.py").write_text(PROBE)
    return tree


@pytest.fixture(scope="module")
def outcomes(probes: Strict) -> dict[str, dict[str, str]]:
    """For each attempt by name: function → what it came to."""
    asked = {"attempts": [probes.filled(attempt) for attempt in ATTEMPTS]}
    found = {function: probes.invoke(function, asked) for function in sorted(ALL | SIGN_IN)}
    return {a.name: {function: found[function][n] for function in found} for n, a in enumerate(ATTEMPTS)}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_exactly_these_functions_may(outcomes: dict[str, dict[str, str]], attempt: Attempt) -> None:
    came_to = outcomes[attempt.name]
    assert {function for function, code in came_to.items() if code not in DENIED} == attempt.allowed, came_to


def test_buckets_queues_and_topic_refuse_the_same_calls_without_tls(tmp_path: Path) -> None:
    may = [a for a in ATTEMPTS if a.service in {"s3", "sqs", "sns"} and "ingest_sftp_file" in a.allowed]
    assert {a.service for a in may} == {"s3", "sqs", "sns"}
    with embedded(tmp_path, settings={"AUTH": "true"}) as plain:
        strict = Strict(plain, deploy(plain.clients, root=probe_tree(tmp_path)))
        came_to = strict.invoke("ingest_sftp_file", {"attempts": [strict.filled(attempt) for attempt in may]})
    refused_or_not = {attempt.name: code for attempt, code in zip(may, came_to, strict=True)}
    assert {name: code for name, code in refused_or_not.items() if code not in DENIED} == {}


# ------------------------------------------------------------------------------------------------------- people


@pytest.fixture(scope="module")
def support_person(probes: Strict) -> Clients:
    """Somebody of support: a user of the account who took the support role."""
    iam = probes.aws.clients("iam")
    role = probes.stack["SupportRoleArn"]
    iam.update_assume_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{'0' * 12}:root"},
            }],
        }),
    )
    taken = probes.aws.clients("sts").assume_role(RoleArn=role, RoleSessionName="somebody")["Credentials"]
    clients = Clients(probes.aws.endpoint, probes.aws.clients.verify)
    session = boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=REGION)
    clients.__dict__["session"] = session
    return clients


def refused(call: Any, **given: Any) -> bool:
    from botocore.exceptions import ClientError

    try:
        call(**given)
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False


@pytest.mark.parametrize("function", sorted(ALL | SIGN_IN))
def test_support_invokes_only_what_takes_requests(probes: Strict, support_person: Clients, function: str) -> None:
    invoke = support_person("lambda").invoke
    may = function in {"support", "start_run", "ingest_sftp_file"}
    assert refused(invoke, FunctionName=probes.name_of(function), Payload=b"{}") is not may


def test_support_reads_summaries_and_issues_and_no_rows_or_records(probes: Strict, support_person: Clients) -> None:
    roster, landing = probes.stack["RosterBucketName"], probes.stack["LandingBucketName"]
    get = support_person("s3").get_object
    for key in ("summary.json", "issues.jsonl.gz", "raw/users.parquet", "plan/part-00001.jsonl.gz"):
        probes.aws.clients("s3").put_object(Bucket=roster, Key=f"runs/lab-usd/00000001/{key}", Body=b"x")
        allowed = key in {"summary.json", "issues.jsonl.gz"}
        assert refused(get, Bucket=roster, Key=f"runs/lab-usd/00000001/{key}") is not allowed, key
    assert refused(get, Bucket=landing, Key="landing/lab-usd/a.zip")
    assert refused(support_person("dynamodb").scan, TableName=probes.stack["RosterTableName"])
    assert refused(support_person("dynamodb").scan, TableName=probes.stack["IntegrationsTableName"])


def test_support_looks_at_executions_and_starts_none(probes: Strict, support_person: Clients) -> None:
    machine = probes.stack["StateMachineArn"]
    assert not refused(support_person("stepfunctions").list_executions, stateMachineArn=machine)
    assert refused(support_person("stepfunctions").start_execution, stateMachineArn=machine, input="{}")


# ------------------------------------------------------------------------------------------------ the real functions


@pytest.fixture(scope="module")
def real() -> Iterator[Strict]:
    with embedded(strict=True) as started:
        stack = deploy(started.clients)
        yield Strict(replace(started, stack=stack), stack)


def ask(real: Strict, operation: str, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = real.invoke("support", {"operation": operation, **given})
    return answer


def connect(real: Strict, integration: str, **chosen: Any) -> None:
    given = {"id": integration, "district_id": "d-1", "quiet_seconds": 0, "hold_first_load": False, **chosen}
    ask(real, "connect", integration=given, by="test", reason="test")


def land(real: Strict, integration: str, district: District, folder: Path) -> None:
    archive = district.write_zip(folder / "oneroster.zip")
    body = (archive if isinstance(archive, Path) else folder / "oneroster.zip").read_bytes()
    bucket = real.stack["LandingBucketName"]
    real.aws.clients("s3").put_object(Bucket=bucket, Key=f"landing/{integration}/oneroster.zip", Body=body)


def newest_run(real: Strict, integration: str, number: int) -> dict[str, Any]:
    """That run of the integration once it has ended."""

    def ended() -> dict[str, Any] | None:
        runs = ask(real, "status", integration=integration)["runs"]
        return next((run for run in runs if run["run"] == number and run["outcome"]), None)

    return eventually(ended, seconds=60, what=f"the end of run {number}")


def test_the_whole_way_works_with_every_policy_enforced(real: Strict, tmp_path: Path) -> None:
    """First load, next day, a hold that is discarded, and the daily check: nothing that the code needs is missing."""
    connect(real, "strict-usd")
    district = District(small_district())
    land(real, "strict-usd", district, tmp_path)
    assert newest_run(real, "strict-usd", 1)["outcome"] == "applied"

    land(real, "strict-usd", district.with_student("s-new", classes=["c-1"]), tmp_path)
    assert newest_run(real, "strict-usd", 2)["outcome"] == "applied"

    assert "strict-usd" in str(ask(real, "list"))
    assert ask(real, "preview", integration="strict-usd", run=2)["summary"]
    assert ask(real, "stale")["checked"] == 1


def test_a_hold_is_looked_at_approved_and_applied_with_every_policy_enforced(real: Strict, tmp_path: Path) -> None:
    connect(real, "held-usd", hold_first_load=True)
    land(real, "held-usd", District(small_district()), tmp_path)
    held = newest_run(real, "held-usd", 1)
    assert held["outcome"] == "held"

    ask(real, "approve", integration="held-usd", run=1, plan_hash=held["plan_hash"], by="test", reason="test")

    assert newest_run(real, "held-usd", 2)["outcome"] == "applied"


def test_a_discarded_hold_lets_its_rows_expire_with_every_policy_enforced(real: Strict, tmp_path: Path) -> None:
    connect(real, "discarded-usd", hold_first_load=True)
    land(real, "discarded-usd", District(small_district()), tmp_path)
    newest_run(real, "discarded-usd", 1)

    ask(real, "discard", integration="discarded-usd", run=1, by="test", reason="test")

    s3, bucket = real.aws.clients("s3"), real.stack["RosterBucketName"]
    raw = s3.list_objects_v2(Bucket=bucket, Prefix="runs/discarded-usd/00000001/raw/")["Contents"]
    tags = [s3.get_object_tagging(Bucket=bucket, Key=found["Key"])["TagSet"] for found in raw]
    assert tags == [[{"Key": "superseded", "Value": "true"}]] * len(raw)


def test_an_unusable_file_fails_in_words_with_every_policy_enforced(real: Strict) -> None:
    connect(real, "broken-usd")
    bucket = real.stack["LandingBucketName"]
    real.aws.clients("s3").put_object(Bucket=bucket, Key="landing/broken-usd/oneroster.zip", Body=b"not a zip")

    assert newest_run(real, "broken-usd", 1)["outcome"] == "failed"


def test_nothing_was_denied_on_the_way(real: Strict) -> None:
    assert "AccessDenied" not in real.aws.emulator.log.read_text()
    logs = real.aws.clients("logs")
    for function in sorted(ALL):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{real.name_of(function)}")
        lines = [event["message"] for page in pages for event in page["events"]]
        assert not [line for line in lines if "AccessDenied" in line], function
