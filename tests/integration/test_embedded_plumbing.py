"""What lies between the functions, run for real: the template, the state machine and its errors, events and queues."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.embedded import Embedded, Stack, deploy, embedded
from local.embedded.stack import ROOT
from tests.integration.embedded_stubs import stub_tree
from tests.integration.waiting import eventually


@dataclass(frozen=True)
class Plumbing:
    """The stack with stand-ins, and what they have seen."""

    aws: Embedded
    stack: Stack

    def seen(self, function: str) -> list[dict[str, Any]]:
        """Events that a function got, oldest first."""
        s3, bucket = self.aws.clients("s3"), self.stack["RosterBucketName"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"seen/{function}/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in sorted(keys)]

    def seen_of(self, function: str, integration: str) -> list[dict[str, Any]]:
        return [event for event in self.seen(function) if event.get("integration") == integration]

    def start(self, integration: str, **more: Any) -> str:
        machine = self.aws.clients("stepfunctions")
        given = {"integration": integration, "run": 1, "fence": 1, "transport": "csv_pushed", **more}
        started = machine.start_execution(
            stateMachineArn=self.stack["StateMachineArn"], name=f"{integration}-{uuid.uuid4()}", input=json.dumps(given)
        )
        return str(started["executionArn"])

    def run(self, integration: str, **more: Any) -> dict[str, Any]:
        """Run the state machine to its end."""
        execution = self.start(integration, **more)
        describe = self.aws.clients("stepfunctions").describe_execution

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = describe(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return eventually(ended, what=f"the end of {integration}")

    def messages(self, queue: str) -> list[str]:
        answer = self.aws.clients("sqs").receive_message(QueueUrl=self.stack[queue], MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]

    def land(self, key: str) -> None:
        self.aws.clients("s3").put_object(Bucket=self.stack["LandingBucketName"], Key=key, Body=b"x")


@pytest.fixture(scope="module")
def plumbing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plumbing]:
    tree = stub_tree(ROOT, tmp_path_factory.mktemp("tree"))
    quick = {"SFN_WAIT_SCALE": "0.01", "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.01"}
    with embedded(settings=quick) as started:
        yield Plumbing(started, deploy(started.clients, root=tree))


# ---------------------------------------------------------------------------------------------------------- the run


def test_a_run_applies_its_parts_wave_by_wave_and_finishes(plumbing: Plumbing) -> None:
    ended = plumbing.run("wavy")

    assert ended["status"] == "SUCCEEDED"
    assert plumbing.seen_of("plan_roster", "wavy") == [{"mode": "plan", "integration": "wavy", "run": 1, "fence": 1}]
    written = plumbing.seen_of("upsert_roster", "wavy")
    waves = [{0, 1, 2}, {3}, {4, 5}]
    order = [next(number for number, wave in enumerate(waves) if event["part"] in wave) for event in written]
    assert order == sorted(order), "a wave began before the one before it was written"
    assert {event["part"] for event in written} == {0, 1, 2, 3, 4, 5}
    assert plumbing.seen_of("finish_run", "wavy") == [{"integration": "wavy", "run": 1, "fence": 1, "verdict": "apply"}]


def test_a_part_that_is_not_done_is_called_again_from_its_offset(plumbing: Plumbing) -> None:
    plumbing.run("offsets")

    part = [event["offset"] for event in plumbing.seen_of("upsert_roster", "offsets") if event["part"] == 1]
    assert part == [0, 4500, 9000]


def test_nothing_is_written_when_the_verdict_is_not_apply(plumbing: Plumbing) -> None:
    ended = plumbing.run("nothing-new")

    assert ended["status"] == "SUCCEEDED"
    assert plumbing.seen_of("upsert_roster", "nothing-new") == []
    assert [event["verdict"] for event in plumbing.seen_of("finish_run", "nothing-new")] == ["nothing"]


def test_a_file_that_cannot_be_used_makes_the_execution_red_and_writes_nothing(plumbing: Plumbing) -> None:
    ended = plumbing.run("cannot-be-used")

    assert (ended["status"], ended["error"]) == ("FAILED", "RunFailed")
    assert plumbing.seen_of("upsert_roster", "cannot-be-used") == []
    assert [event["verdict"] for event in plumbing.seen_of("finish_run", "cannot-be-used")] == ["fail"]


def test_the_end_of_a_run_keeps_nothing_of_the_parts_in_its_state(plumbing: Plumbing) -> None:
    output = json.loads(plumbing.run("small-state")["output"])

    assert output == {
        "integration": "small-state", "run": 1, "fence": 1, "transport": "csv_pushed",
        "plan": {"verdict": "apply", "waves": [[0, 1, 2], [3], [4, 5]], "operations": 51000},
        "finish": {"outcome": "applied", "pending": False},
    }


def test_a_busy_service_is_retried_by_the_name_of_the_exception_class(plumbing: Plumbing) -> None:
    assert plumbing.run("busy-once")["status"] == "SUCCEEDED"
    assert len(plumbing.seen_of("plan_roster", "busy-once")) == 2


def test_an_unusable_file_is_not_retried_and_told_to_finish_run_by_its_class_name(plumbing: Plumbing) -> None:
    ended = plumbing.run("unusable")

    assert (ended["status"], ended["error"]) == ("FAILED", "RunFailed")
    assert len(plumbing.seen_of("plan_roster", "unusable")) == 1
    (told,) = plumbing.seen_of("finish_run", "unusable")
    assert told["error"]["Error"] == "SourceUnusable"
    assert json.loads(told["error"]["Cause"])["errorMessage"].startswith("FIL-02")


def test_an_error_in_one_part_fails_the_run_and_no_later_wave_begins(plumbing: Plumbing) -> None:
    ended = plumbing.run("lease-lost")

    assert ended["status"] == "FAILED"
    assert {event["part"] for event in plumbing.seen_of("upsert_roster", "lease-lost")} == {0, 1, 2, 3}
    (told,) = plumbing.seen_of("finish_run", "lease-lost")
    assert told["error"]["Error"] == "LeaseLost"


def test_a_waiting_delivery_is_started_when_the_run_before_it_has_ended(plumbing: Plumbing) -> None:
    assert plumbing.run("two-deliveries")["status"] == "SUCCEEDED"
    assert plumbing.seen_of("start_run", "two-deliveries") == [{"trigger": "pending", "integration": "two-deliveries"}]


def test_a_run_stays_recorded_when_only_the_next_one_could_not_start(plumbing: Plumbing) -> None:
    assert plumbing.run("next-refused")["error"] == "NextNotStarted"
    assert [event["verdict"] for event in plumbing.seen_of("finish_run", "next-refused")] == ["apply"]


@pytest.mark.parametrize(
    ("transport", "function"),
    [("oneroster_rest", "poll_oneroster"), ("clever_api", "poll_clever"), ("csv_pulled", "pull_sftp")],
)
def test_a_source_is_read_slice_by_slice_until_it_is_done_then_planned(
    plumbing: Plumbing, transport: str, function: str
) -> None:
    name = f"slices-{transport[:4]}-{function[-4:]}".replace("_", "-")
    assert plumbing.run(name, transport=transport)["status"] == "SUCCEEDED"
    assert plumbing.seen_of(function, name) == [{"integration": name, "run": 1, "fence": 1}] * 3
    assert len(plumbing.seen_of("plan_roster", name)) == 1


def test_a_poll_that_breaks_ends_the_run_before_any_plan(plumbing: Plumbing) -> None:
    assert plumbing.run("poll-fails", transport="oneroster_rest")["status"] == "FAILED"
    assert plumbing.seen_of("plan_roster", "poll-fails") == []
    (told,) = plumbing.seen_of("finish_run", "poll-fails")
    assert told["error"]["Error"] == "SourceUnusable"


def test_a_transport_that_nobody_can_read_fails_before_anything_is_called(plumbing: Plumbing) -> None:
    assert plumbing.run("unheard-of", transport="pigeon")["status"] == "FAILED"
    assert plumbing.seen_of("plan_roster", "unheard-of") == []
    (told,) = plumbing.seen_of("finish_run", "unheard-of")
    assert told["error"]["Error"] == "TransportUnknown"


# ------------------------------------------------------------------------------------------------- ends nobody recorded


def _unrecorded(plumbing: Plumbing, integration: str) -> list[dict[str, Any]]:
    """Status events that finish_run got from the rule, for one integration."""
    events = [event["detail"] for event in plumbing.seen("finish_run") if event.get("source") == "aws.states"]
    return [detail for detail in events if json.loads(detail["input"])["integration"] == integration]


def test_an_execution_stopped_by_hand_reaches_finish_run_with_its_input(plumbing: Plumbing) -> None:
    plumbing.aws.clients("stepfunctions").stop_execution(executionArn=plumbing.start("stopped"))

    (detail,) = eventually(lambda: _unrecorded(plumbing, "stopped"), what="finish_run told of the stop")
    assert detail["status"] == "ABORTED"
    assert json.loads(detail["input"])["fence"] == 1


def test_a_failure_that_finish_run_could_not_record_reaches_it_a_second_way(plumbing: Plumbing) -> None:
    assert plumbing.run("untold", transport="pigeon")["error"] == "LeaseLost"

    (detail,) = eventually(lambda: _unrecorded(plumbing, "untold"), what="finish_run told again")
    assert (detail["status"], detail["error"]) == ("FAILED", "LeaseLost")


def test_a_recorded_failure_does_not_come_a_second_time(plumbing: Plumbing) -> None:
    plumbing.run("unusable")
    plumbing.run("untold", transport="pigeon")

    eventually(lambda: _unrecorded(plumbing, "untold"), what="the later event")
    assert _unrecorded(plumbing, "unusable") == []


def test_an_end_that_finish_run_did_not_tell_is_told_to_the_topic_in_words(plumbing: Plumbing) -> None:
    sns, sqs = plumbing.aws.clients("sns"), plumbing.aws.clients("sqs")
    queue = sqs.create_queue(QueueName="alerts-reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=plumbing.stack["AlertsTopicArn"], Protocol="sqs", Endpoint=arn)

    plumbing.run("unusable")  # finish_run tells this one itself
    plumbing.run("untold", transport="pigeon")

    def told() -> str:
        received = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        return str(json.loads(received[0]["Body"])["Message"]) if received else ""

    words = eventually(told, what="a message of the topic")
    assert "run untold-" in words
    assert "ended as FAILED" in words
    assert "cannot tell" not in words, "the cause stays in the execution"


# ----------------------------------------------------------------------------------------------------- landed files


def test_a_landed_file_reaches_ingest_with_bucket_key_and_version(plumbing: Plumbing) -> None:
    plumbing.land("landing/lab-usd/oneroster.zip")

    def landed() -> list[dict[str, Any]]:
        events = [event for event in plumbing.seen("ingest_sftp_file") if event.get("source") == "aws.s3"]
        return [e["detail"] for e in events if e["detail"]["object"]["key"] == "landing/lab-usd/oneroster.zip"]

    detail = eventually(landed, what="ingest told of the file")[0]
    assert detail["bucket"]["name"] == plumbing.stack["LandingBucketName"]
    assert detail["object"]["version-id"]
    assert detail["object"]["size"] == 1


def test_an_object_outside_of_landing_starts_nothing(plumbing: Plumbing) -> None:
    plumbing.land("elsewhere/stray.zip")
    plumbing.land("landing/after-stray/a.zip")

    def keys() -> list[str]:
        return [e["detail"]["object"]["key"] for e in plumbing.seen("ingest_sftp_file") if e.get("source") == "aws.s3"]

    eventually(lambda: "landing/after-stray/a.zip" in keys(), what="the later file")
    assert "elsewhere/stray.zip" not in keys()


def test_loose_files_come_back_through_the_settle_queue_after_their_delay(plumbing: Plumbing) -> None:
    plumbing.land("landing/loose-usd/users.csv")

    def settled() -> bool:
        batches = [event["Records"] for event in plumbing.seen("ingest_sftp_file") if "Records" in event]
        return any(json.loads(record["body"]) == {"integration": "loose-usd"} for batch in batches for record in batch)

    assert eventually(settled, what="the settled set")


def test_a_file_that_cannot_be_taken_ends_in_the_dead_letter_queue(plumbing: Plumbing) -> None:
    plumbing.land("landing/unreadable-usd/a.zip")

    (letter,) = eventually(lambda: plumbing.messages("IngestDlqUrl"), what="the dead letter")
    assert json.loads(letter)["requestPayload"]["detail"]["object"]["key"] == "landing/unreadable-usd/a.zip"


def test_a_set_that_cannot_be_looked_at_ends_in_the_dead_letter_queue_and_the_others_do_not(plumbing: Plumbing) -> None:
    sqs, queue = plumbing.aws.clients("sqs"), plumbing.stack["SettleQueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})
    for integration in ("poison-usd", "healthy-usd"):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"integration": integration}))

    letters = eventually(lambda: plumbing.messages("SettleDlqUrl"), what="the dead letter")
    assert [json.loads(letter) for letter in letters] == [{"integration": "poison-usd"}]


# ----------------------------------------------------------------------------------------------------- the deployment


def test_a_second_deployment_of_the_same_tree_keeps_what_is_there(plumbing: Plumbing, tmp_path: Path) -> None:
    plumbing.land("landing/kept-usd/keep.zip")
    tree = stub_tree(ROOT, tmp_path)

    again = deploy(plumbing.aws.clients, root=tree)

    assert again.outputs == plumbing.stack.outputs
    kept = plumbing.aws.clients("s3").list_objects_v2(Bucket=again["LandingBucketName"], Prefix="landing/kept-usd/")
    assert kept["KeyCount"] == 1
