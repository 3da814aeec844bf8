"""The sign-ins table as staff use it: tenants, products, portals, links, history. Items: `sign_in_items`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from homeroom.aws import sign_in_items as items
from homeroom.aws.faults import code_of
from homeroom.aws.values import plain_item, wired_item
from homeroom.errors import Refused
from homeroom.model.sign_in import Attempt, Link, Portal, Registration, Tenant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LISTED = "listed"
"""The index of lists: `list` and `order`."""


class SignInsTable:
    """`homeroom.ports.SignIns` on DynamoDB. `reference_key` is where the key of references is kept."""

    def __init__(self, client: DynamoDBClient, table: str, reference_key: Callable[[], bytes]):
        self._client = client
        self._table = table
        self._reference_key = reference_key

    def tenant(self, portal: str, tenant: str) -> Tenant | None:
        item = self._read(items.tenant_owner(portal, tenant))
        return None if item is None else items.tenant_of(item)

    def tenants_of(self, integration: str) -> list[Tenant]:
        tenants = [items.tenant_of(item) for item in self._list(items.TENANTS)]
        return [tenant for tenant in tenants if integration in tenant.integrations.values()]

    def put_tenant(self, tenant: Tenant) -> bool:
        kept = items.tenant_item(tenant) | {"version": tenant.version + 1}
        condition: dict[str, Any] = {
            "ConditionExpression": "#version = :was", "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": wired_item({":was": tenant.version}),
        } if tenant.version else {
            "ConditionExpression": "attribute_not_exists(#owner)", "ExpressionAttributeNames": {"#owner": "owner"}}
        owner = items.tenant_owner(tenant.portal, tenant.id)
        try:
            if tenant.integrations:
                self._client.put_item(TableName=self._table, Item=wired_item(kept), **condition)
            else:
                self._client.delete_item(TableName=self._table, Key=items.key(owner), **condition)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def link(self, integration: str, portal: str, tenant: str, subject: str) -> Link | None:
        item = self._read(items.link_owner(integration, portal, tenant, subject))
        return None if item is None else items.link_of(item)

    def linked(self, integration: str, portal: str, tenant: str, person: str) -> Link | None:
        item = self._read(items.person_owner(integration, portal, tenant, person))
        return None if item is None else self.link(integration, portal, tenant, item["subject"])

    def unlink(self, link: Link) -> bool:
        owners = {items.link_owner(link.integration, link.portal, link.tenant, link.subject): ("person", link.person),
                  items.linked_owner(link): ("subject", link.subject)}
        return self._together([
            {"Delete": {"Key": items.key(owner), **_while({name: value})}} for owner, (name, value) in owners.items()])

    def attempt(self, login_id: str) -> Attempt | None:
        item = self._read(items.attempt_owner(login_id))
        return None if item is None else items.attempt_of(item)

    def attempts_of(self, integration: str, *, since: str, outcome: str = "", person: str = "",
                    subject_ref: str = "") -> Iterator[Attempt]:
        asked = {name: value for name, value in (
            ("outcome", outcome), ("person", person), ("subject_ref", subject_ref)) if value}
        for item in self._list(items.attempts_list(integration), since=since, only=asked, newest_first=True):
            yield items.attempt_of(item)

    def reference_key(self) -> bytes:
        return self._reference_key()

    def registrations(self) -> list[Registration]:
        return [items.registration_of(item) for item in self._list(items.PRODUCTS)]

    def registration(self, slug: str) -> Registration | None:
        item = self._read(items.product_owner(slug))
        return None if item is None else items.registration_of(item)

    def register(self, wanted: Registration, was: Registration | None) -> None:
        claimed, before = items.claims(wanted), {} if was is None else items.claims(was)
        ours = {"ConditionExpression": "attribute_not_exists(#owner) OR slug = :slug",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": wired_item({":slug": wanted.slug})}
        absent = {"ConditionExpression": "attribute_not_exists(#owner)",
                  "ExpressionAttributeNames": {"#owner": "owner"}}
        stands = absent if was is None else _while(asdict(was))
        steps: list[Any] = [{"Put": {"Item": wired_item(items.registration_item(wanted)), **stands}}]
        steps += [{"Put": {"Item": wired_item(item), **ours}} for item in claimed.values()]
        steps += [{"Delete": {"Key": items.key(owner), **ours}} for owner in before if owner not in claimed]
        if not self._together(steps):
            raise Refused("the product was changed meanwhile, or one of its apps or client ids is another product's",
                          remedy="Look with `registrations`, then ask again.")

    def portal(self, name: str) -> Portal | None:
        item = self._read(items.portal_owner(name))
        return None if item is None else items.portal_of(item)

    def accept_portal(self, portal: Portal) -> None:
        self._client.put_item(TableName=self._table, Item=wired_item(items.portal_item(portal)))

    def _read(self, owner: str) -> dict[str, Any] | None:
        found = self._client.get_item(TableName=self._table, Key=items.key(owner), ConsistentRead=True)
        return plain_item(found["Item"]) if "Item" in found else None

    def _list(self, name: str, *, since: str = "", only: Mapping[str, str] | None = None, newest_first: bool = False,
              ) -> Iterator[dict[str, Any]]:
        wanted, values = dict(only or {}), {":list": name}
        condition, names = "#list = :list", {"#list": "list"}
        if since:
            condition, names, values = f"{condition} AND #order >= :since", {**names, "#order": "order"}, {
                **values, ":since": since}
        narrowed: dict[str, Any] = {"FilterExpression": " AND ".join(
            f"#{name} = :{name}" for name in wanted)} if wanted else {}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table, IndexName=LISTED, KeyConditionExpression=condition,
            ExpressionAttributeNames=names | {f"#{name}": name for name in wanted},
            ExpressionAttributeValues=wired_item(values | {f":{name}": value for name, value in wanted.items()}),
            ScanIndexForward=not newest_first, **narrowed,
        )
        return (plain_item(item) for page in pages for item in page["Items"])

    def _together(self, steps: list[Any]) -> bool:
        """One transaction on the table; False where a condition did not hold."""
        for step in steps:
            next(iter(step.values()))["TableName"] = self._table
        try:
            self._client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" not in reasons:
                raise
            return False
        return True


def _while(was: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that an item still says all of this."""
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in was),
        "ExpressionAttributeNames": {f"#{name}": name for name in was},
        "ExpressionAttributeValues": wired_item({f":{name}": value for name, value in was.items()}),
    }
