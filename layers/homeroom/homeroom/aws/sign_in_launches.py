"""The launches table: transactions, one-time codes and names, each used once by one conditional write.

    id             holds
    TXN#<hash>     a sign-in on its way to a portal and back; gone once it was used
    HOC#<hash>     a one-time code for a product; `used_at` once it was redeemed
    ONCE#<name>    who asked first under a name
    TALLY#<name>   how often a name was given

`expires_at` is in every condition. `cleaned_at`, the table's time to live, is a day later and only tidies up: what is
past it may stand for days (reference/sso.md 3.3, 3.5).
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from homeroom.aws.sign_in_clients import if_it_held
from homeroom.aws.values import Wire, plain_item, wired_item
from homeroom.model.sign_in import Asked, Handoff, Transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRANSACTION, CODE, ONCE, TALLY = "TXN#", "HOC#", "ONCE#", "TALLY#"
DAY = 24 * 3600
_HANDOFF = frozenset(field.name for field in fields(Handoff)) - {"key"}


class LaunchesTable:
    """`homeroom.sso.ports.Launches` on DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str):
        self._client = client
        self._table = table

    def begin(self, transaction: Transaction) -> None:
        self._put(TRANSACTION + transaction.key, asdict(transaction), transaction.expires_at)

    def use(self, key: str, *, bind: str, portal: str, app: str, now: int) -> Transaction | None:
        used = if_it_held(
            self._client.delete_item, TableName=self._table, Key=_key(TRANSACTION + key), ReturnValues="ALL_OLD",
            ConditionExpression="#bind = :bind AND #portal = :portal AND #app = :app AND #expires_at > :now",
            **_told(bind=bind, portal=portal, app=app, expires_at=None, now=now),
        )
        return None if used is None else _transaction(key, plain_item(used["Attributes"]))

    def waiting(self, key: str) -> Transaction | None:
        found = self._client.get_item(TableName=self._table, Key=_key(TRANSACTION + key), ConsistentRead=True)
        return _transaction(key, plain_item(found["Item"])) if "Item" in found else None

    def keep(self, handoff: Handoff) -> None:
        self._put(CODE + handoff.key, asdict(handoff), handoff.expires_at)

    def redeem(self, key: str, *, client_id: str, now: int) -> Handoff | None:
        used = if_it_held(
            self._client.update_item, TableName=self._table, Key=_key(CODE + key), ReturnValues="ALL_NEW",
            UpdateExpression="SET #used_at = :now",
            ConditionExpression="attribute_not_exists(#used_at) AND #client_id = :client_id AND #expires_at > :now",
            **_told(client_id=client_id, used_at=None, expires_at=None, now=now),
        )
        return None if used is None else _handoff(key, plain_item(used["Attributes"]))

    def spent(self, key: str, *, client_id: str) -> Handoff | None:
        item = self._code(key)
        return _handoff(key, item) if "used_at" in item and item["client_id"] == client_id else None

    def kept(self, key: str) -> Handoff | None:
        item = self._code(key)
        return _handoff(key, item) if item else None

    def tally(self, name: str, *, until: int) -> int:
        added = self._client.update_item(
            TableName=self._table, Key=_key(TALLY + name), ReturnValues="UPDATED_NEW",
            UpdateExpression="ADD counted :one SET expires_at = :until, cleaned_at = :cleaned",
            ExpressionAttributeValues=wired_item({":one": 1, ":until": until, ":cleaned": until + DAY}),
        )
        return int(plain_item(added["Attributes"])["counted"])

    def once(self, name: str, *, until: int, now: int) -> bool:
        item = {"id": ONCE + name, "expires_at": until, "cleaned_at": until + DAY}
        first = if_it_held(
            self._client.put_item, TableName=self._table, Item=wired_item(item),
            ConditionExpression="attribute_not_exists(#expires_at) OR #expires_at <= :now",
            **_told(expires_at=None, now=now),
        )
        return first is not None

    def _code(self, key: str) -> dict[str, Any]:
        found = self._client.get_item(TableName=self._table, Key=_key(CODE + key), ConsistentRead=True)
        return plain_item(found.get("Item", {}))

    def _put(self, id: str, values: dict[str, Any], expires_at: int) -> None:
        item = {name: value for name, value in values.items() if name != "key"}
        item |= {"id": id, "cleaned_at": expires_at + DAY}
        self._client.put_item(TableName=self._table, Item=wired_item(item))


def _key(id: str) -> dict[str, Wire]:
    return wired_item({"id": id})


def _told(*, now: int, **values: str | None) -> dict[str, Any]:
    """Names and values of an expression: `#x` is the attribute x, `:x` its value where one is given."""
    given = {f":{name}": value for name, value in values.items() if value is not None}
    return {
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": wired_item({**given, ":now": now}),
    }


def _transaction(key: str, item: dict[str, Any]) -> Transaction:
    known = {field.name: item[field.name] for field in fields(Transaction) if field.name in item}
    return Transaction(**{**known, "key": key, "asked": Asked(**item["asked"])})


def _handoff(key: str, item: dict[str, Any]) -> Handoff:
    known = {name: item[name] for name in _HANDOFF if name in item}
    return Handoff(**{**known, "key": key, "roles": tuple(item["roles"])})
