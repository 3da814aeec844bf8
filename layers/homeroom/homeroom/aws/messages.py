"""Messages to people (SNS) and to ourselves (SQS): counts, codes and names of integrations, never of persons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

LONGEST_SUBJECT = 100
LONGEST_DELAY = 900


class AlertsTopic:
    """`homeroom.ports.Notices` on SNS."""

    def __init__(self, client: SNSClient, arn: str):
        self._client = client
        self._arn = arn

    def publish(self, subject: str, text: str) -> None:
        # SNS refuses subjects that are long or not ASCII.
        ascii_subject = subject.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]
        self._client.publish(TopicArn=self._arn, Subject=ascii_subject, Message=text)


class SettleQueue:
    """`homeroom.ports.Waking` on SQS: a message with a delay, read by `ingest_sftp_file`."""

    def __init__(self, client: SQSClient, url: str):
        self._client = client
        self._url = url

    def wake(self, integration: str, seconds: int) -> None:
        delay = max(0, min(seconds, LONGEST_DELAY))
        body = json.dumps({"integration": integration})
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay)
