"""Links of people who signed in by an identity that the roster does not hold: two items, both or none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from homeroom.aws import sign_in_items as items
from homeroom.aws.values import plain_item, wired_item
from homeroom.model.sign_in import Link

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_TRIES, _PAUSE = 4, 0.05
"""A pair that is being written in another window is tried again so often, after so many seconds each time."""


class LinksTable:
    """`homeroom.sso.ports.Links` on the sign-ins table."""

    def __init__(self, client: DynamoDBClient, table: str):
        self._client = client
        self._table = table

    def find(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        owner = items.link_owner(integration, portal, tenant, subject)
        found = self._client.get_item(TableName=self._table, Key=items.key(owner), ConsistentRead=True)
        return items.link_of(plain_item(found["Item"])) if "Item" in found else None

    def add(self, link: Link) -> bool:
        pair = items.link_item(link), items.linked_item(link)
        steps: list[Any] = [{"Put": {
            "TableName": self._table, "Item": wired_item(item), "ConditionExpression": "attribute_not_exists(#owner)",
            "ExpressionAttributeNames": {"#owner": "owner"},
        }} for item in pair]
        for left in reversed(range(_TRIES)):
            kept = self._kept(steps, again=left > 0)
            if kept is not None:
                return kept
            time.sleep(_PAUSE)
        raise AssertionError("the last try raises")

    def _kept(self, steps: list[Any], *, again: bool) -> bool | None:
        """Whether both were written; None where another window is writing one of them and `again` is left."""
        from botocore.exceptions import ClientError

        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                return False
            if again and "TransactionConflict" in reasons:
                return None
            raise
        return True
