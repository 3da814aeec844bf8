"""The history of sign-ins: one item a login id, found again by integration and time, gone after 90 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeroom.aws import sign_in_items as items
from homeroom.aws.sign_in_clients import if_it_held
from homeroom.aws.values import wired_item
from homeroom.model.sign_in import Attempt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AttemptsTable:
    """`homeroom.sso.ports.Attempts` on the sign-ins table."""

    def __init__(self, client: DynamoDBClient, table: str):
        self._client = client
        self._table = table

    def record(self, attempt: Attempt) -> None:
        self._client.put_item(TableName=self._table, Item=wired_item(items.attempt_item(attempt)))

    def redeemed(self, login_id: str, at: str) -> None:
        # An attempt that is gone, or was never kept, is not made anew: it would be one without a word.
        if_it_held(
            self._client.update_item, TableName=self._table, Key=items.key(items.attempt_owner(login_id)),
            UpdateExpression="SET redeemed_at = :at", ConditionExpression="attribute_exists(#owner)",
            ExpressionAttributeNames={"#owner": "owner"}, ExpressionAttributeValues=wired_item({":at": at}),
        )
