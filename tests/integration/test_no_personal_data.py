"""No personal data leaves the encrypted stores: marked people go through the whole flow, and are found nowhere else.

Names, usernames, emails, numbers and phones of every person, and a password, carry a mark. After a first load, a day of
changes with broken rows, a hold, a discard and a file that cannot be read, the mark may stand only where rosters live:
the roster table, and snapshot, issues, plan and state in the roster bucket.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from local.embedded import Embedded
from tests.builders.oneroster import Files, csv_text, district, small_district, zip_bytes
from tests.integration.labs import Lab
from tests.integration.waiting import eventually

MARK = "Zyxmark"
MARKED = (
    "givenName", "familyName", "middleName", "username", "identifier", "phone", "sms", "userIds", "password",
)
FUNCTIONS = {"ingest_sftp_file", "plan_roster", "upsert_roster", "finish_run", "support"}
MAY_HOLD_ROWS = ("/raw/", "/plan/part-", "/issues.jsonl.gz", "state/")


def marked(files: Files) -> Files:
    """The same people with the mark in every field that tells who they are."""
    for number, user in enumerate(files["users"]):
        user.update({field: f"{MARK}{field}{number}" for field in MARKED})
        user["email"] = f"{MARK}{number}@sample.example"
    return files


def broken(files: Files) -> Files:
    """Rows in error of every kind that quotes a cell: role, date, email, organisation, a shared username."""
    users = files["users"]
    users[0]["role"] = f"{MARK}role"
    users[4]["email"] = f"{MARK} at nowhere"
    users[5]["orgSourcedIds"] = f"{MARK}org"
    users[6]["username"] = users[7]["username"]
    files["enrollments"][5]["beginDate"] = f"{MARK}date"
    return files


@pytest.fixture(scope="module")
def mailbox(aws: Embedded) -> str:
    """A queue that hears everything the alert topic sends."""
    assert aws.stack is not None
    sqs, sns = aws.clients("sqs"), aws.clients("sns")
    queue: str = sqs.create_queue(QueueName="mailbox-of-the-marked")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=aws.stack["AlertsTopicArn"], Protocol="sqs", Endpoint=arn)
    return queue


@pytest.fixture(scope="module")
def lived(aws: Embedded, mailbox: str) -> Lab:
    """An integration that has seen all of it."""
    lab = Lab(aws, "lab-marked").connect(limits={"GRD-11": {"percent": 100}, "GRD-02": {"percent": 10, "floor": 2}})
    assert lab.land(zip_bytes(marked(small_district())))["outcome"] == "applied"
    assert lab.land(zip_bytes(broken(marked(small_district()))))["outcome"] == "applied with issues"
    half = district(marked(small_district()))
    leavers = [f"s-{n}" for n in range(1, 6)]
    gone = [row["sourcedId"] for row in half.files["enrollments"] if row["userSourcedId"] in leavers]
    held = lab.land(half.without("users", *leavers).without("enrollments", *gone).zip_bytes())
    assert held["outcome"] == "held"
    lab.discard(held["run"])
    whole = marked(small_district())
    torn = (csv_text("users", whole["users"]) + f'"{MARK} never closed').encode()
    unusable = lab.land(zip_bytes(whole, raw={"users.csv": torn}))
    assert (unusable["outcome"], unusable["code"]) == ("failed", "FIL-02")
    return lab


def test_the_mark_is_in_the_roster_so_that_this_test_can_fail(lived: Lab) -> None:
    assert MARK in str(lived.items())


def test_no_log_line_and_no_metric_holds_a_name(lived: Lab) -> None:
    logs = lived.aws.clients("logs")
    lines = eventually(lambda: list(log_lines(logs)), what="log lines")
    seen = {f for f in FUNCTIONS if any(f in group for group, _ in lines)}
    assert seen == FUNCTIONS, "every function that ran has logged something"
    assert any('"CloudWatchMetrics"' in line for _, line in lines), "metrics leave as log lines and are looked at too"
    assert [group for group, line in lines if MARK in line] == []


def log_lines(logs: Any) -> Iterator[tuple[str, str]]:
    """(group, line) of everything that was logged."""
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield from ((name, event["message"]) for event in events["events"])


def test_no_state_of_the_state_machine_holds_a_name(lived: Lab) -> None:
    steps = lived.aws.clients("stepfunctions")
    machine = lived.stack.outputs["StateMachineArn"]
    histories = [
        json.dumps(steps.get_execution_history(executionArn=e["executionArn"])["events"], default=str)
        for page in steps.get_paginator("list_executions").paginate(stateMachineArn=machine)
        for e in page["executions"] if lived.name in e["name"]
    ]
    assert len(histories) >= 4
    assert [h for h in histories if MARK in h] == []


def test_no_ledger_entry_control_record_or_message_table_holds_a_name(lived: Lab) -> None:
    tables = ("RunsTableName", "IntegrationsTableName", "IdempotencyTableName")
    for name in tables:
        pages = lived.aws.clients("dynamodb").get_paginator("scan").paginate(TableName=lived.stack.outputs[name])
        kept = [str(item) for page in pages for item in page["Items"]]
        assert kept, name
        assert [item for item in kept if MARK in item] == []


def test_only_snapshot_plan_issues_and_state_hold_rows_in_the_bucket(lived: Lab) -> None:
    s3, bucket = lived.aws.clients("s3"), lived.stack.outputs["RosterBucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", []) if f"/{lived.name}/" in entry["Key"]]
    plain = [key for key in keys if not any(part in key or key.startswith(part) for part in MAY_HOLD_ROWS)]
    assert {key.rpartition("/")[2] for key in plain} >= {"summary.json", "manifest.json", "request.json"}
    for key in plain:
        assert MARK.encode() not in s3.get_object(Bucket=bucket, Key=key)["Body"].read(), key
    assert [key for key in keys if MARK in key] == []


def test_a_password_is_kept_nowhere(lived: Lab) -> None:
    """Not even in the snapshot (conformance 34)."""
    assert f"{MARK}password" not in str(lived.items())
    s3, bucket = lived.aws.clients("s3"), lived.stack.outputs["RosterBucketName"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"runs/{lived.name}/")["Contents"]
    users = [entry["Key"] for entry in listed if entry["Key"].endswith("raw/users.parquet")]
    assert users
    for key in users:
        frame = pl.read_parquet(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        assert "password" not in frame.columns
        assert f"{MARK}password" not in frame.write_csv()


def test_no_message_to_people_holds_a_name(lived: Lab, mailbox: str) -> None:
    """What the topic really sent: of the hold and of the file that could not be read, at least."""
    sqs, sent = lived.aws.clients("sqs"), []

    def both_came() -> bool:
        answer = sqs.receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        sent.extend(message["Body"] for message in answer.get("Messages", []))
        mine = [body for body in sent if lived.name in body]
        return any("GRD-02" in body for body in mine) and any("FIL-02" in body for body in mine)

    eventually(both_came, what="messages about the hold and the unusable file")
    assert [body for body in sent if MARK in body] == []


def test_no_summary_that_support_looks_at_holds_a_name(lived: Lab) -> None:
    told = json.dumps([lived.preview(run["run"]) for run in lived.status()["runs"]])
    assert "GRD-02" in told
    assert MARK not in told
