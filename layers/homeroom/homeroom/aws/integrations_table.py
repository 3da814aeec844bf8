"""The integrations table: a few thousand items at most, read by key by every run and listed by support alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeroom.aws.values import plain_item, wired_item
from homeroom.errors import NotFound
from homeroom.model.integration import Integration

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class IntegrationsTable:
    """`homeroom.ports.Integrations` on DynamoDB: an item is the model's JSON."""

    def __init__(self, client: DynamoDBClient, table: str):
        self._client = client
        self._table = table

    def get(self, integration: str) -> Integration:
        if not integration:
            raise NotFound("an integration has a name")
        found = self._client.get_item(TableName=self._table, Key={"id": {"S": integration}}, ConsistentRead=True)
        if "Item" not in found:
            raise NotFound("there is no integration of that name")
        return Integration.model_validate(plain_item(found["Item"]))

    def put(self, integration: Integration) -> None:
        item = wired_item(integration.model_dump(mode="json", exclude_none=True))
        self._client.put_item(TableName=self._table, Item=item)

    def list(self) -> list[Integration]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        found = [Integration.model_validate(plain_item(item)) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda integration: integration.id)
